package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"syncagent/internal/config"
	"syncagent/internal/ldapsrc"
	"syncagent/internal/reconcile"
	"syncagent/internal/sqlsrc"
)

// openSources makes the sources of the configuration, in its order.
func (r *run) openSources(ctx context.Context) error {
	states, err := r.ledger.Sources(ctx)
	if err != nil {
		return fmt.Errorf("read what is remembered of the sources: %w", err)
	}
	r.states, r.sources = states, map[string]Source{}
	for _, c := range r.cfg.Sources {
		source, err := r.source(c, states[c.Name].IDAttribute, r.log)
		if err != nil {
			return err
		}
		r.sources[c.Name] = source
		r.order = append(r.order, c.Name)
	}
	return nil
}

// readSources takes the snapshots and compares them with the ledger.
func (r *run) readSources(ctx context.Context) error {
	r.controls, r.outside, r.servers = map[string]reconcile.StableID{}, map[string]reconcile.StableID{}, map[string]string{}
	for _, c := range r.cfg.Sources {
		began := r.now()
		facts, err := r.readSource(ctx, c)
		if err != nil {
			return err
		}
		r.facts.Sources = append(r.facts.Sources, facts)
		r.took("read "+c.Name, began)
	}
	return nil
}

func (r *run) readSource(ctx context.Context, c config.Source) (reconcile.SourceFacts, error) {
	st := r.states[c.Name]
	st.Name = c.Name
	source, policy := r.sources[c.Name], policyOf(c)
	facts := reconcile.SourceFacts{State: st, Policy: policy, CanLookup: c.LDAP != nil || c.SQL.Lookup != "", Servers: serversOf(source)}
	facts.Fingerprint = digest(source.Fingerprint(), r.report.Info.Fingerprint)
	if r.carried != "" && st.Fingerprint == digest(source.Fingerprint(), r.carried) {
		facts.State.Fingerprint = facts.Fingerprint // the target is the same one, upgraded
	}
	var err error
	if facts.Living, err = r.ledger.CountLiving(ctx, c.Name); err != nil {
		return facts, fmt.Errorf("count the principals of %s: %w", c.Name, err)
	}
	if facts.LivingByDomain, err = r.ledger.CountByDomain(ctx, c.Name); err != nil {
		return facts, fmt.Errorf("count the principals of %s: %w", c.Name, err)
	}
	differ, err := r.differ(ctx, c, st)
	if err != nil {
		return facts, err
	}
	for _, command := range source.Commands() {
		r.log.Debug("the same by hand", zap.String("source", c.Name), zap.String("command", command))
	}
	evidence, err := r.snapshot(ctx, source, differ)
	if err != nil {
		return facts, err
	}
	facts.Diff = differ.Finish(evidence)
	r.servers[c.Name] = evidence.Server
	return facts, nil
}

// differ tells a Differ all that the ledger knows about a source.
func (r *run) differ(ctx context.Context, c config.Source, st reconcile.SourceState) (*reconcile.Differ, error) {
	d := reconcile.NewDiffer(c.Name, digest(rulesDigest(r.rules), string(c.Policy.Disabled)))
	sample := sampler{size: samplePerSource}
	err := r.ledger.Known(ctx, c.Name, func(row int64, id reconcile.StableID, entry reconcile.Hash, s reconcile.State) error {
		if r.opts.Order != nil {
			entry = reconcile.Hash{} // an order looks at every entry
		}
		d.Know(row, id, entry, s)
		if s == reconcile.StateActive {
			sample.add(row, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger of %s: %w", c.Name, err)
	}
	r.samples = append(r.samples, sample.rows()...)
	for _, canary := range c.Expect.Canaries {
		d.Watch(canary, st.Canaries[canary])
	}
	for _, pattern := range c.Policy.Protect {
		if r.opts.DryRun || !st.Adopted {
			d.Watch(protectWatch+pattern, "")
		}
	}
	return d, nil
}

// protectWatch keeps watched protections apart from canaries.
const protectWatch = "protect:"

// snapshot reads one source. A source that cannot be read is an incomplete
// snapshot with its reason, never an error of the run.
func (r *run) snapshot(ctx context.Context, source Source, d *reconcile.Differ) (reconcile.Evidence, error) {
	var bad error
	var last, outside reconcile.StableID
	evidence, err := source.Snapshot(ctx, func(e reconcile.Entry) error {
		for _, form := range e.Forms() {
			if bad = d.Add(form); bad != nil {
				return bad
			}
		}
		if e.Leaver {
			outside = e.ID
		} else {
			last = e.ID
		}
		return nil
	})
	r.controls[source.Name()], r.outside[source.Name()] = last, outside
	switch {
	case ctx.Err() != nil:
		return evidence, ctx.Err()
	case bad != nil:
		code := reconcile.UnusableBadID
		if errors.Is(bad, reconcile.ErrDuplicateID) {
			code = reconcile.UnusableDuplicateID
		}
		return r.unusable(source, evidence, reason(code, bad.Error())), nil
	case err != nil:
		return r.unusable(source, evidence, reasonOf(err)), nil
	}
	return evidence, nil
}

func (r *run) unusable(source Source, ev reconcile.Evidence, why reconcile.Reason) reconcile.Evidence {
	ev.Complete = false
	ev.Reasons = append(slices.Clone(ev.Reasons), why)
	r.log.Debug("source unusable", zap.String("source", source.Name()), zap.String("code", why.Code), zap.String("reason", why.Message))
	return ev
}

func reason(code, message string) reconcile.Reason {
	info, _ := reconcile.CodeInfo(code)
	return reconcile.Reason{Code: code, Message: message, Hint: info.Hint}
}

// reasonOf takes the reason out of a source's error.
func reasonOf(err error) reconcile.Reason {
	var ldap *ldapsrc.UnusableError
	var sql *sqlsrc.UnusableError
	switch {
	case errors.As(err, &ldap):
		return ldap.Reason
	case errors.As(err, &sql):
		return sql.Reason
	}
	return reason(reconcile.UnusableUnreachable, err.Error())
}
