package archive

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestRestoreCutAtEachRequest cuts the connection before and after the work of
// each request in turn; with further tries all is there, and nothing twice.
func TestRestoreCutAtEachRequest(t *testing.T) {
	everything := []string{"ContactCard", "CalendarEvent", "FileNode"}
	for generation, kinds := range map[string][]string{"": everything, "0.15.5": everything, "0.11.8": nil} {
		t.Run("Stalwart "+generation, func(t *testing.T) {
			t.Parallel()
			restoreCutAtEachRequest(t, generation, kinds)
		})
	}
}

func restoreCutAtEachRequest(t *testing.T, generation string, kinds []string) {
	t.Helper()
	from := worldOf(t, generation)
	id := from.account("leaver@example.org")
	from.fill(t, id, 8)
	path := mustExport(t, from, t.TempDir(), id).Path
	var failed atomic.Int32
	t.Run("cuts", func(t *testing.T) {
		for first := range 4 { // a cut read costs a pause before it is tried again
			t.Run(strconv.Itoa(first), func(t *testing.T) {
				t.Parallel()
				to := worldOf(t, generation)
				for nth := first + 1; nth < 400 && restoreWithCut(t, from, to, id, path, nth, kinds, &failed); nth += 4 {
				}
			})
		}
	})
	if n := failed.Load(); n < 10 {
		t.Errorf("only %d cuts ended a restore", n)
	}
}

// restoreWithCut tells whether there was an nth request.
func restoreWithCut(t *testing.T, from, to world, id reconcile.AccountID, path string, nth int, kinds []string, failed *atomic.Int32) bool {
	t.Helper()
	drop := []stalwarttest.Drop{stalwarttest.DropFirst, stalwarttest.DropLast}[nth/4%2]
	target := to.account(fmt.Sprintf("new%d@example.org", nth))
	o := RestoreOptions{Archive: path, Account: target, Journal: filepath.Join(t.TempDir(), "journal")}
	acted := false
	remove := to.sim.Inject(stalwarttest.Fault{Nth: nth, Drop: drop, Before: func(stalwarttest.Seen) { acted = true }})
	_, err := Restore(t.Context(), to.srv, o)
	remove()
	if err != nil {
		failed.Add(1)
		if nth%3 == 0 {
			_ = os.Remove(o.Journal) // lost with it: the comparison must do
		}
		if _, err := Restore(t.Context(), to.srv, o); err != nil {
			t.Errorf("second try after a cut at %d: %v", nth, err)
		}
	}
	if diff := cmp.Diff(from.mail(id), to.mail(target)); diff != "" {
		t.Errorf("cut at %d: messages (-want +got):\n%s", nth, diff)
	}
	if diff := cmp.Diff(from.tree(t, id), to.tree(t, target)); diff != "" {
		t.Errorf("cut at %d: mailboxes (-want +got):\n%s", nth, diff)
	}
	for _, kind := range kinds {
		if diff := cmp.Diff(from.objects(t, id, kind), to.objects(t, target, kind)); diff != "" {
			t.Errorf("cut at %d: %s (-want +got):\n%s", nth, kind, diff)
		}
	}
	return acted
}

func TestRestoreKeepsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 3)
	path := mustExport(t, w, t.TempDir(), id).Path
	target := w.account("new@example.org")
	sid := stalwarttest.AccountID(target)
	w.sim.AddSieve(sid, "filter", "discard;\r\n", true)
	w.sim.SetVacation(sid, true, "mine", "I am here")
	w.sim.AddFile(sid, "notes.txt", []byte("other"))
	w.sim.AddMail(sid, stalwarttest.Message{Subject: "own"})
	report := mustRestore(t, w, path, target)
	var got []string
	for _, p := range report.Problems {
		got = append(got, p.Kind+" "+p.Name+": "+p.Reason)
	}
	want := []string{
		"VacationResponse : " + errDifferent.Error(), "SieveScript filter: " + errDifferent.Error(),
		"Identity", "FileNode notes.txt: " + errDifferent.Error(),
	}
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("problems (-want +got):\n%s", cmp.Diff(want, got))
		}
	}
	if n := len(w.mail(target)); n != 4 {
		t.Errorf("%d messages", n)
	}
}

func TestRestoreOverQuotaTells(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 5)
	path := mustExport(t, w, t.TempDir(), id).Path
	target := w.account("new@example.org")
	w.sim.SetQuota(stalwarttest.AccountID(target), 1)
	report := mustRestore(t, w, path, target)
	refused := 0
	for _, p := range report.Problems {
		if p.Kind == "Email" && strings.Contains(p.Reason, "overQuota") {
			refused++
		}
	}
	if refused != 5 || report.Restored["Email"] != 0 {
		t.Errorf("%d refused, %v restored", refused, report.Restored)
	}
	w.sim.SetQuota(stalwarttest.AccountID(target), 0)
	if again := mustRestore(t, w, path, target); again.Restored["Email"] != 5 {
		t.Errorf("%v restored with space", again.Restored)
	}
}

// TestRestoreWithoutTheRight names what is missing before anything is written.
func TestRestoreWithoutTheRight(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 3)
	path := mustExport(t, w, t.TempDir(), id).Path
	target := w.account("new@example.org")
	limited := w
	limited.key = w.sim.AddAPIKey(w.sim.AgentID(), stalwarttest.APIKey{Permissions: stalwarttest.AgentPermissions})
	limited.srv = limited.connect(t)
	seen := 0
	remove := w.sim.Inject(stalwarttest.Fault{Times: -1, Before: func(stalwarttest.Seen) { seen++ }})
	report, err := Restore(t.Context(), limited.srv, RestoreOptions{Archive: path, Account: target})
	remove()
	for _, want := range []string{"jmapContactCardCreate", "jmapSieveScriptUpdate", "jmapVacationResponseUpdate", "to restore an archive"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if seen != 0 || len(report.Restored) != 0 {
		t.Errorf("%d requests, %v", seen, report)
	}
}
