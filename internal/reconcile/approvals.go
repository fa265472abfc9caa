package reconcile

// covered tells whether valid approvals of enough persons cover every item.
func (d *decider) covered(items []ApprovedItem, persons int) bool {
	have := d.approvedItems(persons)
	for _, item := range items {
		if !have[item] {
			return false
		}
	}
	return true
}

func (d *decider) approvedItems(persons int) map[ApprovedItem]bool {
	have := map[ApprovedItem]bool{}
	for _, a := range d.Approvals {
		if d.enough(a, persons) {
			for _, item := range a.Items {
				have[item] = true
			}
		}
	}
	return have
}

func missItem(p *Principal) ApprovedItem {
	return ApprovedItem{Kind: ItemMiss, Source: p.Source, StableID: p.ID, Account: p.Link.Account, From: p.Name}
}

// items are the members of a stage as an approval covers them.
func (d *decider) items(source string, stage Stage) []ApprovedItem {
	var out []ApprovedItem
	for _, a := range d.actions {
		if a.Source == source && a.Stage == stage {
			out = append(out, ItemOf(a))
		}
	}
	return out
}

// ItemOf gives an action as an approval covers it.
func ItemOf(a Action) ApprovedItem {
	return ApprovedItem{Kind: string(a.Kind), Source: a.Source, StableID: a.StableID, Account: a.Account, From: a.From, To: a.To}
}
