package reconcile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// finish sorts everything and sums it up.
func (d *decider) finish() Decision {
	d.detected = slices.DeleteFunc(d.detected, func(x Detection) bool { return d.judged[x.Source].refused() })
	d.buryWaits()
	SortItems(d.blocked)
	for _, h := range d.holds {
		if own, ok := stranded(h, d.accounts[h.Account]); ok {
			d.holds = append(d.holds, own)
		}
	}
	plan := Plan{
		Version: PlanVersion, Server: d.Server, Actions: d.actions, Holds: d.holds,
		Missing: d.missing, Unconfirmed: d.noted, Notices: d.notices,
	}
	plan.Verdict = d.verdict()
	for _, name := range sortedKeys(d.sources) {
		plan.Sources = append(plan.Sources, d.sourcePlan(d.sources[name]))
	}
	sortHolds(plan.Holds)
	plan.Holds = slices.Compact(plan.Holds)
	byWhom := func(a, b Missing) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name), cmp.Compare(a.StableID, b.StableID))
	}
	slices.SortFunc(plan.Missing, byWhom)
	slices.SortFunc(plan.Unconfirmed, byWhom)
	slices.SortFunc(plan.Notices, func(a, b Notice) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Message, b.Message))
	})
	emptySlices(&plan)
	plan.Counts = d.counts(plan)
	plan.Hash = d.planHash(plan)
	out := Decision{
		Plan: plan, Effects: d.effects, Allowed: d.allowed, Blocked: d.blocked,
		Detected: d.detected, WantRechecks: d.rechecks, WantServers: sortedRefs(d.wantServers),
	}
	out.Record.Principals = make([]Principal, 0, len(d.now)) // a first run records everybody
	for _, ref := range slices.SortedFunc(maps.Keys(d.now), compareRefs) {
		if d.judged[ref.Source].refused() {
			continue
		}
		out.Record.Principals = append(out.Record.Principals, *d.now[ref])
	}
	out.Record.Tombstones = d.buried
	for _, name := range sortedKeys(d.sources) {
		if j := d.judged[name]; !j.unusable() && !j.refused() {
			out.Sources = append(out.Sources, d.newState(d.sources[name], j))
		}
	}
	return out
}

func sortHolds(holds []Hold) {
	slices.SortFunc(holds, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.StableID, b.StableID), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Message, b.Message))
	})
}

// SortItems puts the items of an approval into the one order in which they are
// kept, so that two approvals of the same plan are the same.
func SortItems(items []ApprovedItem) {
	slices.SortStableFunc(items, func(a, b ApprovedItem) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.StableID, b.StableID),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.To, b.To))
	})
}

func emptySlices(p *Plan) {
	if p.Actions == nil {
		p.Actions = []Action{}
	}
	if p.Holds == nil {
		p.Holds = []Hold{}
	}
	if p.Missing == nil {
		p.Missing = []Missing{}
	}
	if p.Sources == nil {
		p.Sources = []SourcePlan{}
	}
}

func (d *decider) sourcePlan(s *SourceFacts) SourcePlan {
	j := d.judged[s.Source]
	out := SourcePlan{
		Name: s.Source, Complete: s.Evidence.Complete, FirstRun: j.firstRun,
		Entries: s.Evidence.Entries, Reasons: []Reason{}, Warnings: s.Evidence.Warnings,
	}
	for _, r := range j.bad {
		out.Reasons = append(out.Reasons, Reason{Code: r.Code, Message: r.Message, Hint: r.Hint})
		if r.Approvable {
			out.Older, _ = d.older(s)
		}
	}
	return out
}

func (d *decider) counts(p Plan) Counts {
	c := Counts{New: d.newCount, Linked: d.linkedN, Missing: len(p.Missing) + len(p.Unconfirmed), Hold: len(p.Holds)}
	for _, s := range d.sources {
		c.Known += s.Living
		c.Unchanged += s.Unchanged
	}
	for _, a := range p.Actions {
		switch a.Kind {
		case ActRename:
			c.Rename++
		case ActRelease:
			c.Release++
		case ActPark:
			c.Park++
		case ActSuspend:
			c.Suspend++
		case ActResume:
			c.Resume++
		case ActExport:
			c.Export++
		case ActDelete:
			c.Delete++
		case ActDestroyTwin:
			c.Twin++
		case ActRelink, ActClaim, ActPurge:
		}
	}
	return c
}

// planHash is SHA-256 over canonical JSON of what the plan would do. Messages,
// holds, counts and times are not in it.
func (d *decider) planHash(p Plan) string {
	type step struct {
		Kind, Source, ID, Account, From, To, Via string
		Before, After                            []string
		Made                                     string
		Old                                      []string `json:",omitempty"`
	}
	in := struct {
		Version     int
		Server      ServerPlan
		Config      map[string]string
		Actions     []step
		Unconfirmed []string
		Mixed       []ApprovedItem
	}{Version: p.Version, Server: ServerPlan{Generation: p.Server.Generation, Fingerprint: p.Server.Fingerprint}, Config: map[string]string{}}
	for name, s := range d.sources {
		in.Config[name] = s.Fingerprint
	}
	for _, a := range p.Actions {
		made := ""
		if a.Before != nil && !a.Before.Created.IsZero() {
			made = strconv.FormatInt(a.Before.Created.UnixNano(), 10)
		}
		in.Actions = append(in.Actions, step{
			string(a.Kind), a.Source, string(a.StableID), string(a.Account),
			a.From, a.To, a.Via, a.Addresses.From, a.Addresses.To, made, oldOf(a),
		})
	}
	for _, m := range p.Unconfirmed {
		in.Unconfirmed = append(in.Unconfirmed, m.Source+"/"+string(m.StableID)+"/"+m.DeleteAfter)
	}
	for _, item := range d.blocked {
		if item.Kind == ItemMixed || item.Kind == ItemOlder {
			in.Mixed = append(in.Mixed, item)
		}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return "" // strings and maps of strings always marshal
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// oldOf gives what a relink takes the place of; nothing for any other action.
func oldOf(a Action) []string {
	if a.OldSource == "" && a.OldID == "" && a.OldAccount == "" {
		return nil
	}
	return []string{a.OldSource, string(a.OldID), string(a.OldAccount)}
}

func (d *decider) holdGoneSources() {
	counts := map[string]int{}
	for _, p := range d.Facts.Principals {
		if d.sources[p.Source] == nil && p.State != StateGone {
			counts[p.Source]++
		}
	}
	for _, name := range sortedKeys(counts) {
		d.hold(HoldSourceGone, PrincipalRef{Source: name}, "", "",
			fmt.Sprintf("the ledger has principals of source %s, which is not configured any more; they are left alone", name))
	}
}
