package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// holdings is everything in an account in a form that can be compared.
type holdings struct {
	Mail, Mailboxes, Scripts []string
	Objects                  map[string][]string
}

func (w world) holdings(t *testing.T, id reconcile.AccountID, kinds ...string) holdings {
	t.Helper()
	h := holdings{Mail: w.mail(id), Mailboxes: w.tree(t, id), Objects: map[string][]string{}}
	for _, kind := range append(kinds, "Identity", "VacationResponse") {
		h.Objects[kind] = w.objects(t, id, kind)
	}
	ids, _, err := w.srv.List(t.Context(), id, "SieveScript")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.srv.Objects(t.Context(), id, "SieveScript", ids, partOf("SieveScript").properties, func(raw json.RawMessage) error {
		var s archived
		if err := json.Unmarshal(raw, &s); err != nil || s.Name == "vacation" {
			return err
		}
		var text bytes.Buffer
		_, err := w.srv.Blob(t.Context(), id, s.BlobID, func() (io.Writer, error) { return &text, nil })
		h.Scripts = append(h.Scripts, fmt.Sprintf("%s %v %q", s.Name, s.IsActive, text.String()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestCircle takes one leaver through export, delete and restore into a new
// account of the same address, on each kind of server.
func TestCircle(t *testing.T) {
	everything := []string{"AddressBook", "ContactCard", "Calendar", "CalendarEvent", "FileNode"}
	for _, c := range []struct {
		generation string
		kinds      []string
		raw        int // what can be kept over WebDAV only
	}{
		{"", everything, 0}, {"0.15.5", everything, 0}, {"0.13.4", nil, 3}, {"0.11.8", nil, 0},
	} {
		t.Run("Stalwart "+c.generation, func(t *testing.T) {
			t.Parallel()
			circle(t, worldOf(t, c.generation), c.kinds, c.raw)
		})
	}
}

func circle(t *testing.T, w world, kinds []string, raw int) {
	t.Helper()
	const address = "leaver@example.org"
	id := w.account(address)
	w.fill(t, id, 1000)
	w.sim.SetSignature(w.inSim(id), address, "-- \nthe leaver")
	before := w.holdings(t, id, kinds...)
	if n := len(before.Objects["Identity"]); n != 1 || len(before.Scripts) != 1 {
		t.Fatalf("%d identities, scripts %q", n, before.Scripts)
	}
	w.directory.Remove(address) // gone, and the server has forgotten everything about it
	if w.generation != "" {
		w.sim.ForgetLogins()
	}
	result := mustExport(t, w, t.TempDir(), id)
	if n := result.Counts["Email"]; n != 1010 || len(result.Lost()) > 0 {
		t.Errorf("%d messages in the archive, lost: %q", n, result.Lost())
	}
	remover, ok := w.srv.(interface {
		Destroy(ctx context.Context, ids []reconcile.AccountID) ([]error, error)
	})
	if !ok {
		t.Fatal("the client cannot delete")
	}
	if failed, err := remover.Destroy(t.Context(), []reconcile.AccountID{id}); err != nil || failed[0] != nil {
		t.Fatal(failed, err)
	}
	target := w.account(address)
	if target == id {
		t.Fatal("the account is the old one")
	}
	report := mustRestore(t, w, result.Path, target)
	if diff := cmp.Diff(before, w.holdings(t, target, kinds...)); diff != "" {
		t.Errorf("restored (-archived +restored):\n%s", diff)
	}
	problems := map[string]int{}
	for _, p := range report.Problems {
		problems[p.Kind]++
	}
	want := map[string]int{}
	if raw > 0 {
		want[rawKind] = raw
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s\n%+v", diff, report.Problems)
	}
	// Again, with and without the journal: nothing twice.
	for _, forget := range []bool{false, true} {
		if forget {
			if err := os.Remove(result.Path + ".restore.jsonl"); err != nil {
				t.Fatal(err)
			}
		}
		again := mustRestore(t, w, result.Path, target)
		if again.Existing["Email"] != 1010 || again.Restored["Email"] != 0 {
			t.Errorf("forget %v: %v, %v", forget, again.Existing, again.Restored)
		}
		if diff := cmp.Diff(before, w.holdings(t, target, kinds...)); diff != "" {
			t.Errorf("restored again, forget %v (-archived +restored):\n%s", forget, diff)
		}
	}
	if n := w.sim.DeadAccesses(); n != 0 {
		t.Errorf("%d accesses to the dead ID", n)
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
