package agent

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/archive"
	"syncagent/internal/reconcile"
)

// expired is an archive, or an export that never came to its end, whose time is
// over.
type expired struct {
	path    string
	account reconcile.AccountID
	name    string
	at      time.Time
}

// expireArchives removes what is older than policy.export.keep, each with an
// audit record before and after. An archive of an account that still exists and
// whose owner is missing stays: its delete may need it. What cannot be removed is
// told in the log and tried again by the next run.
func (r *run) expireArchives(ctx context.Context) error {
	due, err := r.dueArchives()
	if err != nil {
		r.log.Warn("old archives could not be looked for; the next run tries again", zap.Error(err))
		return nil
	}
	if len(due) == 0 {
		return nil
	}
	pending, err := r.pendingAccounts(ctx, due)
	if err != nil {
		r.log.Warn("old archives were left: whose they are could not be asked", zap.Error(err))
		return nil
	}
	for _, x := range due {
		if pending[x.account] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.expireOne(context.WithoutCancel(ctx), x); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) expireOne(ctx context.Context, x expired) error {
	fields := map[string]any{"archive": x.path, "account": string(x.account), "name": x.name, "finished": x.at.UTC().Format(time.RFC3339)}
	if err := r.tell(ctx, "archive-expired", "intent", fields); err != nil {
		return err
	}
	phase := "done"
	if err := archive.Remove(x.path); err != nil {
		phase, fields["error"] = "failed", err.Error()
		r.log.Warn("an old archive could not be removed", zap.String("archive", x.path), zap.Error(err))
	} else {
		r.log.Info("an old archive was removed", zap.String("run", r.id), zap.String("archive", x.path))
	}
	return r.tell(ctx, "archive-expired", phase, fields)
}

// dueArchives are those older than keep in all directories. Where sources share
// one, the longest time counts.
func (r *run) dueArchives() ([]expired, error) {
	keep := map[string]time.Duration{}
	for _, s := range r.cfg.Sources {
		e := s.Policy.Export
		before, known := keep[e.Dir]
		switch {
		case known && before == 0, e.Keep == 0:
			keep[e.Dir] = 0 // for ever
		default:
			keep[e.Dir] = max(before, e.Keep.Std())
		}
	}
	var due []expired
	for _, dir := range slices.Sorted(maps.Keys(keep)) {
		if keep[dir] == 0 {
			continue
		}
		if err := archive.Sweep(dir); err != nil {
			return nil, err
		}
		than := r.started.Add(-keep[dir])
		old, err := archive.Older(dir, than)
		if err != nil {
			return nil, err
		}
		for _, s := range old {
			due = append(due, expired{s.Path, s.Account, s.Name, s.Finished})
		}
		partials, err := archive.Partials(dir)
		if err != nil {
			return nil, err
		}
		for _, p := range partials {
			if p.Touched.Before(than) {
				due = append(due, expired{p.Path, p.Account, "", p.Touched})
			}
		}
	}
	return due, nil
}

// pendingAccounts are those that exist and whose owner is missing. The server
// and the ledger must both answer; an error is not an absence.
func (r *run) pendingAccounts(ctx context.Context, due []expired) (map[reconcile.AccountID]bool, error) {
	var ids []reconcile.AccountID
	for _, x := range due {
		ids = append(ids, x.account)
	}
	slices.SortFunc(ids, reconcile.CompareAccountIDs)
	ids = slices.Compact(ids)
	rows, err := r.ledger.PrincipalsByAccounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	missing := map[reconcile.AccountID]bool{}
	for _, p := range rows {
		if p.State == reconcile.StateMissing || p.State == reconcile.StateUnknown {
			missing[p.Link.Account] = true
			for _, also := range p.Also {
				missing[also.Account] = true
			}
		}
	}
	ids = slices.DeleteFunc(ids, func(id reconcile.AccountID) bool { return !missing[id] })
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nobody is pending
	}
	found, _, err := r.server.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	pending := map[reconcile.AccountID]bool{}
	for _, a := range found {
		pending[a.ID] = true
	}
	return pending, nil
}
