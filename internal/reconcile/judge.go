package reconcile

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// judgement is what the guards over a snapshot say about one source.
type judgement struct {
	bad      []BlockReason // the source cannot be used in this run
	guards   []BlockReason // stage remove waits, misses do not count
	all      []BlockReason // every stage waits
	firstRun bool
	counted  bool // this read counts misses
	// accepted is true if the source means something else than at the last applied
	// run and that was approved, or takes nobody out of the scope.
	accepted    bool
	unconfirmed bool
}

func (j *judgement) unusable() bool { return len(j.bad) > 0 }

// refused tells that a first run lacks a canary: it accepts and records nothing.
func (j *judgement) refused() bool { return j != nil && j.firstRun && len(j.guards) > 0 }

// doubted tells that absences do not count: a guard or a change of meaning
// stands in the way.
func (j *judgement) doubted() bool { return j.unconfirmed || len(j.all) > 0 }

// adopting tells whether entries are linked to accounts by name alone.
func (j *judgement) adopting() bool { return j.firstRun || j.accepted }

// Unusable says why a source's snapshot cannot be used, nil if it can. It
// concerns completeness, emptiness and the floor: nothing of it can be approved.
func (s *SourceFacts) Unusable() []BlockReason {
	var out []BlockReason
	bad := func(code, message string) {
		info, _ := CodeInfo(code)
		out = append(out, BlockReason{Code: code, Source: s.Source, Message: message, Hint: info.Hint})
	}
	if !s.Evidence.Complete {
		for _, r := range s.Evidence.Reasons {
			if r.Hint == "" {
				info, _ := CodeInfo(r.Code)
				r.Hint = info.Hint
			}
			out = append(out, BlockReason{Code: r.Code, Source: s.Source, Message: r.Message, Hint: r.Hint})
		}
		if len(out) == 0 {
			bad(UnusableIncomplete, "the snapshot was not read to its end")
		}
		return out
	}
	switch {
	case s.Evidence.Entries == 0:
		bad(UnusableEmpty, "the source answered without an error, but has no entries at all")
	case s.Evidence.Entries < s.Policy.MinEntries:
		bad(UnusableFloor, fmt.Sprintf("the source has %d entries, fewer than expect.min_entries (%d)",
			s.Evidence.Entries, s.Policy.MinEntries))
	}
	if why := olderThan(s.Evidence.Positions, s.State.Positions); why != "" {
		bad(UnusableOlderSnapshot, why)
	}
	return out
}

// olderThan compares the positions of two snapshots.
func olderThan(now, before map[string]string) string {
	for _, key := range sortedKeys(now) {
		old, ok := before[key]
		if !ok || old == "" || now[key] == "" {
			continue
		}
		if comparePositions(now[key], old) < 0 {
			return fmt.Sprintf("the source stands at %s, but the last accepted snapshot was at %s: an older replica or a restored backup", now[key], old)
		}
	}
	return ""
}

// comparePositions compares as decimal integers if both are, else as text.
func comparePositions(a, b string) int {
	x, okA := new(big.Int).SetString(a, 10)
	y, okB := new(big.Int).SetString(b, 10)
	if okA && okB {
		return x.Cmp(y)
	}
	return strings.Compare(a, b)
}

func (d *decider) judgeSources() {
	for i := range d.Facts.Sources {
		s := &d.Facts.Sources[i]
		j := &judgement{firstRun: !s.State.Adopted}
		d.judged[s.Source] = j
		j.bad = s.Unusable()
		if j.unusable() {
			continue
		}
		d.judgeMeaning(s, j)
		d.judgeSize(s, j)
		if !j.firstRun {
			d.confirm(s, j)
			due := s.State.LastCounted.IsZero() || d.Now.Sub(s.State.LastCounted) >= s.Policy.Spacing
			j.counted = due && !j.doubted()
		}
	}
}

func (j *judgement) guard(s *SourceFacts, code, message string) {
	info, _ := CodeInfo(code)
	j.guards = append(j.guards, BlockReason{
		Code: code, Stage: StageRemove, Source: s.Source,
		Message: message, Hint: info.Hint, Approvable: true,
	})
}

