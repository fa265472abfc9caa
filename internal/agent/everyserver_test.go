package agent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/agent"
	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
)

// inLDAP gives the people of the world by LDAP, from several servers.
func inLDAP(t *testing.T, n, servers int) (*world, []*ldaptest.Server) {
	t.Helper()
	w := newWorld(t, deleting)
	var urls []string
	var all []*ldaptest.Server
	for range servers {
		s := ldaptest.New(t, ldaptest.Options{})
		all, urls = append(all, s), append(urls, s.URL())
	}
	for i := range n {
		mail := fmt.Sprintf("u%02d@example.org", i)
		w.hire(fmt.Sprintf("p%02d", i), mail)
		w.deliver(mail, fmt.Sprintf("for p%02d", i))
		for _, s := range all {
			s.Add(ldapDN(i), ldapPerson(i, mail))
		}
	}
	w.file("ldap-password", ldaptest.BindPassword)
	head, _, _ := strings.Cut(replaceIn(t, w, "\n    sql:", "\n    \x00"), "\x00")
	w.file("syncagent.yaml", head+fmt.Sprintf(`ldap:
      urls: [ %s ]
      bind: { dn: "%s", password: { file: ldap-password } }
      base: %s
      filter: (objectClass=inetOrgPerson)
      leavers: { bases: [ "%s" ] }
    map: { name: "{mail}", addresses: [ mail ] }
    expect: { max_drop: 50%% }
policy:
%s
state: { dir: state }
audit: { file: audit.jsonl }
`, strings.Join(urls, ", "), ldaptest.BindDN, ldaptest.People, ldapLeavers, deleting))
	for _, s := range all {
		s.Add(ldapLeavers, map[string][]string{"objectClass": {"organizationalUnit"}})
	}
	w.reload()
	if rep := w.sync(); rep.Result.Counts.Linked != n {
		t.Fatalf("adopted %d of %d: %v", rep.Result.Counts.Linked, n, told(rep))
	}
	return w, all
}

const ldapLeavers = "ou=leavers," + ldaptest.Suffix

func ldapDN(i int) string { return fmt.Sprintf("uid=u%02d,%s", i, ldaptest.People) }

func ldapPerson(i int, mail string) map[string][]string {
	return map[string][]string{
		"objectClass": {"inetOrgPerson"}, "uid": {fmt.Sprintf("u%02d", i)}, "mail": {mail},
		"entryUUID": {fmt.Sprintf("00000000-0000-4000-8000-%012x", i)},
	}
}

// TestSwapWaitsForAStaleServer: the second server of the directory still gives
// the old names, so a mail server that asks it would let each of the two into
// the other's mailbox. One run is waited, not more.
func TestSwapWaitsForAStaleServer(t *testing.T) {
	for _, catchesUp := range []bool{true, false} {
		t.Run(fmt.Sprintf("catches up %v", catchesUp), func(t *testing.T) {
			w, servers := inLDAP(t, 30, 2)
			swap := func(s *ldaptest.Server) {
				s.Add(ldapDN(0), ldapPerson(0, "u01@example.org"))
				s.Add(ldapDN(1), ldapPerson(1, "u00@example.org"))
			}
			swap(servers[0])
			w.rename("p00", "u01@example.org")
			w.rename("p01", "u00@example.org")
			w.exec(`UPDATE people SET secret = 'pw-' || id`)
			dry, err := w.try(agent.RunOptions{DryRun: true})
			if err != nil || held(dry, reconcile.HoldRenameWaiting) != 2 {
				t.Fatalf("dry run: %v, %v", err, told(dry))
			}
			rep := w.sync()
			if held(rep, reconcile.HoldRenameWaiting) != 2 || len(rep.Result.Actions) != 0 {
				t.Fatalf("did not wait: %v", told(rep))
			}
			if catchesUp {
				swap(servers[1])
			}
			rep = w.sync()
			if rep.Failed > 0 || rep.Result.Counts.Rename != 2 || len(rep.Result.Holds) != 0 {
				t.Fatalf("did not move: %v", told(rep))
			}
			w.wantMail("u01@example.org", "p00", "for p00")
			w.wantMail("u00@example.org", "p01", "for p01")
		})
	}
}

func held(rep *agent.Report, code string) int {
	n := 0
	for _, h := range rep.Result.Holds {
		if h.Code == code {
			n++
		}
	}
	return n
}

// TestLeaversBase moves two people to the leavers' place and one elsewhere.
func TestLeaversBase(t *testing.T) {
	w, servers := inLDAP(t, 30, 2)
	move := func(i int, to string) {
		for _, s := range servers {
			s.Move(ldapDN(i), fmt.Sprintf("uid=u%02d,%s", i, to))
		}
	}
	move(0, ldapLeavers)
	move(1, ldapLeavers)
	move(2, "ou=elsewhere,"+ldaptest.Suffix)
	w.sync()
	w.sync()
	for _, s := range servers { // one comes back
		s.Move("uid=u01,"+ldapLeavers, ldapDN(1))
	}
	rep := w.sync()
	if rep.Result.Counts.Delete != 1 || rep.Failed > 0 || held(rep, reconcile.HoldOutOfScope) != 1 {
		t.Fatalf("%v", told(rep))
	}
	if !slices.ContainsFunc(told(rep), func(s string) bool { return s == "delete 00000000-0000-4000-8000-000000000000 u00@example.org> done" }) {
		t.Errorf("%v", told(rep))
	}
	w.wantMail("u01@example.org", "p01", "for p01")
	w.wantMail("u02@example.org", "p02", "for p02")
}

// TestReplicaThatLagsKeepsALeaver: the other server of the list still has the
// person, so the re-check finds them.
func TestReplicaThatLagsKeepsALeaver(t *testing.T) {
	w, servers := inLDAP(t, 30, 2)
	servers[0].Remove(ldapDN(0))
	var rep *agent.Report
	for range 4 {
		rep = w.sync()
	}
	if len(rep.Result.Actions) != 0 || held(rep, reconcile.HoldOutOfScope)+held(rep, reconcile.HoldRecheckFound) != 1 {
		t.Fatalf("%v", told(rep))
	}
	servers[1].Remove(ldapDN(0))
	if rep = w.sync(); rep.Result.Counts.Delete != 1 || rep.Failed > 0 {
		t.Errorf("%v", told(rep))
	}
}

// TestOlderReplicaIsNotBelieved: the first server is down, and the second one
// lags behind what was read before: whom it lacks is not missing.
func TestOlderReplicaIsNotBelieved(t *testing.T) {
	w, servers := inLDAP(t, 30, 2)
	stands := func(s *ldaptest.Server, csn string) { s.Change(func(o *ldaptest.Options) { o.CSN = csn }) }
	stands(servers[0], "20260301120000.000000Z#000000#001#000000")
	w.sync()
	stands(servers[1], "20260301110000.000000Z#000000#001#000000")
	servers[0].Change(func(o *ldaptest.Options) { o.Faults = []ldaptest.Fault{{Kind: ldaptest.RefuseBind, Code: 51}} })
	servers[1].Remove(ldapDN(3))
	rep := w.sync()
	if rep.Result.Counts.Missing != 0 || len(rep.Result.Verdict.Reasons) != 1 || rep.Result.Verdict.Reasons[0].Code != reconcile.UnusableOlderSnapshot {
		t.Fatalf("%v", told(rep))
	}
	stands(servers[1], "20260301120000.000000Z#000000#001#000000")
	if rep = w.sync(); rep.Result.Counts.Missing != 1 || len(rep.Result.Verdict.Reasons) != 0 {
		t.Errorf("once it caught up: %v", told(rep))
	}
}
