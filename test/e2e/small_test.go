//go:build realservers

package e2e

import (
	"fmt"
	"slices"
	"testing"

	"syncagent/internal/audit"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

// small is a world of a few people in PostgreSQL who are known already.
type small struct {
	*home
	*mail
	t *testing.T
	d *sqlDirectory
}

func newSmall(t *testing.T, people int, policy string) *small {
	t.Helper()
	d := newSQLDirectory(t, "postgres", people)
	w := &small{home: newHome(t), mail: newMail(t, d.asked()), t: t, d: d}
	w.populate(people, testserver.UserMail)
	w.configure(w.mail, d.source(w.home), policy)
	if first := w.sync(0); first.Counts.Linked != people {
		t.Fatalf("adoption: %+v", first.Counts)
	}
	return w
}

// marry gives the first n people other names.
func (w *small) marry(n int) {
	w.t.Helper()
	for i := range n {
		address := fmt.Sprintf("married%d@example.test", i)
		w.d.rename(w.t, i, address)
		w.address[w.ids[i]] = address
	}
}

// finished wants everything done that the directory asks for, each account
// renamed no more than once, and nothing left to do.
func (w *small) finished() {
	w.t.Helper()
	w.checkAddresses()
	for i, id := range w.ids {
		if n := w.Renames(id); n > 1 {
			w.t.Errorf("person %d was renamed %d times", i, n)
		}
	}
	w.must(0, "sync", "--check")
}

// told gives the accounts of which the audit log has a record of this kind.
func (w *small) told(event, phase string) (ids []stalwarttest.AccountID) {
	w.t.Helper()
	err := audit.Show(w.t.Context(), []string{w.auditFile()}, audit.Filter{}, func(r audit.Record) error {
		if r.Event == event && r.Phase == phase {
			ids = append(ids, stalwarttest.AccountID(fmt.Sprint(r.Fields["account"])))
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
