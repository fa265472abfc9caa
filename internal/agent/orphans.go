package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// Orphan is an account on the mail server that no principal is linked to and no
// known entry carries the name of.
type Orphan struct {
	Account   reconcile.AccountID `json:"account"`
	Name      string              `json:"name"`
	Addresses []string            `json:"addresses"`
	Created   *time.Time          `json:"created"`
	UsedBytes int64               `json:"used_bytes"`
	Suspended bool                `json:"suspended"`
	// Note says what else is known: that syncagent moved it aside, or whose name
	// it was.
	Note string `json:"note,omitempty"`
}

// OrphanReport is what Orphans found.
type OrphanReport struct {
	Orphans []Orphan `json:"orphans"`
	// Accounts is how many the server has; Kept counts groups, administrators and
	// our own login, which are never orphans.
	Accounts int `json:"accounts"`
	Kept     int `json:"kept"`
	// Known is false if the ledger does not exist: then every account looks like
	// an orphan.
	Known bool `json:"known"`
}

// Orphans lists the accounts of the mail server and compares them with the
// ledger. It changes nothing and creates no file. Errors: *ServerError,
// *TrustError and those of the ledger.
func (a *Agent) Orphans(ctx context.Context) (OrphanReport, error) {
	r := &run{Agent: a, opts: RunOptions{DryRun: true}}
	report, err := r.findOrphans(ctx)
	return report, trust(joinClose(err, r))
}

func (r *run) findOrphans(ctx context.Context) (OrphanReport, error) {
	report := OrphanReport{Orphans: []Orphan{}}
	r.report = &Report{DryRun: true}
	var err error
	if r.ledger, err = state.Open(ctx, state.Options{Dir: r.cfg.State.Dir, Mode: state.ReadOnly, Now: r.now}); err != nil {
		return report, fmt.Errorf("open the ledger: %w", err)
	}
	report.Known = r.ledger.Exists()
	if err := r.connect(ctx); err != nil {
		return report, err
	}
	if err := r.sameIDs(ctx); err != nil {
		return report, err
	}
	if err := r.list(ctx); err != nil {
		return report, err
	}
	linked, err := r.linkedAccounts(ctx)
	if err != nil {
		return report, err
	}
	for _, id := range r.index.order {
		acc := r.index.accounts[id]
		report.Accounts++
		switch {
		case acc.Kind != reconcile.KindIndividual, id == r.report.Info.Self:
			report.Kept++
			continue
		case linked[id]:
			continue
		}
		orphan, ok, err := r.judgeOrphan(ctx, acc)
		if err != nil {
			return report, err
		}
		if ok {
			report.Orphans = append(report.Orphans, orphan)
		}
	}
	return report, nil
}

// linkedAccounts are those that belong to a principal, living or missing.
func (r *run) linkedAccounts(ctx context.Context) (map[reconcile.AccountID]bool, error) {
	linked := map[reconcile.AccountID]bool{}
	err := r.ledger.EachPrincipal(ctx, "", func(p reconcile.Principal) error {
		if p.State == reconcile.StateGone {
			return nil
		}
		linked[p.Link.Account] = true
		for _, also := range p.Also {
			linked[also.Account] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the principals: %w", err)
	}
	return linked, nil
}

// judgeOrphan judges an account that nobody is linked to; false if a living
// principal carries its name or one of its addresses.
func (r *run) judgeOrphan(ctx context.Context, acc reconcile.Account) (Orphan, bool, error) {
	keys := accountKeys(r.rules, acc)
	principals, err := r.ledger.PrincipalsByKeys(ctx, keys)
	if err != nil {
		return Orphan{}, false, fmt.Errorf("look up whose name it is: %w", err)
	}
	if slices.ContainsFunc(principals, func(p reconcile.Principal) bool { return p.State != reconcile.StateGone }) {
		return Orphan{}, false, nil
	}
	o := Orphan{Account: acc.ID, Name: acc.Name, Addresses: append([]string{}, acc.Addresses...), UsedBytes: acc.UsedBytes, Suspended: acc.Suspended}
	if !acc.Created.IsZero() {
		created := acc.Created.UTC()
		o.Created = &created
	}
	if reconcile.OwnName(acc.Name) {
		o.Note = "syncagent moved it aside"
		return o, true, nil
	}
	if abilities(r.report.Info).GroupsHidden {
		o.Note = "it may be a group: this version of the mail server shows groups as users"
	}
	graves, err := r.ledger.TombstonesByKeys(ctx, keys)
	if err != nil {
		return Orphan{}, false, fmt.Errorf("read tombstones: %w", err)
	}
	if len(graves) > 0 {
		g := graves[0]
		o.Note = fmt.Sprintf("its name or an address belonged to %s %s until %s", g.Owner.Source, g.Owner.ID, g.Since.UTC().Format("2006-01-02"))
	}
	return o, true, nil
}
