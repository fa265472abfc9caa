package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

// noon is the time of the run in all tables; the last complete read was an
// hour before, and all accounts are a year old.
var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lastRead = noon.Add(-time.Hour)
	longAgo  = noon.AddDate(-1, 0, 0)
)

// scene is a situation in which a decision is made: what the ledger, the
// sources and the server say. Names stand for addresses in example.org; a
// person's stable ID is the first name, the account ID the same in capitals.
type scene struct {
	f       Facts
	sources map[string]*SourceFacts
	watch   map[string][]string
	people  map[string]*Principal
	entries map[string]*Entry
	homes   map[string]string // source of an entry
	boxes   map[string]*Account
	recheck func(PrincipalRef) (Recheck, bool)
}

func newScene() *scene {
	s := &scene{
		sources: map[string]*SourceFacts{}, watch: map[string][]string{}, people: map[string]*Principal{}, entries: map[string]*Entry{},
		homes: map[string]string{}, boxes: map[string]*Account{},
		recheck: func(PrincipalRef) (Recheck, bool) {
			return Recheck{ID: PresenceAbsent, Identity: PresenceAbsent}, true
		},
	}
	s.f = Facts{
		Now: noon, Rules: rules, Server: ServerPlan{Generation: "jmap-0.16", Fingerprint: "server"},
		Can: Can{Rename: true, Delete: true, Purge: true, Suspend: true, Export: true, Look: true},
	}
	s.source("staff")
	return s
}

// source adds a configured source that was adopted long ago.
func (s *scene) source(name string) *SourceFacts {
	src := &SourceFacts{
		Fingerprint: "fp", CanLookup: true, Policy: tablePolicy(),
		State: SourceState{
			Name: name, Fingerprint: "fp", IDAttribute: "entryUUID", Directory: "dc=test",
			LastComplete: lastRead, LastCounted: lastRead, Adopted: true,
		},
	}
	src.Source = name
	src.Evidence = Evidence{Complete: true, Counted: -1, IDAttribute: "entryUUID", Directory: "dc=test"}
	s.sources[name] = src
	return src
}

func (s *scene) staff() *SourceFacts { return s.sources["staff"] }

func tablePolicy() Policy {
	return Policy{
		Rename: true, Missing: MissingDelete, GraceRuns: 3, GraceTime: 48 * time.Hour, Spacing: time.Hour,
		Park: true, Twin: TwinReplaceEmpty, Limits: generous(), MaxDrop: 1, AddressesMapped: true, Approvals: 1,
	}
}

func at(name string) string {
	if name == "" || strings.Contains(name, "@") {
		return name
	}
	return name + "@example.org"
}

func ats(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		out = append(out, at(name))
	}
	return out
}

// has puts a person into directory, ledger and server, all agreeing.
func (s *scene) has(name string, aliases ...string) { s.hasIn("staff", name, aliases...) }

func (s *scene) hasIn(source, name string, aliases ...string) {
	s.joinsIn(source, name, name, aliases...)
	s.box(name, name, longAgo, aliases...)
	s.knowsUnbound(source, name)
	s.people[name].Link = Link{Account: AccountID(strings.ToUpper(name)), Created: longAgo, Name: at(name)}
}

// knowsUnbound puts an entry's person into the ledger, without an account.
func (s *scene) knowsUnbound(source, name string) {
	e := s.entries[name]
	p := &Principal{
		Row: int64(len(s.people) + 1), Source: source, ID: e.ID, State: StateActive, Name: e.Names[0],
		Entry: HashEntry(*e, ""), Scheme: Scheme, Kind: e.Kind, FirstSeen: longAgo.Add(time.Hour), NameLackedAt: longAgo,
	}
	for _, address := range e.Addresses {
		p.Addresses = append(p.Addresses, keyOf(address))
	}
	for _, value := range e.SamePerson {
		h := Hash{}
		if value != "" {
			h = HashOf(value)
		}
		p.SamePerson = append(p.SamePerson, h)
	}
	slices.SortFunc(p.Addresses, func(a, b Hash) int { return strings.Compare(a.String(), b.String()) })
	s.people[name] = p
}

