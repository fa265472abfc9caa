//go:build realservers

package ldap

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/ldapsrc"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
	"syncagent/internal/testserver"
)

// world is a part of one slapd, for the conformance suite.
type world struct {
	t     testing.TB
	slapd *testserver.SlapdServer
	root  string // what look-ups see
	base  string // what snapshots see
	ids   map[string]reconcile.StableID
	dns   map[string]string
}

var (
	worlds      atomic.Int64
	worldServer = testserver.Shared(func(t testserver.TB) *testserver.SlapdServer {
		return testserver.Slapd(t, testserver.SlapdOptions{})
	})
)

func newWorld(t testing.TB) sourcetest.World {
	s := worldServer(t)
	root := fmt.Sprintf("ou=world%d,%s", worlds.Add(1), testserver.BaseDN)
	w := &world{t: t, slapd: s, root: root, base: "ou=people," + root, ids: map[string]reconcile.StableID{}, dns: map[string]string{}}
	for _, dn := range []string{w.root, w.base} {
		s.Add(t, dn, map[string][]string{"objectClass": {"organizationalUnit"}})
	}
	return w
}

func (w *world) attributes(p sourcetest.Person) map[string][]string {
	kind := map[reconcile.Kind]string{reconcile.KindIndividual: "individual", reconcile.KindGroup: "group", reconcile.KindAdmin: "admin"}[p.Kind]
	attrs := map[string][]string{
		"objectClass": {"inetOrgPerson"}, "cn": {"x"}, "sn": {"x"}, "employeeNumber": {p.Name}, "employeeType": {kind}, "mail": p.Addresses, "description": nil,
	}
	if p.Disabled {
		attrs["description"] = []string{"locked"}
	}
	return attrs
}

// Put adds or changes; a refused value is the directory's right.
func (w *world) Put(p sourcetest.Person) error {
	return w.put(p, "uid="+p.Key+","+w.base)
}

func (w *world) put(p sourcetest.Person, dn string) (failure error) {
	w.slapd.Do(w.t, func(c *ldap.Conn) error {
		if w.dns[p.Key] == "" {
			failure = w.add(c, p, dn)
			return nil
		}
		change := ldap.NewModifyRequest(w.dns[p.Key], nil)
		for name, values := range w.attributes(p) {
			change.Replace(name, values)
		}
		failure = c.Modify(change)
		return nil
	})
	return failure
}

func (w *world) add(c *ldap.Conn, p sourcetest.Person, dn string) error {
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range w.attributes(p) {
		if len(values) > 0 {
			request.Attribute(name, values)
		}
	}
	if err := c.Add(request); err != nil {
		return err
	}
	res, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"entryUUID"}, nil))
	if err != nil {
		return err
	}
	w.dns[p.Key], w.ids[p.Key] = dn, reconcile.StableID(res.Entries[0].GetAttributeValue("entryUUID"))
	return nil
}

func (w *world) Remove(key string) {
	w.slapd.Delete(w.t, w.dns[key])
	delete(w.dns, key)
}

func (w *world) ID(key string) reconcile.StableID { return w.ids[key] }

func (w *world) PutOutside(p sourcetest.Person) {
	if err := w.put(p, "uid="+p.Key+","+w.root); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) Break() {
	w.slapd.Kill()
	w.slapd.Start(w.t)
}

func (w *world) Open() sourcetest.Source {
	source, err := ldapsrc.New(ldapsrc.Options{
		Name: "world", URLs: []string{w.slapd.URL}, Bases: []string{w.base}, LookupBase: w.root, PageSize: 10, Timeout: 20 * time.Second,
		Filter: "(objectClass=inetOrgPerson)",
		Bind:   ldapsrc.Bind{DN: testserver.SyncDN, Password: password(testserver.SyncPassword)},
		Map: mapping.Spec{
			Name: "{employeeNumber}", Addresses: []mapping.AddressSpec{{Attribute: "mail"}},
			Kind: mapping.KindSpec{Attribute: "employeeType"}, Enabled: mapping.EnabledSpec{Attribute: "description", Not: []string{"locked"}},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return sourcetest.Adapt(source)
}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Fixture{New: newWorld})
}
