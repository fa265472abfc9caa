package reconcile

import (
	"fmt"
	"slices"
	"strings"
)

// unfinishedApprovals tells of approvals that would let something blocked pass
// if more persons gave them.
func (d *decider) unfinishedApprovals() {
	blocked := map[ApprovedItem]bool{}
	needed := map[string]int{}
	for _, item := range d.blocked {
		blocked[item] = true
	}
	for name, s := range d.sources {
		needed[name] = s.Policy.Approvals
	}
	for _, a := range d.Approvals {
		persons := 0
		for _, item := range a.Items {
			if blocked[item] {
				persons = max(persons, needed[item.Source])
			}
		}
		if a.RenameFrom != "" {
			persons = d.personsNeeded()
		}
		have := a.Persons()
		if !a.Expires.After(d.Now) || have == 0 || have >= persons {
			continue
		}
		what := "plan " + a.Plan
		if a.RenameFrom != "" {
			what = fmt.Sprintf("the change of domain from %s to %s", a.RenameFrom, a.RenameTo)
		}
		d.notices = append(d.notices, Notice{
			Code: NoticeApprovalUnfinished,
			Message: fmt.Sprintf("%s is approved by %d of %d persons (%s); %d more must approve it before %s",
				what, have, persons, strings.Join(slices.Sorted(slices.Values(a.By)), ", "), persons-have, a.Expires.UTC().Format("2006-01-02 15:04 UTC")),
		})
	}
}
