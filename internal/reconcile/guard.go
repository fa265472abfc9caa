package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// guard judges the stages of every source: what may run, what is blocked and
// why, and what an approval lets pass.
func (d *decider) guard() {
	d.announcedLeft = d.announced()
	for _, name := range sortedKeys(d.sources) {
		s, j := d.sources[name], d.judged[name]
		d.allowed[name] = map[Stage]bool{}
		if j.unusable() {
			for _, r := range j.bad {
				r.Stage = StageRemove
				d.blocks = append(d.blocks, r)
			}
			continue
		}
		lost := d.lost(s)
		for _, stage := range Stages {
			reasons := d.stageReasons(s, j, stage)
			for _, r := range lost {
				if stage == StageProtect && r.Code == BlockNamesLost {
					continue // parking and releasing need no name of the entry
				}
				r.Stage = stage
				reasons = append(reasons, r)
			}
			d.allowed[name][stage] = d.settle(s, stage, reasons)
		}
	}
}

// settle blocks a stage for the reasons given, unless approvals cover
// everything in it that may be approved.
func (d *decider) settle(s *SourceFacts, stage Stage, reasons []BlockReason) bool {
	if len(reasons) == 0 {
		return true
	}
	items := d.items(s.Source, stage)
	final := slices.ContainsFunc(reasons, func(r BlockReason) bool { return !r.Approvable })
	misses := slices.ContainsFunc(reasons, func(r BlockReason) bool { return guardsMisses(r.Code) })
	if !final && !misses && len(items) > 0 && d.covered(items, s.Policy.Approvals) {
		d.approved(stage)
		return true
	}
	d.blocks = append(d.blocks, reasons...)
	d.blocked = append(d.blocked, items...)
	return false
}

// guardsMisses tells whether a guard keeps misses from counting; an approval of
// the absences, not of actions, lets it pass (see confirm).
func guardsMisses(code string) bool {
	switch code {
	case BlockFuse, BlockDrop, BlockCanary, BlockDirectoryChanged:
		return true
	}
	return false
}

func (d *decider) approved(stage Stage) { d.approvedStages[stage] = true }

// stageReasons lists what blocks one stage of one source.
func (d *decider) stageReasons(s *SourceFacts, j *judgement, stage Stage) []BlockReason {
	var out []BlockReason
	for _, r := range j.all {
		r.Stage = stage
		out = append(out, r)
	}
	if d.ServerChanged != "" {
		info, _ := CodeInfo(BlockServerChanged)
		out = append(out, BlockReason{Code: BlockServerChanged, Stage: stage, Source: s.Source, Message: d.ServerChanged, Hint: info.Hint})
	}
	if stage == StageRemove {
		out = append(out, j.guards...)
	}
	out = append(out, d.permissions(s, stage)...)
	return append(out, d.limits(s, stage)...)
}

// permissions blocks a stage that needs what our login may not do.
func (d *decider) permissions(s *SourceFacts, stage Stage) []BlockReason {
	need := map[ActionKind]bool{ActDelete: d.Can.Delete, ActDestroyTwin: d.Can.Delete, ActRename: d.Can.Rename, ActRelease: d.Can.Rename, ActPark: d.Can.Rename}
	for _, a := range d.actions {
		if can, asked := need[a.Kind]; a.Source == s.Source && a.Stage == stage && asked && !can {
			info, _ := CodeInfo(BlockPermissionsMissing)
			return []BlockReason{{
				Code: BlockPermissionsMissing, Stage: stage, Source: s.Source, Hint: info.Hint,
				Message: fmt.Sprintf("our login on the mail server may not %s accounts", a.Kind),
			}}
		}
	}
	return nil
}

// items are the members of a stage as an approval covers them.
func (d *decider) items(source string, stage Stage) []ApprovedItem {
	var out []ApprovedItem
	for _, a := range d.actions {
		if a.Source == source && a.Stage == stage {
			out = append(out, itemOf(a))
		}
	}
	return out
}

