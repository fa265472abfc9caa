package archive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/stalwarttest"
)

// TestExportCutAtEachRequest cuts the connection for good at each request in
// turn; the next export goes on, and the result is the same.
func TestExportCutAtEachRequest(t *testing.T) {
	for _, generation := range []string{"", "0.15.5", "0.13.4", "0.11.8"} {
		t.Run("Stalwart "+generation, func(t *testing.T) {
			t.Parallel()
			exportCutAtEachRequest(t, worldOf(t, generation))
		})
	}
}

func exportCutAtEachRequest(t *testing.T, w world) {
	t.Helper()
	id := w.account("leaver@example.org")
	w.fill(t, id, 12)
	whole := mustExport(t, w, t.TempDir(), id)
	cut, dir := 0, t.TempDir()
	for nth := 1; ; nth++ {
		ctx, cancel := context.WithCancel(t.Context()) // as if killed: no retry follows
		remove := w.sim.Inject(stalwarttest.Fault{Nth: nth, Times: -1, Drop: stalwarttest.DropFirst, Before: func(stalwarttest.Seen) { cancel() }})
		part := t.TempDir()
		if nth%2 == 0 {
			part = dir // an older partial archive is there
		}
		_, err := Export(ctx, w.srv, ExportOptions{Dir: part, Account: id, Server: "fingerprint"})
		remove()
		cancel()
		if err == nil {
			break
		}
		cut++
		if found, _ := filepath.Glob(filepath.Join(part, "leaver*")); len(found) > 0 {
			t.Fatalf("cut at %d: %v looks finished", nth, found)
		}
		if nth%2 == 0 {
			continue
		}
		again := mustExport(t, w, part, id)
		if diff := cmp.Diff(whole.Counts, again.Counts); diff != "" || again.Bytes == 0 {
			t.Errorf("cut at %d: counts (-want +got):\n%s", nth, diff)
		}
	}
	if cut < 20 {
		t.Errorf("only %d cuts", cut)
	}
	if last := mustExport(t, w, t.TempDir(), id); last.Kept != 0 {
		t.Errorf("a fresh export kept %d", last.Kept)
	}
}

func TestExportGoesOn(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 50)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	remove := w.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Nth: 31, Drop: stalwarttest.DropFirst, Before: func(stalwarttest.Seen) { cancel() }})
	if _, err := Export(ctx, w.srv, ExportOptions{Dir: dir, Account: id, Server: "fingerprint"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("killed: %v", err)
	}
	remove()
	// One content was damaged meanwhile: it must not be kept.
	blobs, err := filepath.Glob(filepath.Join(dir, ".partial-*", blobDir, "*"))
	if err != nil || len(blobs) != 30 {
		t.Fatalf("%d blobs, %v", len(blobs), err)
	}
	if err := os.WriteFile(blobs[0], []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if result := mustExport(t, w, dir, id); result.Kept != 29 {
		t.Errorf("kept %d", result.Kept)
	}
}

func TestExportOnceCutIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 3)
	w.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Nth: 2, Drop: stalwarttest.DropLast})
	w.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnMethod("Email/get"), Status: 503, SkipWork: true})
	if result := mustExport(t, w, t.TempDir(), id); result.Counts["Email"] != 3 {
		t.Errorf("%v", result.Counts)
	}
}

func TestNewMailDuringExport(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 10)
	arrive := func(stalwarttest.Seen) {
		w.sim.AddMail(stalwarttest.AccountID(id), stalwarttest.Message{Subject: "late"})
	}
	remove := w.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnMethod("FileNode/query"), Times: 2, After: arrive})
	result := mustExport(t, w, t.TempDir(), id)
	remove()
	if result.Counts["Email"] != 12 {
		t.Errorf("%d messages, want the two late ones too", result.Counts["Email"])
	}
	w.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnMethod("FileNode/query"), Times: -1, After: arrive})
	_, err := Export(t.Context(), w.srv, ExportOptions{Dir: t.TempDir(), Account: id, Server: "fingerprint"})
	if _, ok := errors.AsType[*ChangingError](err); !ok {
		t.Errorf("mail without end: %v", err)
	}
}

