package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// longestStep is the most time that counts between two counted reads.
const longestStep = 24 * time.Hour

// removal is an account whose owner is missing and whose time has come.
type removal struct {
	row  *Principal
	acc  *Account
	kind ActionKind // suspend or delete
}

// decideMissing counts a miss and says what is due.
func (d *decider) decideMissing(p *Principal) {
	s, j := d.sources[p.Source], d.judged[p.Source]
	if j.firstRun {
		return // a source that was never adopted has nobody to miss
	}
	shown := missingOf(p, s)
	row := *p
	fresh := row.LastSeen.IsZero() || !row.Waiting.IsZero()
	if fresh {
		row.LastSeen, row.Waiting = s.State.LastComplete, timeZero
	}
	if j.doubted() {
		d.noted = append(d.noted, shown)
		if fresh || !row.Miss.Unconfirmed {
			row.Miss.Unconfirmed, row.Entry = true, Hash{} // decided again when it is back
			d.record(row)
		}
		return
	}
	d.missing = append(d.missing, shown)
	if fresh {
		row.Entry = Hash{}
		d.record(row)
	}
	if j.counted {
		row.Miss = counted(row.Miss, d.Now)
		if p.Miss.Reads == 0 {
			d.detected = append(d.detected, Detection{"missing", p.Source, p.ID, p.Link.Account, p.Link.Name, ""})
		}
		row.State = StateMissing
		d.record(row)
	}
	d.lifecycle(&row, s)
}

// counted adds one counted read that lacked the ID.
func counted(m Miss, now time.Time) Miss {
	if m.Reads == 0 {
		return Miss{Since: now, Reads: 1, Last: now}
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
	return p
}

// gravesOf makes the tombstones of a principal's names and addresses.
func (d *decider) gravesOf(p *Principal) []Tombstone {
	var out []Tombstone
	for _, name := range []string{p.Name, p.Link.Name} {
		if name != "" && !slices.ContainsFunc(out, func(t Tombstone) bool { return t.Key == d.hash(name) }) {
			out = append(out, d.grave(name, p.Ref(), p.Link.Account))
		}
	}
	for _, address := range p.Addresses {
		out = append(out, Tombstone{Key: address, Owner: p.Ref(), Account: p.Link.Account, Since: d.Now})
	}
	return out
}

// removals checks, for everything that is due, all that speaks against it.
func (d *decider) removals() {
	var kept []*removal
	for _, r := range d.removes {
		if d.mayRemove(r) {
			kept = append(kept, r)
		}
	}
	d.removes = kept
}

func (d *decider) mayRemove(r *removal) bool {
	ref, acc := r.row.Ref(), r.acc
	no := func(code, message string) bool {
		d.hold(code, ref, acc.ID, acc.Name, message)
		return false
	}
	s := d.sources[ref.Source]
	if why, stop := d.untouchable(acc, ref); stop {
		return no(HoldProtected, why)
	}
	if r.row.Kind != KindIndividual {
		return no(HoldProtected, "the directory said that this is not a plain user")
	}
	if pattern, ok := d.protected(ref, r.row.Name, r.row.Link.Name); ok {
		return no(HoldProtected, fmt.Sprintf("protected by the pattern %q", pattern))
	}
	if why := changedAccount(r.row.Link, acc); why != "" {
		return no(HoldAccountChanged, why)
	}
	if !d.sameName(acc.Name, r.row.Link.Name) {
		return no(HoldAccountChanged, fmt.Sprintf("the account is called %s on the server, but the ledger knows it as %s", acc.Name, r.row.Link.Name))
	}
	if name, bad := d.unusableSource(); bad {
		return no(HoldSourceIncomplete, fmt.Sprintf("source %s cannot be used in this run; the person might be there", name))
	}
	if c, used := d.stillUsed(r); used {
		return no(HoldStillUsed, fmt.Sprintf("the entry %s of source %s carries the account's name or one of its addresses", c.ref.ID, c.ref.Source))
	}
	if r.kind == ActDelete && r.row.Mixed && !d.mixedApproved(r, s) {
		return no(HoldMixed, "the account's name was another person's at some time: it may hold mail of both")
	}
	if r.kind == ActSuspend && !d.Can.Suspend {
		return no(HoldSuspendNotReversible, "our rights on the server do not prove that a suspension could be undone")
	}
	if !d.recheck(r, s, no) {
		return false
	}
	if r.kind == ActDelete && s.Policy.ExportRequired && !d.Can.Export && !d.Archived[acc.ID] {
		return no(HoldExportUnavailable, "policy.export.required is true, but this build or server cannot export the account")
	}
	return true
}

// mixedApproved tells whether persons approved the delete of an account that
// may hold mail of two people; if not, it becomes one of the plan's items that
// an approval covers.
func (d *decider) mixedApproved(r *removal, s *SourceFacts) bool {
	item := ApprovedItem{Kind: itemMixed, Source: r.row.Source, StableID: r.row.ID, Account: r.acc.ID, From: r.acc.Name}
	if d.covered([]ApprovedItem{item}, s.Policy.Approvals) {
		return true
	}
	d.blocked = append(d.blocked, item)
	return false
}

// doubtedHolder looks for a principal whose absence does not count yet and who
// has a key: the reading may be wrong, so it is treated as there.
func (d *decider) doubtedHolder(key Hash, except PrincipalRef) (PrincipalRef, bool) {
	for _, ref := range d.order {
		p := d.principals[ref]
		if !d.world.missing[ref] || ref == except || p.Access == AccessParked || !d.judged[ref.Source].doubted() {
			continue
		}
		if d.hash(p.Name) == key || slices.Contains(p.Addresses, key) {
			return ref, true
		}
	}
	return PrincipalRef{}, false
}

// stillUsed looks for a living entry with the account's name or an address of
// it, as the server shows them and as the ledger remembers them.
func (d *decider) stillUsed(r *removal) (claim, bool) {
	keys := []Hash{d.hash(r.acc.Name)}
	for _, address := range r.acc.Addresses {
		keys = append(keys, d.hash(address))
	}
	if r.row.Access != AccessParked { // a parked account gave its identity up
		keys = append(keys, d.hash(r.row.Name))
		keys = append(keys, r.row.Addresses...)
	}
	for _, key := range keys {
		if c, ok := d.claimant(key, r.row.Ref()); ok {
			return c, true
		}
		if ref, ok := d.doubtedHolder(key, r.row.Ref()); ok {
			return claim{ref: ref}, true
		}
	}
	return claim{}, false
}

// recheck lets a removal go on only if the sources, asked again, prove the
// person gone.
func (d *decider) recheck(r *removal, s *SourceFacts, no func(string, string) bool) bool {
	ref := r.row.Ref()
	if !s.CanLookup {
		return no(HoldRecheckBlind, "the source cannot be asked for one ID")
	}
	answer, asked := d.Rechecks[ref]
	if !asked {
		d.rechecks = append(d.rechecks, ref)
		return no(HoldRecheckBlind, "the source was not asked again")
	}
	switch {
	case answer.Negative():
		return true
	case answer.ID == PresenceFound && !answer.Leaver:
		return no(HoldOutOfScope, "the entry still exists, outside of base or filter. "+answer.Why)
	case answer.Identity == PresenceFound:
		return no(HoldRecheckFound, "somebody carries the name or an address. "+answer.Why)
	}
	return no(HoldRecheckBlind, "the sources do not prove that the person is gone. "+answer.Why)
}
