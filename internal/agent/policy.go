package agent

import (
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
)

// policyOf turns the configuration of a source into the value that decides.
func policyOf(c config.Source) reconcile.Policy {
	p := c.Policy
	out := reconcile.Policy{
		Rename:    p.Rename == config.RenameApply,
		GraceRuns: p.Grace.Runs, GraceTime: p.Grace.Time.Std(), Spacing: p.Grace.Spacing.Std(),
		SuspendDisabled: p.Disabled == config.DisabledSuspend,
		ExportRequired:  p.Export.Required, Park: p.Reuse == config.ReusePark,
		Tombstones: p.Tombstones.Std(), Protect: p.Protect, Approvals: p.Approvals,
		Limits:     limitsOf(p.Limits),
		MinEntries: c.Expect.MinEntries, MaxDrop: float64(c.Expect.MaxDrop) / 100, Canaries: c.Expect.Canaries,
		IDNeverReused: c.Map.IDNeverReused, SamePersonMapped: len(c.Map.SamePerson) > 0, SamePerson: c.Map.SamePerson,
		AddressesMapped: len(c.Map.Addresses) > 0 || (c.SQL != nil && c.SQL.Addresses != ""),
	}
	switch p.Missing {
	case config.MissingDelete:
		out.Missing = reconcile.MissingDelete
	case config.MissingSuspend:
		out.Missing = reconcile.MissingSuspend
	case config.MissingReport:
	}
	switch p.Twin {
	case config.TwinReplaceEmpty:
		out.Twin = reconcile.TwinReplaceEmpty
	case config.TwinMerge:
		out.Twin = reconcile.TwinMerge
	case config.TwinHold:
	}
	out.Suspend = p.Suspend.On
	out.SuspendRuns, out.SuspendTime = p.Suspend.Runs, p.Suspend.Time.Std()
	return out
}

func limitsOf(l config.Limits) map[reconcile.ActionKind]reconcile.Limit {
	one := func(l config.Limit) reconcile.Limit {
		return reconcile.Limit{Count: l.Count, Percent: float64(l.Percent)}
	}
	return map[reconcile.ActionKind]reconcile.Limit{
		reconcile.ActDelete: one(l.Delete), reconcile.ActSuspend: one(l.Suspend), reconcile.ActRename: one(l.Rename),
		reconcile.ActRelink:  one(l.Rename),
		reconcile.ActRelease: one(l.Release), reconcile.ActPark: one(l.Park), reconcile.ActDestroyTwin: one(l.Twin),
	}
}
