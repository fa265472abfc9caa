// Package demo shows the main job of syncagent without any set-up: a directory in SQLite, a simulated mail server on a
// loopback port, and several weeks of runs in a few seconds, told so that a mail administrator can follow whose mailbox
// had what done to it.
//
// It goes the ways that everybody goes: a configuration file loaded by internal/config, runs by internal/agent with the
// real SQL source, the real client over HTTP, real ledger and audit log. Only the clock is its own, and it says so. It
// believes nothing: after each step it asks the mail server whose mail opens with whose login, and a wrong answer makes
// it fail. It never talks to any server but its own.
package demo
