package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// maxHolders bounds how many entries one identity may bring; more is unusual
// and leaves the answer unknown.
const maxHolders = 500

// maxTerms bounds the length of one filter.
const maxTerms = 200

// terms gives the attribute values that would carry one of the names or
// addresses. A name can also be an address of somebody and the other way
// round: both share one space.
func (l *LookupSession) terms(req reconcile.LookupRequest) []mapping.Term {
	var all []mapping.Term
	known := map[mapping.Term]bool{}
	for _, text := range append(slices.Clone(req.Names), req.Addresses...) {
		for _, term := range append(l.source.mapper.NameTerms(text), l.source.mapper.AddressTerms(text)...) {
			if !known[term] {
				known[term] = true
				all = append(all, term)
			}
		}
	}
	return all
}

// askIdentity looks for every entry that carries one of the names or addresses.
func (l *LookupSession) askIdentity(ctx context.Context, req reconcile.LookupRequest, terms []mapping.Term, result *reconcile.LookupResult) error {
	if len(req.Names)+len(req.Addresses) == 0 {
		return nil
	}
	asked := map[string]bool{}
	for _, text := range append(slices.Clone(req.Names), req.Addresses...) {
		asked[loose(text)] = true
	}
	known := map[string]bool{}
	for part := range slices.Chunk(terms, maxTerms) {
		entries, err := l.find(ctx, anyOf(part), maxHolders)
		for i := range entries {
			if known[entries[i].dn] {
				continue
			}
			known[entries[i].dn] = true
			holder := l.holder(&entries[i])
			if result.Leaver && holder.ID == req.ID {
				continue // the leaver's own entry
			}
			if carries(&holder, asked) {
				result.Identity = reconcile.PresenceFound
				result.Holders = append(result.Holders, holder)
			}
		}
		if err != nil {
			return fmt.Errorf("look up names and addresses: %w", err)
		}
	}
	if result.Identity != reconcile.PresenceFound {
		result.Identity = reconcile.PresenceAbsent
	}
	slices.SortFunc(result.Holders, func(a, b reconcile.Entry) int { return strings.Compare(a.Label, b.Label) })
	return nil
}

// holder maps an entry that was found by name or address. Its ID is empty if it
// cannot be read: the identity is in use all the same.
func (l *LookupSession) holder(e *entry) reconcile.Entry {
	id, err := l.rule.read(e)
	if err != nil {
		id = ""
	}
	mapped, _ := l.source.mapEntry(id, e)
	return mapped
}

// carries tells whether an entry bears one of the names or addresses: a search
// by one attribute of a template with several finds more than these. An entry
// whose values cannot all be read is taken to bear it.
func carries(e *reconcile.Entry, asked map[string]bool) bool {
	if e.Kind == reconcile.KindUnknown {
		return true
	}
	for _, list := range [][]string{e.Names, e.NamesAlso, e.Addresses} {
		if slices.ContainsFunc(list, func(text string) bool { return asked[loose(text)] }) {
			return true
		}
	}
	return false
}

// loose is how LDAP compares text at most: without case, with blanks folded
// (RFC 4518).
func loose(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

func anyOf(terms []mapping.Term) string {
	var b strings.Builder
	b.WriteString("(|")
	for _, t := range terms {
		b.WriteString(equals(t))
	}
	b.WriteString(")")
	return b.String()
}

func equals(t mapping.Term) string {
	return "(" + t.Attribute + "=" + ldap.EscapeFilter(t.Value) + ")"
}

// find searches all look-up bases. A size limit, a referral (unless ignored) or
// any other unusual ending is an error; entries that were found before it come
// along, for they exist.
func (l *LookupSession) find(ctx context.Context, filter string, most int) ([]entry, error) {
	var found []entry
	known := map[string]bool{}
	for _, base := range l.bases {
		answer, err := l.conn.search(ctx, query{
			base: base, scope: ldap.ScopeWholeSubtree, filter: filter,
			attributes: l.source.attributes(l.rule), sizeLimit: most + 1,
		})
		if err != nil {
			return found, err
		}
		for _, e := range answer.entries {
			if !known[e.dn] {
				known[e.dn] = true
				found = append(found, e)
			}
		}
		if len(answer.referrals) > 0 && l.source.opts.Referrals != ReferralsIgnore {
			return found, &protocolError{fmt.Sprintf("%s refers to other servers, such as %s; set lookup_base, or referrals: ignore", base, printable(answer.referrals[0]))}
		}
		if len(found) > most {
			return found, &protocolError{fmt.Sprintf("more than %d entries", most)}
		}
	}
	return found, nil
}
