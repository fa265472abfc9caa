package state

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// Approve records that the persons in a.By approve. Approvals of the same
// plan and items, or of the same announced change of domain, become one with
// several persons; a person (reconcile.PersonKey) who approves again renews the
// own part. It gives the approval's ID.
func (l *Ledger) Approve(ctx context.Context, a reconcile.Approval) (id int64, err error) {
	if len(a.By) == 0 || slices.ContainsFunc(a.By, func(name string) bool { return reconcile.PersonKey(name) == "" }) {
		return 0, errors.New("approve: the name of the person who approves is missing")
	}
	items, err := encode(a.Items)
	if err != nil {
		return 0, wrap("approve", err)
	}
	err = l.inTx(ctx, "approve", func(tx *sql.Tx) error {
		if id, err = sameApproval(ctx, tx, a, items); err != nil {
			return err
		}
		for _, person := range a.By {
			if err := forgetPerson(ctx, tx, id, person); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO approval_persons (approval, person, reason, created, expires)
				VALUES (?, ?, ?, ?, ?) ON CONFLICT (approval, person) DO UPDATE SET
				reason = excluded.reason, created = excluded.created, expires = excluded.expires`,
				id, person, a.Reason, nanos(a.Created), nanos(a.Expires))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return id, err
}

// forgetPerson removes the part that a person gave before, under whatever
// spelling of the name.
func forgetPerson(ctx context.Context, tx *sql.Tx, id int64, person string) error {
	var before []string
	err := each(ctx, tx, "SELECT person FROM approval_persons WHERE approval = ?", []any{id}, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		if reconcile.PersonKey(name) == reconcile.PersonKey(person) {
			before = append(before, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range before {
		if _, err := tx.ExecContext(ctx, "DELETE FROM approval_persons WHERE approval = ? AND person = ?", id, name); err != nil {
			return err
		}
	}
	return nil
}

// sameApproval finds the approval that a adds to, or makes it.
func sameApproval(ctx context.Context, tx *sql.Tx, a reconcile.Approval, items string) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id FROM approvals WHERE plan = ? AND items = ?
		AND rename_from = ? AND rename_to = ? AND max_renames = ?`,
		a.Plan, items, a.RenameFrom, a.RenameTo, a.Max).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO approvals (plan, items, rename_from, rename_to, max_renames, created)
		VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
		a.Plan, items, a.RenameFrom, a.RenameTo, a.Max, nanos(a.Created)).Scan(&id)
	return id, err
}

// Approvals gives the approvals that hold at a moment, by ID. By lists only
// persons whose part has not expired; Created and Expires are the earliest
// among theirs, Reason is the newest one given.
func (l *Ledger) Approvals(ctx context.Context, now time.Time) ([]reconcile.Approval, error) {
	var found []reconcile.Approval
	err := each(ctx, l.read, `SELECT a.id, a.plan, a.items, a.rename_from, a.rename_to, a.max_renames,
			p.person, p.reason, p.created, p.expires
		FROM approvals a JOIN approval_persons p ON p.approval = a.id
		WHERE p.expires > ? ORDER BY a.id, p.created, p.person`, []any{nanos(now)}, func(rows *sql.Rows) error {
		var a reconcile.Approval
		var items, person string
		var created, expires int64
		err := rows.Scan(&a.ID, &a.Plan, &items, &a.RenameFrom, &a.RenameTo, &a.Max, &person, &a.Reason, &created, &expires)
		if err = errors.Join(err, decode(items, &a.Items)); err != nil {
			return err
		}
		a.By, a.Created, a.Expires = []string{person}, instant(created), instant(expires)
		found = mergeApproval(found, a)
		return nil
	})
	for i := range found {
		slices.Sort(found[i].By)
	}
	return found, wrap("read approvals", err)
}

// mergeApproval adds a person's part to the list, whose last one may be of the
// same approval.
func mergeApproval(list []reconcile.Approval, part reconcile.Approval) []reconcile.Approval {
	if len(list) == 0 || list[len(list)-1].ID != part.ID {
		return append(list, part)
	}
	last := &list[len(list)-1]
	last.By = append(last.By, part.By...)
	if part.Reason != "" {
		last.Reason = part.Reason
	}
	if part.Expires.Before(last.Expires) {
		last.Expires = part.Expires
	}
	return list
}

// Revoke takes back an approval. ErrNotFound if there is none of this ID.
func (l *Ledger) Revoke(ctx context.Context, id int64) error {
	return l.inTx(ctx, "revoke approval", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM approvals WHERE id = ?", id)
		return errors.Join(err, exactlyOne(res, err))
	})
}
