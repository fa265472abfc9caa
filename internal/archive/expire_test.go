package archive

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"syncagent/internal/stalwarttest"
)

func TestCurrentSeesEveryChange(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	id := w.account("leaver@example.org")
	w.fill(t, id, 5)
	sid := stalwarttest.AccountID(id)
	for _, change := range []struct {
		name string
		do   func()
	}{
		{"mail", func() { w.sim.AddMail(sid, stalwarttest.Message{Subject: "late"}) }},
		{"mailbox", func() { w.sim.AddMailbox(sid, "late", "") }},
		{"script", func() { w.sim.AddSieve(sid, "late", "keep;\r\n", false) }},
		{"vacation", func() { w.sim.SetVacation(sid, true, "late", "late") }},
		{"contact", func() { w.sim.AddContact(sid, "Late Example") }},
		{"event", func() { w.sim.AddEvent(sid, "Late", "2026-12-02T10:00:00") }},
		{"file", func() { w.sim.AddFile(sid, "late.txt", []byte("late")) }},
	} {
		// Each archive has its second: their names tell the time.
		result, err := Export(t.Context(), w.srv, ExportOptions{Dir: filepath.Join(dir, change.name), Account: id, Server: "fingerprint"})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := Current(t.Context(), w.srv, result.Manifest); err != nil || !ok {
			t.Errorf("%s: nothing changed, but %v, %v", change.name, ok, err)
		}
		change.do()
		if ok, err := Current(t.Context(), w.srv, result.Manifest); err != nil || ok {
			t.Errorf("%s: the change was not seen: %v, %v", change.name, ok, err)
		}
	}
}

func TestGoneAccountIsNotCurrent(t *testing.T) {
	w := newWorld(t)
	result := mustExport(t, w, t.TempDir(), w.account("empty@example.org"))
	result.Account = "zzz"
	if ok, err := Current(t.Context(), w.srv, result.Manifest); err != nil || ok {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestOlderArchives(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	id, at := w.account("../leaver@example.org"), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var paths []string
	for i := range 3 {
		result, err := Export(t.Context(), w.srv, ExportOptions{
			Dir: dir, Account: id, Server: "fingerprint", Now: func() time.Time { return at.Add(time.Duration(i) * 24 * time.Hour) },
		})
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, result.Path)
	}
	if latest, ok, err := Latest(dir, "fingerprint", id); err != nil || !ok || latest.Path != paths[2] {
		t.Errorf("latest %+v, %v, %v", latest.Path, ok, err)
	}
	for _, none := range []string{"other", ""} {
		if _, ok, _ := Latest(dir, none, id); ok {
			t.Errorf("found an archive of server %q", none)
		}
	}
	renamed := filepath.Join(dir, "for-the-court-"+string(id)+"-20250101T000000Z")
	if err := os.Rename(paths[0], renamed); err != nil {
		t.Fatal(err)
	}
	old, err := Older(dir, at.Add(36*time.Hour))
	if err != nil || len(old) != 1 || old[0].Path != paths[1] {
		t.Fatalf("%+v, %v", old, err)
	}
	if err := os.WriteFile(old[0].Path+restoreSuffix, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Remove(old[0].Path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, removingMark+"x"), 0o700); err != nil { // half removed
		t.Fatal(err)
	}
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestPartials(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{partialMark + "finger-d", partialMark + "odd", "x-d-20260101T000000Z"} {
		if err := os.MkdirAll(filepath.Join(dir, name, blobDir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Partials(dir)
	if err != nil || len(found) != 1 || found[0].Account != "d" || time.Since(found[0].Touched) > time.Hour {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := Partials(filepath.Join(dir, "missing")); err != nil || found != nil {
		t.Errorf("missing: %v, %v", found, err)
	}
}
