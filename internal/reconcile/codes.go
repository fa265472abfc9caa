package reconcile

import (
	"maps"
	"slices"
	"strings"
)

// CodeClass tells what a code does to a run.
type CodeClass string

// The classes of codes.
const (
	// ClassHold keeps one action from being taken; everything else goes on.
	ClassHold CodeClass = "hold"
	// ClassBlock stops a whole stage of a source. Where a person may let it pass,
	// the BlockReason says so (Approvable, exit code 4).
	ClassBlock CodeClass = "block"
	// ClassUnusable says that a source cannot be believed in this run; it cannot
	// be approved (exit code 5).
	ClassUnusable CodeClass = "unusable"
	// ClassNotice is worth telling and holds nothing back.
	ClassNotice CodeClass = "notice"
)

// Code explains one code of a hold, a block, an unusable source or a notice to
// a mail administrator. docs/holds/ has a page for each.
type Code struct {
	Code  string
	Class CodeClass
	// Title is a few words for a heading.
	Title string
	// Meaning is one paragraph: what the agent saw and why it is careful.
	Meaning string
	// Hint is what a person can do about it.
	Hint string
}

// CodeInfo gives what is known about a code, and whether it is known at all.
// It may be called concurrently.
func CodeInfo(code string) (Code, bool) {
	c, ok := registry[code]
	return c, ok
}

// Codes lists all codes, sorted by code. The caller owns the slice.
func Codes() []Code {
	return slices.SortedFunc(maps.Values(registry), func(a, b Code) int {
		return strings.Compare(a.Code, b.Code)
	})
}

// LimitCode gives the code of the guard that limits a kind of action over 24
// hours or, with week, over seven days; "" for kinds without a limit.
func LimitCode(kind ActionKind, week bool) string {
	day, ok := limitCodes[kind]
	if !ok {
		return ""
	}
	if week {
		return day + weekSuffix
	}
	return day
}

// weekSuffix makes the code of a limit over seven days out of that over one.
const weekSuffix = "-week"

// limitCodes has the kinds of action that are limited (CONTRACT, policy.limits).
var limitCodes = map[ActionKind]string{
	ActDelete:      BlockLimitDelete,
	ActSuspend:     BlockLimitSuspend,
	ActRename:      BlockLimitRename,
	ActRelease:     BlockLimitRelease,
	ActPark:        BlockLimitPark,
	ActDestroyTwin: BlockLimitTwin,
	ActRelink:      BlockLimitRelink,
}

// registry has every code once. It is never changed after start.
var registry = index(holdCodes, addressCodes, removalCodes, accountCodes,
	orderCodes, blockCodes, limitPages(), unusableCodes, noticeCodes, readingCodes, serverCodes)

func index(lists ...[]Code) map[string]Code {
	all := map[string]Code{}
	for _, list := range lists {
		for _, c := range list {
			all[c.Code] = c
		}
	}
	return all
}
