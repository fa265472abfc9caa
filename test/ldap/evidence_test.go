//go:build realservers

package ldap

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"syncagent/internal/ldapsrc"
	"syncagent/internal/reconcile"
	"syncagent/internal/testserver"
)

func TestWhole(t *testing.T) {
	s := slapd(t)
	ev := complete(t, open(t, s, nil), users)
	if ev.IDAttribute != "entryUUID" || ev.IDReusable || ev.Directory != "ldap:"+testserver.BaseDN || ev.Server != s.URL ||
		!strings.Contains(ev.Positions["000"], "#000#") {
		t.Errorf("evidence %+v", ev)
	}
	for _, size := range []int{1, 7, 500, 1000, 2000, 5000} {
		if size == 1 {
			continue // 2,000 round trips tell nothing more
		}
		again := complete(t, open(t, s, func(o *ldapsrc.Options) { o.PageSize = size }), users)
		if again.Digest != ev.Digest {
			t.Errorf("page size %d gives another digest", size)
		}
		if again.Counted != -1 && again.Counted != users {
			t.Errorf("page size %d: counted %d", size, again.Counted)
		}
	}
}

// unusual is one of the situations in which tools of this kind removed
// everybody without a word.
type unusual struct {
	name string
	// believed is the number of entries of a snapshot that is complete as protocol
	// goes, so that only guards can stop it; -1: the snapshot must not be complete.
	believed int
	wants    string // the code of a reason or warning
	set      func(t *testing.T, s *testserver.SlapdServer)
	change   func(o *ldapsrc.Options)
}

var unusuals = []unusual{
	{
		name: "hidden from the bind account by an ACL", believed: 0, wants: "empty",
		set: acl(`access to filter=(objectClass=inetOrgPerson) by * none` + "\n" + testserver.DefaultACL),
	},
	{
		name: "half of the entries hidden", believed: users / 2,
		set: acl(fmt.Sprintf(`access to dn.regex="^uid=u[0-9]*[02468],%s$" by * none`, testserver.PeopleDN) + "\n" + testserver.DefaultACL),
	},
	{
		name: "the base hidden", believed: -1, wants: "base-missing",
		set: acl(fmt.Sprintf(`access to dn.subtree=%q by * none`, testserver.PeopleDN) + "\n" + testserver.DefaultACL),
	},
	{
		name: "the ID attribute hidden", believed: -1, wants: "no-id",
		set: acl("access to attrs=entryUUID by * none\n" + testserver.DefaultACL),
	},
	{
		name: "typo in the filter value", believed: 0, wants: "empty",
		change: func(o *ldapsrc.Options) { o.Filter = "(objectClass=inetOrgPersn)" },
	},
	{
		name: "typo in the filter attribute", believed: 0, wants: "empty",
		change: func(o *ldapsrc.Options) { o.Filter = "(&(objectClass=inetOrgPerson)(emploeeNumber=*))" },
	},
	{
		name: "filter narrowed to 10", believed: 10,
		change: func(o *ldapsrc.Options) { o.Filter = "(&(objectClass=inetOrgPerson)(uid=u000100*))" },
	},
	{
		name: "limited to 500, paged", believed: -1, wants: "limit-reached",
		change: func(o *ldapsrc.Options) { limited(o); o.PageSize = 100 },
	},
	{
		name: "limited to 500, one page", believed: -1, wants: "limit-reached",
		change: func(o *ldapsrc.Options) { limited(o); o.PageSize = 5000 },
	},
	{
		name: "limited by size.pr", believed: -1, wants: "limit-reached",
		set: limits(`limits dn.exact="` + testserver.SyncDN + `" size=500 size.pr=100`),
	},
	{
		name: "limited by size.prtotal", believed: -1, wants: "limit-reached",
		set: limits(`limits dn.exact="` + testserver.SyncDN + `" size=unlimited size.prtotal=1000`),
	},
	{
		name: "paging disabled", believed: -1, wants: "limit-reached",
		set: limits(`limits dn.exact="` + testserver.SyncDN + `" size=unlimited size.prtotal=disabled`),
	},
	{
		name: "base missing", believed: -1, wants: "base-missing",
		change: func(o *ldapsrc.Options) { o.Bases = []string{"ou=persons," + testserver.BaseDN} },
	},
	{
		name: "outside of every suffix", believed: -1, wants: "base-missing",
		change: func(o *ldapsrc.Options) { o.Bases = []string{"dc=other,dc=test"} },
	},
	{
		name: "wrong password", believed: -1, wants: "login-refused",
		change: func(o *ldapsrc.Options) { o.Bind.Password = password("wrong") },
	},
	{
		name: "anonymous", believed: -1, wants: "base-missing",
		change: func(o *ldapsrc.Options) { o.Bind = ldapsrc.Bind{} },
	},
	{
		name: "nobody listens", believed: -1, wants: "unreachable",
		set: func(_ *testing.T, s *testserver.SlapdServer) { s.Kill() },
	},
	{
		name: "stopped with SIGSTOP", believed: -1, wants: "timeout",
		set:    func(t *testing.T, s *testserver.SlapdServer) { s.Signal(t, syscall.SIGSTOP) },
		change: func(o *ldapsrc.Options) { o.Timeout = hung },
	},
}

func acl(rules string) func(*testing.T, *testserver.SlapdServer) {
	return func(t *testing.T, s *testserver.SlapdServer) { s.SetACL(t, rules) }
}

