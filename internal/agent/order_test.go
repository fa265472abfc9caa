package agent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// order carries an order out and does not let time pass.
func (w *world) order(o agent.Order) *agent.Report {
	w.t.Helper()
	w.now = w.now.Add(-26*time.Hour + time.Minute)
	rep, err := w.try(agent.RunOptions{Trigger: agent.TriggerOrder, Command: "syncagent test", Order: &o})
	if err != nil {
		w.t.Fatalf("order: %v", err)
	}
	return rep
}

func relink(by reconcile.RelinkBy) agent.Order {
	return agent.Order{Relink: &agent.RelinkOrder{By: by}}
}

// TestUndoSuspend: access that was cut from leavers comes back exactly as it
// was, and they are left alone until they are in the directory again.
func TestUndoSuspend(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	w.sync()
	rep := w.sync()
	wantActions(t, rep, reconcile.ActSuspend)
	back := w.order(agent.Order{Undo: &agent.UndoOrder{Run: rep.Result.Run}})
	wantActions(t, back, reconcile.ActResume)
	w.wantRights(id, oddRights)
	again := w.sync()
	wantActions(t, again)
	wantHold(t, again, reconcile.HoldUndone)
	w.hire("p00", "u00@example.org")
	wantActions(t, w.sync())
	w.leave("p00")
	w.sync()
	wantActions(t, w.sync(), reconcile.ActSuspend)
}

// TestUndoPark: a mailbox that was moved aside for a namesake comes back only
// once the name is free.
func TestUndoPark(t *testing.T) {
	w := settled(t, 40, deleting)
	w.deliver("u00@example.org", "old mail")
	id := w.account("u00@example.org").ID
	w.leave("p00")
	w.sync()
	w.hire("q00", "u00@example.org")
	w.exec(`UPDATE people SET employee = 'other' WHERE id = 'q00'`)
	rep := w.sync()
	wantActions(t, rep, reconcile.ActPark)

	undo := agent.Order{Undo: &agent.UndoOrder{Run: rep.Result.Run}}
	refused := w.order(undo)
	wantActions(t, refused)
	wantHold(t, refused, reconcile.HoldNotUndone)

	w.leave("q00")
	wantActions(t, w.order(undo), reconcile.ActResume)
	if got := w.account("u00@example.org").ID; got != id {
		t.Errorf("u00 is account %s, want %s", got, id)
	}
	wantHold(t, w.sync(), reconcile.HoldUndone)
}

// TestRelinkByAttribute: a person under a new ID and a new name keeps the
// mailbox, which then follows the name.
func TestRelinkByAttribute(t *testing.T) {
	w := settled(t, 40, deleting)
	id := w.account("u00@example.org").ID
	w.exec(`UPDATE people SET employee = 'e1' WHERE id = 'p00'`)
	w.sync()
	w.exec(`UPDATE people SET id = 'n00', mail = 'new00@example.org' WHERE id = 'p00'`)
	w.exec(`UPDATE people SET id = 'n01' WHERE id = 'p01'`)
	w.sync()
	rep := w.order(relink(reconcile.RelinkByAttribute))
	wantActions(t, rep, reconcile.ActRelink)
	if a := rep.Result.Actions[0]; a.StableID != "n00" || a.OldID != "p00" {
		t.Errorf("linked %+v", a)
	}
	w.sync()
	w.sync()
	if got := w.account("new00@example.org").ID; got != id {
		t.Errorf("new00 is account %s, want %s", got, id)
	}
}

// TestRelinkServer: almost all accounts have other IDs on a server that was put up
// anew; the names lead to the new ones, and the block ends.
func TestRelinkServer(t *testing.T) {
	w := settled(t, 12, deleting)
	for i := range 11 {
		mail := person(i)
		if answer := w.execute(`[["x:Account/set",{"destroy":["` + string(w.account(mail).ID) + `"]},"0"]]`); strings.Contains(answer, "notDestroyed") {
			t.Fatal(answer)
		}
	}
	w.now = w.now.Add(time.Hour)
	for i := range 11 {
		w.deliver(person(i), "first mail")
	}
	w.rename("p11", "new11@example.org")
	blocked := w.sync()
	if !blocked.Blocked() {
		t.Fatalf("not blocked: %v", told(blocked))
	}
	rep := w.order(relink(reconcile.RelinkByName))
	if !rep.Blocked() || len(rep.Result.Actions) != 11 {
		t.Fatalf("11 links are over the limit: %v", told(rep))
	}
	w.file("syncagent.yaml", replaceIn(t, w, "missing: delete", "missing: delete\n  limits: { rename: { count: 99, percent: 100% } }"))
	w.reload()
	rep = w.order(relink(reconcile.RelinkByName))
	if len(rep.Result.Actions) != 11 || rep.Blocked() {
		t.Fatalf("relink: %v", told(rep))
	}
	after := w.sync()
	if after.Blocked() {
		t.Errorf("still blocked: %v", told(after))
	}
	w.account("new11@example.org")
}

