package report

import (
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// StatusView is what `syncagent status` shows.
type StatusView struct {
	// LastRun is nil before the first one.
	LastRun *HistoryRow `json:"last_run"`
	// NextRun is nil where no schedule is configured.
	NextRun *time.Time     `json:"next_run"`
	Sources []StatusSource `json:"sources"`
	Server  StatusServer   `json:"server"`
	// Running names the holder of the lock, empty if no run is on.
	Running string `json:"running,omitempty"`
	// Blocked is the verdict of the last plan if it blocked something; Plan is the
	// hash to approve.
	Plan    string                  `json:"plan,omitempty"`
	Blocked []reconcile.BlockReason `json:"blocked"`
	Missing []reconcile.Missing     `json:"missing"`
	// Closed lists accounts whose access the agent has cut or that it parked.
	Closed    []StatusAccount  `json:"closed"`
	Holds     []reconcile.Hold `json:"holds"`
	Approvals []StatusApproval `json:"approvals"`
	Audit     StatusAudit      `json:"audit"`
}

// StatusSource is what the ledger knows about a source.
type StatusSource struct {
	Name    string `json:"name"`
	Adopted bool   `json:"adopted"`
	// Known counts the living principals, Missing those in grace.
	Known        int        `json:"known"`
	Missing      int        `json:"missing"`
	LastComplete *time.Time `json:"last_complete"`
	LastCounted  *time.Time `json:"last_counted"`
}

// StatusServer identifies the mail server; URL has no secrets.
type StatusServer struct {
	URL        string `json:"url"`
	Generation string `json:"generation"`
}

// StatusAccount is an account that the agent closed.
type StatusAccount struct {
	Source   string              `json:"source"`
	StableID reconcile.StableID  `json:"stable_id"`
	Account  reconcile.AccountID `json:"account"`
	Name     string              `json:"name"`
	// State is "suspended" or "parked".
	State string    `json:"state"`
	Since time.Time `json:"since"`
}

// StatusApproval is an approval that has not expired.
type StatusApproval struct {
	ID      int64     `json:"id"`
	By      []string  `json:"by"`
	Reason  string    `json:"reason,omitempty"`
	Expires time.Time `json:"expires"`
	// Covers says in words what it lets pass, such as "12 deletions".
	Covers string `json:"covers"`
	// Needed is how many persons policy.approvals asks for; By lists those there
	// are. Below it nothing passes.
	Needed int `json:"needed"`
}

// StatusAudit is the position of the audit log.
type StatusAudit struct {
	Records int64 `json:"records"`
	// Problem says why the log cannot be trusted; empty if it can.
	Problem string `json:"problem,omitempty"`
}

func (s StatusView) layout(o Options) document {
	d := document{title: "syncagent: status", facts: s.facts()}
	plan := planView{run: &reconcile.RunResult{}, plan: reconcile.Plan{
		Hash: s.Plan, Holds: s.Holds, Sources: make([]reconcile.SourcePlan, len(s.Sources)),
		Verdict: reconcile.Verdict{Blocked: len(s.Blocked) > 0, Reasons: s.Blocked},
	}}
	var blocks section
	if len(s.Blocked) > 0 {
		blocks = plan.blocks()
	}
	for _, part := range []section{blocks, plan.missing("In grace", s.Missing, o), s.closed(o), plan.holds(o), s.approvals()} {
		if len(part.groups) > 0 {
			d.sections = append(d.sections, part)
		}
	}
	d.commands = plan.commands()
	d.summary = fmt.Sprintf("%s; %d in grace; %d closed; %d held back", s.state(), len(s.Missing), len(s.Closed), len(s.Holds))
	return d
}

// state is the situation in a few words, the worst first.
func (s StatusView) state() string {
	switch {
	case s.Audit.Problem != "":
		return "the audit log cannot be trusted"
	case len(s.Blocked) > 0:
		return "blocked"
	case s.LastRun == nil:
		return "no run yet"
	case s.LastRun.ExitCode != 0:
		return "the last run ended with " + s.LastRun.Outcome
	}
	return "all is well"
}

func (s StatusView) facts() []fact {
	last := fact{label: "last run", text: "none yet"}
	if s.LastRun != nil {
		last.text = s.LastRun.line()
		last.tone = s.LastRun.tone()
	}
	facts := []fact{last}
	if s.Running != "" {
		facts = append(facts, fact{label: "running", text: "yes, " + s.Running})
	}
	if s.NextRun != nil {
		facts = append(facts, fact{label: "next run", text: moment(*s.NextRun)})
	}
	for _, source := range s.Sources {
		facts = append(facts, source.fact())
	}
	facts = append(facts, fact{label: "server", text: joined(" ", s.Server.URL, bracketed(s.Server.Generation))})
	audit := fact{label: "audit", text: people(int(s.Audit.Records), "record", "records")}
	if s.Audit.Problem != "" {
		audit.text, audit.tone = "cannot be trusted: "+s.Audit.Problem, toneBad
	}
	return append(facts, audit)
}

func (s StatusSource) fact() fact {
	f := fact{label: "source", text: fmt.Sprintf("%s: %s known, %d in grace", s.Name, people(s.Known, "person", "people"), s.Missing)}
	switch {
	case !s.Adopted:
		f.text, f.tone = s.Name+": not read yet; the first run changes nothing", toneWarn
	case s.LastComplete == nil:
		f.text, f.tone = f.text+"; never read to the end", toneBad
	default:
		f.text += "; read to the end on " + moment(*s.LastComplete)
	}
	return f
}

func (s StatusView) closed(o Options) section {
	g := group{}
	for i, a := range s.Closed {
		if i >= few && !o.Verbose {
			g.more = len(s.Closed) - i
			break
		}
		it := item{
			symbol: symbols[reconcile.ActSuspend], tone: toneWarn, name: or(a.Name, string(a.Account)),
			text: fmt.Sprintf("%s since %s", a.State, day(a.Since)),
		}
		if a.State == "parked" {
			it.symbol = symbols[reconcile.ActPark]
		}
		if o.Verbose {
			it.details = []string{ids(a.Source, string(a.StableID), string(a.Account))}
		}
		g.items = append(g.items, it)
	}
	if len(g.items) == 0 {
		return section{}
	}
	return section{title: fmt.Sprintf("Closed by the agent (%d)", len(s.Closed)), groups: []group{g}}
}

func (s StatusView) approvals() section {
	g := group{}
	for _, a := range s.Approvals {
		text := fmt.Sprintf("%s; by %s; until %s", a.Covers, joined(", ", a.By...), moment(a.Expires))
		if more := a.Needed - len(a.By); more > 0 {
			text += fmt.Sprintf("; %d of %d persons, %d more must approve", len(a.By), a.Needed, more)
		}
		if a.Reason != "" {
			text += "; " + a.Reason
		}
		g.items = append(g.items, item{symbol: "+", name: fmt.Sprintf("approval %d", a.ID), text: text})
	}
	if len(g.items) == 0 {
		return section{}
	}
	return section{title: fmt.Sprintf("Approvals (%d)", len(g.items)), groups: []group{g}}
}

// wire is a copy with lists that are not nil and times in UTC.
func (s StatusView) wire() any {
	if s.LastRun != nil {
		row := s.LastRun.wire()
		s.LastRun = &row
	}
	s.NextRun = secondOf(s.NextRun)
	s.Sources = each(s.Sources, func(x StatusSource) StatusSource {
		x.LastComplete, x.LastCounted = secondOf(x.LastComplete), secondOf(x.LastCounted)
		return x
	})
	s.Blocked, s.Holds = list(s.Blocked), list(s.Holds)
	s.Missing = each(s.Missing, wireMissing)
	s.Closed = each(s.Closed, func(x StatusAccount) StatusAccount { x.Since = second(x.Since); return x })
	s.Approvals = each(s.Approvals, func(x StatusApproval) StatusApproval {
		x.By, x.Expires = list(x.By), second(x.Expires)
		return x
	})
	return s
}
