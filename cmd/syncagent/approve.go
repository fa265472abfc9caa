package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

type approveOptions struct {
	*globals
	hash         string
	plan         string
	by           string
	expires      string
	reason       string
	renameDomain string
	most         int
	list         bool
	absencesOnly bool
	revoke       int64
	format       string
}

// longestApproval bounds how long an approval may hold: it is for one event,
// never a standing permission.
const longestApproval = 30 * 24 * time.Hour

func newApproveCommand(g *globals) *cobra.Command {
	opts := approveOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "approve HASH --by NAME",
		Short: "Let the blocked actions of one plan pass",
		Long: `Approves what the guards blocked in one plan: HASH is the hash (or its beginning)
of the plan of a blocked run, or --plan FILE is a saved plan. What is approved is
shown, and recorded in ledger and audit log. Until the approval expires, the next
runs may do those of these very actions that are still planned unchanged; all
else counts against the ordinary guards. What cannot be approved (a directory that
was not read to its end, or is empty) is never let pass.

Where many people vanished at once, or base, filter or mapping changed, the absences
are approved, and with them the deletes of exactly these mailboxes once the grace is
over; the day is shown. They leave the limits alone then, for two weeks, as far as the
people stayed away, and neither the source nor the mail server became another one;
whatever else speaks against a delete still does. --absences-only approves the
absences alone: more deletes than the limits allow are asked for once more when they
are due. --revoke takes both back.

--rename-domain announces a change of domain, so that many renames at once are
expected. --list shows approvals, --revoke takes one back.

With policy.approvals: 2 (or more) nothing passes before as many different persons
have approved the same hash; one person counts once, however the name is written.
The first part that expires ends it.`,
		Example: `  syncagent approve 3f9a01 --by "Ada Lovelace" --reason "school year ended"
  syncagent approve 3f9a01 --by Ada --absences-only
  syncagent approve --plan tonight.json --by Ada
  syncagent approve --rename-domain old.example=new.example --max 800 --by Ada
  syncagent approve --list
  syncagent approve --revoke 3 --by Ada`,
		GroupID: groupSync,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opts.format, err = g.resultFormat("approve", formatText, formatJSON); err != nil {
				return err
			}
			if err := opts.understand(args); err != nil {
				return err
			}
			return runApprove(cmd.Context(), opts, g.streams)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.plan, "plan", "", "approve the saved plan in `FILE`")
	flags.StringVar(&opts.by, "by", "", "`NAME` of the person who approves")
	flags.StringVar(&opts.expires, "expires", "24h", "`DURATION` for which the approval holds, at most 30d")
	flags.StringVar(&opts.reason, "reason", "", "`TEXT` to record why")
	flags.StringVar(&opts.renameDomain, "rename-domain", "", "announce renames from one domain to another, as `OLD=NEW`")
	flags.IntVar(&opts.most, "max", 0, "the most renames that --rename-domain lets pass, a `NUMBER`")
	flags.BoolVar(&opts.list, "list", false, "list the approvals that hold now, and the deletes that they still cover")
	flags.BoolVar(&opts.absencesOnly, "absences-only", false, "let absences count, but do not approve the deletes after the grace")
	flags.Int64Var(&opts.revoke, "revoke", 0, "take back the approval of this `ID`")
	return cmd
}

// understand checks that exactly one thing was asked for.
func (o *approveOptions) understand(args []string) error {
	if len(args) == 1 {
		o.hash = args[0]
	}
	ways := 0
	for _, asked := range []bool{o.hash != "", o.plan != "", o.renameDomain != "", o.list, o.revoke != 0} {
		if asked {
			ways++
		}
	}
	switch {
	case len(args) > 1 || ways != 1:
		return usageError("see 'syncagent approve --help'", "approve needs one of HASH, --plan, --rename-domain, --list and --revoke")
	case !o.list && strings.TrimSpace(o.by) == "":
		return usageError(`add --by "YOUR NAME"`, "an approval needs the name of the person who approves")
	case o.absencesOnly && o.hash == "" && o.plan == "":
		return usageError("syncagent approve HASH --absences-only --by NAME", "--absences-only goes with HASH or --plan")
	case (o.renameDomain != "") != (o.most != 0) || o.most < 0:
		return usageError("syncagent approve --rename-domain OLD=NEW --max N --by NAME", "--rename-domain and --max (a positive number) belong together")
	}
	return nil
}

