package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// told makes a record of the audit log about a person's account.
func told(event, phase, id, account, from, to string) Past {
	return Past{Event: event, Phase: phase, At: noon, Source: "staff", ID: StableID(id), Account: AccountID(account), From: at(from), To: at(to)}
}

func linked(id, account, name string) Past { return told("detected", "link", id, account, "", name) }

func accountsNow(idAndName ...string) map[AccountID]Account {
	out := map[AccountID]Account{}
	for pair := range slices.Chunk(idAndName, 2) {
		id, name := AccountID(pair[0]), pair[len(pair)-1]
		out[id] = Account{ID: id, Name: at(name), Kind: KindIndividual, Created: longAgo}
	}
	return out
}

func rebuilt(accounts map[AccountID]Account, log ...Past) []string {
	b := NewRebuilder(rules)
	for _, p := range log {
		b.Add(p)
	}
	r := b.Finish(accounts, noon)
	out := []string{}
	for _, p := range r.Principals {
		line := fmt.Sprintf("%s has %s as %s", p.ID, p.Link.Account, p.Name)
		switch p.Access {
		case AccessOpen:
		case AccessSuspended:
			line += " suspended, before " + p.Before.Access
		case AccessParked:
			line += fmt.Sprintf(" parked as %s, before %s %s", p.Link.Name, p.Before.Name, p.Before.Access)
		}
		if !p.HeldEntry.IsZero() {
			line += " held"
		}
		if p.State == StateMissing {
			line += " missing"
		}
		out = append(out, line)
	}
	for _, t := range r.Tombstones {
		out = append(out, fmt.Sprintf("grave %s of %s", t.Text, t.Owner.ID))
	}
	for _, n := range r.Notes {
		out = append(out, "note "+string(n.StableID))
	}
	return out
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	ann := linked("ann", "A", "ann")
	made := ann
	made.Created = noon
	suspended := told("suspend", "done", "ann", "A", "ann", "ann")
	suspended.AccessBefore = "rights"
	parked := told("park", "done", "ann", "A", "ann", "syncagent-parked-A@example.org")
	relinked := told("relink", "done", "ann2", "A", "ann", "ann")
	relinked.OldID = "ann"
	undone := told("rename", "done", "ann", "A", "eve", "ann")
	undone.HeldEntry = HashOf("x").String()
	stranded := told("rename", "stranded", "ann", "A", "ann", "eve")
	stranded.Via = "syncagent-tmp-A@example.org"
	shut := func(accounts map[AccountID]Account) map[AccountID]Account {
		a := accounts["A"]
		a.Suspended = true
		accounts["A"] = a
		return accounts
	}
	for _, c := range []struct {
		name string
		now  map[AccountID]Account
		log  []Past
		want []string
	}{
		{"a link", accountsNow("A", "ann"), []Past{ann}, []string{"ann has A as ann@example.org"}},
		{"the account is gone", accountsNow(), []Past{ann}, []string{"grave ann@example.org of ann", "note ann"}},
		{"the account was made at another time", accountsNow("A", "ann"), []Past{made}, []string{"grave ann@example.org of ann", "note ann"}},
		{"the account has another name", accountsNow("A", "zoe"), []Past{ann}, []string{"grave ann@example.org of ann", "note ann"}},
		{"a rename", accountsNow("A", "eve"), []Past{ann, told("rename", "done", "ann", "A", "ann", "eve")}, []string{"ann has A as eve@example.org", "grave ann@example.org of ann"}},
		{"a rename that failed", accountsNow("A", "ann"), []Past{ann, told("rename", "intent", "ann", "A", "ann", "eve"), told("rename", "failed", "ann", "A", "ann", "eve")}, []string{"ann has A as ann@example.org"}},
		{"nobody told how it ended: done", accountsNow("A", "eve"), []Past{ann, told("rename", "intent", "ann", "A", "ann", "eve")}, []string{"ann has A as eve@example.org", "grave ann@example.org of ann"}},
		{"nobody told how it ended: not done", accountsNow("A", "ann"), []Past{ann, told("rename", "intent", "ann", "A", "ann", "eve")}, []string{"ann has A as ann@example.org"}},
		{"under its temporary name", accountsNow("A", "syncagent-tmp-A"), []Past{ann, stranded}, []string{"ann has A as ann@example.org"}},
		{"the step aside of a twin", accountsNow("A", "ann"), []Past{ann, told("rename", "done", "ann", "T", "ann", "syncagent-aside-T@example.org")}, []string{"ann has A as ann@example.org"}},
		{"suspended", shut(accountsNow("A", "ann")), []Past{ann, suspended}, []string{"ann has A as ann@example.org suspended, before rights"}},
		{"suspended, but open now", accountsNow("A", "ann"), []Past{ann, suspended}, []string{"ann has A as ann@example.org", "note ann"}},
		{
			"suspended, then parked", shut(accountsNow("A", "syncagent-parked-A")),
			[]Past{ann, suspended, parked},
			[]string{"ann has A as ann@example.org parked as syncagent-parked-A@example.org, before ann@example.org rights", "grave ann@example.org of ann"},
		},
		{"given back", accountsNow("A", "ann"), []Past{ann, parked, told("resume", "done", "ann", "A", "", "ann")}, []string{"ann has A as ann@example.org", "grave ann@example.org of ann"}},
		{"deleted", accountsNow(), []Past{ann, told("delete", "done", "ann", "A", "ann", "")}, []string{"grave ann@example.org of ann"}},
		{"a new ID", accountsNow("A", "ann"), []Past{ann, relinked}, []string{"ann2 has A as ann@example.org"}},
		{"claimed", accountsNow("O", "old"), []Past{told("claim", "done", "orphan:O", "O", "old", "old")}, []string{"orphan:O has O as old@example.org missing"}},
		{"taken back, and held", accountsNow("A", "ann"), []Past{ann, told("rename", "done", "ann", "A", "ann", "eve"), undone}, []string{"ann has A as ann@example.org held", "grave ann@example.org of ann", "grave eve@example.org of ann"}},
		{"the log begins later than the link", accountsNow("A", "eve"), []Past{told("rename", "done", "ann", "A", "ann", "eve")}, []string{"ann has A as eve@example.org", "grave ann@example.org of ann"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := rebuilt(c.now, c.log...)
			less := cmp.Transformer("sorted", func(in []string) map[string]int {
				out := map[string]int{}
				for _, line := range in {
					out[line]++
				}
				return out
			})
			if diff := cmp.Diff(c.want, got, less); diff != "" {
				t.Errorf("rebuilt (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNamesOfAnEarlierLife: the last one who had a name counts.
func TestNamesOfAnEarlierLife(t *testing.T) {
	t.Parallel()
	b := NewRebuilder(rules)
	for _, p := range []Past{linked("ann", "A", "ann"), told("rename", "done", "ann", "A", "ann", "eve"), linked("new", "B", "ann")} {
		b.Add(p)
	}
	owners := b.Owners()
	if owners[keyOf("ann@example.org")].ID != "new" || owners[keyOf("eve@example.org")].ID != "ann" || len(owners) != 2 {
		t.Errorf("owners %v", owners)
	}
}
