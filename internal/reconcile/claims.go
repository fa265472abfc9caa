package reconcile

import "slices"

// claim says that a living entry carries a key.
type claim struct {
	ref  PrincipalRef
	name bool // as name; else as address
}

// indexClaims notes which keys living entries carry: from the snapshot where
// it changed, from the ledger where it did not. Of a source that cannot be used
// (not read to the end, empty, below its floor, old) or is not configured,
// whatever the ledger knows counts as living.
func (w *world) indexClaims() {
	for ref, c := range w.changed {
		for _, name := range slices.Concat(c.Entry.Names, c.Entry.NamesAlso) {
			w.claim(w.hash(name), ref, true)
		}
		for _, address := range c.Entry.Addresses {
			w.claim(w.hash(address), ref, false)
		}
		if p := w.principals[ref]; p != nil && len(c.Entry.Names) == 0 {
			w.claimLedger(p)
		}
	}
	for ref, p := range w.principals {
		if _, changed := w.changed[ref]; changed || !w.living(p) {
			continue
		}
		w.claimLedger(p)
	}
	for key := range w.claims {
		slices.SortFunc(w.claims[key], func(a, b claim) int { return compareRefs(a.ref, b.ref) })
	}
}

func (w *world) claimLedger(p *Principal) {
	w.claim(w.hash(p.Name), p.Ref(), true)
	for _, also := range p.Also {
		w.claim(w.hash(also.Name), p.Ref(), true)
	}
	for _, address := range p.Addresses {
		w.claim(address, p.Ref(), false)
	}
}

func (w *world) claim(key Hash, ref PrincipalRef, name bool) {
	for i, c := range w.claims[key] {
		if c.ref == ref {
			w.claims[key][i].name = c.name || name
			return
		}
	}
	w.claims[key] = append(w.claims[key], claim{ref: ref, name: name})
}

// living tells whether a principal's entry exists, or might.
func (w *world) living(p *Principal) bool {
	if p.State == StateGone {
		return false
	}
	return !w.usable(p.Source) || !w.missing[p.Ref()]
}

// present tells that the entry is proven to exist in this run.
func (w *world) present(p *Principal) bool {
	if _, ok := w.changed[p.Ref()]; ok {
		return true
	}
	return w.usable(p.Source) && !w.missing[p.Ref()] && p.State != StateGone
}

// claimant gives a living claimant of a key other than one ref. The accounts of
// one person do not claim anything from each other.
func (w *world) claimant(key Hash, except PrincipalRef) (claim, bool) {
	for _, c := range w.claims[key] {
		if !c.ref.samePersonAs(except) {
			return c, true
		}
	}
	return claim{}, false
}
