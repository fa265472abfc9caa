package reconcile

import "time"

// Facts is everything that a decision may use. The agent collects it; Needs
// says what is still wanted.
type Facts struct {
	Now     time.Time
	Sources []SourceFacts
	// Principals are the ledger rows concerned, of all sources, configured or not.
	Principals []Principal
	// Accounts are the live accounts concerned.
	Accounts   []Account
	Tombstones []Tombstone
	Rules      NameRules
	Server     ServerPlan
	// Self is the agent's own account, never touched.
	Self AccountID
	// NotReversible says of accounts that were asked for why a suspension could
	// not be undone.
	NotReversible map[AccountID]string
	SelfName      string
	Can           Can
	// Lacks names the permissions that our login lacks, by ability ("delete",
	// "rename").
	Lacks map[string][]string
	// BadNames says of names concerned why an account that has one cannot be
	// addressed safely, BadTargets why no account can be given one.
	BadNames   map[string]string
	BadTargets map[string]string
	Rechecks   map[PrincipalRef]Recheck
	// OnServers is what every other server of a source that answered shows of an
	// entry whose name passes to, or from, another person. A ref that is not in it
	// was not asked for.
	OnServers map[PrincipalRef][]ServerView
	// KeptTwins are twins that earlier runs left aside.
	KeptTwins []KeptTwin
	Recent    []PastAction
	Approvals []Approval
	// Given are the IDs of all approvals that were not taken back, also of those
	// that have expired: covers of later deletes refer to them.
	Given       map[int64]bool
	Protections []Protection
	// ServerChanged says why the server is not the one that the ledger knows
	// (reinstalled, older backup, other host); it blocks every write.
	ServerChanged string
	// SeenBefore tells, for a first run in spite of traces of an earlier life, under
	// which ID the audit log saw each name last.
	SeenBefore map[Hash]PrincipalRef
}

// Can is what the server and our rights on it allow.
type Can struct {
	Rename, Delete, Purge, Suspend, Export, Look bool
	// NoMerge says why the mail of a twin cannot be copied into the real account;
	// empty if it can.
	NoMerge string
	// NeverRename and NeverDelete tell that the server's version cannot do it, or
	// must not be made to, whatever our rights are: that is held for each account
	// rather than blocked until somebody gives us more rights.
	NeverRename, NeverDelete bool
	// GroupsHidden tells that the server shows groups as users (before 0.10).
	GroupsHidden bool
}

// SourceFacts is what is known about one configured source in this run.
type SourceFacts struct {
	Diff
	State  SourceState
	Policy Policy
	// Fingerprint is that of the present configuration; another one than the
	// ledger's blows the fuse.
	Fingerprint string
	// CanLookup tells whether the source can be asked for one ID.
	CanLookup bool
	// Servers is the number of servers that give this directory, 0 and 1 alike.
	Servers int
	// Living counts the ledger's principals that are active, in all and by the
	// domain of their name.
	Living         int
	LivingByDomain map[string]int
}

// Recheck is the judgement of all look-ups about one principal right before
// its access is cut or its account deleted.
type Recheck struct {
	// ID: absent only if every proof holds.
	ID Presence
	// Leaver: found in the leavers scope, which counts as absent.
	Leaver bool
	// Identity tells whether anybody carries the name or one of the addresses.
	Identity Presence
	// Successor is whom the ledger knows as the same person under a newer ID; see
	// Succeeds.
	Successor PrincipalRef
	// Why names the source and the reason for whatever is not absent.
	Why string
}

// Negative tells that the person is proven gone and nobody carries what the
// account answers to.
func (r Recheck) Negative() bool {
	gone := r.ID == PresenceAbsent || (r.ID == PresenceFound && r.Leaver)
	return gone && r.Identity == PresenceAbsent
}

// JudgeRechecks combines the answers of the principal's own source and of all
// other sources about one principal. Whatever was not answered is unknown.
func JudgeRechecks(own LookupResult, others map[string]LookupResult) Recheck {
	out := Recheck{ID: own.ID, Leaver: own.Leaver, Identity: own.Identity}
	if own.Reason != "" {
		out.Why = own.Reason
	}
	for _, name := range sortedKeys(others) {
		other := others[name]
		switch {
		case other.Identity == PresenceFound:
			out.Identity, out.Why = PresenceFound, "source "+name+" has an entry with the name or an address"
		case other.Identity == PresenceUnknown && out.Identity == PresenceAbsent:
			out.Identity, out.Why = PresenceUnknown, "source "+name+": "+other.Reason
		}
	}
	return out
}

// Effect is what the ledger records once an action is done.
type Effect struct {
	Principals []Principal `json:"principals,omitempty"`
	Tombstones []Tombstone `json:"tombstones,omitempty"`
}

// Decision is a plan with everything that the agent needs to carry it out.
type Decision struct {
	Plan Plan
	// Record is to be written to the ledger at once in a real run, whatever
	// becomes of the actions.
	Record Effect
	// Sources are the new source states to record.
	Sources []SourceState
	// Effects by sequence number of the action.
	Effects map[int]Effect
	// Allowed tells by source and stage whether the guards let it pass.
	Allowed map[string]map[Stage]bool
	// Blocked are the items of the blocked stages, as an approval covers them.
	Blocked []ApprovedItem
	// Detected are renames and removals seen for the first time, for the audit.
	Detected []Detection
	// WantRechecks names who must be looked for again before the plan can be final.
	WantRechecks []PrincipalRef
	// WantServers are entries that every server of their source must be asked for.
	WantServers []PrincipalRef
}

// Detection is something noticed about a principal.
type Detection struct {
	Event   string
	Source  string
	ID      StableID
	Account AccountID
	From    string
	To      string
}
