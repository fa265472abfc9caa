package agent_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

const suspendingLeavers = deleting + "  suspend: { runs: 2, time: 24h }\n"

// TestGenerationsSuspended: the access of a leaver is cut, comes back with the
// person, and the account is deleted if they do not come back.
func TestGenerationsSuspended(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, suspendingLeavers)
		w.leave("p00")
		w.leave("p01")
		w.sync()
		rep := w.sync()
		if !g.cuts {
			wantHoldOf(t, rep, reconcile.HoldSuspendNotReversible, "p00")
			wantActions(t, rep)
		} else {
			wantActions(t, rep, reconcile.ActSuspend, reconcile.ActSuspend)
			if !w.account("u00@example.org").Suspended {
				t.Error("not suspended")
			}
		}
		w.hire("p00", "u00@example.org")
		for range 3 {
			rep = w.sync()
		}
		w.wantMail("u00@example.org", "p00", "for p00")
		if w.account("u00@example.org").Suspended {
			t.Errorf("still suspended: %v", told(rep))
		}
		if _, there := w.server.AccountOf("u01@example.org"); there {
			t.Errorf("the leaver is still there: %v", told(rep))
		}
	})
}

// TestGenerationsOutOfScope: people who are only outside of the filter are not
// deleted; the fuse blows.
func TestGenerationsOutOfScope(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
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
	})
}

// TestGenerationsDeleteLimit: more than the limit allows is blocked, and nobody
// is deleted.
func TestGenerationsDeleteLimit(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.cfg.Sources[0].Policy.Limits.Delete = config.Limit{Count: 2, Percent: 1}
		for i := range 6 {
			w.leave(fmt.Sprintf("p%02d", i))
		}
		var rep *agent.Report
		for range 5 {
			rep = w.sync()
		}
		if rep.ExitCode(nil) != agent.ExitBlocked || len(w.server.Accounts()) != 12 {
			t.Errorf("exit %d, %d accounts: %v", rep.ExitCode(nil), len(w.server.Accounts()), told(rep))
		}
	})
}

// TestGenerationsDryRun: two dry runs are the same and change nothing.
func TestGenerationsDryRun(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
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
		if diff := cmp.Diff(first.Result, second.Result); diff != "" || (first.Result.Counts.Rename == 1) != g.renames {
			t.Errorf("two dry runs differ: %s %v", diff, told(first))
		}
		if diff := cmp.Diff(before, w.files()); diff != "" || len(w.server.Writes()) != writes {
			t.Errorf("a dry run changed something: %s", diff)
		}
	})
}

// TestGenerationsGroups: before 0.10 groups look like users. Nobody whom the
// directory does not call a person is touched.
func TestGenerationsGroups(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := newWorld(t, deleting, g.version)
		for i := range 12 {
			w.hire(fmt.Sprintf("p%02d", i), fmt.Sprintf("u%02d@example.org", i))
			w.signIn(fmt.Sprintf("u%02d@example.org", i), fmt.Sprintf("p%02d", i))
		}
		kind := "group"
		if !g.lists {
			kind = "individual"
		}
		group := w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: "team@example.org", Type: kind})
		w.sync()
		w.rename("p00", "team@example.org")
		w.leave("p01")
		var rep *agent.Report
		for range 5 {
			rep = w.sync()
		}
		if view, there := w.server.Account(group); !there || view.Address != "team@example.org" {
			t.Errorf("the group is %+v: %v", view, told(rep))
		}
		want := reconcile.HoldNameTaken
		switch {
		case !g.renames:
			want = reconcile.HoldRenameUnsupported
		case !g.lists:
			want = reconcile.HoldNameReused
		}
		wantHoldOf(t, rep, want, "p00")
	})
}

// leaver makes a world where one person is deleted in the next run.
func leaver(t *testing.T, g generation) *world {
	t.Helper()
	w := settledOn(t, g, 12, deleting)
	w.leave("p00")
	for range 2 {
		wantActions(t, w.sync())
	}
	return w
}

// TestGenerationsCutDelete: the connection is cut during a delete. Since 0.15 the
// account is gone then and its data may be left: told once, never tried again.
// Before, the account is still there and deleted by the next run.
func TestGenerationsCutDelete(t *testing.T) {
	onAll(t, func(t *testing.T, g generation) {
		w := leaver(t, g)
		id := w.account("u00@example.org").ID
		w.server.CutDeletes(1)
		rep, err := w.try(agent.RunOptions{})
		if err != nil || len(rep.Result.Results) != 1 {
			t.Fatalf("%v %v", err, told(rep))
		}
		hint, first := rep.Result.Results[0].Hint, g.version == "0.15.5"
		if first != strings.Contains(hint, reconcile.HoldCutDelete) || first != (rep.Result.Results[0].Outcome == reconcile.OutcomeDone) {
			t.Errorf("hint %q, %v", hint, told(rep))
		}
		for range 2 {
			rep = w.sync()
		}
		if rep.Pending() || strings.Contains(fmt.Sprint(rep.Result.Results), reconcile.HoldCutDelete) {
			t.Errorf("told or tried again: %v", told(rep))
		}
		if _, there := w.server.Account(id); there {
			t.Errorf("still there: %v", told(rep))
		}
	})
}

