package report

import (
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// stageTitles say what the stages do.
var stageTitles = map[reconcile.Stage]string{
	reconcile.StageProtect: "Protect",
	reconcile.StageRename:  "Rename",
	reconcile.StageRemove:  "Remove",
}

// symbols mark the kinds of action at the start of a line.
var symbols = map[reconcile.ActionKind]string{
	reconcile.ActRelease:     "<",
	reconcile.ActPark:        "⇄",
	reconcile.ActSuspend:     "x",
	reconcile.ActResume:      "o",
	reconcile.ActRename:      "~",
	reconcile.ActDestroyTwin: "-",
	reconcile.ActRelink:      "+",
	reconcile.ActClaim:       "?",
	reconcile.ActExport:      ">",
	reconcile.ActDelete:      "-",
	reconcile.ActPurge:       "*",
}

// stage lists the actions of one stage, all of them.
func (v planView) stage(stage reconcile.Stage, o Options) section {
	var items []item
	blocked := 0
	many := 0
	for _, a := range v.plan.Actions {
		if a.Stage == stage {
			many++
		}
	}
	for _, a := range v.plan.Actions {
		if a.Stage != stage {
			continue
		}
		it := v.action(a, o.Verbose, o.Verbose || many <= few)
		if v.blocked(a) {
			it.tone, blocked = toneFaint, blocked+1
		}
		items = append(items, it)
	}
	s := section{title: fmt.Sprintf("%s (%d)", stageTitles[stage], len(items)), note: v.stageNote(stage, blocked, len(items))}
	if blocked > 0 {
		s.tone = toneBad
	}
	if len(items) > 0 {
		s.groups = []group{{items: items}}
	}
	return s
}

func (v planView) stageNote(stage reconcile.Stage, blocked, all int) string {
	switch {
	case blocked > 0 && blocked == all && v.ran():
		return "Blocked: none of these was done."
	case blocked > 0 && blocked == all:
		return "Blocked: none of these will be done."
	case blocked > 0:
		return fmt.Sprintf("Blocked in part: %d of %d are not done, each marked so.", blocked, all)
	case v.plan.Verdict.Stages[stage] == reconcile.StageApproved:
		return "Approved by a person."
	}
	return ""
}

// action says in words what happens to whose mailbox.
func (v planView) action(a reconcile.Action, verbose, reason bool) item {
	it := item{symbol: or(symbols[a.Kind], "?"), tone: actionTone(a.Kind), name: actionName(a), text: actionText(a)}
	if a.Kind == reconcile.ActRename {
		it.to = a.To
	}
	if v.severalSources() && a.Source != "" {
		it.text += " [" + a.Source + "]"
	}
	if v.blocked(a) {
		it.text += " – blocked"
	}
	if result, ok := v.results[a.Seq]; ok && result == (reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeDone}) {
		it.text += " – done"
	} else if ok {
		it.details = append(it.details, outcomeText(result))
	}
	if change := addressText(a); change != "" {
		it.details = append(it.details, change)
	}
	if reason && a.Reason != "" {
		it.details = append(it.details, "because: "+a.Reason)
	}
	if verbose {
		it.details = append(it.details, fmt.Sprintf("step %d, %s", a.Seq, or(ids(a.Source, string(a.StableID), string(a.Account)), "whole server")))
	}
	return it
}

func actionName(a reconcile.Action) string {
	if a.Kind == reconcile.ActPurge {
		return or(a.From, "mail server")
	}
	return or(a.From, a.To, string(a.Account), string(a.StableID), "(no name)")
}

func actionTone(kind reconcile.ActionKind) tone {
	switch kind {
	case reconcile.ActDelete, reconcile.ActDestroyTwin:
		return toneBad
	case reconcile.ActPark, reconcile.ActSuspend:
		return toneWarn
	case reconcile.ActRename, reconcile.ActRelease, reconcile.ActRelink, reconcile.ActClaim:
		return toneChange
	case reconcile.ActResume:
		return toneGood
	case reconcile.ActExport, reconcile.ActPurge:
		return tonePlain
	}
	return toneBad
}

