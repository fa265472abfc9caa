package stalwart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"syncagent/internal/reconcile"
)

// idAlphabet has the digits of the server's identifiers, lowest first: numbers
// of 64 bits, most significant digit first (utils/src/codec/base32_custom.rs).
const idAlphabet = "abcdefghijklmnopqrstuvwxyz792013"

// recoveryAdmin is the ID of the account of STALWART_RECOVERY_ADMIN (u32::MAX).
const recoveryAdmin = reconcile.AccountID("d333333")

// idNumber decodes an identifier. IDs do not sort as text, so paging compares
// these numbers. A text that is not an ID must never be sent: the server drops it
// in silence in updates and destroys, and as an anchor it starts the list again.
func idNumber(id reconcile.AccountID) (uint64, error) {
	if id == "" || len(id) > 13 || (len(id) > 1 && id[0] == idAlphabet[0]) {
		return 0, fmt.Errorf("%q is not an ID of this server", string(id))
	}
	var n uint64
	for i := range len(id) {
		digit := strings.IndexByte(idAlphabet, id[i])
		if digit < 0 || n > (1<<59)-1 {
			return 0, fmt.Errorf("%q is not an ID of this server", string(id))
		}
		n = n<<5 | uint64(digit)
	}
	return n, nil
}

// accountID is an ID in the text form of JMAP.
func accountID(text string) reconcile.AccountID { return reconcile.AccountID(text) }

// decimalID is the form that the management interface before 0.16 shows.
func decimalID(n uint64) reconcile.AccountID { return reconcile.AccountID(strconv.FormatUint(n, 10)) }

// jmapID gives the text form of JMAP for a number: base 32, most significant
// digit first, 0 is "a".
func jmapID(n uint64) reconcile.AccountID {
	text := []byte{idAlphabet[n&31]}
	for n >>= 5; n > 0; n >>= 5 {
		text = append(text, idAlphabet[n&31])
	}
	slices.Reverse(text)
	return reconcile.AccountID(text)
}

// checkIDs refuses a list with anything that is not an ID, or with an ID twice.
func checkIDs(ids []reconcile.AccountID) error {
	seen := make(map[reconcile.AccountID]bool, len(ids))
	for _, id := range ids {
		if _, err := idNumber(id); err != nil {
			return err
		}
		if seen[id] {
			return fmt.Errorf("the ID %q is listed twice", string(id))
		}
		seen[id] = true
	}
	return nil
}
