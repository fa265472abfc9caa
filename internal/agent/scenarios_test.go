package agent_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

// settled makes a world of n people with mail, adopted by a first run.
func settled(t *testing.T, n int, policy string, generation ...string) *world {
	t.Helper()
	w := newWorld(t, policy, generation...)
	for i := range n {
		mail := fmt.Sprintf("u%02d@example.org", i)
		w.hire(fmt.Sprintf("p%02d", i), mail)
		w.deliver(mail, fmt.Sprintf("for p%02d", i))
	}
	if rep := w.sync(); rep.Result.Counts.Linked != n {
		t.Fatalf("adopted %d of %d: %v", rep.Result.Counts.Linked, n, told(rep))
	}
	return w
}

// opens tells the subjects of the mail that a person finds at a login.
func (w *world) opens(mail, id string) []string {
	w.t.Helper()
	messages, err := w.server.OpenMailbox(mail, "pw-"+id)
	if err != nil {
		return []string{"error: " + err.Error()}
	}
	out := []string{}
	for _, m := range messages {
		out = append(out, m.Subject)
	}
	slices.Sort(out)
	return out
}

func (w *world) wantMail(mail, id string, want ...string) {
	w.t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, w.opens(mail, id)); diff != "" {
		w.t.Errorf("%s (%s) opens:\n%s", mail, id, diff)
	}
}

func TestTwinEmpty(t *testing.T) {
	w := settled(t, 40, deleting)
	w.now = w.now.Add(time.Minute)
	w.rename("p00", "bride@example.org")
	if _, err := w.server.Login("bride@example.org", "pw-p00"); err != nil { // before the agent: an empty account
		t.Fatal(err)
	}
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Twin != 1 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "for p00")
	if n := len(w.server.Accounts()); n != 41 {
		t.Errorf("%d accounts, the twin should be gone", n)
	}
	if rep := w.sync(); rep.Pending() {
		t.Errorf("not at rest: %v", told(rep))
	}
}

func TestTwinWithMailStaysAside(t *testing.T) {
	w := settled(t, 40, deleting)
	w.now = w.now.Add(time.Minute)
	w.rename("p00", "bride@example.org")
	w.deliver("bride@example.org", "early")
	rep := w.sync()
	if rep.Failed > 0 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "for p00")
	if rep.Result.Counts.Park != 0 || rep.Result.Counts.Twin != 1 {
		t.Errorf("a twin was not taken for one: %v", told(rep))
	}
	if n := len(w.server.Accounts()); n != 42 {
		t.Errorf("%d accounts, the twin with mail must stay", n)
	}
	if rep := w.sync(); rep.Pending() {
		t.Errorf("not at rest: %v", told(rep))
	}
}

func TestNameReusedIsParked(t *testing.T) {
	w := settled(t, 40, deleting)
	w.leave("p00")
	w.hire("new", "u00@example.org")
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Park != 1 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("u00@example.org", "new") // fresh and empty, not the leaver's
	for range 4 {
		rep = w.sync()
	}
	if !slices.ContainsFunc(rep.Result.Holds, func(h reconcile.Hold) bool { return h.Code == reconcile.HoldMixed }) {
		t.Errorf("the parked account must be held as mixed: %v", told(rep))
	}
}

func TestAddressHandedOver(t *testing.T) {
	w := settled(t, 40, deleting)
	w.alias("p00", "info@example.org")
	w.deliver("info@example.org", "to info")
	w.sync()
	w.exec(`UPDATE aliases SET id = 'p01' WHERE address = 'info@example.org'`)
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Release != 1 {
		t.Fatalf("%v", told(rep))
	}
	w.deliver("info@example.org", "later")
	w.wantMail("u01@example.org", "p01", "for p01", "later")
}

func TestBackBeforeDelete(t *testing.T) {
	w := settled(t, 40, deleting)
	w.leave("p00")
	w.sync()
	w.sync()
	w.hire("p00", "u00@example.org")
	for range 4 {
		w.sync()
	}
	w.wantMail("u00@example.org", "p00", "for p00")
}

func TestStillElsewhereIsNotDeleted(t *testing.T) {
	w := settled(t, 40, deleting)
	w.file("syncagent.yaml", replaceIn(t, w, "FROM people\n", "FROM people WHERE id <> 'p00'\n"))
	w.reload()
	var rep *agent.Report
	for range 5 {
		rep = w.sync()
	}
	if rep.ExitCode(nil) != agent.ExitBlocked {
		t.Errorf("exit %d: %v", rep.ExitCode(nil), told(rep))
	}
	w.wantMail("u00@example.org", "p00", "for p00")
}

