package reconcile

import (
	"fmt"
	"math"
)

// limitNeeded says what would let a stage pass that a limit stops: the setting
// without an approval, or only time.
func limitNeeded(kind ActionKind, limit Limit, living int, week bool, planned, past, most int) string {
	need := planned + past
	if week {
		need = (need + WeekFactor - 1) / WeekFactor
	}
	text := fmt.Sprintf("this needs an approval, or policy.limits.%s with count: %d", limitSetting(kind), max(need, limit.Count))
	if percent := percentFor(need, living); need > 3 && living > 0 && float64(percent) > limit.Percent {
		text += fmt.Sprintf(" and percent: %d%%", percent)
	}
	if planned <= most {
		text += ", or to wait until enough of those done are longer ago"
	}
	return text
}

// limitSetting is the key below policy.limits of a kind.
func limitSetting(kind ActionKind) string {
	switch kind {
	case ActDestroyTwin:
		return "twin"
	case ActRelink:
		return "rename"
	case ActDelete, ActSuspend, ActRename, ActRelease, ActPark, ActResume, ActClaim, ActExport, ActPurge:
	}
	return string(kind)
}

// percentFor is the least whole percentage of the living that allows so many.
func percentFor(need, living int) int {
	if living == 0 {
		return 0
	}
	percent := need * 100 / living
	for (Limit{Count: need, Percent: float64(percent)}).Allowed(living) < need && percent < math.MaxInt16 {
		percent++
	}
	return percent
}
