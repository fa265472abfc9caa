//go:build realservers

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/reconcile"
	"syncagent/internal/testserver"
)

const (
	staff = 2000
	// attempts is how many runs a mistake lasts: more than grace needs.
	attempts = 4
	// hung is the time-out of the source where the directory does not answer. It
	// is configured for all cases, so that none of them changes it.
	hung = "3s"
)

// mistake is a situation in which well-known tools of this kind removed
// everybody without a word.
type mistake struct {
	name string
	exit int
	code string // one of the codes of the verdict
	set  func(w *mistakes)
	// arm is called before each run.
	arm    func(w *mistakes)
	change func(c *ldapConfig)
}

var allMistakes = []mistake{
	{name: "source empty", exit: 5, code: "empty", set: func(w *mistakes) {
		w.proxy.to(testserver.Slapd(w.t, testserver.SlapdOptions{}).URL)
	}},
	{
		name: "hidden by an ACL", exit: 5, code: "empty",
		set: acl("access to filter=(objectClass=inetOrgPerson) by * none\n"),
	},
	{
		name: "hidden by an ACL, with the base", exit: 5, code: "base-missing",
		set: acl(fmt.Sprintf("access to dn.subtree=%q by * none\n", testserver.PeopleDN)),
	},
	{
		name: "half of the entries hidden", exit: 4, code: reconcile.BlockDrop,
		set: acl(fmt.Sprintf("access to dn.regex=\"^uid=u[0-9]*[02468],%s$\" by * none\n", testserver.PeopleDN)),
	},
	{
		name: "the address hidden", exit: 4, code: reconcile.BlockNamesLost,
		set: acl("access to attrs=mail by * none\n"),
	},
	{
		name: "the ID hidden", exit: 5, code: "no-id",
		set: acl("access to attrs=entryUUID by * none\n"),
	},
	{
		name: "typo in the filter value", exit: 5, code: "empty",
		change: func(c *ldapConfig) { c.filter = "(objectClass=inetOrgPersn)" },
	},
	{
		name: "filter narrowed to 10", exit: 4, code: reconcile.BlockDrop,
		change: func(c *ldapConfig) { c.filter = "(&(objectClass=inetOrgPerson)(uid=u000100*))" },
	},
	{
		name: "filter narrowed by 10", exit: 4, code: reconcile.BlockFuse,
		change: func(c *ldapConfig) { c.filter = "(&(objectClass=inetOrgPerson)(!(uid=u000100*)))" },
	},
	{
		name: "limited to 500, paged", exit: 5, code: "limit-reached",
		change: func(c *ldapConfig) { limited(c); c.pageSize = 100 },
	},
	{
		name: "limited to 500, one page", exit: 5, code: "limit-reached",
		change: func(c *ldapConfig) { limited(c); c.pageSize = 5000 },
	},
	{name: "limited to 1000 in all", exit: 5, code: "limit-reached", set: func(w *mistakes) {
		w.slapd.SetLimits(w.t, `limits dn.exact="`+testserver.SyncDN+`" size=unlimited size.prtotal=1000`)
	}},
	{
		name: "killed while reading", exit: 5, code: "connection-lost",
		arm: func(w *mistakes) { w.slapd.Start(w.t); w.proxy.arm(&hook{page: 4, middle: true, do: w.slapd.Kill}) },
	},
	{
		name: "killed between pages", exit: 5, code: "connection-lost",
		arm: func(w *mistakes) { w.slapd.Start(w.t); w.proxy.arm(&hook{page: 5, do: w.slapd.Kill}) },
	},
	{
		name: "SIGSTOP while reading", exit: 5, code: "timeout",
		arm: func(w *mistakes) {
			w.slapd.Signal(w.t, syscall.SIGCONT)
			w.proxy.arm(&hook{page: 5, do: func() { w.slapd.Signal(w.t, syscall.SIGSTOP) }})
		},
	},
	{
		name: "stopped with SIGSTOP", exit: 5, code: "timeout",
		set: func(w *mistakes) { w.slapd.Signal(w.t, syscall.SIGSTOP) },
	},
	{
		name: "base missing", exit: 5, code: "base-missing",
		change: func(c *ldapConfig) { c.base = "ou=persons," + testserver.BaseDN },
	},
	{
		name: "another, empty base", exit: 5, code: "empty",
		change: func(c *ldapConfig) { c.base = testserver.LeaversDN },
	},
	{
		name: "wrong password", exit: 5, code: "login-refused",
		change: func(c *ldapConfig) { c.password = "wrong" },
	},
	{
		name: "account locked", exit: 5, code: "login-refused",
		set: func(w *mistakes) { w.slapd.Modify(w.t, testserver.SyncDN, "pwdAccountLockedTime", "000001010000Z") },
	},
	{
		name: "password must be changed", exit: 5, code: "query-failed",
		set: func(w *mistakes) { w.slapd.Modify(w.t, testserver.SyncDN, "pwdReset", "TRUE") },
	},
	{
		name: "anonymous", exit: 5, code: "base-missing",
		change: func(c *ldapConfig) { c.bind, c.password = "", "" },
	},
	{
		name: "slapd down", exit: 5, code: "unreachable",
		set: func(w *mistakes) { w.slapd.Stop() }, change: func(c *ldapConfig) { c.url = "" },
	},
}

