package reconcile_test

import (
	"testing"
	"time"

	. "syncagent/internal/reconcile"
)

// firstTime makes the source one that was never adopted.
func (s *scene) firstTime() { s.staff().State = SourceState{Name: "staff"} }

func TestFirstRun(t *testing.T) {
	runTable(t, []row{
		{"an entry and an account of its name are linked", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"link ann ANN"}},
		{"letter case and a domain alias do not matter", func(s *scene) {
			s.firstTime()
			s.f.Rules = NameRules{WholeAddress: true, Domains: map[string]string{"example.org": "example.org", "example.net": "example.org"}}
			s.joins("ann", "Ann@Example.NET")
			s.box("ann", "ann", longAgo)
		}, []string{"link ann ANN"}},
		{"without an account the entry is remembered", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
		}, nil},
		{"an account older than the person is not linked", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.entries["ann"].Created = longAgo.Add(48 * time.Hour)
			s.box("ann", "ann", longAgo)
		}, []string{"hold older-than-person ann"}},
		{"an account younger than the person is linked", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.entries["ann"].Created = longAgo.Add(-48 * time.Hour)
			s.box("ann", "ann", longAgo)
		}, []string{"link ann ANN"}},
		{"without one of the two times the name alone links", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.entries["ann"].Created = noon
			s.box("ann", "ann", time.Time{})
		}, []string{"link ann ANN"}},
		{"an orphan is left alone", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.box("old", "old", longAgo)
		}, nil},
		{"an orphan that has an alias of an entry as its name is left alone", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann", "info")
			s.box("ann", "ann", longAgo)
			s.box("info", "info", longAgo)
		}, []string{"hold account-unproven ann", "link ann ANN"}},
		{"an account that has the name as an address only is not linked", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.box("old", "old", longAgo, "ann")
		}, []string{"hold address-taken ann"}},
		{"a name of two entries links neither", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.joins("eve", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"hold name-conflict ann", "hold name-conflict eve"}},
		{"a group of the name is not linked", func(s *scene) {
			s.firstTime()
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
			s.boxes["ann"].Kind = KindGroup
		}, []string{"hold protected ann"}},
		{"a missing canary accepts nothing", func(s *scene) {
			s.firstTime()
			s.staff().Policy.Canaries = []string{"eve"}
			s.watch["staff"] = []string{"eve"}
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"block canary remove"}},
		{"a second source's first run takes no name from the first one's missing", func(s *scene) {
			s.source("pupils").State = SourceState{Name: "pupils"}
			s.has("bob")
			s.has("ann")
			s.overdue("ann")
			s.joinsIn("pupils", "new", "ann")
			s.joinsIn("pupils", "zoe", "zoe")
		}, []string{"hold account-unproven new", "hold still-used ann", "missing ann 9"}},
	})
}

func TestFirstRunWithoutItsCanaryRecordsNothing(t *testing.T) {
	s := newScene()
	s.firstTime()
	s.staff().Policy.Canaries = []string{"eve"}
	s.watch["staff"] = []string{"eve"}
	s.joins("ann", "ann")
	s.box("ann", "ann", longAgo)
	d := s.decide()
	if len(d.Record.Principals)+len(d.Sources)+len(d.Detected) != 0 {
		t.Errorf("recorded: %+v %+v %+v", d.Record, d.Sources, d.Detected)
	}
}

func TestFirstRunIsRecorded(t *testing.T) {
	s := newScene()
	s.firstTime()
	s.staff().Policy.Canaries = []string{"ann"}
	s.watch["staff"] = []string{"ann"}
	s.joins("ann", "ann", "info")
	s.box("ann", "ann", longAgo)
	d := s.decide()
	p := rowOf(t, d, "ann")
	if p.State != StateActive || p.Link.Account != "ANN" || !p.Link.Created.Equal(longAgo) || p.Name != at("ann") ||
		len(p.Addresses) != 2 || !p.NameLackedAt.IsZero() || !p.FirstSeen.Equal(noon) || p.Entry.IsZero() {
		t.Errorf("row: %+v", p)
	}
	st := d.Sources[0]
	if !st.Adopted || st.Fingerprint != "fp" || !st.LastCounted.Equal(noon) || st.Canaries["ann"] != "ann" || st.Largest["2026-03-01"] != 1 {
		t.Errorf("state: %+v", st)
	}
}