func runApprove(ctx context.Context, opts approveOptions, s streams) error {
	switch {
	case opts.list:
		return listApprovals(ctx, opts, s)
	case opts.revoke != 0:
		return revokeApproval(ctx, opts, s)
	}
	var approval reconcile.Approval
	var cfg *config.Config
	err := opts.needLedger(ctx, func(c *config.Config, ledger *state.Ledger) (err error) {
		cfg = c
		approval, err = opts.approval(ctx, ledger)
		return err
	})
	if err != nil {
		return err
	}
	if opts.format == formatText {
		if err := showApproval(approval, s); err != nil {
			return err
		}
	}
	deletes, from := agent.LaterDeletes(approval.Items, approval.Created)
	fields := map[string]any{
		"by": opts.by, "reason": opts.reason, "expires": approval.Expires.Format(time.RFC3339),
		"plan": approval.Plan, "items": approvedItems(approval.Items),
	}
	if approval.RenameFrom != "" {
		fields["from"], fields["to"], fields["max"] = approval.RenameFrom, approval.RenameTo, approval.Max
	}
	if deletes > 0 {
		fields["later_deletes"], fields["later_deletes_from"] = deletes, from.Format(time.RFC3339)
	}
	note := agent.Note{Command: "syncagent approve", Event: "approve", Fields: fields}
	err = opts.outside(ctx, cfg, note, func(ledger *state.Ledger) error {
		approval.ID, err = ledger.Approve(ctx, approval)
		return err
	})
	if err != nil {
		return err
	}
	return approved(ctx, approval, cfg, opts, s)
}

// approval is what is going to be approved.
func (o approveOptions) approval(ctx context.Context, ledger *state.Ledger) (reconcile.Approval, error) {
	now := o.now().UTC()
	a := reconcile.Approval{By: []string{strings.TrimSpace(o.by)}, Reason: o.reason, Created: now}
	wait, err := config.ParseDuration(o.expires)
	switch {
	case err != nil:
		return a, usageError("such as 24h or 2d", "--expires: %w", err)
	case wait.Std() <= 0 || wait.Std() > longestApproval:
		return a, usageError("an approval is for one event", "--expires %s is not between now and 30d", o.expires)
	}
	a.Expires = now.Add(wait.Std())
	switch {
	case o.renameDomain != "":
		from, to, ok := strings.Cut(strings.ToLower(o.renameDomain), "=")
		if !ok || from == "" || to == "" || from == to || strings.ContainsAny(from+to, "@= ") {
			return a, usageError("such as --rename-domain old.example=new.example", "--rename-domain %q is not OLD=NEW", o.renameDomain)
		}
		a.RenameFrom, a.RenameTo, a.Max = from, to, o.most
		return a, nil
	case o.plan != "":
		saved, err := o.readPlan(o.plan)
		if err != nil {
			return a, err
		}
		a.Plan, a.Items = saved.Hash, agent.PlanItems(saved.Plan)
	default:
		if a.Plan, a.Items, err = keptPlan(ctx, ledger, o.hash, now); err != nil {
			return a, err
		}
	}
	if o.absencesOnly {
		a.Items = agent.AbsencesOnly(a.Items)
	}
	if len(a.Items) == 0 {
		return a, fail(exitFailed, fmt.Errorf("plan %s has nothing that an approval could let pass", a.Plan), "")
	}
	return a, nil
}

// keptPlan finds the plan of a blocked run.
func keptPlan(ctx context.Context, ledger *state.Ledger, hash string, now time.Time) (string, []reconcile.ApprovedItem, error) {
	saved, err := ledger.Plan(ctx, hash)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return "", nil, fail(exitFailed, fmt.Errorf("no blocked plan %q is known", hash), "syncagent status shows the hash of a blocked plan")
	case errors.Is(err, state.ErrAmbiguous):
		return "", nil, usageError("give more of it", "several plans begin with %q", hash)
	case err != nil:
		return "", nil, failed(err)
	case !saved.Expires.After(now):
		return "", nil, fail(exitFailed, fmt.Errorf("plan %s has expired on %s", saved.Hash, moment(saved.Expires)), "run syncagent sync again, and approve the new plan")
	}
	items, err := agent.BlockedItems(saved.Result)
	if err != nil {
		return "", nil, failed(err)
	}
	return saved.Hash, items, nil
}
