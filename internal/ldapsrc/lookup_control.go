package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// proveControl finds an entry that is known to exist in the same way in which
// another one was not found. Without it "not found" means nothing: the account
// may have lost its permissions, or the index may be broken.
func (l *LookupSession) proveControl(ctx context.Context, id reconcile.StableID) (*entry, error) {
	if id == "" {
		return nil, errors.New("no known entry was named to compare with")
	}
	e, err := l.byID(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("look up the known entry %s: %w", id, err)
	}
	if e == nil {
		return nil, fmt.Errorf("the known entry %s was not found in the same way either, so not finding means nothing", id)
	}
	return e, nil
}

// proveAttributes proves for each attribute of the terms that a search by it
// finds an entry that has it. An attribute that no entry of the last snapshot
// had need not be proven: then nothing is known that a search could miss. No
// terms at all mean that the mapping cannot give these names to anybody.
func (l *LookupSession) proveAttributes(ctx context.Context, terms []mapping.Term, control *entry) error {
	proven := 0
	for _, name := range attributesOf(terms) {
		ok, err := l.proveAttribute(ctx, name, control)
		if err != nil {
			return fmt.Errorf("search a known entry by %s: %w", name, err)
		}
		if ok {
			proven++
			continue
		}
		if l.seen == nil || l.seen[strings.ToLower(baseOf(name))] {
			return fmt.Errorf("a search by %s finds nobody, not even people who have it; the bind account may lack the permission to search by it", name)
		}
	}
	if proven == 0 && len(terms) > 0 {
		return errors.New("no attribute of names and addresses can be searched by")
	}
	return nil
}

// proveAttribute searches by a value that is known to exist: the control's own,
// or that of whoever has the attribute. ok is false if nobody shows it.
func (l *LookupSession) proveAttribute(ctx context.Context, name string, control *entry) (ok bool, err error) {
	holder := control
	if len(holder.raw(name)) == 0 {
		if holder, err = l.anyoneWith(ctx, name); holder == nil || err != nil {
			return false, err
		}
	}
	value := holder.raw(name)[0]
	filter := "(" + name + "=" + ldap.EscapeFilter(string(value)) + ")"
	found, err := l.find(ctx, filter, maxHolders)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(found, func(e entry) bool { return e.dn == holder.dn }) {
		return true, nil
	}
	return false, fmt.Errorf("%s has it, but is not found by it", printable(holder.dn))
}

// anyoneWith gives one entry that has an attribute, nil if there is none to be
// seen. It looks among the people of the snapshot, page by page, so that a size
// limit does not matter.
func (l *LookupSession) anyoneWith(ctx context.Context, name string) (*entry, error) {
	opts := &l.source.opts
	for _, base := range opts.Bases {
		q := query{
			base: base, scope: l.source.scope(), filter: "(&" + opts.Filter + "(" + name + "=*))",
			attributes: []string{name},
		}
		if !l.conn.root.lacksPaging() {
			q.paging = &paging{size: 1}
		}
		answer, err := l.conn.search(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range answer.entries {
			if len(answer.entries[i].raw(name)) > 0 {
				return &answer.entries[i], nil
			}
		}
	}
	return nil, nil
}

func attributesOf(terms []mapping.Term) []string {
	known := map[string]bool{}
	var names []string
	for _, t := range terms {
		if key := strings.ToLower(t.Attribute); !known[key] {
			known[key] = true
			names = append(names, t.Attribute)
		}
	}
	slices.Sort(names)
	return names
}
