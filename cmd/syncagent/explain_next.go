package main

import (
	"fmt"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

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
	case heldWords(out.Holds) != "":
		return heldWords(out.Holds)
	case e.pending(p) != "":
		return e.pending(p)
	case stopped(out.Rules) != "":
		return "nothing for now: " + stopped(out.Rules)
	case p.Miss.Unconfirmed:
		return "nothing: the absence does not count, because a guard doubts the reading; see syncagent status"
	case p.State != reconcile.StateMissing && !p.Bound():
		return "the account is linked as soon as the server has made it, at the first login or mail"
	case p.State != reconcile.StateMissing:
		return "nothing: directory and mailbox agree, as of the last run"
	case policy.Missing == config.MissingReport:
		return "nothing: policy.missing is report, so the absence is only told"
	case out.Missing != nil && out.Missing.DeleteDue != nil:
		approved := ""
		if !p.Miss.Cover.IsZero() {
			approved = fmt.Sprintf("; the delete came with approval %d of the absence", p.Miss.Cover.Approval)
		}
		return fmt.Sprintf("the account is deleted at the first run after %s (%d of %d absences counted so far), if the person is still gone then%s",
			moment(*out.Missing.DeleteDue), p.Miss.Reads, policy.Grace.Runs, approved)
	}
	return fmt.Sprintf("absences are being counted: %d of %d, and %s must pass", p.Miss.Reads, policy.Grace.Runs, policy.Grace.Time)
}

// heldWords says what holds a person's own account back; a second mailbox that
// stays aside holds nothing back.
func heldWords(holds []reconcile.Hold) string {
	for _, h := range holds {
		if !asideHolds[h.Code] {
			return fmt.Sprintf("%s (%s: %s)", holdWords[h.Code], h.Code, h.Message)
		}
	}
	return ""
}

// stopped says what stops the whole source, or a stage of it that concerns the
// person.
func stopped(rules []report.ExplainRule) string {
	for _, r := range rules {
		if info, _ := reconcile.CodeInfo(r.Code); info.Class == reconcile.ClassBlock || info.Class == reconcile.ClassUnusable {
			return fmt.Sprintf("%s (%s: %s)", r.Text, r.Code, r.Message)
		}
	}
	return ""
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