func itemOf(a Action) ApprovedItem {
	return ApprovedItem{Kind: string(a.Kind), Source: a.Source, StableID: a.StableID, Account: a.Account, From: a.From, To: a.To}
}

// limited gives the kind under whose limit an action counts, "" for none.
func limited(a Action, twins map[AccountID]bool) ActionKind {
	if twins[a.Account] {
		if a.Kind == ActDestroyTwin {
			return ActDestroyTwin
		}
		return "" // the step aside counts with the twin
	}
	if LimitCode(a.Kind, false) == "" {
		return ""
	}
	return a.Kind
}

// limits compares what is planned, together with what was done in the last 24
// hours and 7 days, with the limits of the source and of each domain.
func (d *decider) limits(s *SourceFacts, stage Stage) []BlockReason {
	planned := d.planned(s, stage)
	var out []BlockReason
	for _, key := range sortedLimits(planned) {
		limit, ok := s.Policy.Limits[key.kind]
		if !ok {
			limit = DefaultLimits()[key.kind]
		}
		living := s.Living
		if key.perDomain {
			living = s.LivingByDomain[key.domain]
		}
		allowed := limit.Allowed(living)
		for _, week := range []bool{false, true} {
			window, most := 24*time.Hour, allowed
			if week {
				window, most = 7*24*time.Hour, allowed*WeekFactor
			}
			past := d.past(s.Source, key, window)
			if n := planned[key]; n > 0 && n+past > most {
				out = append(out, limitReason(s.Source, stage, key, week, n, past, most))
			}
		}
	}
	return out
}

// limitKey is one thing that is limited: a kind in a source, or in one domain
// of it.
type limitKey struct {
	kind      ActionKind
	perDomain bool
	domain    string
}

func limitReason(source string, stage Stage, key limitKey, week bool, planned, past, most int) BlockReason {
	code := LimitCode(key.kind, week)
	info, _ := CodeInfo(code)
	where, hours := "source "+source, "24 hours"
	if key.perDomain {
		where = fmt.Sprintf("domain %q of source %s", key.domain, source)
	}
	if week {
		hours = "7 days"
	}
	return BlockReason{
		Code: code, Stage: stage, Source: source, Hint: info.Hint, Approvable: true,
		Message: fmt.Sprintf("%d %s planned and %d done in the last %s for %s; %d are allowed", planned, key.kind, past, hours, where, most),
	}
}

// planned counts what a stage wants to do and no approval covers.
func (d *decider) planned(s *SourceFacts, stage Stage) map[limitKey]int {
	have := d.approvedItems(s.Policy.Approvals)
	twins := map[AccountID]bool{}
	for _, a := range d.actions {
		if a.Kind == ActDestroyTwin {
			twins[a.Account] = true
		}
	}
	out := map[limitKey]int{}
	for _, a := range d.actions {
		kind := limited(a, twins)
		if a.Source != s.Source || a.Stage != stage || kind == "" {
			continue
		}
		if have[itemOf(a)] {
			d.approved(stage)
			continue
		}
		if move := (domainMove{Domain(a.From), Domain(a.To)}); kind == ActRename && d.announcedLeft[move] > 0 {
			d.announcedLeft[move]--
			d.approved(stage)
			continue
		}
		out[limitKey{kind: kind}]++
		out[limitKey{kind: kind, perDomain: true, domain: Domain(a.From)}]++
	}
	return out
}

type domainMove struct{ from, to string }

