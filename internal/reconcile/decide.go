package reconcile

import (
	"slices"
)

// Decide makes the plan. It is pure: the same facts give the same decision.
// What it cannot prove it holds; what it holds it explains.
func Decide(f Facts) Decision {
	d := newDecider(f)
	d.judgeSources()
	d.holdGoneSources()
	d.markMixed()
	for _, ref := range d.order {
		d.decide(ref)
	}
	for _, w := range d.opening {
		d.isolate(w) // once it is known whom this run linked
	}
	d.wantAddresses()
	d.resolveIdentities()
	d.removals()
	d.emit()
	d.guard()
	d.unfinishedApprovals()
	d.tellDifferences()
	return d.finish()
}

// decider collects what a decision is made of.
type decider struct {
	*world
	judged         map[string]*judgement
	wishes         map[PrincipalRef]*wish
	moves          map[AccountID]*move
	provided       map[AccountID]*move
	moveHolds      map[AccountID]Hold
	opening        []*wish // entries that wait, whose names may open somebody else's account
	wants          []wanted
	handover       []handover
	removes        []*removal
	now            map[PrincipalRef]*Principal // rows to record at once
	buried         []Tombstone
	holds          []Hold
	notices        []Notice
	differences    []difference
	missing        []Missing
	noted          []Missing // unconfirmed
	detected       []Detection
	actions        []Action
	effects        map[int]Effect
	latest         map[PrincipalRef]Principal
	mixed          []PrincipalRef
	newCount       int
	linkedN        int
	rechecks       []PrincipalRef
	wantServers    map[PrincipalRef]bool
	blocks         []BlockReason
	allowed        map[string]map[Stage]bool
	approvedStages map[Stage]bool
	blocked        []ApprovedItem
	announcedLeft  map[domainMove]int
}

func newDecider(f Facts) *decider {
	return &decider{
		world: newWorld(f), judged: map[string]*judgement{}, wishes: map[PrincipalRef]*wish{},
		moves: map[AccountID]*move{}, moveHolds: map[AccountID]Hold{}, now: map[PrincipalRef]*Principal{},
		effects: map[int]Effect{}, latest: map[PrincipalRef]Principal{}, wantServers: map[PrincipalRef]bool{}, allowed: map[string]map[Stage]bool{}, approvedStages: map[Stage]bool{},
	}
}

// decide looks at one principal that needs a decision.
func (d *decider) decide(ref PrincipalRef) {
	j := d.judged[ref.Source]
	if j == nil || j.unusable() {
		return // the source's own reasons say why
	}
	p := d.principals[ref]
	if p != nil && d.world.missing[ref] {
		d.decideMissing(p)
		return
	}
	if p != nil && !d.world.present(p) {
		return
	}
	c, changed := d.changed[ref]
	if !changed && p == nil || p != nil && p.Bound() && j.firstRun {
		return // a first run changes nothing for accounts that are known already
	}
	w := d.wishOf(ref, p, c, changed)
	d.wishes[ref] = w
	switch {
	case p == nil || p.State == StateGone:
		d.decideNew(w)
	case !p.Bound():
		d.decideUnbound(w)
	default:
		d.decideBound(w)
	}
}

// wish is what a living entry wants its account to be.
type wish struct {
	ref    PrincipalRef
	old    *Principal // ledger row, nil for a new entry
	row    Principal  // the row as it will be once everything wanted is done
	entry  *Entry     // nil if unchanged
	name   string     // "" if held for lack of a usable one
	listed []string   // addresses of the entry, nil if unchanged
	held   bool       // something was held; it is decided again at the next read
	still  bool       // never touched, and nothing to say about it
	waits  bool       // a wish for a former name is noted
	// patient: others keep their accounts for now (the entry is protected, of
	// unknown kind, or the snapshot may be old)
	patient bool
	write   bool // the row is to be recorded whatever becomes of the actions
}

// wishOf reads an entry's wish and notes what speaks against it.
func (d *decider) wishOf(ref PrincipalRef, p *Principal, c *Changed, changed bool) *wish {
	w := &wish{ref: ref, old: p}
	if p != nil {
		w.row = *p
	}
	if !changed {
		w.name = p.Name
		return w
	}
	e := &c.Entry
	w.entry, w.listed = e, e.Addresses
	s := d.sources[ref.Source]
	row := &w.row
	row.Source, row.ID, row.State, row.Miss = ref.Source, ref.ID, StateActive, Miss{}
	row.Entry, row.Scheme, row.Kind, row.Created, row.Label = c.Hash, Scheme, e.Kind, e.Created, e.Label
	row.LastSeen, row.Waiting = timeZero, timeZero
	if p == nil || p.State == StateGone {
		row.FirstSeen, row.Link, row.Also, row.Access, row.Before = d.Now, Link{}, nil, AccessOpen, nil
		row.Mixed, row.Dropped, row.HeldEntry = false, nil, Hash{}
		row.NameLackedAt = s.State.LastComplete
	}
	row.SamePerson = hashesOf(e.SamePerson)
	if e.AddressesMapped {
		row.Addresses = d.addressHashes(e.Addresses)
	}
	w.name = d.chooseName(w)
	d.leftOut(w)
	d.checkEntry(w)
	return w
}

// addressHashes hashes the keys of addresses, ascending, without duplicates.
func (d *decider) addressHashes(addresses []string) []Hash {
	out := make([]Hash, 0, len(addresses))
	for _, address := range addresses {
		out = append(out, d.hash(address))
	}
	slices.SortFunc(out, compareHashes)
	return slices.Compact(out)
}

func hashesOf(values []string) []Hash {
	out := make([]Hash, len(values))
	for i, value := range values {
		if value != "" {
			out[i] = HashOf(value)
		}
	}
	return out
}
