package sqlsrc

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"syncagent/internal/reconcile"
)

// LookupSession answers look-ups over one connection. It must not be used
// concurrently. See the package comment for what "without the filter" means.
type LookupSession struct {
	source *Source
	target *target
	// query and addresses are the shapes of the two statements.
	query, addresses *shape
}

// OpenLookup connects for look-ups and looks at the columns of the query. A
// database has no second server to ask, so avoidServer is not used. The error
// is ErrUnusable or that of ctx.
func (s *Source) OpenLookup(ctx context.Context, _ string) (*LookupSession, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	t, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	session := &LookupSession{source: s, target: t}
	err = s.transaction(ctx, t, func(tx *tx) error { return session.describe(ctx, tx) })
	if err != nil {
		_ = t.db.Close()
		return nil, err
	}
	return session, nil
}

// describe learns names and types of the columns.
func (l *LookupSession) describe(ctx context.Context, q queryer) error {
	s := l.source
	nothing := func([]any) error { return nil }
	if s.opts.Addresses != "" {
		st := statement{key: "addresses", text: "SELECT * " + from(s.opts.Addresses) + " WHERE 1 = 0"}
		err := s.each(ctx, l.target, q, st, func(rows *sql.Rows) (err error) {
			l.addresses, err = addressShape(rows)
			return err
		}, nothing)
		if err != nil {
			return err
		}
	}
	st := statement{key: "query", text: "SELECT * " + from(s.opts.Query) + " WHERE 1 = 0"}
	if !s.dialect.canWrap(s.opts.Query) {
		// The query itself, stopped at its first row; that may cost the connection, so
		// it comes last.
		st.text = s.opts.Query
		nothing = func([]any) error { return errEnough }
	}
	err := s.each(ctx, l.target, q, st, func(rows *sql.Rows) (err error) {
		l.query, err = newShape(rows, "query", s.opts.ID, s.columns)
		return err
	}, nothing)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Close ends the connection.
func (l *LookupSession) Close() error { return l.target.db.Close() }

// Lookup asks for one identity in a transaction of its own, so that it sees the
// database as it is now. The error is an *UnusableError; the result then claims
// nothing.
func (l *LookupSession) Lookup(ctx context.Context, request reconcile.LookupRequest) (reconcile.LookupResult, error) {
	ctx, cancel := context.WithTimeout(ctx, l.source.opts.Timeout)
	defer cancel()
	q := &question{LookupSession: l, request: request}
	err := l.source.transaction(ctx, l.target, func(tx *tx) error {
		q.tx = tx
		return q.answer(ctx)
	})
	if err != nil {
		return reconcile.LookupResult{Server: l.target.server, Reason: err.Error()}, err
	}
	q.result.Server = l.target.server
	q.result.Reason = strings.Join(q.reasons, "; ")
	return q.result, nil
}

// question is one look-up on its way.
type question struct {
	*LookupSession
	request reconcile.LookupRequest
	tx      queryer
	result  reconcile.LookupResult
	reasons []string
	// control is the entry that is known to exist, nil if it was not found;
	// controlByLookup tells that sql.lookup itself found it.
	control         *reconcile.Entry
	controlByLookup bool
	// outsideByLookup tells that sql.lookup found the known leaver, or that there
	// is none.
	outsideByLookup bool
}

func (q *question) unknown(reason string) { q.reasons = append(q.reasons, reason) }

func (q *question) answer(ctx context.Context) error {
	if q.request.Control != "" {
		control, err := q.byID(ctx, q.request.Control)
		if err != nil {
			return err
		}
		q.control, q.controlByLookup = control.entry, control.byLookup
	}
	if err := q.askOutside(ctx); err != nil {
		return err
	}
	if q.request.ID != "" {
		if err := q.answerID(ctx); err != nil {
			return err
		}
	}
	if len(q.request.Names)+len(q.request.Addresses) > 0 {
		return q.answerIdentity(ctx)
	}
	return nil
}

// askOutside looks for the known leaver: a look-up with the condition of the
// query in it would find only those who are still there.
func (q *question) askOutside(ctx context.Context) error {
	if q.outsideByLookup = q.request.Outside == ""; q.outsideByLookup {
		return nil
	}
	outside, err := q.byID(ctx, q.request.Outside)
	q.outsideByLookup = outside.byLookup
	return err
}

func (q *question) answerID(ctx context.Context) error {
	hit, err := q.byID(ctx, q.request.ID)
	if err != nil {
		return err
	}
	switch {
	case hit.entry != nil:
		q.result.ID, q.result.Entry, q.result.Leaver = reconcile.PresenceFound, hit.entry, hit.entry.Leaver
	case q.source.opts.Lookup == "":
		q.unknown("sql.lookup is not configured, so an ID cannot be looked up beyond the query")
	case !hit.asked:
		q.unknown("the ID does not have the form of the ID column")
	case hit.others > 0:
		q.unknown("sql.lookup returned rows with other IDs only")
	case !q.controlByLookup:
		q.unknown("sql.lookup does not find a person who was in the last snapshot")
	case !q.outsideByLookup:
		q.unknown("sql.lookup does not find a person whom the last snapshot showed as a leaver")
	default:
		q.result.ID = reconcile.PresenceAbsent
	}
	return nil
}
