package stalwart

import (
	"net/http/httptest"
	"testing"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

func TestOldServersRefuseWhatCannotBeSafe(t *testing.T) {
	s := simulateOld(t, "0.12.0")
	a := s.user(t, "alice")
	if results, err := s.Destroy(t.Context(), []reconcile.AccountID{a}); !is[*UnsupportedError](err) || results[0] == nil {
		t.Errorf("0.12.0: %v, %v", results, err)
	}
	if _, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: a, Name: "x"}}); !is[*UnsupportedError](err) {
		t.Errorf("0.12.0: %v", err)
	}
	for _, generation := range []string{"0.3.0", "0.4"} {
		_, err := Dial(t.Context(), Options{
			URL: "http://127.0.0.1:9", Generation: generation, Username: "a", Password: func() (string, error) { return "b", nil },
		})
		if !is[*WrongGenerationError](err) {
			t.Errorf("%s: %v", generation, err)
		}
	}
	s = simulateOld(t, "0.11.8")
	if err := s.Accounts(t.Context(), "5", func(reconcile.Account) error { return nil }); !is[*UnsupportedError](err) {
		t.Errorf("IDs in no order: %v", err)
	}
	sim := stalwarttest.New(stalwarttest.Options{Generation: "0.15.5"})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	_, err := Dial(t.Context(), Options{
		URL: srv.URL, Generation: "0.11.8", Username: "admin", Password: func() (string, error) { return "admin", nil },
	})
	if !is[*WrongGenerationError](err) {
		t.Errorf("another version than configured: %v", err)
	}
}

func TestOnlyOrdinaryUsersAreTouched(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	var ids []reconcile.AccountID
	for _, spec := range []stalwarttest.PrincipalSpec{
		{Name: "boss", Roles: []string{"admin"}},
		{Name: "staff", Type: "group"},
		{Name: "room", Type: "resource"},
		{Name: "helper", Permissions: []string{"individual-delete"}},
		{Name: "custom", Roles: []string{"own-role"}},
	} {
		ids = append(ids, reconcile.AccountID(stalwarttest.Decimal(s.sim.AddPrincipal(spec))))
	}
	for _, id := range ids {
		results, _ := s.Destroy(t.Context(), []reconcile.AccountID{id})
		if !is[*NotThisAccountError](results[0]) && !is[*NotFoundError](results[0]) {
			t.Errorf("%s: %v", id, results)
		}
		if err := s.CanSuspend(t.Context(), id); err == nil {
			t.Errorf("%s can be suspended", id)
		}
	}
	results, err := s.Destroy(t.Context(), []reconcile.AccountID{"4294967295"})
	if !is[*OwnAccountError](err) || results[0] == nil {
		t.Errorf("own account: %v, %v", results, err)
	}
}

func TestAnAccountThatMovedIsFoundAgain(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	a, b := s.user(t, "alice"), s.user(t, "bob")
	if err := s.list1(t); err != nil {
		t.Fatal(err)
	}
	other := simulateClient(t, s)
	for _, w := range []reconcile.IdentityWrite{{Account: a, Name: "x"}, {Account: b, Name: "alice"}, {Account: a, Name: "bob"}} {
		if results, err := other.WriteIdentities(t.Context(), []reconcile.IdentityWrite{w}); err != nil || results[0] != nil {
			t.Fatalf("%v %v", results, err)
		}
	}
	// s still remembers the old names.
	if results, err := s.Destroy(t.Context(), []reconcile.AccountID{a}); err != nil || results[0] != nil {
		t.Fatalf("%v %v", results, err)
	}
	if got := s.one(t, b); got.Name != "alice" || s.subjects(b) != "of bob" || s.subjects(a) != "" {
		t.Errorf("b is %+v", got)
	}
}

func (o oldServer) list1(t *testing.T) error {
	return o.Accounts(t.Context(), "", func(reconcile.Account) error { return nil })
}

// simulateClient connects once more to the same server.
func simulateClient(t *testing.T, o oldServer) Server {
	t.Helper()
	s, err := Dial(t.Context(), Options{URL: o.http.base.String(), Username: "admin", Password: func() (string, error) { return "admin", nil }, Rate: 10000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