func TestDeadAccount(t *testing.T) {
	w := newWorld(t)
	source := w.account("leaver@example.org")
	w.fill(t, source, 3)
	path := mustExport(t, w, t.TempDir(), source).Path
	dir := t.TempDir()
	_, err := Export(t.Context(), w.srv, ExportOptions{Dir: dir, Account: "zzz", Server: "fingerprint"})
	if _, ok := errors.AsType[*GoneError](err); !ok {
		t.Errorf("export: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	// What an earlier try saved of it may be all that is left: it stays.
	saved := filepath.Join(dir, partialMark+"fingerprint-zzz", blobDir, "b")
	if err := errors.Join(os.MkdirAll(filepath.Dir(saved), 0o700), os.WriteFile(saved, []byte("saved"), 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err = Export(t.Context(), w.srv, ExportOptions{Dir: dir, Account: "zzz", Server: "fingerprint"})
	if _, ok := errors.AsType[*GoneError](err); !ok {
		t.Errorf("export: %v", err)
	}
	if _, err := os.Stat(saved); err != nil {
		t.Errorf("what was saved earlier: %v", err)
	}
	_, err = Restore(t.Context(), w.srv, RestoreOptions{Archive: path, Account: "zzz"})
	if _, ok := errors.AsType[*GoneError](err); !ok {
		t.Errorf("restore: %v", err)
	}
	if n := w.sim.DeadAccesses(); n != 0 {
		t.Errorf("%d accesses to a dead ID", n)
	}
}

func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 3)
	for _, blocked := range []string{"emails.json.tmp", manifestFile + ".tmp", indexFile} {
		dir := t.TempDir()
		partial := filepath.Join(dir, partialMark+"fingerprint-"+string(id))
		if err := os.MkdirAll(partial, 0o700); err != nil {
			t.Fatal(err)
		}
		// Every write to this device fails with ENOSPC.
		if err := os.Symlink("/dev/full", filepath.Join(partial, blocked)); err != nil {
			t.Fatal(err)
		}
		_, err := Export(t.Context(), w.srv, ExportOptions{Dir: dir, Account: id, Server: "fingerprint"})
		if err == nil {
			t.Errorf("%s: a full disk passed unseen", blocked)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "leaver*")); len(found) > 0 {
			t.Errorf("%s: %v looks finished", blocked, found)
		}
	}
}

func TestVerifyFindsChanges(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 3)
	for want, spoil := range map[string]func(dir, blob string) error{
		"was changed":                 func(_, blob string) error { return os.WriteFile(blob, []byte("From: x\r\n"), 0o600) },
		"cannot be read":              func(_, blob string) error { return os.Remove(blob) },
		"does not belong":             func(dir, _ string) error { return os.WriteFile(filepath.Join(dir, "more"), nil, 0o600) },
		"it has no manifest.json":     func(dir, _ string) error { return os.Remove(filepath.Join(dir, manifestFile)) },
		"emails.json was changed":     func(dir, _ string) error { return os.WriteFile(filepath.Join(dir, "emails.json"), []byte("[]"), 0o600) },
		"manifest.json is not readab": func(dir, _ string) error { return os.Truncate(filepath.Join(dir, manifestFile), 40) },
		"the content of Email": func(dir, blob string) error {
			m, _, err := readManifest(dir)
			if err != nil {
				return err
			}
			delete(m.Files, blobDir+"/"+filepath.Base(blob))
			return errors.Join(writeManifest(dir, m), os.Remove(blob))
		},
	} {
		path := mustExport(t, w, t.TempDir(), id).Path
		var blob string
		err := readArray(source{dir: path}, "emails.json", func(m archived) error { blob = filepath.Join(path, blobDir, m.BlobID); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := spoil(path, blob); err != nil {
			t.Fatal(err)
		}
		_, err = Verify(path)
		if _, ok := errors.AsType[*BrokenError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, err := Restore(t.Context(), w.srv, RestoreOptions{Archive: path, Account: id}); err == nil {
			t.Errorf("%s: it was restored", want)
		}
	}
}
