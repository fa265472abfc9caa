package reconcile_test

import (
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
	timeless  bool                    // the server does not tell when accounts were made
	listed    time.Time
	lacked    map[AccountID]time.Time
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
		accounts: map[AccountID]*mailbox{}, ledger: map[PrincipalRef]Principal{}, lastAcc: map[AccountID]time.Time{}, lacked: map[AccountID]time.Time{},
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
