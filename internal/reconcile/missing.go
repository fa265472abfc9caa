package reconcile

import "time"

// longestStep is the most time that counts between two counted reads.
const longestStep = 24 * time.Hour

// decideMissing counts a miss and says what is due.
func (d *decider) decideMissing(p *Principal) {
	s, j := d.sources[p.Source], d.judged[p.Source]
	if j.firstRun {
		return // a source that was never adopted has nobody to miss
	}
	if d.formWithoutReason(p) {
		if p.Bound() {
			d.hold(HoldFormGone, p.Ref(), p.Link.Account, p.Link.Name, "the person is there, but this form of the name is not configured any more")
		}
		return
	}
	shown := missingOf(p, s)
	row := *p
	held, why := d.heldMissing(&row)
	shown.DeleteApproved = d.coverHolds(p, s)
	waited := !row.Waiting.IsZero() // then the mark of the name that it wanted stays: an account may have been made under it
	fresh := row.LastSeen.IsZero() || waited
	if fresh {
		row.LastSeen, row.Waiting = s.State.LastComplete, timeZero
	}
	if j.doubted() {
		ended := d.keepCover(&row, s, j)
		if j.unconfirmed && held == "" {
			d.offerLater(p, s, &shown)
		}
		if p.Bound() || !p.ID.IsForm() {
			d.noted = append(d.noted, shown)
		}
		if fresh || ended || !row.Miss.Unconfirmed {
			row.Miss.Unconfirmed = true
			if !waited {
				row.Entry = Hash{} // decided again when it is back
			}
			d.record(row)
		}
		return
	}
	if p.Bound() || !p.ID.IsForm() {
		d.missing = append(d.missing, shown)
	}
	if covered := d.keepCover(&row, s, j); fresh || covered {
		if !waited {
			row.Entry = Hash{}
		}
		d.record(row)
	}
	if j.counted {
		row.Miss = counted(row.Miss, d.Now)
		if p.Miss.Reads == 0 && (p.Bound() || !p.ID.IsForm()) {
			d.detected = append(d.detected, Detection{"missing", p.Source, p.ID, p.Link.Account, p.Link.Name, ""})
		}
		row.State = StateMissing
		d.record(row)
	}
	if held != "" {
		d.hold(held, row.Ref(), row.Link.Account, row.Name, why)
		return
	}
	d.lifecycle(&row, s)
}

// counted adds one counted read that lacked the ID.
func counted(m Miss, now time.Time) Miss {
	if m.Reads == 0 {
		return Miss{Since: now, Reads: 1, Last: now, Cover: m.Cover}
	}
	m.Elapsed += min(longestStep, max(0, now.Sub(m.Last)))
	m.Reads++
	m.Last, m.Unconfirmed = now, false
	return m
}

// due tells whether both the reads and the time have passed.
func (m Miss) due(runs int, wait time.Duration) bool {
	return m.Reads > 0 && m.Reads >= runs && m.Elapsed >= wait
}

// missingOf shows a missing principal as the ledger knew it before this run,
// so that a dry run gives the same text however often it is made.
func missingOf(p *Principal, s *SourceFacts) Missing {
	m := Missing{
		Source: p.Source, StableID: p.ID, Account: p.Link.Account, Name: p.Name,
		Since: s.State.LastComplete, Misses: p.Miss.Reads,
	}
	if !p.LastSeen.IsZero() && p.Waiting.IsZero() {
		m.Since = p.LastSeen
	}
	if p.Miss.Reads == 0 {
		return m
	}
	at := func(runs int, wait time.Duration) *time.Time {
		left := max(wait-p.Miss.Elapsed, time.Duration(max(0, runs-p.Miss.Reads))*s.Policy.Spacing)
		t := p.Miss.Last.Add(max(0, left))
		return &t
	}
	if s.Policy.Missing != MissingReport && s.Policy.Suspend && p.Access == AccessOpen {
		m.SuspendDue = at(s.Policy.SuspendRuns, s.Policy.SuspendTime)
	}
	if s.Policy.Missing == MissingDelete {
		m.DeleteDue = at(s.Policy.GraceRuns, s.Policy.GraceTime)
	}
	return m
}

// lifecycle says what is due for a missing principal.
func (d *decider) lifecycle(row *Principal, s *SourceFacts) {
	due := row.Miss.due(s.Policy.GraceRuns, s.Policy.GraceTime)
	if !row.Bound() {
		d.unboundMissing(row, due)
		return
	}
	acc := d.accounts[row.Link.Account]
	if acc == nil {
		d.alreadyGone(row)
		return
	}
	switch {
	case due && s.Policy.Missing == MissingDelete:
		d.removes = append(d.removes, &removal{row: row, acc: acc, kind: ActDelete})
	case s.Policy.Missing != MissingReport && s.Policy.Suspend && row.Access == AccessOpen &&
		row.Miss.due(s.Policy.SuspendRuns, s.Policy.SuspendTime):
		d.removes = append(d.removes, &removal{row: row, acc: acc, kind: ActSuspend})
	case due && s.Policy.Missing == MissingReport:
		d.hold(HoldMissingReported, row.Ref(), acc.ID, acc.Name, "the person has left; policy.missing is report")
	}
}

// unboundMissing ends a principal that never had an account we know of. An
// account of its name is never a delete candidate.
func (d *decider) unboundMissing(row *Principal, due bool) {
	if acc := d.ownerOf(row.Name); acc != nil && row.Name != "" {
		if _, linked := d.linked[acc.ID]; !linked {
			if due {
				d.hold(HoldUnboundMissing, row.Ref(), acc.ID, acc.Name, "an account of this name exists, but nothing proves that it was this person's")
			}
			return
		}
	}
	if due {
		d.end(row)
	}
}

// alreadyGone ends a missing principal whose account somebody else deleted.
func (d *decider) alreadyGone(row *Principal) {
	d.detected = append(d.detected, Detection{"already-deleted", row.Source, row.ID, row.Link.Account, row.Link.Name, ""})
	d.end(row)
}

// end makes a principal a memory: gone, with tombstones.
func (d *decider) end(row *Principal) {
	d.buried = append(d.buried, d.gravesOf(row)...)
	gone := goneRow(*row)
	d.now[row.Ref()] = &gone
}

func goneRow(p Principal) Principal {
	p.State, p.Before, p.Dropped, p.Access = StateGone, nil, nil, AccessOpen
	p.Miss.Cover = Cover{}
	return p
}
