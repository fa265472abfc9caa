package main

import (
	"slices"

	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

// rules lists what holds something back for one person, or is worth a word
// about them, by the last plan: their own holds, what speaks against their
// source, the blocks of the stages that concern them, and notices.
func rules(last *reconcile.RunResult, p reconcile.Principal) []report.ExplainRule {
	if last == nil {
		return nil
	}
	var out []report.ExplainRule
	add := func(code, message string) {
		info, _ := reconcile.CodeInfo(code)
		rule := report.ExplainRule{Code: code, Text: wordsOf(info), Message: message}
		if !slices.Contains(out, rule) {
			out = append(out, rule)
		}
	}
	for _, h := range last.Holds {
		if concernsHold(h, p) {
			add(h.Code, h.Message)
		}
	}
	for _, s := range last.Sources {
		if s.Name != p.Source {
			continue
		}
		for _, r := range s.Reasons {
			add(r.Code, r.Message)
		}
	}
	stages, everywhere := stagesOf(last, p), stopsAll(last, p.Source)
	for _, r := range last.Verdict.Reasons {
		info, _ := reconcile.CodeInfo(r.Code)
		if r.Source == p.Source && (stages[r.Stage] || everywhere[r.Code] || info.Class == reconcile.ClassUnusable) {
			add(r.Code, r.Message)
		}
	}
	for _, n := range last.Notices {
		if concernsNotice(n, p) {
			add(n.Code, n.Message)
		}
	}
	return out
}

// concernsHold tells whether a hold is about a person: their own, one of their
// source as a whole, or one of another ID about their account.
func concernsHold(h reconcile.Hold, p reconcile.Principal) bool {
	if h.Source == p.Source && (h.StableID == p.ID || h.StableID == "") {
		return true
	}
	return p.Bound() && h.Account == p.Link.Account
}

func concernsNotice(n reconcile.Notice, p reconcile.Principal) bool {
	switch {
	case n.Account != "":
		return p.Bound() && n.Account == p.Link.Account
	case n.Name != "":
		return fits(n.Name, p)
	}
	return n.Source == p.Source
}

// stagesOf tells which stages of the last plan concern a person: those that
// would do something for them, and the removal of whoever is missing.
func stagesOf(last *reconcile.RunResult, p reconcile.Principal) map[reconcile.Stage]bool {
	out := map[reconcile.Stage]bool{}
	if p.State == reconcile.StateMissing || p.Miss.Unconfirmed {
		out[reconcile.StageRemove] = true
	}
	for _, a := range last.Actions {
		if a.Source == p.Source && a.StableID == p.ID || p.Bound() && a.Account == p.Link.Account {
			out[a.Stage] = true
		}
	}
	return out
}

// stopsAll gives the codes that stop every stage of a source: they concern
// everybody.
func stopsAll(last *reconcile.RunResult, source string) map[string]bool {
	stages := map[string]map[reconcile.Stage]bool{}
	out := map[string]bool{}
	for _, r := range last.Verdict.Reasons {
		if r.Source != source {
			continue
		}
		if stages[r.Code] == nil {
			stages[r.Code] = map[reconcile.Stage]bool{}
		}
		stages[r.Code][r.Stage] = true
		out[r.Code] = len(stages[r.Code]) == len(reconcile.Stages)
	}
	return out
}
