package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

// elsewhere says what else is known under the name that was asked for: accounts
// that nobody is linked to, second mailboxes that stay aside, former owners of
// the name; and, if nobody is known, who has it now.
func (e *explainer) elsewhere(ctx context.Context, people []reconcile.Principal) ([]string, error) {
	key := reconcile.NameRules{}.Hash(e.opts.asked)
	out, err := e.unlinked(ctx, key, people)
	if err != nil {
		return nil, err
	}
	graves, err := e.ledger.TombstonesByKeys(ctx, []reconcile.Hash{key})
	if err != nil {
		return nil, err
	}
	for _, t := range graves {
		if !slices.ContainsFunc(people, func(p reconcile.Principal) bool { return p.Ref() == t.Owner }) {
			out = append(out, fmt.Sprintf("it belonged to %s of source %s before (account %s); that is remembered since %s",
				printable(string(t.Owner.ID)), t.Owner.Source, t.Account, moment(t.Since)))
		}
	}
	if len(people) > 0 || !e.opts.live {
		return out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, answer := range e.opts.newAgent(e.cfg).AskName(ctx, e.ledger, e.opts.asked) {
		if answer.Failed {
			e.warnings = append(e.warnings, answer.Who+" "+answer.Text)
			continue
		}
		out = append(out, "now, "+answer.Who+": "+answer.Text)
	}
	return out, nil
}

// unlinked tells of accounts of the last listing that have the name, or the ID,
// and belong to none of the people.
func (e *explainer) unlinked(ctx context.Context, key reconcile.Hash, people []reconcile.Principal) ([]string, error) {
	accounts, err := e.ledger.AccountsByKeys(ctx, []reconcile.Hash{key})
	if err != nil {
		return nil, err
	}
	byID, err := e.ledger.AccountsByIDs(ctx, []reconcile.AccountID{reconcile.AccountID(e.opts.asked)})
	if err != nil {
		return nil, err
	}
	kept, err := agent.KeptTwins(ctx, e.ledger)
	if err != nil {
		return nil, err
	}
	told := map[reconcile.AccountID]bool{}
	var out []string
	for _, a := range append(accounts, byID...) {
		theirs := slices.ContainsFunc(people, func(p reconcile.Principal) bool { return p.Link.Account == a.ID })
		if told[a.ID] || theirs || !a.Present {
			continue
		}
		told[a.ID] = true
		out = append(out, fmt.Sprintf("account %s (%s) of the listing of %s has it, and belongs to nobody who fits: it is left alone (syncagent orphans)",
			a.ID, printable(a.Name), moment(a.LastListed)))
	}
	for _, h := range kept {
		asked := reconcile.MatchName(e.opts.asked, h.Name) || string(h.Account) == e.opts.asked
		own := slices.ContainsFunc(people, func(p reconcile.Principal) bool { return p.Source == h.Source && p.ID == h.StableID })
		if asked || own {
			out = append(out, fmt.Sprintf("account %s is a second mailbox that stays aside as %s: %s", h.Account, printable(h.Name), printable(h.Message)))
		}
	}
	return out, nil
}
