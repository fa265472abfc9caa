package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// gatherRounds bounds how often facts are asked for: each round follows names
// to their holders once more.
const gatherRounds = 12

// gather collects the facts that a decision needs.
func (r *run) gather(ctx context.Context) error {
	if err := r.fixedFacts(ctx); err != nil {
		return err
	}
	listing, err := r.needsListing(ctx)
	if err != nil {
		return err
	}
	if listing {
		if err := r.list(ctx); err != nil {
			return err
		}
		if err := r.checkOwnNames(); err != nil {
			return err
		}
	} else if r.report.Info.AscendingIDs {
		if err := r.newAccounts(ctx); err != nil {
			return err
		}
	}
	if err := r.firstFacts(ctx); err != nil {
		return err
	}
	r.asked = reconcile.NewAsked()
	for range gatherRounds {
		wants := reconcile.Needs(r.facts, r.asked)
		if wants.Empty() {
			r.judgeNames()
			return r.addGoneSources(ctx)
		}
		if err := r.fetch(ctx, wants); err != nil {
			return err
		}
		r.asked.Mark(wants)
	}
	return fmt.Errorf("the facts of this run do not come to an end after %d rounds: names and addresses of the ledger form an endless chain", gatherRounds)
}

// listingAge is how old a listing may grow before it is made anew to find
// drift.
const listingAge = 24 * time.Hour

// needsListing tells whether the plan may concern accounts that only a listing
// of the server shows: an entry changed that was not like this in the last run
// already (whatever is held stays "changed").
func (r *run) needsListing(ctx context.Context) (bool, error) {
	at, _, err := r.ledger.ListingTime(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the last listing: %w", err)
	}
	if at.IsZero() || r.index != nil || r.started.Sub(at) > listingAge {
		return true, nil
	}
	if always, err := r.listsAlways(ctx); err != nil || always {
		return always, err
	}
	now := r.diffDigest()
	if now == "" {
		return false, nil // what changed in the last run is recorded
	}
	last, _, err := r.ledger.Meta(ctx, metaDiff)
	if err != nil {
		return false, fmt.Errorf("look for the last diff: %w", err)
	}
	return last != now, nil
}

