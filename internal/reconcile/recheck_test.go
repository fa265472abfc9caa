package reconcile_test

import (
	"testing"

	. "syncagent/internal/reconcile"
)

func TestJudgeRechecks(t *testing.T) {
	absent := LookupResult{ID: PresenceAbsent, Identity: PresenceAbsent}
	elsewhere := LookupResult{Identity: PresenceAbsent} // another source is not asked for the ID
	for _, c := range []struct {
		name   string
		own    LookupResult
		others map[string]LookupResult
		want   bool
	}{
		{"absent everywhere", absent, map[string]LookupResult{"a": elsewhere, "b": elsewhere}, true},
		{"no other source", absent, nil, true},
		{"found as a leaver", LookupResult{ID: PresenceFound, Leaver: true, Identity: PresenceAbsent}, nil, true},
		{"found", LookupResult{ID: PresenceFound, Identity: PresenceAbsent}, nil, false},
		{"nothing is known", LookupResult{}, nil, false},
		{"the ID is not known to be absent", LookupResult{Identity: PresenceAbsent, Reason: "timeout"}, nil, false},
		{"the name is not known to be absent", LookupResult{ID: PresenceAbsent}, nil, false},
		{"the name is somebody's here", LookupResult{ID: PresenceAbsent, Identity: PresenceFound}, nil, false},
		{"the name is somebody's elsewhere", absent, map[string]LookupResult{"a": elsewhere, "b": {Identity: PresenceFound}}, false},
		{"another source did not answer", absent, map[string]LookupResult{"a": {Reason: "timeout"}, "b": elsewhere}, false},
		{"what one found no other one takes back", absent, map[string]LookupResult{"a": {Identity: PresenceFound}, "b": {Reason: "timeout"}}, false},
	} {
		got := JudgeRechecks(c.own, c.others)
		if got.Negative() != c.want {
			t.Errorf("%s: %+v is negative: %v, want %v", c.name, got, got.Negative(), c.want)
		}
		if c.name[:4] == "what" && got.Identity != PresenceFound {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
