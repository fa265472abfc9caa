package sqlsrc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"

	"syncagent/internal/reconcile"
)

// ErrUnusable marks every error that says that the database could not be read.
// Use errors.As with *UnusableError for the reason.
var ErrUnusable = errors.New("the directory is unusable")

// UnusableError says why a database could not be read.
type UnusableError struct {
	// Reason is for people; its code is one of reconcile.Unusable….
	Reason reconcile.Reason
	// cause is what errors.Is may find: only errors without a secret, so never one
	// of a driver.
	cause error
}

// Error gives the sentence for people without the hint.
func (e *UnusableError) Error() string { return e.Reason.Message }

// Unwrap gives context.Canceled, context.DeadlineExceeded or nothing.
func (e *UnusableError) Unwrap() error { return e.cause }

// Is makes errors.Is(err, ErrUnusable) true.
func (e *UnusableError) Is(target error) bool { return target == ErrUnusable }

// advice is the code and the hint for one kind of failure.
type advice struct{ code, hint string }

const (
	hintLogin    = "Check user and password in sql.dsn, and that the account may log in from this machine."
	hintDatabase = "Check the name of the database in sql.dsn."
	hintRights   = "Give the account the right to read (SELECT) all tables of the query."
	hintTimeout  = "Make the query faster (an index, fewer joins) or raise sql.timeout."
	hintReadOnly = "The query writes or calls something that writes. This program only reads."
	hintLost     = "The connection ended before the reading did; the server's log says why. The next run reads everything again."
	hintQuery    = "Try the query with the database's own client; check prints the line."
	hintReach    = "Check host and port in sql.dsn, firewalls, and that the database server is running."
	hintTLS      = "Check the TLS settings in sql.dsn and the server's certificate."
	hintDSN      = "Check the form of sql.dsn: see the examples of the documentation for this driver."
)

// failed makes the error of a step. Its text holds no secret of the target.
func (s *Source) failed(ctx context.Context, t *target, doing string, err error) error {
	if _, ok := errors.AsType[*UnusableError](err); ok {
		return err
	}
	where := ""
	if t != nil {
		where = " " + t.server
	}
	if cause := ctx.Err(); cause != nil {
		return s.stopped(doing+where, cause)
	}
	a := s.advise(err)
	return &UnusableError{Reason: reconcile.Reason{
		Code: a.code, Message: fmt.Sprintf("%s%s: %s", doing, where, scrub(t, err.Error())), Hint: a.hint,
	}}
}

// stopped is the error after the caller gave up or the time was over.
func (s *Source) stopped(doing string, cause error) error {
	r := reconcile.Reason{Code: reconcile.UnusableTimeout, Message: doing + ": stopped", Hint: "The run was cancelled."}
	if errors.Is(cause, context.DeadlineExceeded) {
		r.Message = fmt.Sprintf("%s: not done within %v", doing, s.opts.Timeout.Round(time.Millisecond))
		r.Hint = hintTimeout
	}
	return &UnusableError{Reason: r, cause: cause}
}

func (s *Source) advise(err error) advice {
	if a, ok := s.dialect.explain(err); ok {
		return a
	}
	var (
		unknownCA  x509.UnknownAuthorityError
		wrongHost  x509.HostnameError
		invalid    x509.CertificateInvalidError
		record     tls.RecordHeaderError
		verify     *tls.CertificateVerificationError
		dial       *net.OpError
		resolution *net.DNSError
	)
	switch {
	case errors.Is(err, errDSN):
		return advice{reconcile.UnusableUnreachable, hintDSN}
	case errors.As(err, &unknownCA), errors.As(err, &wrongHost), errors.As(err, &invalid), errors.As(err, &record), errors.As(err, &verify):
		return advice{reconcile.UnusableTLS, hintTLS}
	case errors.As(err, &resolution), errors.As(err, &dial) && dial.Op == "dial":
		return advice{reconcile.UnusableUnreachable, hintReach}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, mysql.ErrInvalidConn),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, net.ErrClosed), errors.As(err, &dial):
		return advice{reconcile.UnusableConnectionLost, hintLost}
	}
	return advice{reconcile.UnusableQueryFailed, hintQuery}
}
