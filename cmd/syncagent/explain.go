package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/audit"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
	"syncagent/internal/state"
)

type explainOptions struct {
	*globals
	asked string
	live  bool
}

func newExplainCommand(g *globals) *cobra.Command {
	opts := explainOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "explain NAME|ID",
		Short: "Tell all that is known about one person, and why something is done or not",
		Long: `Tells all that is known about one person: the link between directory and mailbox,
absences and when what is due, protection, what holds an action back and what to do
about it, and what has happened. NAME is a present or former name or an address; ID
is a stable ID or an account ID. Directory and mail server are asked too (with
--live=false they are not). Changes nothing and takes no lock.`,
		Example: `  syncagent explain alice@example.org
  syncagent explain 3f2a9c1e-… --live=false --json`,
		GroupID: groupLook,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError("syncagent explain NAME", "explain needs one name, address or ID")
			}
			opts.asked = args[0]
			return runExplain(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().BoolVar(&opts.live, "live", true, "ask directory and mail server too")
	return cmd
}

func runExplain(ctx context.Context, opts explainOptions, s streams) error {
	format, err := opts.resultFormat("explain", formatText, formatJSON, formatMarkdown, formatHTML)
	if err != nil {
		return err
	}
	return opts.needLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		e := explainer{opts: opts, cfg: cfg, ledger: ledger}
		view, err := e.explain(ctx)
		if err != nil {
			return failed(err)
		}
		if err := opts.write(view, report.Format(format), s); err != nil {
			return err
		}
		for _, w := range e.warnings {
			_, _ = fmt.Fprintln(s.err, "warning: "+w)
		}
		if len(view.People) == 0 {
			return quietExit(exitFailed)
		}
		return nil
	})
}

type explainer struct {
	opts     explainOptions
	cfg      *config.Config
	ledger   *state.Ledger
	last     *reconcile.RunResult
	orders   []reconcile.Protection
	warnings []string
}

func (e *explainer) explain(ctx context.Context) (report.ExplainView, error) {
	view := report.ExplainView{Asked: e.opts.asked}
	people, err := agent.Persons(ctx, e.ledger, e.opts.asked)
	if err != nil || len(people) == 0 {
		return view, err
	}
	if e.orders, err = e.ledger.Protections(ctx); err != nil {
		return view, err
	}
	if err := e.lastPlan(ctx); err != nil {
		return view, err
	}
	for _, p := range people {
		person, err := e.person(ctx, p)
		if err != nil {
			return view, err
		}
		view.People = append(view.People, person)
	}
	return view, nil
}

// lastPlan finds the last run that came to a plan.
func (e *explainer) lastPlan(ctx context.Context) error {
	runs, err := e.ledger.Runs(ctx, 50)
	if err != nil {
		return err
	}
	for _, r := range runs {
		_, result, err := rowOf(ctx, e.ledger, r.ID)
		if err != nil {
			return err
		}
		if result != nil && result.Hash != "" {
			e.last = result
			return nil
		}
	}
	return nil
}

func (e *explainer) person(ctx context.Context, p reconcile.Principal) (report.ExplainPerson, error) {
	out := report.ExplainPerson{
		Source: p.Source, StableID: p.ID, Name: p.Name, Label: p.Label, State: stateWord(p.State), Access: accessWord(p.Access),
		Protected: e.protectedBy(p), LastSeen: known(p.LastSeen),
	}
	if p.State == reconcile.StateActive {
		states, err := e.ledger.Sources(ctx)
		if err != nil {
			return out, err
		}
		out.LastSeen = known(states[p.Source].LastComplete)
	}
	if p.Bound() {
		out.Accounts = append(out.Accounts, report.ExplainAccount{ID: p.Link.Account, Name: p.Link.Name})
	}
	for _, also := range p.Also {
		out.Accounts = append(out.Accounts, report.ExplainAccount{ID: also.Account, Name: also.Name, Note: "under map.name_also"})
	}
	if p.Mixed && len(out.Accounts) > 0 {
		out.Accounts[0].Note = "it may hold mail of two people: never deleted without an approval"
	}
	e.fromLastPlan(p, &out)
	out.Next = e.next(p, out)
	var err error
	if out.Timeline, err = e.timeline(ctx, p); err != nil {
		return out, err
	}
	if e.opts.live {
		e.live(ctx, p, &out)
	}
	return out, nil
}

