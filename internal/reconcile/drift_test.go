package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// noticed gives the notices of a decision in a few words per line.
func noticed(d Decision) []string {
	out := []string{}
	for _, n := range d.Plan.Notices {
		out = append(out, strings.ReplaceAll(fmt.Sprintf("%s %s %s: %s", n.Code, n.Account, n.Name, n.Message), "@example.org", ""))
	}
	return out
}

// TestDifferencesAreTold: what differs without a reason to act is said, and
// nothing is changed for it.
func TestDifferencesAreTold(t *testing.T) {
	first := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.staff().State = SourceState{Name: "staff"}
			s.joins("ann", "ann", "info")
			s.box("ann", "ann", longAgo, "info")
			change(s)
		}
	}
	for _, c := range []struct {
		name string
		set  func(*scene)
		want []string
	}{
		{"a first run, all agree", first(func(*scene) {}), nil},
		{"a first run, an administrator's address", first(func(s *scene) { s.boxes["ann"].Addresses = ats([]string{"info", "boss"}) }), []string{
			"address-admin ANN ann: the account has boss, which the directory does not list; it is kept",
		}},
		{"a first run, an address that the account lacks", first(func(s *scene) { s.boxes["ann"].Addresses = nil }), []string{
			"drift ANN ann: the account does not have info, which the directory lists; nothing is changed for it",
		}},
		{"a first run, addresses that the server does not list", first(func(s *scene) {
			s.boxes["ann"].Addresses, s.boxes["ann"].AddressesUnknown = nil, true
		}), nil},
		{"a first run, addresses that are not mapped", first(func(s *scene) {
			s.entries["ann"].AddressesMapped, s.boxes["ann"].Addresses = false, ats([]string{"boss"})
		}), nil},
		{"a first run, an account found suspended", first(func(s *scene) { s.boxes["ann"].Suspended = true }), []string{
			"found-suspended ANN ann: the account was already suspended, not by syncagent",
		}},
		{"an address in a domain that the server lacks", first(func(s *scene) {
			s.entries["ann"].Addresses = append(s.entries["ann"].Addresses, "ann@example.com")
		}), []string{"address-left-out  ann: the mail server does not have the domain of ann@example.com, so it was left out"}},
		{"a rename carries an administrator's address over", func(s *scene) {
			s.has("ann", "info")
			s.boxes["ann"].Addresses = ats([]string{"info", "boss"})
			s.renamed("ann", "eve", "info")
		}, []string{"address-admin ANN ann: the account has boss, which the directory does not list; it is kept in the rename"}},
		{"many of a kind are counted", func(s *scene) {
			s.staff().State = SourceState{Name: "staff"}
			for i := range 23 {
				id := person2(i)
				s.joins(id, id)
				s.box(id, id, longAgo, "x"+id)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			c.set(s)
			d := s.decide()
			checkExplained(t, d)
			got := noticed(d)
			if c.name == "many of a kind are counted" {
				if len(got) != 21 || got[0] != "address-admin  : the same is so for 3 accounts more" {
					t.Errorf("%d: %q", len(got), got)
				}
				return
			}
			if diff := cmp.Diff(append([]string{}, c.want...), got); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStrandedSwap: an exchange of names was cut, and meanwhile somebody took
// the name that comes next.
func TestStrandedSwap(t *testing.T) {
	cut := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann")
			s.boxes["ann"].Name, s.people["ann"].Link.Name = at("syncagent-tmp-ANN"), at("syncagent-tmp-ANN")
			s.renamed("ann", "bob")
			change(s)
		}
	}
	runTable(t, []row{
		{"nobody has the name: it is finished forward", cut(func(*scene) {}), []string{"rename ANN syncagent-tmp-ANN>bob"}},
		{"another living person has the name", cut(func(s *scene) { s.has("bob") }), []string{"hold name-conflict ann", "hold swap-stranded ann"}},
		{"a protected account has the name", cut(func(s *scene) {
			s.has("bob")
			s.overdue("bob")
			s.staff().Policy.Protect = []string{"bob"}
		}), []string{"hold protected ann", "hold protected bob", "missing bob 9"}},
		{"an administrator's account has the name", cut(func(s *scene) {
			s.box("bob", "bob", noon.Add(-time.Minute))
			s.boxes["bob"].Kind = KindAdmin
		}), []string{"hold name-taken ann", "hold swap-stranded ann"}},
	})
}