// TestGenerationsDeleteNeverAnswered: the answer to a delete is lost, and the
// server is gone for the rest of the run. The next run finds the account gone;
// only 0.15 does not prove by that that its data is.
func TestGenerationsDeleteNeverAnswered(t *testing.T) {
	for _, g := range generations[3:] {
		if g.version != "0.11.8" && g.version != "0.15.5" {
			continue
		}
		t.Run(g.version, func(t *testing.T) {
			w := leaver(t, g)
			var back func()
			remove := w.server.Inject(stalwarttest.Fault{
				Match: func(s stalwarttest.Seen) bool { return s.Method == http.MethodDelete }, Drop: stalwarttest.DropLast,
				Before: func(stalwarttest.Seen) {
					back = w.server.Inject(stalwarttest.Fault{Times: -1, Status: http.StatusServiceUnavailable, SkipWork: true})
				},
			})
			_, _ = w.try(agent.RunOptions{})
			if remove(); back == nil {
				t.Fatal("nothing was deleted")
			}
			back()
			rep := w.sync()
			wantActions(t, rep)
			recovered := rep.Result.Recovered
			if len(recovered) != 1 || recovered[0].Outcome != reconcile.OutcomeDone ||
				strings.Contains(recovered[0].Hint, reconcile.HoldCutDelete) != (g.version == "0.15.5") {
				t.Errorf("recovered %+v", recovered)
			}
			if rep = w.sync(); rep.Pending() || len(rep.Result.Recovered) != 0 || w.server.Purges() != 1 {
				t.Errorf("told or tried again, %d purges: %v", w.server.Purges(), told(rep))
			}
		})
	}
}

// TestGenerationsDeleteIsNotCutByUs: a run that is told to stop waits for the
// delete that goes on, records it, and starts no other.
func TestGenerationsDeleteIsNotCutByUs(t *testing.T) {
	onSome(t, func(t *testing.T, g generation) {
		w := settledOn(t, g, 12, deleting)
		w.leave("p00")
		w.leave("p01")
		w.sync()
		w.sync()
		ctx, cancel := context.WithCancel(t.Context())
		deletes := 0
		remove := w.server.Inject(stalwarttest.Fault{
			Match: func(s stalwarttest.Seen) bool { return s.Method == http.MethodDelete }, Times: -1, Delay: 50 * time.Millisecond,
			Before: func(stalwarttest.Seen) { deletes++; cancel() },
		})
		w.now = w.now.Add(26 * time.Hour)
		rep, err := agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }}).Run(ctx, agent.RunOptions{})
		remove()
		if !errors.Is(err, context.Canceled) || deletes != 1 || len(w.server.Accounts()) != 11 {
			t.Fatalf("%d deletes, %d accounts, %v: %v", deletes, len(w.server.Accounts()), err, told(rep))
		}
		if !slices.ContainsFunc(rep.Result.Results, func(r reconcile.Result) bool { return r.Outcome == reconcile.OutcomeDone }) {
			t.Errorf("not recorded: %v", told(rep))
		}
		rep = w.sync()
		wantActions(t, rep, reconcile.ActDelete)
		if w.sync(); w.server.Purges() != 1 {
			t.Errorf("%d purges", w.server.Purges())
		}
	})
}

// TestGenerationsLargeOldServer: before 0.10 a listing costs a request for each
// account; a run without a change makes none.
func TestGenerationsLargeOldServer(t *testing.T) {
	w := settledOn(t, generation{version: "0.8.5"}, 310, deleting)
	seen := 0
	w.server.Inject(stalwarttest.Fault{Match: func(stalwarttest.Seen) bool { seen++; return false }})
	w.now = w.now.Add(-20 * time.Hour) // the listing is young enough
	if w.sync(); seen > 20 {
		t.Errorf("%d requests in a run without a change", seen)
	}
	w.leave("p00")
	for range 4 {
		w.sync()
	}
	if _, there := w.server.AccountOf("u00@example.org"); there {
		t.Error("the leaver is still there")
	}
}
