package reconcile_test

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// begin hires a few people, some of whom have mail, and makes the first run.
func (m *model) begin() {
	for i := range 4 {
		p := m.hire(address(i))
		p.source = m.sources[i/3]
		if i%2 == 0 {
			m.deliver(p, p.name)
		}
	}
	m.now = m.now.Add(time.Minute)
	m.keepEditions()
	m.run(reading{}, trouble{})
}

// play makes one random step.
func (m *model) play() {
	m.tally["steps"]++
	switch n := m.below(34); {
	case n < 14:
		m.change(n)
		if m.flip() {
			m.keepEditions()
		}
	case n < 19:
		m.mail()
	case n < 22:
		m.now = m.now.Add(pick(m, time.Minute, 2*time.Hour, 26*time.Hour))
	case n < 31:
		m.agent(n)
	case n == 31:
		m.byHand()
	case n == 32:
		m.rare()
	case n == 33:
		m.approve()
	}
	m.now = m.now.Add(time.Second)
}

func (m *model) keepEditions() {
	for _, source := range m.sources {
		m.keepEdition(source)
	}
}

// change is what happens in the directory.
func (m *model) change(n int) {
	name := address(m.below(10))
	p, q := m.someone(), m.someone()
	if p == nil && n > 1 {
		return
	}
	switch n {
	case 0, 1:
		m.arrive(name)
	case 2:
		delete(m.people, p.id)
		m.left[p.id] = p
		m.note("%s (%s) leaves", p.id, p.name)
	case 3, 4:
		if m.free(name) || m.below(20) == 0 {
			m.note("%s: %s>%s", p.id, p.name, name)
			p.name = name
			p.aliases = slices.DeleteFunc(slices.Clone(p.aliases), func(a string) bool { return a == name })
		}
	case 5: // the old name stays as an address
		if m.free(name) {
			m.note("%s: %s>%s, which stays as an address", p.id, p.name, name)
			p.name, p.aliases = name, append(slices.Clone(p.aliases), p.name)
		}
	case 6:
		p.name, q.name = q.name, p.name
		m.note("%s and %s swap their names: %s %s", p.id, q.id, p.name, q.name)
	case 7:
		if m.free(name) || m.below(20) == 0 && p.name != name {
			p.aliases = append(slices.Clone(p.aliases), name)
			m.note("%s: address %s", p.id, name)
		}
	case 8:
		p.aliases, q.aliases = q.aliases, p.aliases
		m.note("%s and %s swap their addresses: %v %v", p.id, q.id, p.aliases, q.aliases)
	case 9:
		p.aliases = nil
		m.note("%s: no addresses", p.id)
	case 10:
		m.comeBack(name)
	case 11:
		p.disabled = !p.disabled
		m.note("%s: disabled %v", p.id, p.disabled)
	case 12: // the same person under a new stable ID, perhaps in another source
		delete(m.people, p.id)
		again := m.enter(p.human, pick(m, m.sources...), p.name, p.aliases...)
		again.staffNo = p.staffNo
		m.note("%s is %s in %s now", p.id, again.id, again.source)
	case 13: // renamed, and written to before the agent hears of it
		if m.free(name) {
			m.note("%s: %s>%s", p.id, p.name, name)
			p.name = name
			m.now = m.now.Add(time.Second)
			m.deliver(p, p.name)
		}
	}
}

func (m *model) arrive(name string) {
	if !m.free(name) && m.below(20) > 0 {
		return
	}
	p := m.hire(name)
	p.source, p.admin = pick(m, m.sources...), m.below(8) == 0
	if m.below(4) == 0 {
		p.staffNo = ""
	}
	m.note("%s (%s) comes to %s, number %q, administrator %v", p.id, p.name, p.source, p.staffNo, p.admin)
}

// comeBack brings a leaver back under a name that is free.
func (m *model) comeBack(name string) {
	ids := slices.Sorted(maps.Keys(m.left))
	if len(ids) == 0 || !m.free(name) {
		return
	}
	p := m.left[ids[m.below(len(ids))]]
	delete(m.left, p.id)
	p.aliases = nil
	if m.flip() || !m.free(p.name) {
		p.name = name
	}
	m.people[p.id] = p
	m.note("%s is back as %s", p.id, p.name)
}

func (m *model) mail() {
	if p := m.someone(); p != nil {
		all := p.identities()
		m.deliver(p, all[m.below(len(all))])
	}
}

// agent makes a run: mostly a good one.
func (m *model) agent(n int) {
	source := pick(m, m.sources...)
	switch n {
	case 22, 23, 24:
		m.run(reading{}, trouble{})
	case 25:
		m.run(reading{}, trouble{kill: 1 + m.below(5)})
	case 26:
		m.run(reading{cut: source, lacking: m.below(len(m.people) + 1)}, trouble{})
	case 27:
		m.run(reading{empty: source}, trouble{})
	case 28:
		m.run(reading{}, trouble{refuse: 2})
	case 29:
		if len(m.old[source]) > 0 && m.ordered {
			m.run(reading{stale: source}, trouble{})
		}
	case 30:
		m.dryRun()
	}
}

// rare is what happens once in a year.
func (m *model) rare() {
	switch m.below(9) {
	case 0:
		m.takeBackup()
	case 1:
		m.restoreBackup()
	case 2:
		m.relink()
	case 3:
		m.filter++
		m.note("the filter changes")
	case 4: // everybody of a source gets another domain
		m.changeDomain(pick(m, m.sources...))
	case 5:
		if _, ok := m.rules.Domains["school.test"]; !ok {
			m.rules.Domains = maps.Clone(m.rules.Domains)
			m.rules.Domains["school.test"] = "school.test"
		}
	case 6:
		m.undo()
	case 7:
		m.claim()
	case 8:
		m.letGo()
	}
}

func (m *model) changeDomain(source string) {
	m.note("%s gets another domain", source)
	for _, p := range m.members(source) {
		name := p.name[:strings.LastIndexByte(p.name, '@')] + "@" + pick(m, "school.test", "example.net")
		if m.free(name) {
			p.name = name
		}
	}
}
