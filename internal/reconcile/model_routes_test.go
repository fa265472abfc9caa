package reconcile_test

import (
	"slices"

	. "syncagent/internal/reconcile"
)

// route is a way by which one person comes to what was made for another: the
// directory says that the address is this person's, and the server opens and
// fills another person's mailbox with it.
type route struct {
	person  StableID
	address string
	account AccountID
}

// routes lists all such ways, or only those to strangers. Whoever is the same
// human under another ID is no stranger.
func (m *model) routes(strangers bool) map[route]bool {
	out := map[route]bool{}
	for _, p := range m.people {
		for _, address := range p.identities() {
			box := m.box(address)
			if box == nil || box.blocked || strangers && (box.owner == "" || m.humans[box.owner] == p.human) {
				continue
			}
			if address == p.name || m.policy.AddressesMapped {
				out[route{p.id, address, box.id}] = true
			}
		}
	}
	return out
}

// witness notes what a complete read can know: whose account it is whose owner
// bears its name, and who may have used it. An account that nobody saw with its
// owner is that of whoever bears its name now.
func (m *model) witness(r reading) {
	read := func(p *person) bool { return p.source != r.cut && p.source != r.empty && p.source != r.stale }
	for _, id := range m.ids() {
		p := m.people[id]
		box := m.box(p.name)
		if box == nil || !read(p) {
			continue
		}
		box.seen[p.id] = true
		if box.name == p.name && (box.owner == p.id || !box.known && r.whole() && !m.linked(box.id)) {
			box.owner, box.known = p.id, true
		}
	}
}

// adopted hands over what was linked by name alone because a change of the
// source's meaning was approved, as at a first run, and accounts whom no
// complete read ever saw with their owners.
func (m *model) adopted(before map[string]string) {
	for _, p := range m.rows() {
		box := m.accounts[p.Link.Account]
		if box == nil || p.State != StateActive || !m.timeless && !box.made.Equal(p.Link.Created) {
			continue
		}
		meant := before[p.Source] != m.states[p.Source].Fingerprint && m.people[p.ID] != nil && box.name == m.people[p.ID].name
		if !box.known || meant {
			box.owner, box.known = p.ID, true
		}
	}
}

// checkRoutes checks after a run that it opened no way to a stranger's mail,
// and, if it ran to its end, that it left none open without saying so. What a
// lagging replica gave was true once, and who was not read is not known: the
// next run has to mend that.
func (m *model) checkRoutes(before map[route]bool, d Decision, whole, lagged bool) {
	for _, one := range m.sortedRoutes() {
		if !before[one] && !lagged && m.claims(one.address) < 2 && believed(d, m.people[one.person].source) {
			m.report("the run lets %s open account %s, made for %s, as %s", one.person, one.account, m.accounts[one.account].owner, one.address)
		}
		if !whole {
			continue
		}
		why, ok := m.excuse(one, d)
		m.tally["left open: "+why]++
		if !ok {
			m.report("the run leaves it that %s opens account %s, made for %s, as %s (%s)", one.person, one.account, m.accounts[one.account].owner, one.address, why)
		}
	}
}

// believed tells that a source was read to its end.
func believed(d Decision, source string) bool {
	return slices.ContainsFunc(d.Plan.Sources, func(s SourcePlan) bool { return s.Name == source && len(s.Reasons) == 0 })
}

func (m *model) sortedRoutes() []route {
	var out []route
	routes := m.routes(true)
	for _, id := range m.ids() {
		for _, address := range m.people[id].identities() {
			for _, box := range m.boxes {
				if one := (route{id, address, box.id}); routes[one] && !slices.Contains(out, one) {
					out = append(out, one)
				}
			}
		}
	}
	return out
}

// excuse says why a way is still open after a whole run, and whether that is a
// good reason.
func (m *model) excuse(one route, d Decision) (string, bool) {
	box, p := m.accounts[one.account], m.people[one.person]
	own := m.ledger[PrincipalRef{Source: p.source, ID: p.id}].Link.Account
	for _, item := range d.Blocked {
		if item.Account == one.account || item.StableID == p.id || own != "" && item.Account == own {
			return "blocked, and an approval lets it pass", true
		}
	}
	for _, a := range d.Plan.Actions {
		if a.Account == one.account && a.From == box.name {
			return "waits for an action that is blocked", true
		}
	}
	for _, b := range d.Plan.Verdict.Reasons {
		if b.Code == BlockServerChanged || b.Code == BlockIDChurn || b.Code == BlockFuse && b.Source == p.source {
			return "blocked by " + b.Code, true
		}
	}
	if m.touched[one.account] || m.touched[own] {
		return "an administrator changed the account", true
	}
	if m.shielded(p) && one.address != p.name {
		return "an address of somebody who is never touched", true
	}
	if m.unchanged[p.id] && one.address != p.name {
		return "an address of an entry that did not change: the server gave it away since", true
	}
	why := ""
	for _, h := range d.Plan.Holds {
		about := h.Account == one.account || h.StableID == p.id || h.StableID == box.owner || own != "" && h.Account == own
		if !about {
			continue
		}
		why += " " + h.Code
		if m.goodReason(h, one) {
			return "hold " + h.Code, true
		}
	}
	return why, false
}

// goodReason tells whether a hold may leave a way open.
func (m *model) goodReason(h Hold, one route) bool {
	box, p := m.accounts[one.account], m.people[one.person]
	if one.address != p.name { // mail goes astray, but nobody's own name opens it
		return true
	}
	switch h.Code {
	case HoldNameReused:
		return !m.policy.Park
	case HoldNameTaken, HoldProtected:
		return h.Code == HoldNameTaken && !m.linked(one.account) || m.untouchable(box) || m.shielded(p) || m.shielded(m.people[box.owner]) || m.shielded(m.left[box.owner])
	case HoldNameConflict, HoldAddressConflict: // two of the living claim it
		return m.claims(one.address) > 1
	case HoldAddressTaken, HoldAddressUnproven: // an address that the directory never listed, or that nobody mapped
		return box.name != one.address
	case HoldRenameReported, HoldRenameUnproven: // the mailbox of somebody who has two, of which nobody knows
		return !m.linked(one.account)
	case HoldAccountUnproven: // seen first when its source was adopted, and not linked then
		return m.ledger[PrincipalRef{Source: p.source, ID: p.id}].NameLackedAt.IsZero()
	case HoldTwinHeld:
		return m.policy.Twin == TwinHold
	case HoldNameReturns: // for one more read
		return !m.ordered
	case HoldAccountChanged: // by an administrator, who has to say what he means
		return true
	}
	return false
}

// claims counts the living who carry an address.
func (m *model) claims(address string) int {
	n := 0
	for _, p := range m.people {
		if slices.Contains(p.identities(), address) {
			n++
		}
	}
	return n
}

func (m *model) linked(id AccountID) bool {
	for _, p := range m.ledger {
		if p.Link.Account == id && p.State != StateGone {
			return true
		}
	}
	return false
}

func (m *model) untouchable(box *mailbox) bool {
	return box != nil && (box.admin || slices.ContainsFunc(box.identities(), isProtected))
}

// shielded tells that a person, or his account, is never touched.
func (m *model) shielded(p *person) bool {
	if p == nil {
		return false
	}
	row := m.ledger[PrincipalRef{Source: p.source, ID: p.id}]
	return p.admin || slices.ContainsFunc(p.identities(), isProtected) || isProtected(row.Name) || isProtected(m.was[p.id]) ||
		m.untouchable(m.accounts[row.Link.Account])
}

func isProtected(name string) bool { return MatchName(protectedName, name) }
