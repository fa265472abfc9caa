// Package state keeps what syncagent remembers between runs: the ledger of
// principals, every account ever listed, tombstones, the write-ahead journal,
// runs, saved plans, approvals and protections, in one SQLite database
// (state.db) in the state directory; and the lock that lets one run at a time
// write.
//
// What must hold:
//   - An intent is on disk before Intend returns: the agent calls the mail
//     server only after that.
//   - A ledger that cannot be trusted (damaged, changed by hand, written by a
//     newer version) is refused, never repaired or begun anew in silence. A
//     lost ledger is not a first run.
//   - A dry run opens it with ReadOnly, works on a copy in memory, and changes
//     no byte and creates no file.
//   - Addresses are kept as hashes only; no secret is ever handed to this
//     package.
//
// Times are stored as unix nanoseconds in UTC; zero is "not known". A time
// outside 1678–2261 is moved to the nearest that fits, and the very instant
// 1970-01-01T00:00:00Z reads back as "not known".
//
// The SQL keeps to what SQLite and PostgreSQL share (ON CONFLICT, RETURNING,
// partial indexes), so that a PostgreSQL twin needs its own migrations and
// placeholders, but no other statements.
package state
