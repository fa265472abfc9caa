package reconcile

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// made is when the upgrade made the accounts anew.
var made = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func TestCarriedID(t *testing.T) {
	for old, want := range map[AccountID]AccountID{"0": "a", "5": "f", "31": "3", "32": "ba", "4294967295": "d333333", "12": "m"} {
		if got, ok := CarriedID(old); !ok || got != want {
			t.Errorf("%s: %s, %v; want %s", old, got, ok, want)
		}
	}
	for _, bad := range []AccountID{"", "a", "f", "05", "-1", "+1", " 1", "99999999999999999999", "1.0"} {
		if got, ok := CarriedID(bad); ok {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

// upgradeFacts makes n people with bare names, and the server after the upgrade
// with some of the accounts gone and some under another name.
func upgradeFacts(n, gone, other int) UpgradeFacts {
	f := UpgradeFacts{Accounts: map[AccountID]Account{}, Rules: NameRules{WholeAddress: true, Domains: map[string]string{"example.org": "example.org"}}}
	for i := range n {
		name := fmt.Sprintf("u%d", i)
		old := AccountID(fmt.Sprint(100 + i))
		f.Principals = append(f.Principals, Principal{
			Source: "staff", ID: StableID(name), State: StateActive, Name: name, Link: Link{Account: old, Name: name},
			Before: &Account{ID: old, Name: name, Access: "[]"},
		})
		id, _ := CarriedID(old)
		switch {
		case i < gone:
		case i < gone+other:
			f.Accounts[id] = Account{ID: id, Kind: KindIndividual, Name: "x" + name + "@example.org", Created: made}
		default:
			f.Accounts[id] = Account{ID: id, Kind: KindIndividual, Name: name + "@example.org", Created: made}
		}
	}
	return f
}

func TestAnUpgradeIsProvenByAllButASmallRest(t *testing.T) {
	for _, c := range []struct {
		people, gone, other int
		proven              bool
	}{
		{0, 0, 0, true},
		{1, 0, 0, true},
		{1, 1, 0, false},
		{1, 0, 1, false},
		{2, 1, 0, false},
		{3, 1, 0, true},
		{3, 0, 1, true},
		{3, 1, 1, false},
		{100, 10, 0, true},
		{100, 11, 0, false},
		{100, 0, 2, true},
		{100, 0, 3, false},
		{100, 8, 2, true},
		{100, 9, 2, false},
	} {
		u := JudgeUpgrade(upgradeFacts(c.people, c.gone, c.other))
		if u.Proven != c.proven || u.Gone != c.gone || u.Other != c.other || u.Agreed != c.people-c.gone-c.other {
			t.Errorf("%+v: %+v", c, u.Why)
		}
		if !u.Proven && u.Principals != nil {
			t.Errorf("%+v: rows without proof", c)
		}
	}
	// A ledger with an ID of another form proves nothing, however well the rest agrees.
	f := upgradeFacts(50, 0, 0)
	f.Principals[7].Link.Account = "f"
	if u := JudgeUpgrade(f); u.Proven || !strings.Contains(u.Why, `"f"`) {
		t.Errorf("an ID of 0.16 among the old ones: %+v", u.Why)
	}
	// A group under the ID of a person is not that person.
	f = upgradeFacts(1, 0, 0)
	for id, a := range f.Accounts {
		a.Kind = KindGroup
		f.Accounts[id] = a
	}
	if JudgeUpgrade(f).Proven {
		t.Error("a group was taken for a person")
	}
	// Bare names in two domains: only one of them can be the default domain.
	f = upgradeFacts(40, 0, 0)
	for i := range 10 {
		id, _ := CarriedID(f.Principals[i].Link.Account)
		a := f.Accounts[id]
		a.Name = strings.Replace(a.Name, "example.org", "example.net", 1)
		f.Accounts[id] = a
	}
	if u := JudgeUpgrade(f); u.Proven || u.Domain != "example.org" {
		t.Errorf("two default domains: %s", u.Why)
	}
}

func TestWhatIsCarriedOver(t *testing.T) {
	u := JudgeUpgrade(upgradeFacts(100, 1, 1))
	gone, other, plain := u.Principals[0], u.Principals[1], u.Principals[2]
	if gone.Mixed || gone.Link.Account != "de" || gone.Link.Name != "u0@example.org" || !gone.Link.Created.IsZero() {
		t.Errorf("gone: %+v", gone)
	}
	if !other.Mixed || other.Link.Name != "u1@example.org" {
		t.Errorf("another name: %+v", other)
	}
	if plain.Mixed || plain.Name != "u2@example.org" || plain.Link.Account != "dg" || plain.Link.Name != "u2@example.org" || !plain.Link.Created.Equal(made) {
		t.Errorf("plain: %+v", plain)
	}
	if b := plain.Before; b.ID != "dg" || b.Name != "u2@example.org" || b.Access != noLimits {
		t.Errorf("before: %+v", b)
	}
	f := upgradeFacts(3, 0, 0)
	f.Principals[0].Before.Access = `["email-receive"]`
	if b := JudgeUpgrade(f).Principals[0].Before; b.Access != `["email-receive"]` {
		t.Errorf("rights that cannot be translated became %q", b.Access)
	}
}
