package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// move is one change of an account's identity or access that somebody wants.
type move struct {
	kind      ActionKind
	acc       *Account
	ref       PrincipalRef
	wish      *wish // of the account's own living owner, nil otherwise
	to        string
	addresses []string
	why       string
	held      bool
	twin      bool // the account is a twin that is moved aside
	twinOf    PrincipalRef
	mixed     bool
	group     int
	via       string
	seq       int
}

// resolveIdentities decides which moves can be made: who must give way, who is
// parked, which renames have to wait. A held move may hold others, so this
// goes on until nothing changes.
func (d *decider) resolveIdentities() {
	d.holdPassing()
	base := len(d.holds)
	for {
		d.holds = d.holds[:base]
		d.provided = map[AccountID]*move{}
		heldNow := false
		for _, id := range d.moveOrder() {
			m := d.moves[id]
			if m.held || (m.kind != ActRename && m.kind != ActResume) {
				continue
			}
			if !d.provide(m) {
				m.held, heldNow = true, true
			}
		}
		for _, want := range d.wants {
			d.giveWay(want.w, d.hash(want.w.name), want.acc)
		}
		for _, h := range d.handover {
			if !d.giveWay(h.w, h.key, h.acc) {
				h.w.row.Entry = Hash{}
			}
		}
		if !heldNow {
			break
		}
	}
	for _, p := range d.provided {
		d.takeOver(p)
	}
	// Holds of moves that were held in an earlier round must be told, too.
	for _, id := range d.moveOrder() {
		if m := d.moves[id]; m.held && m.wish != nil {
			m.wish.held = true
			d.holds = append(d.holds, d.moveHolds[id])
		}
	}
}

// takeOver adds to a rename the addresses that its twin gives up: one request
// writes both.
func (d *decider) takeOver(twin *move) {
	w := d.wishes[twin.twinOf]
	if !twin.twin || w == nil {
		return
	}
	m := d.moves[w.row.Link.Account]
	if m == nil || m.held || m.kind != ActRename {
		return
	}
	for _, address := range w.listed {
		key := d.hash(address)
		_, others := d.claimant(key, w.ref)
		if d.held(twin.acc, key) && !others && key != d.hash(m.to) && !slices.Contains(m.addresses, address) {
			m.addresses = append(m.addresses, address)
		}
	}
	slices.Sort(m.addresses)
}

func (d *decider) moveOrder() []AccountID {
	return slices.SortedFunc(maps.Keys(d.moves), CompareAccountIDs)
}

// provide looks whether a rename or resume can have its new name.
func (d *decider) provide(m *move) bool {
	key := d.hash(m.to)
	id, taken := d.owner[key]
	if !taken || id == m.acc.ID {
		return true
	}
	if m.kind == ActResume { // at the next read, once the account has given way
		d.want(m.wish, d.accounts[id], d.linked[id])
		return d.holdMove(m, HoldNameTaken, fmt.Sprintf("account %s has the name now", id))
	}
	before := len(d.holds)
	ok := d.giveWay(m.wish, key, d.accounts[id])
	if !ok && len(d.holds) > before {
		d.moveHolds[m.acc.ID] = d.holds[len(d.holds)-1]
		d.holds = d.holds[:before]
	}
	return ok
}

func (d *decider) holdMove(m *move, code, message string) bool {
	info, _ := CodeInfo(code)
	d.moveHolds[m.acc.ID] = Hold{
		Code: code, Source: m.ref.Source, StableID: m.ref.ID,
		Account: m.acc.ID, Name: m.to, Message: message, Hint: info.Hint,
	}
	return false
}

func (d *decider) park(acc *Account, owner PrincipalRef, why string) {
	d.provided[acc.ID] = &move{kind: ActPark, acc: acc, ref: owner, to: ownName(parkPrefix, acc), why: why, mixed: true}
}

// frees tells whether a move gives up a key.
func (d *decider) frees(m *move, key Hash) bool {
	if d.hash(m.to) == key {
		return false
	}
	for _, address := range m.addresses {
		if d.hash(address) == key {
			return false
		}
	}
	return true
}

func compareMoves(a, b *move) int {
	return cmp.Or(CompareAccountIDs(a.acc.ID, b.acc.ID), cmp.Compare(a.kind, b.kind))
}
