package sourcetest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

const (
	unknown = reconcile.PresenceUnknown
	found   = reconcile.PresenceFound
	absent  = reconcile.PresenceAbsent
)

func lookupByID(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(12)...)
	w.Remove("p3")
	s := open(t, w.Open())
	for _, p := range []Person{person(1), crowd(9)[7], crowd(9)[8], crowd(10)[9]} {
		r := ask(t, s, reconcile.LookupRequest{Control: w.ID("p2"), ID: w.ID(p.Key)})
		wantPresence(t, p.Key, r.ID, found, r.Reason)
		if r.Entry == nil {
			t.Errorf("%s is found without an entry", p.Key)
			continue
		}
		sameEntry(t, wanted(w, p), *r.Entry)
		if r.Server == "" {
			t.Error("the answer does not tell the server")
		}
	}
	r := ask(t, s, reconcile.LookupRequest{Control: w.ID("p2"), ID: w.ID("p3")})
	wantPresence(t, "the removed person", r.ID, absent, r.Reason)
	if r.Entry != nil {
		t.Errorf("an absent person has an entry: %+v", r.Entry)
	}
	r = ask(t, s, reconcile.LookupRequest{Control: w.ID("p2"), ID: w.ID("p2")})
	wantPresence(t, "the control itself", r.ID, found, r.Reason)
}

func lookupByIdentity(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(12)...)
	w.Remove("p3")
	s := open(t, w.Open())
	control := w.ID("p2")
	for _, c := range []struct {
		what             string
		names, addresses []string
		want             reconcile.Presence
		holders          []reconcile.StableID
	}{
		{"a name", []string{"user1@example.org"}, nil, found, ids(w, "p1")},
		{"a name in other case", []string{"USER1@Example.ORG"}, nil, found, ids(w, "p1")},
		{"an address", nil, []string{"alias1@example.org"}, found, ids(w, "p1")},
		{"an address in other case", nil, []string{"ALIAS1@example.ORG"}, found, ids(w, "p1")},
		{"a name and an address of two", []string{"user1@example.org"}, []string{"alias4@example.org"}, found, ids(w, "p1", "p4")},
		{"one present, one not", []string{"nobody@example.org", "user1@example.org"}, nil, found, ids(w, "p1")},
		{"a removed name", []string{"user3@example.org"}, nil, absent, nil},
		{"a removed address", nil, []string{"alias3@example.org"}, absent, nil},
		{"a part of a name", []string{"user", "user1", "example.org"}, nil, absent, nil},
	} {
		r := ask(t, s, reconcile.LookupRequest{Control: control, Names: c.names, Addresses: c.addresses})
		wantPresence(t, c.what, r.Identity, c.want, r.Reason)
		if d := cmp.Diff(c.holders, holders(r)); d != "" {
			t.Errorf("%s: holders (-want +got):\n%s", c.what, d)
		}
	}
	// The question before a delete: nothing of this person may be left.
	r := ask(t, s, reconcile.LookupRequest{
		Control: control, ID: w.ID("p3"), Names: []string{"user3@example.org"}, Addresses: person(3).Addresses,
	})
	wantPresence(t, "the leaver's ID", r.ID, absent, r.Reason)
	wantPresence(t, "the leaver's name and addresses", r.Identity, absent, r.Reason)
}

func ids(w World, keys ...string) []reconcile.StableID {
	var r reconcile.LookupResult
	for _, k := range keys {
		r.Holders = append(r.Holders, reconcile.Entry{ID: w.ID(k)})
	}
	return holders(r)
}

func lookupOutside(t testing.TB, f Fixture) {
	w := f.New(t)
	o, ok := w.(Outsider)
	if !ok {
		t.Skip("nobody is outside in this directory")
	}
	put(t, w, crowd(3)...)
	p := person(77)
	o.PutOutside(p)
	source := w.Open()
	entries, _ := readComplete(t, source)
	if _, inside := entries[w.ID(p.Key)]; inside {
		t.Fatal("the fixture put the outsider inside")
	}
	r := ask(t, open(t, source), reconcile.LookupRequest{Control: w.ID("p1"), ID: w.ID(p.Key)})
	wantPresence(t, "the outsider", r.ID, found, r.Reason)
}

func lookupNeedsControl(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(5)...)
	w.Remove("p3")
	w.Remove("p4")
	s := open(t, w.Open())
	for what, control := range map[string]reconcile.StableID{
		"no control": "", "a control that is gone": w.ID("p3"), "a control that never was": "nobody-at-all",
	} {
		r := ask(t, s, reconcile.LookupRequest{
			Control: control, ID: w.ID("p4"), Names: []string{"user4@example.org"}, Addresses: []string{"alias4@example.org"},
		})
		wantPresence(t, "the ID with "+what, r.ID, unknown, r.Reason)
		wantPresence(t, "the identity with "+what, r.Identity, unknown, r.Reason)
	}
}

