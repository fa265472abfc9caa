package reconcile_test

import (
	"testing"

	. "syncagent/internal/reconcile"
)

// TestFoundWithOrders has the situations in which the random histories once
// found a mistake after an order of a person.
func TestFoundWithOrders(t *testing.T) {
	runTable(t, []row{
		{"somebody whom an undo holds on to does not open a leaver's mail under the present name", func(s *scene) {
			s.has("ann")
			s.has("bob")
			s.missed("bob", 1, 0)
			s.renamed("ann", "bob")
			s.people["ann"].HeldEntry = HeldHash(*s.entries["ann"])
		}, []string{"park BOB bob>syncagent-parked-BOB", "hold undone ann", "missing bob 1"}},
	})
}
