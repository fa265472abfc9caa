package ldaptest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"

	"syncagent/internal/ldaptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, s *ldaptest.Server) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	c.SetTimeout(20 * time.Second)
	if err := c.Bind(ldaptest.BindDN, ldaptest.BindPassword); err != nil {
		t.Fatal(err)
	}
	return c
}

func search(filter string, attributes []string, controls ...ldap.Control) *ldap.SearchRequest {
	return ldap.NewSearchRequest(ldaptest.Suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, controls)
}

func fill(s *ldaptest.Server, n int) {
	for i := range n {
		s.Add(fmt.Sprintf("uid=u%02d,%s", i, ldaptest.People), map[string][]string{
			"objectClass": {"inetOrgPerson"}, "uid": {fmt.Sprintf("u%02d", i)}, "mail;lang-fr": {fmt.Sprintf("U%02d@example.test", i)},
			"entryUUID": {fmt.Sprintf("00000000-0000-4000-8000-%012d", i)},
		})
	}
}

func TestFilters(t *testing.T) {
	s := ldaptest.New(t, ldaptest.Options{})
	fill(s, 12)
	c := connect(t, s)
	for filter, want := range map[string]int{
		"(objectClass=*)":                       14,
		"(uid=U03)":                             1,
		"(mail=u03@EXAMPLE.test)":               1,
		"(uid=u0*)":                             10,
		"(uid=*1)":                              2,
		"(&(objectClass=inetOrgPerson)(uid=*))": 12,
		"(|(uid=u01)(uid=u02)(uid=nobody))":     2,
		"(!(objectClass=inetOrgPerson))":        2,
		"(uid>=u03)":                            0, // not built: undefined
	} {
		res, err := c.Search(search(filter, nil))
		if err != nil || len(res.Entries) != want {
			t.Errorf("%s: %d entries, %v; want %d", filter, len(res.Entries), err, want)
		}
	}
	res, err := c.Search(search("(uid=u03)", []string{"mail"}))
	if err != nil || len(res.Entries) != 1 || len(res.Entries[0].Attributes) != 1 || res.Entries[0].Attributes[0].Name != "mail;lang-fr" {
		t.Errorf("attributes with options: %v %v", res, err)
	}
}

func TestPagesOfTheLibrary(t *testing.T) {
	s := ldaptest.New(t, ldaptest.Options{})
	fill(s, 25)
	res, err := connect(t, s).SearchWithPaging(search("(uid=*)", []string{"uid"}), 10)
	if err != nil || len(res.Entries) != 25 || s.Pages() != 3 {
		t.Fatalf("%d entries in %d pages, %v; want 25 in 3", len(res.Entries), s.Pages(), err)
	}
	var uids []string
	for _, e := range res.Entries {
		uids = append(uids, e.GetAttributeValue("uid"))
	}
	if !slices.IsSorted(uids) {
		t.Errorf("the order is not that of adding: %v", uids)
	}
}

func TestCodes(t *testing.T) {
	for _, code := range []uint16{3, 4, 10, 11, 32, 50, 51, 52, 53} {
		s := ldaptest.New(t, ldaptest.Options{Faults: []ldaptest.Fault{{Kind: ldaptest.AnswerCode, Code: int(code)}}})
		fill(s, 10)
		res, err := connect(t, s).Search(search("(uid=*)", nil))
		if !ldap.IsErrorWithCode(err, code) || len(res.Entries) != 5 {
			t.Errorf("code %d: %v with %d entries", code, err, len(res.Entries))
		}
	}
}

func TestSizeLimitIsThatOfActiveDirectory(t *testing.T) {
	s := ldaptest.New(t, ldaptest.Options{Vendor: ldaptest.ActiveDirectory, SizeLimit: 10})
	fill(s, 25)
	c := connect(t, s)
	res, err := c.Search(search("(uid=*)", nil))
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(res.Entries) != 10 {
		t.Errorf("unpaged: %v with %d entries", err, len(res.Entries))
	}
	res, err = c.SearchWithPaging(search("(uid=*)", nil), 1000)
	if err != nil || len(res.Entries) != 25 {
		t.Errorf("paged: %v with %d entries", err, len(res.Entries))
	}
}

func TestWrongPassword(t *testing.T) {
	s := ldaptest.New(t, ldaptest.Options{})
	c, err := ldap.DialURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	err = c.Bind(ldaptest.BindDN, "wrong")
	var ldapErr *ldap.Error
	if !errors.As(err, &ldapErr) || ldapErr.ResultCode != ldap.LDAPResultInvalidCredentials {
		t.Errorf("bind: %v", err)
	}
}

func TestRangedValues(t *testing.T) {
	s := ldaptest.New(t, ldaptest.Options{MaxValRange: 2, OddCase: true})
	dn := "cn=group," + ldaptest.People
	s.Add(dn, map[string][]string{"member": {"a", "b", "c", "d", "e"}})
	c := connect(t, s)
	ask := func(attribute string) *ldap.EntryAttribute {
		t.Helper()
		res, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{attribute}, nil))
		if err != nil || len(res.Entries) != 1 || len(res.Entries[0].Attributes) != 1 {
			t.Fatalf("%s: %v %v", attribute, res, err)
		}
		return res.Entries[0].Attributes[0]
	}
	if a := ask("member"); a.Name != "MeMbEr;range=0-1" || len(a.Values) != 2 {
		t.Errorf("first range %v", a)
	}
	if a := ask("member;range=2-*"); a.Name != "member;range=2-3" || a.Values[0] != "c" {
		t.Errorf("second range %v", a)
	}
	if a := ask("member;range=4-*"); a.Name != "member;range=4-*" || len(a.Values) != 1 {
		t.Errorf("last range %v", a)
	}
}
