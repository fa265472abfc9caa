package agent

import (
	"context"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// Before 0.16 the mail server does not tell when an account was made. What is
// proven there comes from complete listings: an ID that the last one lacked is
// younger than it, since IDs are never handed out twice.

// smallListing is how many accounts may be read one by one in every run.
const smallListing = 300

// timeless tells that the server does not say when accounts were made.
func (r *run) timeless() bool { return r.report.Info.Generation != stalwart.GenerationJMAP }

// listsAlways tells whether every run lists all accounts: where the server does
// not say what is new, unless that costs too many requests.
func (r *run) listsAlways(ctx context.Context) (bool, error) {
	if !r.timeless() || !r.report.Info.SlowListing {
		return r.timeless(), nil
	}
	count := 0
	err := r.ledger.EachAccount(ctx, false, func(state.ListedAccount) error {
		if count++; count > smallListing {
			return errEnough
		}
		return nil
	})
	if err != nil && count <= smallListing {
		return false, fmt.Errorf("count the accounts of the last listing: %w", err)
	}
	return count <= smallListing, nil
}

// listingRules is what the keys of a listing depend on and, where an absence
// proves something, the login that made it: another one may see other accounts.
func (r *run) listingRules() string {
	if !r.timeless() {
		return rulesDigest(r.rules)
	}
	return digest(rulesDigest(r.rules), r.report.Info.SelfName, r.report.Info.Fingerprint)
}

// readLacked reads when the last complete listing was made, if it was made by
// the same login.
func (r *run) readLacked(ctx context.Context) error {
	at, rules, err := r.ledger.ListingTime(ctx)
	if err != nil {
		return fmt.Errorf("look for the last listing: %w", err)
	}
	if r.timeless() && rules == r.listingRules() {
		r.lacked = at
	}
	return nil
}

// lackedBefore tells when an account was first listed, and when the listing
// before that one was made.
func (r *run) lackedBefore(listed map[reconcile.AccountID]state.ListedAccount, id reconcile.AccountID) (first, lacked time.Time) {
	if known, ok := listed[id]; ok {
		return known.FirstListed, known.LackedAt
	}
	return time.Time{}, r.lacked
}

// expect tells the server client under which names the ledger saw accounts last.
// 0.16 finds accounts by their IDs alone.
func (r *run) expect(ctx context.Context, ids []reconcile.AccountID) error {
	if !r.timeless() {
		return nil
	}
	listed, err := r.ledger.AccountsByIDs(ctx, ids)
	if err != nil {
		return fmt.Errorf("look up where accounts were last: %w", err)
	}
	r.expectListed(listed)
	return nil
}

func (r *run) expectListed(listed []state.ListedAccount) {
	names := make(map[reconcile.AccountID]string, len(listed))
	for _, a := range listed {
		if a.Present {
			names[a.ID] = a.Name
		}
	}
	r.server.Expect(names)
}

// judgeNames asks which of the names concerned the server cannot have, or cannot
// address, so that nothing is planned with them.
func (r *run) judgeNames() {
	f := &r.facts
	f.BadNames, f.BadTargets = map[string]string{}, map[string]string{}
	check := func(name string) {
		if name == "" {
			return
		}
		if err := r.server.CheckName(name); err != nil {
			f.BadTargets[name] = err.Error()
		}
		if err := r.server.CheckAddressable(name); err != nil {
			f.BadNames[name] = err.Error()
		}
	}
	for _, s := range f.Sources {
		for _, c := range s.Changed {
			for _, name := range c.Entry.Names {
				check(name)
			}
		}
	}
	for _, p := range f.Principals {
		check(p.Name)
	}
	for _, a := range f.Accounts {
		check(a.Name)
	}
}
