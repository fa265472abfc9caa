// Package reconcile is the heart of syncagent: it decides, from values alone,
// what has to happen to which mailbox, and what must not.
//
// It holds the domain values (Entry, Evidence, Principal, Account, Action,
// Plan, NameRules) and pure functions over them: Differ compares a snapshot
// with the ledger, Needs names the facts still wanted, Decide makes the plan
// and its verdict. There is no I/O here, no clock, no logger and no driver;
// the same input gives the same plan, byte for byte.
//
// The rule above all rules: an error is never an absence. Zero values are the
// careful ones: a snapshot is incomplete, a kind unknown, a plan blocked.
package reconcile