func acl(rules string) func(w *mistakes) {
	return func(w *mistakes) { w.slapd.SetACL(w.t, rules+testserver.DefaultACL) }
}

func limited(c *ldapConfig) { c.bind, c.password = testserver.LimitedDN, testserver.LimitedPassword }

// mistakes is the world in which they happen, one after the other, over the
// same ledger.
type mistakes struct {
	*home
	*mail
	t     *testing.T
	slapd *testserver.SlapdServer
	proxy *proxy
	table [][]string
	// gone are those who really left.
	gone []int
}

// TestNothingIsRemovedByMistake makes every mistake, lets several runs see it,
// and puts it right.
func TestNothingIsRemovedByMistake(t *testing.T) {
	w := newMistakes(t)
	for _, c := range allMistakes {
		ok := t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			w := w.within(t)
			w.happen(c, attempts)
			w.normal()
		})
		if !ok {
			break // the next ones begin where this one ended
		}
	}
	t.Logf("%d users, %d runs of each case, grace after 3:\n%s", staff, attempts, aligned(w.table))
	testserver.Show(t, "nothing is removed by mistake", aligned(w.table))
	w.checkAudit(0)
}

// TestLeaversWait makes the mistakes while three people have really left, and
// the next read that can be believed is the one that lets them be removed.
func TestLeaversWait(t *testing.T) {
	w := newMistakes(t)
	w.gone = []int{3, 4, 5}
	for _, i := range w.gone {
		w.slapd.Delete(t, testserver.UserDN(i))
	}
	for range 2 {
		if r := w.sync(0); len(r.Missing) != len(w.gone) {
			t.Fatalf("%d in grace, want %d", len(r.Missing), len(w.gone))
		}
	}
	for _, c := range allMistakes {
		if c.code == "timeout" {
			continue // they take long, and are like those that lose the connection
		}
		if !t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) { w.within(t).happen(c, 1) }) {
			return
		}
	}
	w.configureLike(mistake{})
	if r := w.sync(0); r.Counts.Delete != len(w.gone) {
		t.Errorf("after all: %+v", r.Counts)
	}
	for _, i := range w.gone {
		delete(w.address, w.ids[i])
	}
	w.checkAddresses()
	w.must(0, "sync", "--check")
	w.checkAudit(len(w.gone))
}

func newMistakes(t *testing.T) *mistakes {
	t.Helper()
	slapd := testserver.Slapd(t, testserver.SlapdOptions{
		Users: staff, Global: "moduleload ppolicy", Database: "overlay ppolicy\nppolicy_default \"" + policyDN + "\"",
		LDIF: passwordPolicy,
	})
	m := newMail(t, askLDAP{slapd.URL})
	m.populate(staff, testserver.UserMail)
	w := &mistakes{home: newHome(t), mail: m, t: t, slapd: slapd, proxy: newProxy(t, slapd.URL)}
	w.configureLike(mistake{})
	if first := w.sync(0); first.Counts.Linked != staff {
		t.Fatalf("adoption: %+v", first.Counts)
	}
	w.normal()
	return w
}

