// Package sourcetest is the conformance suite of directory sources: whatever
// reads a directory, over LDAP, SQL or anything to come, must pass Run.
//
// It holds sources to the rule above all rules: an error is never an absence.
// A snapshot that calls itself complete has every entry; a look-up that says
// "absent" has proven that it would have found the entry. The suite speaks of
// people, names and addresses only; a Fixture translates.
package sourcetest
