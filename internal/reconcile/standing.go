package reconcile

// HeldBy says what keeps a principal from being managed, beside the rules that
// every run decides anew.
type HeldBy uint8

// The values of HeldBy.
const (
	HeldByNothing HeldBy = iota
	// HeldByUndo: an undo put the account back; until the entry changes.
	HeldByUndo
	// HeldByUndoAbsent: the same while the person was missing; until they are back.
	HeldByUndoAbsent
	// HeldByClaim: an entry carried the name or an address of a claimed account.
	HeldByClaim
)

// HeldBy tells what the ledger holds on to.
func (p Principal) HeldBy() HeldBy {
	switch p.HeldEntry {
	case Hash{}:
		return HeldByNothing
	case heldAbsent:
		return HeldByUndoAbsent
	case heldClaimed:
		return HeldByClaim
	}
	return HeldByUndo
}
