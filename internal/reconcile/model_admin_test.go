package reconcile_test

import (
	"maps"
	"slices"
	"time"

	. "syncagent/internal/reconcile"
)

// byHand is what administrators do to accounts without telling anybody.
func (m *model) byHand() {
	if len(m.boxes) == 0 {
		return
	}
	box, name := m.boxes[m.below(len(m.boxes))], address(m.below(10))
	free := m.box(name) == nil
	m.touched[box.id] = true
	switch m.below(7) {
	case 0:
		if free && m.free(name) {
			m.note("an administrator renames %s %s to %s", box.id, box.name, name)
			if !m.linked(box.id) { // given to whoever bears that name: what nobody is linked to has no other owner
				box.owner, box.known, box.seen = "", false, map[StableID]bool{}
			}
			box.name = name
		}
	case 1:
		m.note("an administrator deletes %s %s", box.id, box.name)
		m.destroy(box.id)
	case 2, 3:
		if free && m.free(name) {
			m.note("an administrator gives %s the address %s", box.id, name)
			box.aliases = append(box.aliases, name)
		}
	case 4:
		m.note("an administrator takes the addresses of %s away", box.id)
		box.aliases = nil
	case 5:
		if free {
			m.newAccount(name, "")
		}
	case 6:
		m.note("an administrator flips the access to %s", box.id)
		box.blocked = !box.blocked
	}
}

// backup is the server as it was once.
type backup struct {
	boxes   []mailbox
	nextAcc int
}

func (m *model) takeBackup() {
	b := &backup{nextAcc: m.nextAcc}
	for _, box := range m.boxes {
		b.boxes = append(b.boxes, box.copy())
	}
	m.backup = b
}

func (b *mailbox) copy() mailbox {
	out := *b
	out.aliases, out.mail, out.seen = slices.Clone(b.aliases), maps.Clone(b.mail), maps.Clone(b.seen)
	return out
}

// restoreBackup puts an older state of the server back: accounts made since
// are gone, deleted ones are there again, and IDs are handed out again.
func (m *model) restoreBackup() {
	if m.backup == nil {
		return
	}
	m.note("the server is restored from its backup")
	for id, box := range m.accounts {
		m.touched[id] = m.touched[id] || !slices.ContainsFunc(m.backup.boxes, func(b mailbox) bool {
			return b.id == id && b.name == box.name && b.made.Equal(box.made) && slices.Equal(b.aliases, box.aliases)
		})
	}
	for i := range m.backup.boxes {
		id := m.backup.boxes[i].id
		m.touched[id] = m.touched[id] || m.accounts[id] == nil
	}
	m.accounts, m.boxes = map[AccountID]*mailbox{}, nil
	for i := range m.backup.boxes {
		box := m.backup.boxes[i].copy()
		m.accounts[box.id] = &box
		m.boxes = append(m.boxes, &box)
		m.note("restored: %s %s %v of %s", box.id, box.name, box.aliases, box.owner)
	}
	if !m.timeless { // without creation times nothing would tell such accounts apart
		m.nextAcc = m.backup.nextAcc
	}
}

// serverChanged is what the agent's sample of linked accounts says.
func (m *model) serverChanged() string {
	n, differ := 0, 0
	for _, p := range m.ledger {
		if !p.Bound() || p.State == StateGone {
			continue
		}
		n++
		box := m.accounts[p.Link.Account]
		if box == nil || box.name != p.Link.Name || !m.timeless && !box.made.Equal(p.Link.Created) {
			differ++
		}
	}
	if differ > max(1, n/10) {
		return "the sample differs"
	}
	return ""
}

// relink is a person who settles by hand what the agent only proposes: links
// follow the accounts that are there, and end with those that are gone.
func (m *model) relink() {
	m.note("a person relinks")
	for ref, p := range m.ledger {
		if !p.Bound() || p.State == StateGone {
			continue
		}
		box := m.accounts[p.Link.Account]
		switch {
		case box == nil || !m.timeless && !box.made.Equal(p.Link.Created):
			p.Link, p.Access, p.Before, p.NameLackedAt = Link{}, AccessOpen, nil, m.now
		case !OwnName(box.name):
			p.Link.Name = box.name // what the entry is called stays known
		}
		if p.Waiting.IsZero() && p.LastSeen.IsZero() && p.State == StateActive { // else the mark of the name that it waits for
			p.Entry = Hash{}
		}
		m.ledger[ref] = p
	}
}

// approve is a person who approves what the last run blocked, or a part of it, or
// takes an approval back.
func (m *model) approve() {
	if m.below(6) == 0 {
		m.revoke()
		return
	}
	items := slices.Clone(m.last.Blocked)
	if len(items) == 0 {
		return
	}
	if m.below(4) == 0 {
		items = items[:1+m.below(len(items))]
	}
	m.note("a person approves %+v", items)
	m.give(items)
}

// give records an approval, as the ledger does.
func (m *model) give(items []ApprovedItem) {
	m.nextApproval++
	m.given[m.nextApproval] = true
	m.approvals = append(m.approvals, Approval{ID: m.nextApproval, Items: items, By: []string{"eve"}, Created: m.now, Expires: m.now.Add(graceOfApproval)})
}

// revoke takes an approval back, with all that it still covers.
func (m *model) revoke() {
	if len(m.approvals) == 0 {
		return
	}
	at := m.below(len(m.approvals))
	m.note("approval %d is taken back", m.approvals[at].ID)
	delete(m.given, m.approvals[at].ID)
	m.approvals = slices.Delete(m.approvals, at, at+1)
}

// checkCovered checks a delete that the approval of an absence covers: the
// approval named this person's account, was not taken back, and complete reads
// have lacked the person ever since, and for as long as was told.
func (m *model) checkCovered(a Action, ref PrincipalRef) {
	if a.Approval == 0 {
		return
	}
	m.tally["delete covered by the approval of an absence"]++
	at := slices.IndexFunc(m.approvals, func(x Approval) bool { return x.ID == a.Approval })
	if at < 0 {
		m.report("delete of %s is covered by approval %d, which was taken back", a.Account, a.Approval)
		return
	}
	x, gone := m.approvals[at], m.absent[ref]
	if gone == nil || gone.since.After(x.Created) {
		m.report("delete of %s is covered by approval %d, but the person was back since: %+v", a.Account, a.Approval, gone)
	}
	named := slices.ContainsFunc(x.Items, func(i ApprovedItem) bool {
		left, err := time.ParseDuration(i.To)
		return i.Kind == "delete-later" && i.Source == a.Source && i.StableID == a.StableID && i.Account == a.Account &&
			err == nil && !m.now.Before(x.Created.Add(left))
	})
	if !named || m.now.Sub(x.Created) > CoverLasts+m.policy.GraceTime+graceOfApproval {
		m.report("delete of %s is not covered by approval %d of %s: %+v", a.Account, a.Approval, x.Created, x.Items)
	}
}
