package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// schoolNight is a world in which thirty of forty people left in one night, and
// that was approved by a person; the report of the run that found it out.
func schoolNight(t *testing.T) (*world, *agent.Report) {
	t.Helper()
	w := newWorld(t, deleting)
	for i := range 40 {
		mail := fmt.Sprintf("u%02d@example.org", i)
		w.hire(fmt.Sprintf("p%02d", i), mail)
		w.deliver(mail, "hello")
	}
	w.sync()
	w.exec(`DELETE FROM people WHERE id < 'p30'`)
	rep := w.sync()
	if n := len(rep.Result.Unconfirmed); n != 30 || rep.Result.Unconfirmed[0].DeleteAfter != "48h0m0s" {
		t.Fatalf("%d unconfirmed: %+v", n, rep.Result.Unconfirmed)
	}
	return w, rep
}

// TestOneApprovalForANightInWhichManyLeft: it covers the deletes after the
// grace, long after it has expired, of those who stayed away.
func TestOneApprovalForANightInWhichManyLeft(t *testing.T) {
	w, rep := schoolNight(t)
	w.approveAll(rep)
	w.sync()
	w.hire("p07", "u07@example.org") // one of them was missing by mistake
	if rep = w.sync(); len(rep.Result.Missing) != 29 || rep.Result.Counts.Delete != 0 || !rep.Result.Missing[0].DeleteApproved {
		t.Fatalf("missing: %+v", rep.Result.Missing)
	}
	rep = w.sync()
	if c := rep.Result.Counts; c.Delete != 29 || rep.Result.Verdict.Blocked {
		t.Fatalf("%d deletes: %+v", c.Delete, rep.Result.Verdict)
	}
	for i := range 40 {
		name := fmt.Sprintf("u%02d@example.org", i)
		if _, there := w.server.AccountOf(name); there != (i >= 30 || i == 7) {
			t.Errorf("account of %s: %v", name, there)
		}
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "audit.jsonl"))
	if err != nil || strings.Count(string(text), `"approval":1`) != 58 { // intent and outcome
		t.Errorf("the audit log names the approval %d times (%v)", strings.Count(string(text), `"approval":1`), err)
	}
	w.exec(`DELETE FROM people WHERE id = 'p31'`) // ordinary life goes on
	for range 4 {
		rep = w.sync()
	}
	if _, there := w.server.AccountOf("u31@example.org"); there || rep.Result.Verdict.Blocked {
		t.Errorf("an ordinary leaver waits: %+v", rep.Result.Verdict)
	}
}

// TestALaterDeleteIsAskedForAgain: taken back, or with another mail server in
// between, the approval of the absences covers no delete.
func TestALaterDeleteIsAskedForAgain(t *testing.T) {
	for name, change := range map[string]func(*world){
		"taken back": func(w *world) {
			ledger, err := state.Open(w.t.Context(), state.Options{Dir: w.cfg.State.Dir, Mode: state.ReadWrite})
			if err != nil {
				w.t.Fatal(err)
			}
			defer func() { _ = ledger.Close() }()
			if err := ledger.Revoke(w.t.Context(), 1); err != nil {
				w.t.Fatal(err)
			}
		},
		"more persons are needed": func(w *world) {
			text, err := os.ReadFile(filepath.Join(w.dir, "syncagent.yaml"))
			if err != nil {
				w.t.Fatal(err)
			}
			w.file("syncagent.yaml", strings.Replace(string(text), "expect: { max_drop: 50% }", "expect: { max_drop: 50% }\n    policy: { approvals: 2 }", 1))
			w.reload()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, rep := schoolNight(t)
			w.approveAll(rep)
			w.sync()
			change(w)
			for range 3 {
				rep = w.sync()
			}
			codes := []string{}
			for _, r := range rep.Result.Verdict.Reasons {
				codes = append(codes, r.Code)
			}
			if got := strings.Join(codes, " "); !strings.Contains(got, reconcile.LimitCode(reconcile.ActDelete, false)) {
				t.Errorf("blocked by %q", got)
			}
			if _, there := w.server.AccountOf("u00@example.org"); !there {
				t.Error("an account is gone")
			}
		})
	}
}
