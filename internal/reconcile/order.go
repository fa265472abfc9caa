package reconcile

import "slices"

// orderRenames puts renames into an order in which each new name or address is
// free when its turn comes. Moves that wait for each other in a circle form a
// group; its member with the smallest account ID goes through a temporary name.
func (d *decider) orderRenames(moves []*move) []*move {
	slices.SortFunc(moves, compareMoves)
	by := map[AccountID]*move{}
	for _, m := range moves {
		by[m.acc.ID] = m
	}
	o := &ordering{d: d, by: by, index: map[*move]int{}, low: map[*move]int{}, on: map[*move]bool{}}
	for _, m := range moves {
		if o.index[m] == 0 {
			o.visit(m)
		}
	}
	return o.out
}

// waitsFor lists the moves that must be made before m.
func (d *decider) waitsFor(m *move, by map[AccountID]*move) []*move {
	var out []*move
	for _, name := range append([]string{m.to}, m.addresses...) {
		other := by[d.owner[d.hash(name)]]
		if other != nil && other != m && !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	return out
}

// ordering is Tarjan's algorithm; components come out with what they wait for
// before them.
type ordering struct {
	d      *decider
	by     map[AccountID]*move
	index  map[*move]int
	low    map[*move]int
	on     map[*move]bool
	stack  []*move
	next   int
	groups int
	out    []*move
}

func (o *ordering) visit(m *move) {
	o.next++
	o.index[m], o.low[m] = o.next, o.next
	o.stack, o.on[m] = append(o.stack, m), true
	for _, other := range o.d.waitsFor(m, o.by) {
		switch {
		case o.index[other] == 0:
			o.visit(other)
			o.low[m] = min(o.low[m], o.low[other])
		case o.on[other]:
			o.low[m] = min(o.low[m], o.index[other])
		}
	}
	if o.low[m] == o.index[m] {
		o.component(m)
	}
}

func (o *ordering) component(root *move) {
	var members []*move
	for {
		m := o.stack[len(o.stack)-1]
		o.stack, o.on[m] = o.stack[:len(o.stack)-1], false
		members = append(members, m)
		if m == root {
			break
		}
	}
	if len(members) == 1 {
		o.out = append(o.out, members[0])
		return
	}
	slices.SortFunc(members, compareMoves)
	o.groups++
	for _, m := range members {
		m.group = o.groups
	}
	members[0].via = ownName(tempPrefix, members[0].acc)
	o.out = append(o.out, o.unroll(members)...)
}

// unroll orders the members of a circle once its first member has stepped
// aside: always a member whose wishes are free; the first one comes last.
func (o *ordering) unroll(members []*move) []*move {
	first, rest := members[0], slices.Clone(members[1:])
	out := []*move{first}
	for len(rest) > 0 {
		at := slices.IndexFunc(rest, func(m *move) bool {
			return !slices.ContainsFunc(o.d.waitsFor(m, o.by), func(other *move) bool {
				return slices.Contains(rest, other)
			})
		})
		if at < 0 { // circles within the circle: the next one steps aside, too
			at = 0
			rest[0].via = ownName(tempPrefix, rest[0].acc)
		}
		out = append(out, rest[at])
		rest = slices.Delete(rest, at, at+1)
	}
	return out
}

// IdentityWrites turns the actions of one group into the writes that carry it
// out, in their order. Members that go through a temporary name step aside
// first, and take their new name when everybody else has moved.
func IdentityWrites(actions []Action) []IdentityWrite {
	var aside, straight, last []IdentityWrite
	for _, a := range actions {
		final := IdentityWrite{Account: a.Account, Name: a.To, Addresses: a.Addresses.To}
		if a.Via == "" {
			straight = append(straight, final)
			continue
		}
		aside = append(aside, IdentityWrite{Account: a.Account, Name: a.Via})
		last = append(last, final)
	}
	return slices.Concat(aside, straight, last)
}

// IdentityWritesOf turns a batch of actions into writes: group by group, in
// the order of the actions.
func IdentityWritesOf(batch []Action) []IdentityWrite {
	var out []IdentityWrite
	for i := 0; i < len(batch); {
		end := i + 1
		for end < len(batch) && batch[i].Group != 0 && batch[end].Group == batch[i].Group {
			end++
		}
		out = append(out, IdentityWrites(batch[i:end])...)
		i = end
	}
	return out
}