// learn makes the ledger agree with the entry as it is now.
func (s *scene) learn(name string) {
	p := s.people[name]
	row, link := p.Row, p.Link
	s.knowsUnbound(p.Source, name)
	s.people[name].Row, s.people[name].Link = row, link
}

// joins adds an entry that nobody knows yet.
func (s *scene) joins(id, name string, aliases ...string) { s.joinsIn("staff", id, name, aliases...) }

func (s *scene) joinsIn(source, id, name string, aliases ...string) {
	s.entries[id] = &Entry{
		ID: StableID(id), Names: []string{at(name)}, Addresses: append([]string{at(name)}, ats(aliases)...),
		AddressesMapped: true, Kind: KindIndividual, Enabled: EnabledYes, Label: "cn=" + id,
	}
	s.homes[id] = source
}

// renamed gives an entry a new name, and new aliases.
func (s *scene) renamed(id, name string, aliases ...string) {
	e := s.entries[id]
	e.Names, e.Addresses = []string{at(name)}, append([]string{at(name)}, ats(aliases)...)
}

// lists changes the aliases of an entry.
func (s *scene) lists(id string, aliases ...string) {
	e := s.entries[id]
	e.Addresses = append([]string{e.Names[0]}, ats(aliases)...)
}

func (s *scene) leaves(ids ...string) {
	for _, id := range ids {
		delete(s.entries, id)
	}
}

// missed lets a person be missing for so many counted reads and hours, the
// last one a day ago.
func (s *scene) missed(id string, reads int, elapsed time.Duration) {
	s.leaves(id)
	p := s.people[id]
	p.State, p.Entry, p.LastSeen = StateMissing, Hash{}, noon.Add(-elapsed-25*time.Hour)
	p.Miss = Miss{Since: noon.Add(-elapsed - 24*time.Hour), Reads: reads, Elapsed: elapsed, Last: noon.Add(-24 * time.Hour)}
}

// overdue lets a person be missing for so long that everything is due.
func (s *scene) overdue(id string) { s.missed(id, 9, 1000*time.Hour) }

// box adds an account of the server.
func (s *scene) box(id, name string, made time.Time, aliases ...string) {
	s.boxes[id] = &Account{
		ID: AccountID(strings.ToUpper(id)), Name: at(name), Kind: KindIndividual, Created: made,
		Addresses: ats(aliases), FirstListed: made.Add(time.Minute), UsedBytes: -1,
	}
}

func (s *scene) facts() Facts {
	f := s.f
	for _, name := range slices.Sorted(maps.Keys(s.sources)) {
		src := *s.sources[name]
		d := NewDiffer(name, "")
		living := 0
		for _, id := range slices.Sorted(maps.Keys(s.people)) {
			if p := s.people[id]; p.Source == name {
				d.Know(p.Row, p.ID, p.Entry, p.State)
				if p.State == StateActive {
					living++
				}
			}
		}
		for _, pattern := range s.watch[name] {
			d.Watch(pattern, src.State.Canaries[pattern])
		}
		for _, id := range slices.Sorted(maps.Keys(s.entries)) {
			if s.homes[id] == name {
				if err := d.Add(*s.entries[id]); err != nil {
					panic(err)
				}
			}
		}
		src.Diff = d.Finish(src.Evidence)
		if src.Living == 0 {
			src.Living, src.LivingByDomain = living, map[string]int{"example.org": living}
		}
		f.Sources = append(f.Sources, src)
	}
	for _, id := range slices.Sorted(maps.Keys(s.people)) {
		f.Principals = append(f.Principals, *s.people[id])
	}
	for _, id := range slices.Sorted(maps.Keys(s.boxes)) {
		f.Accounts = append(f.Accounts, *s.boxes[id])
	}
	return f
}

func (s *scene) decide() Decision {
	f := s.facts()
	d := Decide(f)
	f.Rechecks = map[PrincipalRef]Recheck{}
	for _, ref := range d.WantRechecks {
		if answer, ok := s.recheck(ref); ok {
			f.Rechecks[ref] = answer
		}
	}
	return Decide(f)
}

