package agent_test

import (
	"fmt"
	"testing"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestGenerationsNameReused: a leaver's name is given to a new person.
func TestGenerationsNameReused(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.leave("p00")
		w.hire("new", "u00@example.org")
		rep := w.sync()
		if !g.renames {
			wantHoldOf(t, rep, reconcile.HoldNameReused, "new")
			wantActions(t, rep)
			return
		}
		wantActions(t, rep, reconcile.ActPark)
		w.wantMail("u00@example.org", "new") // fresh and empty, not the leaver's
		for range 4 {
			rep = w.sync()
		}
		wantHoldOf(t, rep, reconcile.HoldMixed, "p00")
	})
}

// TestGenerationsParkedComesBack: and the leaver returns under another name.
func TestGenerationsParkedComesBack(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		if !g.renames {
			return
		}
		w := settledOn(t, g, 12, deleting)
		w.leave("p00")
		w.hire("new", "u00@example.org")
		wantActions(t, w.sync(), reconcile.ActPark)
		w.wantMail("u00@example.org", "new")
		w.hire("p00", "back@example.org")
		for range 2 {
			w.sync()
		}
		if rep := w.sync(); rep.Pending() {
			t.Errorf("not at rest: %v", told(rep))
		}
		w.wantMail("back@example.org", "p00", "for p00")
		w.wantMail("u00@example.org", "new")
	})
}

// TestGenerationsNewcomer: an account that the server made since the last
// listing is linked to the new person of its name, and deleted with them.
func TestGenerationsNewcomer(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.hire("new", "new@example.org")
		w.signIn("new@example.org", "new")
		if rep := w.sync(); rep.Result.Counts.Linked != 1 {
			t.Fatalf("not linked: %v", told(rep))
		}
		w.hire("late", "late@example.org")
		w.sync()
		w.signIn("late@example.org", "late") // nothing changes in the directory
		if rep := w.sync(); rep.Result.Counts.Linked != 1 {
			t.Fatalf("not linked: %v", told(rep))
		}
		w.leave("new")
		w.leave("late")
		for range 4 {
			w.sync()
		}
		for _, name := range []string{"new@example.org", "late@example.org"} {
			if _, there := w.server.AccountOf(name); there {
				t.Errorf("%s is still there", name)
			}
		}
	})
}

// TestGenerationsOldAccountIsNotTheNewcomers: an account that was listed before
// the person came is not theirs.
func TestGenerationsOldAccountIsNotTheNewcomers(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := newWorld(t, deleting, g.version)
		for i := range 12 {
			w.hire(fmt.Sprintf("p%02d", i), fmt.Sprintf("u%02d@example.org", i))
		}
		old := w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: "team@example.org"})
		w.server.AddMail(old, stalwarttest.Message{Subject: "of the team"})
		w.sync()
		w.hire("new", "team@example.org")
		rep := w.sync()
		if !g.lists { // it may be a group's, or cannot be moved
			wantHoldOf(t, rep, reconcile.HoldNameReused, "new")
			wantActions(t, rep)
			return
		}
		wantActions(t, rep, reconcile.ActPark)
		w.wantMail("team@example.org", "new")
		if n := len(w.server.Messages(old)); n != 1 {
			t.Errorf("the old account has %d messages", n)
		}
	})
}

// TestGenerationsAnotherLoginProvesNothing: what another login did not see may
// have been there.
func TestGenerationsAnotherLoginProvesNothing(t *testing.T) {
	g := generations[len(generations)-1]
	w := settledOn(t, g, 12, deleting)
	w.hire("new", "new@example.org")
	w.signIn("new@example.org", "new")
	w.file("api-key", w.server.APIKey())
	w.file("syncagent.yaml", replaceIn(t, w, "username: admin, password: { file: password }", "api_key: { file: api-key }"))
	w.reload()
	rep := w.sync()
	if rep.Result.Counts.Linked != 0 {
		t.Errorf("linked by what another login did not see: %v", told(rep))
	}
}

