package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
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
// their keys. Accounts that did not change are not written.
func (l *Ledger) SaveListing(ctx context.Context, listing Listing) error {
	return l.inTx(ctx, "save the listing of accounts", func(tx *sql.Tx) error {
		w, err := newAccountWriter(ctx, tx, listing)
		if err != nil {
			return err
		}
		defer w.close()
		for account, err := range listing.Accounts {
			if err != nil {
				return err
			}
			if err := w.put(ctx, account); err != nil {
				return err
			}
		}
		return w.finish(ctx)
	})
}

// AddAccounts adds or renews single accounts of the index, read after the last
// listing; the others stay as they are.
func (l *Ledger) AddAccounts(ctx context.Context, listing Listing) error {
	return l.inTx(ctx, "save accounts", func(tx *sql.Tx) error {
		w, err := newAccountWriter(ctx, tx, listing)
		if err != nil {
			return err
		}
		defer w.close()
		for account, err := range listing.Accounts {
			if err != nil {
				return err
			}
			if err := w.put(ctx, account); err != nil {
				return err
			}
		}
		return w.remember(ctx)
	})
}

// accountWriter writes a listing in one transaction.
type accountWriter struct {
	tx      *sql.Tx
	listing Listing
	last    reconcile.AccountID
	// absent holds the digests of the accounts of the last listing that this one
	// did not show yet; gone those that were missing before.
	absent, gone map[reconcile.AccountID][8]byte

	upsert, dropKeys, addKey *sql.Stmt
}

func newAccountWriter(ctx context.Context, tx *sql.Tx, listing Listing) (*accountWriter, error) {
	w := &accountWriter{
		tx: tx, listing: listing,
		absent: map[reconcile.AccountID][8]byte{}, gone: map[reconcile.AccountID][8]byte{},
	}
	err := each(ctx, tx, "SELECT id, digest, last_listed FROM accounts", nil, func(rows *sql.Rows) error {
		var id string
		var digest sql.RawBytes
		var lastListed int64
		if err := rows.Scan(&id, &digest, &lastListed); err != nil {
			return err
		}
		set := w.absent
		if lastListed != 0 {
			set = w.gone
		}
		var short [8]byte
		copy(short[:], digest)
		set[reconcile.AccountID(id)] = short
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w, w.prepare(ctx)
}

func (w *accountWriter) prepare(ctx context.Context) error {
	for _, s := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.upsert, `INSERT INTO accounts (id, name, kind, created, addresses, addresses_unknown, suspended, access,
				used_bytes, first_listed, last_listed, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, created = excluded.created,
				addresses = excluded.addresses, addresses_unknown = excluded.addresses_unknown,
				suspended = excluded.suspended, access = excluded.access, used_bytes = excluded.used_bytes,
				last_listed = 0, digest = excluded.digest`},
		{&w.dropKeys, "DELETE FROM account_keys WHERE account = ?"},
		{&w.addKey, "INSERT INTO account_keys (account, key) VALUES (?, ?)"},
	} {
		stmt, err := w.tx.PrepareContext(ctx, s.text)
		if err != nil {
			w.close()
			return err
		}
		*s.stmt = stmt
	}
	return nil
}

func (w *accountWriter) close() {
	for _, stmt := range []*sql.Stmt{w.upsert, w.dropKeys, w.addKey} {
		if stmt != nil {
			_ = stmt.Close()
		}
	}
}

// put writes one account of the listing if it is new or changed.
func (w *accountWriter) put(ctx context.Context, a reconcile.Account) error {
	w.last = a.ID
	digest, err := accountDigest(w.listing.Rules, a)
	if err != nil {
		return err
	}
	known, listed := w.absent[a.ID]
	delete(w.absent, a.ID)
	if listed && known == digest {
		return nil
	}
	addresses, err := encode(a.Addresses)
	if err != nil {
		return err
	}
	_, err = w.upsert.ExecContext(ctx, string(a.ID), a.Name, int64(a.Kind), nanos(a.Created), addresses,
		flag(a.AddressesUnknown), flag(a.Suspended), a.Access, a.UsedBytes, nanos(w.listing.At), digest[:])
	if err != nil {
		return err
	}
	if _, err := w.dropKeys.ExecContext(ctx, string(a.ID)); err != nil {
		return err
	}
	for _, key := range sortedHashes(w.listing.KeysOf(a)) {
		if _, err := w.addKey.ExecContext(ctx, string(a.ID), hashBytes(key)); err != nil {
			return err
		}
	}
	return nil
}

// finish marks what a complete listing lacks and remembers when it was made.
func (w *accountWriter) finish(ctx context.Context) error {
	previous, err := listingTime(ctx, w.tx)
	if err != nil {
		return err
	}
	for id := range w.absent {
		_, err := w.tx.ExecContext(ctx, "UPDATE accounts SET last_listed = CASE WHEN first_listed > ? THEN first_listed ELSE ? END WHERE id = ?",
			nanos(previous), nanos(previous), string(id))
		if err != nil {
			return err
		}
		if _, err := w.dropKeys.ExecContext(ctx, string(id)); err != nil {
			return err
		}
	}
	if err := putMeta(ctx, w.tx, metaListingTime, w.listing.At.UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	if err := putMeta(ctx, w.tx, metaListingRules, w.listing.Rules); err != nil {
		return err
	}
	return w.remember(ctx)
}

// remember keeps the last account's ID.
func (w *accountWriter) remember(ctx context.Context) error {
	if w.last == "" {
		return nil
	}
	return putMeta(ctx, w.tx, metaLastAccountID, string(w.last))
}

// accountDigest tells whether a listed account changed. The used bytes are left
// out: they change with every message.
func accountDigest(rules string, a reconcile.Account) (short [8]byte, err error) {
	a.UsedBytes, a.FirstListed = 0, time.Time{}
	text, err := json.Marshal(a)
	if err != nil {
		return short, err
	}
	sum := sha256.Sum256(append([]byte(rules+"\n"), text...))
	copy(short[:], sum[:])
	return short, nil
}