func actionText(a reconcile.Action) string {
	switch a.Kind {
	case reconcile.ActRelease:
		return "release: addresses leave the mailbox, the mail stays"
	case reconcile.ActPark:
		return fmt.Sprintf("park: move the mailbox aside as %s, free its addresses, cut its access; the mail stays", a.To)
	case reconcile.ActSuspend:
		return "suspend: cut the access, the mail stays"
	case reconcile.ActResume:
		return "resume: give the access back as it was"
	case reconcile.ActRename:
		if a.Via != "" {
			return fmt.Sprintf("rename: the mailbox moves along with all its mail, through the temporary name %s", a.Via)
		}
		return "rename: the mailbox moves along with all its mail"
	case reconcile.ActDestroyTwin:
		if a.To != "" {
			return fmt.Sprintf("destroy-twin: copy the mail of the second mailbox that the server made into %s, and remove it once all is proven to be there", a.To)
		}
		return "destroy-twin: remove the second mailbox that the server made, if it is proven empty"
	case reconcile.ActRelink:
		return "relink: " + relinkText(a)
	case reconcile.ActClaim:
		return "claim: the account counts as missing from now on, nothing changes on the server yet"
	case reconcile.ActExport:
		return "export: write a verified archive of the mailbox"
	case reconcile.ActDelete:
		return "delete: the mailbox with all its mail"
	case reconcile.ActPurge:
		return "purge: free the space of deleted mail"
	}
	return string(a.Kind)
}

// relinkText says what takes the place of what.
func relinkText(a reconcile.Action) string {
	var parts []string
	if a.OldID != "" {
		parts = append(parts, fmt.Sprintf("stable ID %s instead of %s", a.StableID, a.OldID))
	}
	if a.OldSource != "" {
		parts = append(parts, fmt.Sprintf("source %s instead of %s", a.Source, a.OldSource))
	}
	if a.OldAccount != "" {
		parts = append(parts, fmt.Sprintf("account %s instead of %s", a.Account, a.OldAccount))
	}
	if len(parts) == 0 {
		parts = append(parts, "the account is linked to "+string(a.StableID))
	}
	return strings.Join(append(parts, "nothing changes on the server"), ", ")
}

// addressText says which addresses come and go with an action.
func addressText(a reconcile.Action) string {
	var parts []string
	if gone := without(a.Addresses.From, a.Addresses.To); len(gone) > 0 {
		parts = append(parts, "loses "+strings.Join(gone, ", "))
	}
	if come := without(a.Addresses.To, a.Addresses.From); len(come) > 0 {
		parts = append(parts, "gets "+strings.Join(come, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return "addresses: " + strings.Join(parts, "; ")
}

// without lists what is in one list and not in the other.
func without(list, other []string) []string {
	var rest []string
	for _, s := range list {
		if !slices.Contains(other, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

func outcomeText(r reconcile.Result) string {
	words := map[reconcile.Outcome]string{
		reconcile.OutcomeDone:    "done",
		reconcile.OutcomeFailed:  "failed, will be tried again",
		reconcile.OutcomeDropped: "dropped: the situation is not as it was planned",
		reconcile.OutcomeSkipped: "skipped",
	}
	text := or(words[r.Outcome], string(r.Outcome))
	if r.Error != "" {
		text += " – " + r.Error
	}
	if r.Hint != "" {
		text += " → " + r.Hint
	}
	return text
}

// recovered lists what was left over from an interrupted run.
func (v planView) recovered() section {
	if v.run == nil || len(v.run.Recovered) == 0 {
		return section{}
	}
	var items []item
	for _, r := range v.run.Recovered {
		items = append(items, item{symbol: "»", name: fmt.Sprintf("step %d", r.Seq), text: outcomeText(r)})
	}
	return section{title: fmt.Sprintf("Finished from an interrupted run (%d)", len(items)), groups: []group{{items: items}}}
}
