package ldapsrc

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"syncagent/internal/ldaptest"
	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(o *Options)
		says   string
	}{
		"no server":               {func(o *Options) { o.URLs = nil }, "urls is missing"},
		"another scheme":          {func(o *Options) { o.URLs = []string{"http://a"} }, "scheme must be"},
		"no scheme":               {func(o *Options) { o.URLs = []string{"ldap.example.org"} }, "use ldap://"},
		"a path":                  {func(o *Options) { o.URLs = []string{"ldap://localhost/dc=x"} }, "base is a setting"},
		"a password in the URL":   {func(o *Options) { o.URLs = []string{"ldaps://cn=x:hunter2@host"} }, "use bind"},
		"half a socket path":      {func(o *Options) { o.URLs = []string{"ldapi://run"} }, "whole path"},
		"password in the clear":   {func(o *Options) { o.URLs = []string{"ldap://ldap.example.org"} }, "unencrypted"},
		"StartTLS on ldaps":       {func(o *Options) { o.URLs = []string{"ldaps://ldap.example.org"}; o.StartTLS = true }, "start_tls"},
		"no base":                 {func(o *Options) { o.Bases = nil }, "base is missing"},
		"a base that is no DN":    {func(o *Options) { o.Bases = []string{"people"} }, "not a valid DN"},
		"bases that overlap":      {func(o *Options) { o.Bases = []string{"ou=A,dc=x", "ou=b,OU=a,DC=x"} }, "overlap"},
		"a filter":                {func(o *Options) { o.Filter = "(uid=*" }, "not a valid LDAP filter"},
		"a leavers filter":        {func(o *Options) { o.Leavers.Filter = "uid=*" }, "not a valid LDAP filter"},
		"a scope":                 {func(o *Options) { o.Scope = "base" }, "scope"},
		"page size":               {func(o *Options) { o.PageSize = -1 }, "page_size"},
		"referrals":               {func(o *Options) { o.Referrals = "follow" }, "referrals"},
		"an ID with a filter":     {func(o *Options) { o.ID = "uid)(x=*" }, "not the name of an attribute"},
		"a DN without a password": {func(o *Options) { o.Bind.Password = nil }, "without a password"},
		"EXTERNAL with a DN":      {func(o *Options) { o.Bind.SASLExternal = true }, "takes no dn"},
		"EXTERNAL over TCP":       {func(o *Options) { o.Bind = Bind{SASLExternal: true} }, "client certificate"},
		"half a certificate":      {func(o *Options) { o.TLS.ClientCert = "x" }, "belong together"},
		"a mapping":               {func(o *Options) { o.Map = mapping.Spec{} }, "map.name"},
	} {
		o := usual("ldap://127.0.0.1")
		c.change(&o)
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func TestNewTakes(t *testing.T) {
	for name, change := range map[string]func(o *Options){
		"loopback":               func(*Options) {},
		"localhost":              func(o *Options) { o.URLs = []string{"ldap://localhost:10389/"} },
		"IPv6":                   func(o *Options) { o.URLs = []string{"ldap://[::1]"} },
		"plaintext on demand":    func(o *Options) { o.URLs = []string{"ldap://ldap.example.org"}; o.AllowPlaintextPassword = true },
		"StartTLS":               func(o *Options) { o.URLs = []string{"ldap://ldap.example.org"}; o.StartTLS = true },
		"StartTLS and ldapi":     func(o *Options) { o.URLs = []string{"ldapi://%2Frun%2Fldapi", "ldap://a.example"}; o.StartTLS = true },
		"anonymous in the clear": func(o *Options) { o.URLs = []string{"ldap://ldap.example.org"}; o.Bind = Bind{} },
		"neighbours":             func(o *Options) { o.Bases = []string{"ou=a,dc=x", "ou=b,dc=x"} },
		"one level":              func(o *Options) { o.Bases = []string{"dc=x", "ou=b,dc=x"}; o.Scope = "one" },
	} {
		o := usual("ldap://127.0.0.1")
		change(&o)
		if _, err := New(o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSocketForms(t *testing.T) {
	for text, want := range map[string]string{
		"ldapi://%2Frun%2Fslapd%2Fldapi": "/run/slapd/ldapi", "ldapi:///run/slapd/ldapi": "/run/slapd/ldapi", "ldapi://": defaultSocket, "LDAPI:///": defaultSocket,
	} {
		srv, err := parseServer(text)
		if err != nil || srv.address != want || srv.network != "unix" {
			t.Errorf("%s: %+v %v", text, srv, err)
		}
	}
}

func TestSocket(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{Socket: filepath.Join(t.TempDir(), "s")}), 3)
	complete(t, open(t, server, func(o *Options) { o.Bind = Bind{SASLExternal: true}; o.StartTLS = true }))
}

func TestFailover(t *testing.T) {
	dead := ldaptest.New(t, ldaptest.Options{})
	dead.Close()
	good := fill(ldaptest.New(t, ldaptest.Options{}), 15)
	complete(t, open(t, good, func(o *Options) { o.URLs = []string{dead.URL(), good.URL()} }))

	refusing := ldaptest.New(t, ldaptest.Options{Faults: []ldaptest.Fault{{Kind: ldaptest.RefuseBind, Code: 49}}})
	before := good.Binds()
	_, ev, err := snapshot(t, open(t, good, func(o *Options) { o.URLs = []string{refusing.URL(), good.URL()} }))
	if !errors.Is(err, ErrUnusable) || ev.Complete || good.Binds() != before {
		t.Errorf("a wrong password was tried on the next server: %v", err)
	}

	middle := fill(ldaptest.New(t, ldaptest.Options{Faults: []ldaptest.Fault{{Kind: ldaptest.CloseAfterPage, Page: 1}}}), 15)
	_, ev, err = snapshot(t, open(t, middle, func(o *Options) { o.URLs = []string{middle.URL(), good.URL()} }))
	if err != nil || ev.Complete || ev.Server != middle.URL() {
		t.Errorf("changed servers in the middle: %v %+v", err, ev)
	}
}

func TestPasswords(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 3)
	for name, give := range map[string]func() (string, error){
		"empty":      password(""),
		"unreadable": func() (string, error) { return "", errors.New("no such file") },
	} {
		_, ev, err := snapshot(t, open(t, server, func(o *Options) { o.Bind.Password = give }))
		if err == nil || ev.Reasons[0].Code != reconcile.UnusableSecret || server.Binds() != 0 {
			t.Errorf("%s: %v %+v, %d binds", name, err, ev, server.Binds())
		}
	}
	_, ev, err := snapshot(t, open(t, server, func(o *Options) { o.Bind.Password = password("hunter2") }))
	if err == nil || strings.Contains(err.Error()+ev.Reasons[0].Message+ev.Reasons[0].Hint, "hunter2") {
		t.Errorf("wrong password: %v", err)
	}
}

func TestCancelUnblocks(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{Faults: []ldaptest.Fault{{Kind: ldaptest.StallPage, Page: 2}}}), 35)
	ctx, cancel := context.WithCancel(deadline(t))
	server.OnPage(func(page int) {
		if page == 2 {
			cancel()
		}
	})
	ev, err := open(t, server, nil).Snapshot(ctx, func(reconcile.Entry) error { return nil })
	if !errors.Is(err, context.Canceled) || ev.Complete {
		t.Errorf("%v %+v", err, ev)
	}
}

