package state

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"syncagent/internal/reconcile"
)

// Keys of meta that the ledger itself keeps.
const (
	metaListingTime   = "listing.time"
	metaListingRules  = "listing.rules"
	metaLastAccountID = "listing.last"
)

// Listing is a complete list of the server's accounts at one moment.
type Listing struct {
	At time.Time
	// Lacked is when the complete listing before this one was made, if it showed
	// all that this one would have shown then: accounts that were never listed did
	// not exist at that time. Zero proves nothing.
	Lacked time.Time
	// Rules is a digest of the name rules that the keys were made with; with
	// other rules all keys are written anew.
	Rules string
	// Accounts gives every account once; an error ends and undoes the saving.
	// The last one is remembered as LastAccountID: the order of account IDs is the
	// server's.
	Accounts iter.Seq2[reconcile.Account, error]
	// KeysOf gives the keys of an account's name and addresses.
	KeysOf func(reconcile.Account) []reconcile.Hash
}

// SaveListing replaces the account index by a complete listing, in one
// transaction: accounts that it lacks are remembered as once listed and lose
// their keys. Accounts that did not change are not written. Other writers wait
// until Accounts ends: it should come from memory rather than from the network.
func (l *Ledger) SaveListing(ctx context.Context, listing Listing) error {
	return l.saveAccounts(ctx, "save the listing of accounts", listing, true)
}

// AddAccounts adds or renews single accounts of the index, read after the last
// listing; the others stay as they are.
func (l *Ledger) AddAccounts(ctx context.Context, listing Listing) error {
	return l.saveAccounts(ctx, "save accounts", listing, false)
}

func (l *Ledger) saveAccounts(ctx context.Context, step string, listing Listing, complete bool) error {
	return l.inTx(ctx, step, func(tx *sql.Tx) error {
		w := &accountWriter{tx: tx, listing: listing, absent: map[reconcile.AccountID][8]byte{}}
		defer w.close()
		if err := w.prepare(ctx); err != nil {
			return err
		}
		if complete {
			if err := w.loadAbsent(ctx); err != nil {
				return err
			}
		}
		for account, err := range listing.Accounts {
			if err != nil {
				return err
			}
			if err := w.put(ctx, account); err != nil {
				return err
			}
		}
		if complete {
			return w.finish(ctx)
		}
		return w.remember(ctx)
	})
}
