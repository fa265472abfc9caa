package ldapsrc

import (
	"strings"
	"testing"

	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
)

const leaversDN = "ou=leavers," + ldaptest.Suffix

func leaverDN(uid string) string { return "uid=" + uid + "," + leaversDN }

// TestLookupOfLeavers: a leaver's own entry is no reason to keep the account,
// anybody else's is; and what cannot be seen is not absent.
func TestLookupOfLeavers(t *testing.T) {
	bases := func(o *Options) { o.Leavers.Bases = []string{leaversDN} }
	filter := func(o *Options) { o.Leavers.Filter = "(employeeType=left)" }
	for _, c := range []struct {
		name         string
		set          func(s *ldaptest.Server)
		change       func(o *Options)
		outside      reconcile.StableID
		id, identity reconcile.Presence
		leaver       bool
		says         string
	}{
		{name: "moved to the leavers", change: bases, set: func(s *ldaptest.Server) { s.Move(dn(2), leaverDN("u002")) }, id: found, leaver: true, identity: absent},
		{
			name: "marked as a leaver", change: filter, id: found, leaver: true, identity: absent,
			set: func(s *ldaptest.Server) {
				s.Add(dn(2), with(with(person(2), "employeeType", "left"), "objectClass", "account"))
			},
		},
		{name: "moved elsewhere", change: bases, set: func(s *ldaptest.Server) { s.Move(dn(2), "uid=u002,ou=other,"+ldaptest.Suffix) }, id: found, identity: found},
		{
			name: "a leaver whose address a colleague has", change: bases, id: found, leaver: true, identity: found,
			set: func(s *ldaptest.Server) {
				s.Move(dn(2), leaverDN("u002"))
				s.Add(dn(3), with(person(3), "mail", mail(3), mail(2)))
			},
		},
		{
			name: "a leaver whose address an older leaver has", change: bases, id: found, leaver: true, identity: found,
			set: func(s *ldaptest.Server) {
				s.Move(dn(2), leaverDN("u002"))
				s.Add(leaverDN("old"), with(person(9), "mail", mail(2)))
			},
		},
		{name: "deleted, the leavers' place is empty", change: bases, set: func(s *ldaptest.Server) { s.Remove(dn(2)) }, id: absent, identity: absent},
		{
			name: "deleted, others among the leavers", change: bases, id: absent, identity: absent,
			set: func(s *ldaptest.Server) { s.Remove(dn(2)); s.Add(leaverDN("old"), person(9)) },
		},
		{
			name: "the leavers' place may not be read", change: bases, id: unknown, identity: unknown, says: "known leaver below",
			set: func(s *ldaptest.Server) {
				s.Move(dn(2), leaverDN("u002"))
				s.Change(func(o *ldaptest.Options) { o.Hidden = func(dn string) bool { return strings.HasSuffix(dn, leaversDN) } })
			},
		},
		{
			name: "a leaver of the last snapshot is not found", change: bases, outside: reconcile.StableID(uuid(77)),
			id: unknown, identity: unknown, says: "known leaver", set: func(s *ldaptest.Server) { s.Remove(dn(2)) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := fill(ldaptest.New(t, ldaptest.Options{}), 5)
			server.Add(leaversDN, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {"leavers"}})
			c.set(server)
			session, err := open(t, server, c.change).OpenLookup(deadline(t), "")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = session.Close() }()
			got, err := session.Lookup(deadline(t), reconcile.LookupRequest{
				Control: reconcile.StableID(uuid(1)), Outside: c.outside, ID: reconcile.StableID(uuid(2)),
				Names: []string{mail(2)}, Addresses: []string{mail(2)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got.ID != c.id || got.Identity != c.identity || got.Leaver != c.leaver || !strings.Contains(got.Reason, c.says) {
				t.Errorf("ID %d, identity %d, leaver %v (%s)", got.ID, got.Identity, got.Leaver, got.Reason)
			}
		})
	}
}

// TestLookupSeesBeyondTheFilter: access rules that show nothing but what the
// filter selects hide whoever falls out of it.
func TestLookupSeesBeyondTheFilter(t *testing.T) {
	withID := with(map[string][]string{"objectClass": {"organizationalUnit"}}, "entryUUID", uuid(500))
	for _, c := range []struct {
		name   string
		set    func(s *ldaptest.Server)
		change func(o *Options)
		want   reconcile.Presence
		says   string
	}{
		{name: "containers can be seen", set: func(*ldaptest.Server) {}, want: absent},
		{name: "a container has an ID", set: func(s *ldaptest.Server) { s.Add(ldaptest.People, withID) }, want: absent},
		{name: "only a group elsewhere can be seen", want: absent, set: func(s *ldaptest.Server) {
			s.Add("cn=group,"+ldaptest.Suffix, withID)
			hideContainers(s)
		}},
		{name: "nothing but people can be seen", set: hideContainers, want: unknown, says: "beyond the filter"},
		{name: "without a filter there is nothing beyond", set: hideContainers, want: absent, change: func(o *Options) { o.Filter = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := fill(ldaptest.New(t, ldaptest.Options{}), 5)
			c.set(server)
			session, err := open(t, server, c.change).OpenLookup(deadline(t), "")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = session.Close() }()
			got, err := session.Lookup(deadline(t), reconcile.LookupRequest{Control: reconcile.StableID(uuid(1)), ID: reconcile.StableID(uuid(99))})
			if err != nil || got.ID != c.want || !strings.Contains(got.Reason, c.says) {
				t.Errorf("%v: ID %d (%s), want %d", err, got.ID, got.Reason, c.want)
			}
		})
	}
}

// hideContainers leaves nothing in the directory that the filter does not
// select.
func hideContainers(s *ldaptest.Server) {
	for _, dn := range []string{ldaptest.People, ldaptest.Suffix} {
		s.Add(dn, map[string][]string{"objectClass": {"inetOrgPerson"}})
	}
}
