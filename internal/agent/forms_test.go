package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/state"
)

// nameAlso adds a second name to the configuration, or takes it away again.
func (w *world) nameAlso(on bool) {
	w.t.Helper()
	path := filepath.Join(w.dir, "syncagent.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	const key = `, name_also: [ "{employee}@example.net" ]`
	changed := strings.ReplaceAll(string(text), key, "")
	changed = strings.ReplaceAll(changed, ", same_person: [ employee ]", "")
	if on {
		changed = strings.ReplaceAll(changed, `name: "{mail}"`, `name: "{mail}"`+key)
	}
	w.file("syncagent.yaml", changed)
	w.reload()
}

// withForms gives people who have a second account each, all linked.
func withForms(t *testing.T, policy string) *world {
	t.Helper()
	w := newWorld(t, policy)
	w.nameAlso(true)
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		w.hire("p"+id, id+"@example.org")
		w.employee("p"+id, id+"1")
		w.deliver(id+"@example.org", "for p"+id)
		w.server.AddMail(w.server.AddAccount(stalwarttest.AccountSpec{Address: id + "1@example.net"}), stalwarttest.Message{Subject: "second of p" + id})
	}
	if rep := w.sync(); rep.Result.Counts.Linked != 12 || rep.Result.Sources[0].Entries != 6 {
		t.Fatalf("linked %d accounts of %d people: %v", rep.Result.Counts.Linked, rep.Result.Sources[0].Entries, told(rep))
	}
	if rep := w.sync(); rep.Pending() || rep.Result.Counts.Known != 6 || rep.Result.Counts.Unchanged != 6 {
		t.Fatalf("not at rest: %+v %v", rep.Result.Counts, told(rep))
	}
	return w
}

func (w *world) employee(id, value string) {
	w.exec(`UPDATE people SET employee = ? WHERE id = ?`, value, id)
}

func (w *world) wantSubject(mail, subject string) {
	w.t.Helper()
	if got := w.server.Subjects(w.box(mail)); len(got) != 1 || got[0] != subject {
		w.t.Errorf("%s has %v, want %q", mail, got, subject)
	}
}

func (w *world) has(mail string) bool {
	_, ok := w.server.AccountOf(mail)
	return ok
}

// TestSeveralAccountsOfOnePerson follows one person's two accounts through their
// lives: each follows its own name, and both go when the person goes.
func TestSeveralAccountsOfOnePerson(t *testing.T) {
	w := withForms(t, deleting)
	w.rename("pa", "bride@example.org")
	w.employee("pa", "bride")
	w.employee("pb", "b2")
	if rep := w.sync(); rep.Failed > 0 || rep.Result.Counts.Rename != 3 {
		t.Fatalf("%v", told(rep))
	}
	w.wantSubject("bride@example.org", "for pa")
	w.wantSubject("bride@example.net", "second of pa")
	w.wantSubject("b@example.org", "for pb")
	w.wantSubject("b2@example.net", "second of pb")

	w.employee("pb", "") // the form cannot be told: held, and no absence
	for range 6 {
		if rep := w.sync(); rep.Failed > 0 || len(heldWith(rep, reconcile.HoldNoName)) != 1 || len(rep.Result.Missing) != 0 {
			t.Fatalf("%v", told(rep))
		}
	}
	w.wantSubject("b2@example.net", "second of pb")
	w.employee("pb", "b2")
	w.sync()

	w.leave("pa")
	for range 6 {
		if rep := w.sync(); rep.Failed > 0 {
			t.Fatalf("%v", told(rep))
		}
	}
	if w.has("bride@example.org") || w.has("bride@example.net") {
		t.Error("an account of the leaver is left")
	}
	if n := len(w.server.Accounts()); n != 11 { // ten, and the administrator's
		t.Errorf("%d accounts", n)
	}
	w.wantAtRest()
}

// TestFormOfSomebodyElse: an account is never linked under name_also that
// another living entry claims.
func TestFormOfSomebodyElse(t *testing.T) {
	w := withForms(t, deleting)
	w.now = w.now.Add(time.Minute)
	w.hire("pz", "zoe@example.net")
	w.deliver("zoe@example.net", "for pz")
	w.sync()
	w.employee("pa", "zoe")
	for range 3 {
		if rep := w.sync(); rep.Failed > 0 || rep.Result.Counts.Rename != 0 || len(heldWith(rep, reconcile.HoldNameConflict)) == 0 {
			t.Fatalf("%v", told(rep))
		}
	}
	w.leave("pa")
	for range 6 {
		w.sync()
	}
	w.wantSubject("zoe@example.net", "for pz")
	if w.has("a@example.org") || w.has("a1@example.net") {
		t.Error("an account of the leaver is left")
	}
}

// TestFormTakenOutOfTheConfiguration: the accounts of people who are there are
// left alone, also once the change of the mapping was approved.
func TestFormTakenOutOfTheConfiguration(t *testing.T) {
	w := withForms(t, deleting)
	w.nameAlso(false)
	for range 6 {
		rep, err := w.try(agent.RunOptions{Trigger: "test"})
		if err != nil {
			t.Fatal(err)
		}
		w.approveAll(rep)
	}
	rep := w.sync()
	if rep.Failed > 0 || len(heldWith(rep, reconcile.HoldFormGone)) != 6 {
		t.Errorf("%v", told(rep))
	}
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		w.wantSubject(id+"1@example.net", "second of p"+id)
	}
	w.nameAlso(true)
	for range 3 {
		rep, err := w.try(agent.RunOptions{Trigger: "test"})
		if err != nil {
			t.Fatal(err)
		}
		w.approveAll(rep)
	}
	w.wantAtRest()
}

// approveAll approves whatever a run blocked, in the ledger itself.
func (w *world) approveAll(rep *agent.Report) {
	w.t.Helper()
	items := agent.PlanItems(rep.Result.Plan)
	if len(items) == 0 {
		return
	}
	ledger, err := state.Open(w.t.Context(), state.Options{Dir: w.cfg.State.Dir, Mode: state.ReadWrite})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	_, err = ledger.Approve(w.t.Context(), reconcile.Approval{
		Plan: rep.Result.Hash, Items: items, By: []string{"ada"}, Created: w.now, Expires: w.now.AddDate(0, 0, 3),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestFormsBeforeJMAP: a login as "alice" and one as "alice@example.org" make two
// rows on these versions.
func TestFormsBeforeJMAP(t *testing.T) {
	for _, version := range []string{"0.11.8", "0.15.5"} {
		t.Run(version, func(t *testing.T) {
			w := newWorld(t, deleting, version)
			w.nameAlso(true)
			for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
				w.hire("p"+id, id+"@example.org")
				w.employee("p"+id, id+"1")
				w.signIn(id+"@example.org", "p"+id)
				w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: id + "1@example.net"})
			}
			if rep := w.sync(); rep.Result.Counts.Linked != 12 {
				t.Fatalf("linked %d: %v", rep.Result.Counts.Linked, told(rep))
			}
			w.employee("pa", "bride")
			if rep := w.sync(); rep.Failed > 0 || rep.Result.Counts.Rename != 1 {
				t.Fatalf("%v", told(rep))
			}
			w.leave("pa")
			for range 6 {
				if rep := w.sync(); rep.Failed > 0 {
					t.Fatalf("%v", told(rep))
				}
			}
			if n := len(w.server.PrincipalNames("individual")); n != 10 {
				t.Errorf("%d accounts: %v", n, w.server.PrincipalNames("individual"))
			}
			w.wantAtRest()
		})
	}
}
