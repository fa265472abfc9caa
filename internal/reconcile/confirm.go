package reconcile

// confirm lets misses count in spite of the guards if an approval covers every
// absence that they keep back.
func (d *decider) confirm(s *SourceFacts, j *judgement) {
	if len(j.guards) == 0 {
		return
	}
	var items []ApprovedItem
	for _, ref := range d.order {
		if ref.Source == s.Source && d.world.missing[ref] {
			items = append(items, missItem(d.principals[ref]))
		}
	}
	if len(items) == 0 {
		j.nobodyLeft()
		return
	}
	if d.covered(items, s.Policy.Approvals) || d.onlyOrdinaryRest(s, j, items) {
		j.accepted, j.guards = true, nil
		return
	}
	j.unconfirmed = true
	d.blocked = append(d.blocked, items...)
}

// onlyOrdinaryRest tells whether those absences that no approval covers, of
// people who left after it was given, would be no reason to block by themselves.
// A change of the source's meaning must be covered whole.
func (d *decider) onlyOrdinaryRest(s *SourceFacts, j *judgement, items []ApprovedItem) bool {
	for _, g := range j.guards {
		if g.Code != BlockDrop {
			return false
		}
	}
	have, rest := d.approvedItems(s.Policy.Approvals), 0
	for _, item := range items {
		if !have[item] {
			rest++
		}
	}
	largest := 0
	for _, n := range s.State.Largest {
		largest = max(largest, n)
	}
	return rest < len(items) && float64(rest) <= s.Policy.MaxDrop*float64(largest)
}

// unconfirmedMissing lists absences that no counted read has confirmed yet.
func (d *decider) unconfirmedMissing(s *SourceFacts) []*Principal {
	var out []*Principal
	for _, ref := range d.order {
		if ref.Source == s.Source && d.world.missing[ref] && d.principals[ref].Miss.Reads == 0 && !ref.ID.IsForm() {
			out = append(out, d.principals[ref])
		}
	}
	return out
}

// nobodyLeft lets pass what only guards against absences: nobody is absent. A
// canary that is not there still means that the reading lacks something.
func (j *judgement) nobodyLeft() {
	var canaries []BlockReason
	for _, g := range j.guards {
		switch g.Code {
		case BlockCanary:
			canaries = append(canaries, g)
		case BlockFuse, BlockDirectoryChanged:
			j.accepted = true
		}
	}
	j.guards, j.unconfirmed = canaries, len(canaries) > 0
	j.accepted = j.accepted && !j.unconfirmed
}
