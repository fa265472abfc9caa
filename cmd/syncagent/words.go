package main

import (
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// moment is a time for people: to the minute, in UTC.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// itemText says in words what an approval lets pass.
func itemText(it reconcile.ApprovedItem) string {
	if it.Kind == reconcile.ItemOlder {
		to := printable(it.To)
		if to == "" {
			to = "no position at all"
		}
		return fmt.Sprintf("believe source %s, although it went back from %s to %s", printable(it.Source), printable(it.From), to)
	}
	name := printable(it.From)
	if name == "" {
		name = "(no name)"
	}
	whose := fmt.Sprintf("%s %s", printable(it.Source), printable(string(it.StableID)))
	if it.Account != "" {
		whose += ", account " + printable(string(it.Account))
	}
	switch it.Kind {
	case reconcile.ItemMiss:
		return fmt.Sprintf("count as missing: %s (%s)", name, whose)
	case reconcile.ItemLater:
		return fmt.Sprintf("delete after the grace: %s (%s)", name, whose)
	case reconcile.ItemMixed:
		return fmt.Sprintf("delete, although it may hold mail of two people: %s (%s)", name, whose)
	}
	if it.To != "" && it.To != it.From {
		return fmt.Sprintf("%s %s to %s (%s)", it.Kind, name, printable(it.To), whose)
	}
	return fmt.Sprintf("%s %s (%s)", it.Kind, name, whose)
}

// itemsCounted says "12 delete, 3 count as missing", in a fixed order.
func itemsCounted(items []reconcile.ApprovedItem) string {
	counts := map[string]int{}
	for _, it := range items {
		counts[it.Kind]++
	}
	text := ""
	add := func(kind, words string) {
		if n := counts[kind]; n > 0 {
			if text != "" {
				text += ", "
			}
			text += counted(n, words)
		}
	}
	add(reconcile.ItemOlder, "older position")
	add(reconcile.ItemMiss, "absence")
	if n := counts[reconcile.ItemLater]; n > 0 {
		text += ", " + counted(n, "delete") + " after the grace"
	}
	for _, kind := range []reconcile.ActionKind{
		reconcile.ActRelease, reconcile.ActPark, reconcile.ActSuspend, reconcile.ActResume, reconcile.ActRename,
		reconcile.ActDestroyTwin, reconcile.ActRelink, reconcile.ActClaim, reconcile.ActExport, reconcile.ActDelete,
	} {
		add(string(kind), string(kind))
	}
	add(reconcile.ItemMixed, "mixed delete")
	return text
}
