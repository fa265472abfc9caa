package mapping

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNameTerms(t *testing.T) {
	for _, c := range []struct {
		name  string
		spec  Spec
		asked string
		want  []Term
	}{
		{"whole", Spec{Name: "{mail}"}, "Alice@Example.org", []Term{{"mail", "alice@example.org"}}},
		{"suffix", Spec{Name: "{uid}@Example.org"}, "ALICE@example.ORG", []Term{{"uid", "alice"}}},
		{"other suffix", Spec{Name: "{uid}@example.org"}, "alice@example.com", nil},
		{"nothing left", Spec{Name: "{uid}@example.org"}, "@example.org", nil},
		{"braces", Spec{Name: "{{x}{uid}"}, "{x}bob", []Term{{"uid", "bob"}}},
		{"also", Spec{Name: "{mail}", NameAlso: []string{"{uid}", "{UID}"}}, "bob", []Term{{"mail", "bob"}, {"uid", "bob"}}},
		{"two", Spec{Name: "{given}.{sn}@x.org"}, "john.doe@x.org", []Term{{"given", "john"}}},
		{"longer one", Spec{Name: "{given}.{sn}@x.org"}, "j.doe@x.org", []Term{{"sn", "doe"}}},
		{"two splits", Spec{Name: "{given}.{sn}"}, "a.b.c", []Term{{"sn", "b.c"}, {"sn", "c"}}},
		{"twice the same", Spec{Name: "{uid}-{uid}"}, "a-a", []Term{{"uid", "a"}}},
	} {
		if d := cmp.Diff(c.want, compile(t, c.spec).NameTerms(c.asked)); d != "" {
			t.Errorf("%s: terms of %q (-want +got):\n%s", c.name, c.asked, d)
		}
	}
}

func TestAddressTerms(t *testing.T) {
	m := compile(t, Spec{Name: "{uid}", Addresses: []AddressSpec{{Attribute: "mail"}, {Attribute: "MAIL"}, {"proxyAddresses", "SMTP:"}}})
	want := []Term{{"mail", "a@x.org"}, {"proxyAddresses", "smtp:a@x.org"}}
	if d := cmp.Diff(want, m.AddressTerms(" A@x.org ")); d != "" {
		t.Errorf("terms (-want +got):\n%s", d)
	}
	if got := m.AddressTerms(" "); got != nil {
		t.Errorf("terms of an empty address = %v", got)
	}
}

// Whoever bears a name is found by one of its terms: without this law a
// re-check could call a living person absent.
func TestEveryBearerIsFoundByATerm(t *testing.T) {
	texts := rapid.SampledFrom([]string{"", ".", "-", "@", "@X.org", "a", " ", "{{", "ß", "K"})
	attributes := rapid.SampledFrom([]string{"{one}", "{two}", "{Three}"})
	values := rapid.SliceOfN(rapid.StringMatching(`[aA.@ Kßé-]{0,5}`), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		text := texts.Draw(t, "t0")
		for range rapid.IntRange(1, 3).Draw(t, "n") {
			text += attributes.Draw(t, "attribute") + texts.Draw(t, "text")
		}
		m, err := Compile(Spec{Name: text, Addresses: []AddressSpec{{Attribute: "one", Prefix: "aK"}}})
		if err != nil {
			t.Fatal(err)
		}
		r := record{"one": values.Draw(t, "one"), "two": values.Draw(t, "two"), "three": values.Draw(t, "three")}
		e, _ := m.Entry("1", "x", r)
		for _, name := range e.Names {
			if !anyTerm(m.NameTerms(name), r) || !anyTerm(m.NameTerms(strings.ToUpper(name)), r) && strings.EqualFold(strings.ToUpper(name), name) {
				t.Fatalf("template %q, record %q: %q is not found by %v", text, r, name, m.NameTerms(name))
			}
		}
		for _, address := range e.Addresses {
			if !anyTerm(m.AddressTerms(address), r) {
				t.Fatalf("record %q: address %q is not found by %v", r, address, m.AddressTerms(address))
			}
		}
	})
}

// anyTerm searches as a directory does: without case, blanks at the ends
// ignored.
func anyTerm(terms []Term, r record) bool {
	for _, term := range terms {
		for _, v := range r.Values(term.Attribute) {
			if fold(v) == strings.ToLower(term.Value) || fold(v) == fold(term.Value) {
				return true
			}
		}
	}
	return false
}

func FuzzTemplate(f *testing.F) {
	f.Add("{uid}@example.org", "alice")
	f.Add("{{{a}", "x")
	f.Fuzz(func(t *testing.T, text, value string) {
		m, err := Compile(Spec{Name: text})
		if err != nil {
			return
		}
		r := everything{value}
		e, _ := m.Entry("1", "x", r)
		for _, name := range e.Names {
			found := false
			for _, term := range m.NameTerms(name) {
				found = found || fold(term.Value) == fold(value)
			}
			if !found {
				t.Fatalf("template %q, value %q: %q is not found by %v", text, value, name, m.NameTerms(name))
			}
		}
	})
}

type everything struct{ value string }

func (e everything) Values(string) []string { return []string{e.value} }
