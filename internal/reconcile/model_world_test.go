package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	. "syncagent/internal/reconcile"
)

func (m *model) newAccount(name string, owner StableID) *mailbox {
	id := AccountID("")
	for n := m.nextAcc; ; n /= len(accountAlphabet) {
		id = AccountID(accountAlphabet[n%len(accountAlphabet)]) + id
		if n < len(accountAlphabet) {
			break
		}
	}
	for len(id) < 3 {
		id = "b" + id
	}
	m.nextAcc++
	box := &mailbox{id: id, name: name, made: m.now, owner: owner, mail: map[StableID]bool{}, seen: map[StableID]bool{}}
	m.accounts[id] = box
	m.boxes = append(m.boxes, box)
	m.note("account %s %s is made for %s", id, name, owner)
	return box
}

func (m *model) destroy(id AccountID) {
	delete(m.accounts, id)
	m.boxes = slices.DeleteFunc(m.boxes, func(b *mailbox) bool { return b.id == id })
}

// hire puts a new person into the directory.
func (m *model) hire(name string, aliases ...string) *person {
	m.nextHuman++
	p := m.enter(m.nextHuman, "staff", name, aliases...)
	p.staffNo = strconv.Itoa(p.human)
	return p
}

// enter makes an entry for somebody, under a new stable ID.
func (m *model) enter(human int, source, name string, aliases ...string) *person {
	m.nextID++
	p := &person{id: StableID(fmt.Sprintf("id-%04d", m.nextID)), human: human, source: source, name: name, aliases: aliases}
	m.people[p.id], m.humans[p.id] = p, human
	return p
}

// ids lists the living, sorted.
func (m *model) ids() []StableID { return slices.Sorted(maps.Keys(m.people)) }

// someone takes one living person, nil if there is nobody.
func (m *model) someone() *person {
	ids := m.ids()
	if len(ids) == 0 {
		return nil
	}
	return m.people[ids[m.below(len(ids))]]
}

// carrier gives a living entry that has an address.
func (m *model) carrier(address string) *person {
	for _, id := range m.ids() {
		if p := m.people[id]; slices.Contains(p.identities(), address) {
			return p
		}
	}
	return nil
}

// free tells whether nobody in the directory carries an address.
func (m *model) free(address string) bool { return m.carrier(address) == nil }

// box finds the account that an address opens: its name, or an alias.
func (m *model) box(address string) *mailbox {
	for _, b := range m.boxes {
		if b.answers(address) {
			return b
		}
	}
	return nil
}

// login is what the server does when a person of the directory logs in or gets
// mail: it opens the account of the name, or makes one, and adds aliases that
// are free. Nil if the server has no such domain.
func (m *model) login(p *person) *mailbox {
	box := m.box(p.name)
	if box == nil {
		if !m.rules.KnowsDomain(p.name) {
			return nil
		}
		box = m.newAccount(p.name, p.id)
		box.admin = p.admin
	}
	for _, alias := range p.aliases {
		if m.box(alias) == nil && m.rules.KnowsDomain(alias) {
			box.aliases = append(box.aliases, alias)
		}
	}
	return box
}

// deliver is mail to one of a person's addresses. It makes an account of the
// person's name; the mail lies where the address leads.
func (m *model) deliver(p *person, address string) {
	box := m.login(p)
	if other := m.box(address); other != nil {
		box = other
	}
	if box != nil {
		box.mail[p.id] = true
		m.note("mail to %s of %s (%s) into %s %s", address, p.id, p.name, box.id, box.name)
	}
}

// entry is the person's entry in the directory.
func (m *model) entry(p *person) Entry {
	e := Entry{
		ID: p.id, Names: []string{p.name}, Kind: KindIndividual, Enabled: EnabledYes,
		SamePerson: []string{p.staffNo}, Label: string(p.id),
	}
	if m.policy.AddressesMapped {
		e.AddressesMapped, e.Addresses = true, p.identities()
	}
	if p.admin {
		e.Kind = KindAdmin
	}
	if p.disabled {
		e.Enabled = EnabledNo
	}
	return e
}

// edition is a source as it was once.
type edition struct {
	position int
	people   []person
}

// keepEdition remembers a source for a replica that lags behind.
func (m *model) keepEdition(source string) {
	m.position++
	e := &edition{position: m.position}
	for _, id := range m.ids() {
		if p := m.people[id]; p.source == source {
			e.people = append(e.people, *p)
			e.people[len(e.people)-1].aliases = slices.Clone(p.aliases)
		}
	}
	kept := append(m.old[source], e)
	m.old[source] = kept[max(0, len(kept)-4):]
}
