package state

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// Changes is what one transaction writes to the ledger.
type Changes struct {
	// Principals are written under their source and ID, new or not; Row is
	// ignored.
	Principals []reconcile.Principal
	// KeysOf gives the keys of all names of a principal: its name and those of
	// its accounts. Keys of its addresses are added by the ledger. Required with
	// Principals.
	KeysOf func(reconcile.Principal) []reconcile.Hash
	// Tombstones are added to one of the same key and owner: a name stays one
	// although the directory lists it as an address, too, and what belonged to two
	// accounts speaks for any.
	Tombstones []reconcile.Tombstone
	// Sources replace what was known of each.
	Sources []reconcile.SourceState
	// Meta sets values; an empty one deletes the key.
	Meta map[string]string
	// DeleteTombstonesBefore forgets tombstones that are older; zero: none.
	DeleteTombstonesBefore time.Time
	// DeleteGoneBefore forgets principals that are gone and were last seen
	// before; zero: none.
	DeleteGoneBefore time.Time
	// DeleteRunsBefore forgets runs that started before, with their settled steps
	// (open ones stay); zero: none. The rolling limits need a week of steps.
	DeleteRunsBefore time.Time
}

// Record writes changes in one durable transaction and gives the rows of
// Principals in their order.
func (l *Ledger) Record(ctx context.Context, changes Changes) (rows []int64, err error) {
	err = l.inTx(ctx, "record in the ledger", func(tx *sql.Tx) error {
		rows, err = changes.apply(ctx, tx)
		return err
	})
	return rows, err
}

func (c Changes) apply(ctx context.Context, tx *sql.Tx) ([]int64, error) {
	rows, err := c.applyPrincipals(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, t := range c.Tombstones {
		if err := putTombstone(ctx, tx, t); err != nil {
			return nil, err
		}
	}
	for _, s := range c.Sources {
		if err := putSource(ctx, tx, s); err != nil {
			return nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Meta)) {
		if err := putMeta(ctx, tx, key, c.Meta[key]); err != nil {
			return nil, err
		}
	}
	return rows, c.forget(ctx, tx)
}

func (c Changes) applyPrincipals(ctx context.Context, tx *sql.Tx) ([]int64, error) {
	if len(c.Principals) == 0 {
		return nil, nil
	}
	if c.KeysOf == nil {
		return nil, errors.New("principals without a way to make the keys of their names")
	}
	w, err := newPrincipalWriter(ctx, tx)
	if err != nil {
		return nil, err
	}
	defer w.close()
	rows := make([]int64, len(c.Principals))
	for i, p := range c.Principals {
		if rows[i], err = w.put(ctx, p, c.KeysOf(p)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// forget deletes what is too old.
func (c Changes) forget(ctx context.Context, tx *sql.Tx) error {
	for _, f := range []struct {
		before time.Time
		text   string
	}{
		{c.DeleteTombstonesBefore, "DELETE FROM tombstones WHERE since < ?"},
		{c.DeleteGoneBefore, `DELETE FROM principals WHERE state = 3 AND row IN
			(SELECT row FROM principal_facts WHERE last_seen < ?)`},
		{c.DeleteRunsBefore, "DELETE FROM steps WHERE created < ? AND outcome <> ''"},
		{c.DeleteRunsBefore, "DELETE FROM runs WHERE started < ? AND id NOT IN (SELECT run FROM steps)"},
	} {
		if f.before.IsZero() {
			continue
		}
		if _, err := tx.ExecContext(ctx, f.text, nanos(f.before)); err != nil {
			return err
		}
	}
	return nil
}