const policyDN = "cn=default,ou=policies," + testserver.BaseDN

// passwordPolicy lets an administrator lock an account, and demand another
// password of it.
const passwordPolicy = `
dn: ou=policies,` + testserver.BaseDN + `
objectClass: organizationalUnit
ou: policies

dn: ` + policyDN + `
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: 2.5.4.35
pwdLockout: TRUE
pwdMustChange: TRUE
`

// within lets a subtest use the world.
func (w *mistakes) within(t *testing.T) *mistakes {
	again := *w
	h, m := *w.home, *w.mail
	h.t, m.t = t, t
	again.t, again.home, again.mail = t, &h, &m
	t.Cleanup(func() { w.table = again.table })
	return &again
}

// configureLike writes the configuration with the mistake in it.
func (w *mistakes) configureLike(c mistake) { w.configureWith(c.change) }

func (w *mistakes) configureWith(change func(*ldapConfig)) {
	w.t.Helper()
	o := usual(w.proxy.url)
	o.pageSize, o.timeout = 200, hung
	if change != nil {
		change(&o)
	}
	if o.url == "" {
		o.url = w.slapd.URL // nobody listens there
	}
	w.configure(w.mail, o.source(w.home), deleting)
}

// normal wants a run that finds everybody and has nothing to do.
func (w *mistakes) normal() {
	w.t.Helper()
	w.configureLike(mistake{})
	r := w.sync(0)
	if r.Counts.Known != staff || r.Counts.Missing != 0 || len(r.Actions)+len(r.Holds)+len(r.Missing)+len(r.Unconfirmed) != 0 {
		w.t.Errorf("not normal again: %+v, %d holds, %d missing", r.Counts, len(r.Holds), len(r.Missing))
	}
	w.must(0, "sync", "--check")
	w.checkNothingWritten(0, "after the mistake")
	w.checkAddresses()
}

// happen makes a mistake, lets runs see it, and puts it right.
func (w *mistakes) happen(c mistake, runs int) {
	w.t.Helper()
	w.configureLike(c)
	if c.set != nil {
		c.set(w)
	}
	var slowest time.Duration
	var last reconcile.RunResult
	for i := range runs {
		if c.arm != nil {
			c.arm(w)
		}
		o := w.must(c.exit, "sync", "--json")
		if c.arm != nil && !w.proxy.arm(nil) {
			w.t.Errorf("run %d: the moment did not come", i+1)
		}
		slowest, last = max(slowest, o.took), result(w.t, o)
		w.checkVerdict(c, i+1, last)
		w.checkNothingWritten(0, fmt.Sprintf("run %d", i+1))
	}
	if slowest > 30*time.Second {
		w.t.Errorf("a run took %v", slowest)
	}
	if c.arm != nil {
		c.arm(w)
	}
	text := w.must(c.exit, "sync", "--dry-run")
	w.proxy.arm(nil)
	w.note(c, slowest, last, text.stdout)
	w.putRight()
}

// checkVerdict wants the reason told, and nothing removed or on its way to it.
func (w *mistakes) checkVerdict(c mistake, run int, r reconcile.RunResult) {
	w.t.Helper()
	codes := codesOf(r)
	if !slices.Contains(codes, c.code) {
		w.t.Errorf("run %d: codes %q, want %s", run, codes, c.code)
	}
	for _, reason := range r.Verdict.Reasons {
		if reason.Message == "" || reason.Hint == "" {
			w.t.Errorf("run %d: %s has the message %q and the hint %q", run, reason.Code, reason.Message, reason.Hint)
		}
	}
	if len(w.gone) == 0 && r.Counts.Delete != 0 || r.Counts.Rename != 0 || len(r.Missing) > len(w.gone) {
		w.t.Errorf("run %d: %+v, %d in grace", run, r.Counts, len(r.Missing))
	}
}

