//go:build realservers

package ldap

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"syncagent/internal/ldapsrc"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
	"syncagent/internal/testserver"
)

func TestMain(m *testing.M) {
	os.Exit(testserver.Main(m, func() error { return goleak.Find() }))
}

const (
	users = 2000
	// hung is the time-out of the source where slapd does not answer.
	hung = 2 * time.Second
	// patience is how long a test waits for what must end by itself.
	patience = 60 * time.Second
)

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func password(p string) func() (string, error) { return func() (string, error) { return p, nil } }

func usual(s *testserver.SlapdServer) ldapsrc.Options {
	return ldapsrc.Options{
		Name: "staff", URLs: []string{s.URL}, Bases: []string{testserver.PeopleDN}, Filter: "(objectClass=inetOrgPerson)",
		Bind:     ldapsrc.Bind{DN: testserver.SyncDN, Password: password(testserver.SyncPassword)},
		PageSize: 300, Timeout: 20 * time.Second,
		Map: mapping.Spec{
			Name: "{mail}", NameAlso: []string{"{uid}"}, Addresses: []mapping.AddressSpec{{Attribute: "mail"}},
			SamePerson: []string{"employeeNumber"}, Created: "createTimestamp",
		},
	}
}

func open(t testing.TB, s *testserver.SlapdServer, change func(o *ldapsrc.Options)) *ldapsrc.Source {
	t.Helper()
	o := usual(s)
	if change != nil {
		change(&o)
	}
	source, err := ldapsrc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// snapshot reads all and counts.
func snapshot(t testing.TB, s *ldapsrc.Source, each func(n int)) (entries int, ev reconcile.Evidence, err error) {
	t.Helper()
	ev, err = s.Snapshot(deadline(t), func(reconcile.Entry) error {
		if entries++; each != nil {
			each(entries)
		}
		return nil
	})
	if unusable, ok := errors.AsType[*ldapsrc.UnusableError](err); ok {
		ev.Reasons = append(ev.Reasons, unusable.Reason)
	}
	return entries, ev, err
}

func complete(t testing.TB, s *ldapsrc.Source, want int) reconcile.Evidence {
	t.Helper()
	n, ev, err := snapshot(t, s, nil)
	if err != nil || !ev.Complete || n != want || ev.Entries != want {
		t.Fatalf("snapshot: %v, %d entries (want %d), %+v", err, n, want, ev)
	}
	return ev
}

// slapd is shared by the tests that do not change it.
var slapd = testserver.Shared(func(t testserver.TB) *testserver.SlapdServer {
	return testserver.Slapd(t, testserver.SlapdOptions{Users: users, TLS: true})
})
