package main

import (
	"fmt"

	"syncagent/internal/reconcile"
)

// story says in sentences what the ledger knows about a person beyond name,
// state and account: whatever explains why they are treated as they are.
func story(p reconcile.Principal) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if account, orphan := p.ID.OrphanAccount(); orphan {
		say("account %s was claimed as an orphan, or moved aside without a known owner: no entry belongs to it, so it goes the way of a leaver's; an entry that carries its name or an address ends that for good", account)
	}
	if n, person := p.ID.Form(); n > 0 {
		say("this is the account under name %d of map.name_also of %s; it lives and goes with that person", n, person)
	}
	switch p.HeldBy() {
	case reconcile.HeldByUndo:
		say("an undo put the account back: it is left alone until the entry in the directory changes (or syncagent undo --let-go)")
	case reconcile.HeldByUndoAbsent:
		say("an undo put the account back while the person was missing: it is left alone until the person is in the directory again (or syncagent undo --let-go)")
	case reconcile.HeldByClaim:
		say("an entry carried the name or an address of this claimed account: it is never deleted by syncagent")
	case reconcile.HeldByNothing:
	}
	if !p.Waiting.IsZero() {
		say("the directory has given a new name since %s; the account gets it once nothing stands in the way", moment(p.Waiting))
	}
	if p.State != reconcile.StateGone {
		out = append(out, accessStory(p)...)
	}
	if p.Mixed {
		say("the account had a name that another ID bore, too: it may hold mail of two people, and is never deleted without an approval")
	}
	if n := len(p.Dropped); n > 0 {
		say("the directory no longer lists %s of this person; each is released once two counted readings agree", addresses(n))
	}
	if p.State == reconcile.StateMissing && !p.Bound() {
		say("it was never known which account is this person's, so nothing is deleted for them")
	}
	return out
}

func addresses(n int) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}

// accessStory says what the agent did to the account.
func accessStory(p reconcile.Principal) []string {
	before := ""
	if p.Before != nil {
		before = fmt.Sprintf("; it was called %s before", printable(p.Before.Name))
	}
	switch p.Access {
	case reconcile.AccessSuspended:
		return []string{"syncagent cut the access to the account; it is given back as it was if the person returns"}
	case reconcile.AccessParked:
		return []string{"syncagent moved the account aside and cut its access, because its name or address was somebody else's" + before}
	case reconcile.AccessOpen:
	}
	return nil
}
