package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	. "syncagent/internal/reconcile"
)

// model is a directory, a mail server with mail, and an agent with its ledger,
// all in memory. It plays what people, administrators, the server and the agent
// do to each other.
type model struct {
	dice
	now          time.Time
	people       map[StableID]*person
	left         map[StableID]*person
	humans       map[StableID]int // who was behind an ID
	accounts     map[AccountID]*mailbox
	boxes        []*mailbox // in the order in which they were made
	nextID       int
	nextHuman    int
	nextAcc      int
	ledger       map[PrincipalRef]Principal
	nextRow      int64
	graves       []Tombstone
	states       map[string]SourceState
	journal      []Action
	recent       []PastAction
	approvals    []Approval
	given        map[int64]bool // approvals that were not taken back
	nextApproval int64
	policy       Policy
	can          Can
	rules        NameRules
	lastAcc      map[AccountID]time.Time // first listed
	lacked       map[AccountID]time.Time // by the last listing before that
	listed       time.Time
	sources      []string
	filter       int // changes with what the sources mean

	reusable  bool // the stable IDs of pupils may be handed out again
	ordered   bool // snapshots tell their age
	timeless  bool // accounts carry no creation time
	position  int
	old       map[string][]*edition // what a stale replica answers, by source
	backup    *backup               // of the server
	absent    map[PrincipalRef]*absence
	touched   map[AccountID]bool  // changed by an administrator, or by a restored backup
	was       map[StableID]string // names in the ledger before the last run
	unchanged map[StableID]bool   // entries that the last run knew already
	last      Decision
	done      []Action // by the last run
	lastWhole bool

	report  func(string, ...any)
	tally   map[string]int
	log     []string
	quiet   bool // a failure is played again to be told
	deleted []AccountID
}

// person is an entry of the directory.
type person struct {
	id       StableID
	human    int
	source   string
	staffNo  string // for same_person
	name     string
	aliases  []string
	admin    bool
	disabled bool
}

// mailbox is an account of the server.
type mailbox struct {
	id      AccountID
	name    string
	aliases []string
	made    time.Time
	blocked bool
	admin   bool
	owner   StableID          // for whom it was made
	known   bool              // a complete read saw its owner with its name
	mail    map[StableID]bool // whose mail lies in it
	seen    map[StableID]bool // whose name opened it at the time of a complete run
}

// absence is how long an ID was missing in truth, as complete reads saw it.
type absence struct {
	since time.Time
	reads int
}

func newModel(d dice, report func(string, ...any)) *model {
	m := &model{
		sources: modelSources,
		dice:    d, now: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		people: map[StableID]*person{}, left: map[StableID]*person{}, humans: map[StableID]int{},
		accounts: map[AccountID]*mailbox{}, ledger: map[PrincipalRef]Principal{}, lastAcc: map[AccountID]time.Time{},
		states: map[string]SourceState{}, old: map[string][]*edition{}, absent: map[PrincipalRef]*absence{},
		given: map[int64]bool{}, tally: map[string]int{}, touched: map[AccountID]bool{}, lacked: map[AccountID]time.Time{}, position: 1,
		can: Can{Rename: true, Delete: true, Purge: true, Suspend: true, Export: true, Look: true},
		rules: NameRules{WholeAddress: true, Domains: map[string]string{
			"example.org": "example.org", "example.net": "example.net",
		}},
		policy: Policy{
			Rename: true, Missing: MissingDelete, GraceRuns: 3, GraceTime: 48 * time.Hour, Spacing: time.Hour,
			Park: true, Twin: TwinReplaceEmpty, Limits: generous(), MaxDrop: 1, AddressesMapped: true,
			Approvals: 1, Protect: []string{protectedName},
		},
	}
	m.report = func(format string, args ...any) {
		m.describe()
		report("%s\n%s", fmt.Sprintf(format, args...), strings.Join(m.log, "\n"))
	}
	return m
}

// settings draws the policies of a history.
func (m *model) settings() {
	p := &m.policy
	p.Park, p.Suspend, p.SuspendRuns = m.below(3) > 0, m.flip(), 2
	p.SuspendDisabled, p.Rename, p.AddressesMapped = m.flip(), m.below(8) > 0, m.below(8) > 0
	p.Missing = pick(m, MissingDelete, MissingDelete, MissingDelete, MissingSuspend, MissingReport)
	p.Suspend = p.Suspend || p.Missing == MissingSuspend
	p.Twin = pick(m, TwinReplaceEmpty, TwinReplaceEmpty, TwinHold)
	p.MaxDrop = pick(m, 1, 1, 0.4)
	p.ExportRequired = m.below(4) == 0
	if m.below(4) == 0 {
		for _, kind := range slices.Sorted(maps.Keys(p.Limits)) {
			p.Limits[kind] = Limit{Count: 1 + m.below(2), Percent: 100}
		}
	}
	m.can.Suspend, m.can.Export, m.can.Look = m.below(8) > 0, m.below(8) > 0, m.below(8) > 0
	m.reusable, m.ordered, m.timeless = m.flip(), m.flip(), m.below(3) == 0
	if m.below(6) == 0 { // most often without anybody at first: nothing is removed until it has people
		m.sources = append(slices.Clone(m.sources), "zoo")
	}
	m.note("policy: %+v", m.policy)
}

// note keeps what happens, for the report of a failure.
func (m *model) note(format string, args ...any) {
	if m.quiet {
		return
	}
	m.log = append(m.log, fmt.Sprintf("%s ", m.now.Format("02 15:04:05"))+fmt.Sprintf(format, args...))
}

// describe notes how everything stands in the end.
func (m *model) describe() {
	for _, id := range m.ids() {
		m.note("in the directory: %+v", *m.people[id])
	}
	for _, p := range m.rows() {
		m.note("in the ledger: %s state %d account %s %s name %s access %d mixed %v waiting %v dropped %d", p.ID, p.State, p.Link.Account, p.Link.Name, p.Name, p.Access, p.Mixed, !p.Waiting.IsZero(), len(p.Dropped))
	}
	for _, b := range m.boxes {
		m.note("on the server: %s %s %v of %s (known %v) blocked %v admin %v", b.id, b.name, b.aliases, b.owner, b.known, b.blocked, b.admin)
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

var rules = NameRules{WholeAddress: true, Domains: map[string]string{"example.org": "example.org", "example.net": "example.net"}}

func keyOf(name string) Hash { return HashOf(string(rules.Key(name))) }

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

// identities are all names and addresses of an entry.
func (p *person) identities() []string { return append([]string{p.name}, p.aliases...) }

func (b *mailbox) identities() []string { return append([]string{b.name}, b.aliases...) }

func (b *mailbox) answers(address string) bool {
	return b.name == address || slices.Contains(b.aliases, address)
}
