package stalwart

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestAHolderOfAnAddressIsFoundAndReleased: a leaver's address was given to a colleague, who cannot log in since.
func TestAHolderOfAnAddressIsFoundAndReleased(t *testing.T) {
	for _, generation := range []string{"0.10.7", "0.11.8", "0.13.4", "0.15.5"} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			leaver := s.user(t, "leaver", "leaver@example.org", "info@example.org")
			colleague := s.user(t, "colleague", "colleague@example.org")
			s.directory.Remove("leaver")
			s.directory.Update("colleague", func(r *stalwarttest.Record) { r.Aliases = append(r.Aliases, "info@example.org") })
			if _, err := s.sim.Login("colleague", "pw"); err == nil {
				t.Fatal("the colleague is not locked out: the test proves nothing")
			}
			holders, err := s.FindByAddress(t.Context(), "Info@example.org")
			if err != nil || len(holders) != 1 || holders[0].ID != leaver {
				t.Fatalf("holders %v, %v", holders, err)
			}
			results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
				{Account: leaver, Name: "leaver", Addresses: []string{"leaver@example.org"}},
			})
			if err != nil || results[0] != nil {
				t.Fatalf("%v, %v", results, err)
			}
			id, err := s.sim.Login("colleague", "pw")
			if err != nil || stalwarttest.Decimal(id) != string(colleague) {
				t.Errorf("the colleague is still locked out: %s, %v", id, err)
			}
			if got := s.one(t, leaver); got.Name != "leaver" || !cmp.Equal(got.Addresses, []string{"leaver@example.org"}) {
				t.Errorf("the leaver is %+v", got)
			}
		})
	}
}

// TestATwinMakesWayForTheRename: the person logged in under the new name before the account was renamed.
func TestATwinMakesWayForTheRename(t *testing.T) {
	for _, generation := range []string{"0.6", "0.10.7", "0.11.8", "0.15.5"} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			real := s.user(t, "alice", "alice@example.org")
			s.directory.Update("alice", func(r *stalwarttest.Record) { r.Name = "alicia" })
			_, _ = s.sim.Login("alicia", "pw") // since 0.10.2 it fails, and makes the twin all the same
			twins, err := s.FindByName(t.Context(), "alicia")
			if err != nil || len(twins) != 1 || twins[0].ID == real {
				t.Fatalf("twins %v, %v", twins, err)
			}
			results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
				{Account: twins[0].ID, Name: "aside-" + string(twins[0].ID)}, {Account: real, Name: "alicia"},
			})
			if err != nil || results[0] != nil || results[1] != nil {
				t.Fatalf("%v, %v", results, err)
			}
			if c, err := s.Contents(t.Context(), twins[0].ID); err != nil || !c.Empty() {
				t.Errorf("the twin holds %+v, %v", c, err)
			}
			if results, err := s.Destroy(t.Context(), []reconcile.AccountID{twins[0].ID}); err != nil || results[0] != nil {
				t.Errorf("%v, %v", results, err)
			}
			id, err := s.sim.Login("alicia", "pw")
			if err != nil || stalwarttest.Decimal(id) != string(real) || s.subjects(real) != "of alice" {
				t.Errorf("alicia opens %s (%v), which holds %q", id, err, s.subjects(real))
			}
		})
	}
}

// TestANameThatVanishesDuringAListing: where names are listed and accounts read
// one by one, an account that gets another name in between is not left out.
func TestANameThatVanishesDuringAListing(t *testing.T) {
	for _, generation := range []string{"0.6", "0.8.5", "0.9.4"} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			s.user(t, "bob")
			n, _ := number(s.user(t, "alice"))
			s.sim.Inject(stalwarttest.Fault{
				Match: func(r stalwarttest.Seen) bool { return strings.HasSuffix(r.Path, "/principal/alice") },
				Before: func(stalwarttest.Seen) {
					s.sim.RemovePrincipal(stalwarttest.AccountID(jmapID(n)))
					s.sim.AddPrincipal(stalwarttest.PrincipalSpec{Name: "alicia"})
				},
			})
			var names []string
			if err := s.Accounts(t.Context(), "", func(a reconcile.Account) error { names = append(names, a.Name); return nil }); err != nil {
				t.Fatal(err)
			}
			if slices.Sort(names); !slices.Equal(names, []string{"alicia", "bob"}) {
				t.Errorf("listed %v", names)
			}
		})
	}
}