// diffDigest is a hash over what changed in all sources; "" if nothing did.
func (r *run) diffDigest() string {
	var texts []string
	for _, s := range r.facts.Sources {
		for _, c := range s.Changed {
			texts = append(texts, s.Source, string(c.Entry.ID), c.Hash.String())
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return digest(texts...)
}

// fixedFacts are those that do not depend on the diff.
func (r *run) fixedFacts(ctx context.Context) error {
	f := &r.facts
	info := r.report.Info
	f.Now, f.Rules = r.started, r.rules
	f.Server, f.Lacks = serverPlan(info), map[string][]string{}
	for _, m := range info.Missing {
		f.Lacks[m.Ability] = m.Permissions
	}
	f.Self, f.SelfName, f.Can = info.Self, info.SelfName, abilities(info)
	f.Can.NoMerge = noMerge(r.server)
	f.Can.Export = reader(r.server) != nil
	f.Rechecks = map[reconcile.PrincipalRef]reconcile.Recheck{}
	var err error
	if r.opts.AdoptAnew {
		if f.SeenBefore, err = r.seenBefore(ctx); err != nil {
			return err
		}
	}
	if f.Recent, err = r.ledger.PastActions(ctx, r.started.Add(-7*24*time.Hour)); err != nil {
		return fmt.Errorf("read the actions of the last week: %w", err)
	}
	if f.Approvals, err = r.ledger.Approvals(ctx, r.started); err != nil {
		return fmt.Errorf("read the approvals: %w", err)
	}
	if f.Given, err = r.ledger.GivenApprovals(ctx); err != nil {
		return fmt.Errorf("read the approvals: %w", err)
	}
	if f.Protections, err = r.ledger.Protections(ctx); err != nil {
		return fmt.Errorf("read the protections: %w", err)
	}
	return nil
}

// firstFacts are the principals that need a decision whatever the diff says.
func (r *run) firstFacts(ctx context.Context) error {
	for _, name := range r.order {
		unsettled, err := r.ledger.Unsettled(ctx, name)
		if err != nil {
			return fmt.Errorf("read the unsettled principals of %s: %w", name, err)
		}
		r.addPrincipals(unsettled)
	}
	created := r.created
	if r.index != nil {
		created = nil // the unbound are found by the accounts that nobody is linked to
		if err := r.bindable(ctx); err != nil {
			return err
		}
	}
	var keys []reconcile.Hash
	for _, a := range created {
		keys = append(keys, accountKeys(r.rules, a)...)
	}
	if len(keys) == 0 {
		return nil
	}
	principals, err := r.ledger.PrincipalsByKeys(ctx, keys)
	if err != nil {
		return fmt.Errorf("look up who new accounts belong to: %w", err)
	}
	r.addPrincipals(principals)
	r.addAccounts(created)
	return nil
}

// bindable adds the unbound principals whose name an account of the listing
// has.
func (r *run) bindable(ctx context.Context) error {
	for _, name := range r.order {
		err := r.ledger.Unbound(ctx, name, func(p reconcile.Principal) error {
			key := r.rules.Hash(p.Name)
			if len(r.index.byKey[key]) > 0 {
				r.addPrincipals([]reconcile.Principal{p})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the unbound principals of %s: %w", name, err)
		}
	}
	return nil
}

// fetch gets what Needs named.
func (r *run) fetch(ctx context.Context, w reconcile.Wants) error {
	gets := []func() ([]reconcile.Principal, error){
		func() ([]reconcile.Principal, error) { return r.ledger.PrincipalsByRows(ctx, w.Rows) },
		func() ([]reconcile.Principal, error) { return r.ledger.PrincipalsByRefs(ctx, w.Refs) },
		func() ([]reconcile.Principal, error) { return r.ledger.PrincipalsByKeys(ctx, w.Keys) },
	}
	for _, get := range gets {
		principals, err := get()
		if err != nil {
			return fmt.Errorf("read principals: %w", err)
		}
		r.addPrincipals(principals)
	}
	tombstones, err := r.ledger.TombstonesByKeys(ctx, w.Keys)
	if err != nil {
		return fmt.Errorf("read tombstones: %w", err)
	}
	r.facts.Tombstones = append(r.facts.Tombstones, tombstones...)
	byKeys, err := r.accountsByKeys(ctx, w.Keys)
	if err != nil {
		return err
	}
	r.addAccounts(byKeys)
	byIDs, err := r.accountsByIDs(ctx, slices.Clone(w.Accounts))
	if err != nil {
		return err
	}
	r.addAccounts(byIDs)
	var owners []reconcile.AccountID
	for _, a := range byKeys {
		owners = append(owners, a.ID)
	}
	linked, err := r.ledger.PrincipalsByAccounts(ctx, owners)
	if err != nil {
		return fmt.Errorf("look up who accounts belong to: %w", err)
	}
	r.addPrincipals(linked)
	return nil
}

func (r *run) addPrincipals(principals []reconcile.Principal) {
	if r.havePrincipal == nil {
		r.havePrincipal = map[reconcile.PrincipalRef]bool{}
	}
	for _, p := range principals {
		if !r.havePrincipal[p.Ref()] {
			r.havePrincipal[p.Ref()] = true
			r.facts.Principals = append(r.facts.Principals, p)
		}
	}
}

func (r *run) addAccounts(accounts []reconcile.Account) {
	if r.haveAccount == nil {
		r.haveAccount = map[reconcile.AccountID]bool{}
	}
	for _, a := range accounts {
		if !r.haveAccount[a.ID] {
			r.haveAccount[a.ID] = true
			r.facts.Accounts = append(r.facts.Accounts, a)
		}
	}
}

// addGoneSources adds one principal of each source that the ledger knows and
// the configuration does not, so that they are told.
func (r *run) addGoneSources(ctx context.Context) error {
	summary, err := r.ledger.Summary(ctx)
	if err != nil {
		return fmt.Errorf("look for sources of the past: %w", err)
	}
	for name, counts := range summary.Principals {
		if _, ok := r.sources[name]; ok || counts.Active+counts.Missing == 0 {
			continue
		}
		found := false
		err := r.ledger.EachPrincipal(ctx, name, func(p reconcile.Principal) error {
			if p.State == reconcile.StateGone {
				return nil
			}
			found = true
			r.addPrincipals([]reconcile.Principal{p})
			return errEnough
		})
		if err != nil && !found {
			return fmt.Errorf("read a source of the past: %w", err)
		}
	}
	return nil
}
