package reconcile_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "syncagent/internal/reconcile"
)

// TestMain plays a few hundred histories at every test, always the same ones;
// -rapid.checks asks for more, -rapid.seed for others.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "300", "rapid.seed": "1"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// dryRun checks that a decision depends on nothing but the facts: not on their
// order, not on the moment, not on facts that Needs did not ask for.
func (m *model) dryRun() {
	diffs := m.snapshots(reading{})
	f := m.facts(diffs, false)
	want := m.planText(m.finalDecision(f))
	f.Now = f.Now.Add(time.Nanosecond)
	shuffle(m, f.Sources)
	shuffle(m, f.Principals)
	shuffle(m, f.Accounts)
	shuffle(m, f.Tombstones)
	shuffle(m, f.Recent)
	if got := m.planText(m.finalDecision(f)); got != want {
		m.report("the plan depends on the order of the facts or on the moment: %s", cmp.Diff(want, got))
	}
	if got := m.planText(m.decide(diffs, true)); got != want {
		m.report("the facts that Needs asks for do not suffice: %s", cmp.Diff(want, got))
	}
}

// planText is what two dry runs must have in common: the plan as JSON, and
// what an approval of it would cover.
func (m *model) planText(d Decision) string {
	text, err := json.MarshalIndent([]any{d.Plan, d.Blocked, d.Detected, d.Allowed}, "", " ")
	if err != nil {
		m.report("%v", err)
	}
	return string(text)
}

// TestRandomHistories plays random histories as TestMillionSteps does, but
// fewer, and with the shortest history that fails.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(rapidDice{t}, t.Fatalf)
		m.history(40)
	})
}

// history plays up to so many steps, and then lets the agent come to rest.
func (m *model) history(most int) {
	m.settings()
	m.begin()
	for range 1 + m.below(most) {
		m.play()
	}
	m.rest()
}

// rest runs until nothing changes any more, and checks that it does: a further
// run plans nothing, and holds stay as they are.
func (m *model) rest() {
	for range 8 {
		m.now = m.now.Add(26 * time.Hour)
		m.run(reading{}, trouble{})
	}
	m.now = m.now.Add(26 * time.Hour)
	before := m.run(reading{}, trouble{})
	m.now = m.now.Add(26 * time.Hour)
	last := m.run(reading{}, trouble{})
	if len(last.Plan.Actions) > 0 && !last.Plan.Verdict.Blocked { // a blocked plan waits for a person
		m.report("no rest: %+v\nholds %+v", last.Plan.Actions, last.Plan.Holds)
	}
	if diff := cmp.Diff(before.Plan.Holds, last.Plan.Holds); diff != "" {
		m.report("holds change although nothing does: %s", diff)
	}
	m.now = m.now.Add(time.Hour)
	m.dryRun()
	m.checkWanted(last)
}

// checkWanted checks that everybody has what the directory says, unless
// something is held or blocked.
func (m *model) checkWanted(last Decision) {
	held := map[StableID]bool{}
	for _, h := range last.Plan.Holds {
		held[h.StableID] = true
	}
	for _, id := range m.ids() {
		p := m.people[id]
		row, box := m.ledger[PrincipalRef{Source: p.source, ID: p.id}], m.box(p.name)
		if held[p.id] || last.Plan.Verdict.Blocked || !row.Bound() || m.touched[row.Link.Account] {
			continue
		}
		if box == nil || box.id != row.Link.Account {
			m.report("%s (%s) should have account %s, but the name opens %+v", p.id, p.name, row.Link.Account, box)
		}
		if own := row.Access != AccessOpen; own != (p.disabled && m.policy.SuspendDisabled) && !p.admin {
			m.report("%s (disabled %v) has access %d", p.id, p.disabled, row.Access)
		}
	}
}
