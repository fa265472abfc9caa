package state

import (
	"context"
	"database/sql"
	"time"

	"syncagent/internal/reconcile"
)

// Summary tells what a ledger holds, for "state show" and backups.
type Summary struct {
	Schema int `json:"schema"`
	// Principals counts by source and state.
	Principals map[string]Counts `json:"principals"`
	Accounts   int               `json:"accounts"`
	// PastAccounts were listed once and are not in the newest listing.
	PastAccounts int               `json:"past_accounts"`
	Listed       time.Time         `json:"listed"`
	Tombstones   int               `json:"tombstones"`
	Runs         int               `json:"runs"`
	LastRun      time.Time         `json:"last_run"`
	OpenSteps    int               `json:"open_steps"`
	Plans        int               `json:"plans"`
	Approvals    int               `json:"approvals"`
	Protections  int               `json:"protections"`
	Meta         map[string]string `json:"meta"`
}

// Counts counts the principals of a source.
type Counts struct {
	Active  int `json:"active"`
	Missing int `json:"missing"`
	Gone    int `json:"gone"`
	Unbound int `json:"unbound"`
}

// Summary counts what the ledger holds.
func (l *Ledger) Summary(ctx context.Context) (Summary, error) {
	s := Summary{Principals: map[string]Counts{}, Meta: map[string]string{}}
	var lastRun int64
	err := l.read.QueryRowContext(ctx, `SELECT (SELECT max(version) FROM schema_migrations),
		(SELECT count(*) FROM accounts WHERE last_listed = 0), (SELECT count(*) FROM accounts WHERE last_listed <> 0),
		(SELECT count(*) FROM tombstones), (SELECT count(*) FROM runs), (SELECT coalesce(max(started), 0) FROM runs),
		(SELECT count(*) FROM steps WHERE outcome = ''), (SELECT count(*) FROM plans),
		(SELECT count(*) FROM approvals), (SELECT count(*) FROM protections)`).
		Scan(&s.Schema, &s.Accounts, &s.PastAccounts, &s.Tombstones, &s.Runs, &lastRun, &s.OpenSteps, &s.Plans,
			&s.Approvals, &s.Protections)
	if err != nil {
		return s, wrap("read summary", err)
	}
	s.LastRun = instant(lastRun)
	if s.Listed, err = listingTime(ctx, l.read); err != nil {
		return s, wrap("read summary", err)
	}
	if err := l.countStates(ctx, s.Principals); err != nil {
		return s, wrap("read summary", err)
	}
	err = each(ctx, l.read, "SELECT key, value FROM meta", nil, func(rows *sql.Rows) error {
		var key, value string
		err := rows.Scan(&key, &value)
		s.Meta[key] = value
		return err
	})
	return s, wrap("read summary", err)
}

func (l *Ledger) countStates(ctx context.Context, counts map[string]Counts) error {
	return each(ctx, l.read, "SELECT source, state, count(*), sum(unbound) FROM principals GROUP BY source, state", nil,
		func(rows *sql.Rows) error {
			var source string
			var state, n, free int
			if err := rows.Scan(&source, &state, &n, &free); err != nil {
				return err
			}
			c := counts[source]
			c.Unbound += free
			switch reconcile.State(state) { //nolint:gosec // Written by this package.
			case reconcile.StateActive:
				c.Active = n
			case reconcile.StateMissing:
				c.Missing = n
			case reconcile.StateGone:
				c.Gone = n
			case reconcile.StateUnknown:
			}
			counts[source] = c
			return nil
		})
}
