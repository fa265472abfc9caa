package state

import (
	"context"
	"database/sql"

	"syncagent/internal/reconcile"
)

// Known calls yield for every principal of a source, gone ones included, with
// no more than a run without change needs; by row. It keeps nothing in memory.
// yield may call other methods of the ledger, but what they write is not seen
// by this reading.
func (l *Ledger) Known(ctx context.Context, source string,
	yield func(row int64, id reconcile.StableID, entry reconcile.Hash, state reconcile.State) error,
) error {
	var (
		row   int64
		id    sql.RawBytes
		entry sql.RawBytes
		state int64
	)
	err := each(ctx, l.read, "SELECT row, id, entry, state FROM principals WHERE source = ? ORDER BY row", []any{source},
		func(rows *sql.Rows) error {
			if err := rows.Scan(&row, &id, &entry, &state); err != nil {
				return err
			}
			hash, err := parseHash(entry)
			if err != nil {
				return err
			}
			return yield(row, reconcile.StableID(id), hash, reconcile.State(state)) //nolint:gosec // Written by this package.
		})
	return wrap("read known principals of "+source, err)
}

// CountLiving counts the active principals of a source: the base of its
// limits. Missing ones do not count, so that the limits shrink with what the
// directory lists, and neither do further accounts of a person (map.name_also).
func (l *Ledger) CountLiving(ctx context.Context, source string) (int, error) {
	var n int
	err := l.read.QueryRowContext(ctx, "SELECT count(*) FROM principals WHERE source = ? AND state = ? AND id NOT LIKE 'also:_%:%'",
		source, int64(reconcile.StateActive)).Scan(&n)
	return n, wrap("count principals of "+source, err)
}

// CountByDomain counts the active principals of a source by the domain of
// their name, "" for names without one.
func (l *Ledger) CountByDomain(ctx context.Context, source string) (map[string]int, error) {
	counts := map[string]int{}
	err := each(ctx, l.read, "SELECT domain, count(*) FROM principals WHERE source = ? AND state = ? GROUP BY domain",
		[]any{source, int64(reconcile.StateActive)}, func(rows *sql.Rows) error {
			var domain string
			var n int
			if err := rows.Scan(&domain, &n); err != nil {
				return err
			}
			counts[domain] = n
			return nil
		})
	return counts, wrap("count principals of "+source, err)
}
