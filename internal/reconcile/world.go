package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"sort"
)

// world is Facts with indexes; it lives for one decision.
type world struct {
	Facts
	sources    map[string]*SourceFacts
	principals map[PrincipalRef]*Principal
	changed    map[PrincipalRef]*Changed
	missing    map[PrincipalRef]bool
	accounts   map[AccountID]*Account
	owner      map[Hash]AccountID // identity key → account, names win over addresses
	linked     map[AccountID]PrincipalRef
	claims     map[Hash][]claim
	graves     map[Hash][]Tombstone
	order      []PrincipalRef  // of concerned principals, sorted
	believed   map[string]bool // sources whose snapshot can be used
}

// claim says that a living entry carries a key.
type claim struct {
	ref  PrincipalRef
	name bool // as name; else as address
}

func newWorld(f Facts) *world {
	f.Principals, f.Accounts = slices.Clone(f.Principals), slices.Clone(f.Accounts)
	f.Protections = slices.SortedFunc(slices.Values(f.Protections), func(a, b Protection) int { return cmp.Compare(a.Pattern, b.Pattern) })
	w := &world{
		Facts: f, sources: map[string]*SourceFacts{}, principals: map[PrincipalRef]*Principal{},
		changed: map[PrincipalRef]*Changed{}, missing: map[PrincipalRef]bool{},
		accounts: map[AccountID]*Account{}, owner: map[Hash]AccountID{},
		linked: map[AccountID]PrincipalRef{}, claims: map[Hash][]claim{}, graves: map[Hash][]Tombstone{},
		believed: map[string]bool{},
	}
	w.indexSources()
	w.indexPrincipals()
	w.indexAccounts()
	w.indexClaims()
	for _, grave := range f.Tombstones {
		w.graves[grave.Key] = append(w.graves[grave.Key], grave)
	}
	return w
}

func (w *world) indexSources() {
	for i := range w.Facts.Sources {
		s := &w.Facts.Sources[i]
		w.sources[s.Source], w.believed[s.Source] = s, s.Unusable() == nil
		for at := range s.Changed {
			c := &s.Changed[at]
			w.changed[PrincipalRef{s.Source, c.Entry.ID}] = c
		}
	}
}

func (w *world) indexPrincipals() {
	rows := map[string]map[int64]bool{}
	for name, s := range w.sources {
		rows[name] = map[int64]bool{}
		for _, row := range s.Missing {
			rows[name][row] = true
		}
	}
	for i := range w.Facts.Principals {
		p := &w.Facts.Principals[i]
		ref := p.Ref()
		w.principals[ref] = p
		if p.State == StateGone {
			continue
		}
		if rows[p.Source][p.Row] {
			w.missing[ref] = true
		}
		for _, link := range p.links() {
			w.linkTo(link.Account, ref)
		}
	}
	concerned := map[PrincipalRef]bool{}
	for ref := range w.changed {
		concerned[ref] = true
	}
	for ref, p := range w.principals {
		if w.concerned(p) {
			concerned[ref] = true
		}
	}
	w.order = slices.SortedFunc(maps.Keys(concerned), compareRefs)
}

// linkTo notes whose account it is. Two rows for one account should not be;
// then a present one counts before a missing one.
func (w *world) linkTo(account AccountID, ref PrincipalRef) {
	other, twice := w.linked[account]
	if twice && (w.missing[ref] != w.missing[other] && w.missing[ref] || w.missing[ref] == w.missing[other] && compareRefs(other, ref) < 0) {
		return
	}
	w.linked[account] = ref
}

// concerned tells whether a principal needs a decision of its own although its
// entry may not have changed.
func (w *world) concerned(p *Principal) bool {
	if p.State == StateGone {
		return false
	}
	return w.missing[p.Ref()] || p.State == StateMissing || !p.Bound() ||
		p.Access != AccessOpen || len(p.Dropped) > 0
}

func (w *world) indexAccounts() {
	slices.SortFunc(w.Facts.Accounts, func(a, b Account) int { return CompareAccountIDs(a.ID, b.ID) })
	for i := range w.Facts.Accounts {
		a := &w.Facts.Accounts[i]
		w.accounts[a.ID] = a
		for _, address := range a.Addresses {
			w.owner[w.hash(address)] = a.ID
		}
	}
	for i := range w.Facts.Accounts {
		a := &w.Facts.Accounts[i]
		w.owner[w.hash(a.Name)] = a.ID
	}
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

// claimant gives a living claimant of a key other than one ref.
func (w *world) claimant(key Hash, except PrincipalRef) (claim, bool) {
	for _, c := range w.claims[key] {
		if c.ref != except {
			return c, true
		}
	}
	return claim{}, false
}

// usable tells whether decisions may be made about a source's principals.
func (w *world) usable(source string) bool { return w.believed[source] }

// unusableSource names a configured source that cannot be used in this run.
func (w *world) unusableSource() (string, bool) {
	for _, name := range sortedKeys(w.sources) {
		if !w.believed[name] {
			return name, true
		}
	}
	return "", false
}

func (w *world) hash(name string) Hash { return HashOf(string(w.Rules.Key(name))) }

func (w *world) sameName(a, b string) bool { return w.Rules.Key(a) == w.Rules.Key(b) }

func (p Principal) links() []Link {
	var out []Link
	if p.Bound() {
		out = append(out, p.Link)
	}
	return append(out, p.Also...)
}

func compareRefs(a, b PrincipalRef) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
}

// CompareAccountIDs orders account IDs by length, then by the base32 alphabet
// of Stalwart 0.16 (a…z, 7, 9, 2, 0, 1, 3; utils/src/codec/base32_custom.rs),
// so that later IDs sort later.
func CompareAccountIDs(a, b AccountID) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	for i := range len(a) {
		if c := cmp.Compare(idRank(a[i]), idRank(b[i])); c != 0 {
			return c
		}
	}
	return 0
}

func idRank(c byte) int {
	if c >= 'a' && c <= 'z' {
		return int(c - 'a')
	}
	for i, digit := range []byte("792013") {
		if c == digit {
			return 26 + i
		}
	}
	return 64 + int(c)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
