package reconcile

import (
	"cmp"
	"slices"
	"time"
)

// Past is what one record of the audit log tells about an account.
type Past struct {
	Event string
	// Phase is "intent", "done", "stranded" (under its temporary name), or
	// anything else for what was not done; of a detection it is what was seen.
	Phase   string
	At      time.Time
	Source  string
	ID      StableID
	Account AccountID
	From    string
	To      string
	Via     string
	// AddressesFrom and AddressesTo are the other addresses before and after.
	AddressesFrom []string
	AddressesTo   []string
	// Created is when the account was made, if the record tells.
	Created time.Time
	// AccessBefore is what a suspension or park is undone with.
	AccessBefore string
	OldSource    string
	OldID        StableID
	HeldEntry    string
}

// RebuildNote says what could not be restored as the audit log tells it.
type RebuildNote struct {
	Source   string    `json:"source"`
	StableID StableID  `json:"stable_id"`
	Account  AccountID `json:"account"`
	Name     string    `json:"name"`
	Message  string    `json:"message"`
}

// Rebuilt is a ledger made anew.
type Rebuilt struct {
	Principals []Principal
	Tombstones []Tombstone
	Notes      []RebuildNote
}

// Rebuilder follows the audit log and keeps who had which account last. It may
// be used by one goroutine at a time.
type Rebuilder struct {
	rules   NameRules
	rows    map[PrincipalRef]*Principal
	open    map[AccountID]Past // intents whose outcome nobody recorded
	made    map[AccountID]time.Time
	names   map[Hash]PrincipalRef
	holders map[AccountID]PrincipalRef
	graves  map[Hash]Tombstone
}

// NewRebuilder begins with nothing known.
func NewRebuilder(rules NameRules) *Rebuilder {
	return &Rebuilder{
		rules: rules, rows: map[PrincipalRef]*Principal{}, open: map[AccountID]Past{}, made: map[AccountID]time.Time{},
		names: map[Hash]PrincipalRef{}, holders: map[AccountID]PrincipalRef{}, graves: map[Hash]Tombstone{},
	}
}

// Owners gives for each name under which stable ID it was seen last.
func (b *Rebuilder) Owners() map[Hash]PrincipalRef { return b.names }

// Add takes the next record.
func (b *Rebuilder) Add(p Past) {
	if p.Source == "" || p.ID == "" || p.Account == "" {
		return
	}
	if !p.Created.IsZero() {
		b.made[p.Account] = p.Created
	}
	if p.Event == "detected" {
		b.detected(p)
		return
	}
	switch p.Phase {
	case "intent":
		b.open[p.Account] = p
	case "done":
		delete(b.open, p.Account)
		b.done(p)
	case "stranded":
		delete(b.open, p.Account)
		if row := b.owner(p); row != nil {
			row.Link.Name = p.Via
		}
	default:
		delete(b.open, p.Account)
	}
}

func (b *Rebuilder) detected(p Past) {
	switch p.Phase {
	case "link":
		b.link(p, p.To)
	case "already-renamed":
		if row := b.owner(p); row != nil {
			b.bury(p, p.From)
			b.named(row, p.To)
		}
	case "already-deleted":
		if row := b.owner(p); row != nil {
			b.bury(p, row.Link.Name)
			row.State = StateGone
		}
	}
}

// done follows an action that was done.
func (b *Rebuilder) done(p Past) {
	if p.Event == string(ActRelink) || p.Event == string(ActClaim) {
		b.handOver(p)
		return
	}
	row := b.owner(p)
	if row == nil {
		return // a twin, or an account that nobody was linked to
	}
	for _, address := range p.AddressesFrom {
		if !slices.Contains(p.AddressesTo, address) && p.Event != string(ActSuspend) {
			b.bury(p, address)
		}
	}
	row.HeldEntry = Hash{}
	if p.HeldEntry != "" {
		row.HeldEntry = parsedHash(p.HeldEntry)
	}
	switch ActionKind(p.Event) {
	case ActRename:
		b.bury(p, p.From)
		b.named(row, p.To)
	case ActResume:
		b.named(row, p.To)
		row.Access, row.Before = AccessOpen, nil
	case ActPark, ActSuspend:
		b.cut(row, p)
	case ActDelete:
		b.bury(p, p.From)
		row.State = StateGone
	case ActRelease, ActExport, ActDestroyTwin, ActPurge, ActRelink, ActClaim:
	}
}

func (b *Rebuilder) cut(row *Principal, p Past) {
	if row.Before == nil {
		row.Before = &Account{ID: p.Account, Name: p.From, Kind: KindIndividual, Addresses: p.AddressesFrom, Access: p.AccessBefore}
	}
	if row.Access = AccessSuspended; p.Event == string(ActPark) {
		b.bury(p, p.From)
		row.Access, row.Mixed, row.Link.Name = AccessParked, true, p.To
	}
}

// handOver follows a relink or a claim.
func (b *Rebuilder) handOver(p Past) {
	before := Principal{}
	if p.OldID != "" {
		old := PrincipalRef{cmp.Or(p.OldSource, p.Source), p.OldID}
		if row := b.rows[old]; row != nil {
			before = *row
			delete(b.rows, old)
		}
	} else if row := b.rows[PrincipalRef{p.Source, p.ID}]; row != nil {
		before = *row
	}
	row := b.link(p, p.To)
	row.Access, row.Before, row.Mixed = before.Access, before.Before, before.Mixed
	if p.Event == string(ActClaim) {
		row.State, row.Mixed = StateMissing, OwnName(p.To)
	}
}

// owner gives the row that an account belongs to. Where the log begins later
// than the link, the record itself tells whose the account was.
func (b *Rebuilder) owner(p Past) *Principal {
	row := b.rows[PrincipalRef{p.Source, p.ID}]
	switch {
	case row != nil && row.Link.Account == p.Account:
		return row
	case row != nil, OwnName(p.To) && p.Event == string(ActRename):
		return nil
	}
	if _, orphan := p.ID.OrphanAccount(); orphan {
		return nil
	}
	return b.link(p, p.From)
}

// link notes whose an account is; nobody else has it any more.
func (b *Rebuilder) link(p Past, name string) *Principal {
	ref := PrincipalRef{p.Source, p.ID}
	other, linked := b.holders[p.Account]
	if row := b.rows[other]; linked && other != ref && row != nil && row.Link.Account == p.Account && row.State != StateGone {
		delete(b.rows, other)
	}
	b.holders[p.Account] = ref
	row := &Principal{Source: p.Source, ID: p.ID, State: StateActive, Link: Link{Account: p.Account}}
	b.rows[ref] = row
	b.named(row, name)
	return row
}

func (b *Rebuilder) named(row *Principal, name string) {
	row.Link.Name = name
	if !OwnName(name) {
		row.Name = name
		b.names[b.key(name)] = row.Ref()
	}
}

func (b *Rebuilder) key(name string) Hash { return b.rules.Hash(name) }

func (b *Rebuilder) bury(p Past, name string) {
	if name == "" || OwnName(name) {
		return
	}
	b.graves[b.key(name)] = Tombstone{Key: b.key(name), Text: name, Owner: PrincipalRef{p.Source, p.ID}, Account: p.Account, Since: p.At}
}
