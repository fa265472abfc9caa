package reconcile

import (
	"fmt"
	"strings"
)

// unusable says why a source's snapshot cannot be used, nil if it can. It
// concerns completeness, emptiness, the floor and age. Nothing of it can be
// approved, but that the directory was set back on purpose.
func (w *world) unusable(s *SourceFacts) []BlockReason {
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
	if back, approved := w.older(s); len(back) > 0 && !approved {
		texts := make([]string, len(back))
		for i, b := range back {
			texts[i] = b.text()
		}
		bad(UnusableOlderSnapshot, strings.Join(texts, "; ")+": an older replica, or a directory that was restored or set back")
		out[len(out)-1].Approvable = len(out) == 1
	}
	return out
}