// judgeMeaning blows the fuse if the source means something else than before.
func (d *decider) judgeMeaning(s *SourceFacts, j *judgement) {
	if j.firstRun {
		return
	}
	st, ev := s.State, s.Evidence
	if st.IDAttribute != "" && ev.IDAttribute != st.IDAttribute {
		info, _ := CodeInfo(BlockIDAttributeChanged)
		j.all = append(j.all, BlockReason{
			Code: BlockIDAttributeChanged, Source: s.Source, Hint: info.Hint,
			Message: fmt.Sprintf("stable IDs come from %q now, but the ledger was made with %q", ev.IDAttribute, st.IDAttribute),
		})
	}
	if st.Fingerprint != s.Fingerprint {
		j.guard(s, BlockFuse, "base, filter, mapping or target of the source changed since the last applied run")
	}
	if st.Directory != "" && ev.Directory != st.Directory {
		j.guard(s, BlockDirectoryChanged, fmt.Sprintf("the directory identifies itself as %q, before it was %q", ev.Directory, st.Directory))
	}
	if n, limit := d.churn(s); n > limit {
		info, _ := CodeInfo(BlockIDChurn)
		j.all = append(j.all, BlockReason{
			Code: BlockIDChurn, Source: s.Source, Hint: info.Hint,
			Message: fmt.Sprintf("%d stable IDs vanished while their names came back under new IDs", n),
		})
	}
}

// churn counts vanished IDs whose name returned under an ID never seen before.
func (d *decider) churn(s *SourceFacts) (count, limit int) {
	fresh := map[Hash]bool{}
	for _, c := range s.Changed {
		if d.principals[PrincipalRef{s.Source, c.Entry.ID}] == nil {
			for _, name := range c.Entry.Names {
				fresh[d.hash(name)] = true
			}
		}
	}
	for ref := range d.world.missing {
		if ref.Source == s.Source && fresh[d.hash(d.principals[ref].Name)] {
			count++
		}
	}
	return count, max(3, s.Living/100)
}

// judgeSize compares the number of IDs gone with the best of 30 days, and
// looks for the canaries.
func (d *decider) judgeSize(s *SourceFacts, j *judgement) {
	for _, canary := range s.Policy.Canaries {
		for _, lost := range s.Lost {
			if lost == canary {
				j.guard(s, BlockCanary, fmt.Sprintf("the canary %q is not in the snapshot", canary))
			}
		}
	}
	if j.firstRun {
		return
	}
	largest := 0
	for _, n := range recentSizes(s.State.Largest, d.Now) {
		largest = max(largest, n)
	}
	gone := max(len(d.unconfirmedMissing(s)), largest-s.Evidence.Entries)
	allowed := s.Policy.MaxDrop * float64(largest)
	if allowed > 0 {
		allowed = max(1, allowed) // one person may always leave
	}
	if largest > 0 && float64(gone) > allowed {
		j.guard(s, BlockDrop, fmt.Sprintf("%d of %d entries are gone, more than expect.max_drop allows (%.4g%%)",
			gone, largest, s.Policy.MaxDrop*100))
	}
}

// unconfirmedMissing lists absences that no counted read has confirmed yet.
func (d *decider) unconfirmedMissing(s *SourceFacts) []*Principal {
	var out []*Principal
	for _, ref := range d.order {
		if ref.Source == s.Source && d.world.missing[ref] && d.principals[ref].Miss.Reads == 0 {
			out = append(out, d.principals[ref])
		}
	}
	return out
}

// confirm lets misses count in spite of the guards if an approval covers every
// absence that they keep back.
func (d *decider) confirm(s *SourceFacts, j *judgement) {
	if len(j.guards) == 0 {
		return
	}
	var items []ApprovedItem
	for _, ref := range d.order {
		if ref.Source == s.Source && d.world.missing[ref] {
			items = append(items, missItem(d.principals[ref]))
		}
	}
	if len(items) == 0 {
		j.nobodyLeft()
		return
	}
	if d.covered(items, s.Policy.Approvals) || d.onlyOrdinaryRest(s, j, items) {
		j.accepted, j.guards = true, nil
		return
	}
	j.unconfirmed = true
	d.blocked = append(d.blocked, items...)
}

