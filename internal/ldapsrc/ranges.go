package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/reconcile"
)

// maxRanges bounds how often the rest of one attribute is asked for.
const maxRanges = 10_000

// rangeOption starts the option by which Active Directory tells that it gave a
// part of the values only ([MS-ADTS] 3.1.1.3.1.3.3): "member;range=0-1499".
const rangeOption = "range="

// rangeOf finds the range of a description: the plain name, the last value
// given, and whether that is the end. ok is false without a range.
func rangeOf(description string) (name string, last int, end, ok bool) {
	name, options, _ := strings.Cut(description, ";")
	for option := range strings.SplitSeq(options, ";") {
		if len(option) < len(rangeOption) || !strings.EqualFold(option[:len(rangeOption)], rangeOption) {
			continue
		}
		_, high, cut := strings.Cut(option[len(rangeOption):], "-")
		if high == "*" {
			return name, 0, true, true
		}
		last, err := strconv.Atoi(high)
		if err != nil || !cut {
			return name, -1, false, true // a range that cannot be understood
		}
		return name, last, false, true
	}
	return "", 0, false, false
}

// completeRanges reads the rest of attributes that came in part, and makes the
// snapshot incomplete where it cannot.
func (r *reading) completeRanges(ctx context.Context, page *answer) error {
	for i := range page.entries {
		if err := r.completeEntry(ctx, &page.entries[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) completeEntry(ctx context.Context, e *entry) error {
	for i := range e.attributes {
		a := &e.attributes[i]
		if strings.IndexByte(a.description, ';') < 0 {
			continue
		}
		name, last, end, ok := rangeOf(a.description)
		if !ok || end {
			continue
		}
		err := r.conn.restOf(ctx, e.dn, name, last, a)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		r.doubt(reconcile.Reason{
			Code:    reconcile.UnusableRangeUnread,
			Message: fmt.Sprintf("%s: the server gave only a part of the values of %s, and not the rest: %v", printable(e.dn), name, err),
			Hint:    "Check the limits of the directory server (Active Directory: MaxValRange), or map another attribute.",
		})
		if !answered(err) {
			return errStop
		}
	}
	return nil
}

// restOf appends the values of an attribute after the last one that is known.
func (c *conn) restOf(ctx context.Context, dn, name string, last int, a *attribute) error {
	a.values = slices.Clip(a.values)
	for range maxRanges {
		if last < 0 {
			return &protocolError{fmt.Sprintf("the range of %q is not understood", a.description)}
		}
		answer, err := c.search(ctx, query{
			base: dn, scope: ldap.ScopeBaseObject, filter: anyEntry,
			attributes: []string{fmt.Sprintf("%s;%s%d-*", name, rangeOption, last+1)},
		})
		if err != nil {
			return err
		}
		if len(answer.entries) != 1 || len(answer.entries[0].attributes) != 1 {
			return &protocolError{"the rest was not in the answer"}
		}
		next := answer.entries[0].attributes[0]
		nextName, high, end, ok := rangeOf(next.description)
		if !ok || !strings.EqualFold(nextName, name) {
			return &protocolError{"the rest was not in the answer"}
		}
		a.values = append(a.values, next.values...)
		if end {
			return nil
		}
		if high <= last || len(next.values) == 0 {
			return &protocolError{"the ranges do not go on"}
		}
		last = high
	}
	return &protocolError{"the ranges do not end"}
}
