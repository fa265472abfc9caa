package agent_test

import (
	"fmt"
	"testing"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

// TestBadNameDoesNotKeepOthersWaiting: a name that the server cannot have is held
// when the plan is made, and all else is renamed.
func TestBadNameDoesNotKeepOthersWaiting(t *testing.T) {
	w := newWorld(t, "  rename: apply\n")
	for _, id := range []string{"ann", "bob", "cid", "dan", "eve"} {
		w.hire(id, id+"@example.org")
		w.deliver(id+"@example.org", "for "+id)
	}
	for i := range 60 { // so many that the limit of renames is not met
		w.hire(fmt.Sprintf("p%02d", i), fmt.Sprintf("p%02d@example.org", i))
	}
	w.sync()
	w.rename("ann", "ann2@example.org")
	w.rename("bob", "o'bri en@example.org")
	w.rename("cid", "cid2@example.org")
	w.rename("dan", "eve@example.org")
	w.rename("eve", "dan@example.org")
	rep := w.sync()
	for i, a := range rep.Result.Actions {
		if got := rep.Result.Results[i].Outcome; got != reconcile.OutcomeDone {
			t.Errorf("%s: %s: %v", a.StableID, got, told(rep))
		}
	}
	if n := len(rep.Result.Actions); n != 4 {
		t.Errorf("%d actions: %v", n, told(rep))
	}
	wantHoldOf(t, rep, reconcile.HoldNameUnsafe, "bob")
	if code := rep.ExitCode(nil); code != agent.ExitOK {
		t.Errorf("exit %d: %v", code, told(rep))
	}
	for name, owner := range map[string]string{"ann2": "ann", "bob": "bob", "cid2": "cid", "eve": "dan", "dan": "eve"} {
		account, ok := w.server.AccountOf(name + "@example.org")
		if !ok {
			t.Errorf("nobody has %s: %v", name, told(rep))
			continue
		}
		if got := w.server.Subjects(account.ID); len(got) != 1 || got[0] != "for "+owner {
			t.Errorf("%s opens %v, want the mail of %s", name, got, owner)
		}
	}
}
