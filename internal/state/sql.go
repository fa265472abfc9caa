package state

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"
)

// chunkSize bounds the values of one IN list; SQLite takes 32,766 and
// PostgreSQL 65,535 placeholders, but short statements stay in caches.
const chunkSize = 500

// inTx runs fn in one write transaction, committed durably if it returns nil.
func (l *Ledger) inTx(ctx context.Context, step string, fn func(tx *sql.Tx) error) error {
	if l.write == nil {
		return wrap(step, ErrReadOnly)
	}
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return wrap(step, err)
	}
	if err := fn(tx); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // the transaction ended with its context
		}
		return wrap(step, errors.Join(err, rollback(tx)))
	}
	return wrap(step, tx.Commit())
}

// rowContext gives the context for the short statements that write one row, or
// an error once ctx is done. The driver starts a goroutine for each statement
// that can be interrupted, which takes longer than such a statement; the
// transaction itself still ends with ctx.
func rowContext(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

// rollback ends a failed transaction; it is no failure that it ended already.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls fn for every row of a query.
func each(ctx context.Context, q querier, query string, args []any, fn func(rows *sql.Rows) error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// chunks splits the values of an IN list into statements: each turn gives the
// list of placeholders and the values for it.
func chunks[T any](values []T, arg func(T) any) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for part := range slices.Chunk(values, chunkSize) {
			args := make([]any, len(part))
			for i, v := range part {
				args[i] = arg(v)
			}
			if !yield("("+strings.Repeat("?,", len(part)-1)+"?)", args) {
				return
			}
		}
	}
}
