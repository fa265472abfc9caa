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
	owner      map[Hash]AccountID      // identity key → account, names win over addresses
	doubles    map[AccountID]AccountID // names that differ in the case of letters only
	linked     map[AccountID]PrincipalRef
	claims     map[Hash][]claim
	graves     map[Hash][]Tombstone
	order      []PrincipalRef  // of concerned principals, sorted
	believed   map[string]bool // sources whose snapshot can be used
}

func newWorld(f Facts) *world {
	f.Principals, f.Accounts = slices.Clone(f.Principals), slices.Clone(f.Accounts)
	f.Protections = slices.SortedFunc(slices.Values(f.Protections), func(a, b Protection) int { return cmp.Compare(a.Pattern, b.Pattern) })
	w := &world{
		Facts: f, sources: map[string]*SourceFacts{}, principals: map[PrincipalRef]*Principal{},
		changed: map[PrincipalRef]*Changed{}, missing: map[PrincipalRef]bool{},
		accounts: map[AccountID]*Account{}, owner: map[Hash]AccountID{}, doubles: map[AccountID]AccountID{},
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
		w.sources[s.Source], w.believed[s.Source] = s, w.unusable(s) == nil
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
		key := w.hash(a.Name)
		if other, ok := w.accounts[w.owner[key]]; ok && other.ID != a.ID && w.hash(other.Name) == key {
			w.doubles[a.ID], w.doubles[other.ID] = other.ID, a.ID
		}
		w.owner[key] = a.ID
	}
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

func (w *world) hash(name string) Hash { return w.Rules.Hash(name) }

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

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
