package agent_test

import (
	"fmt"
	"testing"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

// loginWorld is a settled world in which people log in with a name that is no
// address, as is usual before 0.16: p00 is "l00" and has l00@example.org.
func loginWorld(t *testing.T, g generation) *world {
	t.Helper()
	w := newWorld(t, deleting, g.version)
	for i := range 12 {
		id, login := fmt.Sprintf("p%02d", i), fmt.Sprintf("l%02d", i)
		w.hire(id, login)
		w.alias(id, login+"@example.org")
		w.signIn(login, id)
		w.deliver(login+"@example.org", "for "+id)
	}
	if rep := w.sync(); rep.Result.Counts.Linked != 12 {
		t.Fatalf("adopted %d: %v", rep.Result.Counts.Linked, told(rep))
	}
	return w
}

// moves gives a person another login name, and the address to go with it.
func (w *world) moves(id, login string) {
	w.rename(id, login)
	w.exec(`UPDATE aliases SET address = ? WHERE id = ?`, login+"@example.org", id)
}

// TestGenerationsLoginNames: names and addresses change together, in a swap and
// a chain; a leaver's address goes to a colleague; a leaver is deleted.
func TestGenerationsLoginNames(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := loginWorld(t, g)
		w.moves("p00", "new")
		w.moves("p01", "tmp") // swap of 1 and 2
		w.moves("p02", "l01")
		w.moves("p01", "l02")
		w.leave("p04")
		w.exec(`UPDATE aliases SET id = 'p05' WHERE address = 'l04@example.org'`)
		rep := w.sync()
		if rep.Failed > 0 || rep.Result.Verdict.Blocked {
			t.Fatalf("%v", told(rep))
		}
		if !g.renames {
			wantHoldOf(t, rep, reconcile.HoldRenameUnsupported, "p00")
		} else {
			for login, id := range map[string]string{"new": "p00", "l02": "p01", "l01": "p02"} {
				w.wantMail(login, id, "for "+id)
				w.deliver(login+"@example.org", "later")
				w.wantMail(login, id, "for "+id, "later")
			}
		}
		w.wantMail("l05", "p05", "for p05") // locked out until the leaver's account gave the address up
		for range 3 {
			rep = w.sync()
		}
		if _, there := w.server.AccountOf("l04"); there == g.lists {
			t.Errorf("the leaver is there: %v, %v", there, told(rep))
		}
		if !g.lists { // there is nothing to release, and the address stays the leaver's
			wantHoldOf(t, rep, reconcile.HoldStillUsed, "p04")
		}
		if rest, err := w.try(agent.RunOptions{DryRun: true}); err != nil || rest.Pending() {
			t.Errorf("not at rest: %v %v", told(rest), err)
		}
	})
}

// TestGenerationsLoginNameReused: the newcomer gets the leaver's login name and
// address.
func TestGenerationsLoginNameReused(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := loginWorld(t, g)
		w.leave("p00")
		w.exec(`DELETE FROM aliases WHERE id = 'p00'`)
		w.hire("fresh", "l00")
		w.alias("fresh", "l00@example.org")
		rep := w.sync()
		if !g.renames {
			wantHoldOf(t, rep, reconcile.HoldNameReused, "fresh")
			wantActions(t, rep)
			return
		}
		wantActions(t, rep, reconcile.ActPark)
		w.wantMail("l00", "fresh")
		w.deliver("l00@example.org", "welcome")
		w.wantMail("l00", "fresh", "welcome")
	})
}

// TestGenerationsLoginTwin: a new login name with the old address: since 0.10.2
// the server makes the twin and refuses the login all the same.
func TestGenerationsLoginTwin(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := loginWorld(t, g)
		w.rename("p00", "bride")
		_, err := w.server.Login("bride", "pw-p00")
		if (err != nil) != g.lists {
			t.Fatalf("the test proves nothing: %v", err)
		}
		rep := w.sync()
		if rep.Failed > 0 {
			t.Fatalf("%v", told(rep))
		}
		if !g.renames {
			wantHoldOf(t, rep, reconcile.HoldRenameUnsupported, "p00")
			return
		}
		w.wantMail("bride", "p00", "for p00")
		want := 12
		if !g.looks {
			want = 13
		}
		if n := len(w.server.Accounts()); n != want {
			t.Errorf("%d accounts: %v", n, told(rep))
		}
		if rep := w.sync(); rep.Pending() {
			t.Errorf("not at rest: %v", told(rep))
		}
	})
}