func codesOf(r reconcile.RunResult) (codes []string) {
	for _, reason := range r.Verdict.Reasons {
		codes = append(codes, reason.Code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func (w *mistakes) putRight() {
	w.t.Helper()
	if w.slapd.Running() {
		w.slapd.Signal(w.t, syscall.SIGCONT)
	}
	w.proxy.to(w.slapd.URL)
	w.slapd.Restart(w.t, func(o *testserver.SlapdOptions) { o.ACL, o.Limits = "", "" })
	w.slapd.Do(w.t, func(c *ldap.Conn) error {
		for _, attribute := range []string{"pwdAccountLockedTime", "pwdReset"} {
			change := ldap.NewModifyRequest(testserver.SyncDN, nil)
			change.Replace(attribute, nil)
			if err := c.Modify(change); err != nil {
				return err
			}
		}
		return nil
	})
}

// note adds a line to the table: what a person sees.
func (w *mistakes) note(c mistake, took time.Duration, r reconcile.RunResult, text string) {
	if len(w.table) == 0 {
		w.table = [][]string{{"case", "exit", "slowest", "codes", "first message"}}
	}
	message := ""
	for _, reason := range r.Verdict.Reasons {
		told := reason.Message
		if c.arm != nil {
			told = reason.Code // how a connection ends differs from time to time
		}
		if !strings.Contains(flat(text), flat(told)) {
			w.t.Errorf("the text does not tell %q:\n%s", told, clip(text))
		}
		if message == "" || reason.Code == c.code {
			message = reason.Message
		}
	}
	w.table = append(w.table, []string{
		c.name, fmt.Sprint(c.exit), fmt.Sprintf("%.1f s", took.Seconds()), strings.Join(codesOf(r), ","), message,
	})
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// aligned puts the cells of a table under each other.
func aligned(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("%-*s  ", widths[i], cell)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// TestNamesMoveWhileHalfIsHidden lets a visible person get the name of a hidden
// one. The mail of neither may be opened by the other, whatever happens in
// between.
func TestNamesMoveWhileHalfIsHidden(t *testing.T) {
	const visible, hidden = 101, 102
	w := newMistakes(t)
	taken := testserver.UserMail(hidden)
	moved := "moved@example.test"
	w.slapd.Modify(t, testserver.UserDN(hidden), "mail", moved)
	w.slapd.Modify(t, testserver.UserDN(visible), "mail", taken)
	acl(fmt.Sprintf("access to dn.regex=\"^uid=u[0-9]*[02468],%s$\" by dn.exact=%q none by users read\n", testserver.PeopleDN, testserver.LimitedDN))(w)
	w.configureWith(func(c *ldapConfig) { c.bind, c.password = testserver.LimitedDN, testserver.LimitedPassword })
	w.slapd.SetLimits(t, `limits users size=unlimited`)
	for run := range attempts {
		r := w.sync(4)
		if !slices.Contains(codesOf(r), reconcile.BlockDrop) || r.Counts.Delete != 0 {
			t.Errorf("run %d: %q %+v", run+1, codesOf(r), r.Counts)
		}
		w.checkNotOpened(taken, visible)
	}
	t.Logf("while half is hidden: %+v", w.accountsOf(visible, hidden))
	w.putRight()
	w.configureLike(mistake{})
	for range 3 {
		w.must(0, "sync")
	}
	w.must(0, "sync", "--check")
	w.checkMailbox(taken, visible)
	w.checkMailbox(moved, hidden)
	if _, destroyed := w.written(0); slices.Contains(destroyed, w.ids[visible]) || slices.Contains(destroyed, w.ids[hidden]) {
		t.Errorf("destroyed %v", destroyed)
	}
}

// checkNotOpened logs in as a person and wants nothing but that person's mail.
func (w *mistakes) checkNotOpened(login string, i int) {
	w.t.Helper()
	uuid := testserver.UserUUID(i)
	messages, err := w.OpenMailbox(login, secret(uuid))
	for _, m := range messages {
		if m.Subject != subjectFor(uuid) {
			w.t.Errorf("%s opens %q", login, m.Subject)
		}
	}
	w.t.Logf("%s opens %d mails, %v", login, len(messages), err)
}

func (w *mistakes) accountsOf(people ...int) (out []string) {
	for _, i := range people {
		a, _ := w.Account(w.ids[i])
		out = append(out, a.Address)
	}
	return out
}
