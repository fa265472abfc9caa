package reconcile

import (
	"fmt"
	"slices"
	"strings"
)

// guard judges the stages of every source: what may run, what is blocked and
// why, and what an approval lets pass.
func (d *decider) guard() {
	d.announcedLeft = d.announced()
	for _, name := range sortedKeys(d.sources) {
		s, j := d.sources[name], d.judged[name]
		d.allowed[name] = map[Stage]bool{}
		if j.unusable() {
			for _, r := range j.bad {
				r.Stage = StageRemove
				d.blocks = append(d.blocks, r)
				if r.Approvable {
					back, _ := d.older(s)
					for _, b := range back {
						d.blocked = append(d.blocked, b.Item(s.Source))
					}
				}
			}
			continue
		}
		lost := d.lost(s)
		for _, stage := range Stages {
			reasons := d.stageReasons(s, j, stage)
			for _, r := range lost {
				if stage == StageProtect && r.Code == BlockNamesLost {
					continue // parking and releasing need no name of the entry
				}
				r.Stage = stage
				reasons = append(reasons, r)
			}
			d.allowed[name][stage] = d.settle(s, stage, reasons)
		}
	}
}

// settle blocks a stage for the reasons given, unless approvals cover
// everything in it that may be approved.
func (d *decider) settle(s *SourceFacts, stage Stage, reasons []BlockReason) bool {
	if len(reasons) == 0 {
		return true
	}
	items := d.items(s.Source, stage)
	final := slices.ContainsFunc(reasons, func(r BlockReason) bool { return !r.Approvable })
	misses := slices.ContainsFunc(reasons, func(r BlockReason) bool { return guardsMisses(r.Code) })
	if !final && !misses && len(items) > 0 && d.covered(items, s.Policy.Approvals) {
		d.approved(stage)
		return true
	}
	d.blocks = append(d.blocks, reasons...)
	d.blocked = append(d.blocked, items...)
	return false
}

// guardsMisses tells whether a guard keeps misses from counting; an approval of
// the absences, not of actions, lets it pass (see confirm).
func guardsMisses(code string) bool {
	switch code {
	case BlockFuse, BlockDrop, BlockCanary, BlockDirectoryChanged:
		return true
	}
	return false
}

func (d *decider) approved(stage Stage) { d.approvedStages[stage] = true }

// stageReasons lists what blocks one stage of one source.
func (d *decider) stageReasons(s *SourceFacts, j *judgement, stage Stage) []BlockReason {
	var out []BlockReason
	for _, r := range j.all {
		r.Stage = stage
		out = append(out, r)
	}
	if d.ServerChanged != "" {
		info, _ := CodeInfo(BlockServerChanged)
		out = append(out, BlockReason{Code: BlockServerChanged, Stage: stage, Source: s.Source, Message: d.ServerChanged, Hint: info.Hint})
	}
	if stage == StageRemove {
		out = append(out, j.guards...)
	}
	out = append(out, d.permissions(s, stage)...)
	return append(out, d.limits(s, stage)...)
}

// permissions blocks a stage that needs what our login may not do.
func (d *decider) permissions(s *SourceFacts, stage Stage) []BlockReason {
	need := map[ActionKind]bool{ActDelete: d.Can.Delete, ActDestroyTwin: d.Can.Delete, ActRename: d.Can.Rename, ActRelease: d.Can.Rename, ActPark: d.Can.Rename}
	for _, a := range d.actions {
		if can, asked := need[a.Kind]; a.Source == s.Source && a.Stage == stage && asked && !can {
			info, _ := CodeInfo(BlockPermissionsMissing)
			return []BlockReason{{
				Code: BlockPermissionsMissing, Stage: stage, Source: s.Source, Hint: info.Hint,
				Message: fmt.Sprintf("our login on the mail server may not %s accounts", a.Kind) + d.lacking(a.Kind),
			}}
		}
	}
	return nil
}

// lacking names the permissions that a kind of action lacks, for the end of a
// message; empty if they are not known.
func (d *decider) lacking(kind ActionKind) string {
	ability := "rename"
	if kind == ActDelete || kind == ActDestroyTwin {
		ability = "delete"
	}
	if names := d.Lacks[ability]; len(names) > 0 {
		return "; it lacks " + strings.Join(names, ", ")
	}
	return ""
}

// verdict sums the guards up over all sources.
func (d *decider) verdict() Verdict {
	v := Verdict{Stages: map[Stage]StageVerdict{}, Reasons: d.blocks}
	for _, stage := range Stages {
		v.Stages[stage] = StageOK
		if d.approvedStages[stage] {
			v.Stages[stage] = StageApproved
		}
		for _, allowed := range d.allowed {
			if !allowed[stage] {
				v.Stages[stage] = StageBlocked
			}
		}
	}
	v.Blocked = len(d.blocks) > 0
	if v.Reasons == nil {
		v.Reasons = []BlockReason{}
	}
	slices.SortStableFunc(v.Reasons, func(a, b BlockReason) int {
		return compareText(a.Source+"\x00"+string(a.Stage)+"\x00"+a.Code, b.Source+"\x00"+string(b.Stage)+"\x00"+b.Code, false, false)
	})
	return v
}
