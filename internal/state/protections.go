package state

import (
	"context"
	"database/sql"
	"errors"

	"syncagent/internal/reconcile"
)

// Protect records an order never to touch what the pattern fits; an order for
// the same pattern is replaced.
func (l *Ledger) Protect(ctx context.Context, p reconcile.Protection) error {
	if p.Pattern == "" {
		return errors.New("protect: the pattern is empty")
	}
	return l.inTx(ctx, "protect", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO protections (pattern, person, reason, since) VALUES (?, ?, ?, ?)
			ON CONFLICT (pattern) DO UPDATE SET person = excluded.person, reason = excluded.reason, since = excluded.since`,
			p.Pattern, p.By, p.Reason, nanos(p.Since))
		return err
	})
}

// Unprotect takes an order back. ErrNotFound if there is none for exactly this
// pattern.
func (l *Ledger) Unprotect(ctx context.Context, pattern string) error {
	return l.inTx(ctx, "unprotect "+pattern, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM protections WHERE pattern = ?", pattern)
		return errors.Join(err, exactlyOne(res, err))
	})
}

// Protections gives all orders, by pattern.
func (l *Ledger) Protections(ctx context.Context) ([]reconcile.Protection, error) {
	var found []reconcile.Protection
	err := each(ctx, l.read, "SELECT pattern, person, reason, since FROM protections ORDER BY pattern", nil,
		func(rows *sql.Rows) error {
			var p reconcile.Protection
			var since int64
			err := rows.Scan(&p.Pattern, &p.By, &p.Reason, &since)
			p.Since = instant(since)
			found = append(found, p)
			return err
		})
	return found, wrap("read protections", err)
}
