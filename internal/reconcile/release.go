package reconcile

import "slices"

// provideRelease takes one more address away from an account.
func (d *decider) provideRelease(acc *Account, owner PrincipalRef, key Hash, why string) {
	m := d.provided[acc.ID]
	if m == nil {
		m = d.moves[acc.ID]
		if m != nil && m.kind == ActRelease {
			copied := *m
			m = &copied
		} else {
			m = &move{kind: ActRelease, acc: acc, ref: owner, to: acc.Name, addresses: acc.Addresses, why: why}
		}
		d.provided[acc.ID] = m
	}
	m.addresses = d.without(m.addresses, key)
}

// release wishes to take addresses away from their owner's account.
func (d *decider) release(acc *Account, owner PrincipalRef, keys []Hash, why string) {
	d.moves[acc.ID] = &move{
		kind: ActRelease, acc: acc, ref: owner, wish: d.wishes[owner], to: acc.Name,
		addresses: d.without(acc.Addresses, keys...), why: why,
	}
}

func (d *decider) without(addresses []string, keys ...Hash) []string {
	var out []string
	for _, address := range addresses {
		if !slices.Contains(keys, d.hash(address)) {
			out = append(out, address)
		}
	}
	return out
}
