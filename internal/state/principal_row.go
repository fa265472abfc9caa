package state

import (
	"database/sql"
	"time"

	"syncagent/internal/reconcile"
)

// selectPrincipals reads whole principals in the order that scanPrincipal
// expects.
const selectPrincipals = `SELECT p.row, p.source, p.id, p.entry, p.state,
	f.name, f.label, f.kind, f.access, f.mixed, f.scheme,
	f.account, f.account_created, f.account_name, f.also,
	f.addresses, f.same_person, f.dropped, f.before_values,
	f.miss_since, f.miss_reads, f.miss_elapsed, f.miss_last, f.miss_unconfirmed, f.miss_cover,
	f.held_entry, f.name_lacked_at, f.created, f.first_seen, f.last_seen, f.waiting
	FROM principals p JOIN principal_facts f ON f.row = p.row `

// principalRow holds the columns that need decoding.
type principalRow struct {
	entry, addresses, samePerson, heldEntry             []byte
	also, dropped, before, cover                        string
	linkCreated, missSince, missElapsed, missLast       int64
	nameLackedAt, created, firstSeen, lastSeen, waiting int64
}

// scanPrincipal reads one row of selectPrincipals.
func scanPrincipal(rows *sql.Rows) (reconcile.Principal, error) {
	var p reconcile.Principal
	var r principalRow
	err := rows.Scan(&p.Row, &p.Source, &p.ID, &r.entry, &p.State,
		&p.Name, &p.Label, &p.Kind, &p.Access, &p.Mixed, &p.Scheme,
		&p.Link.Account, &r.linkCreated, &p.Link.Name, &r.also,
		&r.addresses, &r.samePerson, &r.dropped, &r.before,
		&r.missSince, &p.Miss.Reads, &r.missElapsed, &r.missLast, &p.Miss.Unconfirmed, &r.cover,
		&r.heldEntry, &r.nameLackedAt, &r.created, &r.firstSeen, &r.lastSeen, &r.waiting)
	if err != nil {
		return p, err
	}
	return p, r.fill(&p)
}

// fill decodes the row into the principal.
func (r *principalRow) fill(p *reconcile.Principal) (err error) {
	p.Link.Created = instant(r.linkCreated)
	p.Miss.Since, p.Miss.Last = instant(r.missSince), instant(r.missLast)
	p.Miss.Elapsed = time.Duration(r.missElapsed)
	p.NameLackedAt, p.Created = instant(r.nameLackedAt), instant(r.created)
	p.FirstSeen, p.LastSeen, p.Waiting = instant(r.firstSeen), instant(r.lastSeen), instant(r.waiting)
	if p.Entry, err = parseHash(r.entry); err != nil {
		return err
	}
	if p.HeldEntry, err = parseHash(r.heldEntry); err != nil {
		return err
	}
	if p.Addresses, err = parseHashList(r.addresses); err != nil {
		return err
	}
	if p.SamePerson, err = parseHashList(r.samePerson); err != nil {
		return err
	}
	if err := decode(r.also, &p.Also); err != nil {
		return err
	}
	if err := decode(r.cover, &p.Miss.Cover); err != nil {
		return err
	}
	if err := decode(r.dropped, &p.Dropped); err != nil {
		return err
	}
	return decode(r.before, &p.Before)
}
