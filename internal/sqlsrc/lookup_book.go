package sqlsrc

import (
	"context"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// searchBook searches sql.addresses, and completes the holders with theirs.
func (s *identity) searchBook(ctx context.Context) error {
	src := s.source
	if s.provenBook = src.opts.Addresses == ""; s.provenBook {
		return nil
	}
	owners := map[reconcile.StableID]string{}
	st := statement{key: "addresses", text: src.opts.Addresses}
	// Reading all of it compares exactly, and any row proves the statement.
	if len(s.inBook) > 0 && len(s.inBook) <= termsPerStatement && allASCII(s.inBook) && src.dialect.canWrap(st.text) {
		if err := s.bookHasRows(ctx); err != nil {
			return err
		}
		holes := make([]string, len(s.inBook))
		for i, t := range s.inBook {
			st.args = append(st.args, t.Value)
			holes[i] = src.dialect.placeholder(i + 1)
		}
		column := "q." + src.dialect.quote(s.addresses.names[1])
		st.text = "SELECT * " + from(st.text) + " WHERE " + src.dialect.fold(column, !s.target.narrow) + " IN (" + strings.Join(holes, ", ") + ")"
	}
	err := src.eachAddress(ctx, s.target, s.tx, st, func(id reconcile.StableID, address string) {
		s.provenBook = true
		if s.wanted[foldText(address)] {
			owners[id] = address
		}
	})
	if err != nil {
		return err
	}
	return s.addOwners(ctx, owners)
}

// bookHasRows proves that sql.addresses gives anything at all.
func (s *identity) bookHasRows(ctx context.Context) error {
	st := statement{key: "addresses", text: "SELECT CASE WHEN EXISTS (SELECT 1 " + from(s.source.opts.Addresses) + ") THEN 1 ELSE 0 END"}
	value, err := s.source.scalar(ctx, s.target, s.tx, st)
	s.provenBook = value == "1"
	return err
}

// addOwners makes entries of the IDs that sql.addresses named, and gives every
// holder its addresses from there.
func (s *identity) addOwners(ctx context.Context, owners map[reconcile.StableID]string) error {
	for i := range s.holders {
		if err := s.addAddresses(ctx, &s.holders[i]); err != nil {
			return err
		}
		delete(owners, s.holders[i].ID)
	}
	ids := make([]reconcile.StableID, 0, len(owners))
	for id := range owners {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		owner := reconcile.Entry{ID: id, Label: s.source.label(id), Addresses: []string{owners[id]}, AddressesMapped: true}
		if id != "" && len(s.holders) < maxHolders {
			hit, err := s.byID(ctx, id)
			if err != nil {
				return err
			}
			if hit.entry != nil {
				owner = *hit.entry
			}
		}
		s.hold(owner)
	}
	return nil
}
