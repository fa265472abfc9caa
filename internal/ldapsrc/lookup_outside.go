package ldapsrc

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/reconcile"
)

// proveOutside proves that the look-up sees where people go who leave: an entry
// that moved to a place that the bind account may not read looks exactly like
// one that was deleted. Each known entry beyond the filter must be found by its
// ID, on this connection.
func (l *LookupSession) proveOutside(ctx context.Context, named reconcile.StableID) error {
	if err := l.findOutside(ctx); err != nil {
		return err
	}
	ids := l.outside
	if named != "" {
		ids = append([]reconcile.StableID{named}, ids...)
	}
	for _, id := range ids {
		e, err := l.byID(ctx, id)
		if err != nil {
			return fmt.Errorf("look up the known leaver %s: %w", id, err)
		}
		if e == nil {
			return fmt.Errorf("the known leaver %s is not found by ID, so not finding means nothing", id)
		}
	}
	return nil
}

// findOutside chooses one entry in each place of leavers.
func (l *LookupSession) findOutside(ctx context.Context) error {
	if l.outsideKnown {
		return nil
	}
	leavers := &l.source.opts.Leavers
	present := "(" + l.rule.attribute + "=*)"
	l.outside = nil
	for _, base := range leavers.Bases {
		known, err := l.chooseOutside(ctx, base, ldap.ScopeWholeSubtree, present)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		here, err := l.conn.search(ctx, query{base: base, filter: anyEntry, attributes: []string{noAttributes}})
		if err != nil || len(here.entries) == 0 {
			return fmt.Errorf("nothing of the leavers' place %s can be seen, so whoever was moved there looks deleted", base)
		}
	}
	if leavers.Filter != "" {
		for _, base := range l.bases {
			known, err := l.chooseOutside(ctx, base, ldap.ScopeWholeSubtree, "(&"+present+leavers.Filter+")")
			if err != nil {
				return err
			}
			if known {
				break
			}
		}
	}
	if err := l.findBeyondFilter(ctx, present); err != nil {
		return err
	}
	l.outsideKnown = true
	return nil
}

// findBeyondFilter looks for an entry that the filter of the source leaves out,
// unless there is a leaver already: access rules that only show what the filter
// selects make whoever falls out of it look deleted. The containers of the
// people are tried first, for that needs no index; where the ID is an attribute
// that only people have, it is enough to see one.
func (l *LookupSession) findBeyondFilter(ctx context.Context, present string) error {
	if len(l.outside) > 0 || l.source.opts.Filter == anyEntry {
		return nil
	}
	not := "(!" + l.source.opts.Filter + ")"
	for _, base := range append(append([]string{}, l.source.opts.Bases...), l.bases...) {
		if known, err := l.chooseOutside(ctx, base, ldap.ScopeBaseObject, "(&"+present+not+")"); known || err != nil && !answered(err) {
			return err
		}
		seen, err := l.conn.search(ctx, query{base: base, filter: not, attributes: []string{noAttributes}})
		if err == nil && len(seen.entries) > 0 || err != nil && !answered(err) {
			return err
		}
	}
	for _, base := range l.bases {
		if known, err := l.chooseOutside(ctx, base, ldap.ScopeWholeSubtree, "(&"+present+not+")"); known || err != nil {
			return err
		}
	}
	return errors.New("no entry beyond the filter can be seen, not even the container of the people, so whoever falls out of the filter looks deleted; let the bind account read more than the filter selects")
}

// chooseOutside takes any entry at or below a base that fits, if there is one.
func (l *LookupSession) chooseOutside(ctx context.Context, base string, scope int, filter string) (bool, error) {
	q := query{base: base, scope: scope, filter: filter, attributes: []string{l.rule.attribute}}
	if scope != ldap.ScopeBaseObject && !l.conn.root.lacksPaging() {
		q.paging = &paging{size: 1}
	}
	answer, err := l.conn.search(ctx, q)
	if err != nil {
		return false, fmt.Errorf("look for a known leaver below %s: %w", base, err)
	}
	for i := range answer.entries {
		if id, err := l.rule.read(&answer.entries[i]); err == nil && id != "" {
			l.outside = append(l.outside, id)
			return true, nil
		}
	}
	return false, nil
}