func TestNewEntries(t *testing.T) {
	runTable(t, []row{
		{"no account yet", func(s *scene) { s.joins("ann", "ann") }, nil},
		{"an account made after the last read is linked", func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", lastRead.Add(time.Minute))
		}, []string{"link ann ANN"}},
		{"an account made before it is not: it is moved aside", func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", lastRead.Add(-time.Minute), "info")
		}, []string{"park ANN ann>syncagent-parked-ANN [info]>[]"}},
		{"or held, if so configured", func(s *scene) {
			s.staff().Policy.Park = false
			s.joins("ann", "ann")
			s.box("ann", "ann", lastRead.Add(-time.Minute))
		}, []string{"hold name-reused ann"}},
		{"an account that was listed before the read is not younger, whatever its clock says", func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", lastRead.Add(time.Minute))
			s.boxes["ann"].FirstListed = lastRead.Add(-time.Minute)
		}, []string{"park ANN ann>syncagent-parked-ANN"}},
		{"an account without a time proves nothing", func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", time.Time{})
			s.boxes["ann"].FirstListed = time.Time{}
		}, []string{"park ANN ann>syncagent-parked-ANN"}},
		{"without rights to rename the park is blocked", func(s *scene) {
			s.f.Can.Rename = false
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"park ANN ann>syncagent-parked-ANN blocked", "block permissions-missing protect"}},
		{"an administrator's account is not moved", func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
			s.boxes["ann"].Kind = KindAdmin
		}, []string{"hold name-taken ann"}},
		{"nor one that is protected", func(s *scene) {
			s.staff().Policy.Protect = []string{"info"}
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo, "info")
		}, []string{"hold name-taken ann"}},
		{"our own account is not moved", func(s *scene) {
			s.f.Self = "ANN"
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"hold name-taken ann"}},
		{"nor the one of our login name", func(s *scene) {
			s.f.SelfName = "Ann@example.org"
			s.joins("ann", "ann")
			s.box("ann", "ann", longAgo)
		}, []string{"hold name-taken ann"}},
		{"a name of a living entry is a conflict", func(s *scene) {
			s.has("ann")
			s.joins("new", "ann")
		}, []string{"hold name-conflict new"}},
		{"an address of a living entry as a name is a conflict", func(s *scene) {
			s.has("ann", "info")
			s.joins("new", "info")
		}, []string{"hold address-conflict new"}},
		{"no name", func(s *scene) {
			s.joins("ann", "ann")
			s.entries["ann"].Names = nil
		}, []string{"hold no-name ann"}},
		{"a blank name", func(s *scene) {
			s.joins("ann", "ann")
			s.entries["ann"].Names = []string{"  "}
		}, []string{"hold no-name ann"}},
		{"several names", func(s *scene) {
			s.joins("ann", "ann")
			s.entries["ann"].Names = []string{at("ann"), at("anna")}
		}, []string{"hold name-ambiguous ann"}},
		{"several spellings of one name", func(s *scene) {
			s.joins("ann", "ann")
			s.entries["ann"].Names = []string{at("ann"), "ANN@example.org"}
			s.box("ann", "ann", noon)
		}, []string{"link ann ANN"}},
		{
			"a domain that the server lacks", func(s *scene) { s.joins("ann", "ann@example.com") },
			[]string{"hold domain-unknown ann"},
		},
		{"a kind that is not known", func(s *scene) {
			s.joins("ann", "ann")
			s.entries["ann"].Kind = KindUnknown
			s.box("ann", "ann", noon)
		}, []string{"hold kind-unknown ann"}},
		{"an enabled flag that is not understood counts as enabled", func(s *scene) {
			s.joins("ann", "ann")
			s.entries["ann"].Enabled = EnabledUnknown
			s.box("ann", "ann", noon)
		}, []string{"hold enabled-unknown ann", "link ann ANN"}},
		{"an account found suspended is linked and stays so", func(s *scene) {
			s.joins("ann", "ann")
			s.box("ann", "ann", noon)
			s.boxes["ann"].Suspended = true
		}, []string{"link ann ANN"}},
	})
}

func TestUnboundPrincipals(t *testing.T) {
	runTable(t, []row{
		{"linked once the account is there", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.box("ann", "ann", longAgo.Add(time.Hour))
		}, []string{"link ann ANN"}},
		{"not if the account may be older", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.box("ann", "ann", longAgo.Add(-time.Hour))
		}, []string{"park ANN ann>syncagent-parked-ANN"}},
		{"known since the first run, account made later", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.people["ann"].NameLackedAt = time.Time{}
			s.box("ann", "ann", longAgo.Add(2*time.Hour))
		}, []string{"link ann ANN"}},
		{"known since the first run, account not seen then but older", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.people["ann"].NameLackedAt = time.Time{}
			s.box("ann", "ann", longAgo)
		}, []string{"hold account-unproven ann"}},
		{"a new name before the account was known", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.renamed("ann", "eve")
			s.box("eve", "eve", lastRead.Add(time.Minute))
		}, []string{"link ann EVE"}},
		{"an account of the new name from before it is not theirs", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.renamed("ann", "eve")
			s.box("eve", "eve", lastRead.Add(-time.Minute))
		}, []string{"park EVE eve>syncagent-parked-EVE"}},
		{"whoever left and came back after the account was deleted is new", func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.people["ann"].State, s.people["ann"].Mixed = StateGone, true
			s.box("ann", "ann", lastRead.Add(time.Minute))
		}, []string{"link ann ANN"}},
	})
}

func TestReturnAfterTheDeleteStartsAnew(t *testing.T) {
	s := newScene()
	s.joins("ann", "ann")
	s.knowsUnbound("staff", "ann")
	p := s.people["ann"]
	p.State, p.Mixed, p.Waiting, p.HeldEntry = StateGone, true, longAgo, HashOf("x")
	s.box("ann", "ann", lastRead.Add(time.Minute))
	got := rowOf(t, s.decide(), "ann")
	if got.State != StateActive || got.Mixed || !got.Waiting.IsZero() || !got.HeldEntry.IsZero() || !got.FirstSeen.Equal(noon) {
		t.Errorf("row: %+v", got)
	}
}

func TestHoldsAreToldAgain(t *testing.T) {
	for name, set := range map[string]func(*scene){
		"domain of an unbound one": func(s *scene) {
			s.joins("ann", "ann")
			s.knowsUnbound("staff", "ann")
			s.renamed("ann", "ann@example.com")
		},
		"enabled flag": func(s *scene) {
			s.has("ann")
			s.entries["ann"].Enabled = EnabledUnknown
		},
		"conflict of addresses": func(s *scene) {
			s.has("ann")
			s.has("bob", "info")
			s.lists("ann", "info")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			set(s)
			d := s.decide()
			if len(d.Plan.Holds) == 0 {
				t.Fatal("nothing is held")
			}
			if p := rowOf(t, d, "ann"); !p.Entry.IsZero() {
				t.Error("the entry counts as settled, so the hold is told only once")
			}
		})
	}
}
