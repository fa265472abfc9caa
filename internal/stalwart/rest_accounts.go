package stalwart

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// listFrom is how many IDs are cheaper to find in one listing than one by one
// (since 0.10 a listing is one request).
const listFrom = 20

// Get reads accounts by ID, in the order of ids. Every ID is in found or in
// gone; anything else is an error. An ID is gone only if a complete listing does
// not have it.
func (s *restServer) Get(ctx context.Context, ids []reconcile.AccountID) (
	found []reconcile.Account, gone []reconcile.AccountID, err error,
) {
	if err := checkNumbers(ids); err != nil {
		return nil, nil, err
	}
	rows := map[reconcile.AccountID]principal{}
	complete := false
	if len(ids) < listFrom || !s.version.since(10, 0) {
		rows, complete, err = s.getByName(ctx, ids)
	}
	if err == nil && !complete && len(ids) > 0 {
		rows, err = s.getByListing(ctx)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("get %d accounts: %w", len(ids), err)
	}
	for _, id := range ids {
		row, ok := rows[id]
		if !ok {
			gone = append(gone, id)
			continue
		}
		v, err := s.value(row)
		if err != nil {
			return nil, nil, fmt.Errorf("get account %s: %w", string(id), err)
		}
		found = append(found, v)
	}
	return found, gone, nil
}

// getByName reads accounts under the names that they had. It is complete only
// if each of them still has its name.
func (s *restServer) getByName(ctx context.Context, ids []reconcile.AccountID) (map[reconcile.AccountID]principal, bool, error) {
	rows := make(map[reconcile.AccountID]principal, len(ids))
	for _, id := range ids {
		name, known := s.lastName(id)
		if !known {
			return nil, false, nil
		}
		p, err := s.lookup(ctx, name)
		switch _, unsafe := errors.AsType[*NameUnsafeError](err); {
		case unsafe, errors.Is(err, errNoAccount):
			return nil, false, nil
		case err != nil:
			return nil, false, err
		case decimalID(*p.ID) != id:
			return nil, false, nil
		}
		rows[id] = p
	}
	return rows, true, nil
}

func (s *restServer) getByListing(ctx context.Context) (map[reconcile.AccountID]principal, error) {
	list, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	rows := make(map[reconcile.AccountID]principal, len(list))
	for _, p := range list {
		rows[decimalID(*p.ID)] = p
	}
	return rows, nil
}

// FindByName finds the principal of a name: one or none. What is no user or
// group (a domain, a list, a role) has the kind unknown. Errors: NameUnsafeError,
// and those of requests.
func (s *restServer) FindByName(ctx context.Context, name string) ([]reconcile.Account, error) {
	p, err := s.lookup(ctx, s.version.fold(name))
	if errors.Is(err, errNoAccount) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find an account by name: %w", err)
	}
	v, err := s.value(p)
	return []reconcile.Account{v}, err
}

// FindByAddress finds accounts that have the address as name or address. There
// is no look-up for it: all accounts are listed. Before 0.10 the rows have no
// addresses, and only names are found.
func (s *restServer) FindByAddress(ctx context.Context, address string) ([]reconcile.Account, error) {
	want := strings.ToLower(strings.TrimSpace(address))
	var found []reconcile.Account
	err := s.Accounts(ctx, "", func(a reconcile.Account) error {
		if strings.ToLower(a.Name) == want || slices.Contains(a.Addresses, want) {
			found = append(found, a)
		}
		return nil
	})
	return found, err
}
