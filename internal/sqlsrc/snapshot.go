package sqlsrc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// yieldError passes an error of the consumer through unchanged.
type yieldError struct{ err error }

func (e *yieldError) Error() string { return e.err.Error() }
func (e *yieldError) Unwrap() error { return e.err }

// Snapshot reads all people in one transaction and hands them over one by one.
// The entries do not depend on each other; none is kept.
//
// The evidence is complete only if there is no error and nothing speaks
// against it. The error is an *UnusableError (errors.Is ErrUnusable, with
// context.Canceled or context.DeadlineExceeded where they are the cause) or
// that of yield; then the evidence says the same in its reasons.
func (s *Source) Snapshot(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	r := &reading{Source: s, yield: yield, seen: map[idKey]struct{}{}, allUUID: true, faults: map[string]*fault{}}
	r.evidence = reconcile.Evidence{Counted: -1, IDAttribute: s.opts.ID, IDReusable: true}
	t, err := s.connect(ctx)
	if err == nil {
		defer func() { _ = t.db.Close() }()
		r.target = t
		err = s.transaction(ctx, t, func(tx *tx) error { return r.read(ctx, tx) })
		r.evidence.Server, r.evidence.Directory = t.server, t.directory
	}
	return r.finish(err)
}

// reading is one snapshot on its way.
type reading struct {
	*Source
	target   *target
	yield    func(reconcile.Entry) error
	evidence reconcile.Evidence
	book     *addressBook
	rows     int
	seen     map[idKey]struct{}
	allUUID  bool
	digest   mapping.Digest
	tally    mapping.Tally
	faults   map[string]*fault
}

// fault sums up rows that make the snapshot unusable for the same reason.
type fault struct {
	count int
	first string
}

func (r *reading) read(ctx context.Context, q queryer) error {
	if r.opts.ChangeProbe != "" {
		position, err := r.scalar(ctx, r.target, q, statement{key: "change_probe", text: r.opts.ChangeProbe})
		if err != nil {
			return err
		}
		// NULL is "": a probe that told something before tells less now.
		r.evidence.Positions = map[string]string{r.probeKey(): position}
	}
	if err := r.count(ctx, q); err != nil {
		return err
	}
	var err error
	if r.book, err = r.readAddresses(ctx, r.target, q); err != nil {
		return err
	}
	var rec *record
	return r.each(ctx, r.target, q, statement{key: "query", text: r.opts.Query}, func(rows *sql.Rows) error {
		sh, err := newShape(rows, "query", r.opts.ID, r.columns)
		rec = &record{shape: sh}
		return err
	}, func(values []any) error {
		rec.values = values
		return r.row(rec)
	})
}

// count asks for the number of rows in the same transaction.
func (r *reading) count(ctx context.Context, q queryer) error {
	st := statement{key: "count", text: r.opts.Count}
	if st.text == "" {
		st.text = "SELECT count(*) " + from(r.opts.Query)
	}
	value, err := r.scalar(ctx, r.target, q, st)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return columnError(fmt.Sprintf("sql.count returns %q instead of a number", value), "Select one count(*).")
	}
	r.evidence.Counted = n
	return nil
}

func (r *reading) row(rec *record) error {
	r.rows++
	id, uuid, err := r.dialect.canonicalID(rec.values[rec.id], rec.types[rec.id])
	if err != nil {
		code := reconcile.UnusableBadID
		if errors.Is(err, mapping.ErrIDEmpty) {
			code = reconcile.UnusableNoID
		}
		r.blame(code, fmt.Sprintf("row %d (%s): %v", r.rows, r.describe(rec), err))
		return nil
	}
	key := keyOf(id)
	if _, twice := r.seen[key]; twice {
		r.blame(reconcile.UnusableDuplicateID, fmt.Sprintf("row %d (%s): the ID %s was there before", r.rows, r.describe(rec), id))
		return nil
	}
	r.seen[key] = struct{}{}
	r.allUUID = r.allUUID && uuid
	rec.addresses = r.book.take(id)
	label := r.label(id)
	entry, warned := r.mapper.Entry(id, label, rec)
	r.tally.Add(label, warned)
	r.digest.Add(entry)
	r.evidence.Entries++
	if err := r.yield(entry); err != nil {
		return &yieldError{err}
	}
	return nil
}

// label is what people recognise a person by.
func (s *Source) label(id reconcile.StableID) string { return s.opts.ID + "=" + string(id) }

// describe names a row that has no usable ID.
func (s *Source) describe(rec *record) string {
	entry, _ := s.mapper.Entry("", "", rec)
	if len(entry.Names) > 0 {
		return entry.Names[0]
	}
	return "without a name"
}

func (r *reading) blame(code, place string) {
	if r.faults[code] == nil {
		r.faults[code] = &fault{first: place}
	}
	r.faults[code].count++
}

// finish makes the evidence of what was read.
func (r *reading) finish(err error) (reconcile.Evidence, error) {
	e := r.evidence
	for code, f := range r.faults {
		message := f.first
		if f.count > 1 {
			message += fmt.Sprintf(", and %d rows more", f.count-1)
		}
		e.Reasons = append(e.Reasons, reconcile.Reason{Code: code, Message: message, Hint: faultHints[code]})
	}
	switch {
	case err != nil:
		e.Reasons = append(e.Reasons, reasonOf(err))
	case e.Counted >= 0 && e.Counted != r.rows:
		e.Reasons = append(e.Reasons, reconcile.Reason{
			Code:    reconcile.UnusableCountDiffers,
			Message: fmt.Sprintf("sql.query gave %d rows, but the count in the same transaction is %d", r.rows, e.Counted),
			Hint:    "Both must count the same rows: compare sql.count with sql.query. Tables without transactions (MyISAM) may also change in between.",
		})
	}
	slices.SortFunc(e.Reasons, func(a, b reconcile.Reason) int { return strings.Compare(a.Code, b.Code) })
	e.Warnings = r.tally.Reasons()
	if r.book != nil && err == nil {
		e.Warnings = append(e.Warnings, r.book.warnings()...)
	}
	e.Digest = r.digest.String()
	e.IDReusable = !r.opts.Map.IDNeverReused && (!r.allUUID || e.Entries == 0)
	e.Complete = err == nil && len(e.Reasons) == 0
	r.opts.observe("snapshot", "source", r.opts.Name, "entries", e.Entries, "counted", e.Counted, "complete", e.Complete)
	return e, err
}

var faultHints = map[string]string{
	reconcile.UnusableNoID:        "Every person needs a value in the column of map.id. Correct the rows, or leave them out in sql.query.",
	reconcile.UnusableBadID:       "Take a column with a number, a UUID or a short text for map.id.",
	reconcile.UnusableDuplicateID: "sql.query must return one row for each person (a join may repeat rows), and map.id must be unique.",
}

// reasonOf gives an error as a reason.
func reasonOf(err error) reconcile.Reason {
	if u, ok := errors.AsType[*UnusableError](err); ok {
		return u.Reason
	}
	return reconcile.Reason{Code: reconcile.UnusableIncomplete, Message: "the reading was stopped: " + err.Error()}
}
