package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"

	. "syncagent/internal/reconcile"
)

// model is a directory, a mail server and an agent with its ledger, all in
// memory. It plays what people, the server and the agent do to each other.
type model struct {
	now       time.Time
	people    map[StableID]*person
	accounts  map[AccountID]*mailbox
	nextID    int
	nextAcc   int
	ledger    map[PrincipalRef]Principal
	nextRow   int64
	graves    []Tombstone
	states    map[string]SourceState
	reusable  bool // the stable IDs of pupils may be handed out again
	journal   []Action
	recent    []PastAction
	approvals []Approval
	policy    Policy
	lastAcc   map[AccountID]time.Time // first listed
	report    func(string, ...any)
	deleted   []AccountID
	left      map[StableID]*person
}

type person struct {
	id      StableID
	source  string
	staffNo string // for same_person
	name    string
	aliases []string
	made    time.Time
	admin   bool
}

type mailbox struct {
	id      AccountID
	name    string
	aliases []string
	made    time.Time
	blocked bool
	admin   bool
	mail    map[StableID]bool // whose mail lies in it
	seen    map[StableID]bool // whose name opened it at the time of a complete run
}

func newModel(report func(string, ...any)) *model {
	return &model{
		now: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), people: map[StableID]*person{},
		accounts: map[AccountID]*mailbox{}, ledger: map[PrincipalRef]Principal{}, lastAcc: map[AccountID]time.Time{},
		states: map[string]SourceState{}, left: map[StableID]*person{}, report: report,
		policy: Policy{
			Rename: true, Missing: MissingDelete, GraceRuns: 3, GraceTime: 48 * time.Hour, Spacing: time.Hour,
			Park: true, Twin: TwinReplaceEmpty, Limits: generous(), MaxDrop: 1, AddressesMapped: true,
			Protect: []string{protectedName},
		},
	}
}

func generous() map[ActionKind]Limit {
	out := map[ActionKind]Limit{}
	for kind := range DefaultLimits() {
		out[kind] = Limit{Count: 1000, Percent: 10000}
	}
	return out
}

const accountAlphabet = "bcdefghijklmnopqrstuvwxyz"

func (m *model) newAccount(name string) *mailbox {
	id := AccountID("")
	for n := m.nextAcc; ; n /= len(accountAlphabet) {
		id = AccountID(accountAlphabet[n%len(accountAlphabet)]) + id
		if n < len(accountAlphabet) {
			break
		}
	}
	id = AccountID("b"[:0]) + id
	for len(id) < 3 {
		id = "b" + id
	}
	m.nextAcc++
	box := &mailbox{id: id, name: name, made: m.now, mail: map[StableID]bool{}, seen: map[StableID]bool{}}
	m.accounts[id] = box
	return box
}

func (m *model) hire(name string, aliases ...string) *person {
	m.nextID++
	p := &person{id: StableID(fmt.Sprintf("id-%04d", m.nextID)), source: "staff", staffNo: strconv.Itoa(m.nextID), name: name, aliases: aliases, made: m.now}
	m.people[p.id] = p
	return p
}

// box finds the account that an address opens: its name, or an alias.
func (m *model) box(address string) *mailbox {
	for _, id := range slices.Sorted(maps.Keys(m.accounts)) {
		if m.accounts[id].name == address || slices.Contains(m.accounts[id].aliases, address) {
			return m.accounts[id]
		}
	}
	return nil
}

// login is what the server does when a person of the directory logs in or gets
// mail: it opens the account of the name, or makes one, and adds aliases that
// are free. The mailbox is returned, nil if access is cut.
func (m *model) login(p *person) *mailbox {
	box := m.box(p.name)
	if box == nil {
		box = m.newAccount(p.name)
		box.admin = p.admin
	}
	for _, alias := range p.aliases {
		if m.box(alias) == nil {
			box.aliases = append(box.aliases, alias)
		}
	}
	if box.blocked {
		return nil
	}
	return box
}

func (m *model) deliver(p *person) {
	if box := m.login(p); box != nil {
		box.mail[p.id] = true
	}
}

// entry is the person's entry in the directory.
func (p *person) entry() Entry {
	kind := KindIndividual
	if p.admin {
		kind = KindAdmin
	}
	return Entry{
		ID: p.id, Names: []string{p.name}, Addresses: append([]string{p.name}, p.aliases...),
		AddressesMapped: true, Kind: kind, Enabled: EnabledYes, SamePerson: []string{p.staffNo}, Label: string(p.id),
	}
}

var rules = NameRules{WholeAddress: true, Domains: map[string]string{"example.org": "example.org", "example.net": "example.net"}}

func keyOf(name string) Hash { return HashOf(string(rules.Key(name))) }

// reading tells how a run reads the sources: all of them to the end, or one of
// them without its first entries, or one that answers without any entry.
type reading struct {
	cut     string // the source that is not read to its end
	lacking int
	empty   string
}

var modelSources = []string{"pupils", "staff"}

