package testserver

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Do runs f on a connection that is bound as the root DN, and fails the test if f does.
func (s *SlapdServer) Do(t TB, f func(c *ldap.Conn) error) {
	t.Helper()
	c, err := ldap.DialURL(s.URL)
	if err != nil {
		t.Fatalf("slapd: %v", err)
	}
	defer c.Close()
	c.SetTimeout(readyLimit)
	if err := c.Bind(AdminDN, AdminPassword); err != nil {
		t.Fatalf("slapd: bind as admin: %v", err)
	}
	if err := f(c); err != nil {
		t.Fatalf("slapd: %v", err)
	}
}

// Add adds an entry.
func (s *SlapdServer) Add(t TB, dn string, attrs map[string][]string) {
	t.Helper()
	req := ldap.NewAddRequest(dn, nil)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		req.Attribute(name, attrs[name])
	}
	s.Do(t, func(c *ldap.Conn) error { return c.Add(req) })
}

// AddUser adds an inetOrgPerson with this uid and mail to ou=people and returns its entryUUID, which slapd chooses.
func (s *SlapdServer) AddUser(t TB, uid, mail string) string {
	t.Helper()
	dn := "uid=" + ldap.EscapeDN(uid) + "," + PeopleDN
	s.Add(t, dn, map[string][]string{"objectClass": {"inetOrgPerson"}, "uid": {uid}, "cn": {uid}, "sn": {uid}, "mail": {mail}})
	return s.Value(t, dn, "entryUUID")
}

// Modify replaces all values of one attribute; no values removes it.
func (s *SlapdServer) Modify(t TB, dn, attr string, values ...string) {
	t.Helper()
	req := ldap.NewModifyRequest(dn, nil)
	req.Replace(attr, values)
	s.Do(t, func(c *ldap.Conn) error { return c.Modify(req) })
}

// ModRDN renames an entry; newSuperior moves it, empty leaves it where it is. The old naming value goes away.
func (s *SlapdServer) ModRDN(t TB, dn, newRDN, newSuperior string) {
	t.Helper()
	s.Do(t, func(c *ldap.Conn) error { return c.ModifyDN(ldap.NewModifyDNRequest(dn, newRDN, true, newSuperior)) })
}

// RenameUser gives the entry uid=from in ou=people the uid to and the mail to@example.test.
func (s *SlapdServer) RenameUser(t TB, from, to string) {
	t.Helper()
	s.ModRDN(t, "uid="+ldap.EscapeDN(from)+","+PeopleDN, "uid="+ldap.EscapeDN(to), "")
	s.Modify(t, "uid="+ldap.EscapeDN(to)+","+PeopleDN, "mail", to+"@example.test")
}

// Delete removes entries that have no children.
func (s *SlapdServer) Delete(t TB, dns ...string) {
	t.Helper()
	s.Do(t, func(c *ldap.Conn) error {
		for _, dn := range dns {
			if err := c.Del(ldap.NewDelRequest(dn, nil)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Value reads the first value of one attribute; empty if the entry lacks it.
func (s *SlapdServer) Value(t TB, dn, attr string) string {
	t.Helper()
	var value string
	s.Do(t, func(c *ldap.Conn) error {
		res, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1,
			int(readyLimit/time.Second), false, "(objectClass=*)", []string{attr}, nil))
		if err == nil && len(res.Entries) == 1 {
			value = res.Entries[0].GetEqualFoldAttributeValue(attr)
		}
		return err
	})
	return value
}

// Populate adds entries while slapd runs. text is LDIF with plain attribute lines only: no folding, no base64.
func (s *SlapdServer) Populate(t TB, text string) {
	t.Helper()
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		dn, attrs := "", map[string][]string{}
		for line := range strings.Lines(block) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
			switch {
			case !ok:
				t.Fatalf("LDIF line %q", line)
			case name == "dn":
				dn = value
			default:
				attrs[name] = append(attrs[name], value)
			}
		}
		s.Add(t, dn, attrs)
	}
}
