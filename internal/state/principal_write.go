package state

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
)

const upsertPrincipal = `INSERT INTO principals (source, id, entry, state, domain, unsettled, unbound)
	VALUES (?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (source, id) DO UPDATE SET entry = excluded.entry, state = excluded.state,
		domain = excluded.domain, unsettled = excluded.unsettled, unbound = excluded.unbound
	RETURNING row`

const upsertFacts = `INSERT INTO principal_facts (row, name, label, kind, access, mixed, scheme,
		account, account_created, account_name, also, addresses, same_person, dropped, before_values,
		miss_since, miss_reads, miss_elapsed, miss_last, miss_unconfirmed, miss_cover,
		held_entry, name_lacked_at, created, first_seen, last_seen, waiting)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (row) DO UPDATE SET name = excluded.name, label = excluded.label, kind = excluded.kind,
		access = excluded.access, mixed = excluded.mixed, scheme = excluded.scheme,
		account = excluded.account, account_created = excluded.account_created,
		account_name = excluded.account_name, also = excluded.also, addresses = excluded.addresses,
		same_person = excluded.same_person, dropped = excluded.dropped, before_values = excluded.before_values,
		miss_since = excluded.miss_since, miss_reads = excluded.miss_reads, miss_elapsed = excluded.miss_elapsed,
		miss_last = excluded.miss_last, miss_unconfirmed = excluded.miss_unconfirmed,
		miss_cover = excluded.miss_cover,
		held_entry = excluded.held_entry, name_lacked_at = excluded.name_lacked_at, created = excluded.created,
		first_seen = excluded.first_seen, last_seen = excluded.last_seen, waiting = excluded.waiting`

// unsettled tells that a principal must be known to every run, even if its entry
// did not change or is not read: it is decided again, or tells others what name
// it waited for. A principal that is only unbound is not: see Unbound. One that
// is gone never is.
func unsettled(p reconcile.Principal) bool {
	return p.State != reconcile.StateGone &&
		(p.State != reconcile.StateActive || p.Access != reconcile.AccessOpen || p.Entry.IsZero() ||
			len(p.Dropped) > 0 || !p.HeldEntry.IsZero() || !p.Waiting.IsZero() || !p.LastSeen.IsZero())
}

// unbound tells that a principal still waits for its account.
func unbound(p reconcile.Principal) bool {
	return p.State != reconcile.StateGone && !p.Bound()
}

// principalWriter writes principals in one transaction with statements that
// are prepared once.
type principalWriter struct {
	stmts                                             []*sql.Stmt
	head, facts, dropKeys, addKey, dropLinks, addLink *sql.Stmt
}

func newPrincipalWriter(ctx context.Context, tx *sql.Tx) (w *principalWriter, err error) {
	w = &principalWriter{}
	for _, s := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.head, upsertPrincipal},
		{&w.facts, upsertFacts},
		{&w.dropKeys, "DELETE FROM principal_keys WHERE row = ?"},
		{&w.addKey, "INSERT INTO principal_keys (row, key) VALUES (?, ?)"},
		{&w.dropLinks, "DELETE FROM principal_accounts WHERE row = ?"},
		{&w.addLink, "INSERT INTO principal_accounts (row, account) VALUES (?, ?)"},
	} {
		stmt, err := tx.PrepareContext(ctx, s.text) //nolint:sqlclosecheck // close does it
		if err != nil {
			w.close()
			return nil, err
		}
		*s.stmt = stmt
		w.stmts = append(w.stmts, stmt)
	}
	return w, nil
}

// close releases the statements; their errors were reported by their use.
func (w *principalWriter) close() {
	for _, stmt := range w.stmts {
		_ = stmt.Close()
	}
}

// put writes one principal under its source and ID and gives its row.
func (w *principalWriter) put(ctx context.Context, p reconcile.Principal, keys []reconcile.Hash) (int64, error) {
	if p.Source == "" || p.ID == "" || len(p.ID) > reconcile.MaxStableID {
		return 0, fmt.Errorf("principal %q of source %q: a source and an ID of at most %d bytes are needed",
			p.ID, p.Source, reconcile.MaxStableID)
	}
	ctx, err := rowContext(ctx)
	if err != nil {
		return 0, err
	}
	var row int64
	err = w.head.QueryRowContext(ctx, p.Source, string(p.ID), hashBytes(p.Entry), int64(p.State),
		reconcile.Domain(p.Name), flag(unsettled(p)), flag(unbound(p))).Scan(&row)
	if err != nil {
		return 0, err
	}
	if err := w.putFacts(ctx, row, p); err != nil {
		return 0, err
	}
	return row, w.putIndex(ctx, row, p, keys)
}

func (w *principalWriter) putFacts(ctx context.Context, row int64, p reconcile.Principal) error {
	also, err := encode(p.Also)
	if err != nil {
		return err
	}
	dropped, err := encode(p.Dropped)
	if err != nil {
		return err
	}
	before, err := encode(p.Before)
	if err != nil {
		return err
	}
	cover, err := encodeCover(p.Miss.Cover)
	if err != nil {
		return err
	}
	_, err = w.facts.ExecContext(ctx, row, p.Name, p.Label, int64(p.Kind), int64(p.Access), flag(p.Mixed), int64(p.Scheme),
		string(p.Link.Account), nanos(p.Link.Created), p.Link.Name, also, hashList(p.Addresses), hashList(p.SamePerson),
		dropped, before,
		nanos(p.Miss.Since), int64(p.Miss.Reads), int64(p.Miss.Elapsed), nanos(p.Miss.Last), flag(p.Miss.Unconfirmed), cover,
		hashBytes(p.HeldEntry), nanos(p.NameLackedAt), nanos(p.Created), nanos(p.FirstSeen), nanos(p.LastSeen), nanos(p.Waiting))
	return err
}

// putIndex replaces what the principal is found by: keys of names, addresses,
// and accounts.
func (w *principalWriter) putIndex(ctx context.Context, row int64, p reconcile.Principal, keys []reconcile.Hash) error {
	if _, err := w.dropKeys.ExecContext(ctx, row); err != nil {
		return err
	}
	for _, key := range sortedHashes(keys, p.Addresses) {
		if _, err := w.addKey.ExecContext(ctx, row, hashBytes(key)); err != nil {
			return err
		}
	}
	if _, err := w.dropLinks.ExecContext(ctx, row); err != nil {
		return err
	}
	for _, account := range accountsOf(p) {
		if _, err := w.addLink.ExecContext(ctx, row, account); err != nil {
			return err
		}
	}
	return nil
}

// accountsOf gives the IDs of all accounts of a principal, sorted, once each.
func accountsOf(p reconcile.Principal) []string {
	var ids []string
	if p.Bound() {
		ids = append(ids, string(p.Link.Account))
	}
	for _, link := range p.Also {
		if link.Account != "" {
			ids = append(ids, string(link.Account))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sortedHashes merges lists of hashes: sorted, once each, without zero ones.
func sortedHashes(lists ...[]reconcile.Hash) []reconcile.Hash {
	all := slices.Concat(lists...)
	all = slices.DeleteFunc(all, reconcile.Hash.IsZero)
	slices.SortFunc(all, compareHashes)
	return slices.Compact(all)
}
