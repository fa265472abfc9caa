package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Finish compares what the log tells with the accounts as they are now, and
// gives the rows of a new ledger. A link that the server does not bear out is
// left out and told: a wrong link could rename or delete a stranger's mailbox.
func (b *Rebuilder) Finish(accounts map[AccountID]Account, now time.Time) Rebuilt {
	var out Rebuilt
	for _, ref := range slices.SortedFunc(maps.Keys(b.rows), compareRefs) {
		row := *b.rows[ref]
		if row.State == StateGone {
			continue
		}
		acc, there := accounts[row.Link.Account]
		if there {
			b.settle(&row, acc)
		}
		note := func(message string) {
			out.Notes = append(out.Notes, RebuildNote{Source: ref.Source, StableID: ref.ID, Account: row.Link.Account, Name: row.Link.Name, Message: message})
		}
		if why := b.bornOut(row, acc, there); why != "" {
			note("not linked: " + why)
			b.bury(Past{Source: ref.Source, ID: ref.ID, Account: row.Link.Account, At: now}, row.Name)
			continue
		}
		if why := fill(&row, acc, now); why != "" {
			note(why)
		}
		out.Principals = append(out.Principals, row)
	}
	for _, key := range slices.SortedFunc(maps.Keys(b.graves), compareHashes) {
		out.Tombstones = append(out.Tombstones, b.graves[key])
	}
	return out
}

// settle finds out by the account whether an intent without an outcome was
// carried out.
func (b *Rebuilder) settle(row *Principal, acc Account) {
	p, open := b.open[acc.ID]
	if !open || p.ID != row.ID || p.Source != row.Source || p.To == "" || b.rules.Key(acc.Name) == b.rules.Key(row.Link.Name) {
		return
	}
	switch {
	case b.rules.Key(acc.Name) == b.rules.Key(p.To):
		p.Phase = "done"
		b.done(p)
		*row = *b.rows[row.Ref()]
	case p.Via != "" && b.rules.Key(acc.Name) == b.rules.Key(p.Via):
		row.Link.Name = p.Via
	}
}

// bornOut says why the server does not bear a link out.
func (b *Rebuilder) bornOut(row Principal, acc Account, there bool) string {
	made := b.made[row.Link.Account]
	switch {
	case !there:
		return fmt.Sprintf("account %s is not on the mail server any more", row.Link.Account)
	case !made.IsZero() && !acc.Created.IsZero() && !made.Equal(acc.Created):
		return fmt.Sprintf("account %s was made at another time than the audit log says", acc.ID)
	case b.rules.Key(acc.Name) != b.rules.Key(row.Link.Name):
		return fmt.Sprintf("account %s is called %s now; the audit log knows it as %s", acc.ID, acc.Name, row.Link.Name)
	}
	return ""
}

// fill completes a row with what the account shows. The entry is decided anew
// at the next read.
func fill(row *Principal, acc Account, now time.Time) (note string) {
	row.Link.Created, row.Link.Name, row.FirstSeen = acc.Created, acc.Name, now
	if row.Name == "" {
		row.Name = acc.Name
	}
	if acc.Kind == KindIndividual {
		row.Kind = KindIndividual
	}
	if row.State == StateMissing {
		row.Miss, row.LastSeen, row.Label = Miss{Since: now, Reads: 1, Last: now}, now, "claimed orphan"
	}
	switch {
	case row.Access == AccessSuspended && !acc.Suspended:
		row.Access, row.Before = AccessOpen, nil
		return "syncagent had cut the access, but the account may log in again: it counts as open"
	case row.Access != AccessOpen && row.Before != nil:
		before := *row.Before
		before.Created = acc.Created
		row.Before = &before
		if before.Access == "" {
			return "the audit log does not tell what the access was before syncagent cut it: give it back by hand if the person returns"
		}
	}
	return ""
}
