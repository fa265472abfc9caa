// Package ldapsrc reads a directory over LDAP: all entries as a snapshot with
// its evidence, and single identities on request.
//
// The rule above all rules: an error is never an absence. A snapshot is
// complete only if every page ended with success, the server said that there
// is no more, and nothing else speaks against it; every other ending leaves
// Evidence.Complete false and says why. A look-up answers "absent" only if the
// same question on the same connection finds an entry that is known to exist.
//
// Of go-ldap it uses filters, DNs and names of result codes. Messages are read
// here (ber.go, decode.go): strictly, so that nothing is skipped in silence,
// with one question under way at a time and a deadline on the socket, and at a
// third of the CPU time.
//
// The package never writes to a directory, never follows a referral, never
// sends a password over a connection that others could read unless it was
// told to, and never waits without a deadline. It knows nothing of files,
// schedules or mail servers.
package ldapsrc
