package reconcile

import (
	"maps"
	"slices"
)

// Wants names the facts that a decision still needs. All lists are sorted and
// without duplicates.
type Wants struct {
	// Rows and Refs are ledger rows by row number and by name.
	Rows []int64
	Refs []PrincipalRef
	// Keys are names and addresses: wanted are the principals that have or list
	// them, the tombstones, and the accounts that hold them.
	Keys []Hash
	// Accounts are wanted live from the server.
	Accounts []AccountID
}

// Empty tells that nothing is wanted any more.
func (w Wants) Empty() bool {
	return len(w.Rows) == 0 && len(w.Refs) == 0 && len(w.Keys) == 0 && len(w.Accounts) == 0
}

// Asked remembers what was fetched already, found or not.
type Asked struct {
	Rows     map[int64]bool
	Refs     map[PrincipalRef]bool
	Keys     map[Hash]bool
	Accounts map[AccountID]bool
}

// NewAsked remembers nothing yet.
func NewAsked() *Asked {
	return &Asked{Rows: map[int64]bool{}, Refs: map[PrincipalRef]bool{}, Keys: map[Hash]bool{}, Accounts: map[AccountID]bool{}}
}

// Mark notes that everything wanted was fetched.
func (a *Asked) Mark(w Wants) {
	for _, x := range w.Rows {
		a.Rows[x] = true
	}
	for _, x := range w.Refs {
		a.Refs[x] = true
	}
	for _, x := range w.Keys {
		a.Keys[x] = true
	}
	for _, x := range w.Accounts {
		a.Accounts[x] = true
	}
}

// Needs names the ledger rows and accounts that the facts still lack for a
// decision. The agent fetches them and asks again until nothing is wanted; each
// round only follows names to their holders, so a few rounds suffice.
func Needs(f Facts, asked *Asked) Wants {
	n := &needs{f: f, asked: asked, rows: map[int64]bool{}, refs: map[PrincipalRef]bool{}, keys: map[Hash]bool{}, accounts: map[AccountID]bool{}}
	concerned := n.entries()
	n.principals(concerned)
	return Wants{
		Rows:     slices.Sorted(maps.Keys(n.rows)),
		Refs:     slices.SortedFunc(maps.Keys(n.refs), compareRefs),
		Keys:     slices.SortedFunc(maps.Keys(n.keys), compareHashes),
		Accounts: slices.SortedFunc(maps.Keys(n.accounts), CompareAccountIDs),
	}
}

type needs struct {
	f        Facts
	asked    *Asked
	rows     map[int64]bool
	refs     map[PrincipalRef]bool
	keys     map[Hash]bool
	accounts map[AccountID]bool
}

func (n *needs) key(name string) { n.hash(n.f.Rules.Hash(name)) }

// wanted asks for a name that an entry may get an account of: also for who
// waited for it.
func (n *needs) wanted(name string) {
	n.key(name)
	n.hash(waitMark(n.f.Rules.Hash(name)))
}

func (n *needs) hash(h Hash) {
	if !n.asked.Keys[h] {
		n.keys[h] = true
	}
}

// entries wants what the changed entries and the missing rows concern.
func (n *needs) entries() map[PrincipalRef]bool {
	concerned := map[PrincipalRef]bool{}
	missing := map[int64]bool{}
	for _, s := range n.f.Sources {
		for _, c := range s.Changed {
			ref := PrincipalRef{s.Source, c.Entry.ID}
			concerned[ref] = true
			if !n.asked.Refs[ref] {
				n.refs[ref] = true
			}
			for _, name := range slices.Concat(c.Entry.Names, c.Entry.NamesAlso) {
				n.wanted(name)
			}
			for _, address := range c.Entry.Addresses {
				n.key(address)
			}
		}
		for _, row := range s.Missing {
			missing[row] = true
			if !n.asked.Rows[row] {
				n.rows[row] = true
			}
		}
	}
	for i := range n.f.Principals {
		p := &n.f.Principals[i]
		if missing[p.Row] || p.State == StateMissing || !p.Bound() || p.Access != AccessOpen || len(p.Dropped) > 0 {
			concerned[p.Ref()] = true
		}
	}
	return concerned
}

// principals wants the accounts of everybody concerned, and everybody who
// shares a name or an address with them.
func (n *needs) principals(concerned map[PrincipalRef]bool) {
	for i := range n.f.Principals {
		p := &n.f.Principals[i]
		if p.State == StateGone {
			continue
		}
		if person := p.Ref().Person(); person != p.Ref() && !n.asked.Refs[person] {
			n.refs[person] = true
		}
		for _, link := range p.links() {
			if !n.asked.Accounts[link.Account] {
				n.accounts[link.Account] = true
			}
			if concerned[p.Ref()] {
				n.key(link.Name)
			}
		}
		if !concerned[p.Ref()] {
			continue
		}
		if p.Name != "" {
			n.wanted(p.Name)
		}
		for _, address := range p.Addresses {
			n.hash(address)
		}
		for _, dropped := range p.Dropped {
			n.hash(dropped.Address)
		}
		if p.Before != nil { // what a resume would give back
			n.key(p.Before.Name)
			for _, address := range p.Before.Addresses {
				n.key(address)
			}
		}
	}
	linked := map[AccountID]bool{}
	for i := range n.f.Principals {
		for _, link := range n.f.Principals[i].links() {
			linked[link.Account] = concerned[n.f.Principals[i].Ref()]
		}
	}
	for _, a := range n.f.Accounts {
		if !linked[a.ID] {
			continue
		}
		n.key(a.Name)
		for _, address := range a.Addresses {
			n.key(address)
		}
	}
}
