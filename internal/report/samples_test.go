package report

import (
	"fmt"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

var someHash = "sha256:" + strings.Repeat("0123456789abcdef", 4)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func on(text string) *time.Time { t := at(text); return &t }

func allOK() reconcile.Verdict {
	return reconcile.Verdict{Stages: map[reconcile.Stage]reconcile.StageVerdict{
		reconcile.StageProtect: reconcile.StageOK, reconcile.StageRename: reconcile.StageOK, reconcile.StageRemove: reconcile.StageOK,
	}}
}

func basePlan() reconcile.Plan {
	return reconcile.Plan{
		Version: reconcile.PlanVersion, Hash: someHash, Verdict: allOK(),
		Sources: []reconcile.SourcePlan{{Name: "staff", Complete: true, Entries: 1000}},
		Server:  reconcile.ServerPlan{Generation: "jmap-0.16", Fingerprint: "f00d"},
		Counts:  reconcile.Counts{Known: 1000, Unchanged: 1000},
	}
}

func quietPlan() reconcile.Plan { return basePlan() }

// zeroPlan is the zero value, which is blocked, with one action to show it.
func zeroPlan() reconcile.Plan {
	return reconcile.Plan{Actions: []reconcile.Action{{Seq: 1, Kind: reconcile.ActDelete, Stage: reconcile.StageRemove}}}
}

func firstPlan() reconcile.Plan {
	p := basePlan()
	p.Sources[0].FirstRun = true
	p.Counts = reconcile.Counts{Known: 0, New: 2, Linked: 998}
	for i := range 14 {
		p.Notices = append(p.Notices, reconcile.Notice{
			Code: reconcile.NoticeOrphan, Account: reconcile.AccountID(fmt.Sprintf("o%d", i)),
			Name: fmt.Sprintf("old%02d@example.org", i), Message: "no entry of any source carries this name",
		})
	}
	p.Notices = append(p.Notices, reconcile.Notice{Code: reconcile.NoticePatternUnmatched, Source: "staff", Message: `the pattern "svc-*" of policy.protect matches nobody`})
	p.Holds = []reconcile.Hold{{
		Code: reconcile.HoldOlderThanPerson, Source: "staff", StableID: "8d1e", Account: "c", Name: "li@example.org",
		Message: "the account was made on 2019-02-01, the entry on 2026-10-02",
	}}
	return p
}

func busyPlan() reconcile.Plan {
	p := basePlan()
	p.Actions = []reconcile.Action{
		{
			Seq: 1, Kind: reconcile.ActRelease, Stage: reconcile.StageProtect, Source: "staff", StableID: "11", Account: "b", From: "bea@example.org", To: "bea@example.org",
			Addresses: reconcile.AddressChange{From: []string{"info@example.org", "press@example.org"}, To: []string{"press@example.org"}}, Reason: "info@example.org is now an address of carl@example.org",
		},
		{
			Seq: 2, Kind: reconcile.ActPark, Stage: reconcile.StageProtect, Source: "staff", StableID: "12", Account: "d", From: "kim@example.org", To: "syncagent-parked-d@example.org",
			Reason: "kim@example.org was given to another person (ID 77)",
		},
		{Seq: 3, Kind: reconcile.ActSuspend, Stage: reconcile.StageProtect, Source: "staff", StableID: "13", Account: "e", From: "tom@example.org", Reason: "absent for two readings"},
		{Seq: 4, Kind: reconcile.ActResume, Stage: reconcile.StageProtect, Source: "staff", StableID: "14", Account: "f", From: "eva@example.org", Reason: "the person is back"},
		{
			Seq: 5, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "15", Account: "g", From: "anna.schmidt@example.org", To: "anna.weber@example.org",
			Addresses: reconcile.AddressChange{From: []string{"schmidt@example.org"}, To: []string{"weber@example.org"}}, Reason: "the directory has a new name for the same ID",
		},
		{Seq: 6, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "16", Account: "h", From: "x@example.org", To: "y@example.org", Via: "syncagent-tmp-h@example.org", Group: 1, Reason: "two people exchange their names"},
		{Seq: 7, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "17", Account: "i", From: "y@example.org", To: "x@example.org", After: []int{6}, Group: 1, Reason: "two people exchange their names"},
		{Seq: 8, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "18", Account: "j", From: "山田太郎@example.org", To: "佐藤太郎@example.org"},
		{Seq: 9, Kind: reconcile.ActDestroyTwin, Stage: reconcile.StageRename, Source: "staff", StableID: "15", Account: "z", From: "syncagent-parked-z@example.org", After: []int{5}},
		{Seq: 10, Kind: reconcile.ActRelink, Stage: reconcile.StageRename, Source: "staff", StableID: "19", Account: "k", From: "otto@example.org"},
		{Seq: 11, Kind: reconcile.ActExport, Stage: reconcile.StageRemove, Source: "staff", StableID: "20", Account: "l", From: "old@example.org"},
		{Seq: 12, Kind: reconcile.ActDelete, Stage: reconcile.StageRemove, Source: "staff", StableID: "20", Account: "l", From: "old@example.org", After: []int{11}, Reason: "absent since 2026-11-01, 14 days and 1200 readings"},
		{Seq: 13, Kind: reconcile.ActPurge, Stage: reconcile.StageRemove, After: []int{12}},
	}
	p.Missing = []reconcile.Missing{
		{Source: "staff", StableID: "30", Account: "m", Name: "gone@example.org", Since: at("2026-11-20T10:00:00+02:00"), Misses: 2, SuspendDue: on("2026-11-24T00:00:00Z"), DeleteDue: on("2026-12-04T08:00:00.5Z")},
		{Source: "staff", StableID: "31", Account: "n", Name: "left@example.org", Since: at("2026-11-21T10:00:00Z"), Misses: 1},
	}
	for i := range 13 {
		p.Holds = append(p.Holds, reconcile.Hold{
			Code: reconcile.HoldDomainUnknown, Source: "staff", StableID: reconcile.StableID(fmt.Sprint(100 + i)),
			Account: reconcile.AccountID(fmt.Sprintf("q%d", i)), Name: fmt.Sprintf("user%02d@example.org", i), Message: "the server has no domain new.example.org",
		})
	}
	p.Holds = append(p.Holds,
		reconcile.Hold{Code: reconcile.HoldTwinNotEmpty, Source: "staff", StableID: "15", Account: "z", Name: "anna.weber@example.org", Message: "the second mailbox holds 3 messages", Hint: "Look into it and move the 3 messages."},
		reconcile.Hold{Code: "from-the-future", Source: "staff", Name: "new@example.org", Message: "a code that this build does not know"})
	p.Notices = []reconcile.Notice{{Code: reconcile.NoticeDrift, Account: "r", Name: "mia@example.org", Message: "its quota was changed by somebody else"}}
	p.Counts = reconcile.Counts{Known: 1000, Unchanged: 970, New: 1, Rename: 4, Missing: 2, Release: 1, Park: 1, Suspend: 1, Resume: 1, Export: 1, Delete: 1, Twin: 1, Hold: 15}
	return p
}

func blockedPlan() reconcile.Plan {
	p := basePlan()
	p.Sources = []reconcile.SourcePlan{
		{Name: "pupils", Complete: false, Entries: 40, Reasons: []reconcile.Reason{{Code: reconcile.UnusableLimitReached, Message: "page 3 ended with sizeLimitExceeded (4)"}}},
		{Name: "staff", Complete: true, Entries: 700, Warnings: []reconcile.Reason{{Code: reconcile.NoticeReferralIgnored, Message: "2 referrals were ignored", Hint: "Nothing, if no user is there."}}},
	}
	p.Actions = []reconcile.Action{
		{Seq: 1, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "1", Account: "b", From: "a@example.org", To: "b@example.org"},
		{Seq: 2, Kind: reconcile.ActDelete, Stage: reconcile.StageRemove, Source: "staff", StableID: "2", Account: "c", From: "c@example.org"},
		{Seq: 3, Kind: reconcile.ActDelete, Stage: reconcile.StageRemove, Source: "staff", StableID: "3", Account: "d", From: "d@example.org"},
	}
	p.Unconfirmed = []reconcile.Missing{{Source: "staff", StableID: "9", Account: "e", Name: "e@example.org", Since: at("2026-11-22T00:00:00Z"), Misses: 4}}
	p.Verdict.Blocked = true
	p.Verdict.Stages[reconcile.StageRemove] = reconcile.StageBlocked
	p.Verdict.Stages[reconcile.StageProtect] = reconcile.StageBlocked
	p.Verdict.Reasons = []reconcile.BlockReason{
		{Code: reconcile.BlockDrop, Stage: reconcile.StageRemove, Source: "staff", Message: "300 of 1000 entries are gone, 10% are allowed", Approvable: true},
		{Code: reconcile.BlockLimitDelete, Stage: reconcile.StageRemove, Source: "staff", Message: "2 deletions are due, 0 are allowed in 24 hours", Hint: "Look at both.", Approvable: true},
		{Code: reconcile.UnusableIncomplete, Stage: reconcile.StageProtect, Source: "pupils", Message: "the source was not read to the end"},
		{Code: reconcile.UnusableIncomplete, Stage: reconcile.StageRemove, Source: "pupils", Message: "the source was not read to the end"},
	}
	p.Counts = reconcile.Counts{Known: 1000, Unchanged: 697, Rename: 1, Delete: 2, Missing: 2}
	return p
}

// nastyPlan has texts that try to steer a terminal, a page or a wiki.
func nastyPlan() reconcile.Plan {
	p := basePlan()
	p.Actions = []reconcile.Action{
		{Seq: 1, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "1", Account: "b", From: "a\x1b[2J\u202egro@example.org", To: "b\u200b`|<script>alert(1)</script>@example.org", Reason: "line\nbreak\x00 and \xff"},
		{Seq: 2, Kind: reconcile.ActDelete, Stage: reconcile.StageRemove, Source: "staff\r", StableID: "2", Account: "c\x9b31m", From: "[x](javascript:alert(1)) *bold* ![i](http://e)\U000e0041"},
	}
	p.Holds = []reconcile.Hold{{Code: "x\x07<b>", Name: "<img src=x onerror=alert(1)>", Message: "\u2066tricky\u2069 & more", Hint: "do\tthis"}}
	return p
}

// olderPlan is one of a server that can do less.
func olderPlan() reconcile.Plan {
	p := basePlan()
	p.Server = reconcile.ServerPlan{
		Generation: "rest-0.8", Fingerprint: "f00d", Version: "0.8.5",
		Can: []string{"list", "delete", "purge", "export", "look"}, Cannot: []string{"rename", "suspend"},
	}
	p.Counts.New = 1
	return p
}

func savedPlan() reconcile.RunResult {
	return reconcile.RunResult{Plan: blockedPlan(), Run: "20261123T190000Z-1", Created: at("2026-11-23T19:00:00.25Z"), Expires: on("2026-11-24T20:00:00+01:00")}
}

func finishedRun() reconcile.RunResult {
	r := reconcile.RunResult{
		Plan: busyPlan(), Run: "20261123T190000Z-2", Created: at("2026-11-23T19:00:00Z"), DurationMS: 12345,
		Purge: &reconcile.PurgeResult{State: "timeout", Message: "shard 3 is still at work"},
	}
	for seq := 1; seq <= 13; seq++ {
		r.Results = append(r.Results, reconcile.Result{Seq: seq, Outcome: reconcile.OutcomeDone})
	}
	r.Results[4] = reconcile.Result{Seq: 5, Outcome: reconcile.OutcomeFailed, Error: "the server answered 503", Hint: "the next run tries again"}
	r.Results[8] = reconcile.Result{Seq: 9, Outcome: reconcile.OutcomeSkipped, Error: "step 5 was not done"}
	r.Results[10] = reconcile.Result{Seq: 11, Outcome: reconcile.OutcomeDropped}
	r.Recovered = []reconcile.Result{{Seq: 3, Outcome: reconcile.OutcomeDone}}
	return r
}

func historyView() HistoryView {
	return HistoryView{Runs: []HistoryRow{
		{Run: "r3", Started: at("2026-11-23T19:15:00Z"), DurationMS: 900, Trigger: "schedule", Outcome: "done", Summary: "nothing to do: 1000 people known, all unchanged"},
		{Run: "r2", Started: at("2026-11-23T19:00:00+01:00"), DurationMS: 65000, Trigger: "schedule", ExitCode: 4, Outcome: "blocked", Summary: "done: 1 renamed; 2 blocked", Plan: someHash},
	}}
}

func statusView() StatusView {
	last := historyView().Runs[1]
	p := blockedPlan()
	return StatusView{
		LastRun: &last, NextRun: on("2026-11-23T19:30:00Z"), Running: "run r4 of process 17 since 19:29",
		Sources: []StatusSource{{Name: "pupils"}, {Name: "staff", Adopted: true, Known: 1000, Missing: 2, LastComplete: on("2026-11-23T19:15:00Z")}},
		Server:  StatusServer{URL: "https://mail.example.org", Generation: "jmap-0.16"}, Plan: someHash, Blocked: p.Verdict.Reasons[:2],
		Missing:   busyPlan().Missing,
		Closed:    []StatusAccount{{Source: "staff", StableID: "13", Account: "e", Name: "tom@example.org", State: "suspended", Since: at("2026-11-20T00:00:00Z")}, {Source: "staff", StableID: "12", Account: "d", Name: "syncagent-parked-d@example.org", State: "parked", Since: at("2026-11-21T00:00:00Z")}},
		Holds:     busyPlan().Holds[13:14],
		Approvals: []StatusApproval{{ID: 3, By: []string{"Bea", "Carl"}, Reason: "end of term", Expires: at("2026-11-24T00:00:00Z"), Covers: "12 deletions", Needed: 3}},
		Audit:     StatusAudit{Records: 4711},
	}
}

func explainView() ExplainView {
	return ExplainView{Asked: "tom", People: []ExplainPerson{
		{
			Source: "staff", StableID: "13", Name: "tom@example.org", Label: "uid=tom,ou=people,dc=example,dc=org", State: "missing", Access: "suspended",
			Accounts: []ExplainAccount{{ID: "e", Name: "tom@example.org"}, {ID: "f", Name: "tom", Note: "under map.name_also"}},
			LastSeen: on("2026-11-19T00:00:00Z"), Missing: &ExplainMissing{Since: at("2026-11-20T00:00:00Z"), Misses: 5, DeleteDue: on("2026-12-04T00:00:00Z")},
			Holds:    []reconcile.Hold{{Code: reconcile.HoldRecheckBlind, Source: "staff", StableID: "13", Account: "e", Name: "tom@example.org", Message: "the known entry 77 was not found on the same path"}},
			Story:    []string{"syncagent cut the access to the account; it is given back as it was if the person returns"},
			Rules:    []ExplainRule{{Code: reconcile.HoldRecheckBlind, Text: "nothing is cut off or deleted before the directory proves the absence on a second question", Message: "the known entry 77 was not found on the same path"}},
			Next:     "looks again, and deletes the mailbox on 2026-12-04 at the earliest",
			Timeline: []ExplainEvent{{Time: at("2026-01-02T00:00:00Z"), Run: "r1", Text: "linked to account e"}, {Time: at("2026-11-20T00:00:00Z"), Run: "r2", Text: "first missed"}},
			Commands: []ExplainCommand{{What: "To see what the directory says:", Line: "ldapsearch -H ldaps://ldap1.example.org -D cn=sync,dc=example,dc=org -W -b dc=example,dc=org '(entryUUID=13)'"}},
		},
		{Source: "pupils", StableID: "99", Name: "tom@school.example.org", State: "active", Access: "open", Protected: "by Bea on 2026-05-05: works council"},
	}, Elsewhere: []string{"account z is a second mailbox that stays aside as syncagent-aside-z: it is not empty"}}
}
