package agent_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// purgeable is a world in which the next run deletes two accounts.
func purgeable(t *testing.T, more string) *world {
	t.Helper()
	w := settled(t, 40, deleting+more)
	w.leave("p00")
	w.leave("p01")
	wantActions(t, w.sync())
	wantActions(t, w.sync())
	return w
}

// purgesQueued counts what was asked for, in the order of the writes, and tells
// whether a deletion came after the first of them.
func (w *world) purgesQueued() (n int, early bool) {
	for _, write := range w.server.Writes() {
		switch {
		case write.Object == "Task" && write.Error == "" && strings.Contains(string(write.Value), "purgeBlob"):
			n++
		case n > 0 && write.Object == "Account" && write.Op == "destroy":
			early = true
		}
	}
	return n, early
}

func TestOnePurgeAfterTheLastDelete(t *testing.T) {
	w := purgeable(t, "")
	rep := w.sync()
	wantActions(t, rep, reconcile.ActDelete, reconcile.ActDelete)
	if rep.Result.Purge == nil || rep.Result.Purge.State != "done" || w.server.Purges() != 1 {
		t.Errorf("%+v, %d purges", rep.Result.Purge, w.server.Purges())
	}
	if n, early := w.purgesQueued(); n != 1 || early {
		t.Errorf("%d purges queued, a delete after it: %v", n, early)
	}
	if rep = w.sync(); rep.Result.Purge != nil || w.server.Purges() != 1 {
		t.Errorf("a purge without a delete: %+v", rep.Result.Purge)
	}
}

func TestPurgeWhileOneIsRunningIsSkippedWithAWord(t *testing.T) {
	w := purgeable(t, "")
	looks := func(s stalwarttest.Seen) bool {
		return slices.ContainsFunc(s.Calls, func(c stalwarttest.Call) bool {
			return c.Name == "x:Task/query" && strings.Contains(string(c.Args["filter"]), "StoreMaintenance")
		})
	}
	w.server.Inject(stalwarttest.Fault{Match: looks, Times: -1, Before: func(stalwarttest.Seen) { // an administrator was quicker
		w.execute(`[["x:Task/set",{"create":{"p":{"@type":"StoreMaintenance","maintenanceType":"purgeBlob"}}},"0"]]`)
	}})
	rep := w.sync()
	if rep.Result.Purge == nil || rep.Result.Purge.State != "skipped" || !strings.Contains(rep.Result.Purge.Message, "already queued") {
		t.Errorf("%+v", rep.Result.Purge)
	}
	if !slices.ContainsFunc(w.audited("purge", "skipped"), func(f map[string]any) bool { return f["message"] != "" }) {
		t.Error("the audit log does not tell")
	}
}

func TestFailedPurgeIsMadeUpFor(t *testing.T) {
	w := purgeable(t, "")
	w.server.Inject(stalwarttest.Fault{
		Match: func(s stalwarttest.Seen) bool { return s.Has("x:Task/set") }, Times: 1, Status: http.StatusBadRequest, SkipWork: true,
	})
	rep := w.sync()
	if rep.Result.Purge == nil || rep.Result.Purge.State != "failed" || w.server.Purges() != 0 {
		t.Fatalf("%+v", rep.Result.Purge)
	}
	rep = w.sync()
	if rep.Result.Purge == nil || rep.Result.Purge.State != "done" || w.server.Purges() != 1 {
		t.Errorf("%+v, %d purges", rep.Result.Purge, w.server.Purges())
	}
}

func TestNeverPurged(t *testing.T) {
	w := purgeable(t, "  purge: never\n")
	rep := w.sync()
	if rep.Result.Purge == nil || rep.Result.Purge.State != "skipped" || w.server.Purges() != 0 {
		t.Errorf("%+v", rep.Result.Purge)
	}
}
