package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

func TestMissing(t *testing.T) {
	runTable(t, []row{
		{"the first read only counts", func(s *scene) {
			s.has("ann")
			s.leaves("ann")
			s.has("bob")
		}, []string{"missing ann 0"}},
		{"reads and time have passed", func(s *scene) {
			s.has("ann", "info")
			s.missed("ann", 2, 30*time.Hour)
			s.has("bob")
		}, []string{"delete ANN ann", "missing ann 2"}},
		{"the time has not", func(s *scene) {
			s.has("ann")
			s.missed("ann", 9, 23*time.Hour)
			s.has("bob")
		}, []string{"missing ann 9"}},
		{"the reads have not", func(s *scene) {
			s.has("ann")
			s.missed("ann", 1, 100*time.Hour)
			s.has("bob")
		}, []string{"missing ann 1"}},
		{"the read that would complete them comes too soon", func(s *scene) {
			s.has("ann")
			s.missed("ann", 2, 100*time.Hour)
			s.has("bob")
			s.staff().State.LastCounted = noon.Add(-59 * time.Minute)
		}, []string{"missing ann 2"}},
		{"a day counts between two reads at most", func(s *scene) {
			s.has("ann")
			s.missed("ann", 5, 23*time.Hour)
			s.people["ann"].Miss.Last = noon.AddDate(0, -1, 0)
			s.has("bob")
		}, []string{"missing ann 5"}},
		{"a clock that went back counts nothing", func(s *scene) {
			s.has("ann")
			s.missed("ann", 5, 47*time.Hour)
			s.people["ann"].Miss.Last = noon.Add(time.Hour)
			s.has("bob")
		}, []string{"missing ann 5"}},
		{"reported only", func(s *scene) {
			s.staff().Policy.Missing = MissingReport
			s.has("ann")
			s.overdue("ann")
			s.has("bob")
		}, []string{"hold missing-reported ann", "missing ann 9"}},
		{"suspended before the delete", func(s *scene) {
			s.staff().Policy.Suspend, s.staff().Policy.SuspendRuns = true, 2
			s.has("ann")
			s.missed("ann", 1, 0)
			s.has("bob")
		}, []string{"suspend ANN ann", "missing ann 1"}},
		{"not suspended twice", func(s *scene) {
			s.staff().Policy.Suspend, s.staff().Policy.SuspendRuns = true, 2
			s.has("ann")
			s.missed("ann", 2, 0)
			s.people["ann"].Access = AccessSuspended
			s.has("bob")
		}, []string{"missing ann 2"}},
		{"never deleted where policy.missing is suspend", func(s *scene) {
			s.staff().Policy.Missing, s.staff().Policy.Suspend = MissingSuspend, true
			s.has("ann")
			s.overdue("ann")
			s.has("bob")
		}, []string{"suspend ANN ann", "missing ann 9"}},
		{"no right to undo a suspension", func(s *scene) {
			s.staff().Policy.Missing, s.staff().Policy.Suspend = MissingSuspend, true
			s.f.Can.Suspend = false
			s.has("ann")
			s.overdue("ann")
			s.has("bob")
		}, []string{"hold suspend-not-reversible ann", "missing ann 9"}},
		{"marked as a leaver counts as missing", func(s *scene) {
			s.has("ann")
			s.missed("ann", 2, 30*time.Hour)
			s.joins("ann", "ann")
			s.entries["ann"].Leaver = true
			s.has("bob")
		}, []string{"delete ANN ann", "missing ann 2"}},
		{"somebody deleted the account already", func(s *scene) {
			s.has("ann")
			s.missed("ann", 1, 0)
			delete(s.boxes, "ann")
			s.has("bob")
		}, []string{"missing ann 1", "already-deleted ann ANN"}},
		{"deleted already, and the name is a new account's", func(s *scene) {
			s.has("ann")
			s.overdue("ann")
			delete(s.boxes, "ann")
			s.box("new", "ann", noon)
			s.has("bob")
		}, []string{"missing ann 9", "already-deleted ann ANN"}},
		{"unbound, no account of the name", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.overdue("ann")
			s.has("bob")
		}, []string{"missing ann 9"}},
		{"unbound, an account of the name", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.overdue("ann")
			s.box("ann", "ann", noon)
			s.has("bob")
		}, []string{"hold unbound-missing ann", "missing ann 9"}},
	})
}