// announced gives how many renames from one domain to another were announced
// and not made yet. The approvals needed are the most that any source asks for.
func (d *decider) announced() map[domainMove]int {
	persons := 1
	for _, s := range d.sources {
		persons = max(persons, s.Policy.Approvals)
	}
	out := map[domainMove]int{}
	for _, a := range d.Approvals {
		if a.RenameFrom == "" || !a.Expires.After(d.Now) || len(a.By) < persons {
			continue
		}
		left := a.Max
		for _, past := range d.Recent {
			if past.Kind == ActRename && past.Domain == strings.ToLower(a.RenameFrom) && !past.At.Before(a.Created) {
				left--
			}
		}
		out[domainMove{strings.ToLower(a.RenameFrom), strings.ToLower(a.RenameTo)}] += max(0, left)
	}
	return out
}

func (d *decider) past(source string, key limitKey, window time.Duration) int {
	n := 0
	for _, a := range d.Recent {
		if a.Source == source && a.Kind == key.kind && d.Now.Sub(a.At) < window && (!key.perDomain || a.Domain == key.domain) {
			n++
		}
	}
	return n
}

func sortedLimits(m map[limitKey]int) []limitKey {
	keys := make([]limitKey, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b limitKey) int {
		return compareText(string(a.kind)+"\x00"+a.domain, string(b.kind)+"\x00"+b.domain, a.perDomain, b.perDomain)
	})
	return keys
}

func compareText(a, b string, x, y bool) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// DefaultLimits are the limits where the configuration names none; they scale
// with the size of the source.
func DefaultLimits() map[ActionKind]Limit {
	return map[ActionKind]Limit{
		ActDelete: {20, 2}, ActSuspend: {50, 5}, ActRename: {100, 10},
		ActRelease: {100, 10}, ActPark: {10, 1}, ActDestroyTwin: {20, 2},
	}
}

// lost counts entries that lost their name, or all their addresses, at once:
// an attribute that became unreadable looks like that.
func (d *decider) lost(s *SourceFacts) []BlockReason {
	names, addresses := 0, 0
	for _, ref := range d.order {
		p := d.principals[ref]
		if ref.Source != s.Source || p == nil || p.State == StateGone || d.world.missing[ref] {
			continue
		}
		c, changed := d.changed[ref]
		if changed && len(c.Entry.Names) == 0 && p.Name != "" {
			names++
		}
		listed := len(p.Addresses)
		if changed && c.Entry.AddressesMapped {
			listed = len(c.Entry.Addresses)
		}
		// What was listed before stays in Dropped until it is released.
		if s.Policy.AddressesMapped && listed == 0 && len(p.Addresses)+len(p.Dropped) > 0 {
			addresses++
		}
	}
	limit := DefaultLimits()[ActRename].Allowed(s.Living)
	if l, ok := s.Policy.Limits[ActRename]; ok {
		limit = l.Allowed(s.Living)
	}
	var out []BlockReason
	add := func(code string, n int, what string) {
		if n > limit {
			info, _ := CodeInfo(code)
			out = append(out, BlockReason{
				Code: code, Source: s.Source, Hint: info.Hint, Approvable: true,
				Message: fmt.Sprintf("%d entries lost %s at once; %d are allowed", n, what, limit),
			})
		}
	}
	add(BlockNamesLost, names, "their name")
	add(BlockAddressesLost, addresses, "all their addresses")
	return out
}

// verdict sums the guards up over all sources.
func (d *decider) verdict() Verdict {
	v := Verdict{Stages: map[Stage]StageVerdict{}, Reasons: d.blocks}
	for _, stage := range Stages {
		v.Stages[stage] = StageOK
		if d.approvedStages[stage] {
			v.Stages[stage] = StageApproved
		}
		for _, allowed := range d.allowed {
			if !allowed[stage] {
				v.Stages[stage] = StageBlocked
			}
		}
	}
	v.Blocked = len(d.blocks) > 0
	if v.Reasons == nil {
		v.Reasons = []BlockReason{}
	}
	slices.SortStableFunc(v.Reasons, func(a, b BlockReason) int {
		return compareText(a.Source+"\x00"+string(a.Stage)+"\x00"+a.Code, b.Source+"\x00"+string(b.Stage)+"\x00"+b.Code, false, false)
	})
	return v
}