func sessionSeesChanges(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(5)...)
	s := open(t, w.Open())
	control := w.ID("p1")
	r := ask(t, s, reconcile.LookupRequest{Control: control, Names: []string{"late@example.org"}})
	wantPresence(t, "a later name", r.Identity, absent, r.Reason)
	p := person(4)
	p.Name = "late@example.org"
	put(t, w, p)
	w.Remove("p3")
	r = ask(t, s, reconcile.LookupRequest{Control: control, ID: w.ID("p3"), Names: []string{"late@example.org"}})
	wantPresence(t, "the new name", r.Identity, found, r.Reason)
	wantPresence(t, "the removed person", r.ID, absent, r.Reason)
}

func deadSessionIsUnknown(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(5)...)
	w.Remove("p3")
	question := reconcile.LookupRequest{
		Control: w.ID("p1"), ID: w.ID("p3"), Names: []string{"user3@example.org"}, Addresses: []string{"alias3@example.org"},
	}
	s := open(t, w.Open())
	cancelled, cancel := context.WithCancel(deadline(t))
	cancel()
	r, err := s.Lookup(cancelled, question)
	neverAbsent(t, "a cancelled", r, err)
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	r, err = s.Lookup(deadline(t), question)
	neverAbsent(t, "a closed", r, err)
	if b, ok := w.(Breaker); ok {
		s = open(t, w.Open())
		ask(t, s, question)
		b.Break()
		// A session may connect anew and give a proven answer; the truth is "absent".
		r, err = s.Lookup(deadline(t), question)
		honest(t, r, err)
		if r.ID == found || r.Identity == found {
			t.Error("a broken session finds a removed person")
		}
	}
}

func neverAbsent(t testing.TB, what string, r reconcile.LookupResult, err error) {
	t.Helper()
	if r.ID == absent || r.Identity == absent {
		t.Errorf("%s session says absent (%v)", what, err)
	}
	if err == nil && r.Reason == "" {
		t.Errorf("%s session gives neither an error nor a reason", what)
	}
}

// hostile holds values that break programs which build questions from text.
var hostile = []string{
	`o'hara@example.org`, `"quoted"@example.org`, `a*b@example.org`, `*`, `a(b)c@example.org`, `back\slash@example.org`,
	`\2a@example.org`, `%`, `_`, `a%b_c@example.org`, `' or '1'='1`, `x') OR 1=1 --@example.org`, `;drop table x;--@example.org`,
	`)(uid=*`, `müller@example.org`, `Ærøskøbing@example.org`, `用户@example.org`, `ＵＳＥＲ@example.org`, `ﬁ@example.org`,
	`a b  c@example.org`, `$1@example.org`, `?@example.org`, `:name@example.org`, `@p1@example.org`, `{login}@example.org`, `#x,y+z=w@example.org`,
	strings.Repeat("l", 200) + `@example.org`,
}

func hostileValues(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, person(1))
	accepted := 0
	for i, value := range hostile {
		p := person(100 + i)
		p.Name = value
		if strings.Contains(value, "@") {
			p.Addresses = []string{value}
		}
		if err := w.Put(p); err != nil {
			t.Logf("the directory does not take %q: %v", value, err)
			continue
		}
		accepted++
		source := w.Open()
		entries, _ := readComplete(t, source)
		sameEntry(t, wanted(w, p), entries[w.ID(p.Key)])
		s := open(t, source)
		r := ask(t, s, reconcile.LookupRequest{Control: w.ID("p1"), ID: w.ID(p.Key), Names: []string{value}, Addresses: p.Addresses})
		wantPresence(t, "the ID of "+value, r.ID, found, r.Reason)
		wantPresence(t, "the name "+value, r.Identity, found, r.Reason)
		if d := cmp.Diff(ids(w, p.Key), holders(r)); d != "" {
			t.Errorf("%q: holders (-want +got):\n%s", value, d)
		}
		w.Remove(p.Key)
		r = ask(t, s, reconcile.LookupRequest{Control: w.ID("p1"), ID: w.ID(p.Key), Names: []string{value}, Addresses: p.Addresses})
		wantPresence(t, "the ID of the removed "+value, r.ID, absent, r.Reason)
		wantPresence(t, "the removed name "+value, r.Identity, absent, r.Reason)
		_ = s.Close()
	}
	if accepted < len(hostile)/2 {
		t.Errorf("the directory took only %d of %d values", accepted, len(hostile))
	}
}

func hostileQuestions(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(3)...)
	s := open(t, w.Open())
	questions := append([]string{
		"nul\x00byte@example.org", "\xff\xfe@example.org", "line\nbreak@example.org", " ", "@", "@example.org",
		strings.Repeat("x", 5000) + "@example.org", "user1@example.org\x00", "user1@example.org' --", "user1%",
	}, hostile...)
	for _, q := range questions {
		r := ask(t, s, reconcile.LookupRequest{Control: w.ID("p1"), ID: reconcile.StableID(q), Names: []string{q}, Addresses: []string{q}})
		if r.ID == found || r.Identity == found || r.Entry != nil || len(r.Holders) > 0 {
			t.Errorf("the question %.60q finds somebody: ID %s, identity %s, holders %v", q, presence(r.ID), presence(r.Identity), holders(r))
		}
		if again := ask(t, s, reconcile.LookupRequest{Control: w.ID("p1"), ID: w.ID("p2")}); again.ID != found {
			t.Fatalf("after the question %.60q the session answers no more: %s", q, again.Reason)
		}
	}
}