// fromLastPlan takes over what the last run found about the person.
func (e *explainer) fromLastPlan(p reconcile.Principal, out *report.ExplainPerson) {
	if p.Miss.Reads > 0 && p.State != reconcile.StateGone {
		policy, _ := e.policy(p.Source)
		out.Missing = missingNow(p, policy)
	}
	if e.last == nil {
		return
	}
	for _, h := range e.last.Holds {
		if h.Source == p.Source && h.StableID == p.ID {
			out.Holds = append(out.Holds, h)
		}
	}
	for _, m := range slices.Concat(e.last.Missing, e.last.Unconfirmed) {
		if out.Missing == nil && m.Source == p.Source && m.StableID == p.ID && p.State != reconcile.StateGone {
			out.Missing = &report.ExplainMissing{Since: m.Since, Misses: max(m.Misses, p.Miss.Reads), SuspendDue: m.SuspendDue, DeleteDue: m.DeleteDue}
		}
	}
}

// missingNow tells when what is due by the ledger as it stands now; the last
// plan shows how it stood before that run.
func missingNow(p reconcile.Principal, policy config.Policy) *report.ExplainMissing {
	at := func(runs int, wait time.Duration) *time.Time {
		left := max(wait-p.Miss.Elapsed, time.Duration(max(0, runs-p.Miss.Reads))*policy.Grace.Spacing.Std(), 0)
		t := p.Miss.Last.Add(left)
		return &t
	}
	out := &report.ExplainMissing{Since: p.Miss.Since, Misses: p.Miss.Reads}
	if policy.Missing == config.MissingDelete {
		out.DeleteDue = at(policy.Grace.Runs, policy.Grace.Time.Std())
	}
	if policy.Missing != config.MissingReport && policy.Suspend.On && p.Access == reconcile.AccessOpen {
		out.SuspendDue = at(policy.Suspend.Runs, policy.Suspend.Time.Std())
	}
	return out
}

// next says why something will be done or not, as far as that can be told
// without reading the directory.
func (e *explainer) next(p reconcile.Principal, out report.ExplainPerson) string {
	policy, configured := e.policy(p.Source)
	switch {
	case !configured:
		return "nothing: the source " + p.Source + " is not configured any more"
	case out.Protected != "":
		return "nothing: it is protected"
	case p.State == reconcile.StateGone:
		return "nothing: the account is gone; its names are remembered so that nobody else gets its mail"
	case len(out.Holds) > 0:
		return "nothing, as long as this holds it back: " + out.Holds[0].Message
	case e.pending(p) != "":
		return e.pending(p)
	case p.Miss.Unconfirmed:
		return "nothing: the absence does not count, because a guard doubts the reading; see syncagent status"
	case p.State != reconcile.StateMissing && !p.Bound():
		return "the account is linked as soon as the server has made it, at the first login or mail"
	case p.State != reconcile.StateMissing:
		return "nothing: directory and mailbox agree, as of the last run"
	case policy.Missing == config.MissingReport:
		return "nothing: policy.missing is report, so the absence is only told"
	case out.Missing != nil && out.Missing.DeleteDue != nil:
		return fmt.Sprintf("the account is deleted at the first run after %s (%d of %d absences counted so far), if the person is still gone then",
			moment(*out.Missing.DeleteDue), p.Miss.Reads, policy.Grace.Runs)
	}
	return fmt.Sprintf("absences are being counted: %d of %d, and %s must pass", p.Miss.Reads, policy.Grace.Runs, policy.Grace.Time)
}

// pending names an action of the last plan that was not done.
func (e *explainer) pending(p reconcile.Principal) string {
	if e.last == nil {
		return ""
	}
	for _, a := range e.last.Actions {
		if a.Source != p.Source || a.StableID != p.ID {
			continue
		}
		for _, r := range e.last.Results {
			if r.Seq != a.Seq || r.Outcome == reconcile.OutcomeDone {
				continue
			}
			why := r.Error
			if why == "" {
				why = "its stage was blocked; see syncagent status"
			}
			return fmt.Sprintf("%s is tried again if it is still due; last time it was %s: %s", a.Kind, r.Outcome, why)
		}
	}
	return ""
}

func (e *explainer) policy(source string) (config.Policy, bool) {
	for _, c := range e.cfg.Sources {
		if c.Name == source {
			return c.Policy, true
		}
	}
	return config.Policy{}, false
}

