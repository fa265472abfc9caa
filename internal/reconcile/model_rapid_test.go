package reconcile_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "syncagent/internal/reconcile"
)

// TestMain plays a few hundred histories at every test; -rapid.checks asks for
// more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "400"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// pick takes one living person.
func (m *model) pick(t *rapid.T) *person {
	ids := make([]StableID, 0, len(m.people))
	for id := range m.people {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return m.people[rapid.SampledFrom(ids).Draw(t, "person")]
}

// free tells whether nobody in the directory carries an address.
func (m *model) free(address string) bool {
	for _, p := range m.people {
		if p.name == address || slices.Contains(p.aliases, address) {
			return false
		}
	}
	return true
}

func (m *model) play(t *rapid.T) {
	name := address(rapid.IntRange(0, 9).Draw(t, "name"))
	switch rapid.IntRange(0, 18).Draw(t, "step") {
	case 0, 1:
		if m.free(name) {
			p := m.hire(name)
			p.source = rapid.SampledFrom(modelSources).Draw(t, "source")
			p.admin = rapid.IntRange(0, 7).Draw(t, "administrator") == 7
			if rapid.IntRange(0, 3).Draw(t, "staff number") == 0 {
				p.staffNo = ""
			}
		}
	case 2:
		if p := m.pick(t); p != nil {
			delete(m.people, p.id)
			m.left[p.id] = p
		}
	case 3:
		if p := m.pick(t); p != nil && m.free(name) {
			p.name = name
		}
	case 4:
		a, b := m.pick(t), m.pick(t)
		if a != nil && b != nil {
			a.name, b.name = b.name, a.name
		}
	case 5:
		if p := m.pick(t); p != nil && m.free(name) {
			p.aliases = append(p.aliases, name)
		}
	case 6:
		a, b := m.pick(t), m.pick(t)
		if a != nil && b != nil {
			a.aliases, b.aliases = b.aliases, a.aliases
		}
	case 7:
		if p := m.pick(t); p != nil {
			p.aliases = nil
		}
	case 8, 9:
		if p := m.pick(t); p != nil {
			m.deliver(p)
		}
	case 10:
		m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Minute, 2 * time.Hour, 26 * time.Hour}).Draw(t, "pause"))
	case 11:
		m.run(reading{}, 1000)
	case 12:
		m.run(reading{}, rapid.IntRange(0, 4).Draw(t, "writes before the kill"))
	case 13:
		m.run(reading{cut: rapid.SampledFrom(modelSources).Draw(t, "cut"), lacking: rapid.IntRange(0, len(m.people)).Draw(t, "unread")}, 1000)
	case 18:
		m.run(reading{empty: rapid.SampledFrom(modelSources).Draw(t, "empty")}, 1000)
	case 14:
		m.comeBack(t, name)
	case 15: // renamed, and logged in before the agent hears of it
		if p := m.pick(t); p != nil && m.free(name) {
			p.name = name
			m.now = m.now.Add(time.Second)
			m.deliver(p)
		}
	case 16:
		m.dryRun(t)
	case 17: // the same person under a new stable ID
		if p := m.pick(t); p != nil {
			delete(m.people, p.id)
			again := m.hire(p.name, p.aliases...)
			again.source, again.staffNo = p.source, p.staffNo
		}
	}
	m.now = m.now.Add(time.Second)
}

// comeBack brings a leaver back under a name that is free.
func (m *model) comeBack(t *rapid.T, name string) {
	ids := slices.Sorted(maps.Keys(m.left))
	if len(ids) == 0 || !m.free(name) {
		return
	}
	p := m.left[rapid.SampledFrom(ids).Draw(t, "leaver")]
	delete(m.left, p.id)
	p.name, p.aliases = name, nil
	m.people[p.id] = p
}

// dryRun checks that a decision depends on nothing but the facts: not on their
// order, not on the moment, not on facts that Needs did not ask for.
func (m *model) dryRun(t *rapid.T) {
	diffs := m.snapshots(reading{})
	f := m.facts(diffs, false)
	want := planText(t, m.finalDecision(f))
	f.Now = f.Now.Add(time.Nanosecond)
	shuffle(t, f.Sources)
	shuffle(t, f.Principals)
	shuffle(t, f.Accounts)
	shuffle(t, f.Tombstones)
	shuffle(t, f.Recent)
	if diff := cmp.Diff(want, planText(t, m.finalDecision(f))); diff != "" {
		t.Fatalf("the plan depends on the order of the facts or on the moment: %s", diff)
	}
	if diff := cmp.Diff(want, planText(t, m.decide(diffs, true))); diff != "" {
		t.Fatalf("the facts that Needs asks for do not suffice: %s", diff)
	}
}

// planText is what two dry runs must have in common: the plan as JSON, and
// what an approval of it would cover.
func planText(t *rapid.T, d Decision) string {
	text, err := json.MarshalIndent([]any{d.Plan, d.Blocked, d.Detected, d.Allowed}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func shuffle[T any](t *rapid.T, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := rapid.IntRange(0, i).Draw(t, "place")
		list[i], list[j] = list[j], list[i]
	}
}

// TestRandomHistories plays random histories of hires, leavers, returns,
// renames, swaps, moved aliases, mail, kills and incomplete snapshots of two
// sources. Whatever happens, no account of a living or protected person is
// deleted, nobody's account gets another person's name, no write hits a name
// that is taken, and once people stop changing the agent comes to rest.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t.Fatalf)
		m.policy.Park = rapid.Bool().Draw(t, "park")
		m.policy.Suspend = rapid.Bool().Draw(t, "suspend")
		m.policy.SuspendRuns = 2
		m.reusable = rapid.Bool().Draw(t, "reusable IDs")
		m.timeless = rapid.Bool().Draw(t, "timeless")
		for i := range 4 {
			p := m.hire(address(i))
			p.source = modelSources[i/3]
			if i%2 == 0 {
				m.deliver(p)
			}
		}
		m.now = m.now.Add(time.Minute)
		m.run(reading{}, 1000)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			m.play(t)
		}
		m.rest(t)
	})
}

// rest runs until nothing changes any more, and checks that it does.
func (m *model) rest(t *rapid.T) {
	for range 8 {
		m.now = m.now.Add(26 * time.Hour)
		m.run(reading{}, 1000)
	}
	m.now = m.now.Add(26 * time.Hour)
	last := m.run(reading{}, 1000)
	if len(last.Plan.Actions) > 0 && !last.Plan.Verdict.Blocked { // a blocked plan waits for a person
		t.Fatalf("no rest: %+v\nholds %+v", last.Plan.Actions, last.Plan.Holds)
	}
	m.now = m.now.Add(time.Hour)
	m.dryRun(t)
	m.checkWanted(t, last)
}

// checkWanted checks that everybody has what the directory says, unless
// something is held or blocked.
func (m *model) checkWanted(t *rapid.T, last Decision) {
	held := map[StableID]bool{}
	for _, h := range last.Plan.Holds {
		held[h.StableID] = true
	}
	for _, p := range m.people {
		row, box := m.ledger[PrincipalRef{p.source, p.id}], m.box(p.name)
		if held[p.id] || last.Plan.Verdict.Blocked || !row.Bound() {
			continue
		}
		if box == nil || box.id != row.Link.Account || box.blocked {
			t.Fatalf("%s (%s) should have account %s, but the name opens %+v", p.id, p.name, row.Link.Account, box)
		}
	}
}
