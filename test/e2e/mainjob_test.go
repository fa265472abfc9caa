//go:build realservers

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

const everybody = 10_000

// leavers are the people who are removed; the last one is an administrator.
var leavers = func() (out []int) {
	for i := range 20 {
		out = append(out, 500+i)
	}
	return out
}()

var administrator = leavers[len(leavers)-1]

// renames are the 50 people who get another name: 44 who have nothing to do
// with each other, a chain of 4 and a swap.
func renames() map[int]string {
	out := map[int]string{
		201: testserver.UserMail(202), 202: testserver.UserMail(203), 203: testserver.UserMail(204), 204: "end@example.test",
		301: testserver.UserMail(302), 302: testserver.UserMail(301),
	}
	for i := 100; len(out) < 50; i++ {
		out[i] = fmt.Sprintf("married%d@example.test", i)
	}
	return out
}

func TestMainJobSlapd(t *testing.T) {
	d := slapdDirectory{testserver.Slapd(t, testserver.SlapdOptions{Users: everybody})}
	mainJob(t, d, administrator) // an administrator on the mail server
}

func TestMainJobPostgres(t *testing.T) {
	d := newSQLDirectory(t, "postgres", everybody)
	d.exec(t, "UPDATE accounts SET type = 'root' WHERE id = $1", testserver.UserUUID(administrator))
	mainJob(t, d) // an administrator in the directory only
}

func TestMainJobMariaDB(t *testing.T) {
	d := newSQLDirectory(t, "mysql", everybody)
	d.exec(t, "UPDATE accounts SET type = 'root' WHERE id = ?", testserver.UserUUID(administrator))
	mainJob(t, d, administrator) // in both
}

// mainJob walks 10,000 people through adoption, renames, grace, deletion and
// purge.
func mainJob(t *testing.T, d directory, admins ...int) {
	m := newMail(t, d.asked())
	m.populate(everybody, testserver.UserMail, admins...)
	h := newHome(t)
	h.configure(m, d.source(h), deleting)
	j := &job{t: t, home: h, mail: m, directory: d, last: time.Now()}
	j.lap("10,000 people and accounts made")
	j.adopt()
	for _, i := range slices.Sorted(keys(renames())) {
		d.rename(t, i, renames()[i])
	}
	for _, i := range leavers {
		d.remove(t, i)
	}
	j.lap("50 renamed, 20 removed in the directory")
	j.dryRuns()
	j.rename()
	j.removeAfterGrace()
	j.atRest()
}

