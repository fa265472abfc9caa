// Package stalwart is the client of the target: it looks at the accounts of a
// Stalwart Mail Server, renames, parks, suspends and destroys them, and starts
// the purge afterwards. It speaks the JMAP management interface of 0.16 and
// later, and the REST one of 0.5 to 0.15 (files rest_*.go); Dial finds out what
// answers.
//
// It decides nothing. Callers hand in account IDs and complete identities, and
// get back one typed error for each of them.
//
// What it must never do:
//   - take an error for an absence: an ID is gone only if the server says so,
//     a listing is complete only if nothing speaks against it;
//   - repeat a write whose outcome is unknown (UncertainError): the caller asks
//     the server again;
//   - go on after refused credentials: the server bans whole addresses;
//   - send credentials anywhere but to the configured host, or follow a redirect
//     or an advertised URL;
//   - show a secret or the body of an answer in an error or a log;
//   - destroy its own account, or anything that is not named by its ID;
//   - before 0.16, where names stand in paths: send a name that some version reads
//     differently, write without having seen that the name still leads to the ID,
//     or delete or expunge in bulk.
//
// Facts about the server were measured on 0.16.18 and read in the sources of
// 0.16.0 to 0.16.18 where a comment does not say otherwise.
package stalwart