// TestNotRemoved has everything that keeps a due account from being removed.
func TestNotRemoved(t *testing.T) {
	due := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.has("ann", "info")
			s.overdue("ann")
			s.has("bob")
			change(s)
		}
	}
	answer := func(r Recheck, ok bool) func(*scene) {
		return due(func(s *scene) {
			s.recheck = func(PrincipalRef) (Recheck, bool) { return r, ok }
		})
	}
	pattern := func(p string) func(*scene) { return due(func(s *scene) { s.staff().Policy.Protect = []string{p} }) }
	held := func(code string) []string { return []string{"hold " + code + " ann", "missing ann 9"} }
	deleted := []string{"delete ANN ann", "missing ann 9"}
	runTable(t, []row{
		{"nothing speaks against it", due(func(*scene) {}), deleted},
		{"protected by name", pattern("ann@*"), held("protected")},
		{"protected by local part", pattern("Ann"), held("protected")},
		{"protected by address", pattern("info"), held("protected")},
		{"protected by stable ID", pattern("ann"), held("protected")},
		{"protected by a person", due(func(s *scene) { s.f.Protections = []Protection{{Pattern: "ann"}} }), held("protected")},
		{"an administrator on the server", due(func(s *scene) { s.boxes["ann"].Kind = KindAdmin }), held("protected")},
		{"a group on the server", due(func(s *scene) { s.boxes["ann"].Kind = KindGroup }), held("protected")},
		{"a kind that the server does not tell", due(func(s *scene) { s.boxes["ann"].Kind = KindUnknown }), held("protected")},
		{"an administrator in the directory", due(func(s *scene) { s.people["ann"].Kind = KindAdmin }), held("protected")},
		{"a kind that the directory did not tell", due(func(s *scene) { s.people["ann"].Kind = KindUnknown }), held("protected")},
		{"our own login", due(func(s *scene) { s.f.SelfName = at("ann") }), held("protected")},
		{"made at another time", due(func(s *scene) { s.boxes["ann"].Created = noon }), held("account-changed")},
		{"renamed by somebody", due(func(s *scene) { s.boxes["ann"].Name = at("zoe") }), held("account-changed")},
		{"another ID bore the name once", due(func(s *scene) { s.people["ann"].Mixed = true }), held("mixed")},
		{"that, approved", due(func(s *scene) {
			s.people["ann"].Mixed = true
			s.f.Approvals = []Approval{{
				By: []string{"eve"}, Expires: noon.Add(time.Hour),
				Items: []ApprovedItem{{Kind: "mixed", Source: "staff", StableID: "ann", Account: "ANN", From: at("ann")}},
			}}
		}), deleted},
		{"a parked account gave its name up: the next bearer does not keep it", func(s *scene) {
			s.parked("ann")
			s.people["ann"].Mixed = false
			s.joins("new", "ann", "info")
			s.box("new", "ann", noon, "info")
		}, []string{"delete ANN syncagent-parked-ann", "missing ann 9", "link new NEW"}},
		{"found again", answer(Recheck{ID: PresenceFound, Identity: PresenceAbsent}, true), held("out-of-scope")},
		{"found among the leavers", answer(Recheck{ID: PresenceFound, Leaver: true, Identity: PresenceAbsent}, true), deleted},
		{"found among the leavers, the name elsewhere", answer(Recheck{ID: PresenceFound, Leaver: true, Identity: PresenceFound}, true), held("recheck-found")},
		{"the name found", answer(Recheck{ID: PresenceAbsent, Identity: PresenceFound}, true), held("recheck-found")},
		{"the ID unknown", answer(Recheck{Identity: PresenceAbsent}, true), held("recheck-blind")},
		{"the name unknown", answer(Recheck{ID: PresenceAbsent}, true), held("recheck-blind")},
		{"not asked", answer(Recheck{}, false), held("recheck-blind")},
		{"cannot be asked", due(func(s *scene) { s.staff().CanLookup = false }), held("recheck-blind")},
		{"a living entry lists an address", due(func(s *scene) {
			s.joinsIn("staff", "new", "new", "info")
		}), []string{"release ANN ann [info]>[]", "hold still-used ann", "missing ann 9"}},
		{"a living entry lists an address that only the ledger knows", due(func(s *scene) {
			s.joinsIn("staff", "new", "new", "info")
			s.boxes["ann"].Addresses = nil
		}), held("still-used")},
		{"an entry of another source has the name", due(func(s *scene) {
			s.source("other")
			s.joinsIn("other", "new", "ann")
			s.staff().Policy.Park = false
		}), []string{"hold name-reused new", "hold still-used ann", "missing ann 9"}},
		{"another source was not read to its end", due(func(s *scene) {
			s.source("other").Evidence.Complete = false
		}), []string{"hold source-incomplete ann", "missing ann 9", "block incomplete remove"}},
		{
			"another source is empty", due(func(s *scene) { s.source("other") }),
			[]string{"hold source-incomplete ann", "missing ann 9", "block empty remove"},
		},
		{"another source is below its floor", due(func(s *scene) {
			s.source("other").Policy.MinEntries = 2
			s.joinsIn("other", "zoe", "zoe")
		}), []string{"hold source-incomplete ann", "missing ann 9", "block floor remove"}},
		{"a person of another source, gone from it in doubt, has the name", due(func(s *scene) {
			other := s.source("other")
			other.State.Fingerprint = "before"
			s.joinsIn("other", "old", "ann")
			s.knowsUnbound("other", "old")
			s.leaves("old")
			s.joinsIn("other", "zoe", "zoe")
		}), []string{"hold still-used ann", "missing ann 9", "unconfirmed old", "block fuse remove"}},
		{"an export is required, but not possible", due(func(s *scene) {
			s.staff().Policy.ExportRequired, s.f.Can.Export = true, false
		}), held("export-unavailable")},
		{
			"an export is required", due(func(s *scene) { s.staff().Policy.ExportRequired = true }),
			[]string{"export ANN ann", "delete ANN ann", "missing ann 9"},
		},
		{
			"no right to delete", due(func(s *scene) { s.f.Can.Delete = false }),
			[]string{"delete ANN ann blocked", "missing ann 9", "block permissions-missing remove"},
		},
	})
}

