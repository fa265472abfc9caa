package reconcile

import "time"

// newState is the source state to record after this run.
func (d *decider) newState(s *SourceFacts, j *judgement) SourceState {
	st := s.State
	st.Name = s.Source
	st.LastComplete = d.Now
	if j.rebased || !j.doubted() {
		st.Positions = furthest(s.State.Positions, s.Evidence.Positions, j.setBack)
	}
	if j.doubted() {
		return st
	}
	if j.counted || j.firstRun {
		st.LastCounted = d.Now
	}
	st.Adopted, st.Fingerprint = true, s.Fingerprint
	st.IDAttribute, st.Directory = s.Evidence.IDAttribute, s.Evidence.Directory
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
