package stalwarttest

import "testing"

func TestAccountsOfOldServersCanBeLookedAt(t *testing.T) {
	directory := &MapDirectory{}
	directory.Put(Record{Name: "ann", Secret: "pw", Aliases: []string{"ann@example.org"}})
	s := New(Options{Generation: "0.15.5", Directory: directory})
	id := mustLogin(t, s, "ann", "pw")
	for _, text := range []string{"ann", "Ann@example.org"} {
		v, ok := s.AccountOf(text)
		if !ok || v.ID != id || v.Address != "ann" || len(v.Aliases) != 1 || v.Aliases[0] != "ann@example.org" || v.Created != "" {
			t.Errorf("%s: %+v, %v", text, v, ok)
		}
	}
	if _, ok := s.AccountOf("example.org"); ok {
		t.Error("a domain is taken for an account")
	}
	if n := len(s.Accounts()); n != 1 {
		t.Errorf("%d accounts", n)
	}
}
