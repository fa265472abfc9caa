package reconcile

import (
	"fmt"
	"strings"
)

// stranded says of an account that an exchange of names left under its
// temporary name, and that cannot go on because somebody has the next name,
// that it is there: no mail reaches it under any name of its owner. It stands
// beside the hold that says why, which may be an alarm of its own.
func stranded(h Hold, acc *Account) (Hold, bool) {
	if acc == nil || !strings.HasPrefix(strings.ToLower(acc.Name), tempPrefix) {
		return Hold{}, false
	}
	switch h.Code {
	case HoldNameTaken, HoldNameConflict, HoldNameReused:
		message := fmt.Sprintf("account %s stays as %s, where an exchange of names left it: %s", acc.ID, acc.Name, h.Message)
		return NewHold(HoldSwapStranded, PrincipalRef{Source: h.Source, ID: h.StableID}, h.Account, h.Name, message), true
	}
	return Hold{}, false
}
