package reconcile

import (
	"fmt"
	"strconv"
	"strings"
)

// CarriedID gives the form that 0.16 shows for an account ID of 0.5 to 0.15: the
// same number, in base 32 instead of decimal (stalwart-jmap, section 10; the ID
// is kept by the upgrade). ok is false for what is no ID of an older server.
func CarriedID(old AccountID) (id AccountID, ok bool) {
	n, err := strconv.ParseUint(string(old), 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != string(old) {
		return "", false
	}
	const alphabet = "abcdefghijklmnopqrstuvwxyz792013"
	text := ""
	for first := true; first || n > 0; n >>= 5 {
		text, first = string(alphabet[n&31])+text, false
	}
	return AccountID(text), true
}

// UpgradeFacts is what is known when a server that was older than 0.16 is met
// as 0.16 for the first time.
type UpgradeFacts struct {
	// Principals is the whole ledger, as of the older server.
	Principals []Principal
	// Accounts is a complete listing of the server as it is now.
	Accounts map[AccountID]Account
	Rules    NameRules
}

// Upgrade is the judgement of an upgrade. The zero value proves nothing.
type Upgrade struct {
	// Proven tells that the ledger may be carried over.
	Proven bool
	// Why says in words what agrees and what does not.
	Why string
	// Domain is what names without one got.
	Domain string
	// Principals are the rows as they are to be written.
	Principals []Principal
	// Agreed counts the accounts that were found under their ID with their name,
	// Gone those whose ID is not there, Other those that have another name.
	Agreed, Gone, Other int
}

// JudgeUpgrade compares the known accounts with the server after an upgrade from
// 0.15 or older to 0.16: the IDs stay, and names become addresses (one without a
// domain gets the default domain). It is proven only if all but a small rest
// agree: not more than a tenth differ at all, not more than a fiftieth bear
// another name (one of each is always admitted, as long as more agree).
func JudgeUpgrade(f UpgradeFacts) Upgrade {
	u := Upgrade{}
	u.Domain = f.domain()
	links := 0
	for _, p := range f.Principals {
		row, ok := u.carry(p, f)
		if !ok {
			u.Why = fmt.Sprintf("the ledger has the account %q, which is no ID of a server before 0.16", p.Link.Account)
			return Upgrade{Why: u.Why}
		}
		u.Principals = append(u.Principals, row)
		if p.State != StateGone {
			links += len(p.links())
		}
	}
	differ := u.Gone + u.Other
	u.Proven = links == 0 || u.Agreed > differ && differ <= max(1, links/10) && u.Other <= max(1, links/50)
	u.Why = fmt.Sprintf("of %d known accounts %d are there with the same ID and name, %d are gone, and %d have another name",
		links, u.Agreed, u.Gone, u.Other)
	if !u.Proven {
		u.Principals = nil
	}
	return u
}

// domain finds what most of the names without a domain got, as a tie the first.
func (f UpgradeFacts) domain() string {
	counts := map[string]int{}
	for _, p := range f.Principals {
		for _, link := range p.links() {
			id, ok := CarriedID(link.Account)
			now, there := f.Accounts[id]
			local, domain, _ := strings.Cut(strings.ToLower(now.Name), "@")
			if ok && there && Domain(link.Name) == "" && local == strings.ToLower(link.Name) {
				counts[domain]++
			}
		}
	}
	best := ""
	for _, domain := range sortedKeys(counts) {
		if best == "" || counts[domain] > counts[best] {
			best = domain
		}
	}
	return best
}

// Name is a name of the older server as 0.16 has it.
func (u Upgrade) Name(old string) string {
	if old == "" || Domain(old) != "" || u.Domain == "" {
		return old
	}
	return old + "@" + u.Domain
}

// carry rewrites one row, and counts how its accounts agree.
func (u *Upgrade) carry(p Principal, f UpgradeFacts) (Principal, bool) {
	also := make([]Link, 0, len(p.Also))
	for i, link := range p.links() {
		carried, agrees, ok := u.link(link, f)
		if !ok {
			return p, false
		}
		now, there := f.Accounts[carried.Account]
		if p.State != StateGone {
			u.count(there, agrees)
		}
		if there && !agrees {
			p.Mixed = true // never deleted without a person's word
		}
		if p.Bound() && i == 0 {
			p.Link = carried
			p.Before = u.before(p.Before, carried, now)
			continue
		}
		also = append(also, carried)
	}
	if len(p.Also) > 0 {
		p.Also = also
	}
	p.Name = u.Name(p.Name)
	return p, true
}

func (u *Upgrade) count(there, agrees bool) {
	switch {
	case agrees:
		u.Agreed++
	case there:
		u.Other++
	default:
		u.Gone++
	}
}

// link gives a link its new ID and, where name and kind agree, name and creation
// time as the server shows them now.
func (u *Upgrade) link(old Link, f UpgradeFacts) (carried Link, agrees, ok bool) {
	id, ok := CarriedID(old.Account)
	if !ok {
		return old, false, false
	}
	carried = Link{Account: id, Name: u.Name(old.Name)}
	now, there := f.Accounts[id]
	user := now.Kind == KindIndividual || now.Kind == KindAdmin
	if there && user && f.Rules.Key(now.Name) == f.Rules.Key(carried.Name) {
		carried.Name, carried.Created = now.Name, now.Created
		return carried, true, true
	}
	return carried, false, true
}

// noLimits is how 0.16 writes that nothing was taken from an account.
const noLimits = `{"@type":"Inherit"}`

// before translates what has to be put back. Where older rights were not plain,
// their text stays, so that putting them back fails aloud rather than wrongly.
func (u *Upgrade) before(old *Account, link Link, now Account) *Account {
	if old == nil {
		return nil
	}
	was := *old
	was.ID, was.Name, was.Created = link.Account, u.Name(old.Name), now.Created
	if strings.Trim(was.Access, "[] ") == "" && was.Access != "" {
		was.Access = noLimits
	}
	return &was
}

// BlockedPlan is the plan of a run in which no account may be looked at: the
// server is another one than the ledger knows.
func BlockedPlan(sources []string, server ServerPlan, why string) Plan {
	p := Plan{
		Version: PlanVersion, Server: server, Sources: []SourcePlan{}, Actions: []Action{}, Holds: []Hold{}, Missing: []Missing{},
		Verdict: Verdict{Blocked: true, Stages: map[Stage]StageVerdict{}, Reasons: []BlockReason{}},
	}
	const hint = "Check server.url, and that the upgrade kept the accounts with their IDs. If they were made anew, " +
		"move state.dir aside and begin anew with: syncagent sync --adopt-anew."
	for _, stage := range Stages {
		p.Verdict.Stages[stage] = StageBlocked
		for _, source := range sources {
			p.Verdict.Reasons = append(p.Verdict.Reasons, BlockReason{
				Code: BlockServerChanged, Stage: stage, Source: source, Message: why, Hint: hint,
			})
		}
	}
	return p
}
