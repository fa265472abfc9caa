package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "syncagent/internal/reconcile"
)

func TestFormID(t *testing.T) {
	for id, want := range map[StableID]StableID{
		FormID("p01", 2): "p01", FormID("also:1:x", 1): "also:1:x", "p01": "p01", "also:": "also:", "also:0:x": "also:0:x",
		"also:x:y": "also:x:y", "also:1:": "also:1:", FormID(StableID(strings.Repeat("x", MaxStableID)), 1): StableID(strings.Repeat("x", MaxStableID)),
	} {
		if _, got := id.Form(); got != want {
			t.Errorf("%s is a form of %s, want %s", id, got, want)
		}
	}
	d := NewDiffer("staff", "")
	if err := d.Add(Entry{ID: FormID("x", 1)}); err == nil {
		t.Error("an entry of the directory with an ID like ours is taken")
	}
}

// also gives a person a further name, and the account of it.
func (s *scene) also(id, name string) {
	e := *s.entries[id]
	e.Also = [][]string{{}}
	if name != "" {
		e.Also = [][]string{{at(name)}}
	}
	e.NamesAlso = e.Also[0]
	s.entries[id] = &e
	form := e.Forms()[1]
	s.entries[string(form.ID)], s.homes[string(form.ID)] = &form, "staff"
}

// hasAlso links that account, too.
func (s *scene) hasAlso(id, name string) {
	s.also(id, name)
	s.people[id].Entry = HashEntry(*s.entries[id], "")
	form := string(FormID(StableID(id), 1))
	s.box(name, name, longAgo)
	s.knowsUnbound("staff", form)
	s.people[form].Link = Link{Account: AccountID(strings.ToUpper(name)), Created: longAgo, Name: at(name)}
}

func TestForms(t *testing.T) {
	two := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			s.crowd(6)
			s.has("ann")
			s.hasAlso("ann", "a1")
			change(s)
		}
	}
	runTable(t, []row{
		{"nothing to do", two(func(*scene) {}), nil},
		{"the form follows its own attribute", two(func(s *scene) { s.also("ann", "a2") }), []string{"rename A1 a1>a2"}},
		{"the name changes, the form does not", two(func(s *scene) { s.renamed("ann", "eve"); s.also("ann", "a1") }), []string{"rename ANN ann>eve"}},
		{"both change", two(func(s *scene) { s.renamed("ann", "eve"); s.also("ann", "a2") }), []string{"rename A1 a1>a2", "rename ANN ann>eve"}},
		{"a form whose new name cannot be told", two(func(s *scene) { s.also("ann", "") }), []string{"hold no-name also:1:ann"}},
		{"the new form is another living person's name", two(func(s *scene) { s.has("bob"); s.also("ann", "bob") }), []string{
			"hold name-conflict also:1:ann",
		}},
		{"the person left: each account goes", two(func(s *scene) { s.overdue("ann"); s.overdue("also:1:ann") }), []string{
			"delete A1 a1", "delete ANN ann", "missing also:1:ann 9", "missing ann 9",
		}},
		{"the person is there, the form is not configured any more", two(func(s *scene) { s.overdue("also:1:ann") }), []string{"hold form-gone also:1:ann"}},
		{"a protection of the person protects each account", two(func(s *scene) {
			s.f.Protections = []Protection{{Pattern: "ann"}}
			s.overdue("ann")
			s.overdue("also:1:ann")
		}), []string{"hold protected also:1:ann", "hold protected ann", "missing also:1:ann 9", "missing ann 9"}},
		{"a new account of the form", func(s *scene) {
			s.has("ann")
			s.also("ann", "a1")
			s.people["ann"].Entry = HashEntry(*s.entries["ann"], "")
			s.knowsUnbound("staff", "also:1:ann")
			s.box("a1", "a1", noon.Add(-time.Minute))
		}, []string{"link also:1:ann A1"}},
		{"an account that another living entry claims is not linked", func(s *scene) {
			s.has("ann")
			s.also("ann", "bob")
			s.joins("bob", "bob")
			s.knowsUnbound("staff", "bob")
			s.box("bob", "bob", noon.Add(-time.Minute))
		}, []string{"hold name-conflict also:1:ann", "hold name-conflict bob"}},
		{"the account has the other name as an address: one account is enough", func(s *scene) {
			s.has("ann", "a1")
			s.also("ann", "a1")
		}, nil},
		{"access is cut for each account", two(func(s *scene) {
			p := &s.staff().Policy
			p.Suspend, p.SuspendRuns, p.Missing = true, 2, MissingSuspend
			s.overdue("ann")
			s.overdue("also:1:ann")
		}), []string{"suspend A1 a1", "suspend ANN ann", "missing also:1:ann 9", "missing ann 9"}},
	})
}

func TestFormsCountOnce(t *testing.T) {
	s := newScene()
	s.crowd(4)
	s.joins("ann", "ann")
	s.also("ann", "a1")
	d := s.decide()
	got := []int{d.Plan.Counts.New, d.Plan.Counts.Unchanged, d.Plan.Sources[0].Entries}
	if diff := cmp.Diff([]int{1, 4, 5}, got); diff != "" {
		t.Errorf("new, unchanged, entries (-want +got):\n%s", diff)
	}
}

// TestNoFormOfALivingPersonIsDestroyed lets names and forms change at random:
// whatever is due, no account of somebody who is there is suspended or deleted.
func TestNoFormOfALivingPersonIsDestroyed(t *testing.T) {
	names := []string{"ann", "bob", "eve", "zoe", "x1", "x2", "x3", "x4"}
	rapid.Check(t, func(t *rapid.T) {
		s := newScene()
		s.crowd(8)
		alive := map[AccountID]bool{}
		for i, id := range []string{"ann", "bob", "eve"} {
			s.has(id)
			form := []string{"x1", "x2", "x3"}[i]
			s.hasAlso(id, form)
			here := rapid.Bool().Draw(t, id)
			alive[AccountID(strings.ToUpper(id))], alive[AccountID(strings.ToUpper(form))] = here, here
			if !here {
				s.overdue(id)
				s.overdue("also:1:" + id)
				continue
			}
			if rapid.Bool().Draw(t, "formlost"+id) {
				s.overdue("also:1:" + id)
				continue
			}
			s.renamed(id, rapid.SampledFrom(names).Draw(t, "name"+id))
			s.also(id, rapid.SampledFrom(names).Draw(t, "also"+id))
		}
		for _, a := range s.decide().Plan.Actions {
			if alive[a.Account] && (a.Kind == ActDelete || a.Kind == ActSuspend || a.Kind == ActDestroyTwin || a.Kind == ActExport) {
				t.Fatalf("%s of the living %s: %+v", a.Kind, a.Account, a)
			}
		}
	})
}
