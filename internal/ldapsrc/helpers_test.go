package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"syncagent/internal/ldaptest"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must end by itself.
const patience = 30 * time.Second

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func usual(url string) Options {
	return Options{
		Name: "staff", URLs: []string{url}, Bases: []string{ldaptest.People},
		Bind:     Bind{DN: ldaptest.BindDN, Password: password(ldaptest.BindPassword)},
		Filter:   "(objectClass=inetOrgPerson)",
		PageSize: 10, Timeout: 5 * time.Second,
		Map: mapping.Spec{Name: "{mail}", Addresses: []mapping.AddressSpec{{Attribute: "mail"}}},
	}
}

func password(p string) func() (string, error) { return func() (string, error) { return p, nil } }

// open makes a source over a server.
func open(t testing.TB, s *ldaptest.Server, change func(o *Options)) *Source {
	t.Helper()
	o := usual(s.URL())
	if change != nil {
		change(&o)
	}
	source, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func uuid(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", i) }
func dn(i int) string   { return fmt.Sprintf("uid=u%03d,%s", i, ldaptest.People) }
func mail(i int) string { return fmt.Sprintf("u%03d@example.test", i) }

func person(i int) map[string][]string {
	return map[string][]string{
		"objectClass": {"inetOrgPerson"}, "uid": {fmt.Sprintf("u%03d", i)}, "mail": {mail(i)}, "entryUUID": {uuid(i)},
	}
}

func with(attrs map[string][]string, name string, values ...string) map[string][]string {
	attrs = maps.Clone(attrs)
	attrs[name] = values
	return attrs
}

func fill(s *ldaptest.Server, n int) *ldaptest.Server {
	for i := range n {
		s.Add(dn(i), person(i))
	}
	return s
}

// snapshot reads all.
func snapshot(t testing.TB, s *Source) ([]reconcile.Entry, reconcile.Evidence, error) {
	t.Helper()
	var entries []reconcile.Entry
	start := time.Now()
	ev, err := s.Snapshot(deadline(t), func(e reconcile.Entry) error { entries = append(entries, e); return nil })
	ev.Reasons = withCause(ev.Reasons, err)
	if took := time.Since(start); took > patience-time.Second {
		t.Errorf("the snapshot took %v", took)
	}
	return entries, ev, err
}

// withCause puts the reason of an error beside those of the evidence.
func withCause(reasons []reconcile.Reason, err error) []reconcile.Reason {
	if unusable, ok := errors.AsType[*UnusableError](err); ok {
		return append(reasons, unusable.Reason)
	}
	return reasons
}

// complete reads all and demands that it is believed.
func complete(t testing.TB, s *Source) ([]reconcile.Entry, reconcile.Evidence) {
	t.Helper()
	entries, ev, err := snapshot(t, s)
	if err != nil || !ev.Complete || len(ev.Reasons) > 0 {
		t.Fatalf("snapshot: %v, complete %v, reasons %v", err, ev.Complete, ev.Reasons)
	}
	return entries, ev
}

func codes(reasons []reconcile.Reason) []string {
	var list []string
	for _, r := range reasons {
		list = append(list, r.Code)
	}
	slices.Sort(list)
	return list
}
