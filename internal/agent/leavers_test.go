package agent_test

import (
	"slices"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
)

// withLeavers tells the source that a description of "left" marks a leaver.
func (w *world) withLeavers(query string) {
	w.t.Helper()
	text := replaceIn(w.t, w, "SELECT id, mail, type, employee FROM people\n", query+"\n      leavers: { column: description, is: [ left ] }\n")
	text = strings.Replace(text, "lookup: SELECT id, mail, type, employee FROM", "lookup: SELECT id, mail, type, employee, description FROM", 1)
	w.file("syncagent.yaml", text)
	w.reload()
}

func (w *world) mark(id string) {
	w.exec(`UPDATE people SET description = 'left' WHERE id = ?`, id)
}

func counted(n int, step func() []string) []string {
	var last []string
	for range n {
		last = step()
	}
	return last
}

// TestLeaversColumn lets somebody leave by a mark in the table: after the grace
// the account goes, although row, name and addresses are all still there.
func TestLeaversColumn(t *testing.T) {
	w := settled(t, 40, deleting)
	w.withLeavers("SELECT id, mail, type, employee, description FROM people")
	w.sync() // accepts the new meaning: nobody is absent
	w.alias("p00", "info@example.org")
	w.sync()
	w.mark("p00")
	w.mark("p01")
	rep := w.sync()
	if rep.Result.Counts.Missing != 2 || rep.Result.Sources[0].Entries != 38 {
		t.Fatalf("%d missing of %d: %v", rep.Result.Counts.Missing, rep.Result.Sources[0].Entries, told(rep))
	}
	w.sync()
	w.exec(`UPDATE people SET description = 'back' WHERE id = 'p01'`)
	last := counted(3, func() []string { return told(w.sync()) })
	if n := len(w.server.Accounts()); n != 40 { // with the administrator
		t.Errorf("%d accounts, want the one of the leaver gone: %v", n, last)
	}
	w.wantMail("u01@example.org", "p01", "for p01") // moved back: present, as before
	if rep := w.sync(); rep.Pending() {
		t.Errorf("not at rest: %v", told(rep))
	}
}

// TestLeaversNeedALookupThatSeesThem keeps the condition of the query in the
// look-up: then "not found" would be said of everybody who left the query.
func TestLeaversNeedALookupThatSeesThem(t *testing.T) {
	w := settled(t, 40, deleting)
	w.withLeavers("SELECT id, mail, type, employee, description FROM people")
	w.sync()
	text := replaceIn(t, w, "WHERE id = ?\n", "WHERE id = ? AND description <> 'left'\n")
	w.file("syncagent.yaml", text)
	w.reload()
	w.mark("p01")
	w.leave("p00")
	last := counted(6, func() []string { return told(w.sync()) })
	if n := len(w.server.Accounts()); n != 40 { // with the administrator
		// p01 is found in the query itself, marked: that is no absence that a look-up
		// has to prove.
		t.Errorf("%d accounts: %v", n, last)
	}
	if !slices.ContainsFunc(last, func(line string) bool {
		return strings.HasPrefix(line, "hold "+reconcile.HoldRecheckBlind+" p00")
	}) {
		t.Errorf("a blind look-up was believed: %v", last)
	}
}
