package reconcile

import "slices"

// mixedApproved tells whether persons approved the delete of an account that
// may hold mail of two people; if not, it becomes one of the plan's items that
// an approval covers.
func (d *decider) mixedApproved(r *removal, s *SourceFacts) bool {
	item := ApprovedItem{Kind: ItemMixed, Source: r.row.Source, StableID: r.row.ID, Account: r.acc.ID, From: r.acc.Name}
	if d.covered([]ApprovedItem{item}, s.Policy.Approvals) {
		return true
	}
	d.blocked = append(d.blocked, item)
	return false
}

// markMixed marks every account that another living entry's name opens in this
// snapshot: that person may have used it, and mail of both may lie in it.
func (d *decider) markMixed() {
	for i := range d.Facts.Principals {
		p := &d.Facts.Principals[i]
		acc := d.accounts[p.Link.Account]
		if p.State == StateGone || p.Mixed || acc == nil {
			continue
		}
		opened := func(name string) bool {
			return slices.ContainsFunc(d.claims[d.hash(name)], func(c claim) bool {
				return c.name && !c.ref.samePersonAs(p.Ref()) && d.usable(c.ref.Source)
			})
		}
		if slices.ContainsFunc(append([]string{acc.Name}, acc.Addresses...), opened) {
			p.Mixed = true
			d.mixed = append(d.mixed, p.Ref())
		}
	}
}

// recordMixed keeps the marks of rows that nothing else records.
func (d *decider) recordMixed() {
	for _, ref := range d.mixed {
		if row, ok := d.now[ref]; ok {
			row.Mixed = true
			continue
		}
		row := *d.principals[ref]
		d.record(row)
	}
}
