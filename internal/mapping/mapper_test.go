package mapping

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

// record is a Record in memory; keys are lower-case.
type record map[string][]string

func (r record) Values(attribute string) []string { return r[strings.ToLower(attribute)] }

func compile(t *testing.T, spec Spec) *Mapper {
	t.Helper()
	m, err := Compile(spec)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return m
}

func TestEntryMapsEverything(t *testing.T) {
	m := compile(t, Spec{
		ID: "auto", Name: "{UID}@example.org", NameAlso: []string{"{uid}"},
		Addresses:  []AddressSpec{{Attribute: "mail"}, {Attribute: "proxyAddresses", Prefix: "smtp:"}},
		Kind:       KindSpec{Attribute: "type", Values: map[string]string{"user": "individual", "G": "group"}},
		Enabled:    EnabledSpec{Attribute: "nsAccountLock", Not: []string{"TRUE"}},
		SamePerson: []string{"employeeNumber", "birthday"},
		Created:    "createTimestamp",
		Leaver:     LeaverSpec{Column: "status", Is: []string{"left"}},
	})
	got, warned := m.Entry("id-1", "uid=alice", record{
		"uid": {"alice", "ALICE", "ali"}, "mail": {" a@x.org ", "A@X.ORG", "broken"},
		"proxyaddresses": {"SMTP:p@x.org", "smtp:a@x.org", "x500:/o=x", "smtp:"},
		"type":           {"USER"}, "employeenumber": {"7", "5", "7"},
		"createtimestamp": {"20260102030405Z"}, "status": {"Left"},
	})
	want := reconcile.Entry{
		ID: "id-1", Label: "uid=alice",
		Names:     []string{"alice@example.org", "ali@example.org"},
		NamesAlso: []string{"alice", "ali"},
		Also:      [][]string{{"alice", "ali"}},
		Addresses: []string{"a@x.org", "p@x.org"}, AddressesMapped: true,
		Kind: reconcile.KindIndividual, Enabled: reconcile.EnabledYes,
		SamePerson: []string{"5\n7", ""},
		Created:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Leaver: true,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
	if len(warned) != 1 || warned[0].Code != WarnAddressNoDomain {
		t.Errorf("warnings = %v, want one address-without-domain", warned)
	}
}

func TestEntryOfEmptyRecord(t *testing.T) {
	m := compile(t, Spec{Name: "{uid}", Created: "made", SamePerson: []string{"no"}})
	got, warned := m.Entry("1", "x", record{"uid": {"", "  "}})
	want := reconcile.Entry{
		ID: "1", Label: "x", Kind: reconcile.KindIndividual, Enabled: reconcile.EnabledYes, SamePerson: []string{""},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
	if len(warned) != 0 {
		t.Errorf("warnings = %v, want none", warned)
	}
}

func TestUnusableValuesAreLeftOut(t *testing.T) {
	m := compile(t, Spec{Name: "{uid}", Addresses: []AddressSpec{{Attribute: "mail"}}, Created: "made"})
	e, warned := m.Entry("1", "x", record{
		"uid":  {"a\x00b", "ok", "bad\xff", "tab\t", "nbsp\u00a0"},
		"mail": {"a\nb@x.org", "a@x.org"}, "made": {"yesterday"},
	})
	if d := cmp.Diff([]string{"ok"}, e.Names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"a@x.org"}, e.Addresses); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
	var codes []string
	for _, w := range warned {
		codes = append(codes, w.Code)
	}
	if d := cmp.Diff([]string{WarnNameUnusable, WarnAddressUnusable, WarnCreated}, codes); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

func TestKind(t *testing.T) {
	m := compile(t, Spec{Name: "{uid}", Kind: KindSpec{Attribute: "type", Values: map[string]string{"u": "individual", "root": "admin"}}})
	for value, want := range map[string]reconcile.Kind{
		"":            reconcile.KindUnknown,
		"u":           reconcile.KindIndividual,
		"U":           reconcile.KindIndividual,
		"individual":  reconcile.KindIndividual,
		"Group":       reconcile.KindGroup,
		"ADMIN":       reconcile.KindAdmin,
		"root":        reconcile.KindAdmin,
		"service":     reconcile.KindUnknown,
		"u|u":         reconcile.KindIndividual,
		"u|service":   reconcile.KindUnknown,
		"service|u":   reconcile.KindUnknown,
		"u|root":      reconcile.KindUnknown,
		"root|admin ": reconcile.KindAdmin,
	} {
		e, _ := m.Entry("1", "x", record{"type": strings.Split(value, "|")})
		if e.Kind != want {
			t.Errorf("kind of %q = %v, want %v", value, e.Kind, want)
		}
	}
}

func TestEnabled(t *testing.T) {
	const yes, no, unknown = reconcile.EnabledYes, reconcile.EnabledNo, reconcile.EnabledUnknown
	for _, c := range []struct {
		name   string
		spec   EnabledSpec
		values []string
		want   reconcile.Enabled
	}{
		{"not mapped", EnabledSpec{}, []string{"false"}, yes},
		{"absent and absent", EnabledSpec{Attribute: "a", Absent: true}, nil, yes},
		{"absent but there", EnabledSpec{Attribute: "a", Absent: true}, []string{"x"}, no},
		{"is", EnabledSpec{Attribute: "a", Is: []string{"ok"}}, []string{"OK"}, yes},
		{"is other", EnabledSpec{Attribute: "a", Is: []string{"ok"}}, []string{"gone"}, no},
		{"is, not readable", EnabledSpec{Attribute: "a", Is: []string{"ok"}}, nil, unknown},
		{"not", EnabledSpec{Attribute: "a", Not: []string{"TRUE"}}, []string{"true"}, no},
		{"not other", EnabledSpec{Attribute: "a", Not: []string{"TRUE"}}, []string{"false"}, yes},
		{"not absent", EnabledSpec{Attribute: "a", Not: []string{"TRUE"}}, nil, yes},
		{"bit clear", EnabledSpec{Attribute: "a", BitClear: 2}, []string{"512"}, yes},
		{"bit set", EnabledSpec{Attribute: "a", BitClear: 2}, []string{"514"}, no},
		{"bit of text", EnabledSpec{Attribute: "a", BitClear: 2}, []string{"x"}, unknown},
		{"bit absent", EnabledSpec{Attribute: "a", BitClear: 2}, nil, unknown},
		{"flag t", EnabledSpec{Attribute: "a"}, []string{"T"}, yes},
		{"flag 1", EnabledSpec{Attribute: "a"}, []string{"1"}, yes},
		{"flag yes", EnabledSpec{Attribute: "a"}, []string{"yes"}, yes},
		{"flag n", EnabledSpec{Attribute: "a"}, []string{"n"}, no},
		{"flag false", EnabledSpec{Attribute: "a"}, []string{"FALSE"}, no},
		{"flag 2", EnabledSpec{Attribute: "a"}, []string{"2"}, unknown},
		{"flag null", EnabledSpec{Attribute: "a"}, nil, unknown},
		{"flags disagree", EnabledSpec{Attribute: "a"}, []string{"1", "0"}, unknown},
	} {
		if got := c.spec.read(record{"a": c.values}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCompileNamesEveryProblem(t *testing.T) {
	_, err := Compile(Spec{
		Name: "nobody", NameAlso: []string{"{uid"},
		Addresses:  []AddressSpec{{}},
		Kind:       KindSpec{Values: map[string]string{"u": "person", "a": "admin", "A": "group"}},
		Enabled:    EnabledSpec{Absent: true, BitClear: 2},
		SamePerson: []string{""},
		Leaver:     LeaverSpec{Is: []string{"x"}},
	})
	if err == nil {
		t.Fatal("Compile accepts a broken mapping")
	}
	for _, path := range []string{
		"map.name:", "map.name_also[0]:", "map.addresses[0]:", "map.kind.attribute:", "map.kind.values.u:",
		"map.kind.values.a:", "map.enabled.attribute:", "map.same_person[0]:", "sql.leavers.column:",
	} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("no problem at %s in:\n%v", path, err)
		}
	}
	for _, name := range []string{"", "  ", "{}", "{ }", "{{uid}}", "{a{b}", "x\x00{a}"} {
		if _, err := Compile(Spec{Name: name}); err == nil {
			t.Errorf("Compile accepts the name template %q", name)
		}
	}
	if _, err := Compile(Spec{Name: "{a}", Enabled: EnabledSpec{Attribute: "a", Absent: true, Is: []string{"x"}}}); err == nil {
		t.Error("Compile accepts two operators")
	}
}

func TestAttributes(t *testing.T) {
	m := compile(t, Spec{
		ID: "entryUUID", Name: "{mail}", NameAlso: []string{"{UID}@x", "{uid}"},
		Addresses: []AddressSpec{{Attribute: "Mail"}}, Created: "createTimestamp",
		Enabled: EnabledSpec{Attribute: "active"}, Kind: KindSpec{Attribute: "type"},
	})
	if d := cmp.Diff([]string{"active", "createTimestamp", "mail", "type", "UID"}, m.Attributes()); d != "" {
		t.Errorf("attributes (-want +got):\n%s", d)
	}
}

func TestFingerprint(t *testing.T) {
	base := Spec{Name: "{uid}", Kind: KindSpec{Attribute: "type", Values: map[string]string{"a": "admin", "b": "group"}}}
	first := compile(t, base).Fingerprint()
	same := base
	same.Kind = KindSpec{Attribute: "TYPE", Values: map[string]string{"b": "group", "a": "admin"}}
	same.ID = "entryUUID"
	if got := compile(t, same).Fingerprint(); got != first {
		t.Error("the same meaning has two fingerprints")
	}
	other := base
	other.Addresses = []AddressSpec{{Attribute: "mail"}}
	if got := compile(t, other).Fingerprint(); got == first {
		t.Error("another mapping has the same fingerprint")
	}
}

func TestDigestDoesNotDependOnOrder(t *testing.T) {
	a := reconcile.Entry{ID: "1", Names: []string{"a"}, Label: "x"}
	b := reconcile.Entry{ID: "2", Names: []string{"b"}}
	var ab, ba, other, shifted Digest
	ab.Add(a)
	ab.Add(b)
	a.Label = "y"
	ba.Add(b)
	ba.Add(a)
	if ab.String() != ba.String() {
		t.Error("the digest depends on order or label")
	}
	b.Enabled = reconcile.EnabledNo
	other.Add(a)
	other.Add(b)
	if other.String() == ab.String() {
		t.Error("a change of enabled does not change the digest")
	}
	shifted.Add(reconcile.Entry{ID: "1", NamesAlso: []string{"a"}})
	shifted.Add(reconcile.Entry{ID: "2", Names: []string{"b"}})
	if shifted.String() == ab.String() {
		t.Error("a value that moves to another field does not change the digest")
	}
}

func TestTallySumsUp(t *testing.T) {
	var tally Tally
	for _, label := range []string{"d", "c", "b", "a"} {
		tally.Add(label, []reconcile.Reason{{Code: WarnAddressNoDomain, Message: `"x" in mail has no domain`}})
	}
	tally.Add("e", []reconcile.Reason{{Code: WarnNameUnusable, Message: "m"}})
	got := tally.Reasons()
	if len(got) != 2 || got[0].Code != WarnAddressNoDomain || got[1].Code != WarnNameUnusable {
		t.Fatalf("reasons = %+v", got)
	}
	if !strings.Contains(got[0].Message, "(4)") || !strings.Contains(got[0].Message, "b: ") || !strings.HasSuffix(got[0].Message, "…") {
		t.Errorf("message = %q, want the number, examples and an ellipsis", got[0].Message)
	}
}
