package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "15m": 15 * time.Minute, "1h30m": 90 * time.Minute,
		"14d": 14 * day, "2w": 14 * day, "1w1d1h": 8*day + time.Hour, "1d12h": 36 * time.Hour,
		"0s": 0, "0": 0, "250ms": 250 * time.Millisecond,
	} {
		got, err := ParseDuration(text)
		if err != nil || got.Std() != want {
			t.Errorf("%q gives %s, %v; want %s", text, got, err, want)
		}
		if again, err := ParseDuration(got.String()); err != nil || again != got {
			t.Errorf("%q is printed as %q, which gives %s, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "d", "w", "-1d", "-5s", "1d-5s", "1.5d", "1d1w", "2 w", "14", "99999999w", "99999w", "1dd", "876001h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q gives %s", text, got)
		}
	}
}

func TestSourcePolicy(t *testing.T) {
	cfg, err := LoadReader(strings.NewReader(`
sources:
  - name: staff
    sql: { driver: sqlite, dsn: people.db, query: SELECT 1 }
    map: { id: id, name: "{login}" }
    policy: { grace: { time: 30d }, missing: delete, approvals: 2, protect: "svc-*", limits: { delete: 0 } }
  - name: other
    sql: { driver: sqlite, dsn: people.db, query: SELECT 1 }
    map: { id: id, name: "{login}" }
policy:
  grace: { runs: 5 }
  protect: [ postmaster ]
  rename: report
server: { url: "http://127.0.0.1:8080", username: admin, password: { env: PW } }
`), "test")
	if err != nil {
		t.Fatal(err)
	}
	want := defaultPolicy()
	want.Grace.Runs = 5
	want.Rename = RenameReport
	want.Export.Dir = defaultStateDir + "/archive"
	want.Protect = Texts{"postmaster"}
	if diff := cmp.Diff(want, cfg.Sources[1].Policy); diff != "" {
		t.Errorf("a source without own policy (-want +got):\n%s", diff)
	}
	want.Grace.Time = Duration(30 * day)
	want.Missing = MissingDelete
	want.Approvals = 2
	want.Protect = Texts{"postmaster", "svc-*"}
	want.Limits.Delete = Limit{Count: 0, Percent: 2}
	if diff := cmp.Diff(want, cfg.Sources[0].Policy); diff != "" {
		t.Errorf("a source with own policy (-want +got):\n%s", diff)
	}
}

func TestFingerprint(t *testing.T) {
	source := func(change func(*Source)) string {
		s := Example().Sources[0]
		l := *s.LDAP
		s.LDAP = &l
		change(&s)
		return s.Fingerprint()
	}
	same := source(func(*Source) {})
	for name, change := range map[string]func(*Source){
		"servers":  func(s *Source) { s.LDAP.URLs = []string{"ldaps://b", "ldaps://a"} },
		"password": func(s *Source) { s.LDAP.Bind.Password = EnvSecret("OTHER") },
		"grace":    func(s *Source) { s.Policy.Grace.Runs = 9 },
	} {
		if got := source(change); got != same {
			t.Errorf("a change of %s changes the fingerprint", name)
		}
	}
	for name, change := range map[string]func(*Source){
		"base":    func(s *Source) { s.LDAP.Base = Texts{"dc=other"} },
		"scope":   func(s *Source) { s.LDAP.Scope = ScopeOne },
		"filter":  func(s *Source) { s.LDAP.Filter = "(uid=*)" },
		"mapping": func(s *Source) { s.Map.Name = "{uid}" },
	} {
		if got := source(change); got == same {
			t.Errorf("a change of %s leaves the fingerprint", name)
		}
	}
}

// TestKeys: the table for people and the structs name the same keys.
func TestKeys(t *testing.T) {
	documented := map[string]bool{}
	for _, k := range Keys() {
		if documented[k.Path] {
			t.Errorf("%s is documented twice", k.Path)
		}
		documented[k.Path] = true
		if k.Doc == "" || k.Form == "" || !strings.HasSuffix(k.Doc, ".") && !strings.HasSuffix(k.Doc, "…") {
			t.Errorf("%s needs a form and a sentence", k.Path)
		}
	}
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct {
				path += "[]"
			}
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for key, index := range fieldsByKey(typ) {
			at := genericPath(join(path, key))
			if !documented[at] {
				t.Errorf("%s is not documented", at)
			}
			delete(documented, at)
			if at != "sources[].policy" {
				walk(typ.Field(index).Type, at)
			}
		}
	}
	walk(reflect.TypeFor[Config](), "")
	for path := range documented {
		t.Errorf("%s is documented but no key", path)
	}
}
