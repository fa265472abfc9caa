package reconcile

import "slices"

// linkOrder writes down which actions must be done before which.
func (d *decider) linkOrder() {
	freed := map[AccountID]int{}
	for i := range d.actions {
		a := &d.actions[i]
		for _, name := range append([]string{a.To}, a.Addresses.To...) {
			if seq := freed[d.owner[d.hash(name)]]; name != "" && seq != 0 && d.owner[d.hash(name)] != a.Account {
				a.After = append(a.After, seq)
			}
		}
		if seq := freed[a.Account]; seq != 0 && seq != a.Seq {
			a.After = append(a.After, seq)
		}
		freed[a.Account] = a.Seq
		slices.Sort(a.After)
		a.After = slices.Compact(a.After)
		if a.After == nil {
			a.After = []int{}
		}
	}
	d.dropGroupOrder()
}

// dropGroupOrder leaves out what members of one group would wait for in each
// other: one request carries them out.
func (d *decider) dropGroupOrder() {
	for i := range d.actions {
		a := &d.actions[i]
		if a.Group == 0 {
			continue
		}
		a.After = slices.DeleteFunc(a.After, func(seq int) bool { return d.actions[seq-1].Group == a.Group })
	}
}
