package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	. "syncagent/internal/reconcile"
)

func (m *model) newAccount(name string) *mailbox {
	id := AccountID("")
	for n := m.nextAcc; ; n /= len(accountAlphabet) {
		id = AccountID(accountAlphabet[n%len(accountAlphabet)]) + id
		if n < len(accountAlphabet) {
			break
		}
	}
	id = AccountID("b"[:0]) + id
	for len(id) < 3 {
		id = "b" + id
	}
	m.nextAcc++
	box := &mailbox{id: id, name: name, made: m.now, mail: map[StableID]bool{}, seen: map[StableID]bool{}}
	m.accounts[id] = box
	return box
}

func (m *model) hire(name string, aliases ...string) *person {
	m.nextID++
	p := &person{id: StableID(fmt.Sprintf("id-%04d", m.nextID)), source: "staff", staffNo: strconv.Itoa(m.nextID), name: name, aliases: aliases, made: m.now}
	m.people[p.id] = p
	return p
}

// box finds the account that an address opens: its name, or an alias.
func (m *model) box(address string) *mailbox {
	for _, id := range slices.Sorted(maps.Keys(m.accounts)) {
		if m.accounts[id].name == address || slices.Contains(m.accounts[id].aliases, address) {
			return m.accounts[id]
		}
	}
	return nil
}

// login is what the server does when a person of the directory logs in or gets
// mail: it opens the account of the name, or makes one, and adds aliases that
// are free. The mailbox is returned, nil if access is cut.
func (m *model) login(p *person) *mailbox {
	box := m.box(p.name)
	if box == nil {
		box = m.newAccount(p.name)
		box.admin = p.admin
	}
	for _, alias := range p.aliases {
		if m.box(alias) == nil {
			box.aliases = append(box.aliases, alias)
		}
	}
	if box.blocked {
		return nil
	}
	return box
}

func (m *model) deliver(p *person) {
	if box := m.login(p); box != nil {
		box.mail[p.id] = true
	}
}

// entry is the person's entry in the directory.
func (p *person) entry() Entry {
	kind := KindIndividual
	if p.admin {
		kind = KindAdmin
	}
	return Entry{
		ID: p.id, Names: []string{p.name}, Addresses: append([]string{p.name}, p.aliases...),
		AddressesMapped: true, Kind: kind, Enabled: EnabledYes, SamePerson: []string{p.staffNo}, Label: string(p.id),
	}
}
