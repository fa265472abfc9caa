package reconcile

import "slices"

// KeptTwin is a twin that an earlier run moved aside and could not clear away,
// as it is now.
type KeptTwin struct {
	// Source and StableID are those of the person whose name it took.
	Source   string
	StableID StableID
	// Account is the twin under its name of the form for moving aside.
	Account Account
	// Into is the name of the person's own account if the twin's mail is to be
	// merged into it; empty if the twin is only destroyed once it is empty.
	Into string
	// Changed tells that what kept it, or what it holds, is not as it was when it
	// was looked into; otherwise another look would end like the last one.
	Changed bool
}

// retryTwins looks once more into twins that stay aside, where something
// changed. Like any other destruction this is planned, shown and limited.
func (d *decider) retryTwins() {
	twins := slices.Clone(d.KeptTwins)
	slices.SortFunc(twins, func(a, b KeptTwin) int { return CompareAccountIDs(a.Account.ID, b.Account.ID) })
	for _, t := range twins {
		s, j := d.sources[t.Source], d.judged[t.Source]
		owner, linked := d.linked[t.Account.ID]
		touched := d.moves[t.Account.ID] != nil || d.provided[t.Account.ID] != nil
		switch {
		case !t.Changed || s == nil || j == nil || j.unusable() || j.firstRun || s.Policy.Twin == TwinHold || !d.Can.Look:
			continue
		case linked || touched:
			continue // it is somebody's by now
		}
		if _, stop := d.untouchable(&t.Account, owner); stop {
			continue
		}
		before := t.Account
		a := Action{
			Kind: ActDestroyTwin, Source: t.Source, StableID: t.StableID, Account: t.Account.ID, From: t.Account.Name,
			Before: &before, After: []int{}, Addresses: AddressChange{From: []string{}, To: []string{}},
			Reason: "the twin that was kept aside is not as it was: it is looked into again, and destroyed if it is proven empty",
		}
		if t.Into != "" && s.Policy.Twin == TwinMerge && d.Can.NoMerge == "" {
			a.To = t.Into
			a.Reason = "the twin that was kept aside is not as it was: its mail is copied into the mailbox of its owner; it is destroyed if all of it is proven to be there"
		}
		d.add(a, Effect{})
	}
}
