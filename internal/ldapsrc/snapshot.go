package ldapsrc

import (
	"context"
	"errors"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// Snapshot reads all entries and hands them to yield one by one, as their
// pages are accepted; what yield is given may still turn out to belong to an
// incomplete snapshot, which only the Evidence tells.
//
// The error is nil whenever something was read, even if not to the end: then
// Evidence.Complete is false and Evidence.Reasons says why. An error that is
// ErrUnusable means that no server could be read at all; its reason is not in the
// Evidence. Besides, errors of ctx and of yield come back. The servers are
// tried in order, but only until the first page is accepted: a snapshot never
// mixes two servers.
func (s *Source) Snapshot(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error) {
	var failures []error
	for _, srv := range s.servers {
		r, err := s.begin(ctx, srv)
		if err == nil {
			defer r.conn.close()
			return r.finish(ctx, yield)
		}
		if ctx.Err() != nil {
			return reconcile.Evidence{Counted: -1}, err
		}
		s.opts.observe("server not usable", "server", srv.url, "error", err.Error())
		failures = append(failures, err)
		if !mayTryNext(err) {
			break
		}
	}
	return reconcile.Evidence{Counted: -1}, s.unusable(failures)
}

// begin connects to one server and reads the first page of the first base. An
// error means that nothing was accepted yet.
func (s *Source) begin(ctx context.Context, srv server) (*reading, error) {
	c, err := s.connect(ctx, srv)
	if err != nil {
		return nil, err
	}
	r, err := s.beginOn(ctx, c)
	if err != nil {
		c.close()
		return nil, err
	}
	return r, nil
}

func (s *Source) beginOn(ctx context.Context, c *conn) (*reading, error) {
	rule, err := s.idRuleFor(ctx, c)
	if err != nil {
		return nil, err
	}
	s.remember(rule, nil)
	r := newReading(s, c, rule)
	// The position is read before the first page: the snapshot is at least as new.
	if r.evidence.Positions, r.evidence.PositionScopes, err = c.positions(ctx, s.opts.Bases); err != nil {
		return nil, err
	}
	r.evidence.Directory = c.root.directory(s.opts.Bases)
	r.first, r.firstErr = c.search(ctx, r.page(s.opts.Bases[0], nil))
	if r.firstErr != nil && (ctx.Err() != nil || !definite(r.firstErr)) {
		return nil, r.firstErr
	}
	return r, nil
}

// definite tells whether a failed first page is an answer about our request
// that another server of the same directory would give, too.
func definite(err error) bool {
	var result *resultError
	if !errors.As(err, &result) {
		return false
	}
	switch result.code {
	case codeTimeLimit, codeSizeLimit, codeReferral, codeAdminLimit, codeCriticalExtension, codeInsufficientAccess:
		return true
	}
	return false
}

// mayTryNext is false where trying the next server could do harm: a wrong
// password on several servers locks the account.
func mayTryNext(err error) bool {
	var at *stepError
	if !errors.As(err, &at) || at.step != stepBind {
		return true
	}
	if result, ok := errors.AsType[*resultError](err); ok {
		return result.code == codeBusy || result.code == codeUnavailable
	}
	var own *secretError
	return !errors.As(err, &own)
}

// unusable sums up why no server could be read. The code is that of the first
// server, which is the one that people expect to answer.
func (s *Source) unusable(failures []error) error {
	texts := make([]string, len(failures))
	for i, err := range failures {
		texts[i] = err.Error()
	}
	a := adviceFor(failures[0])
	reason := reconcile.Reason{
		Code:    a.code,
		Message: strings.Join(texts, "; "),
		Hint:    a.hint,
	}
	return &UnusableError{Reason: reason, Err: errors.Join(failures...)}
}

// directory names what is served, whichever server answers: the naming
// contexts that hold the bases, or the bases where a server hides its contexts.
func (r *rootDSE) directory(bases []string) string {
	var parts []string
	for _, base := range bases {
		if context, ok := r.contextOf(base); ok {
			base = context
		}
		parts = append(parts, canonicalDN(base))
	}
	slices.Sort(parts)
	return "ldap:" + strings.Join(slices.Compact(parts), "|")
}
