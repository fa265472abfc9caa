package reconcile

import "fmt"

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
			if !owned || id == w.row.Link.Account || d.sameName(address, w.name) || d.accounts[id] == nil || d.otherAccountOf(ref, d.accounts[id]) {
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