// TestGenerationsAddressHandedOver: the person who was given an address cannot
// log in until its holder has released it.
func TestGenerationsAddressHandedOver(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.alias("p00", "info@example.org")
		w.signIn("u00@example.org", "p00")
		w.sync()
		w.exec(`UPDATE aliases SET id = 'p01' WHERE address = 'info@example.org'`)
		if _, err := w.server.Login("u01@example.org", "pw-p01"); (err != nil) != g.lists {
			t.Fatalf("the test proves nothing: %v", err)
		}
		rep := w.sync()
		if g.lists {
			wantActions(t, rep, reconcile.ActRelease)
		} else {
			wantActions(t, rep)
		}
		w.wantMail("u01@example.org", "p01", "for p01")
		if rep := w.sync(); rep.Pending() {
			t.Errorf("not at rest: %v", told(rep))
		}
	})
}

// TestGenerationsLeaversAddress: a leaver's primary address is a colleague's
// alias now.
func TestGenerationsLeaversAddress(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.alias("p00", "info@example.org")
		w.signIn("u00@example.org", "p00")
		w.sync()
		w.leave("p00")
		w.exec(`UPDATE aliases SET id = 'p01' WHERE address = 'info@example.org'`)
		for range 2 {
			if rep := w.sync(); rep.Failed > 0 {
				t.Fatalf("%v", told(rep))
			}
		}
		w.wantMail("u01@example.org", "p01", "for p01")
	})
}

// TestGenerationsBadName: what cannot be addressed safely is held in the plan.
func TestGenerationsBadName(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.rename("p00", "a/b@example.org")
		w.rename("p01", "fine@example.org")
		rep := w.sync()
		code := reconcile.HoldNameUnsafe
		if !g.renames {
			code = reconcile.HoldRenameUnsupported
		}
		if g.renames {
			wantHoldOf(t, rep, code, "p00")
			wantActions(t, rep, reconcile.ActRename)
		}
		if code := rep.ExitCode(nil); code != agent.ExitOK {
			t.Errorf("exit %d: %v", code, told(rep))
		}
	})
}

// TestGenerationsCaseOfLetters: before 0.8 two accounts may differ in the case of
// their letters only, and a new name is written in small ones.
func TestGenerationsCaseOfLetters(t *testing.T) {
	w := newWorld(t, deleting, "0.6")
	for i := range 12 {
		w.hire(fmt.Sprintf("p%02d", i), fmt.Sprintf("u%02d@example.org", i))
	}
	w.hire("jane", "Jane@example.org")
	w.hire("bob", "Bob@example.org")
	for _, name := range []string{"Jane@example.org", "jane@example.org", "Bob@example.org", "u00@example.org"} {
		w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: name})
	}
	rep := w.sync()
	wantHoldOf(t, rep, reconcile.HoldNameUnsafe, "jane")
	w.rename("p00", "Upper@example.org")
	wantHoldOf(t, w.sync(), reconcile.HoldNameUnsafe, "p00")
	w.leave("jane")
	w.leave("bob")
	for range 5 {
		rep = w.sync()
	}
	for name, want := range map[string]bool{"Jane@example.org": true, "jane@example.org": true, "Bob@example.org": false} {
		if _, there := w.server.AccountOf(name); there != want {
			t.Errorf("%s is there: %v; %v", name, there, told(rep))
		}
	}
}

// TestGenerationsTwoIDs: 0.12.0 may give one ID to two accounts: nothing is
// changed there, and the plan says so.
func TestGenerationsTwoIDs(t *testing.T) {
	w := settledOn(t, generation{version: "0.12.0"}, 12, deleting+"  suspend: { runs: 1, time: 0s }\n")
	w.cfg.Sources[0].Policy.Missing = config.MissingDelete
	w.rename("p00", "bride@example.org")
	w.leave("p01")
	writes := len(w.server.Writes())
	rep := w.sync()
	wantHoldOf(t, rep, reconcile.HoldRenameUnsupported, "p00")
	wantHoldOf(t, rep, reconcile.HoldSuspendNotReversible, "p01")
	for range 4 {
		rep = w.sync()
	}
	wantHoldOf(t, rep, reconcile.HoldDeleteUnsupported, "p01")
	if len(w.server.Writes()) != writes || rep.ExitCode(nil) != agent.ExitOK {
		t.Errorf("exit %d, writes %v", rep.ExitCode(nil), w.server.Writes()[writes:])
	}
}
