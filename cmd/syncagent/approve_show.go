package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// approvalJSON is an approval for machines.
type approvalJSON struct {
	ID      int64                    `json:"id"`
	Plan    string                   `json:"plan,omitempty"`
	By      []string                 `json:"by"`
	Reason  string                   `json:"reason,omitempty"`
	Created time.Time                `json:"created"`
	Expires time.Time                `json:"expires"`
	Needed  int                      `json:"needed"`
	Items   []reconcile.ApprovedItem `json:"items"`
	From    string                   `json:"rename_from,omitempty"`
	To      string                   `json:"rename_to,omitempty"`
	Max     int                      `json:"max,omitempty"`
	// Deletes are the mailboxes whose delete after the grace is approved, too; none
	// before DeletesFrom.
	Deletes      int        `json:"later_deletes,omitempty"`
	DeletesFrom  *time.Time `json:"later_deletes_from,omitempty"`
	DeletesUntil *time.Time `json:"later_deletes_until,omitempty"`
}

func approvalForMachines(a reconcile.Approval, cfg *config.Config) approvalJSON {
	out := approvalJSON{
		ID: a.ID, Plan: a.Plan, By: a.By, Reason: a.Reason, Created: a.Created.UTC().Truncate(time.Second),
		Expires: a.Expires.UTC().Truncate(time.Second), Needed: neededFor(a, cfg), Items: a.Items, From: a.RenameFrom, To: a.RenameTo, Max: a.Max,
	}
	if n, from := agent.LaterDeletes(a.Items, out.Created); n > 0 {
		out.Deletes, out.DeletesFrom = n, &from
	}
	if out.Items == nil {
		out.Items = []reconcile.ApprovedItem{}
	}
	return out
}

// covers says in words what an approval lets pass.
func covers(a reconcile.Approval) string {
	if a.RenameFrom != "" {
		return fmt.Sprintf("up to %s from %s to %s", counted(a.Max, "rename"), printable(a.RenameFrom), printable(a.RenameTo))
	}
	return itemsCounted(a.Items)
}

// approvedItems is the list for the audit record.
func approvedItems(items []reconcile.ApprovedItem) []string {
	out := make([]string, 0, len(items))
	for _, it := range items {
		out = append(out, itemText(it))
	}
	return out
}

// showApproval tells what is about to be approved.
func showApproval(a reconcile.Approval, s streams) error {
	var b strings.Builder
	if a.Plan != "" {
		fmt.Fprintf(&b, "plan %s\n", a.Plan)
	}
	fmt.Fprintf(&b, "to be approved: %s\n", covers(a))
	for _, it := range a.Items {
		fmt.Fprintf(&b, "  %s\n", itemText(it))
	}
	if n, from := agent.LaterDeletes(a.Items, a.Created); n > 0 {
		fmt.Fprintf(&b, "This also approves deleting %s after the grace, on or after %s,\n"+
			"for those who stay away until then. --absences-only leaves that out; --revoke takes it back.\n",
			these(n), moment(from))
	}
	_, err := fmt.Fprint(s.out, b.String())
	return err
}

func these(n int) string {
	if n == 1 {
		return "this 1 mailbox"
	}
	return fmt.Sprintf("these %d mailboxes", n)
}

// approved tells what was recorded, and whether more persons are needed.
func approved(ctx context.Context, a reconcile.Approval, cfg *config.Config, opts approveOptions, s streams) error {
	persons, needed := len(a.By), neededFor(a, cfg)
	err := opts.withLedger(ctx, func(_ *config.Config, ledger *state.Ledger) error {
		all, err := ledger.Approvals(ctx, opts.now())
		for _, one := range all {
			if one.ID == a.ID {
				persons, a.By = len(one.By), one.By
			}
		}
		return failed(err)
	})
	if err != nil {
		return err
	}
	if opts.format == formatJSON {
		return writeJSON(s.out, approvalForMachines(a, cfg))
	}
	text := fmt.Sprintf("approved by %s until %s (approval %d); the next run may do it\n", printable(strings.Join(a.By, ", ")), moment(a.Expires), a.ID)
	if persons < needed {
		text = fmt.Sprintf("approved by %s until %s (approval %d): %s\n",
			printable(strings.Join(a.By, ", ")), moment(a.Expires), a.ID, personsSoFar(a, cfg, persons))
	}
	_, err = fmt.Fprint(s.out, text)
	return err
}

// personsSoFar says what passes while an approval has fewer persons than needed.
func personsSoFar(a reconcile.Approval, cfg *config.Config, persons int) string {
	fewest, needed := personsFor(a, cfg)
	passes := "nothing passes yet"
	if persons >= fewest {
		passes = "the sources that ask for no more pass, the others do not yet"
	}
	return fmt.Sprintf("%d of %d persons; %s", persons, needed, passes)
}

// neededFor is how many persons the sources concerned ask for.
func neededFor(a reconcile.Approval, cfg *config.Config) int {
	_, needed := personsFor(a, cfg)
	return needed
}

// personsFor gives the least and the most that the sources concerned ask for. An
// announced change of domain belongs to no source: it passes for all of them or
// for none.
func personsFor(a reconcile.Approval, cfg *config.Config) (fewest, needed int) {
	needed = 1
	var asked []int
	for _, src := range cfg.Sources {
		if slices.ContainsFunc(a.Items, func(it reconcile.ApprovedItem) bool { return it.Source == src.Name }) {
			asked = append(asked, src.Policy.Approvals)
		}
		if a.RenameFrom != "" {
			needed = max(needed, src.Policy.Approvals)
		}
	}
	for _, n := range asked {
		needed = max(needed, n)
	}
	fewest = needed
	for _, n := range asked {
		fewest = min(fewest, n)
	}
	return fewest, needed
}

func revokeApproval(ctx context.Context, opts approveOptions, s streams) error {
	cfg, err := opts.existingLedger(ctx)
	if err != nil {
		return err
	}
	note := agent.Note{Command: "syncagent approve --revoke", Event: "revoke", Fields: map[string]any{
		"approval": opts.revoke, "by": opts.by, "reason": opts.reason,
	}}
	err = opts.outside(ctx, cfg, note, func(ledger *state.Ledger) error { return ledger.Revoke(ctx, opts.revoke) })
	if errors.Is(err, state.ErrNotFound) {
		return fail(exitFailed, fmt.Errorf("there is no approval %d", opts.revoke), "syncagent approve --list shows them")
	}
	if err != nil {
		return err
	}
	if opts.format == formatJSON {
		return writeJSON(s.out, map[string]int64{"revoked": opts.revoke})
	}
	_, err = fmt.Fprintf(s.out, "approval %d is taken back\n", opts.revoke)
	return err
}

// existingLedger makes sure that an order does not create a ledger.
func (g *globals) existingLedger(ctx context.Context) (cfg *config.Config, err error) {
	err = g.needLedger(ctx, func(c *config.Config, _ *state.Ledger) error { cfg = c; return nil })
	return cfg, err
}