func replaceIn(t *testing.T, w *world, old, text string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "syncagent.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return replaceOnce(t, string(data), old, text)
}

func replaceOnce(t *testing.T, text, old, by string) string {
	t.Helper()
	at := -1
	for i := range text {
		if len(text[i:]) >= len(old) && text[i:i+len(old)] == old {
			at = i
			break
		}
	}
	if at < 0 {
		t.Fatalf("%q is not in the text", old)
	}
	return text[:at] + by + text[at+len(old):]
}

// TestDryRunChangesNothing compares every file before and after.
func TestDryRunChangesNothing(t *testing.T) {
	w := settled(t, 40, deleting)
	w.rename("p00", "bride@example.org")
	w.leave("p01")
	w.sync()
	w.rename("p02", "groom@example.org")
	before, writes := w.files(), len(w.server.Writes())
	first, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(-26*time.Hour + time.Second)
	second, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Result, second.Result); diff != "" || first.Result.Counts.Rename != 1 {
		t.Errorf("two dry runs differ: %s", diff)
	}
	if diff := cmp.Diff(before, w.files()); diff != "" || len(w.server.Writes()) != writes {
		t.Errorf("a dry run changed something: %s", diff)
	}
}

func (w *world) files() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // a folder of this test
		out[path] = string(data)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestLostLedgerIsNotAFirstRun(t *testing.T) {
	w := settled(t, 10, deleting)
	if err := os.RemoveAll(filepath.Join(w.dir, "state")); err != nil {
		t.Fatal(err)
	}
	rep, err := w.try(agent.RunOptions{})
	var lost *agent.TrustError
	if !errors.As(err, &lost) || rep.ExitCode(err) != agent.ExitUntrusted {
		t.Fatalf("error %v, exit %d", err, rep.ExitCode(err))
	}
	rep, err = w.try(agent.RunOptions{AdoptAnew: true})
	if err != nil || rep.Result.Counts.Linked != 10 {
		t.Fatalf("adopt anew: %v, %v", err, told(rep))
	}
}

func TestNoAuditNoAction(t *testing.T) {
	w := settled(t, 40, deleting)
	w.rename("p00", "bride@example.org")
	audit := filepath.Join(w.dir, "audit.jsonl")
	if err := os.Rename(audit, audit+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(audit, 0o700); err != nil { // a directory cannot be written to, not even by root
		t.Fatal(err)
	}
	writes := len(w.server.Writes())
	if _, err := w.try(agent.RunOptions{}); err == nil || len(w.server.Writes()) != writes {
		t.Fatalf("acted without an audit log: %v", err)
	}
}

func TestDirectoryGone(t *testing.T) {
	w := settled(t, 40, deleting)
	w.exec(`DELETE FROM people`)
	for range 5 {
		if rep := w.sync(); rep.ExitCode(nil) != agent.ExitSource {
			t.Fatalf("exit %d: %v", rep.ExitCode(nil), told(rep))
		}
	}
	if n := len(w.server.Accounts()); n != 41 {
		t.Fatalf("%d accounts left", n)
	}
}

func TestServerDown(t *testing.T) {
	w := settled(t, 4, deleting)
	w.cfg.Server.URL = "http://127.0.0.1:1"
	rep, err := w.try(agent.RunOptions{})
	if rep.ExitCode(err) != agent.ExitServer {
		t.Fatalf("exit %d, %v", rep.ExitCode(err), err)
	}
}

// TestPurgeOnItsOwnSchedule: a purge with a schedule of its own is owed until
// then, also when nothing is deleted any more.
func TestPurgeOnItsOwnSchedule(t *testing.T) {
	w := settled(t, 40, deleting+"  purge: \"0 4 1 1 *\"\n")
	w.leave("p00")
	for range 5 {
		w.sync()
	}
	if _, there := w.server.AccountOf("u00@example.org"); there || w.server.Purges() != 0 {
		t.Fatalf("account there: %v, purges: %d", there, w.server.Purges())
	}
	w.file("syncagent.yaml", replaceIn(t, w, `"0 4 1 1 *"`, `"0 * * * *"`))
	w.reload()
	if w.sync(); w.server.Purges() != 1 {
		t.Errorf("%d purges at the time of the schedule", w.server.Purges())
	}
	if w.sync(); w.server.Purges() != 1 {
		t.Errorf("%d purges although nothing was owed", w.server.Purges())
	}
}
