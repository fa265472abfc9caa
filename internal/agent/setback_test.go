package agent_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// probes makes the configuration read how far the database goes.
func (w *world) probes(statement string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "syncagent.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if !strings.Contains(line, "change_probe:") {
			lines = append(lines, line)
		}
		if strings.Contains(line, "driver: sqlite") {
			lines = append(lines, "      change_probe: "+statement)
		}
	}
	w.file("syncagent.yaml", strings.Join(lines, "\n"))
	w.reload()
}

// approveBlocked approves what the last run kept as blocked, as the command does.
func (w *world) approveBlocked(rep *agent.Report) []reconcile.ApprovedItem {
	w.t.Helper()
	ledger, err := state.Open(w.t.Context(), state.Options{Dir: filepath.Join(w.dir, "state"), Mode: state.ReadWrite, Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	kept, err := ledger.Plan(w.t.Context(), rep.Result.Hash)
	if err != nil {
		w.t.Fatal(err)
	}
	items, err := agent.BlockedItems(kept.Result)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = ledger.Approve(w.t.Context(), reconcile.Approval{
		Plan: rep.Result.Hash, By: []string{"Ada"}, Created: w.now, Expires: w.now.Add(48 * time.Hour), Items: items,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return items
}

func (w *world) auditHas(event string) bool {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "audit.jsonl"))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Contains(string(text), `"phase":"`+event+`"`)
}

func noticed(rep *agent.Report, code string) bool {
	return slices.ContainsFunc(rep.Result.Notices, func(n reconcile.Notice) bool { return n.Code == code })
}

// TestDatabaseSetBack: a database that was restored is believed once that was
// approved, and a change probe that was defined anew needs no approval.
func TestDatabaseSetBack(t *testing.T) {
	w := newWorld(t, deleting)
	w.exec(`CREATE TABLE versions (v INTEGER, w INTEGER)`)
	w.exec(`INSERT INTO versions VALUES (100, 5)`)
	w.probes("SELECT max(v) FROM versions")
	w.hire("1", "ann@example.org")
	w.hire("2", "bob@example.org")
	w.deliver("ann@example.org", "one")
	w.deliver("bob@example.org", "two")
	w.sync()
	w.exec(`UPDATE versions SET v = 90`)
	w.rename("2", "rob@example.org")
	for range 2 {
		rep := w.sync()
		if rep.ExitCode(nil) != agent.ExitSource || len(rep.Result.Actions) != 0 || len(rep.Result.Verdict.Reasons) != 1 ||
			rep.Result.Verdict.Reasons[0].Code != reconcile.UnusableOlderSnapshot {
			t.Fatalf("%v", told(rep))
		}
		if w.approvedOlder(rep) != 1 {
			t.Fatalf("an approval would not cover it: %+v", rep.Result.Sources)
		}
	}
	w.exec(`UPDATE versions SET v = 91`) // the database goes on
	rep := w.sync()
	w.approveBlocked(rep)
	w.exec(`UPDATE versions SET v = 92`)
	rep = w.sync()
	if len(rep.Result.Verdict.Reasons) != 0 || rep.Result.Counts.Rename != 1 || !noticed(rep, reconcile.NoticeOlderAccepted) || !w.auditHas("older-accepted") {
		t.Fatalf("approved: %v %v", told(rep), rep.Result.Notices)
	}
	if rep = w.sync(); rep.ExitCode(nil) != agent.ExitOK || noticed(rep, reconcile.NoticeOlderAccepted) {
		t.Errorf("afterwards: %v %v", told(rep), rep.Result.Notices)
	}

	w.probes("SELECT max(w) FROM versions")
	w.rename("1", "eve@example.org")
	rep = w.sync()
	if rep.Result.Counts.Rename != 1 || !noticed(rep, reconcile.NoticeProbeChanged) || !w.auditHas(reconcile.NoticeProbeChanged) {
		t.Errorf("another probe: %v %v", told(rep), rep.Result.Notices)
	}
	if rep = w.sync(); noticed(rep, reconcile.NoticeProbeChanged) || len(rep.Result.Verdict.Reasons) != 0 {
		t.Errorf("it is told twice: %v", rep.Result.Notices)
	}
	w.exec(`UPDATE versions SET w = 4`)
	if rep = w.sync(); rep.ExitCode(nil) != agent.ExitSource {
		t.Errorf("the new probe is not compared: %v", told(rep))
	}
}

// approvedOlder counts what an approval of a saved plan would cover, and checks
// that the plan survives its way through JSON.
func (w *world) approvedOlder(rep *agent.Report) int {
	w.t.Helper()
	text, err := json.Marshal(rep.Result.Plan)
	if err != nil {
		w.t.Fatal(err)
	}
	var plan reconcile.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		w.t.Fatal(err)
	}
	items := agent.PlanItems(plan)
	if diff := cmp.Diff(agent.PlanItems(rep.Result.Plan), items); diff != "" {
		w.t.Errorf("(-want +got):\n%s", diff)
	}
	n := 0
	for _, item := range items {
		if item.Kind == reconcile.ItemOlder && item.Source == "staff" && item.From == "100" && item.To == "90" {
			n++
		}
	}
	return n
}

// TestReplicaThatLostAProvider: one that tells nothing of a provider that was
// heard of before lacks its changes, and one that is being loaded tells nothing
// at all; the directory is believed once a person says that it is right.
func TestReplicaThatLostAProvider(t *testing.T) {
	w, servers := inLDAP(t, 30, 1)
	csn := func(value string) {
		servers[0].Change(func(o *ldaptest.Options) { o.CSN = value })
	}
	csn("20260301120000.000000Z#000000#001#000000")
	w.sync()
	csn("20260301130000.000000Z#000000#002#000000")
	servers[0].Remove(ldapDN(3))
	rep := w.sync()
	if rep.ExitCode(nil) != agent.ExitSource || rep.Result.Counts.Missing != 0 {
		t.Fatalf("%v", told(rep))
	}
	csn("")
	if rep = w.sync(); rep.ExitCode(nil) != agent.ExitSource || rep.Result.Counts.Missing != 0 {
		t.Fatalf("a replica without any mark: %v", told(rep))
	}
	csn("20260301130000.000000Z#000000#002#000000")
	w.approveBlocked(w.sync())
	if rep = w.sync(); rep.ExitCode(nil) != agent.ExitOK || rep.Result.Counts.Missing != 1 {
		t.Errorf("approved: %v", told(rep))
	}
}
