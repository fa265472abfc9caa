package state

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// ListedAccount is an account as the last listing that had it showed it.
// UsedBytes is as old as the account's last change.
type ListedAccount struct {
	reconcile.Account
	// LastListed is the time of the last listing that had it.
	LastListed time.Time
	// Present is true if that is the newest listing.
	Present bool
}

const selectAccounts = `SELECT a.id, a.name, a.kind, a.created, a.addresses, a.addresses_unknown, a.suspended,
	a.access, a.used_bytes, a.first_listed, a.lacked_at, a.last_listed FROM accounts a `

// AccountsByKeys gives the accounts of the newest listing whose name or
// address has one of these keys, by ID as text.
func (l *Ledger) AccountsByKeys(ctx context.Context, keys []reconcile.Hash) ([]ListedAccount, error) {
	seen := map[reconcile.AccountID]bool{}
	var found []ListedAccount
	for list, args := range chunks(sortedHashes(keys), func(h reconcile.Hash) any { return hashBytes(h) }) {
		err := l.eachAccount(ctx, func(a ListedAccount) error {
			if !seen[a.ID] {
				found = append(found, a)
			}
			seen[a.ID] = true
			return nil
		}, "WHERE a.last_listed = 0 AND a.id IN (SELECT account FROM account_keys WHERE key IN "+list+")", args...)
		if err != nil {
			return nil, wrap("read accounts by name or address", err)
		}
	}
	return sortAccounts(found), nil
}

// AccountsByIDs gives the accounts of these IDs that were ever listed, by ID
// as text.
func (l *Ledger) AccountsByIDs(ctx context.Context, ids []reconcile.AccountID) ([]ListedAccount, error) {
	var found []ListedAccount
	for list, args := range chunks(unique(ids), func(id reconcile.AccountID) any { return string(id) }) {
		err := l.eachAccount(ctx, func(a ListedAccount) error {
			found = append(found, a)
			return nil
		}, "WHERE a.id IN "+list, args...)
		if err != nil {
			return nil, wrap("read accounts", err)
		}
	}
	return sortAccounts(found), nil
}

// EachAccount calls yield for every account of the newest listing, and with
// past for those of earlier ones too, by ID as text.
func (l *Ledger) EachAccount(ctx context.Context, past bool, yield func(ListedAccount) error) error {
	where := "WHERE a.last_listed = 0 ORDER BY a.id"
	if past {
		where = "ORDER BY a.id"
	}
	return wrap("read accounts", l.eachAccount(ctx, yield, where))
}

func sortAccounts(list []ListedAccount) []ListedAccount {
	slices.SortFunc(list, func(a, b ListedAccount) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// LastAccountID is the last account of the newest listing or addition in the
// server's order; empty if there was none.
func (l *Ledger) LastAccountID(ctx context.Context) (reconcile.AccountID, error) {
	id, _, err := l.Meta(ctx, metaLastAccountID)
	return reconcile.AccountID(id), err
}

// ListingTime is when the newest complete listing was made and the digest of
// the name rules of its keys; zero and empty if there was none.
func (l *Ledger) ListingTime(ctx context.Context) (at time.Time, rules string, err error) {
	if rules, _, err = l.Meta(ctx, metaListingRules); err != nil {
		return at, "", err
	}
	at, err = listingTime(ctx, l.read)
	return at, rules, wrap("read time of listing", err)
}

func (l *Ledger) eachAccount(ctx context.Context, yield func(ListedAccount) error, where string, args ...any) error {
	newest, err := listingTime(ctx, l.read)
	if err != nil {
		return err
	}
	return each(ctx, l.read, selectAccounts+where, args, func(rows *sql.Rows) error {
		a, err := scanAccount(rows, newest)
		if err != nil {
			return err
		}
		return yield(a)
	})
}

func scanAccount(rows *sql.Rows, newest time.Time) (ListedAccount, error) {
	var a ListedAccount
	var created, first, lacked, last int64
	var addresses string
	err := rows.Scan(&a.ID, &a.Name, &a.Kind, &created, &addresses, &a.AddressesUnknown, &a.Suspended,
		&a.Access, &a.UsedBytes, &first, &lacked, &last)
	if err != nil {
		return a, err
	}
	a.Created, a.FirstListed, a.LackedAt, a.LastListed = instant(created), instant(first), instant(lacked), instant(last)
	if a.Present = last == 0; a.Present {
		// An account that was added after the listing was seen later than it.
		a.LastListed = newest
		if a.FirstListed.After(newest) {
			a.LastListed = a.FirstListed
		}
	}
	return a, decode(addresses, &a.Addresses)
}

// listingTime reads when the newest complete listing was made.
func listingTime(ctx context.Context, q querier) (at time.Time, err error) {
	err = each(ctx, q, "SELECT value FROM meta WHERE key = ?", []any{metaListingTime}, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var err error
		if at, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return errors.Join(ErrCorrupt, err)
		}
		return nil
	})
	return at, err
}
