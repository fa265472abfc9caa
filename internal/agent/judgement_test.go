package agent_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestRecoveryNeedsNoDirectory: what a run left open is settled although the
// directory cannot be believed, and nothing else is done.
func TestRecoveryNeedsNoDirectory(t *testing.T) {
	w := settled(t, 40, deleting)
	w.rename("p00", "bride@example.org")
	lost := false
	stop := w.server.Inject(stalwarttest.Fault{
		Match: func(s stalwarttest.Seen) bool {
			write := stalwarttest.OnMethod("x:Account/set")(s)
			defer func() { lost = lost || write }()
			return lost || write
		},
		Times: -1, Drop: stalwarttest.DropLast,
	})
	if _, err := w.try(agent.RunOptions{}); err == nil {
		t.Log("the run ended without an error")
	}
	stop()
	w.exec(`DELETE FROM people`)
	rep := w.sync()
	if len(rep.Result.Recovered) != 1 || rep.Result.Recovered[0].Outcome != reconcile.OutcomeDone || len(rep.Result.Actions) != 0 ||
		rep.ExitCode(nil) != agent.ExitSource {
		t.Errorf("recovered %+v, exit %d: %v", rep.Result.Recovered, rep.ExitCode(nil), told(rep))
	}
}

// TestReplacedServerIsNotWrittenTo: half of the known accounts are not the ones
// that were linked; a restore of an old backup looks like this.
func TestReplacedServerIsNotWrittenTo(t *testing.T) {
	w := settled(t, 40, deleting)
	for _, a := range w.server.Accounts()[:25] {
		if strings.HasPrefix(a.Address, "u") {
			w.server.Destroy(a.ID)
			w.server.AddAccount(stalwarttest.AccountSpec{Address: a.Address})
		}
	}
	w.rename("p39", "bride@example.org")
	writes := len(w.server.Writes())
	rep := w.sync()
	blocked := slices.ContainsFunc(rep.Result.Verdict.Reasons, func(r reconcile.BlockReason) bool { return r.Code == reconcile.BlockServerChanged })
	if !blocked || len(w.server.Writes()) != writes || rep.ExitCode(nil) != agent.ExitBlocked {
		t.Errorf("exit %d: %v", rep.ExitCode(nil), told(rep))
	}
}

// TestLostLedgerNamesItsPage: the error tells its code; whoever starts over is
// told of accounts that were moved aside in the earlier life.
func TestLostLedgerNamesItsPage(t *testing.T) {
	w := settled(t, 10, deleting)
	w.leave("p00")
	w.hire("new", "u00@example.org")
	if rep := w.sync(); rep.Result.Counts.Park != 1 {
		t.Fatalf("%v", told(rep))
	}
	if err := os.RemoveAll(filepath.Join(w.dir, "state")); err != nil {
		t.Fatal(err)
	}
	_, err := w.try(agent.RunOptions{})
	var lost *agent.TrustError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), reconcile.BlockLedgerLost) {
		t.Fatalf("error %v", err)
	}
	rep, err := w.try(agent.RunOptions{AdoptAnew: true})
	if err != nil || !noticed(rep, reconcile.NoticeFoundParked) || !noticed(rep, reconcile.NoticeFirstRun) {
		t.Errorf("%v: %v", err, rep.Result.Notices)
	}
}
