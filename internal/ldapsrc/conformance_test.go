package ldapsrc

import (
	"fmt"
	"testing"

	"syncagent/internal/ldaptest"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
)

// world is a directory for the conformance suite.
type world struct {
	t      testing.TB
	server *ldaptest.Server
	ids    map[string]int
}

func newWorld(t testing.TB) sourcetest.World {
	return &world{t: t, server: ldaptest.New(t, ldaptest.Options{}), ids: map[string]int{}}
}

var worldMap = mapping.Spec{
	Name: "{employeeNumber}", Addresses: []mapping.AddressSpec{{Attribute: "mail"}},
	Kind: mapping.KindSpec{Attribute: "employeeType"}, Enabled: mapping.EnabledSpec{Attribute: "nsAccountLock", Not: []string{"TRUE"}},
}

func (w *world) number(key string) int {
	if _, known := w.ids[key]; !known {
		w.ids[key] = len(w.ids) + 1
	}
	return w.ids[key]
}

func (w *world) ID(key string) reconcile.StableID { return reconcile.StableID(uuid(w.number(key))) }

func attributes(p sourcetest.Person, id string) map[string][]string {
	kind := map[reconcile.Kind]string{reconcile.KindIndividual: "individual", reconcile.KindGroup: "group", reconcile.KindAdmin: "admin"}[p.Kind]
	attrs := map[string][]string{
		"objectClass": {"inetOrgPerson"}, "employeeNumber": {p.Name}, "mail": p.Addresses, "employeeType": {kind},
	}
	if id != "" {
		attrs["entryUUID"] = []string{id}
	}
	if p.Disabled {
		attrs["nsAccountLock"] = []string{"true"}
	}
	return attrs
}

func (w *world) Put(p sourcetest.Person) error {
	w.server.Add("uid="+p.Key+","+ldaptest.People, attributes(p, string(w.ID(p.Key))))
	return nil
}

func (w *world) Remove(key string) { w.server.Remove("uid=" + key + "," + ldaptest.People) }
func (w *world) Break()            { w.server.Break() }

func (w *world) PutOutside(p sourcetest.Person) {
	w.server.Add("uid="+p.Key+","+ldaptest.Suffix, attributes(p, string(w.ID(p.Key))))
}

func (w *world) DuplicateID(key string) {
	w.server.Add("uid=second,"+ldaptest.People, attributes(sourcetest.Person{Name: "second@example.org"}, string(w.ID(key))))
}

func (w *world) PutWithoutID() {
	w.server.Add("uid=nameless,"+ldaptest.People, attributes(sourcetest.Person{Name: "nameless@example.org"}, ""))
}

func (w *world) Open() sourcetest.Source {
	o := usual(w.server.URL())
	o.Map = worldMap
	source, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return sourcetest.Adapt(source)
}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Fixture{New: newWorld, Evidence: func(t testing.TB, e reconcile.Evidence) {
		if e.IDAttribute != "entryUUID" || e.IDReusable || e.Directory != "ldap:"+ldaptest.Suffix {
			t.Errorf("evidence %s", fmt.Sprintf("%+v", e))
		}
	}})
}