// onlyOrdinaryRest tells whether those absences that no approval covers, of
// people who left after it was given, would be no reason to block by themselves.
// A change of the source's meaning must be covered whole.
func (d *decider) onlyOrdinaryRest(s *SourceFacts, j *judgement, items []ApprovedItem) bool {
	for _, g := range j.guards {
		if g.Code != BlockDrop {
			return false
		}
	}
	have, rest := d.approvedItems(s.Policy.Approvals), 0
	for _, item := range items {
		if !have[item] {
			rest++
		}
	}
	largest := 0
	for _, n := range s.State.Largest {
		largest = max(largest, n)
	}
	return rest < len(items) && float64(rest) <= s.Policy.MaxDrop*float64(largest)
}

// nobodyLeft lets pass what only guards against absences: nobody is absent. A
// canary that is not there still means that the reading lacks something.
func (j *judgement) nobodyLeft() {
	var canaries []BlockReason
	for _, g := range j.guards {
		switch g.Code {
		case BlockCanary:
			canaries = append(canaries, g)
		case BlockFuse, BlockDirectoryChanged:
			j.accepted = true
		}
	}
	j.guards, j.unconfirmed = canaries, len(canaries) > 0
	j.accepted = j.accepted && !j.unconfirmed
}

func missItem(p *Principal) ApprovedItem {
	return ApprovedItem{Kind: itemMiss, Source: p.Source, StableID: p.ID, Account: p.Link.Account, From: p.Name}
}

// covered tells whether valid approvals of enough persons cover every item.
func (d *decider) covered(items []ApprovedItem, persons int) bool {
	have := d.approvedItems(persons)
	for _, item := range items {
		if !have[item] {
			return false
		}
	}
	return true
}

func (d *decider) approvedItems(persons int) map[ApprovedItem]bool {
	have := map[ApprovedItem]bool{}
	for _, a := range d.Approvals {
		if a.Expires.After(d.Now) && len(a.By) >= max(1, persons) {
			for _, item := range a.Items {
				have[item] = true
			}
		}
	}
	return have
}

// newState is the source state to record after this run.
func (d *decider) newState(s *SourceFacts, j *judgement) SourceState {
	st := s.State
	st.Name = s.Source
	st.LastComplete = d.Now
	if j.doubted() {
		return st
	}
	if j.counted || j.firstRun {
		st.LastCounted = d.Now
	}
	st.Adopted, st.Fingerprint = true, s.Fingerprint
	st.IDAttribute, st.Directory = s.Evidence.IDAttribute, s.Evidence.Directory
	st.Positions = s.Evidence.Positions
	st.Largest = largest(s.State.Largest, j.accepted, d.Now, s.Evidence.Entries)
	st.Canaries = map[string]StableID{}
	for _, canary := range s.Policy.Canaries {
		if id, ok := s.Watched[canary]; ok {
			st.Canaries[canary] = id
		}
	}
	return st
}

// dayFormat is how days are written in SourceState.Largest.
const dayFormat = "2006-01-02"

// largest keeps the largest accepted size of each of the last 30 days.
func largest(before map[string]int, reset bool, now time.Time, entries int) map[string]int {
	out := map[string]int{}
	if !reset {
		out = recentSizes(before, now)
	}
	today := now.UTC().Format(dayFormat)
	out[today] = max(out[today], entries)
	return out
}

// recentSizes leaves out what is older than 30 days.
func recentSizes(sizes map[string]int, now time.Time) map[string]int {
	out := map[string]int{}
	oldest := now.UTC().AddDate(0, 0, -30).Format(dayFormat)
	for day, n := range sizes {
		if day >= oldest {
			out[day] = n
		}
	}
	return out
}
