package state

import (
	"context"
	"database/sql"
	"errors"

	"syncagent/internal/reconcile"
)

// TombstonesByKeys gives the tombstones of these keys, by key and owner.
func (l *Ledger) TombstonesByKeys(ctx context.Context, keys []reconcile.Hash) ([]reconcile.Tombstone, error) {
	var found []reconcile.Tombstone
	for list, args := range chunks(sortedHashes(keys), func(h reconcile.Hash) any { return hashBytes(h) }) {
		err := each(ctx, l.read, `SELECT key, source, id, account, name, since FROM tombstones
			WHERE key IN `+list+" ORDER BY key, source, id", args, func(rows *sql.Rows) error {
			var t reconcile.Tombstone
			var key []byte
			var since int64
			if err := rows.Scan(&key, &t.Owner.Source, &t.Owner.ID, &t.Account, &t.Text, &since); err != nil {
				return err
			}
			t.Since = instant(since)
			var err error
			t.Key, err = parseHash(key)
			found = append(found, t)
			return err
		})
		if err != nil {
			return nil, wrap("read tombstones", err)
		}
	}
	return found, nil
}

func putTombstone(ctx context.Context, tx *sql.Tx, t reconcile.Tombstone) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO tombstones (key, source, id, account, name, since) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (key, source, id) DO UPDATE SET since = excluded.since,
			account = CASE WHEN excluded.account = tombstones.account THEN excluded.account ELSE '' END,
			name = CASE WHEN excluded.name = '' THEN tombstones.name ELSE excluded.name END`,
		hashBytes(t.Key), t.Owner.Source, string(t.Owner.ID), string(t.Account), t.Text, nanos(t.Since))
	return err
}

// Sources gives what is remembered about every source, by name.
func (l *Ledger) Sources(ctx context.Context) (map[string]reconcile.SourceState, error) {
	found := map[string]reconcile.SourceState{}
	err := each(ctx, l.read, `SELECT name, fingerprint, id_attribute, directory, last_complete, last_counted,
		positions, largest, canaries, adopted FROM sources`, nil, func(rows *sql.Rows) error {
		var s reconcile.SourceState
		var complete, counted int64
		var positions, largest, canaries string
		err := rows.Scan(&s.Name, &s.Fingerprint, &s.IDAttribute, &s.Directory, &complete, &counted,
			&positions, &largest, &canaries, &s.Adopted)
		s.LastComplete, s.LastCounted = instant(complete), instant(counted)
		err = errors.Join(err, decode(positions, &s.Positions), decode(largest, &s.Largest), decode(canaries, &s.Canaries))
		found[s.Name] = s
		return err
	})
	return found, wrap("read sources", err)
}

func putSource(ctx context.Context, tx *sql.Tx, s reconcile.SourceState) error {
	positions, err := encode(s.Positions)
	if err != nil {
		return err
	}
	largest, err := encode(s.Largest)
	if err != nil {
		return err
	}
	canaries, err := encode(s.Canaries)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO sources (name, fingerprint, id_attribute, directory, last_complete,
			last_counted, positions, largest, canaries, adopted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, id_attribute = excluded.id_attribute,
			directory = excluded.directory, last_complete = excluded.last_complete, last_counted = excluded.last_counted,
			positions = excluded.positions, largest = excluded.largest, canaries = excluded.canaries, adopted = excluded.adopted`,
		s.Name, s.Fingerprint, s.IDAttribute, s.Directory, nanos(s.LastComplete), nanos(s.LastCounted),
		positions, largest, canaries, flag(s.Adopted))
	return err
}

// Meta gives a value that Record set, and whether there is one.
func (l *Ledger) Meta(ctx context.Context, key string) (string, bool, error) {
	var value string
	err := l.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, wrap("read "+key, err)
}

func putMeta(ctx context.Context, tx *sql.Tx, key, value string) error {
	if value == "" {
		_, err := tx.ExecContext(ctx, "DELETE FROM meta WHERE key = ?", key)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}
