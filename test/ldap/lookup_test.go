//go:build realservers

package ldap

import (
	"syscall"
	"testing"

	"syncagent/internal/ldapsrc"
	"syncagent/internal/reconcile"
	"syncagent/internal/testserver"
)

func id(i int) reconcile.StableID { return reconcile.StableID(testserver.UserUUID(i)) }

func session(t *testing.T, s *ldapsrc.Source) *ldapsrc.LookupSession {
	t.Helper()
	l, err := s.OpenLookup(deadline(t), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func ask(t *testing.T, l *ldapsrc.LookupSession, r reconcile.LookupRequest) reconcile.LookupResult {
	t.Helper()
	result, err := l.Lookup(deadline(t), r)
	if err != nil {
		t.Logf("look-up: %v", err)
	}
	return result
}

// whole is the question before a delete.
func whole(i int) reconcile.LookupRequest {
	return reconcile.LookupRequest{
		Control: id(1), ID: id(i), Names: []string{testserver.UserMail(i), testserver.UserName(i)}, Addresses: []string{testserver.UserMail(i)},
	}
}

// TestLookups asks about one person in every place where one can be.
func TestLookups(t *testing.T) {
	const (
		unknown = reconcile.PresenceUnknown
		found   = reconcile.PresenceFound
		absent  = reconcile.PresenceAbsent
	)
	s := testserver.Slapd(t, testserver.SlapdOptions{Users: 50})
	s.Delete(t, testserver.UserDN(10))
	s.ModRDN(t, testserver.UserDN(11), "uid="+testserver.UserName(11), testserver.LeaversDN)
	s.ModRDN(t, testserver.UserDN(12), "uid="+testserver.UserName(12), testserver.GroupsDN)
	s.Delete(t, testserver.UserDN(13))
	s.Modify(t, testserver.UserDN(14), "mail", testserver.UserMail(14), testserver.UserMail(13))
	leavers := func(o *ldapsrc.Options) { o.Leavers.Bases = []string{testserver.LeaversDN} }
	noSearch := "access to attrs=mail by users =rc by * none\n" + testserver.DefaultACL
	for _, c := range []struct {
		name         string
		i            int
		id, identity reconcile.Presence
		leaver       bool
		acl          string
		change       func(o *ldapsrc.Options)
		request      func(r *reconcile.LookupRequest)
	}{
		{name: "present", i: 20, id: found, identity: found},
		{name: "deleted", i: 10, id: absent, identity: absent},
		{name: "moved to the leavers", i: 11, id: found, identity: absent, leaver: true, change: leavers},
		{
			name: "moved to the leavers, by filter", i: 11, id: found, identity: absent, leaver: true,
			change: func(o *ldapsrc.Options) { o.Leavers.Filter = "(entryDN:dnSubtreeMatch:=" + testserver.LeaversDN + ")" },
		},
		{
			name: "the leavers' place may not be read", i: 10, id: unknown, identity: unknown, change: leavers,
			acl: "access to dn.subtree=\"" + testserver.LeaversDN + "\" by * none\n" + testserver.DefaultACL,
		},
		{name: "deleted, and others among the leavers", i: 10, id: absent, identity: absent, change: leavers},
		{name: "moved out of the base", i: 12, id: found, identity: found, change: leavers},
		{
			name: "the filter does not match any more", i: 20, id: found, identity: found,
			change: func(o *ldapsrc.Options) { o.Filter = "(employeeNumber=999)" },
		},
		{name: "deleted, its address given to another", i: 13, id: absent, identity: found},
		{name: "all hidden", i: 20, id: unknown, identity: unknown, acl: "access to filter=(objectClass=inetOrgPerson) by * none\n" + testserver.DefaultACL},
		{name: "may be read but not searched by mail", i: 10, id: absent, identity: unknown, acl: noSearch},
		{name: "the control is gone", i: 10, id: unknown, identity: unknown, request: func(r *reconcile.LookupRequest) { r.Control = id(13) }},
		{name: "no control", i: 10, id: unknown, identity: unknown, request: func(r *reconcile.LookupRequest) { r.Control = "" }},
		{
			name: "the base moved", i: 10, id: absent, identity: absent,
			change: func(o *ldapsrc.Options) { o.Bases = []string{"ou=former," + testserver.BaseDN} },
		},
		{
			name: "look-up base below the control", i: 10, id: unknown, identity: unknown,
			change: func(o *ldapsrc.Options) { o.LookupBase = testserver.GroupsDN },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.acl != "" {
				s.SetACL(t, c.acl)
				t.Cleanup(func() { s.SetACL(t, "") })
			}
			r := whole(c.i)
			if c.request != nil {
				c.request(&r)
			}
			got := ask(t, session(t, open(t, s, c.change)), r)
			if c.acl == noSearch { // one answer that is not proven spoils all of the request
				c.id = unknown
			}
			if got.ID != c.id || got.Identity != c.identity || got.Leaver != c.leaver {
				t.Errorf("ID %d, identity %d, leaver %v (%s)", got.ID, got.Identity, got.Leaver, got.Reason)
			}
			if (got.ID == unknown || got.Identity == unknown) != (got.Reason != "") {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

func TestLookupOfADeadServer(t *testing.T) {
	s := testserver.Slapd(t, testserver.SlapdOptions{Users: 50})
	source := open(t, s, func(o *ldapsrc.Options) { o.Timeout = hung })
	for name, strike := range map[string]func(){
		"SIGSTOP": func() { s.Signal(t, syscall.SIGSTOP) },
		"SIGKILL": s.Kill,
	} {
		s.Start(t)
		l := session(t, source)
		strike()
		got, err := l.Lookup(deadline(t), whole(99))
		if err == nil || got.ID != reconcile.PresenceUnknown || got.Identity != reconcile.PresenceUnknown {
			t.Errorf("%s: %v %+v", name, err, got)
		}
		if s.Running() {
			s.Signal(t, syscall.SIGCONT)
		}
		s.Kill()
	}
}

// TestLookupAsksAnotherServer wants a second opinion, not the same one twice.
func TestLookupAsksAnotherServer(t *testing.T) {
	first := testserver.Slapd(t, testserver.SlapdOptions{Users: 20})
	second := testserver.Slapd(t, testserver.SlapdOptions{Users: 20})
	source := open(t, first, func(o *ldapsrc.Options) { o.URLs = []string{first.URL, second.URL}; o.Timeout = hung })
	first.Delete(t, testserver.UserDN(10))
	ev := complete(t, source, 19)
	l, err := source.OpenLookup(deadline(t), ev.Server)
	if err != nil {
		t.Fatal(err)
	}
	got := ask(t, l, whole(10))
	_ = l.Close()
	if got.Server != second.URL || got.ID != reconcile.PresenceFound {
		t.Errorf("%+v", got)
	}
	second.Kill()
	if _, err := source.OpenLookup(deadline(t), ev.Server); err == nil {
		t.Error("the server that gave the snapshot was asked again although the source has another")
	}
}
