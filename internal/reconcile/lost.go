package reconcile

import "fmt"

// lost counts entries that lost their name, or all their addresses, at once:
// an attribute that became unreadable looks like that.
func (d *decider) lost(s *SourceFacts) []BlockReason {
	names, addresses := 0, 0
	for _, ref := range d.order {
		p := d.principals[ref]
		if ref.Source != s.Source || p == nil || p.State == StateGone || d.world.missing[ref] {
			continue
		}
		c, changed := d.changed[ref]
		if changed && len(c.Entry.Names) == 0 && p.Name != "" {
			names++
		}
		listed := len(p.Addresses)
		if changed && c.Entry.AddressesMapped {
			listed = len(c.Entry.Addresses)
		}
		// What was listed before stays in Dropped until it is released.
		if s.Policy.AddressesMapped && listed == 0 && len(p.Addresses)+len(p.Dropped) > 0 {
			addresses++
		}
	}
	limit := DefaultLimits()[ActRename].Allowed(s.Living)
	if l, ok := s.Policy.Limits[ActRename]; ok {
		limit = l.Allowed(s.Living)
	}
	var out []BlockReason
	add := func(code string, n int, what string) {
		if n > limit {
			info, _ := CodeInfo(code)
			out = append(out, BlockReason{
				Code: code, Source: s.Source, Hint: info.Hint, Approvable: true,
				Message: fmt.Sprintf("%d entries lost %s at once; %d are allowed, as policy.limits.rename says", n, what, limit),
			})
		}
	}
	add(BlockNamesLost, names, "their name")
	add(BlockAddressesLost, addresses, "all their addresses")
	return out
}