func TestMissingIsNotedWithTheLastReadThatHadIt(t *testing.T) {
	s := newScene()
	s.has("ann")
	s.leaves("ann")
	s.has("bob")
	s.staff().State.LastCounted = noon.Add(-time.Minute) // too soon to count
	d := s.decide()
	p := rowOf(t, d, "ann")
	if !p.LastSeen.Equal(lastRead) || p.State != StateActive || p.Miss.Reads != 0 {
		t.Fatalf("row: %+v", p)
	}
	*s.people["ann"] = p
	s.staff().State.LastComplete = noon
	s.f.Now = noon.Add(2 * time.Hour)
	d = s.decide()
	if got := d.Plan.Missing[0].Since; !got.Equal(lastRead) {
		t.Errorf("since %s, want %s", got, lastRead)
	}
	if p := rowOf(t, d, "ann"); p.State != StateMissing || p.Miss.Reads != 1 || !p.Miss.Since.Equal(s.f.Now) || !p.LastSeen.Equal(lastRead) {
		t.Errorf("row: %+v", p)
	}
}

func TestDueTimes(t *testing.T) {
	s := newScene()
	s.staff().Policy.Suspend, s.staff().Policy.SuspendRuns, s.staff().Policy.SuspendTime = true, 2, 10*time.Hour
	s.has("ann")
	s.missed("ann", 1, 0)
	s.has("bob")
	s.staff().State.LastCounted = noon.Add(-time.Minute)
	m := s.decide().Plan.Missing[0]
	last := noon.Add(-24 * time.Hour)
	suspend, remove := last.Add(10*time.Hour), last.Add(48*time.Hour)
	want := Missing{Source: "staff", StableID: "ann", Account: "ANN", Name: at("ann"), Since: noon.Add(-25 * time.Hour), Misses: 1, SuspendDue: &suspend, DeleteDue: &remove}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestGoneRowRemembers(t *testing.T) {
	s := newScene()
	s.has("ann", "info")
	s.overdue("ann")
	s.has("bob")
	d := s.decide()
	if p := rowOf(t, d, "ann"); p.State != StateGone || p.Link.Account != "ANN" || p.Name != at("ann") {
		t.Errorf("row: %+v", p)
	}
	if graves := d.Effects[1].Tombstones; len(graves) != 2 {
		t.Errorf("tombstones: %+v", graves)
	}
}
