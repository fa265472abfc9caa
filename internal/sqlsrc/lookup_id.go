package sqlsrc

import (
	"context"
	"database/sql"
	"errors"

	"syncagent/internal/reconcile"
)

// errEnough ends a reading early; it never leaves the package.
var errEnough = errors.New("enough")

// hit is what a search for one ID gave.
type hit struct {
	entry *reconcile.Entry
	// asked is false if the ID cannot be a value of the column.
	asked bool
	// byLookup is true if sql.lookup itself gave the entry.
	byLookup bool
	// others counts rows with another ID: the database takes different texts for
	// equal, or the statement does not use its parameter well.
	others int
}

// byID looks with sql.lookup, and inside sql.query as well: whoever is in the
// query is there, whatever the look-up says.
func (q *question) byID(ctx context.Context, id reconcile.StableID) (hit, error) {
	s := q.source
	var h hit
	forms := s.dialect.idParams(id, q.query.types[q.query.id])
	h.asked = len(forms) > 0
	var statements []statement
	for _, form := range forms {
		if s.opts.Lookup != "" {
			statements = append(statements, statement{key: "lookup", text: s.opts.Lookup, args: []any{form}})
		}
		if s.dialect.canWrap(s.opts.Query) {
			column := "q." + s.dialect.quote(q.query.names[q.query.id])
			statements = append(statements, statement{
				key: "query", args: []any{form},
				text: "SELECT * " + from(s.opts.Query) + " WHERE " + column + " = " + s.dialect.placeholder(1),
			})
		}
	}
	for _, st := range statements {
		found, others, err := q.rowsOf(ctx, st, id)
		if err != nil {
			return h, err
		}
		h.others += others
		if found != nil && (h.entry == nil || st.key == "lookup") {
			h.entry, h.byLookup = found, h.byLookup || st.key == "lookup"
		}
	}
	if h.entry != nil && s.opts.Addresses != "" {
		return h, q.addAddresses(ctx, h.entry)
	}
	return h, nil
}

// rowsOf gives the row of a statement that has the ID, and counts others.
func (q *question) rowsOf(ctx context.Context, st statement, id reconcile.StableID) (found *reconcile.Entry, others int, err error) {
	err = q.entries(ctx, st, func(e reconcile.Entry) error {
		if e.ID != id {
			others++
		} else if found == nil {
			found = &e
		}
		return nil
	})
	return found, others, err
}

// entries maps every row of a statement that returns the columns of the query.
// Addresses of sql.addresses are not in them. A row whose ID is unusable has an
// empty one.
func (q *question) entries(ctx context.Context, st statement, row func(reconcile.Entry) error) error {
	s := q.source
	rec := &record{}
	return s.each(ctx, q.target, q.tx, st, func(rows *sql.Rows) (err error) {
		rec.shape, err = newShape(rows, st.key, s.opts.ID, s.columns)
		return err
	}, func(values []any) error {
		rec.values = values
		id, _, err := s.dialect.canonicalID(values[rec.id], rec.types[rec.id])
		if err != nil {
			id = ""
		}
		e, _ := s.mapper.Entry(id, s.label(id), rec)
		return row(e)
	})
}

// addAddresses reads the addresses of one person from sql.addresses.
func (q *question) addAddresses(ctx context.Context, e *reconcile.Entry) error {
	s := q.source
	var mine []string
	for _, form := range s.dialect.idParams(e.ID, q.addresses.types[0]) {
		st := statement{key: "addresses", args: []any{form}, text: "SELECT * " + from(s.opts.Addresses) +
			" WHERE q." + s.dialect.quote(q.addresses.names[0]) + " = " + s.dialect.placeholder(1)}
		err := s.eachAddress(ctx, q.target, q.tx, st, func(id reconcile.StableID, address string) {
			if id == e.ID {
				mine = append(mine, address)
			}
		})
		if err != nil {
			return err
		}
	}
	e.Addresses = s.mergeAddresses(e.Addresses, mine)
	return nil
}
