// Package audit keeps the append-only log of what was detected, decided and
// done: one JSON object in each line, each carrying the SHA-256 of the one
// before, so that a change, a loss or another order can be proven.
//
// What must hold:
//   - Append returns only after the record is on disk (fsync); what could not be
//     recorded must not be done.
//   - Nothing that was written is ever removed or overwritten. A line that a
//     crash cut short stays where it is, and a "recovered" record after it names
//     its length and hash.
//   - A log that does not verify is not appended to.
//   - No secret is ever written: fields with the name of a secret are refused,
//     and what looks like one inside a text is replaced.
//   - Reading (Verify, Show, Export, ReadHead) opens files for reading only.
//
// A hash chain alone does not stop someone who can rewrite the whole file. The
// ledger therefore remembers the Anchor (number and hash of the last record),
// and records can be signed with a key (HMAC-SHA-256).
package audit
