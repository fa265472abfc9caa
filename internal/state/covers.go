package state

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// LaterDeletes are the deletes after the grace that the approval of absences
// still covers.
type LaterDeletes struct {
	Approval int64
	Plan     string
	By       []string
	Reason   string
	// Accounts is how many; none is covered before From, none after Until.
	Accounts int
	From     time.Time
	Until    time.Time
}

// encodeCover stores a cover as JSON; none is no text.
func encodeCover(c reconcile.Cover) (string, error) {
	if c.IsZero() {
		return "", nil
	}
	return encode(c)
}

// GivenApprovals gives the IDs of all approvals that were not taken back, also
// of those that have expired.
func (l *Ledger) GivenApprovals(ctx context.Context) (map[int64]bool, error) {
	given := map[int64]bool{}
	err := each(ctx, l.read, "SELECT id FROM approvals", nil, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		given[id] = true
		return err
	})
	return given, wrap("read the approvals", err)
}

// LaterDeletes gives what approvals of absences still cover at a moment, by
// approval. One that was taken back covers nothing.
func (l *Ledger) LaterDeletes(ctx context.Context, now time.Time) ([]LaterDeletes, error) {
	found := map[int64]*LaterDeletes{}
	err := each(ctx, l.read, `SELECT f.miss_cover FROM principal_facts f JOIN principals p ON p.row = f.row
		WHERE f.miss_cover <> '' AND p.state <> ?`, []any{int64(reconcile.StateGone)}, func(rows *sql.Rows) error {
		var text string
		var c reconcile.Cover
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if err := decode(text, &c); err != nil || !now.Before(c.Until) {
			return err
		}
		d := found[c.Approval]
		if d == nil {
			d = &LaterDeletes{Approval: c.Approval, From: c.From, Until: c.Until}
			found[c.Approval] = d
		}
		d.Accounts++
		if c.From.Before(d.From) {
			d.From = c.From
		}
		if c.Until.After(d.Until) {
			d.Until = c.Until
		}
		return nil
	})
	if err != nil {
		return nil, wrap("read what approvals cover", err)
	}
	err = each(ctx, l.read, `SELECT a.id, a.plan, p.person, p.reason FROM approvals a
		JOIN approval_persons p ON p.approval = a.id ORDER BY a.id, p.person`, nil, func(rows *sql.Rows) error {
		var id int64
		var plan, person, reason string
		err := rows.Scan(&id, &plan, &person, &reason)
		if d := found[id]; d != nil {
			d.Plan, d.By = plan, append(d.By, person)
			if reason != "" {
				d.Reason = reason
			}
		}
		return err
	})
	var list []LaterDeletes
	for _, d := range found {
		if len(d.By) > 0 {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(a, b LaterDeletes) int { return int(a.Approval - b.Approval) })
	return list, wrap("read who approved", err)
}
