package reconcile_test

import (
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"

	. "syncagent/internal/reconcile"
)

// reading tells how a run reads the sources: all of them to the end, or one of
// them without some entries, or without any, or from a replica that lags.
type reading struct {
	cut     string // the source that is not read to its end
	lacking int
	empty   string
	stale   string
}

// whole tells that every source was read to its end as it is.
func (r reading) whole() bool { return r == reading{} }

var modelSources = []string{"pupils", "staff"}

// snapshots compares the directories, or a part of them, with the ledger.
func (m *model) snapshots(r reading) []Diff {
	var out []Diff
	for _, source := range m.sources {
		out = append(out, m.snapshot(source, r))
	}
	return out
}

func (m *model) snapshot(source string, r reading) Diff {
	d := NewDiffer(source, "")
	for _, p := range m.rows() {
		if p.Source == source {
			d.Know(p.Row, p.ID, p.Entry, p.State)
		}
	}
	complete, lacking, position := source != r.cut, r.lacking, m.position
	if source == r.stale {
		position = m.old[source][0].position
	}
	for _, p := range m.read(source, r) {
		if lacking--; !complete && lacking >= 0 {
			continue
		}
		if err := d.Add(m.entry(p)); err != nil {
			panic(err)
		}
	}
	ev := Evidence{
		Complete: complete, Counted: -1, IDAttribute: "entryUUID", Directory: "dc=test",
		IDReusable: m.reusable && source == "pupils",
	}
	if m.ordered {
		ev.Positions = map[string]string{"": strconv.Itoa(position)}
	}
	if !complete {
		ev.Reasons = []Reason{{Code: UnusableIncomplete, Message: "cut"}}
	}
	return d.Finish(ev)
}

// read gives the entries that a source answers with.
func (m *model) read(source string, r reading) []*person {
	switch source {
	case r.empty:
		return nil
	case r.stale:
		return m.old[source][0].members()
	}
	return m.members(source)
}

// members are the entries of a source, in the order of their IDs.
func (m *model) members(source string) []*person {
	var out []*person
	for _, id := range m.ids() {
		if p := m.people[id]; p.source == source {
			out = append(out, p)
		}
	}
	return out
}

func (e *edition) members() []*person {
	var out []*person
	for i := range e.people {
		out = append(out, &e.people[i])
	}
	return out
}

// rows lists the ledger in the order of its rows.
func (m *model) rows() []Principal {
	return slices.SortedFunc(maps.Values(m.ledger), func(a, b Principal) int { return int(a.Row - b.Row) })
}

func (m *model) account(b *mailbox) Account {
	kind := KindIndividual
	if b.admin {
		kind = KindAdmin
	}
	aliases := slices.Clone(b.aliases)
	sort.Strings(aliases)
	a := Account{
		ID: b.id, Name: b.name, Kind: kind, Created: b.made, Addresses: aliases,
		Suspended: b.blocked, FirstListed: m.lastAcc[b.id],
	}
	if m.timeless {
		a.Created, a.LackedAt = time.Time{}, m.lacked[b.id]
	}
	return a
}

// facts collects what Needs asks for.
func (m *model) facts(diffs []Diff, all bool) Facts {
	f := Facts{
		Now: m.now, Rules: m.rules, Server: ServerPlan{Generation: "jmap-0.16", Fingerprint: "x"},
		Can: m.can, ServerChanged: m.serverChanged(),
		Recent: m.recent, Approvals: m.approvals, Given: m.given, Rechecks: map[PrincipalRef]Recheck{},
	}
	for _, diff := range diffs {
		living := map[string]int{}
		n := 0
		for _, p := range m.ledger {
			if p.State == StateActive && p.Source == diff.Source {
				n++
				living[Domain(p.Name)]++
			}
		}
		st := m.states[diff.Source]
		st.Name = diff.Source
		f.Sources = append(f.Sources, SourceFacts{
			Diff: diff, State: st, Policy: m.policy, Fingerprint: "fp" + strconv.Itoa(m.filter), CanLookup: true,
			Living: n, LivingByDomain: living,
		})
	}
	asked := NewAsked()
	m.fetch(&f, asked, all)
	for range 12 {
		want := Needs(f, asked)
		if want.Empty() {
			break
		}
		asked.Mark(want)
		m.fetch(&f, asked, all)
	}
	return f
}

func (m *model) fetch(f *Facts, asked *Asked, all bool) {
	f.Principals, f.Accounts, f.Tombstones = nil, nil, nil
	for _, p := range m.rows() {
		unsettled := p.State == StateMissing || p.State == StateActive && (!p.Bound() || p.Access != AccessOpen || p.Entry.IsZero() ||
			len(p.Dropped) > 0 || !p.HeldEntry.IsZero() || !p.Waiting.IsZero() || !p.LastSeen.IsZero())
		wanted := all || unsettled || asked.Rows[p.Row] || asked.Refs[p.Ref()] || asked.Keys[keyOf(p.Name)] ||
			asked.Keys[keyOf(p.Link.Name)] || asked.Accounts[p.Link.Account]
		for _, address := range p.Addresses {
			wanted = wanted || asked.Keys[address]
		}
		if box := m.accounts[p.Link.Account]; box != nil { // whose the accounts are that a key found
			for _, name := range box.identities() {
				wanted = wanted || asked.Keys[keyOf(name)]
			}
		}
		if wanted {
			f.Principals = append(f.Principals, p)
		}
	}
	for _, b := range m.boxes {
		wanted := all || asked.Accounts[b.id] || asked.Keys[keyOf(b.name)]
		for _, alias := range b.aliases {
			wanted = wanted || asked.Keys[keyOf(alias)]
		}
		if wanted {
			f.Accounts = append(f.Accounts, m.account(b))
		}
	}
	for _, t := range m.graves {
		if all || asked.Keys[t.Key] {
			f.Tombstones = append(f.Tombstones, t)
		}
	}
}

// decide makes the plan, asking the directory again for what is due.
func (m *model) decide(diffs []Diff, all bool) Decision {
	return m.finalDecision(m.facts(diffs, all))
}

func (m *model) finalDecision(f Facts) Decision {
	d := Decide(f)
	for _, ref := range d.WantRechecks {
		f.Rechecks[ref] = m.recheck(ref)
	}
	return Decide(f)
}

func (m *model) recheck(ref PrincipalRef) Recheck {
	r := Recheck{ID: PresenceAbsent, Identity: PresenceAbsent}
	if m.people[ref.ID] != nil {
		r.ID = PresenceFound
	}
	keys := map[string]bool{}
	if box := m.accounts[m.ledger[ref].Link.Account]; box != nil {
		keys[box.name] = true
		for _, alias := range box.aliases {
			keys[alias] = true
		}
	}
	for _, p := range m.people {
		for _, address := range p.identities() {
			if keys[address] {
				r.Identity = PresenceFound
			}
		}
	}
	return r
}
