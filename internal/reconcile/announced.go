package reconcile

import "strings"

type domainMove struct{ from, to string }

// announced gives how many renames from one domain to another were announced
// and not made yet. The approvals needed are the most that any source asks for.
func (d *decider) announced() map[domainMove]int {
	persons := d.personsNeeded()
	out := map[domainMove]int{}
	for _, a := range d.Approvals {
		if a.RenameFrom == "" || !d.enough(a, persons) {
			continue
		}
		left := a.Max
		for _, past := range d.Recent {
			if past.Kind == ActRename && past.Domain == strings.ToLower(a.RenameFrom) && !past.At.Before(a.Created) {
				left--
			}
		}
		out[domainMove{strings.ToLower(a.RenameFrom), strings.ToLower(a.RenameTo)}] += max(0, left)
	}
	return out
}
