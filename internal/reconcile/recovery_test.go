package reconcile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

func TestAskDone(t *testing.T) {
	before := &Account{ID: "ANN", Name: at("ann"), Kind: KindIndividual, Created: longAgo, Addresses: ats([]string{"info"})}
	account := func(name string, change func(*Account)) *Account {
		a := *before
		a.Name = at(name)
		if change != nil {
			change(&a)
		}
		return &a
	}
	action := func(kind ActionKind, to string, addresses ...string) Action {
		return Action{
			Kind: kind, Account: "ANN", From: at("ann"), To: at(to), Via: at("syncagent-tmp-ANN"), Before: before,
			Addresses: AddressChange{From: before.Addresses, To: ats(addresses)},
		}
	}
	suspended := func(a *Account) { a.Suspended = true }
	for _, c := range []struct {
		name string
		a    Action
		now  *Account
		want Found
	}{
		{"rename, new name", action(ActRename, "eve"), account("eve", nil), FoundDone},
		{"rename, new name in capitals", action(ActRename, "eve"), account("EVE", nil), FoundDone},
		{"rename, old name", action(ActRename, "eve"), account("ann", nil), FoundNotDone},
		{"rename, temporary name", action(ActRename, "eve"), account("syncagent-tmp-ANN", nil), FoundStranded},
		{"rename, third name", action(ActRename, "eve"), account("zoe", nil), FoundUnclear},
		{"rename, account gone", action(ActRename, "eve"), nil, FoundUnclear},
		{"rename, another account under this ID", action(ActRename, "eve"), account("eve", func(a *Account) { a.Created = noon }), FoundUnclear},
		{"park, done", action(ActPark, "syncagent-parked-ANN"), account("syncagent-parked-ANN", suspended), FoundDone},
		{"park, not done", action(ActPark, "syncagent-parked-ANN"), account("ann", nil), FoundNotDone},
		{"resume, done", action(ActResume, "ann"), account("ann", nil), FoundDone},
		{"resume, named but still closed", action(ActResume, "ann"), account("ann", suspended), FoundNotDone},
		{"suspend, done", action(ActSuspend, "ann"), account("ann", suspended), FoundDone},
		{"suspend, not done", action(ActSuspend, "ann"), account("ann", nil), FoundNotDone},
		{"release, done", action(ActRelease, "ann"), account("ann", func(a *Account) { a.Addresses = nil }), FoundDone},
		{"release, not done", action(ActRelease, "ann"), account("ann", nil), FoundNotDone},
		{"release, addresses not told", action(ActRelease, "ann"), account("ann", func(a *Account) { a.Addresses, a.AddressesUnknown = nil, true }), FoundUnclear},
		{"delete, gone", action(ActDelete, ""), nil, FoundDone},
		{"delete, there", action(ActDelete, ""), account("ann", nil), FoundNotDone},
		{"delete, another account under this ID", action(ActDelete, ""), account("ann", func(a *Account) { a.Created = noon }), FoundUnclear},
		{"destroy the twin, gone", action(ActDestroyTwin, ""), nil, FoundDone},
		{"destroy the twin, there", action(ActDestroyTwin, ""), account("ann", nil), FoundNotDone},
		{"export, account gone", action(ActExport, ""), nil, FoundNotDone},
		{"export, account there", action(ActExport, ""), account("ann", nil), FoundNotDone},
	} {
		if got := AskDone(c.a, c.now, rules); got != c.want {
			t.Errorf("%s: found %d, want %d", c.name, got, c.want)
		}
	}
}

func TestRecoveredStrandedGoesOnFromTheTemporaryName(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.has("bob")
	s.renamed("ann", "bob")
	s.renamed("bob", "ann")
	a := s.decide().Plan.Actions[0]
	s.boxes["ann"].Name = a.Via
	*s.people["ann"] = Recovered(a, AskDone(a, s.boxes["ann"], rules), *s.people["ann"], rules, *s.boxes["ann"], noon).Principals[0]
	want := []string{"rename BOB bob>ann", "rename ANN syncagent-tmp-ANN>bob"}
	if diff := cmp.Diff(want, show(s.decide())); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestRecoveredIsNothing(t *testing.T) {
	p := Principal{Source: "staff", ID: "ann", Link: Link{Account: "ANN", Name: at("ann")}}
	rename := Action{Kind: ActRename, Account: "ANN", From: at("ann"), To: at("eve")}
	twin := rename
	twin.Account = "EVE"
	for name, e := range map[string]Effect{
		"not done":  Recovered(rename, FoundNotDone, p, rules, Account{}, noon),
		"unclear":   Recovered(rename, FoundUnclear, p, rules, Account{}, noon),
		"of a twin": Recovered(twin, FoundDone, p, rules, Account{Name: at("eve")}, noon),
	} {
		if len(e.Principals)+len(e.Tombstones) != 0 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestRecoveredReleaseForgetsTheAddress(t *testing.T) {
	p := Principal{
		Source: "staff", ID: "ann", Link: Link{Account: "ANN", Name: at("ann")},
		Addresses: []Hash{keyOf(at("info"))}, Dropped: []AddressDrop{{Address: keyOf(at("info"))}},
	}
	a := Action{Kind: ActRelease, Account: "ANN", From: at("ann"), To: at("ann"), Addresses: AddressChange{From: ats([]string{"info"})}}
	e := Recovered(a, FoundDone, p, rules, Account{ID: "ANN", Name: at("ann")}, noon)
	if got := e.Principals[0]; len(got.Addresses)+len(got.Dropped) != 0 {
		t.Errorf("row: %+v", got)
	}
	want := []Tombstone{{Key: keyOf(at("info")), Owner: PrincipalRef{"staff", "ann"}, Account: "ANN", Since: noon}}
	if diff := cmp.Diff(want, e.Tombstones); diff != "" {
		t.Errorf("tombstones (-want +got):\n%s", diff)
	}
}
