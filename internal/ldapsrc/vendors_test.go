package ldapsrc

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/ldaptest"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// sixteen are bytes in which every order of groups shows.
const sixteen = "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"

// TestVendors has the habits of each product: ID attribute, its form, paging,
// look-ups by the ID, marks of age.
func TestVendors(t *testing.T) {
	for _, c := range []struct {
		name      string
		server    ldaptest.Options
		attribute string
		value     string
		id        reconcile.StableID
		positions map[string]string
		change    func(o *Options)
	}{
		{
			name: "OpenLDAP", server: ldaptest.Options{CSN: "20261122133954.653295Z#000000#001#000000"}, attribute: "entryUUID",
			value: "00112233-4455-6677-8899-AABBCCDDEEFF", id: "00112233-4455-6677-8899-aabbccddeeff",
			positions: map[string]string{"001": "20261122133954.653295Z#000000#001#000000"},
		},
		{
			name: "Active Directory", server: ldaptest.Options{Vendor: ldaptest.ActiveDirectory, CSN: "123456", SizeLimit: 20, RequireBind: true},
			attribute: "objectGUID", value: sixteen, id: "33221100-5544-7766-8899-aabbccddeeff",
			positions: map[string]string{"33221100-5544-7766-8899-aabbccddeeff": "123456"},
			change:    func(o *Options) { o.PageSize = 5000 },
		},
		{
			name: "389 Directory Server", server: ldaptest.Options{Vendor: ldaptest.DS389, ConstantCookie: true}, attribute: "nsUniqueId",
			value: "6FBB2709-e67e11f1-b876b320-4ff77ffd", id: "6fbb2709-e67e11f1-b876b320-4ff77ffd",
		},
		{
			name: "eDirectory", server: ldaptest.Options{Vendor: ldaptest.EDirectory}, attribute: "GUID",
			value: sixteen, id: "00112233-4455-6677-8899-aabbccddeeff",
		},
		{
			name: "unknown maker, found by looking", server: ldaptest.Options{Vendor: ldaptest.Unknown}, attribute: "ipaUniqueID",
			value: "00112233-4455-6677-8899-aabbccddeeff", id: "00112233-4455-6677-8899-aabbccddeeff",
		},
		{
			name: "hidden rootDSE", server: ldaptest.Options{Vendor: ldaptest.Silent}, attribute: "entryUUID",
			value: "00112233-4455-6677-8899-aabbccddeeff", id: "00112233-4455-6677-8899-aabbccddeeff",
			change: func(o *Options) { o.LookupBase = ldaptest.Suffix },
		},
		{
			name: "no paging", server: ldaptest.Options{NoPaging: true}, attribute: "entryUUID",
			value: "00112233-4455-6677-8899-aabbccddeeff", id: "00112233-4455-6677-8899-aabbccddeeff",
		},
		{
			name: "names in odd case", server: ldaptest.Options{OddCase: true}, attribute: "entryUUID",
			value: "00112233-4455-6677-8899-aabbccddeeff", id: "00112233-4455-6677-8899-aabbccddeeff",
		},
		{
			name: "binary attribute of its own", attribute: "objectSid", value: "\x01\x05\x00\xff", id: "hex:010500ff",
			change: func(o *Options) { o.ID = "objectSid" },
		},
		{
			name: "text attribute of its own", attribute: "employeeNumber", value: "E*(1)\\", id: "E*(1)\\",
			change: func(o *Options) { o.ID = "employeeNumber" },
		},
		{
			name: "the attribute of an earlier run", attribute: "ipaUniqueID", value: "00112233-4455-6677-8899-aabbccddeeff",
			id: "00112233-4455-6677-8899-aabbccddeeff", change: func(o *Options) { o.KeepID = "ipaUniqueID" },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := ldaptest.New(t, c.server)
			for i := range 34 {
				attrs := person(i)
				delete(attrs, "entryUUID")
				value := []byte(c.value)
				value[len(value)-1] = "0123456789abcdef"[i%16]
				value[1] = "345"[i/16] // unlike the value of the last one
				if i == 33 {
					value = []byte(c.value)
				}
				server.Add(dn(i), with(attrs, c.attribute, string(value)))
			}
			server.Add("CN=NTDS Settings,CN=DC1,CN=Servers,CN=Configuration,"+ldaptest.Suffix, map[string][]string{"invocationId": {sixteen}})
			source := open(t, server, c.change)
			entries, ev := complete(t, source)
			if len(entries) != 34 || entries[33].ID != c.id || !strings.EqualFold(ev.IDAttribute, c.attribute) {
				t.Fatalf("%d entries, ID %q of %s, want %q of %s", len(entries), entries[33].ID, ev.IDAttribute, c.id, c.attribute)
			}
			if d := cmp.Diff(c.positions, ev.Positions); d != "" {
				t.Errorf("positions (-want +got):\n%s", d)
			}
			// A domain controller counts only its own changes.
			if whole := slices.Equal(ev.PositionScopes, []string{""}); whole == (c.server.Vendor == ldaptest.ActiveDirectory) {
				t.Errorf("position scopes %q", ev.PositionScopes)
			}
			session, err := source.OpenLookup(deadline(t), "")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = session.Close() }()
			r, err := session.Lookup(deadline(t), reconcile.LookupRequest{ID: c.id, Control: entries[0].ID})
			if err != nil || r.ID != reconcile.PresenceFound || r.Entry.Label != dn(33) {
				t.Errorf("look-up %v %+v", err, r)
			}
			server.Remove(dn(33))
			r, err = session.Lookup(deadline(t), reconcile.LookupRequest{ID: c.id, Control: entries[0].ID})
			if err != nil || r.ID != reconcile.PresenceAbsent {
				t.Errorf("look-up of a removed entry %v %+v", err, r)
			}
		})
	}
}

