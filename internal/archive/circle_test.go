package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/stalwarttest"
)

func TestCircle(t *testing.T) {
	from, to := newWorld(t), newWorld(t)
	id := from.account("leaver@example.org")
	from.fill(t, id, 1000)
	result := mustExport(t, from, t.TempDir(), id)
	if n := result.Counts["Email"]; n != 1010 {
		t.Errorf("%d messages in the archive", n)
	}
	to.account("somebody@example.org")
	target := to.account("new@example.org")
	report := mustRestore(t, to, result.Path, target)
	same := func() {
		t.Helper()
		if diff := cmp.Diff(from.mail(id), to.mail(target)); diff != "" {
			t.Errorf("messages (-archived +restored):\n%s", diff)
		}
		if diff := cmp.Diff(from.tree(t, id), to.tree(t, target)); diff != "" {
			t.Errorf("mailboxes (-archived +restored):\n%s", diff)
		}
		for _, kind := range []string{"ContactCard", "CalendarEvent", "FileNode", "VacationResponse"} {
			if diff := cmp.Diff(from.objects(t, id, kind), to.objects(t, target, kind)); diff != "" {
				t.Errorf("%s (-archived +restored):\n%s", kind, diff)
			}
		}
	}
	same()
	if diff := cmp.Diff([]Problem{{"SieveScript", "c", "vacation", errReserved.Error()}}, report.Problems[:1]); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	// Again, with and without the journal: nothing twice.
	for _, forget := range []bool{false, true} {
		if forget {
			if err := os.Remove(result.Path + ".restore.jsonl"); err != nil {
				t.Fatal(err)
			}
		}
		again := mustRestore(t, to, result.Path, target)
		if again.Existing["Email"] != 1010 || again.Restored["Email"] != 0 {
			t.Errorf("forget %v: %v, %v", forget, again.Existing, again.Restored)
		}
		same()
	}
}

func TestFilesOfAnArchive(t *testing.T) {
	w := newWorld(t)
	id := w.account("o'neil+x@example.org")
	w.fill(t, id, 20)
	dir := t.TempDir()
	result := mustExport(t, w, dir, id)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	if name := entries[0].Name(); !strings.HasPrefix(name, "o_neil_x@example.org-"+string(id)+"-") {
		t.Errorf("named %q", name)
	}
	err = filepath.WalkDir(result.Path, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = os.ModeDir | 0o700
		}
		if err == nil && info.Mode() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	record, err := os.ReadFile(filepath.Join(result.Path, accountFile))
	if err != nil || !strings.Contains(string(record), `"createdAt"`) || strings.Contains(string(record), "credentials") {
		t.Errorf("record %s, %v", record, err)
	}
}

func TestEmptyAccount(t *testing.T) {
	w := newWorld(t)
	result := mustExport(t, w, t.TempDir(), w.account("empty@example.org"))
	if result.Counts["Email"] != 0 || result.Counts["Mailbox"] != 5 {
		t.Errorf("%v", result.Counts)
	}
	if report := mustRestore(t, w, result.Path, w.account("new@example.org")); report.Existing["Mailbox"] != 5 {
		t.Errorf("%+v", report)
	}
}

func TestBigMessage(t *testing.T) {
	w := newWorld(t)
	id := w.account("big@example.org")
	w.sim.AddMail(stalwarttest.AccountID(id), stalwarttest.Message{Subject: "big", Body: strings.Repeat("0123456789abcde\n", 2<<20)})
	result := mustExport(t, w, t.TempDir(), id)
	target := w.account("new@example.org")
	mustRestore(t, w, result.Path, target)
	if a, b := w.mail(id), w.mail(target); len(a) != 1 || len(b) != 1 || a[0] != b[0] {
		t.Error("the big message is not the same")
	}
}
