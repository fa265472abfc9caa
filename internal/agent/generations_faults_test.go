package agent_test

import (
	"net/http"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

func onWrite(s stalwarttest.Seen) bool { return s.Method == http.MethodPatch }

// TestGenerationsAnswerLost loses each write of a swap in turn, or its answer:
// what became of it is found out, the next runs finish the swap, and nobody opens
// the mail of another.
func TestGenerationsAnswerLost(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		for write := 1; write <= 3 && g.renames; write++ {
			if allGenerations() || write == 2 {
				loseInSwap(t, g, stalwarttest.Fault{Match: onWrite, Nth: write, Drop: stalwarttest.DropFirst})
			}
			if allGenerations() || write != 2 {
				loseInSwap(t, g, stalwarttest.Fault{Match: onWrite, Nth: write, Drop: stalwarttest.DropLast})
			}
		}
	})
}

// TestGenerationsAnswerLostAndServerGone: nothing can be found out in the same
// run, either.
func TestGenerationsAnswerLostAndServerGone(t *testing.T) {
	loseInSwap(t, generations[len(generations)-1], stalwarttest.Fault{Match: onWrite, Nth: 2, Drop: stalwarttest.DropLast}, stalwarttest.Fault{
		Times: -1, Status: http.StatusServiceUnavailable, SkipWork: true,
	})
}

func loseInSwap(t *testing.T, g generation, fault stalwarttest.Fault, then ...stalwarttest.Fault) {
	t.Helper()
	w := settledOn(t, g, 12, deleting)
	w.exec(`UPDATE people SET mail = 'tmp' WHERE id = 'p01'`)
	w.rename("p02", "u01@example.org")
	w.rename("p01", "u02@example.org")
	hit := false
	var remove []func()
	fault.Before = func(stalwarttest.Seen) {
		hit = true
		for _, f := range then {
			remove = append(remove, w.server.Inject(f))
		}
	}
	remove = append(remove, w.server.Inject(fault))
	_, _ = w.try(agent.RunOptions{})
	for _, f := range remove {
		f()
	}
	if !hit {
		t.Fatal("the fault did not hit")
	}
	for range 2 {
		if rep := w.sync(); rep.Failed > 0 {
			t.Fatalf("write %d: %v", fault.Nth, told(rep))
		}
	}
	w.wantMail("u01@example.org", "p02", "for p02")
	w.wantMail("u02@example.org", "p01", "for p01")
}

// TestGenerationsRefusedLogin: the first 401 ends the run; nothing is tried
// again in a loop, as the server bans addresses.
func TestGenerationsRefusedLogin(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 3, deleting)
		w.file("password", "wrong")
		refused := 0
		w.server.Inject(stalwarttest.Fault{Match: func(stalwarttest.Seen) bool { refused++; return false }})
		rep, err := w.try(agent.RunOptions{})
		if rep.ExitCode(err) != agent.ExitServer || refused > 3 {
			t.Errorf("exit %d after %d requests: %v", rep.ExitCode(err), refused, err)
		}
	})
}

// TestGenerationsOrphans: accounts without an entry are listed.
func TestGenerationsOrphans(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 3, deleting)
		w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: "left@example.org"})
		report, err := agent.New(agent.Options{Config: w.cfg}).Orphans(t.Context())
		if err != nil || len(report.Orphans) != 1 || report.Orphans[0].Name != "left@example.org" {
			t.Fatalf("%+v, %v", report, err)
		}
		if (report.Orphans[0].Note == "") != g.lists {
			t.Errorf("note %q", report.Orphans[0].Note)
		}
	})
}

// TestGenerationsNewDomain: a rename into a domain in which nobody has logged in
// yet. The server does not know it, and fills the addresses in at the next login.
func TestGenerationsNewDomain(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.alias("p00", "al@example.org")
		w.signIn("u00@example.org", "p00")
		w.sync()
		w.rename("p00", "bride@new.example.com")
		rep := w.sync()
		if !g.renames {
			wantHoldOf(t, rep, reconcile.HoldRenameUnsupported, "p00")
			return
		}
		wantActions(t, rep, reconcile.ActRename)
		w.wantMail("bride@new.example.com", "p00", "for p00")
		if rep := w.sync(); rep.Pending() {
			t.Errorf("not at rest: %v", told(rep))
		}
	})
}

// TestGenerationsDoctor: nothing that doctor looks at fails, with a password and,
// where they work, with an API key.
func TestGenerationsDoctor(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 3, deleting)
		w.healthy()
		if g.version == "0.15.5" {
			w.file("api-key", w.server.APIKey())
			w.file("syncagent.yaml", replaceIn(t, w, "username: admin, password: { file: password }", "api_key: { file: api-key }"))
			w.reload()
			w.healthy()
		}
	})
}

func (w *world) healthy() {
	w.t.Helper()
	err := agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }}).Doctor(w.t.Context(), func(c agent.Check) {
		if c.Status == agent.CheckFailure || c.Message == "" {
			w.t.Errorf("%+v", c)
		}
	})
	if err != nil {
		w.t.Error(err)
	}
}