func TestRanges(t *testing.T) {
	server := ldaptest.New(t, ldaptest.Options{MaxValRange: 2, OddCase: true})
	fill(server, 12)
	want := []string{"1@example.test", "2@example.test", "3@example.test", "4@example.test", "5@example.test"}
	server.Add(dn(3), with(person(3), "mail", want...))
	entries, _ := complete(t, open(t, server, nil))
	if d := cmp.Diff(want, entries[3].Addresses); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
}

func TestAttributeOptions(t *testing.T) {
	server := ldaptest.New(t, ldaptest.Options{})
	server.Add(dn(1), with(person(1), "mail;lang-fr", "fr@example.test"))
	entries, _ := complete(t, open(t, server, func(o *Options) { o.Map.Name = "{uid}" }))
	if d := cmp.Diff([]string{mail(1), "fr@example.test"}, entries[0].Addresses); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
	entries, _ = complete(t, open(t, server, func(o *Options) {
		o.Map = mapping.Spec{Name: "{uid}", Addresses: []mapping.AddressSpec{{Attribute: "mail;lang-fr"}}}
	}))
	if d := cmp.Diff([]string{"fr@example.test"}, entries[0].Addresses); d != "" {
		t.Errorf("addresses of one language (-want +got):\n%s", d)
	}
}

func TestValuesThatAreNotUTF8(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 5)
	server.Add(dn(2), with(person(2), "mail", "caf\xe9@example.test"))
	server.Add(dn(3), with(person(3), "objectSid", "\x01\xff"))
	entries, ev := complete(t, open(t, server, func(o *Options) { o.Map.SamePerson = []string{"objectSid"} }))
	broken := entries[2]
	if broken.Kind != reconcile.KindUnknown || len(broken.Names)+len(broken.Addresses) != 0 || entries[1].Kind != reconcile.KindIndividual {
		t.Errorf("entries %+v", entries)
	}
	if got := codes(ev.Warnings); len(got) == 0 || got[len(got)-1] != warnNotUTF8 {
		t.Errorf("warnings %+v", ev.Warnings)
	}
	if entries[3].SamePerson[0] != "hex:01ff" || entries[3].Kind != reconcile.KindIndividual {
		t.Errorf("binary same_person %+v", entries[3])
	}
}

func TestBadIDs(t *testing.T) {
	for name, c := range map[string]struct{ attribute, value, wants string }{
		"not a UUID":      {"entryUUID", "not-a-uuid", "bad-id"},
		"empty":           {"entryUUID", "", "no-id"},
		"too long":        {"description", strings.Repeat("x", 256), "bad-id"},
		"15 bytes":        {"objectGUID", sixteen[1:], "bad-id"},
		"blanks":          {"description", "   ", "bad-id"},
		"wrong nsUnique":  {"nsUniqueId", "12345678-1234", "bad-id"},
		"hex is too long": {"description", strings.Repeat("\xff", 130), "bad-id"},
	} {
		t.Run(name, func(t *testing.T) {
			server := ldaptest.New(t, ldaptest.Options{})
			server.Add(dn(1), with(person(1), c.attribute, c.value))
			entries, ev, err := snapshot(t, open(t, server, func(o *Options) { o.ID = c.attribute }))
			if err != nil || ev.Complete || len(entries) != 0 || ev.Reasons[0].Code != c.wants {
				t.Errorf("%v, entries %v, %+v", err, entries, ev)
			}
		})
	}
}
