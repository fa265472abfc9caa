package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

func TestAddresses(t *testing.T) {
	runTable(t, []row{
		{"from one living person to another", func(s *scene) {
			s.has("ann", "info")
			s.has("bob")
			s.lists("ann")
			s.lists("bob", "info")
		}, []string{"release ANN ann [info]>[]"}},
		{"an administrator's address is not taken away", func(s *scene) {
			s.has("ann")
			s.boxes["ann"].Addresses = ats([]string{"info"})
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-taken bob"}},
		{"without mapped addresses nothing is proven", func(s *scene) {
			s.source("other").Policy.AddressesMapped = false
			s.hasIn("other", "ann")
			s.boxes["ann"].Addresses = ats([]string{"info"})
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-unproven bob"}},
		{"an alias of a missing person", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 1, 0)
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"release ANN ann [info]>[]", "missing ann 1"}},
		{"the name of a missing person as an alias", func(s *scene) {
			s.has("ann")
			s.missed("ann", 1, 0)
			s.has("bob")
			s.lists("bob", "ann")
		}, []string{"park ANN ann>syncagent-parked-ANN", "missing ann 1"}},
		{"an alias of a missing person as the name of a new one", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 1, 0)
			s.joins("new", "info")
		}, []string{"release ANN ann [info]>[]", "missing ann 1"}},
		{"two living entries list it", func(s *scene) {
			s.has("ann", "info")
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-conflict bob"}},
		{"an account without an owner has it", func(s *scene) {
			s.box("old", "old", longAgo, "info")
			s.has("bob")
			s.lists("bob", "info")
		}, []string{"hold address-taken bob"}},
		{"a protected person's new address is not fetched", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 1, 0)
			s.has("bob")
			s.staff().Policy.Protect = []string{"bob"}
			s.lists("bob", "info")
		}, []string{"missing ann 1"}},
		{"an address in a domain that the server lacks", func(s *scene) {
			s.has("ann")
			s.renamed("ann", "eve", "eve@example.com")
		}, []string{"rename ANN ann>eve"}},
		{"dropped in one read: only counted", func(s *scene) {
			s.has("ann", "info")
			s.lists("ann")
		}, nil},
		{"dropped in two counted reads", func(s *scene) {
			s.has("ann", "info", "own")
			s.lists("ann", "own")
			s.learn("ann")
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, []string{"release ANN ann [info own]>[own]"}},
		{"the second read comes too soon", func(s *scene) {
			s.has("ann", "info")
			s.lists("ann")
			s.learn("ann")
			s.staff().State.LastCounted = noon.Add(-time.Minute)
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: noon.Add(-time.Minute)}}
		}, nil},
		{"listed again", func(s *scene) {
			s.has("ann", "info")
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, nil},
		{"dropped by a protected person", func(s *scene) {
			s.has("ann", "info", "own")
			s.lists("ann", "own")
			s.learn("ann")
			s.staff().Policy.Protect = []string{"ann"}
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, []string{"hold protected ann"}},
		{"dropped by somebody whose login is disabled: access is cut first", func(s *scene) {
			s.staff().Policy.SuspendDisabled = true
			s.has("ann", "info", "own")
			s.lists("ann", "own")
			s.learn("ann")
			s.entries["ann"].Enabled = EnabledNo
			s.people["ann"].Dropped = []AddressDrop{{Address: keyOf(at("info")), Reads: 1, Last: lastRead}}
		}, []string{"suspend ANN ann"}},
	})
}
