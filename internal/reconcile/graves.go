package reconcile

import (
	"slices"
	"time"
)

// bury remembers that a name belonged to a principal.
func (d *decider) bury(name string, ref PrincipalRef, account AccountID) {
	d.buried = append(d.buried, d.grave(name, ref, account))
}

func (d *decider) grave(name string, ref PrincipalRef, account AccountID) Tombstone {
	return Tombstone{Key: d.hash(name), Text: name, Owner: ref, Account: account, Since: d.Now}
}

// gravesOf makes the tombstones of a principal's names and addresses.
func (d *decider) gravesOf(p *Principal) []Tombstone {
	var out []Tombstone
	for _, name := range []string{p.Name, p.Link.Name} {
		if name != "" && !slices.ContainsFunc(out, func(t Tombstone) bool { return t.Key == d.hash(name) }) {
			// Of any account: the server may have made another one for the same person
			// while the linked one was gone.
			t := d.grave(name, p.Ref(), "")
			if p.Miss.Reads > 0 {
				t.Since = p.Miss.Since
			}
			out = append(out, t)
		}
	}
	for _, address := range p.Addresses {
		if slices.ContainsFunc(out, func(t Tombstone) bool { return t.Key == address }) {
			continue // the name
		}
		out = append(out, Tombstone{Key: address, Owner: p.Ref(), Account: p.Link.Account, Since: d.Now})
	}
	if !p.awaited().IsZero() {
		out = append(out, d.graveOfWait(p))
	}
	return out
}

// gravesOfChange remembers every name and address that a move gives up.
func (d *decider) gravesOfChange(m *move) []Tombstone {
	var out []Tombstone
	if d.frees(m, d.hash(m.acc.Name)) && !OwnName(m.acc.Name) {
		out = append(out, d.grave(m.acc.Name, m.ref, m.acc.ID))
	}
	for _, address := range m.acc.Addresses {
		if key := d.hash(address); d.frees(m, key) {
			out = append(out, Tombstone{Key: key, Owner: m.ref, Account: m.acc.ID, Since: d.Now})
		}
	}
	return out
}

// gravesOfAction remembers every name and address that a done action gave up.
func gravesOfAction(a Action, owner PrincipalRef, rules NameRules, at time.Time) []Tombstone {
	var out []Tombstone
	if a.Kind == ActSuspend {
		return nil
	}
	kept := func(key Hash) bool {
		return a.Kind != ActDelete && slices.ContainsFunc(append([]string{a.To}, a.Addresses.To...), func(to string) bool {
			return rules.Hash(to) == key
		})
	}
	for i, text := range append([]string{a.From}, a.Addresses.From...) {
		key := rules.Hash(text)
		if kept(key) || i == 0 && OwnName(text) {
			continue
		}
		grave := Tombstone{Key: key, Owner: owner, Account: a.Account, Since: at}
		if i == 0 {
			grave.Text = text
		}
		out = append(out, grave)
	}
	return out
}
