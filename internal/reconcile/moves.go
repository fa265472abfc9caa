package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
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

// Names of accounts that syncagent moved out of the way. They derive from the
// account ID, so that the same situation gives the same plan.
const (
	tempPrefix  = "syncagent-tmp-"
	parkPrefix  = "syncagent-parked-"
	asidePrefix = "syncagent-aside-"
)

// OwnName tells whether an account name is one of ours: parked, aside or
// temporary.
func OwnName(name string) bool {
	for _, prefix := range []string{tempPrefix, parkPrefix, asidePrefix} {
		if strings.HasPrefix(strings.ToLower(name), prefix) {
			return true
		}
	}
	return false
}

func ownName(prefix string, acc *Account) string {
	name := prefix + string(acc.ID)
	if domain := Domain(acc.Name); domain != "" {
		name += "@" + domain
	}
	return name
}

// wanted is a key that a living principal cannot have because an account that
// is not its own has it.
type wanted struct {
	w     *wish
	acc   *Account
	owner PrincipalRef // zero if nobody is linked to the account
}

// want notes that an unbound principal's name opens somebody else's account.
func (d *decider) want(w *wish, acc *Account, owner PrincipalRef) {
	w.row.Entry = Hash{}
	d.wants = append(d.wants, wanted{w: w, acc: acc, owner: owner})
}

// handover is an address that a living entry lists while another account
// holds it.
type handover struct {
	w   *wish
	key Hash
	acc *Account
}

// wantAddresses notes the addresses that changed hands.
func (d *decider) wantAddresses() {
	for _, ref := range d.order {
		w := d.wishes[ref]
		if w == nil || w.held || w.still {
			continue
		}
		for _, address := range sorted(w.listed) {
			key := d.hash(address)
			id, owned := d.owner[key]
			if !owned || id == w.row.Link.Account || d.sameName(address, w.name) || d.accounts[id] == nil {
				continue
			}
			if other, conflict := d.claimant(key, ref); conflict {
				d.hold(HoldAddressConflict, ref, w.row.Link.Account, address,
					fmt.Sprintf("%s of source %s lists this address, too", other.ref.ID, other.ref.Source))
				w.row.Entry = Hash{}
				continue
			}
			w.row.Entry = Hash{} // wanted again until the holder has released it
			d.handover = append(d.handover, handover{w: w, key: key, acc: d.accounts[id]})
		}
	}
}

