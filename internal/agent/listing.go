package agent

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// accountIndex is a complete listing of the server's accounts, made in this
// run, with the keys of their names and addresses.
type accountIndex struct {
	accounts map[reconcile.AccountID]reconcile.Account
	byKey    map[reconcile.Hash][]reconcile.AccountID
	order    []reconcile.AccountID
}

func accountKeys(rules reconcile.NameRules, a reconcile.Account) []reconcile.Hash {
	keys := make([]reconcile.Hash, 0, 1+len(a.Addresses))
	for _, name := range append([]string{a.Name}, a.Addresses...) {
		keys = append(keys, rules.Hash(name))
	}
	return keys
}

// list reads all accounts of the server.
func (r *run) list(ctx context.Context) error {
	if r.index != nil {
		return nil
	}
	index := &accountIndex{accounts: map[reconcile.AccountID]reconcile.Account{}, byKey: map[reconcile.Hash][]reconcile.AccountID{}}
	err := r.server.Accounts(ctx, "", func(a reconcile.Account) error {
		index.accounts[a.ID] = a
		index.order = append(index.order, a.ID)
		for _, key := range accountKeys(r.rules, a) {
			if !slices.Contains(index.byKey[key], a.ID) {
				index.byKey[key] = append(index.byKey[key], a.ID)
			}
		}
		return nil
	})
	if err != nil {
		return &ServerError{fmt.Errorf("list the accounts: %w", err)}
	}
	r.index = index
	return r.readLacked(ctx)
}

// saveListing keeps the listing in the ledger. A dry run keeps nothing.
func (r *run) saveListing(ctx context.Context) error {
	if r.index == nil || r.opts.DryRun {
		return nil
	}
	var accounts iter.Seq2[reconcile.Account, error] = func(yield func(reconcile.Account, error) bool) {
		for _, id := range r.index.order {
			if !yield(r.index.accounts[id], nil) {
				return
			}
		}
	}
	l := r.listing(accounts)
	l.Lacked = r.lacked
	return r.ledger.SaveListing(ctx, l)
}

func (r *run) listing(accounts iter.Seq2[reconcile.Account, error]) state.Listing {
	return state.Listing{
		At: r.started, Rules: r.listingRules(), Accounts: accounts,
		KeysOf: func(a reconcile.Account) []reconcile.Hash { return accountKeys(r.rules, a) },
	}
}

// newAccounts reads the accounts made since the last listing, to bind those
// who had none.
func (r *run) newAccounts(ctx context.Context) error {
	last, err := r.ledger.LastAccountID(ctx)
	if err != nil {
		return fmt.Errorf("read the last account: %w", err)
	}
	err = r.server.Accounts(ctx, last, func(a reconcile.Account) error {
		r.created = append(r.created, a)
		return nil
	})
	if err != nil {
		return &ServerError{fmt.Errorf("list the new accounts: %w", err)}
	}
	if len(r.created) == 0 || r.opts.DryRun {
		return nil
	}
	return r.ledger.AddAccounts(ctx, r.listing(func(yield func(reconcile.Account, error) bool) {
		for _, a := range r.created {
			if !yield(a, nil) {
				return
			}
		}
	}))
}

// accountsByKeys gives the live accounts that hold one of the keys.
func (r *run) accountsByKeys(ctx context.Context, keys []reconcile.Hash) ([]reconcile.Account, error) {
	ids := map[reconcile.AccountID]bool{}
	if r.index != nil {
		for _, key := range keys {
			for _, id := range r.index.byKey[key] {
				ids[id] = true
			}
		}
	} else {
		listed, err := r.ledger.AccountsByKeys(ctx, keys)
		if err != nil {
			return nil, fmt.Errorf("look accounts up by name: %w", err)
		}
		for _, a := range listed {
			ids[a.ID] = true
		}
		wanted := map[reconcile.Hash]bool{}
		for _, key := range keys {
			wanted[key] = true
		}
		for _, a := range r.created {
			if slices.ContainsFunc(accountKeys(r.rules, a), func(k reconcile.Hash) bool { return wanted[k] }) {
				ids[a.ID] = true
			}
		}
	}
	all := make([]reconcile.AccountID, 0, len(ids))
	for id := range ids {
		all = append(all, id)
	}
	return r.accountsByIDs(ctx, all)
}

// accountsByIDs gives those of the accounts that exist, live, with the time
// when they were first listed.
func (r *run) accountsByIDs(ctx context.Context, ids []reconcile.AccountID) ([]reconcile.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	slices.SortFunc(ids, reconcile.CompareAccountIDs)
	listed, err := r.ledger.AccountsByIDs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up when accounts were first listed: %w", err)
	}
	var found []reconcile.Account
	if r.index != nil {
		for _, id := range ids {
			if a, ok := r.index.accounts[id]; ok {
				found = append(found, a)
			}
		}
	} else {
		r.expectListed(listed)
		live, _, err := r.server.Get(ctx, ids)
		if err != nil {
			return nil, &ServerError{fmt.Errorf("look accounts up: %w", err)}
		}
		found = live
	}
	first := map[reconcile.AccountID]state.ListedAccount{}
	for _, a := range listed {
		first[a.ID] = a
	}
	for i := range found {
		found[i].FirstListed, found[i].LackedAt = r.lackedBefore(first, found[i].ID)
	}
	return found, nil
}

func rulesDigest(rules reconcile.NameRules) string {
	texts := []string{fmt.Sprint(rules.WholeAddress)}
	names := make([]string, 0, len(rules.Domains))
	for name := range rules.Domains {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		texts = append(texts, name, rules.Domains[name])
	}
	return digest(texts...)
}