func keys(m map[int]string) func(func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

type job struct {
	*home
	*mail
	t *testing.T
	directory
	last time.Time
}

// lap tells how long a part took.
func (j *job) lap(what string) {
	j.t.Logf("%6.2f s  %s", time.Since(j.last).Seconds(), what)
	j.last = time.Now()
}

func (j *job) adopt() {
	j.t.Helper()
	first := j.sync(0)
	if c := first.Counts; c.Linked != everybody || len(first.Actions) != 0 || !first.Sources[0].FirstRun {
		j.t.Fatalf("adoption: %+v, %d actions", c, len(first.Actions))
	}
	j.checkNothingWritten(0, "adoption")
	j.lap("sync: 10,000 adopted")
	if again := j.sync(0); again.Counts.Unchanged != everybody || len(again.Actions)+len(again.Holds) != 0 {
		j.t.Fatalf("nothing changed, but: %+v", again.Counts)
	}
	j.checkNothingWritten(0, "a run without changes")
	j.lap("sync: nothing changed")
}

func (j *job) dryRuns() {
	j.t.Helper()
	before := files(j.t, j.dir)
	one := j.must(0, "sync", "--dry-run", "--json")
	two := j.must(0, "sync", "--dry-run", "--json")
	text := j.must(0, "sync", "--dry-run")
	same := j.must(0, "sync", "--dry-run")
	j.must(2, "sync", "--check")
	if !bytes.Equal([]byte(one.stdout), []byte(two.stdout)) || text.stdout != same.stdout {
		j.t.Errorf("two dry runs of the same situation differ:\n%s", clip(cmp.Diff(one.stdout, two.stdout)+cmp.Diff(text.stdout, same.stdout)))
	}
	if diff := cmp.Diff(before, files(j.t, j.dir)); diff != "" {
		j.t.Errorf("a dry run changed files:\n%s", diff)
	}
	j.checkNothingWritten(0, "dry runs")
	plan := result(j.t, one)
	if c := plan.Counts; c.Rename != 50 || c.Missing != 20 || c.Delete != 0 || plan.Verdict.Blocked {
		j.t.Fatalf("the plan: %+v %+v", c, plan.Verdict)
	}
	j.lap("five dry runs: the same bytes, no file touched, no write")
}

func (j *job) rename() {
	j.t.Helper()
	done := j.sync(0)
	if c := done.Counts; c.Rename != 50 || c.Missing != 20 || c.Delete != 0 {
		j.t.Fatalf("the run: %+v", c)
	}
	var want []stalwarttest.AccountID
	for i, address := range renames() {
		want = append(want, j.ids[i])
		j.address[j.ids[i]] = address
	}
	slices.Sort(want)
	changed, destroyed := j.written(0)
	if diff := cmp.Diff(want, changed); diff != "" || len(destroyed) > 0 {
		j.t.Errorf("destroyed %v, changed (-want +got):\n%s", destroyed, diff)
	}
	j.checkAddresses()
	j.lap("sync: 50 renamed, 20 in grace")
	for i, address := range renames() {
		j.checkMailbox(address, i)
	}
	for _, i := range []int{100, 101, 201} { // names that nobody bears any more
		if _, err := j.OpenMailbox(testserver.UserMail(i), secret(testserver.UserUUID(i))); err == nil {
			j.t.Errorf("%s can still log in", testserver.UserMail(i))
		}
	}
	j.checkAddresses() // the logins made no second mailbox
	j.lap("50 mailboxes opened with the new names")
}

func (j *job) removeAfterGrace() {
	j.t.Helper()
	since := len(j.Writes())
	j.must(0, "sync", "--check") // people in grace are nothing to do now
	second := j.sync(0)
	if len(second.Actions) > 0 || len(second.Missing) != 20 {
		j.t.Fatalf("the second run without them: %+v", second.Counts)
	}
	j.checkNothingWritten(since, "grace")
	j.must(2, "sync", "--check")
	third := j.sync(0)
	want := []stalwarttest.AccountID{}
	for _, i := range leavers {
		if i == administrator {
			continue
		}
		want = append(want, j.ids[i])
		delete(j.address, j.ids[i])
		if n := j.Destroys(j.ids[i]); n != 1 {
			j.t.Errorf("account %s was destroyed %d times", j.ids[i], n)
		}
	}
	slices.Sort(want)
	changed, destroyed := j.written(since)
	if diff := cmp.Diff(want, destroyed); diff != "" || len(changed) > 0 {
		j.t.Errorf("changed %v, destroyed (-want +got):\n%s", changed, diff)
	}
	j.checkAddresses()
	j.checkHeld(third)
	if third.Purge == nil || third.Purge.State != "done" || j.Purges() != 1 {
		j.t.Errorf("purge %+v, the server saw %d", third.Purge, j.Purges())
	}
	if blobs, _ := j.Blobs(); blobs < everybody-19 {
		j.t.Errorf("only %d contents are left after the purge", blobs)
	}
	j.lap("two more syncs: 19 deleted, one purge")
}

// checkHeld wants the administrator protected, and nothing else held.
func (j *job) checkHeld(r reconcile.RunResult) {
	j.t.Helper()
	if len(r.Holds) != 1 || r.Holds[0].Code != reconcile.HoldProtected || r.Holds[0].Account != reconcile.AccountID(j.ids[administrator]) {
		j.t.Errorf("holds: %+v, want the administrator protected", r.Holds)
	}
}

func (j *job) atRest() {
	j.t.Helper()
	since := len(j.Writes())
	j.must(0, "sync", "--check")
	last := j.sync(0)
	j.checkHeld(last)
	j.checkNothingWritten(since, "at rest")
	j.checkAddresses()
	if j.Purges() != 1 {
		j.t.Errorf("%d purges", j.Purges())
	}
	j.checkAudit(19)
	j.lap("at rest, audit verified")
}

// checkAudit verifies the audit log, with the command and with the ledger's
// note of its end, and wants this many deletes in it.
func (h *home) checkAudit(deletes int) {
	h.t.Helper()
	if strings.Contains(h.run("help").stdout, "\n  audit ") {
		h.must(0, "audit", "verify")
	} else {
		h.t.Log("this build has no command audit; the log is verified by the package")
	}
	rep, err := audit.Verify(context.Background(), audit.VerifyOptions{Files: []string{h.auditFile()}})
	if err != nil || rep.Records == 0 {
		h.t.Errorf("the audit log does not verify: %v %+v", err, rep)
	}
	done := 0
	err = audit.Show(context.Background(), []string{h.auditFile()}, audit.Filter{}, func(r audit.Record) error {
		if r.Event == "delete" && r.Phase == "done" {
			done++
		}
		return nil
	})
	if err != nil || done != deletes {
		h.t.Errorf("the audit log tells of %d deletes, want %d: %v", done, deletes, err)
	}
}