// snapshots compares the directories, or a part of them, with the ledger.
func (m *model) snapshots(r reading) []Diff {
	var out []Diff
	for _, source := range modelSources {
		out = append(out, m.snapshot(source, source != r.cut, source == r.empty, r.lacking))
	}
	return out
}

func (m *model) snapshot(source string, complete, empty bool, lacking int) Diff {
	d := NewDiffer(source, "")
	for _, p := range m.rows() {
		if p.Source == source {
			d.Know(p.Row, p.ID, p.Entry, p.State)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.people)) {
		if m.people[id].source != source || empty {
			continue
		}
		if lacking--; !complete && lacking >= 0 {
			continue
		}
		if err := d.Add(m.people[id].entry()); err != nil {
			panic(err)
		}
	}
	ev := Evidence{
		Complete: complete, Counted: -1, IDAttribute: "entryUUID", Directory: "dc=test",
		IDReusable: m.reusable && source == "pupils",
	}
	if !complete {
		ev.Reasons = []Reason{{Code: UnusableIncomplete, Message: "cut"}}
	}
	return d.Finish(ev)
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
	return Account{
		ID: b.id, Name: b.name, Kind: kind, Created: b.made, Addresses: aliases,
		Suspended: b.blocked, FirstListed: m.lastAcc[b.id],
	}
}

// facts collects what Needs asks for.
func (m *model) facts(diffs []Diff, all bool) Facts {
	f := Facts{
		Now: m.now, Rules: rules, Server: ServerPlan{Generation: "jmap-0.16", Fingerprint: "x"},
		Can:    Can{Rename: true, Delete: true, Purge: true, Suspend: true, Look: true},
		Recent: m.recent, Approvals: m.approvals, Rechecks: map[PrincipalRef]Recheck{},
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
			Diff: diff, State: st, Policy: m.policy, Fingerprint: "fp", CanLookup: true,
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
		unsettled := p.State == StateMissing || (p.State == StateActive && (!p.Bound() || p.Access != AccessOpen || len(p.Dropped) > 0))
		wanted := all || unsettled || asked.Rows[p.Row] || asked.Refs[p.Ref()] || asked.Keys[keyOf(p.Name)] ||
			asked.Keys[keyOf(p.Link.Name)] || asked.Accounts[p.Link.Account]
		for _, address := range p.Addresses {
			wanted = wanted || asked.Keys[address]
		}
		if box := m.accounts[p.Link.Account]; box != nil { // whose the accounts are that a key found
			for _, name := range append([]string{box.name}, box.aliases...) {
				wanted = wanted || asked.Keys[keyOf(name)]
			}
		}
		if wanted {
			f.Principals = append(f.Principals, p)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.accounts)) {
		b := m.accounts[id]
		wanted := all || asked.Accounts[id] || asked.Keys[keyOf(b.name)]
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
		for _, address := range append([]string{p.name}, p.aliases...) {
			if keys[address] {
				r.Identity = PresenceFound
			}
		}
	}
	return r
}

// run is one run of the agent. It is killed once so many of its writes were
// made; what it had begun is in the journal then.
func (m *model) run(r reading, upto int) Decision {
	m.recover()
	for id := range m.accounts {
		if _, ok := m.lastAcc[id]; !ok {
			m.lastAcc[id] = m.now
		}
	}
	for _, p := range m.people {
		if box := m.box(p.name); box != nil && p.source != r.cut && p.source != r.empty {
			box.seen[p.id] = true
		}
	}
	decision := m.decide(m.snapshots(r), false)
	m.write(decision.Record)
	for _, s := range decision.Sources {
		m.states[s.Name] = s
	}
	m.execute(decision, upto)
	return decision
}

// recover settles what a killed run left in the journal.
func (m *model) recover() {
	for _, a := range m.journal {
		p, known := m.ledger[PrincipalRef{a.Source, a.StableID}]
		var now *Account
		if box := m.accounts[a.Account]; box != nil {
			acc := m.account(box)
			now = &acc
		}
		found := AskDone(a, now, rules)
		if !known {
			continue
		}
		if now == nil {
			now = &Account{ID: a.Account, Name: a.To}
		}
		m.write(Recovered(a, found, p, rules, *now, m.now))
	}
	m.journal = nil
}

func (m *model) write(e Effect) {
	for _, p := range e.Principals {
		old, ok := m.ledger[p.Ref()]
		if ok {
			p.Row = old.Row
		} else {
			m.nextRow++
			p.Row = m.nextRow
		}
		m.ledger[p.Ref()] = p
	}
	m.graves = append(m.graves, e.Tombstones...)
}