// show gives a decision in a few words per line.
func show(d Decision) []string {
	short := func(name string) string { return strings.TrimSuffix(name, "@example.org") }
	list := func(names []string) string {
		out := make([]string, len(names))
		for i, name := range names {
			out[i] = short(name)
		}
		return "[" + strings.Join(out, " ") + "]"
	}
	out := []string{}
	for _, a := range d.Plan.Actions {
		line := fmt.Sprintf("%s %s %s", a.Kind, a.Account, short(a.From))
		if a.To != "" && a.To != a.From {
			line += ">" + short(a.To)
		}
		if a.Kind != ActDelete && a.Kind != ActExport && !slices.Equal(a.Addresses.From, a.Addresses.To) {
			line += " " + list(a.Addresses.From) + ">" + list(a.Addresses.To)
		}
		if a.Via != "" {
			line += " via"
		}
		if !d.Allowed[a.Source][a.Stage] {
			line += " blocked"
		}
		out = append(out, line)
	}
	for _, h := range d.Plan.Holds {
		out = append(out, fmt.Sprintf("hold %s %s", h.Code, h.StableID))
	}
	for _, m := range d.Plan.Missing {
		out = append(out, fmt.Sprintf("missing %s %d", m.StableID, m.Misses))
	}
	for _, m := range d.Plan.Unconfirmed {
		out = append(out, fmt.Sprintf("unconfirmed %s", m.StableID))
	}
	for _, r := range d.Plan.Verdict.Reasons {
		out = append(out, fmt.Sprintf("block %s %s", r.Code, r.Stage))
	}
	for _, x := range d.Detected {
		if x.Event == "link" || strings.HasPrefix(x.Event, "already") {
			out = append(out, fmt.Sprintf("%s %s %s", x.Event, x.ID, x.Account))
		}
	}
	return out
}

// row is one situation and what must come of it.
type row struct {
	name string
	set  func(s *scene)
	want []string
}

func runTable(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			r.set(s)
			d := s.decide()
			want := r.want
			if want == nil {
				want = []string{}
			}
			if diff := cmp.Diff(want, show(d)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
				for _, h := range d.Plan.Holds {
					t.Logf("hold %s: %s", h.Code, h.Message)
				}
			}
			checkExplained(t, d)
		})
	}
}

// checkExplained checks that whatever is held or blocked says why, and what a
// person can do.
func checkExplained(t *testing.T, d Decision) {
	t.Helper()
	for _, h := range d.Plan.Holds {
		info, ok := CodeInfo(h.Code)
		if !ok || info.Class != ClassHold || h.Message == "" || h.Hint == "" || h.Source == "" {
			t.Errorf("a hold does not explain itself: %+v", h)
		}
	}
	for _, r := range d.Plan.Verdict.Reasons {
		if info, ok := CodeInfo(r.Code); !ok || info.Class == ClassHold || r.Message == "" || r.Hint == "" || r.Source == "" || r.Stage == "" {
			t.Errorf("a block does not explain itself: %+v", r)
		}
	}
	for _, n := range d.Plan.Notices {
		if info, ok := CodeInfo(n.Code); !ok || info.Class != ClassNotice || n.Message == "" {
			t.Errorf("a notice does not explain itself: %+v", n)
		}
	}
	for _, a := range d.Plan.Actions {
		if a.Reason == "" || a.Before == nil || a.After == nil || a.Stage != StageOf(a.Kind) {
			t.Errorf("an action does not explain itself: %+v", a)
		}
	}
}

// rowOf gives the ledger row that a decision records for a person, or has once
// all its actions are done.
func rowOf(t *testing.T, d Decision, id string) Principal {
	t.Helper()
	var found *Principal
	for i, p := range d.Record.Principals {
		if p.ID == StableID(id) {
			found = &d.Record.Principals[i]
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(d.Effects)) {
		for i, p := range d.Effects[seq].Principals {
			if p.ID == StableID(id) {
				found = &d.Effects[seq].Principals[i]
			}
		}
	}
	if found == nil {
		t.Fatalf("nothing is recorded about %s", id)
	}
	return *found
}
