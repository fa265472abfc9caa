package ldapsrc

import (
	"strings"
	"testing"

	"syncagent/internal/ldaptest"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

const (
	unknown = reconcile.PresenceUnknown
	found   = reconcile.PresenceFound
	absent  = reconcile.PresenceAbsent
)

// aliases maps a second address attribute, which only some people have.
func aliases(o *Options) {
	o.Map.Addresses = append(o.Map.Addresses, mapping.AddressSpec{Attribute: "proxyAddresses", Prefix: "smtp:"})
}

// TestLookupProvesEachAttribute asks for somebody who is not there: the answer
// counts only if each attribute finds those who have it.
func TestLookupProvesEachAttribute(t *testing.T) {
	gone := reconcile.LookupRequest{
		Control: reconcile.StableID(uuid(1)), ID: reconcile.StableID(uuid(99)),
		Names: []string{mail(99)}, Addresses: []string{mail(99), "alias99@example.test"},
	}
	for _, c := range []struct {
		name      string
		alias     int // who has an alias, -1 = nobody
		server    ldaptest.Options
		read      bool // read a snapshot first
		want      reconcile.Presence
		says      string
		fault     ldaptest.FaultKind
		change    func(o *Options)
		afterRead func(s *ldaptest.Server)
	}{
		{name: "the control has all attributes", alias: 1, want: absent},
		{name: "somebody else has the alias", alias: 3, want: absent},
		{name: "nobody has an alias, and the snapshot knows it", alias: -1, read: true, want: absent},
		{name: "nobody has an alias, and no snapshot was read", alias: -1, want: unknown, says: "proxyAddresses"},
		{
			name: "aliases vanished since the snapshot", alias: 3, read: true, want: unknown, says: "proxyAddresses",
			afterRead: func(s *ldaptest.Server) { s.Add(dn(3), person(3)) },
		},
		{
			name: "aliases can be read but not searched", alias: 1, want: unknown, says: "not found by it",
			server: ldaptest.Options{Unsearchable: []string{"proxyAddresses"}},
		},
		{
			name: "IDs cannot be searched", alias: 1, want: unknown, says: "not found in the same way",
			server: ldaptest.Options{Unsearchable: []string{"entryUUID"}},
		},
		{name: "referrals", alias: 1, want: unknown, says: "refers", fault: ldaptest.SendReferral},
		{
			name: "referrals that are ignored", alias: 1, want: absent, fault: ldaptest.SendReferral,
			change: func(o *Options) { o.Referrals = ReferralsIgnore },
		},
		{name: "size limit", alias: 1, want: unknown, says: "Size Limit", fault: ldaptest.AnswerCode},
		{name: "no naming contexts", alias: 1, want: unknown, says: "lookup_base", server: ldaptest.Options{Vendor: ldaptest.Silent}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := fill(ldaptest.New(t, c.server), 5)
			if c.alias >= 0 {
				server.Add(dn(c.alias), with(person(c.alias), "proxyAddresses", "X400:c=x", "SMTP:alias@example.test"))
			}
			source := open(t, server, func(o *Options) {
				aliases(o)
				if c.change != nil {
					c.change(o)
				}
			})
			if c.read {
				complete(t, source)
			}
			if c.afterRead != nil {
				c.afterRead(server)
			}
			if c.fault != 0 {
				server.Change(func(o *ldaptest.Options) { o.Faults = []ldaptest.Fault{{Kind: c.fault, Code: 4}} })
			}
			session, err := source.OpenLookup(deadline(t), "")
			if err != nil {
				if c.want != unknown || !strings.Contains(err.Error(), c.says) {
					t.Fatal(err)
				}
				return
			}
			defer func() { _ = session.Close() }()
			r, err := session.Lookup(deadline(t), gone)
			if err != nil || r.ID != c.want || r.Identity != c.want || !strings.Contains(r.Reason, c.says) {
				t.Errorf("%v %+v, want %d and %q", err, r, c.want, c.says)
			}
		})
	}
}

// TestLookupFindsWithDoubt keeps what was found although something else is in
// doubt.
func TestLookupFindsWithDoubt(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 5)
	server.Change(func(o *ldaptest.Options) { o.Faults = []ldaptest.Fault{{Kind: ldaptest.SendReferral}} })
	session, err := open(t, server, nil).OpenLookup(deadline(t), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	r, err := session.Lookup(deadline(t), reconcile.LookupRequest{Names: []string{mail(2)}})
	if err != nil || r.Identity != found || len(r.Holders) != 1 || r.Reason == "" {
		t.Errorf("%v %+v", err, r)
	}
}

func TestLookupOfTemplates(t *testing.T) {
	server := ldaptest.New(t, ldaptest.Options{})
	for i, name := range [][2]string{{"ann", "smith"}, {"bob", "smith"}, {"ann", "jones"}} {
		server.Add(dn(i), map[string][]string{
			"objectClass": {"inetOrgPerson"}, "givenName": {name[0]}, "sn": {name[1]}, "entryUUID": {uuid(i)},
		})
	}
	session, err := open(t, server, func(o *Options) { o.Map = mapping.Spec{Name: "{givenName}.{sn}@example.test"} }).OpenLookup(deadline(t), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	for name, want := range map[string]reconcile.Presence{
		"Bob.Smith@example.test": found, "bob.jones@example.test": absent, "ann.smith@other.test": absent,
	} {
		r, err := session.Lookup(deadline(t), reconcile.LookupRequest{Control: reconcile.StableID(uuid(0)), Names: []string{name}})
		if err != nil || r.Identity != want || want == found && (len(r.Holders) != 1 || r.Holders[0].Label != dn(1)) {
			t.Errorf("%s: %v %+v", name, err, r)
		}
	}
}

func TestTwoEntriesWithOneID(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 3)
	server.Add("uid=copy,"+ldaptest.Suffix, person(2))
	session, err := open(t, server, nil).OpenLookup(deadline(t), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }()
	r, err := session.Lookup(deadline(t), reconcile.LookupRequest{Control: reconcile.StableID(uuid(1)), ID: reconcile.StableID(uuid(2))})
	if err != nil || r.ID != unknown || !strings.Contains(r.Reason, "2 entries") {
		t.Errorf("%v %+v", err, r)
	}
}