func limits(lines string) func(*testing.T, *testserver.SlapdServer) {
	return func(t *testing.T, s *testserver.SlapdServer) { s.SetLimits(t, lines) }
}

func limited(o *ldapsrc.Options) {
	o.Bind = ldapsrc.Bind{DN: testserver.LimitedDN, Password: password(testserver.LimitedPassword)}
}

func TestUnusual(t *testing.T) {
	s := testserver.Slapd(t, testserver.SlapdOptions{Users: users})
	for _, u := range unusuals {
		t.Run(u.name, func(t *testing.T) {
			if u.set != nil {
				u.set(t, s)
				t.Cleanup(func() {
					if s.Running() {
						s.Signal(t, syscall.SIGCONT)
					}
					s.Restart(t, func(o *testserver.SlapdOptions) { o.ACL, o.Limits = "", "" })
				})
			}
			start := time.Now()
			n, ev, err := snapshot(t, open(t, s, u.change), nil)
			checkUnusual(t, u, n, ev, err)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func checkUnusual(t *testing.T, u unusual, n int, ev reconcile.Evidence, err error) {
	t.Helper()
	if (u.believed >= 0) != ev.Complete || u.believed >= 0 && n != u.believed {
		t.Fatalf("%d entries, complete %v, want %d; %v %+v", n, ev.Complete, u.believed, err, ev)
	}
	if err != nil && !errors.Is(err, ldapsrc.ErrUnusable) {
		t.Errorf("error %v is not ErrUnusable", err)
	}
	reasons := append(ev.Reasons, ev.Warnings...)
	if u.wants == "" {
		if len(reasons) > 0 {
			t.Errorf("reasons %+v", reasons)
		}
		return
	}
	if len(reasons) != 1 || reasons[0].Code != u.wants || reasons[0].Hint == "" {
		t.Fatalf("reasons %+v, want %s", reasons, u.wants)
	}
	t.Logf("%d entries; %s: %s (%s)", n, reasons[0].Code, reasons[0].Message, reasons[0].Hint)
}

// TestDiesInTheMiddle kills or stops slapd while pages are being read.
func TestDiesInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		name  string
		wants string
		do    func(t *testing.T, s *testserver.SlapdServer)
	}{
		{"killed between pages", "connection-lost", func(_ *testing.T, s *testserver.SlapdServer) { s.Kill() }},
		{"ended between pages", "connection-lost", func(_ *testing.T, s *testserver.SlapdServer) { s.Stop() }},
		{"stopped with SIGSTOP", "timeout", func(t *testing.T, s *testserver.SlapdServer) { s.Signal(t, syscall.SIGSTOP) }},
		{"restarted between pages", "connection-lost", func(t *testing.T, s *testserver.SlapdServer) { s.Restart(t, nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testserver.Slapd(t, testserver.SlapdOptions{Users: users})
			source := open(t, s, func(o *ldapsrc.Options) { o.Timeout = hung })
			n, ev, err := snapshot(t, source, func(n int) {
				if n == 450 {
					c.do(t, s)
				}
			})
			// The third page was asked for already, and may have come. Only a server
			// that is to stop for a while answers on for a moment on a busy machine.
			pages := n == 597 || n == 897 || c.wants == "timeout" && n > 897 && n%300 == 297
			if err != nil || ev.Complete || !pages || len(ev.Reasons) != 1 || ev.Reasons[0].Code != c.wants {
				t.Errorf("%d entries, %v, %+v; want %s", n, err, ev, c.wants)
			}
		})
	}
}

// TestKilledWhileReading kills slapd while one large page is on its way.
func TestKilledWhileReading(t *testing.T) {
	s := testserver.Slapd(t, testserver.SlapdOptions{Users: 30000})
	source := open(t, s, func(o *ldapsrc.Options) { o.PageSize = 100000 })
	for _, delay := range []time.Duration{20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond} {
		timer := time.AfterFunc(delay, s.Kill)
		n, ev, err := snapshot(t, source, nil)
		timer.Stop()
		switch {
		case ev.Complete && n != 30000:
			t.Errorf("after %v: complete with %d entries", delay, n)
		case !ev.Complete && (err == nil && len(ev.Reasons) == 0 || n != 0 && n != 30000):
			t.Errorf("after %v: %d entries, %v, %+v", delay, n, err, ev)
		}
		t.Logf("after %v: complete %v, %v", delay, ev.Complete, err)
		s.Kill()
		s.Start(t)
	}
}

// TestFailover takes the second server where the first is down, and never
// changes servers in the middle.
func TestFailover(t *testing.T) {
	first := testserver.Slapd(t, testserver.SlapdOptions{Users: users})
	second := testserver.Slapd(t, testserver.SlapdOptions{Users: users})
	source := open(t, first, func(o *ldapsrc.Options) { o.URLs = []string{first.URL, second.URL}; o.Timeout = hung })
	_, ev, err := snapshot(t, source, func(n int) {
		if n == 450 {
			first.Kill()
		}
	})
	if err != nil || ev.Complete || ev.Server != first.URL {
		t.Fatalf("killed in the middle: %v %+v", err, ev)
	}
	if ev := complete(t, source, users); ev.Server != second.URL {
		t.Errorf("served by %s", ev.Server)
	}
}
