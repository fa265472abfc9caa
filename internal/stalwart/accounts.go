package stalwart

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// Accounts gives every account with an ID above after (all of them if it is
// empty), users and groups, IDs ascending. It returns nil only if the listing is
// complete; see listObjects for what speaks against that. An error of yield ends
// it and is returned.
func (s *jmapServer) Accounts(ctx context.Context, after reconcile.AccountID, yield func(reconcile.Account) error) error {
	if after != "" {
		if _, err := idNumber(after); err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
	}
	err := listObjects(ctx, s, "x:Account", accountProperties, after, func(page []account) error {
		for _, a := range page {
			v, err := s.value(ctx, a)
			if err != nil {
				return err
			}
			if err := yield(v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list accounts after %q: %w", string(after), err)
	}
	return nil
}

// Get reads accounts by ID, in the order of ids. Every ID is in found or in
// gone; anything else is an error.
func (s *jmapServer) Get(ctx context.Context, ids []reconcile.AccountID) (
	found []reconcile.Account, gone []reconcile.AccountID, err error,
) {
	records, err := s.getAccounts(ctx, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("get %d accounts: %w", len(ids), err)
	}
	for _, id := range ids {
		record, ok := records[string(id)]
		if !ok {
			gone = append(gone, id)
			continue
		}
		v, err := s.value(ctx, record)
		if err != nil {
			return nil, nil, fmt.Errorf("get account %q: %w", string(id), err)
		}
		found = append(found, v)
	}
	return found, gone, nil
}

// getAccounts reads accounts by ID; one that is not in the map is gone.
func (s *jmapServer) getAccounts(ctx context.Context, ids []reconcile.AccountID) (map[string]account, error) {
	if err := checkIDs(ids); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return map[string]account{}, nil
	}
	records, _, err := getObjects[account](ctx, s, "x:Account", texts(ids), accountProperties)
	return records, err
}

// FindByName finds the account whose name is the complete name: one or none.
// Errors: InvalidNameError, InvalidDomainError, and those of requests.
func (s *jmapServer) FindByName(ctx context.Context, name string) ([]reconcile.Account, error) {
	want, err := s.splitAddress(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.find(ctx, args{"name": want.local, "domainId": want.domainID}, func(a account) bool {
		return strings.ToLower(a.Name) == want.local && a.DomainID == want.domainID
	})
}

// FindByAddress finds accounts that have the address as name or alias. It asks
// the server's word index: what it finds is so, but finding nothing does not
// prove that nobody has the address; only a complete listing does.
func (s *jmapServer) FindByAddress(ctx context.Context, address string) ([]reconcile.Account, error) {
	want, err := s.splitAddress(ctx, address)
	if err != nil {
		return nil, err
	}
	is := func(name, domainID string) bool {
		return strings.ToLower(name) == want.local && domainID == want.domainID
	}
	return s.find(ctx, args{"text": want.local}, func(a account) bool {
		if is(a.Name, a.DomainID) {
			return true
		}
		for _, alias := range a.Aliases {
			if is(alias.Name, alias.DomainID) {
				return true
			}
		}
		return false
	})
}

// find runs a filter and keeps the accounts that truly match.
func (s *jmapServer) find(ctx context.Context, filter args, matches func(account) bool) ([]reconcile.Account, error) {
	answers, err := s.do(ctx, false, call{"x:Account/query", args{"filter": filter, "sort": byID, "limit": pageSize}})
	if err != nil {
		return nil, err
	}
	var hits queryAnswer
	if err := answers[0].decode(&hits); err != nil {
		return nil, err
	}
	ids := make([]reconcile.AccountID, 0, len(hits.IDs))
	for _, id := range slices.Compact(slices.Sorted(slices.Values(hits.IDs))) {
		ids = append(ids, reconcile.AccountID(id))
	}
	records, err := s.getAccounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []reconcile.Account
	for _, id := range ids {
		record, ok := records[string(id)]
		if !ok || !matches(record) {
			continue
		}
		v, err := s.value(ctx, record)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, nil
}

func texts(ids []reconcile.AccountID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
