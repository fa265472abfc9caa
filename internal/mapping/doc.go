// Package mapping turns a raw record of a directory (an LDAP entry, an SQL row)
// into a reconcile.Entry, as the "map" part of the configuration says, and a
// name or address back into the attribute values that would give it.
//
// It is pure: no I/O, no clock, no driver. LDAP and SQL sources share it, so
// that the same configuration means the same in both.
//
// What it must never do: guess. A value that it cannot read is left out with a
// warning and never stands for something else; a kind that is not listed is
// unknown and thereby protected; an enabled flag that cannot be understood is
// unknown. Canonical forms of stable IDs live here too: they are what the
// ledger compares, so a change of form would look like new people.
package mapping