func TestReferralsIgnored(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{Faults: []ldaptest.Fault{{Kind: ldaptest.SendReferral}}}), 35)
	_, ev := complete(t, open(t, server, func(o *Options) { o.Referrals = ReferralsIgnore }))
	if got := codes(ev.Warnings); len(got) != 1 || got[0] != warnReferral {
		t.Errorf("warnings %+v", ev.Warnings)
	}
}

func TestDuplicateAcrossBases(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 5)
	server.Add("ou=b,"+ldaptest.Suffix, map[string][]string{"objectClass": {"organizationalUnit"}})
	two := func(o *Options) { o.Bases = []string{ldaptest.People, "ou=b," + ldaptest.Suffix} }
	server.Add("uid=x,ou=b,"+ldaptest.Suffix, with(person(9), "uid", "x"))
	if entries, _ := complete(t, open(t, server, two)); len(entries) != 6 {
		t.Errorf("%d entries", len(entries))
	}
	server.Add("uid=x,ou=b,"+ldaptest.Suffix, person(2))
	_, ev, err := snapshot(t, open(t, server, two))
	if err != nil || ev.Complete || ev.Reasons[0].Code != reconcile.UnusableDuplicateID {
		t.Errorf("%v %+v", err, ev)
	}
	server.Remove("uid=x,ou=b," + ldaptest.Suffix)
	server.Remove("ou=b," + ldaptest.Suffix)
	_, ev, err = snapshot(t, open(t, server, two))
	if err != nil || ev.Complete || ev.Reasons[0].Code != reconcile.UnusableBaseMissing {
		t.Errorf("the second base is missing: %v %+v", err, ev)
	}
}

