package agent_test

import (
	"strings"
	"testing"

	"syncagent/internal/reconcile"
)

// withPupils splits the people into two sources: whose ID begins with q is a
// pupil.
func (w *world) withPupils(attribute string) {
	w.t.Helper()
	text := replaceIn(w.t, w, "FROM people\n", "FROM people WHERE id NOT LIKE 'q%'\n")
	at := strings.Index(text, "policy:\n")
	w.file("syncagent.yaml", text[:at]+`  - name: pupils
    sql:
      driver: sqlite
      dsn: `+w.dir+`/people.sqlite
      query: SELECT id, mail, type, employee, employee AS number FROM people WHERE id LIKE 'q%'
      lookup: SELECT id, mail, type, employee, employee AS number FROM people WHERE id = ? AND id LIKE 'q%'
    map: { id: id, id_never_reused: true, name: "{mail}", addresses: [ mail ], kind: { attribute: type }, same_person: [ `+attribute+` ] }
`+text[at:])
	w.reload()
}

// TestPersonMovesBetweenSources: another source, another ID, another name, and
// the same number. The mailbox outlives every grace until a person relinks it.
func TestPersonMovesBetweenSources(t *testing.T) {
	for attribute, kept := range map[string]bool{"employee": true, "number": false} {
		t.Run(attribute, func(t *testing.T) {
			w := newWorld(t, deleting)
			for _, id := range []string{"p01", "p02", "p03", "q01", "q02"} {
				w.hire(id, id+"@example.org")
				w.deliver(id+"@example.org", "for "+id)
			}
			w.exec(`UPDATE people SET employee = 'nr-' || id`)
			w.withPupils(attribute)
			w.sync()
			w.leave("p01")
			w.hire("q03", "anna@example.org")
			w.exec(`UPDATE people SET employee = 'nr-p01' WHERE id = 'q03'`)
			w.exec(`UPDATE people SET description = 'x'`)
			var last []string
			for range 6 {
				rep := w.sync()
				last = told(rep)
				if kept && rep.Result.Counts.Delete > 0 {
					t.Fatalf("deleted: %v", last)
				}
			}
			deleted := true
			for _, a := range w.server.Accounts() {
				deleted = deleted && a.Address != "p01@example.org"
			}
			if deleted == kept {
				t.Errorf("deleted %v: %v", deleted, last)
			}
			if found := strings.Contains(strings.Join(last, "\n"), "hold "+reconcile.HoldRelinkProposed+" p01"); found != kept {
				t.Errorf("relink proposed %v: %v", found, last)
			}
		})
	}
}
