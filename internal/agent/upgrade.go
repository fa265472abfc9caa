package agent

import (
	"context"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

const (
	// metaGeneration is the generation of the server that the IDs of the ledger
	// are from.
	metaGeneration = "server_generation"
	// metaCarried is the fingerprint that the server had before it was upgraded to
	// 0.16: a source whose target was that one means the same as before.
	metaCarried = "server_fingerprint_before_upgrade"
)

// meetServer compares the generation of the server with that of the ledger,
// before anything is done with an account ID: 0.16 writes them in another form,
// in which an old one may be somebody else's. After a proven upgrade the ledger
// is carried over, once. Else the plan is blocked, and go is false.
func (r *run) meetServer(ctx context.Context) (goOn bool, err error) {
	other, err := otherIDs(ctx, r.ledger, r.report.Info)
	if err != nil {
		return false, err
	}
	if r.carried, _, err = r.ledger.Meta(ctx, metaCarried); err != nil {
		return false, fmt.Errorf("look for an upgrade of the mail server: %w", err)
	}
	known, _, err := r.ledger.Meta(ctx, metaGeneration)
	switch {
	case err != nil || !other:
		return err == nil, err
	case r.timeless():
		r.blockServer("the ledger knows the mail server as " + known + ", and now it is Stalwart " + r.report.Info.Version +
			": there is no way back from 0.16")
		return false, nil
	}
	return r.upgrade(ctx, known)
}

// otherIDs tells that the account IDs of the ledger are of another form than
// those of the server: nothing may be asked with them.
func otherIDs(ctx context.Context, ledger *state.Ledger, info stalwart.Info) (bool, error) {
	known, _, err := ledger.Meta(ctx, metaGeneration)
	if err != nil {
		return false, fmt.Errorf("look for the generation of the mail server: %w", err)
	}
	older := info.Generation != stalwart.GenerationJMAP
	return known != "" && strings.HasPrefix(known, "rest-") != older, nil
}

// sameIDs refuses what a person ordered as long as no run has carried the ledger
// over to an upgraded server.
func (r *run) sameIDs(ctx context.Context) error {
	other, err := otherIDs(ctx, r.ledger, r.report.Info)
	if err == nil && other {
		err = &ServerError{&upgradedError{version: r.report.Info.Version}}
	}
	return err
}

// upgradedError says that the server is of another generation than the ledger.
type upgradedError struct{ version string }

func (e *upgradedError) Error() string {
	return "it is Stalwart " + e.version + " now, and the ledger has the account IDs of another generation"
}

// Hint is what a person can do.
func (e *upgradedError) Hint() string {
	return "nothing was done. Look at what the upgrade means with: syncagent sync --dry-run; then: syncagent sync"
}

// upgrade proves that the server is the known one after an upgrade to 0.16, and
// carries the ledger over.
func (r *run) upgrade(ctx context.Context, known string) (goOn bool, err error) {
	facts := reconcile.UpgradeFacts{Rules: r.rules}
	err = r.ledger.EachPrincipal(ctx, "", func(p reconcile.Principal) error {
		facts.Principals = append(facts.Principals, p)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read the ledger: %w", err)
	}
	if err := r.list(ctx); err != nil {
		return false, err
	}
	facts.Accounts = r.index.accounts
	judged := reconcile.JudgeUpgrade(facts)
	if !judged.Proven {
		r.blockServer("the mail server was " + known + " and is Stalwart " + r.report.Info.Version + " now, but it is not proven to be the same one: " + judged.Why)
		return false, nil
	}
	if err := r.carryOver(ctx, known, judged); err != nil {
		return false, err
	}
	r.upgraded = fmt.Sprintf("the ledger was carried over from %s to Stalwart %s: %s", known, r.report.Info.Version, judged.Why)
	r.log.Info("the ledger was carried over after an upgrade of the mail server", zap.String("from", known), zap.String("proof", judged.Why))
	return true, nil
}

// carryOver writes the rows in their new form. The audit log has the intent
// before and each new link after it. A dry run changes its copy of the ledger.
func (r *run) carryOver(ctx context.Context, known string, judged reconcile.Upgrade) error {
	fields := map[string]any{
		"from": known, "to": r.report.Info.Generation, "version": r.report.Info.Version, "domain": judged.Domain,
		"agreed": judged.Agreed, "gone": judged.Gone, "other_name": judged.Other,
	}
	if err := r.tell(ctx, "upgrade", "intent", fields); err != nil {
		return err
	}
	before, _, err := r.ledger.Meta(ctx, metaServer)
	if err != nil {
		return fmt.Errorf("look for the known mail server: %w", err)
	}
	changes := r.changes(reconcile.Effect{Principals: judged.Principals})
	changes.Meta = map[string]string{
		metaGeneration: r.report.Info.Generation, metaCarried: before, metaServer: r.report.Info.Fingerprint,
		metaTwins: "", // they stay aside, and are told as orphans
	}
	carry := state.Carry{
		ID: reconcile.CarriedID, Name: judged.Name,
		Key: r.rules.Hash,
	}
	if err := r.ledger.CarryOver(ctx, carry, changes); err != nil {
		return fmt.Errorf("carry the ledger over: %w", err)
	}
	r.carried = before
	if r.audit == nil {
		return nil
	}
	if err := r.tellLinks(ctx, judged.Principals); err != nil {
		return err
	}
	return r.tell(ctx, "upgrade", "done", fields)
}

// tellLinks records the links in their new form.
func (r *run) tellLinks(ctx context.Context, principals []reconcile.Principal) error {
	var links []reconcile.Detection
	for _, p := range principals {
		if p.Bound() && p.State != reconcile.StateGone {
			links = append(links, reconcile.Detection{Event: "link", Source: p.Source, ID: p.ID, Account: p.Link.Account, To: p.Link.Name})
		}
	}
	return r.tellFound(ctx, links, nil)
}

// blockServer makes a plan that does nothing, because the server is not the one
// that the ledger knows.
func (r *run) blockServer(why string) {
	r.plan.Plan = reconcile.BlockedPlan(r.sourceNames(), serverPlan(r.report.Info), why)
	r.report.Result.Plan = r.plan.Plan
}

func (r *run) sourceNames() []string {
	var names []string
	for _, s := range r.cfg.Sources {
		names = append(names, s.Name)
	}
	return names
}