func TestLeaversInTheBase(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 3)
	server.Add("uid=gone,ou=leavers,"+ldaptest.People, person(7))
	entries, _ := complete(t, open(t, server, func(o *Options) { o.Leavers.Bases = []string{"OU=Leavers, " + ldaptest.People} }))
	for _, e := range entries {
		if e.Leaver != strings.HasPrefix(e.Label, "uid=gone") {
			t.Errorf("%s: leaver %v", e.Label, e.Leaver)
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := usual("ldap://127.0.0.1")
	print := func(change func(o *Options)) string {
		t.Helper()
		o := base
		change(&o)
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		return s.Fingerprint()
	}
	want := print(func(*Options) {})
	for name, change := range map[string]func(o *Options){
		"servers":  func(o *Options) { o.URLs = []string{"ldaps://b", "ldaps://a"} },
		"password": func(o *Options) { o.Bind.Password = password("other") },
		"spelling": func(o *Options) { o.Bases = []string{"OU=People, DC=example,DC=test"} },
		"pages":    func(o *Options) { o.PageSize = 7 },
		"kept ID":  func(o *Options) { o.KeepID = "entryUUID" },
	} {
		if print(change) != want {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	for name, change := range map[string]func(o *Options){
		"base":    func(o *Options) { o.Bases = []string{"ou=p,dc=example,dc=test"} },
		"scope":   func(o *Options) { o.Scope = "one" },
		"filter":  func(o *Options) { o.Filter = "(uid=*)" },
		"mapping": func(o *Options) { o.Map.Name = "{uid}" },
		"leavers": func(o *Options) { o.Leavers.Filter = "(a=b)" },
	} {
		if print(change) == want {
			t.Errorf("%s does not change the fingerprint", name)
		}
	}
}

func TestCommands(t *testing.T) {
	o := usual("ldaps://ldap1.example.org")
	o.TLS.CAFile = "/etc/ssl/a b.pem"
	o.Filter = "(cn=O'Hara)"
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	want := `LDAPTLS_CACERT='/etc/ssl/a b.pem' ldapsearch -LLL -o ldif-wrap=no -H ldaps://ldap1.example.org -x -D cn=sync,dc=example,dc=test` +
		` -y <(printf %s "$LDAPPASSWORD") -b ou=people,dc=example,dc=test -s sub -E pr=10/noprompt '(cn=O'\''Hara)' mail entryUUID`
	if got := s.Commands(); len(got) != 1 || got[0] != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestProbe(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{CSN: "20261122133954.653295Z#000000#001#000000"}), 5)
	checks, err := open(t, server, func(o *Options) {
		o.Map.SamePerson = []string{"employeeNumber"}
		o.Bases = []string{ldaptest.People, "ou=typo," + ldaptest.Suffix}
	}).Probe(deadline(t))
	got := map[string]Status{}
	for _, c := range checks {
		got[c.Name+": "+c.Message] = c.Status
		if c.Status != StatusOK && c.Hint == "" {
			t.Errorf("no hint: %+v", c)
		}
	}
	for name, want := range map[string]Status{
		"stable ID: entryUUID (chosen automatically)":                                   StatusOK,
		"base " + ldaptest.People + ": the first 5 entries have a stable ID and a name": StatusOK,
		"base " + ldaptest.People + ": none of the first 5 entries has employeeNumber":  StatusWarning,
		"look-ups: below " + ldaptest.Suffix:                                            StatusOK,
		"age of the data: known (1 change marks)":                                       StatusOK,
		"base ou=typo," + ldaptest.Suffix + ": search ou=typo," + ldaptest.Suffix + " on " + server.URL() + ": No Such Object (LDAP result code 32)": StatusFailure,
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q; all: %v", name, got[name], want, got)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
