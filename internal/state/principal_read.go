package state

import (
	"bytes"
	"context"
	"database/sql"
	"slices"

	"syncagent/internal/reconcile"
)

func compareHashes(a, b reconcile.Hash) int { return bytes.Compare(a[:], b[:]) }

// PrincipalsByRows gives the principals of these rows that exist, by row.
func (l *Ledger) PrincipalsByRows(ctx context.Context, rows []int64) ([]reconcile.Principal, error) {
	var found []reconcile.Principal
	for list, args := range chunks(unique(rows), func(row int64) any { return row }) {
		part, err := l.principals(ctx, "WHERE p.row IN "+list, args...)
		if err != nil {
			return nil, wrap("read principals by row", err)
		}
		found = append(found, part...)
	}
	return byRow(found), nil
}

// PrincipalsByRefs gives the principals that these names of source and ID
// exist for, by row.
func (l *Ledger) PrincipalsByRefs(ctx context.Context, refs []reconcile.PrincipalRef) ([]reconcile.Principal, error) {
	bySource := map[string][]reconcile.StableID{}
	for _, ref := range refs {
		bySource[ref.Source] = append(bySource[ref.Source], ref.ID)
	}
	var found []reconcile.Principal
	for source, ids := range bySource {
		for list, args := range chunks(unique(ids), func(id reconcile.StableID) any { return string(id) }) {
			part, err := l.principals(ctx, "WHERE p.source = ? AND p.id IN "+list, append([]any{source}, args...)...)
			if err != nil {
				return nil, wrap("read principals by ID", err)
			}
			found = append(found, part...)
		}
	}
	return byRow(found), nil
}

// PrincipalsByAccounts gives the principals that one of these accounts belongs
// to, as their main account or a further one, by row.
func (l *Ledger) PrincipalsByAccounts(ctx context.Context, ids []reconcile.AccountID) ([]reconcile.Principal, error) {
	var found []reconcile.Principal
	for list, args := range chunks(unique(ids), func(id reconcile.AccountID) any { return string(id) }) {
		part, err := l.principals(ctx,
			"WHERE p.row IN (SELECT row FROM principal_accounts WHERE account IN "+list+")", args...)
		if err != nil {
			return nil, wrap("read principals by account", err)
		}
		found = append(found, part...)
	}
	return byRow(found), nil
}

// PrincipalsByKeys gives the principals, living or not, whose name, account
// names or listed addresses have one of these keys (hashes of folded names and
// addresses), by row.
func (l *Ledger) PrincipalsByKeys(ctx context.Context, keys []reconcile.Hash) ([]reconcile.Principal, error) {
	var found []reconcile.Principal
	for list, args := range chunks(sortedHashes(keys), func(h reconcile.Hash) any { return hashBytes(h) }) {
		part, err := l.principals(ctx, "WHERE p.row IN (SELECT row FROM principal_keys WHERE key IN "+list+")", args...)
		if err != nil {
			return nil, wrap("read principals by name or address", err)
		}
		found = append(found, part...)
	}
	return byRow(found), nil
}

// FindPrincipal gives the principals that a person may mean by a text: a
// stable ID, a name (without case), an account ID or an account's name, or one
// of the given keys of the text; by row.
func (l *Ledger) FindPrincipal(ctx context.Context, text string, keys ...reconcile.Hash) ([]reconcile.Principal, error) {
	found, err := l.principals(ctx, `WHERE p.id = ? OR lower(f.name) = lower(?) OR lower(f.account_name) = lower(?)
		OR p.row IN (SELECT row FROM principal_accounts WHERE account = ?)`, text, text, text, text)
	if err != nil {
		return nil, wrap("find principal", err)
	}
	byKey, err := l.PrincipalsByKeys(ctx, append(keys, reconcile.HashOf(text)))
	if err != nil {
		return nil, err
	}
	return byRow(append(found, byKey...)), nil
}

// Unsettled gives the principals of a source that must be decided again in
// every run: missing, access not open, entry to be read anew, addresses
// dropped, held by an undo, or waiting for a name. Principals that are only
// unbound are not among them.
func (l *Ledger) Unsettled(ctx context.Context, source string) ([]reconcile.Principal, error) {
	found, err := l.principals(ctx, "WHERE p.source = ? AND p.unsettled = 1", source)
	return byRow(found), wrap("read unsettled principals", err)
}

// Unbound calls yield for every principal of a source whose account is not
// known and that is not gone, by row. There may be many.
func (l *Ledger) Unbound(ctx context.Context, source string, yield func(reconcile.Principal) error) error {
	return wrap("read unbound principals", l.eachPrincipal(ctx, yield, "WHERE p.source = ? AND p.unbound = 1 ORDER BY p.row", source))
}

// EachPrincipal calls yield for every principal of a source, by row; all
// sources if source is empty.
func (l *Ledger) EachPrincipal(ctx context.Context, source string, yield func(reconcile.Principal) error) error {
	return wrap("read principals", l.eachPrincipal(ctx, yield, "WHERE ? = '' OR p.source = ? ORDER BY p.row", source, source))
}

func (l *Ledger) principals(ctx context.Context, where string, args ...any) ([]reconcile.Principal, error) {
	var found []reconcile.Principal
	err := l.eachPrincipal(ctx, func(p reconcile.Principal) error {
		found = append(found, p)
		return nil
	}, where, args...)
	return found, err
}

func (l *Ledger) eachPrincipal(ctx context.Context, yield func(reconcile.Principal) error, where string, args ...any) error {
	return each(ctx, l.read, selectPrincipals+where, args, func(rows *sql.Rows) error {
		p, err := scanPrincipal(rows)
		if err != nil {
			return err
		}
		return yield(p)
	})
}

// byRow sorts principals and drops those found twice.
func byRow(list []reconcile.Principal) []reconcile.Principal {
	slices.SortFunc(list, func(a, b reconcile.Principal) int { return int(a.Row - b.Row) })
	return slices.CompactFunc(list, func(a, b reconcile.Principal) bool { return a.Row == b.Row })
}

// unique gives sorted values once each.
func unique[T int64 | ~string](values []T) []T {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}
