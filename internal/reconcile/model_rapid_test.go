package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "syncagent/internal/reconcile"
)

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
	switch rapid.IntRange(0, 13).Draw(t, "step") {
	case 0, 1:
		if m.free(name) {
			m.hire(name)
		}
	case 2:
		if p := m.pick(t); p != nil {
			delete(m.people, p.id)
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
		m.run(true, 0, 1000)
	case 12:
		m.run(true, 0, rapid.IntRange(0, 3).Draw(t, "done before the crash"))
	case 13:
		m.run(false, rapid.IntRange(0, len(m.people)).Draw(t, "unread"), 1000)
	}
	m.now = m.now.Add(time.Second)
}

// TestRandomHistories plays random histories of hires, leavers, renames, swaps,
// moved aliases, mail, crashes and incomplete snapshots. Whatever happens, no
// account of a living person is deleted, no write hits a name that is taken,
// and once people stop changing the agent comes to rest.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t.Fatalf)
		for i := range 4 {
			p := m.hire(address(i))
			if i%2 == 0 {
				m.deliver(p)
			}
		}
		m.now = m.now.Add(time.Minute)
		m.run(true, 0, 1000)
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
		m.run(true, 0, 1000)
	}
	m.now = m.now.Add(26 * time.Hour)
	last := m.run(true, 0, 1000)
	if len(last.Plan.Actions) > 0 && !last.Plan.Verdict.Blocked { // a blocked plan waits for a person
		t.Fatalf("no rest: %+v\nholds %+v", last.Plan.Actions, last.Plan.Holds)
	}
	m.now = m.now.Add(time.Hour)
	one, two := m.decide(m.snapshot(true, 0), false), m.decide(m.snapshot(true, 0), true)
	if diff := cmp.Diff(one.Plan.Hash, two.Plan.Hash); diff != "" {
		t.Fatalf("the facts that Needs asks for do not suffice: %s", cmp.Diff(one.Plan, two.Plan))
	}
}
