package state

import (
	"context"
	"database/sql"
	"slices"

	"syncagent/internal/reconcile"
)

// Carry tells how the ledger is rewritten when the mail server shows accounts
// under other IDs and names than before, after a proven upgrade.
type Carry struct {
	// ID gives the new form of an account ID, Name that of a name.
	ID   func(reconcile.AccountID) (reconcile.AccountID, bool)
	Name func(string) string
	// Key is what a name is found by from now on.
	Key func(string) reconcile.Hash
}

// CarryOver rewrites everything that names accounts, together with changes, in
// one durable transaction: the accounts that were ever listed keep the time when
// they were first listed, tombstones also hold for the new form of their names,
// and open steps of the journal end as unknown. In a ledger that was opened for
// reading only it changes the copy in memory, so that a dry run sees what a run
// would see.
func (l *Ledger) CarryOver(ctx context.Context, c Carry, changes Changes) error {
	return l.inCopyTx(ctx, "carry the ledger over", func(tx *sql.Tx) error {
		if err := c.accounts(ctx, tx); err != nil {
			return err
		}
		if err := c.tombstones(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE steps SET outcome = ?, finished = ?,
			error = 'the mail server was upgraded before the outcome was known; look at the account' WHERE outcome = ''`,
			string(StepUnknown), nanos(l.now()))
		if err != nil {
			return err
		}
		_, err = changes.apply(ctx, tx)
		return err
	})
}

// inCopyTx is inTx which, in a ledger opened for reading only, works on the copy.
func (l *Ledger) inCopyTx(ctx context.Context, step string, fn func(tx *sql.Tx) error) error {
	if l.write != nil {
		return l.inTx(ctx, step, fn)
	}
	copied := &Ledger{write: l.read}
	return copied.inTx(ctx, step, fn)
}

// accounts gives the rows of listed accounts their new IDs. Old and new IDs may
// look alike, so all rows are read before any is written. Keys and digests go:
// the next listing writes them.
func (c Carry) accounts(ctx context.Context, tx *sql.Tx) error {
	ids, err := column(ctx, tx, "SELECT id FROM accounts ORDER BY id")
	if err != nil {
		return err
	}
	for _, text := range []string{
		"DELETE FROM account_keys", "UPDATE accounts SET id = 'old ' || id, digest = x''",
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	for _, old := range ids {
		id, ok := c.ID(reconcile.AccountID(old))
		text, args := "UPDATE accounts SET id = ? WHERE id = 'old ' || ?", []any{string(id), old}
		if !ok {
			text, args = "DELETE FROM accounts WHERE id = 'old ' || ?", []any{old}
		}
		if _, err := tx.ExecContext(ctx, text, args...); err != nil {
			return err
		}
	}
	return putMeta(ctx, tx, metaLastAccountID, "")
}

// tombstones gives tombstones the new IDs, and adds one for each name that is
// written in another form now.
func (c Carry) tombstones(ctx context.Context, tx *sql.Tx) error {
	var found []reconcile.Tombstone
	err := each(ctx, tx, "SELECT key, source, id, account, name, since FROM tombstones ORDER BY source, id, key", nil,
		func(rows *sql.Rows) error {
			var t reconcile.Tombstone
			var key []byte
			var since int64
			err := rows.Scan(&key, &t.Owner.Source, &t.Owner.ID, &t.Account, &t.Text, &since)
			copy(t.Key[:], key)
			t.Since = instant(since)
			found = append(found, t)
			return err
		})
	if err != nil {
		return err
	}
	for _, t := range found {
		if id, ok := c.ID(t.Account); ok {
			t.Account = id
			if _, err := tx.ExecContext(ctx, "UPDATE tombstones SET account = ? WHERE key = ? AND source = ? AND id = ?",
				string(id), hashBytes(t.Key), t.Owner.Source, string(t.Owner.ID)); err != nil {
				return err
			}
		}
		keys := []reconcile.Hash{t.Key}
		if name := c.Name(t.Text); t.Text != "" && name != t.Text {
			t.Text = name
			keys = append(keys, c.Key(name))
		}
		for _, t.Key = range slices.Compact(keys) {
			if err := putTombstone(ctx, tx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func column(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	var found []string
	err := each(ctx, tx, query, nil, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		found = append(found, text)
		return err
	})
	return found, err
}
