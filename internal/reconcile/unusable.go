package reconcile

import (
	"fmt"
	"maps"
	"math/big"
	"strings"
)

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

// ageTold tells whether the positions of two snapshots can be compared at all.
// Domain controllers, for instance, count each on its own.
func ageTold(now, before map[string]string) bool {
	for key, position := range now {
		if position != "" && before[key] != "" {
			return true
		}
	}
	return false
}

// furthest keeps the last position of every server that was ever read, so that
// one that comes back with older data is recognised although another one was
// read in between.
func furthest(before, now map[string]string) map[string]string {
	if len(before)+len(now) == 0 {
		return nil
	}
	out := maps.Clone(before)
	if out == nil {
		out = map[string]string{}
	}
	for key, position := range now {
		if position != "" {
			out[key] = position
		}
	}
	return out
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
