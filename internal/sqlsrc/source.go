package sqlsrc

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// addressesAttribute stands for the rows of sql.addresses among the attributes
// of the mapping; it cannot be the name of a column that people map.
const addressesAttribute = "\x00sql.addresses"

// Source reads people from a database. It holds no connection between calls
// and is safe for concurrent use.
type Source struct {
	opts    Options
	dialect dialect
	mapper  *mapping.Mapper
	// columns are the attributes that are columns of the query, with the ID.
	columns []string
}

// New checks the options and prepares a source, without any network. The error
// joins all problems, each starting with its configuration key.
func New(o Options) (*Source, error) {
	o = o.withDefaults()
	spec := o.Map
	if o.Addresses != "" {
		spec.Addresses = append(slices.Clone(spec.Addresses), mapping.AddressSpec{Attribute: addressesAttribute})
	}
	mapper, err := mapping.Compile(spec)
	if err := errors.Join(o.check(), err); err != nil {
		return nil, err
	}
	s := &Source{opts: o, dialect: dialects[o.Driver], mapper: mapper, columns: []string{o.ID}}
	for _, a := range mapper.Attributes() {
		if a != addressesAttribute {
			s.columns = append(s.columns, a)
		}
	}
	return s, nil
}

// Name is the name of the source in the configuration.
func (s *Source) Name() string { return s.opts.Name }

// connect prepares the database of the data source name as it is now. The
// caller closes target.db.
func (s *Source) connect(ctx context.Context) (*target, error) {
	dsn, err := s.opts.DSN()
	if err != nil {
		return nil, &UnusableError{Reason: reconcile.Reason{
			Code: reconcile.UnusableUnreachable, Message: "sql.dsn cannot be had: " + scrub(nil, err.Error()), Hint: "Check the file or variable of sql.dsn.",
		}}
	}
	t, err := s.dialect.open(dsn, s.opts.Timeout)
	if err != nil {
		return nil, s.failed(ctx, nil, "open the database", err)
	}
	// One connection, used by one transaction at a time.
	t.db.SetMaxOpenConns(1)
	t.db.SetConnMaxIdleTime(s.opts.Timeout)
	return t, nil
}

// transaction runs do in a read-only transaction that sees one moment. Errors
// are *UnusableError or those of do.
func (s *Source) transaction(ctx context.Context, t *target, do func(*tx) error) error {
	conn, tx, err := s.begin(ctx, t)
	if err != nil {
		// A connection that was idle may have been closed meanwhile; a new one gets one
		// try. A refused login is not tried again.
		var u *UnusableError
		if errors.As(err, &u) && u.Reason.Code == reconcile.UnusableConnectionLost && ctx.Err() == nil {
			conn, tx, err = s.begin(ctx, t)
		}
		if err != nil {
			return err
		}
	}
	defer func() { _ = conn.Close() }()
	defer tx.end()
	return do(tx)
}

func (s *Source) begin(ctx context.Context, t *target) (*sql.Conn, *tx, error) {
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return nil, nil, s.failed(ctx, t, "connect to", err)
	}
	if t.inspect != nil {
		t.inspect(conn, t)
	}
	tx, err := s.dialect.begin(ctx, conn, s.opts.Timeout)
	if err != nil {
		err = s.failed(ctx, t, "begin to read from", err)
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, tx, nil
}