// resolveIdentities decides which moves can be made: who must give way, who is
// parked, which renames have to wait. A held move may hold others, so this
// goes on until nothing changes.
func (d *decider) resolveIdentities() {
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
	if m.kind == ActResume {
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

// giveWay makes an account give up a key that a living entry wants, or holds
// the wish and says why.
func (d *decider) giveWay(w *wish, key Hash, acc *Account) bool {
	if m := d.moves[acc.ID]; m != nil && !m.held && d.frees(m, key) {
		return true
	}
	if p := d.provided[acc.ID]; p != nil && d.frees(p, key) {
		return true
	}
	no := func(code, message string) bool {
		d.hold(code, w.ref, w.row.Link.Account, w.name, message)
		return false
	}
	if d.judged[w.ref.Source].firstRun {
		return no(HoldAccountUnproven, fmt.Sprintf("account %s has this name or address; the first run changes nothing", acc.ID))
	}
	holder, linked := d.linked[acc.ID]
	byName := d.hash(acc.Name) == key
	if why, stop := d.untouchable(acc, holder); stop {
		return no(HoldNameTaken, fmt.Sprintf("account %s has this name or address and is not touched: %s", acc.ID, why))
	}
	if !linked {
		return d.giveWayUnlinked(w, acc, byName && key == d.hash(w.name), no)
	}
	q := d.principals[holder]
	if q == nil { // linked in this very run: its entry is living
		q = &d.wishes[holder].row
	}
	switch {
	case !d.usable(holder.Source):
		return no(HoldSourceIncomplete, fmt.Sprintf("account %s is that of an entry of source %s, which could not be read", acc.ID, holder.Source))
	case d.living(q):
		return d.giveWayLiving(w, key, acc, q, byName, no)
	case byName:
		return d.nameReused(w, acc, q, no)
	default:
		d.provideRelease(acc, holder, key, "the address now belongs to another entry; its owner here is missing")
		return true
	}
}

func (d *decider) giveWayLiving(w *wish, key Hash, acc *Account, q *Principal, byName bool, no func(string, string) bool) bool {
	if c, claims := d.claimedBy(key, q.Ref()); claims {
		if !c.name || !byName {
			return no(HoldAddressConflict, fmt.Sprintf("account %s belongs to %s, whose entry carries it, too", acc.ID, q.ID))
		}
		return no(HoldNameConflict, fmt.Sprintf("account %s belongs to %s, whose entry carries it, too", acc.ID, q.ID))
	}
	switch {
	case byName && key != d.hash(w.name):
		return no(HoldAddressTaken, fmt.Sprintf("account %s still has this as its name, because the rename of its owner %s has to wait", acc.ID, q.ID))
	case byName && !d.sources[q.Source].Policy.Park:
		return no(HoldNameReused, fmt.Sprintf("account %s still holds the mail of %s, whose rename has to wait: whoever logs in as %s opens it", acc.ID, q.ID, w.name))
	case byName:
		d.park(acc, q.Ref(), "its owner's entry left the name, but its rename is held, and the name is another person's now")
		return true
	}
	if !d.sources[q.Source].Policy.AddressesMapped {
		return no(HoldAddressUnproven, fmt.Sprintf("account %s holds this as an address, and map.addresses is not configured to tell whether it still may", acc.ID))
	}
	if !d.sawAddress(q, key) {
		return no(HoldAddressTaken, fmt.Sprintf("account %s holds this as an address that the directory never listed for it", acc.ID))
	}
	d.provideRelease(acc, q.Ref(), key, "the address moved to another entry")
	return true
}

// sawAddress tells whether the ledger ever saw the directory list a key for a
// principal.
func (d *decider) sawAddress(q *Principal, key Hash) bool {
	if slices.Contains(q.Addresses, key) || d.hash(q.Name) == key {
		return true
	}
	dropped := func(x AddressDrop) bool { return x.Address == key }
	owned := func(t Tombstone) bool { return t.Owner == q.Ref() }
	return slices.ContainsFunc(q.Dropped, dropped) || slices.ContainsFunc(d.world.graves[key], owned)
}

func (d *decider) giveWayUnlinked(w *wish, acc *Account, byName bool, no func(string, string) bool) bool {
	if !byName {
		return no(HoldAddressTaken, fmt.Sprintf("account %s (%s), whose owner is not known, has this as its name or an address", acc.ID, acc.Name))
	}
	s := d.sources[w.ref.Source]
	if w.old != nil && w.old.Bound() && d.younger(acc, d.oldNameSeen(w)) {
		if s.Policy.Twin == TwinHold {
			return no(HoldTwinHeld, fmt.Sprintf("account %s was made under the new name before the rename; policy.twin is hold", acc.ID))
		}
		d.provided[acc.ID] = &move{
			kind: ActRename, acc: acc, ref: w.ref, to: ownName(asidePrefix, acc), twin: true, twinOf: w.ref,
			why: "the server made this account under the new name before the rename",
		}
		return true
	}
	if !s.Policy.Park {
		return no(HoldNameReused, fmt.Sprintf("account %s existed before under this name: whoever logs in as %s opens that mailbox", acc.ID, w.name))
	}
	d.provided[acc.ID] = &move{
		kind: ActPark, acc: acc, ref: PrincipalRef{w.ref.Source, StableID("orphan:" + string(acc.ID))},
		to: ownName(parkPrefix, acc), why: "the name is another person's now, and nothing proves whose mail this is",
	}
	return true
}

// oldNameSeen is the last complete read in which an entry bore its old name.
func (d *decider) oldNameSeen(w *wish) time.Time {
	if !w.old.Waiting.IsZero() && !w.old.LastSeen.IsZero() {
		return w.old.LastSeen
	}
	return d.sources[w.ref.Source].State.LastComplete
}

// newcomer tells that an entry was first seen after another one had left: the
// two never lived at once.
func (d *decider) newcomer(w *wish, left *Principal) bool {
	last := left.LastSeen
	if last.IsZero() {
		last = d.sources[left.Source].State.LastComplete
	}
	return !w.row.Bound() && w.row.FirstSeen.After(last)
}

// nameReused handles a name that a missing principal's account still has.
func (d *decider) nameReused(w *wish, acc *Account, q *Principal, no func(string, string) bool) bool {
	if agree, _ := samePerson(q.SamePerson, w.row.SamePerson); agree && d.newcomer(w, q) {
		return no(HoldRelinkProposed, fmt.Sprintf("the same person as %s under a new stable ID: account %s should be linked to it", q.ID, acc.ID))
	}
	if !d.sources[q.Source].Policy.Park {
		return no(HoldNameReused, fmt.Sprintf("account %s still holds the mail of %s: whoever logs in as %s opens it", acc.ID, q.ID, w.name))
	}
	d.park(acc, q.Ref(), "its owner is missing, and the name is another person's now")
	return true
}

func (d *decider) park(acc *Account, owner PrincipalRef, why string) {
	d.provided[acc.ID] = &move{kind: ActPark, acc: acc, ref: owner, to: ownName(parkPrefix, acc), why: why, mixed: true}
}

// provideRelease takes one more address away from an account.
func (d *decider) provideRelease(acc *Account, owner PrincipalRef, key Hash, why string) {
	m := d.provided[acc.ID]
	if m == nil {
		m = d.moves[acc.ID]
		if m != nil && m.kind == ActRelease {
			copied := *m
			m = &copied
		} else {
			m = &move{kind: ActRelease, acc: acc, ref: owner, to: acc.Name, addresses: acc.Addresses, why: why}
		}
		d.provided[acc.ID] = m
	}
	m.addresses = d.without(m.addresses, key)
}

// release wishes to take addresses away from their owner's account.
func (d *decider) release(acc *Account, owner PrincipalRef, keys []Hash, why string) {
	d.moves[acc.ID] = &move{
		kind: ActRelease, acc: acc, ref: owner, wish: d.wishes[owner], to: acc.Name,
		addresses: d.without(acc.Addresses, keys...), why: why,
	}
}

func (d *decider) without(addresses []string, keys ...Hash) []string {
	var out []string
	for _, address := range addresses {
		if !slices.Contains(keys, d.hash(address)) {
			out = append(out, address)
		}
	}
	return out
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
