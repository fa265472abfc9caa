package state

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func renameAction() reconcile.Action {
	return reconcile.Action{
		Seq: 1, Kind: reconcile.ActRename, Stage: reconcile.StageRename, Source: "staff", StableID: "1", Account: "c",
		From: "a@example.org", To: "b@example.net", Via: "tmp-c@example.org",
		Addresses: reconcile.AddressChange{From: []string{"x@example.org"}, To: []string{}},
		Reason:    "renamed", After: []int{2, 3}, Group: 4,
		Before: &reconcile.Account{ID: "c", Name: "a@example.org", Kind: reconcile.KindIndividual, Created: noon, UsedBytes: -1},
	}
}

func TestJournal(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l := openLedger(t, dir)
	steps, err := l.Intend(ctx, "run1", []Step{
		{Seq: 1, Phase: "aside", Action: renameAction()},
		{Seq: 2, Action: reconcile.Action{Kind: reconcile.ActDelete, Source: "staff", StableID: "2", After: []int{}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Another process, or the next run after a kill, finds both.
	open, err := openCopy(t, dir).OpenSteps(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(steps, open); diff != "" {
		t.Error(diff)
	}
	if steps[0].ID >= steps[1].ID || steps[0].Run != "run1" || !steps[0].Created.Equal(noon) {
		t.Errorf("%+v", steps)
	}

	after := &reconcile.Account{ID: "c", Name: "b@example.net"}
	p := settled("staff", 1)
	err = l.Settle(ctx, []Settlement{{Step: steps[0].ID, Outcome: StepDone, After: after}},
		Changes{Principals: []reconcile.Principal{p}, KeysOf: names})
	if err != nil {
		t.Fatal(err)
	}
	if open, err = l.OpenSteps(ctx); err != nil || len(open) != 1 || open[0].ID != steps[1].ID {
		t.Errorf("open: %v, %v", open, err)
	}
	if n := living(t, l); n != 1 {
		t.Errorf("%d living: the outcome's change is missing", n)
	}
	all, err := l.Steps(ctx, "run1")
	if err != nil {
		t.Fatal(err)
	}
	done := steps[0]
	done.Outcome, done.After, done.Finished = StepDone, after, noon
	if diff := cmp.Diff([]Step{done, steps[1]}, all); diff != "" {
		t.Error(diff)
	}
	one, err := l.StepsOf(ctx, reconcile.PrincipalRef{Source: "staff", ID: "2"}, 5)
	if diff := cmp.Diff([]Step{steps[1]}, one); err != nil || diff != "" {
		t.Error(diff, err)
	}
}

func TestOutcomeIsWrittenOnce(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	steps, err := l.Intend(ctx, "run1", []Step{{Action: renameAction()}, {Action: renameAction()}})
	if err != nil {
		t.Fatal(err)
	}
	first := Settlement{Step: steps[0].ID, Outcome: StepFailed, Error: "timeout"}
	if err := l.Settle(ctx, []Settlement{first}, Changes{}); err != nil {
		t.Fatal(err)
	}
	changes := Changes{Meta: map[string]string{"a": "b"}}
	second := Settlement{Step: steps[1].ID, Outcome: StepDone}
	want(t, l.Settle(ctx, []Settlement{second, first}, changes), ErrNotFound)
	want(t, l.Settle(ctx, []Settlement{{Step: 99, Outcome: StepDone}}, changes), ErrNotFound)
	if err := l.Settle(ctx, []Settlement{{Step: steps[1].ID}}, changes); err == nil {
		t.Error("an empty outcome was recorded")
	}
	// Nothing of the refused ones was written.
	if open, err := l.OpenSteps(ctx); err != nil || len(open) != 1 {
		t.Errorf("open: %v, %v", open, err)
	}
	if _, found, err := l.Meta(ctx, "a"); err != nil || found {
		t.Errorf("meta: %v, %v", found, err)
	}
}

func TestPastActions(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	now := noon
	l.now = func() time.Time { return now }
	intend := func(run string, at time.Time, kind reconcile.ActionKind, id reconcile.StableID, outcome StepOutcome) {
		now = at
		a := reconcile.Action{Kind: kind, Source: "staff", StableID: id, From: "u" + string(id) + "@Example.org"}
		steps, err := l.Intend(ctx, run, []Step{{Action: a}})
		if err == nil && outcome != StepOpen {
			err = l.Settle(ctx, []Settlement{{Step: steps[0].ID, Outcome: outcome}}, Changes{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	intend("r0", noon.Add(-25*time.Hour), reconcile.ActDelete, "0", StepDone)
	intend("r1", noon.Add(-24*time.Hour), reconcile.ActDelete, "1", StepDone)
	intend("r1", noon.Add(-3*time.Hour), reconcile.ActDelete, "2", StepFailed)
	intend("r1", noon.Add(-3*time.Hour), reconcile.ActDelete, "3", StepDropped)
	intend("r1", noon.Add(-2*time.Hour), reconcile.ActDelete, "4", StepUnknown)
	intend("r2", noon.Add(-1*time.Hour), reconcile.ActRename, "5", StepDone)
	intend("r2", noon.Add(-time.Minute), reconcile.ActRename, "5", StepDone) // Its second phase.
	intend("r2", noon, reconcile.ActRename, "6", StepOpen)
	got, err := l.PastActions(ctx, noon.Add(-24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	past := func(kind reconcile.ActionKind, at time.Time) reconcile.PastAction {
		return reconcile.PastAction{Kind: kind, Source: "staff", Domain: "example.org", At: at}
	}
	expected := []reconcile.PastAction{
		past(reconcile.ActDelete, noon.Add(-24*time.Hour)),
		past(reconcile.ActDelete, noon.Add(-2*time.Hour)),
		past(reconcile.ActRename, noon.Add(-time.Hour)),
		past(reconcile.ActRename, noon),
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}

	// Housekeeping keeps open steps and the runs they belong to.
	if _, err := l.Record(ctx, Changes{DeleteRunsBefore: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if open, err := l.OpenSteps(ctx); err != nil || len(open) != 1 {
		t.Errorf("open: %v, %v", open, err)
	}
	if got, err = l.PastActions(ctx, time.Time{}); err != nil || len(got) != 1 {
		t.Errorf("past: %v, %v", got, err)
	}
}
