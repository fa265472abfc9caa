//go:build realservers

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

// schoolMail is the address of person i in the database; the people of the
// directory have theirs in example.test.
func schoolMail(i int) string { return testserver.UserName(i) + "@school.test" }

// both asks the directory that an address belongs to.
type both struct{ staff, pupils stalwarttest.Directory }

func (b both) ByLogin(ctx context.Context, name string) (stalwarttest.Record, bool, error) {
	if strings.HasSuffix(name, "@school.test") {
		return b.pupils.ByLogin(ctx, name)
	}
	return b.staff.ByLogin(ctx, name)
}

func (b both) ByAddress(ctx context.Context, address string) (stalwarttest.Record, bool, error) {
	return b.ByLogin(ctx, address)
}

// TestTwoSources stops one of two directories: the other one goes on, but
// nothing is deleted until both can be asked whether somebody still bears the
// name.
func TestTwoSources(t *testing.T) {
	const each = 300
	slapd := testserver.Slapd(t, testserver.SlapdOptions{Users: each})
	pg := testserver.Postgres(t) // not the shared one: it is stopped
	admin, reader := pg.NewDatabase(t)
	pg.LoadUsers(t, admin, each)
	pg.Exec(t, admin, "UPDATE accounts SET email = login || '@school.test'")
	pupils := &sqlDirectory{driver: "postgres", sync: reader, one: "$1", two: "$2"}
	m := newMail(t, both{askLDAP{slapd.URL}, stalwarttest.NewSQLDirectory(openSQL(t, "pgx", admin),
		"SELECT email, 'pw-' || id, name FROM accounts WHERE email = $1", "")}, "school.test")
	m.populate(each, testserver.UserMail)
	m.populate(each, schoolMail)
	h := newHome(t)
	h.configure(m, usual(slapd.URL).source(h)+strings.Replace(pupils.source(h), "name: staff", "name: pupils", 1), deleting)
	if first := h.sync(0); first.Counts.Linked != 2*each {
		t.Fatalf("adoption: %+v", first.Counts)
	}
	w := &twoSources{t: t, home: h, mail: m}
	sql := func(query string, args ...any) { pg.Exec(t, admin, fmt.Sprintf(query, args...)) }

	// Somebody leaves each of them, and is about to be deleted.
	slapd.Delete(t, testserver.UserDN(7))
	sql("DELETE FROM accounts WHERE id = '%s'", testserver.UserUUID(8))
	for range 2 {
		h.sync(0)
	}
	slapd.Kill()
	sql("UPDATE accounts SET email = 'new1@school.test' WHERE id = '%s'", testserver.UserUUID(1))
	w.moves(each+1, "new1@school.test")
	w.waits("staff")
	slapd.Start(t)
	pg.Kill()
	slapd.Modify(t, testserver.UserDN(2), "mail", "new2@example.test")
	w.moves(2, "new2@example.test")
	w.waits("pupils")
	pg.Start(t)
	if r := h.sync(0); r.Counts.Delete != 2 || r.Counts.Rename != 0 {
		t.Errorf("both are back: %+v %+v", r.Counts, r.Holds)
	}
	for _, i := range []int{7, each + 8} {
		delete(m.address, m.ids[i])
	}
	m.checkAddresses()
	m.checkMailbox("new1@school.test", 1)
	m.checkMailbox("new2@example.test", 2)
	h.must(0, "sync", "--check")
	h.checkAudit(2)
}

type twoSources struct {
	*home
	*mail
	t *testing.T
}

// moves expects an account at another address after the next run.
func (w *twoSources) moves(account int, address string) { w.address[w.ids[account]] = address }

// waits makes runs while one source is down.
func (w *twoSources) waits(down string) {
	w.t.Helper()
	for run := range attempts {
		r := w.sync(5)
		if c := r.Counts; run == 0 && c.Rename != 1 || run > 0 && c.Rename != 0 || c.Delete != 0 {
			w.t.Errorf("%s is down, run %d: %+v, holds %+v", down, run+1, c, r.Holds)
		}
		for _, s := range r.Sources {
			if s.Complete == (s.Name == down) {
				w.t.Errorf("%s is down, but %s is complete: %v", down, s.Name, s.Complete)
			}
		}
		if !slices.ContainsFunc(r.Holds, func(h reconcile.Hold) bool { return h.Code == reconcile.HoldSourceIncomplete }) {
			w.t.Errorf("%s is down, run %d: nothing tells that the delete waits for it: %+v", down, run+1, r.Holds)
		}
		w.checkAddresses()
	}
}
