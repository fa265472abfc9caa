package reconcile

import "fmt"

// judgement is what the guards over a snapshot say about one source.
type judgement struct {
	bad      []BlockReason // the source cannot be used in this run
	guards   []BlockReason // stage remove waits, misses do not count
	all      []BlockReason // every stage waits
	firstRun bool
	counted  bool // this read counts misses
	// accepted is true if the source means something else than at the last applied
	// run and that was approved, or takes nobody out of the scope.
	accepted bool
	// remeant tells that the source means something else in this run than before
	// (fuse, other directory), accepted or not.
	remeant     bool
	unconfirmed bool
	// setBack is in what the source is older than before, with approval.
	setBack []SetBack
	// rebased tells that the positions count anew from this snapshot.
	rebased bool
}

func (j *judgement) unusable() bool { return len(j.bad) > 0 }

// refused tells that a first run lacks a canary: it accepts and records nothing.
func (j *judgement) refused() bool { return j != nil && j.firstRun && len(j.guards) > 0 }

// doubted tells that absences do not count: a guard or a change of meaning
// stands in the way.
func (j *judgement) doubted() bool { return j.unconfirmed || len(j.all) > 0 }

// widened tells that a new meaning of the source was accepted in this run: an
// entry that it brings may have been in the directory, and used its account, all
// along, or may be a newcomer whose name an old account has.
func (j *judgement) widened() bool { return j.accepted && j.remeant }

// strange tells that entries that seem new may have been there all along.
func (j *judgement) strange() bool { return j.doubted() && (j.remeant || len(j.all) > 0) }

func (d *decider) judgeSources() {
	for i := range d.Facts.Sources {
		s := &d.Facts.Sources[i]
		j := &judgement{firstRun: !s.State.Adopted}
		d.judged[s.Source] = j
		j.bad = d.unusable(s)
		if j.unusable() {
			continue
		}
		d.judgeAge(s, j)
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
	j.remeant = j.remeant || code == BlockFuse || code == BlockDirectoryChanged
	info, _ := CodeInfo(code)
	j.guards = append(j.guards, BlockReason{
		Code: code, Stage: StageRemove, Source: s.Source,
		Message: message, Hint: info.Hint, Approvable: true,
	})
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
		j.guard(s, BlockDrop, fmt.Sprintf("%d of %d entries are gone, more than expect.max_drop allows (%.4g%%); this needs an approval, or expect.max_drop: %d%%",
			gone, largest, s.Policy.MaxDrop*100, (gone*100+largest-1)/largest))
	}
}
