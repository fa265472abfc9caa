package ldapsrc

import (
	"context"
	"errors"
	"fmt"

	"syncagent/internal/reconcile"
)

// LookupSession answers questions about single identities on one connection,
// without the filter and beyond the bases. It is for one goroutine at a time.
// Close it.
type LookupSession struct {
	source *Source
	conn   *conn
	rule   idRule
	bases  []string        // where to look
	seen   map[string]bool // attributes of the last snapshot, nil if there was none
	// outside are known entries beyond the filter, one for each place of leavers
	// where there is one; outsideKnown tells that they were looked for.
	outside      []reconcile.StableID
	outsideKnown bool
}

// OpenLookup connects for look-ups: to another server than avoidServer (the
// Evidence.Server of the snapshot) if the source has one. A server that is
// configured but does not answer is not replaced by the avoided one: a second
// opinion of the same server is none. The error is ErrUnusable or that of ctx.
func (s *Source) OpenLookup(ctx context.Context, avoidServer string) (*LookupSession, error) {
	var failures []error
	for _, srv := range s.lookupServers(avoidServer) {
		session, err := s.openLookupOn(ctx, srv)
		if err == nil {
			return session, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		failures = append(failures, err)
		if !mayTryNext(err) {
			break
		}
	}
	return nil, s.unusable(failures)
}

func (s *Source) lookupServers(avoid string) []server {
	var others []server
	for _, srv := range s.servers {
		if srv.url != avoid {
			others = append(others, srv)
		}
	}
	if len(others) == 0 {
		return s.servers
	}
	return others
}

func (s *Source) openLookupOn(ctx context.Context, srv server) (*LookupSession, error) {
	c, err := s.connect(ctx, srv)
	if err != nil {
		return nil, err
	}
	session := &LookupSession{source: s, conn: c}
	rule, seen := s.remembered()
	session.seen = seen
	if session.rule = rule; rule.attribute == "" {
		session.rule, err = s.idRuleFor(ctx, c)
	}
	if err == nil {
		session.bases, err = s.lookupBases(&c.root)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return session, nil
}

// lookupBases settles where identities are looked up: the naming contexts of
// the bases and of the places of leavers, or what is configured.
func (s *Source) lookupBases(root *rootDSE) ([]string, error) {
	if s.opts.LookupBase != Auto {
		return []string{s.opts.LookupBase}, nil
	}
	var bases []string
	known := map[string]bool{}
	for _, base := range append(append([]string{}, s.opts.Bases...), s.opts.Leavers.Bases...) {
		suffix, ok := root.contextOf(base)
		if !ok {
			return nil, &protocolError{fmt.Sprintf("the server names no naming context that contains %s; set lookup_base", base)}
		}
		if key := canonicalDN(suffix); !known[key] {
			known[key] = true
			bases = append(bases, suffix)
		}
	}
	return bases, nil
}

// Close ends the session.
func (l *LookupSession) Close() error {
	l.conn.close()
	return nil
}

// Server is the server that answers, as URL without secrets.
func (l *LookupSession) Server() string { return l.conn.server.url }

// Lookup answers one request. Whatever goes wrong leaves the answer unknown,
// with the reason; what was found stays found. The error is not nil only if the
// session cannot answer anything any more: the connection broke, or ctx ended.
func (l *LookupSession) Lookup(ctx context.Context, req reconcile.LookupRequest) (reconcile.LookupResult, error) {
	result := reconcile.LookupResult{Server: l.conn.server.url}
	err := l.lookup(ctx, req, &result)
	if err == nil {
		return result, nil
	}
	result.Reason = err.Error()
	if result.ID != reconcile.PresenceFound {
		result.ID = reconcile.PresenceUnknown
	}
	if result.Identity != reconcile.PresenceFound {
		result.Identity = reconcile.PresenceUnknown
	}
	var at *stepError
	if errors.As(err, &at) && !answered(err) {
		return result, err
	}
	return result, nil
}

// lookup asks first and proves afterwards that the way was open: a control that
// is found after a negative answer was findable when the question was asked.
func (l *LookupSession) lookup(ctx context.Context, req reconcile.LookupRequest, result *reconcile.LookupResult) error {
	terms := l.terms(req)
	idErr := l.askID(ctx, req.ID, result)
	identityErr := l.askIdentity(ctx, req, terms, result)
	if err := errors.Join(idErr, identityErr); err != nil {
		return err
	}
	negative := result.ID == reconcile.PresenceAbsent || result.Identity == reconcile.PresenceAbsent
	if !negative {
		return nil
	}
	control, err := l.proveControl(ctx, req.Control)
	if err != nil {
		return err
	}
	if result.ID == reconcile.PresenceAbsent {
		if err := l.proveOutside(ctx, req.Outside); err != nil {
			return err
		}
	}
	if result.Identity == reconcile.PresenceAbsent {
		return l.proveAttributes(ctx, terms, control)
	}
	return nil
}

// askID looks for the one entry with the stable ID.
func (l *LookupSession) askID(ctx context.Context, id reconcile.StableID, result *reconcile.LookupResult) error {
	if id == "" {
		return nil
	}
	e, err := l.byID(ctx, id)
	if err != nil {
		return fmt.Errorf("look up stable ID %s: %w", id, err)
	}
	if e == nil {
		result.ID = reconcile.PresenceAbsent
		return nil
	}
	result.ID = reconcile.PresenceFound
	mapped, _ := l.source.mapEntry(id, e)
	if result.Leaver, err = l.leaver(ctx, e.dn, mapped.Leaver); err != nil {
		return fmt.Errorf("see whether %s is a leaver: %w", printable(e.dn), err)
	}
	mapped.Leaver = result.Leaver
	result.Entry = &mapped
	return nil
}

// byID gives the entry with an ID, nil if the directory shows none. More than
// one, or one with another ID, is an error.
func (l *LookupSession) byID(ctx context.Context, id reconcile.StableID) (*entry, error) {
	filter, err := l.rule.filter(id)
	if err != nil {
		return nil, err
	}
	entries, err := l.find(ctx, filter, 2)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	if len(entries) > 1 {
		return nil, &protocolError{fmt.Sprintf("%d entries have the same stable ID", len(entries))}
	}
	found, err := l.rule.read(&entries[0])
	if err != nil {
		return nil, fmt.Errorf("the %s of the entry that was found: %w", l.rule.attribute, err)
	}
	if found != id {
		return nil, &protocolError{fmt.Sprintf("the server gave the entry with the stable ID %s instead", found)}
	}
	return &entries[0], nil
}

// leaver tells whether an entry lies where the configuration looks for leavers.
func (l *LookupSession) leaver(ctx context.Context, dn string, already bool) (bool, error) {
	filter := l.source.opts.Leavers.Filter
	if already || filter == "" {
		return already, nil
	}
	answer, err := l.conn.search(ctx, query{base: dn, filter: filter, attributes: []string{noAttributes}})
	if err != nil {
		return false, err
	}
	return len(answer.entries) == 1, nil
}