func person(i int) string {
	return "u" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + "@example.org"
}

// TestClaimIsRechecked: an entry outside of the snapshot that carries an alias
// of the account stands against the claim.
func TestClaimIsRechecked(t *testing.T) {
	w := settled(t, 10, deleting)
	w.hire("x", "gone@example.org")
	if _, err := w.server.Login("gone@example.org", "pw-x"); err != nil {
		t.Fatal(err)
	}
	w.leave("x")
	w.sync()
	found, err := agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }}).Orphans(t.Context())
	if err != nil || len(found.Orphans) != 1 {
		t.Fatalf("orphans %+v, %v", found, err)
	}
	claim := agent.Order{Claim: &agent.ClaimOrder{Source: "staff", Claims: []reconcile.Claim{{Account: found.Orphans[0].Account, Name: "gone@example.org"}}}}
	w.alias("p01", "gone@example.org")
	refused := w.order(claim)
	wantActions(t, refused)
	wantHold(t, refused, reconcile.HoldStillUsed)
	w.exec(`DELETE FROM aliases`)
	wantActions(t, w.order(claim), reconcile.ActClaim)
	twice := w.order(claim)
	wantActions(t, twice)
	wantHold(t, twice, reconcile.HoldClaimRefused)
}

// TestRelinkInterrupted: a relink that was announced and not made is settled as
// not done by the next run, and can be ordered again.
func TestRelinkInterrupted(t *testing.T) {
	w := settled(t, 40, deleting)
	w.exec(`UPDATE people SET id = 'n00' WHERE id = 'p00'`)
	ledger, err := state.Open(t.Context(), state.Options{Dir: w.cfg.State.Dir, Mode: state.ReadWrite})
	if err != nil {
		t.Fatal(err)
	}
	account := reconcile.AccountID(w.account("u00@example.org").ID)
	if err := ledger.BeginRun(t.Context(), state.Run{ID: "killed", Started: w.now}); err != nil {
		t.Fatal(err)
	}
	_, err = ledger.Intend(t.Context(), "killed", []state.Step{{Seq: 1, Action: reconcile.Action{
		Kind: reconcile.ActRelink, Source: "staff", StableID: "n00", OldID: "p00", Account: account,
		From: "u00@example.org", To: "u00@example.org", Before: &reconcile.Account{ID: account, Name: "u00@example.org"},
	}}})
	if err = errors.Join(err, ledger.Close()); err != nil {
		t.Fatal(err)
	}
	rep := w.order(relink(reconcile.RelinkByName))
	if len(rep.Result.Recovered) != 1 || rep.Result.Recovered[0].Outcome != reconcile.OutcomeFailed {
		t.Errorf("recovered %+v", rep.Result.Recovered)
	}
	wantActions(t, rep, reconcile.ActRelink)
	if after := w.sync(); len(after.Result.Missing) != 0 {
		t.Errorf("still missing: %v", after.Result.Missing)
	}
}

// TestRelinkAfterPark: whoever came back under a new ID, and whose mailbox was
// moved aside for it, gets it back.
func TestRelinkAfterPark(t *testing.T) {
	w := settled(t, 40, deleting)
	id := w.account("u00@example.org").ID
	w.exec(`UPDATE people SET id = 'n00' WHERE id = 'p00'`)
	wantActions(t, w.sync(), reconcile.ActPark)
	rep := w.order(relink(reconcile.RelinkByName))
	wantActions(t, rep, reconcile.ActRelink)
	w.sync()
	if got := w.account("u00@example.org").ID; got != id {
		t.Errorf("u00 is account %s, want %s", got, id)
	}
}
