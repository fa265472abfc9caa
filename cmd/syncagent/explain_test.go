package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

func ann() reconcile.Principal {
	return reconcile.Principal{
		Source: "staff", ID: "7", Name: "ann@example.org", State: reconcile.StateActive, Kind: reconcile.KindIndividual,
		Link: reconcile.Link{Account: "c", Name: "ann@example.org"},
	}
}

// planWith gives the last run with a code as a plan carries it about Ann.
func planWith(c reconcile.Code) (*reconcile.RunResult, reconcile.Principal) {
	p, r := ann(), &reconcile.RunResult{}
	switch c.Class {
	case reconcile.ClassHold:
		r.Holds = []reconcile.Hold{{Code: c.Code, Source: "staff", StableID: "7", Account: "c", Message: "found"}}
	case reconcile.ClassBlock:
		p.State = reconcile.StateMissing
		r.Verdict.Reasons = []reconcile.BlockReason{{Code: c.Code, Source: "staff", Stage: reconcile.StageRemove, Message: "found"}}
	case reconcile.ClassUnusable:
		r.Sources = []reconcile.SourcePlan{{Name: "staff", Reasons: []reconcile.Reason{{Code: c.Code, Message: "found"}}}}
		r.Verdict.Reasons = []reconcile.BlockReason{{Code: c.Code, Source: "staff", Stage: reconcile.StageRemove, Message: "found"}}
	case reconcile.ClassNotice:
		r.Notices = []reconcile.Notice{{Code: c.Code, Source: "staff", Account: "c", Name: "ann@example.org", Message: "found"}}
	}
	return r, p
}

// TestExplainHasWordsForEveryCode walks all codes that a decision can give: each
// tells the person who is asked about what it means, once.
func TestExplainHasWordsForEveryCode(t *testing.T) {
	texts := map[string]string{}
	for _, c := range reconcile.Codes() {
		last, p := planWith(c)
		got := rules(last, p)
		if len(got) != 1 || got[0].Code != c.Code || got[0].Message != "found" || got[0].Text == "" {
			t.Errorf("%s %s: %+v", c.Class, c.Code, got)
			continue
		}
		if strings.HasSuffix(got[0].Text, ".") || strings.ContainsAny(got[0].Text, "\n\x00") || len(got[0].Text) < 20 {
			t.Errorf("%s: not half a sentence: %q", c.Code, got[0].Text)
		}
		if other := texts[got[0].Text]; other != "" && c.Class == reconcile.ClassHold {
			t.Errorf("%s and %s say the same", c.Code, other)
		}
		texts[got[0].Text] = c.Code
		e := explainer{cfg: &config.Config{Sources: []config.Source{{Name: "staff"}}}, last: last}
		var person report.ExplainPerson
		e.fromLastPlan(p, &person)
		person.Rules = got
		next := e.next(p, person)
		if told := strings.Contains(next, got[0].Text) && strings.Contains(next, "found"); told != (c.Class != reconcile.ClassNotice && !asideHolds[c.Code]) {
			t.Errorf("%s: next is %q", c.Code, next)
		}
	}
	for _, words := range []map[string]string{holdWords, blockWords, unusableOwn, noticeWords} {
		for code := range words {
			if _, ok := reconcile.CodeInfo(code); !ok {
				t.Errorf("words for %s, which is no code", code)
			}
		}
	}
}

// TestRulesConcernOnePerson: what holds others back is not told.
func TestRulesConcernOnePerson(t *testing.T) {
	r := &reconcile.RunResult{}
	r.Holds = []reconcile.Hold{
		{Code: reconcile.HoldNoName, Source: "staff", StableID: "8", Message: "another person"},
		{Code: reconcile.HoldNoName, Source: "pupils", StableID: "7", Message: "another source"},
		{Code: reconcile.HoldSourceGone, Source: "staff", Message: "all of the source"},
		{Code: reconcile.HoldNotUndone, Source: "staff", StableID: "orphan:c", Account: "c", Message: "the same account"},
	}
	r.Sources = []reconcile.SourcePlan{{Name: "pupils", Reasons: []reconcile.Reason{{Code: reconcile.UnusableEmpty, Message: "another source"}}}}
	r.Verdict.Reasons = []reconcile.BlockReason{
		{Code: reconcile.BlockDrop, Source: "staff", Stage: reconcile.StageRemove, Message: "she is not missing"},
		{Code: reconcile.BlockServerChanged, Source: "staff", Stage: reconcile.StageProtect, Message: "everything"},
		{Code: reconcile.BlockServerChanged, Source: "staff", Stage: reconcile.StageRename, Message: "everything"},
		{Code: reconcile.BlockServerChanged, Source: "staff", Stage: reconcile.StageRemove, Message: "everything"},
	}
	r.Notices = []reconcile.Notice{
		{Code: reconcile.NoticeDrift, Account: "d", Message: "another account"},
		{Code: reconcile.NoticePatternUnmatched, Source: "staff", Name: "zed", Message: "nobody"},
		{Code: reconcile.NoticeClockSkew, Message: "the server"},
		{Code: reconcile.NoticeProbeChanged, Source: "staff", Message: "all of the source"},
	}
	var got []string
	for _, rule := range rules(r, ann()) {
		got = append(got, rule.Code+" "+rule.Message)
	}
	want := []string{
		"source-gone all of the source", "not-undone the same account", "server-changed everything", "probe-changed all of the source",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := rules(nil, ann()); got != nil {
		t.Errorf("without a plan: %v", got)
	}
}

// TestStory says for every state of a ledger row what explain tells.
func TestStory(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		change func(p *reconcile.Principal)
		want   string // a part of the only sentence, "" for none
	}{
		{"active", func(*reconcile.Principal) {}, ""},
		{"claimed", func(p *reconcile.Principal) { p.ID = reconcile.OrphanID("c") }, "claimed as an orphan"},
		{"a further account", func(p *reconcile.Principal) { p.ID = reconcile.FormID("7", 2) }, "name 2 of map.name_also of 7"},
		{"undone", func(p *reconcile.Principal) { p.HeldEntry = reconcile.HashOf("an entry") }, "until the entry in the directory changes"},
		{"undone while missing", func(p *reconcile.Principal) { p.HeldEntry = reconcile.HashOf("held while missing") }, "until the person is in the directory again"},
		{"claimed and used", func(p *reconcile.Principal) { p.HeldEntry = reconcile.HashOf("held since an entry carried its name") }, "never deleted by syncagent"},
		{"waits for a name", func(p *reconcile.Principal) { p.Waiting = now }, "a new name since 2026-03-01 12:00 UTC"},
		{"suspended", func(p *reconcile.Principal) { p.Access = reconcile.AccessSuspended }, "cut the access"},
		{"parked", func(p *reconcile.Principal) {
			p.Access, p.Before = reconcile.AccessParked, &reconcile.Account{Name: "old@example.org"}
		}, "it was called old@example.org before"},
		{"mixed", func(p *reconcile.Principal) { p.Mixed = true }, "mail of two people"},
		{"an address dropped", func(p *reconcile.Principal) { p.Dropped = make([]reconcile.AddressDrop, 1) }, "no longer lists 1 address "},
		{"missing without an account", func(p *reconcile.Principal) { p.State, p.Link = reconcile.StateMissing, reconcile.Link{} }, "never known which account"},
		{"gone after it was suspended", func(p *reconcile.Principal) { p.State, p.Access = reconcile.StateGone, reconcile.AccessSuspended }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := ann()
			c.change(&p)
			got := story(p)
			if c.want == "" && len(got) != 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
