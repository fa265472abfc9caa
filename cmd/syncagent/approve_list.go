package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// listApprovals shows the approvals that hold now, and those that have expired
// but still cover deletes after the grace.
func listApprovals(ctx context.Context, opts approveOptions, s streams) error {
	return opts.withLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		all, err := ledger.Approvals(ctx, opts.now())
		if err != nil {
			return failed(err)
		}
		later, err := ledger.LaterDeletes(ctx, opts.now())
		if err != nil {
			return failed(err)
		}
		if opts.format == formatJSON {
			return writeJSON(s.out, approvalsForMachines(all, later, cfg))
		}
		if len(all) == 0 && len(later) == 0 {
			_, err := fmt.Fprintln(s.out, "no approval holds now")
			return err
		}
		var b strings.Builder
		for _, a := range all {
			listApproval(&b, a, cfg)
		}
		for _, d := range later {
			fmt.Fprintf(&b, "approval %d: %s; by %s\n", d.Approval, laterWords(d), printable(strings.Join(d.By, ", ")))
			if d.Reason != "" {
				fmt.Fprintf(&b, "  reason: %s\n", printable(d.Reason))
			}
		}
		_, err = fmt.Fprint(s.out, b.String())
		return err
	})
}

func listApproval(b *strings.Builder, a reconcile.Approval, cfg *config.Config) {
	fmt.Fprintf(b, "approval %d: %s; by %s; until %s\n", a.ID, covers(a), printable(strings.Join(a.By, ", ")), moment(a.Expires))
	if len(a.By) < neededFor(a, cfg) {
		fmt.Fprintf(b, "  %s\n", personsSoFar(a, cfg, len(a.By)))
	}
	if a.Reason != "" {
		fmt.Fprintf(b, "  reason: %s\n", printable(a.Reason))
	}
	for _, it := range a.Items {
		fmt.Fprintf(b, "  %s\n", itemText(it))
	}
}

// laterWords says what an approval of absences still covers.
func laterWords(d state.LaterDeletes) string {
	return fmt.Sprintf("%s after the grace, on or after %s and until %s, for those who stay away", counted(d.Accounts, "delete"), moment(d.From), moment(d.Until))
}

// approvalsForMachines joins the approvals that hold with what they, and older
// ones, still cover.
func approvalsForMachines(all []reconcile.Approval, later []state.LaterDeletes, cfg *config.Config) []approvalJSON {
	list := []approvalJSON{}
	for _, a := range all {
		list = append(list, approvalForMachines(a, cfg))
	}
	for _, d := range later {
		at := slices.IndexFunc(list, func(a approvalJSON) bool { return a.ID == d.Approval })
		if at < 0 {
			at = len(list)
			list = append(list, approvalJSON{ID: d.Approval, Plan: d.Plan, By: d.By, Reason: d.Reason, Items: []reconcile.ApprovedItem{}})
		}
		list[at].Deletes, list[at].DeletesFrom, list[at].DeletesUntil = d.Accounts, &d.From, &d.Until
	}
	return list
}
