//go:build realservers

package sqltest

import (
	"strconv"
	"testing"

	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
)

// Whoever bears a name as the mail server compares it must be found, whatever
// the database thinks of its letters.
func TestLookupComparesAsTheMailServerDoes(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		w := s.world(t)
		put := func(key, name string) {
			if err := w.Put(sourcetest.Person{Key: key, Name: name, Kind: reconcile.KindIndividual}); err != nil {
				t.Fatal(err)
			}
		}
		put("control", "control@x.org")
		session, err := w.Source(w.Options()).OpenLookup(deadline(t), "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = session.Close() }()
		for i, c := range []struct{ stored, asked string }{
			{"\u212aelvin@x.org", "kelvin@X.ORG"},
			{"D\u0130ana@x.org", "diana@x.org"},
			{"  blank@x.org ", "blank@x.org"},
			{"ÉMILE@x.org", "émile@x.org"},
			{"INES@x.org", "ines@x.org"},
			{"émile2@x.org", "ÉMILE2@x.org"},
		} {
			key := "k" + strconv.Itoa(i)
			put(key, c.stored)
			r, err := session.Lookup(deadline(t), reconcile.LookupRequest{Control: w.ID("control"), Names: []string{c.asked}})
			if err != nil || r.Identity != reconcile.PresenceFound || len(r.Holders) != 1 || r.Holders[0].ID != w.ID(key) {
				t.Errorf("%q asked as %q: %+v, %v", c.stored, c.asked, r, err)
			}
		}
		// Letters that only the database takes for equal are another name.
		r, err := session.Lookup(deadline(t), reconcile.LookupRequest{Control: w.ID("control"), Names: []string{"contról@x.org", "cóntrol@x.org"}})
		if err != nil || r.Identity != reconcile.PresenceAbsent {
			t.Errorf("another name: %+v, %v", r, err)
		}
	})
}
