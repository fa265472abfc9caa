package reconcile

import "fmt"

// RelinkBy says what proves that a known account and an entry belong together.
type RelinkBy string

// The values of RelinkBy.
const (
	// RelinkByName: exactly one living entry and one known account have the name.
	RelinkByName RelinkBy = "name"
	// RelinkByAttribute: the attributes of map.same_person agree.
	RelinkByAttribute RelinkBy = "attribute"
)

// DecideRelink proposes new stable IDs for known principals whose entry came
// back under another ID, and, by name, new account IDs for those whose account
// is gone while another one has their name. The facts must hold every principal,
// every account and every entry. With only, nothing but these IDs and names is
// touched; then also people are linked whose account was never proven theirs.
func DecideRelink(f Facts, by RelinkBy, only ...string) Decision {
	d := newOrdered(f)
	r := &relinker{decider: d, by: by, only: only}
	r.collect()
	r.pairIDs()
	if by == RelinkByName {
		r.pairAccounts()
	}
	out := d.finishOrdered(relinkEnds)
	for _, name := range sortedKeys(d.sources) {
		if st, ok := r.newMeaning(name); ok {
			out.Sources = append(out.Sources, st)
		}
	}
	return out
}

// relinkEnds are the blocks that new links are the remedy for.
func relinkEnds(code string) bool {
	switch code {
	case BlockIDChurn, BlockIDAttributeChanged, BlockServerChanged:
		return true
	}
	return false
}

// relinker pairs what is known with what is there now.
type relinker struct {
	*decider
	by   RelinkBy
	only []string
	// olds are linked principals that no complete snapshot has; news are entries
	// without an account.
	olds []*Principal
	news []*wish
	// present are people whose entry and link are both known.
	present []*wish
}

// collect sorts everybody into olds, news and present, in the order of IDs.
func (r *relinker) collect() {
	for _, ref := range r.order {
		p := r.principals[ref]
		if !r.usable(ref.Source) {
			continue
		}
		if p != nil && r.world.missing[ref] {
			if p.Bound() {
				r.olds = append(r.olds, p)
			}
			continue
		}
		c, changed := r.changed[ref]
		if !changed {
			continue
		}
		w := r.wishOf(ref, p, c, true)
		r.wishes[ref] = w
		switch {
		case w.name == "" || c.Entry.Kind != KindIndividual:
		case p == nil || p.State == StateGone || !p.Bound():
			r.news = append(r.news, w)
		default:
			r.present = append(r.present, w)
		}
	}
	r.holds, r.wants = nil, nil // what the entries lack is told by ordinary runs
}

// wanted tells whether a pair may be touched.
func (r *relinker) wanted(texts ...string) bool {
	if len(r.only) == 0 {
		return true
	}
	for _, o := range r.only {
		for _, text := range texts {
			if text != "" && (o == text || r.sameName(o, text)) {
				return true
			}
		}
	}
	return false
}

// newMeaning gives what a source is remembered to be once its new links are
// made: IDs of another attribute. The fuse is blown with it, so that people who
// are left over without a new link are shown before they count as gone.
func (r *relinker) newMeaning(name string) (SourceState, bool) {
	s := r.sources[name]
	st := s.State
	moved := st.IDAttribute != "" && st.IDAttribute != s.Evidence.IDAttribute
	if !moved || !r.allowed[name][StageRename] || len(r.items(name, StageRename)) == 0 {
		return st, false
	}
	st.IDAttribute, st.Fingerprint = s.Evidence.IDAttribute, "relinked"
	return st, true
}

func (r *relinker) doubt(ref PrincipalRef, account AccountID, name, message string) {
	r.hold(HoldRelinkUnproven, ref, account, name, message)
}

// link plans the new link of a row; the row is as it will be.
func (r *relinker) link(row Principal, acc *Account, old Principal, reason string) {
	before := *acc
	a := Action{
		Kind: ActRelink, Source: row.Source, StableID: row.ID, Account: acc.ID, From: acc.Name, To: acc.Name, Before: &before,
		Addresses: AddressChange{From: orEmpty(acc.Addresses), To: orEmpty(acc.Addresses)}, Reason: reason,
	}
	e := Effect{Principals: []Principal{row}}
	if old.Ref() != row.Ref() {
		a.OldID = old.ID
		if old.Source != row.Source {
			a.OldSource = old.Source
		}
		gone := goneRow(old)
		gone.HeldEntry = Hash{}
		e.Principals = append(e.Principals, gone)
		if !old.awaited().IsZero() {
			e.Tombstones = append(e.Tombstones, r.graveOfWait(&old))
		}
	}
	if old.Link.Account != acc.ID {
		a.OldAccount = old.Link.Account
	}
	r.add(a, e)
}

func many(n int, what string) string {
	return fmt.Sprintf("%d %s, and only one could be meant", n, what)
}
