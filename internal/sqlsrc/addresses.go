package sqlsrc

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// idKey stands for a stable ID in sets: 16 bytes of its SHA-256 instead of up
// to 255 bytes of text.
type idKey [16]byte

func keyOf(id reconcile.StableID) idKey {
	sum := sha256.Sum256([]byte(id))
	return idKey(sum[:16])
}

// addressBook holds the rows of sql.addresses until their person comes. A
// connection has one result at a time, so it is read first; it holds the text
// of the addresses and some 50 bytes for each person.
type addressBook struct {
	byID map[idKey]string // addresses, joined by the separator
	// noID counts rows without a usable ID.
	noID int
}

// separator cannot be part of an address that the mapping accepts.
const separator = "\x00"

// addressShape checks that sql.addresses returns (ID, address).
func addressShape(rows *sql.Rows) (*shape, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	if len(types) != 2 {
		return nil, columnError(fmt.Sprintf("sql.addresses returns %d columns instead of two", len(types)),
			"Select the ID and one address, in this order.")
	}
	sh := &shape{}
	for _, t := range types {
		sh.names = append(sh.names, t.Name())
		sh.types = append(sh.types, strings.ToUpper(t.DatabaseTypeName()))
	}
	return sh, nil
}

func (s *Source) readAddresses(ctx context.Context, t *target, q queryer) (*addressBook, error) {
	book := &addressBook{byID: map[idKey]string{}}
	if s.opts.Addresses == "" {
		return book, nil
	}
	return book, s.eachAddress(ctx, t, q, statement{key: "addresses", text: s.opts.Addresses}, func(id reconcile.StableID, address string) {
		switch {
		case id == "":
			book.noID++
		default:
			key := keyOf(id)
			if before, more := book.byID[key]; more {
				address = before + separator + address
			}
			book.byID[key] = address
		}
	})
}

// eachAddress hands over the rows of a statement over sql.addresses. The ID is
// empty where the row has none; rows without an address are left out.
func (s *Source) eachAddress(ctx context.Context, t *target, q queryer, st statement, row func(reconcile.StableID, string)) error {
	var sh *shape
	return s.each(ctx, t, q, st, func(rows *sql.Rows) (err error) {
		sh, err = addressShape(rows)
		return err
	}, func(values []any) error {
		address, ok := text(values[1], sh.types[1])
		if !ok || address == "" {
			return nil
		}
		id, _, err := s.dialect.canonicalID(values[0], sh.types[0])
		if err != nil {
			id = ""
		}
		row(id, address)
		return nil
	})
}

// take gives the addresses of a person, sorted because the statement promises
// no order, and forgets them.
func (b *addressBook) take(id reconcile.StableID) []string {
	key := keyOf(id)
	joined, ok := b.byID[key]
	if !ok {
		return nil
	}
	delete(b.byID, key)
	list := strings.Split(joined, separator)
	slices.Sort(list)
	return list
}

// warnings tell about rows that belong to nobody.
func (b *addressBook) warnings() []reconcile.Reason {
	strangers := len(b.byID)
	if strangers == 0 && b.noID == 0 {
		return nil
	}
	return []reconcile.Reason{{
		Code:    WarnAddressOwner,
		Message: fmt.Sprintf("sql.addresses names %d IDs that sql.query does not return, and has %d rows without a usable ID", strangers, b.noID),
		Hint:    "Compare the ID columns of both queries; they must have the same form.",
	}}
}

// WarnAddressOwner is the code of the warning about addresses of nobody.
const WarnAddressOwner = "address-without-owner"

// mergeAddresses adds raw addresses to those of the columns, by the rules of
// the mapping.
func (s *Source) mergeAddresses(have, raw []string) []string {
	slices.Sort(raw)
	mapped, _ := s.mapper.Entry("", "", &record{shape: &shape{}, addresses: raw})
	seen := map[string]bool{}
	var out []string
	for _, a := range slices.Concat(have, mapped.Addresses) {
		if !seen[foldText(a)] {
			seen[foldText(a)] = true
			out = append(out, a)
		}
	}
	return out
}
