package report

import (
	"errors"
	"fmt"
	"regexp"

	"syncagent/internal/reconcile"
)

// hashForm is the form of a plan's hash.
var hashForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// kinds are the kinds of action that a plan may have.
var kinds = map[reconcile.ActionKind]bool{
	reconcile.ActRelease: true, reconcile.ActPark: true, reconcile.ActSuspend: true,
	reconcile.ActResume: true, reconcile.ActRename: true, reconcile.ActDestroyTwin: true,
	reconcile.ActRelink: true, reconcile.ActExport: true, reconcile.ActDelete: true,
	reconcile.ActPurge: true, reconcile.ActClaim: true,
}

// checkPlan finds values that no plan of ours has.
func checkPlan(r reconcile.RunResult) error {
	if !hashForm.MatchString(r.Hash) {
		return fmt.Errorf("hash: %q is not sha256: and 64 hexadecimal digits", clean(r.Hash))
	}
	seqs := map[int]bool{}
	for i, a := range r.Actions {
		if err := checkAction(a, seqs); err != nil {
			return fmt.Errorf("actions[%d].%w", i, err)
		}
		seqs[a.Seq] = true
	}
	for i, a := range r.Actions {
		for j, after := range a.After {
			if !seqs[after] || after == a.Seq {
				return fmt.Errorf("actions[%d].after[%d]: there is no other action %d", i, j, after)
			}
		}
	}
	for i, result := range r.Results {
		if !seqs[result.Seq] {
			return fmt.Errorf("results[%d].seq: there is no action %d", i, result.Seq)
		}
	}
	return checkVerdict(r.Verdict)
}

func checkAction(a reconcile.Action, seqs map[int]bool) error {
	_, person := a.StableID.Form()
	switch {
	case a.Seq < 1:
		return fmt.Errorf("seq: %d is not positive", a.Seq)
	case seqs[a.Seq]:
		return fmt.Errorf("seq: %d stands twice", a.Seq)
	case !kinds[a.Kind]:
		return fmt.Errorf("kind: %q is not a kind of action", clean(string(a.Kind)))
	case a.Stage != reconcile.StageOf(a.Kind):
		return fmt.Errorf("stage: %q is not the stage of %s", clean(string(a.Stage)), a.Kind)
	case len(person) > reconcile.MaxStableID:
		return fmt.Errorf("stable_id: it is longer than %d bytes", reconcile.MaxStableID)
	case a.Kind != reconcile.ActPurge && a.Source == "":
		return errors.New("source: missing")
	case a.Kind != reconcile.ActPurge && a.Account == "":
		return errors.New("account: missing")
	}
	return nil
}

func checkVerdict(v reconcile.Verdict) error {
	for _, stage := range reconcile.Stages {
		switch v.Stages[stage] {
		case reconcile.StageOK, reconcile.StageBlocked, reconcile.StageApproved:
		default:
			return fmt.Errorf("verdict.stages.%s: %q is not ok, blocked or approved", stage, clean(string(v.Stages[stage])))
		}
	}
	if len(v.Stages) > len(reconcile.Stages) {
		return errors.New("verdict.stages: there is a stage that does not exist")
	}
	return nil
}
