package reconcile

import "fmt"

// unsafe says why an account must not be written, or not be given these names:
// it cannot be addressed, the server cannot have the name, or tells the account
// from another one only by the case of its letters. "" if nothing speaks against
// it.
func (d *decider) unsafe(acc *Account, targets ...string) string {
	if why, bad := d.BadNames[acc.Name]; bad {
		return why
	}
	for _, name := range targets {
		if why, bad := d.BadTargets[name]; bad {
			return why
		}
	}
	if other, double := d.doubles[acc.ID]; double {
		return fmt.Sprintf("accounts %s and %s have the same name but for the case of its letters, and nothing tells whose mail is in which", acc.ID, other)
	}
	return ""
}

// unsafeHold holds a wish that is about an unsafe name.
func (d *decider) unsafeHold(w *wish, acc *Account, targets ...string) bool {
	why := d.unsafe(acc, targets...)
	if why != "" {
		d.holdWish(w, HoldNameUnsafe, why)
	}
	return why != ""
}

// immovable says why an account can be neither moved aside, so that it could get
// its name back, nor lose an address, with the code of the hold; "" if it can.
func (d *decider) immovable(acc *Account) (code, why string) {
	switch why := d.unsafe(acc, acc.Name); {
	case why != "":
		return HoldNameUnsafe, why
	case d.Can.NeverRename:
		return HoldRenameUnsupported, "this version of the mail server cannot rename accounts safely"
	}
	return "", ""
}