// execute carries out what is allowed, group by group. After upto writes the
// agent is killed: the writes of that group were made in part, and none of its
// effects is recorded.
func (m *model) execute(d Decision, upto int) {
	done := map[int]bool{}
	for i := 0; i < len(d.Plan.Actions); {
		group := []Action{d.Plan.Actions[i]}
		for i++; i < len(d.Plan.Actions) && group[0].Group != 0 && d.Plan.Actions[i].Group == group[0].Group; i++ {
			group = append(group, d.Plan.Actions[i])
		}
		ready := true
		for _, a := range group {
			ready = ready && d.Allowed[a.Source][a.Stage]
			for _, seq := range a.After {
				ready = ready && done[seq]
			}
		}
		if !ready {
			continue
		}
		m.checkAction(group)
		m.checkUndone(group)
		made, whole := m.carryOut(group, upto)
		upto -= made
		if !whole || upto <= 0 {
			m.journal = group
			return
		}
		m.checkDone(group, d.Effects)
		for _, a := range group {
			done[a.Seq] = true
			m.recent = append(m.recent, PastAction{a.Kind, a.Source, Domain(a.From), m.now})
			m.write(d.Effects[a.Seq])
		}
	}
}

// checkAction checks at the moment of the write what no plan may ever do.
func (m *model) checkAction(group []Action) {
	for _, a := range group {
		box, p := m.accounts[a.Account], m.people[a.StableID]
		switch {
		case box == nil:
			m.report("%s of account %s that does not exist", a.Kind, a.Account)
			continue
		case box.admin && a.Kind != ActExport:
			m.report("%s of the administrator's account %s", a.Kind, a.Account)
		case slices.ContainsFunc(append([]string{box.name}, box.aliases...), func(name string) bool { return MatchName(protectedName, name) }):
			m.report("%s of the protected account %s", a.Kind, a.Account)
		case a.Kind == ActSuspend && p != nil:
			m.report("suspension of %s, who is in the directory", a.StableID)
		case (a.Kind == ActRename || a.Kind == ActResume) && !OwnName(a.To) && (p == nil || p.name != a.To):
			m.report("%s of account %s to %s, which is not its owner's name", a.Kind, a.Account, a.To)
		}
		if row, ok := m.ledger[PrincipalRef{a.Source, a.StableID}]; a.Kind == ActDelete && (!ok || row.Link.Account != a.Account) {
			m.report("delete of account %s, which is not linked to %s", a.Account, a.StableID)
		}
	}
}

// carryOut makes at most upto writes, and tells how many it made and whether
// those were all.
func (m *model) carryOut(group []Action, upto int) (int, bool) {
	if upto <= 0 {
		return 0, false
	}
	switch a := group[0]; a.Kind {
	case ActDelete:
		m.deleteBox(a)
	case ActDestroyTwin:
		if box := m.accounts[a.Account]; box != nil && len(box.mail) == 0 {
			delete(m.accounts, a.Account)
		}
	case ActSuspend:
		m.accounts[a.Account].blocked = true
	case ActExport, ActPurge, ActRelink:
	case ActRename, ActRelease, ActPark, ActResume:
		writes := IdentityWrites(group)
		for i, write := range writes {
			if i >= upto {
				return i, false
			}
			m.rename(write)
			m.block(group, write.Account)
		}
		return len(writes), true
	}
	return 1, true
}

// block cuts or opens the access together with the identity.
func (m *model) block(group []Action, account AccountID) {
	for _, a := range group {
		if a.Account == account && (a.Kind == ActPark || a.Kind == ActResume) {
			m.accounts[account].blocked = a.Kind == ActPark
		}
	}
}

// rename does what the server does; a name or address that is taken is a
// mistake of the plan.
func (m *model) rename(w IdentityWrite) {
	for _, address := range append([]string{w.Name}, w.Addresses...) {
		if box := m.box(address); box != nil && box.id != w.Account {
			m.report("write %+v: %s is held by account %s (%s)", w, address, box.id, box.name)
		}
	}
	box := m.accounts[w.Account]
	box.name, box.aliases = w.Name, slices.Clone(w.Addresses)
}

// deleteBox checks the first of all rules at the moment of the delete.
func (m *model) deleteBox(a Action) {
	box := m.accounts[a.Account]
	if box == nil {
		m.report("delete of account %s that does not exist", a.Account)
		return
	}
	if m.people[a.StableID] != nil {
		m.report("delete of account %s although its owner %s is in the directory", a.Account, a.StableID)
	}
	for _, p := range m.people {
		for _, address := range append([]string{p.name}, p.aliases...) {
			if address == box.name || slices.Contains(box.aliases, address) {
				m.report("delete of account %s although %s carries %s", a.Account, p.id, address)
			}
		}
	}
	if box.admin {
		m.report("delete of the administrator's account %s", a.Account)
	}
	for id := range box.mail {
		if m.people[id] != nil && box.seen[id] {
			m.report("delete of account %s that holds mail of the living %s", a.Account, id)
		}
	}
	delete(m.accounts, a.Account)
	m.deleted = append(m.deleted, a.Account)
}

// protectedName is on the protect list.
const protectedName = "boss@example.org"

// address gives one of a few addresses in two domains.
func address(n int) string {
	switch {
	case n == 9:
		return protectedName
	case n%4 == 3:
		return "u" + strconv.Itoa(n) + "@example.net"
	}
	return "u" + strconv.Itoa(n) + "@example.org"
}
