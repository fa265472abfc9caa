// Command syncagent keeps the accounts of a Stalwart Mail Server in step with
// the directories that their users come from.
//
// This package only wires: it reads flags into an options struct and calls
// runX(ctx, options, streams), which may be called by tests as well. One file
// holds one command. To add one: write newXCommand(g *globals) in x.go, set its
// GroupID, and name it in commands() of root.go; then write the reference anew
// with "go test ./cmd/syncagent -run Docs -update". A command must not set
// PersistentPreRun, which belongs to the root.
//
// The rules of output: results go to standard output, everything else to
// standard error. An error is "syncagent: " and a message in lower case without
// a full stop, then "hint: " and what to do about it. With --json the error is
// an object on standard error. Exit codes stand in exit.go and nowhere else.
package main
