package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// DefaultLimits are the limits where the configuration names none; they scale
// with the size of the source.
func DefaultLimits() map[ActionKind]Limit {
	return map[ActionKind]Limit{
		ActDelete: {20, 2}, ActSuspend: {50, 5}, ActRename: {100, 10},
		ActRelease: {100, 10}, ActPark: {10, 1}, ActDestroyTwin: {20, 2},
		ActRelink: {100, 10},
	}
}

// limitKey is one thing that is limited: a kind in a source, or in one domain
// of it.
type limitKey struct {
	kind      ActionKind
	perDomain bool
	domain    string
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
				r := limitReason(s.Source, stage, key, week, n, past, most)
				r.Message += "; " + limitNeeded(key.kind, limit, living, week, n, past, most)
				out = append(out, r)
			}
		}
	}
	return out
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
	for i, a := range d.actions {
		kind := limited(a, twins)
		if a.Source != s.Source || a.Stage != stage || kind == "" {
			continue
		}
		if a.Approved || have[ItemOf(a)] {
			d.actions[i].Approved = true
			d.approved(stage)
			continue
		}
		if move := (domainMove{Domain(a.From), Domain(a.To)}); kind == ActRename && d.announcedLeft[move] > 0 {
			d.announcedLeft[move]--
			d.actions[i].Approved = true
			d.approved(stage)
			continue
		}
		out[limitKey{kind: kind}]++
		out[limitKey{kind: kind, perDomain: true, domain: Domain(a.From)}]++
	}
	return out
}

func (d *decider) past(source string, key limitKey, window time.Duration) int {
	n := 0
	for _, a := range d.Recent {
		if !a.Approved && a.Source == source && a.Kind == key.kind && d.Now.Sub(a.At) < window && (!key.perDomain || a.Domain == key.domain) {
			n++
		}
	}
	return n
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
