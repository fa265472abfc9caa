package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

const (
	csn1 = "20260301115800.000000Z#000000#001#000000"
	csn2 = "20260301115900.000000Z#000000#001#000000"
	csnB = "20260301110000.000000Z#000000#002#000000"
)

// TestPositionsOfEveryKind says for each kind of change mark when a snapshot is
// older than the one before.
func TestPositionsOfEveryKind(t *testing.T) {
	people := "dc=people"
	for _, c := range []struct {
		name        string
		before, now map[string]string
		scopes      []string
		older       bool
	}{
		{"contextCSN: the same", map[string]string{"001": csn1}, map[string]string{"001": csn1}, []string{""}, false},
		{"contextCSN: later", map[string]string{"001": csn1}, map[string]string{"001": csn2}, []string{""}, false},
		{"contextCSN: earlier", map[string]string{"001": csn2}, map[string]string{"001": csn1}, []string{""}, true},
		{"contextCSN: one more server ID", map[string]string{"001": csn1}, map[string]string{"001": csn1, "002": csnB}, []string{""}, false},
		{"contextCSN: a server ID is not there any more", map[string]string{"001": csn1, "002": csnB}, map[string]string{"001": csn1}, []string{""}, true},
		{"contextCSN: nor do later changes of another one prove it", map[string]string{"001": csn1, "002": csnB}, map[string]string{"001": csn2}, []string{""}, true},
		{"contextCSN: none at all, as while a replica is loaded", map[string]string{"001": csn1}, nil, []string{""}, true},
		{"contextCSN: never told", nil, nil, []string{""}, false},
		{"contextCSN: a second database goes back", map[string]string{"001#dc=a": csn1, "001#dc=b": csn2}, map[string]string{"001#dc=a": csn2, "001#dc=b": csn1}, []string{"dc=a", "dc=b"}, true},
		{"contextCSN: another database is read now", map[string]string{"001#dc=a": csn1, "001#dc=b": csn2}, map[string]string{"001#dc=a": csn1, "001#" + people: csn1}, []string{"dc=a", people}, false},
		{"USN: later", map[string]string{"inv1": "99"}, map[string]string{"inv1": "100"}, nil, false},
		{"USN: the domain controller went back", map[string]string{"inv1": "100"}, map[string]string{"inv1": "99"}, nil, true},
		{"USN: another domain controller counts on its own", map[string]string{"inv1": "100"}, map[string]string{"inv2": "7"}, nil, false},
		{"USN: a restored one has a new invocation ID", map[string]string{"inv1": "100", "inv2": "8"}, map[string]string{"inv3": "90"}, nil, false},
		{"USN: none told", map[string]string{"inv1": "100"}, nil, nil, false},
		{"probe: later", map[string]string{"probe:a": "9"}, map[string]string{"probe:a": "10"}, nil, false},
		{"probe: with decimals", map[string]string{"probe:a": "9.5"}, map[string]string{"probe:a": "10.25"}, nil, false},
		{"probe: with decimals, back", map[string]string{"probe:a": "10.25"}, map[string]string{"probe:a": "9.75"}, nil, true},
		{"probe: a time", map[string]string{"probe:a": "2026-03-01 11:00:00"}, map[string]string{"probe:a": "2026-03-01 10:59:00"}, nil, true},
		{"probe: earlier", map[string]string{"probe:a": "10"}, map[string]string{"probe:a": "9"}, nil, true},
		{"probe: NULL now", map[string]string{"probe:a": "10"}, map[string]string{"probe:a": ""}, nil, true},
		{"probe: NULL as ever", nil, map[string]string{"probe:a": ""}, nil, false},
		{"probe: defined anew", map[string]string{"probe:a": "10"}, map[string]string{"probe:b": "3"}, nil, false},
		{"probe: not configured any more", map[string]string{"probe:a": "10"}, nil, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			s.has("ann")
			s.staff().State.Positions, s.staff().Evidence.Positions, s.staff().Evidence.PositionScopes = c.before, c.now, c.scopes
			want := []string{}
			if c.older {
				want = []string{"block older-snapshot remove"}
			}
			if diff := cmp.Diff(want, show(s.decide())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// approves lets somebody approve what a decision blocked.
func (s *scene) approves(d Decision, by ...string) {
	s.f.Approvals = append(s.f.Approvals, Approval{
		Plan: d.Plan.Hash, By: by, Created: noon, Expires: noon.Add(24 * time.Hour), Items: d.Blocked,
	})
}

// TestSetBackOnPurpose: an approval lets a lower position count from then on.
func TestSetBackOnPurpose(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.has("bob")
	s.staff().State.Positions = map[string]string{"001": csn1, "002": csnB}
	s.staff().Evidence.PositionScopes = []string{""}
	s.renamed("bob", "rob")
	s.staff().Evidence.Positions = map[string]string{"001": csn1}
	d := s.decide()
	if diff := cmp.Diff([]string{"block older-snapshot remove"}, show(d)); diff != "" {
		t.Fatalf("before (-want +got):\n%s", diff)
	}
	if r := d.Plan.Verdict.Reasons[0]; !r.Approvable || len(d.Plan.Sources[0].Older) != 1 || len(d.Sources) != 0 {
		t.Fatalf("%+v %+v", d.Plan.Verdict, d.Plan.Sources)
	}
	s.approves(d, "Ada")
	s.staff().Evidence.Positions = map[string]string{"001": csn2} // the directory goes on meanwhile
	d = s.decide()
	if diff := cmp.Diff([]string{"rename BOB bob>rob"}, show(d)); diff != "" {
		t.Fatalf("approved (-want +got):\n%s", diff)
	}
	if !slices.ContainsFunc(d.Plan.Notices, func(n Notice) bool { return n.Code == NoticeOlderAccepted }) ||
		!slices.ContainsFunc(d.Detected, func(x Detection) bool { return x.Event == "older-accepted" && x.From == csnB }) {
		t.Errorf("it is not told: %+v %+v", d.Plan.Notices, d.Detected)
	}
	s.record(d)
	if diff := cmp.Diff(map[string]string{"001": csn2}, s.staff().State.Positions); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	s.f.Approvals = nil
	if got := s.reads(map[string]string{"001": csn1}); !slices.Contains(got, "block older-snapshot remove") {
		t.Errorf("the new position does not count: %v", got)
	}
}

// TestApprovalOfASetBack says what an approval covers.
func TestApprovalOfASetBack(t *testing.T) {
	blocked := []string{"block older-snapshot remove"}
	for _, c := range []struct {
		name   string
		change func(s *scene)
		want   []string
	}{
		{"as it was", func(*scene) {}, []string{}},
		{"later than approved", func(s *scene) { s.staff().Evidence.Positions["probe:a"] = "8" }, []string{}},
		{"earlier than approved", func(s *scene) { s.staff().Evidence.Positions["probe:a"] = "6" }, blocked},
		{"nothing is told any more", func(s *scene) { s.staff().Evidence.Positions["probe:a"] = "" }, blocked},
		{"expired", func(s *scene) { s.f.Approvals[0].Expires = noon }, blocked},
		{"for another source", func(s *scene) { s.f.Approvals[0].Items[0].Source = "pupils" }, blocked},
		{"of another position", func(s *scene) { s.staff().State.Positions["probe:a"] = "11" }, blocked},
		{"by one of two persons", func(s *scene) { s.staff().Policy.Approvals = 2 }, blocked},
		{"by two of two", func(s *scene) {
			s.staff().Policy.Approvals, s.f.Approvals[0].By = 2, []string{"Ada", "Bob"}
		}, []string{}},
		{"an incomplete snapshot stays one", func(s *scene) { s.staff().Evidence.Complete = false }, []string{"block incomplete remove"}},
		{"an empty one, too", func(s *scene) { s.leaves("ann") }, []string{"block empty remove"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			s.has("ann")
			s.staff().State.Positions = map[string]string{"probe:a": "10"}
			s.staff().Evidence.Positions = map[string]string{"probe:a": "7"}
			s.approves(s.decide(), "Ada")
			c.change(s)
			if diff := cmp.Diff(c.want, show(s.decide())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatIsEmptyAndOlderCannotBeApproved: an approval of the age would only
// hide what cannot be approved.
func TestWhatIsEmptyAndOlderCannotBeApproved(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.leaves("ann")
	s.staff().State.Positions = map[string]string{"probe:a": "10"}
	s.staff().Evidence.Positions = map[string]string{"probe:a": "7"}
	d := s.decide()
	if len(d.Blocked) != 0 || len(d.Plan.Verdict.Reasons) != 2 {
		t.Errorf("%+v %+v", d.Blocked, d.Plan.Verdict)
	}
}

// TestSetBackStaysUnderTheGuards: people whom the restored directory lacks are
// counted as ever.
func TestSetBackStaysUnderTheGuards(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.has("bob")
	s.has("cid")
	s.staff().Policy.MaxDrop, s.staff().State.Largest = 0.1, map[string]int{"2026-03-01": 3}
	s.staff().State.Positions = map[string]string{"probe:a": "10"}
	s.staff().Evidence.Positions = map[string]string{"probe:a": "7"}
	s.leaves("bob", "cid")
	s.approves(s.decide(), "Ada")
	d := s.decide()
	if diff := cmp.Diff([]string{"unconfirmed bob", "unconfirmed cid", "block drop remove"}, show(d)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	s.record(d)
	if s.staff().State.Positions["probe:a"] != "7" {
		t.Errorf("what was approved does not count while the drop is doubted: %v", s.staff().State.Positions)
	}
}

// TestProbeDefinedAnew: not compared once, told, and compared from then on.
func TestProbeDefinedAnew(t *testing.T) {
	for _, former := range []string{"", "probe:a"} {
		s := newScene()
		s.has("ann")
		s.staff().State.Positions = map[string]string{former: "1000"}
		s.staff().Evidence.Positions = map[string]string{"probe:b": "3"}
		d := s.decide()
		if diff := cmp.Diff([]string{}, show(d)); diff != "" {
			t.Fatalf("first (-want +got):\n%s", diff)
		}
		if len(d.Plan.Notices) != 1 || d.Plan.Notices[0].Code != NoticeProbeChanged || len(d.Detected) != 1 || d.Detected[0].Event != NoticeProbeChanged {
			t.Errorf("it is not told: %+v %+v", d.Plan.Notices, d.Detected)
		}
		s.record(d)
		if diff := cmp.Diff(map[string]string{"probe:b": "3"}, s.staff().State.Positions); diff != "" {
			t.Errorf("recorded (-want +got):\n%s", diff)
		}
		d = s.decide()
		if len(d.Plan.Notices) != 0 || len(d.Detected) != 0 {
			t.Errorf("told twice: %+v", d.Plan.Notices)
		}
		if diff := cmp.Diff([]string{"block older-snapshot remove"}, s.reads(map[string]string{"probe:b": "2"})); diff != "" {
			t.Errorf("later (-want +got):\n%s", diff)
		}
	}
}
