package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// accountWriter writes a listing in one transaction.
type accountWriter struct {
	tx      *sql.Tx
	listing Listing
	last    reconcile.AccountID
	// absent holds the digests of the accounts of the last listing that this one
	// did not show yet.
	absent map[reconcile.AccountID][8]byte

	upsert, dropKeys, addKey *sql.Stmt
}

// loadAbsent reads what the last listing had.
func (w *accountWriter) loadAbsent(ctx context.Context) error {
	return each(ctx, w.tx, "SELECT id, digest FROM accounts WHERE last_listed = 0", nil, func(rows *sql.Rows) error {
		var id string
		var digest sql.RawBytes
		if err := rows.Scan(&id, &digest); err != nil {
			return err
		}
		var short [8]byte
		copy(short[:], digest)
		w.absent[reconcile.AccountID(id)] = short
		return nil
	})
}

func (w *accountWriter) prepare(ctx context.Context) error {
	for _, s := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.upsert, `INSERT INTO accounts (id, name, kind, created, addresses, addresses_unknown, suspended, access,
				used_bytes, first_listed, lacked_at, last_listed, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, created = excluded.created,
				addresses = excluded.addresses, addresses_unknown = excluded.addresses_unknown,
				suspended = excluded.suspended, access = excluded.access, used_bytes = excluded.used_bytes,
				last_listed = 0, digest = excluded.digest`},
		{&w.dropKeys, "DELETE FROM account_keys WHERE account = ?"},
		{&w.addKey, "INSERT INTO account_keys (account, key) VALUES (?, ?)"},
	} {
		stmt, err := w.tx.PrepareContext(ctx, s.text) //nolint:sqlclosecheck // close does it
		if err != nil {
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
	if ctx, err = rowContext(ctx); err != nil {
		return err
	}
	addresses, err := encode(a.Addresses)
	if err != nil {
		return err
	}
	_, err = w.upsert.ExecContext(ctx, string(a.ID), a.Name, int64(a.Kind), nanos(a.Created), addresses,
		flag(a.AddressesUnknown), flag(a.Suspended), a.Access, a.UsedBytes, nanos(w.listing.At), nanos(w.listing.Lacked), digest[:])
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
	for _, id := range slices.Sorted(maps.Keys(w.absent)) {
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
	a.UsedBytes, a.FirstListed, a.LackedAt = 0, time.Time{}, time.Time{}
	text, err := json.Marshal(a)
	if err != nil {
		return short, err
	}
	sum := sha256.Sum256(append([]byte(rules+"\n"), text...))
	copy(short[:], sum[:])
	return short, nil
}