func (e *explainer) protectedBy(p reconcile.Principal) string {
	for _, o := range e.orders {
		if fits(o.Pattern, p) {
			return strings.TrimSuffix(fmt.Sprintf("by order of %s, %q: %s", o.By, o.Pattern, o.Reason), ": ")
		}
	}
	policy, _ := e.policy(p.Source)
	for _, pattern := range policy.Protect {
		if fits(pattern, p) {
			return fmt.Sprintf("by policy.protect %q", pattern)
		}
	}
	switch p.Kind {
	case reconcile.KindGroup:
		return "it is a group"
	case reconcile.KindAdmin:
		return "it is an administrator"
	case reconcile.KindUnknown:
		return "the directory does not tell what kind it is"
	case reconcile.KindIndividual:
	}
	return ""
}

func stateWord(s reconcile.State) string {
	switch s {
	case reconcile.StateActive:
		return "active"
	case reconcile.StateMissing:
		return "missing"
	case reconcile.StateGone:
		return "gone"
	case reconcile.StateUnknown:
	}
	return "unknown"
}

// mostEvents is how much of the past is shown.
const mostEvents = 50

// timeline is what the audit log tells about a person; without one, what the
// journal tells.
func (e *explainer) timeline(ctx context.Context, p reconcile.Principal) ([]report.ExplainEvent, error) {
	var events []report.ExplainEvent
	if !p.FirstSeen.IsZero() {
		events = append(events, report.ExplainEvent{Time: p.FirstSeen, Text: "first seen in the directory"})
	}
	files, err := audit.Files(ctx, e.cfg.Audit.File)
	if err == nil {
		err = audit.Show(ctx, files, audit.Filter{}, func(rec audit.Record) error {
			if about(rec, p) {
				events = append(events, report.ExplainEvent{Time: rec.Time, Run: rec.Run, Text: eventText(rec)})
			}
			return nil
		})
	}
	if err != nil {
		e.warnings = append(e.warnings, "the audit log could not be read to its end: "+err.Error())
		steps, err := e.ledger.StepsOf(ctx, p.Ref(), mostEvents)
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			events = append(events, report.ExplainEvent{Time: s.Created, Run: s.Run, Text: fmt.Sprintf("%s %s", s.Action.Kind, s.Outcome)})
		}
	}
	slices.SortStableFunc(events, func(a, b report.ExplainEvent) int { return a.Time.Compare(b.Time) })
	if over := len(events) - mostEvents; over > 0 {
		events = events[over:]
	}
	return events, nil
}

// about tells whether a record concerns a person. Intents are left out: what
// came of them follows.
func about(rec audit.Record, p reconcile.Principal) bool {
	if rec.Phase == "intent" {
		return false
	}
	if rec.Fields["stable_id"] == string(p.ID) && rec.Fields["source"] == p.Source {
		return true
	}
	pattern, ok := rec.Fields["pattern"].(string)
	return ok && fits(pattern, p)
}

func eventText(rec audit.Record) string {
	var text strings.Builder
	text.WriteString(rec.Event)
	if rec.Phase != "" {
		text.WriteString(" " + rec.Phase)
	}
	get := func(field string) string { value, _ := rec.Fields[field].(string); return value }
	if from, to := get("from"), get("to"); from != "" && to != "" && from != to {
		text.WriteString(": " + from + " → " + to)
	}
	if by := get("by"); by != "" {
		text.WriteString(" by " + by)
	}
	for _, field := range []string{"reason", "error"} {
		if value := get(field); value != "" {
			text.WriteString("; " + value)
		}
	}
	return text.String()
}

// live adds what directory and mail server say right now.
func (e *explainer) live(ctx context.Context, p reconcile.Principal, out *report.ExplainPerson) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	now := e.opts.now()
	for _, answer := range e.opts.newAgent(e.cfg).AskLive(ctx, e.ledger, p) {
		if answer.Failed {
			e.warnings = append(e.warnings, answer.Who+" "+answer.Text)
			continue
		}
		out.Timeline = append(out.Timeline, report.ExplainEvent{Time: now, Text: "now, " + answer.Who + ": " + answer.Text})
		for _, line := range answer.Commands {
			out.Commands = append(out.Commands, report.ExplainCommand{What: "read " + answer.Who + " as syncagent does", Line: line})
		}
	}
}
