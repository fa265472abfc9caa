package sourcetest

import (
	"testing"
)

// check is one law that every source obeys.
type check struct {
	name string
	run  func(t testing.TB, f Fixture)
}

var checks = []check{
	{"snapshot is complete and has everybody", snapshotHasEverybody},
	{"an empty directory is a complete snapshot", emptyIsComplete},
	{"the same world has the same digest", digestFollowsTheWorld},
	{"a rename keeps the ID", renameKeepsID},
	{"who was removed is not in the snapshot", removedIsGone},
	{"a cancelled snapshot is an error", cancelledSnapshot},
	{"a snapshot cancelled in the middle is an error", cancelledInTheMiddle},
	{"an error of yield stops the snapshot", yieldStops},
	{"a duplicate ID is never complete", duplicateIsIncomplete},
	{"a record without ID is never complete", namelessIsIncomplete},
	{"a broken connection is never complete", brokenIsIncomplete},
	{"fingerprint and name are stable", identityIsStable},
	{"look-up by ID", lookupByID},
	{"look-up by name and address", lookupByIdentity},
	{"look-up finds who is outside", lookupOutside},
	{"look-up without a good control is unknown", lookupNeedsControl},
	{"a session sees changes", sessionSeesChanges},
	{"a closed, cancelled or broken session never says absent", deadSessionIsUnknown},
	{"hostile values go through", hostileValues},
	{"hostile questions find nobody else", hostileQuestions},
}

// Run runs the whole suite; each law is a subtest with a world of its own.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, f) })
	}
}
