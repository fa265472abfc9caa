// Package archive takes all that an account holds off the mail server before
// the account is deleted, proves that nothing is missing, and puts it back.
//
// An archive is a directory in the layout that the official command line tool
// of Stalwart 0.3 to 0.15 writes and imports (mailboxes.json, emails.json,
// sieve.json, identities.json, vacation.json, blobs/), with contacts, calendars,
// files and the account record in files of their own and a manifest.json with
// counts, sizes and the SHA-256 of every file.
//
// What it must never do:
//   - call an archive finished that was not read back and compared with the
//     server after the last change: a delete follows;
//   - take the answers for an account that does not exist for an empty account:
//     the account is looked up before and after;
//   - use a name from the server as a file name unchecked;
//   - overwrite or remove anything of the account that it restores into.
//
// It knows no server: what it needs is declared in server.go.
package archive
