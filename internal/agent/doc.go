// Package agent is one run of syncagent: it reads the sources, compares them
// with the ledger, lets internal/reconcile decide, carries the plan out step by
// step with a write-ahead journal, purges, verifies and records.
//
// It is the only package that knows all rooms; the rooms do not know each
// other. It decides nothing by itself that reconcile could decide: it collects
// facts, calls, and writes down. It never writes to the mail server before the
// intent is in the journal and in the audit log, and a run that cannot write
// its audit does not act.
package agent
