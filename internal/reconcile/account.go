package reconcile

import "time"

// AccountID is the server's identifier of an account. Stalwart 0.16 never
// hands one out twice (types/src/id.rs, registry counter).
type AccountID string

// Account is a mailbox on the mail server as the server shows it.
type Account struct {
	ID AccountID
	// Name is the server's name: the full primary address on 0.16, the login
	// name before.
	Name string
	Kind Kind
	// Created is the server's creation time, zero where the server tells none.
	Created time.Time
	// Addresses are the other addresses that open or reach this account
	// (0.16 aliases, enabled or not; before: emails), without Name, sorted.
	Addresses []string
	// AddressesUnknown is true if the server did not list them.
	AddressesUnknown bool
	// Suspended is true if the account is denied to authenticate.
	Suspended bool
	// Access is the server's own text form of what suspending changes, exactly as
	// read (0.16: the JSON of "permissions"), so that it can be put back.
	Access string
	// UsedBytes is the used quota, -1 where unknown.
	UsedBytes int64
	// FirstListed is when the ledger first saw this ID in a listing; filled by the
	// ledger, zero if never.
	FirstListed time.Time
	// LackedAt is when the newest complete listing before FirstListed was made: it
	// lacked this ID, so that the account is younger. Zero if none is known. It is
	// the proof where the server tells no Created; IDs are never handed out twice.
	LackedAt time.Time `json:",omitzero"`
}

// IdentityWrite sets name and addresses of one account in one call.
type IdentityWrite struct {
	Account AccountID
	// Name is the complete new name.
	Name string
	// Addresses is the complete new list of other addresses; none if empty.
	Addresses []string
	// KeepAddresses leaves the addresses as they are (a change of letter case).
	KeepAddresses bool
}

// Contents counts what an account holds, to prove it empty. The zero value
// proves nothing.
type Contents struct {
	// Known is true only if every part could be read.
	Known      bool
	Messages   int
	Contacts   int
	Events     int
	Files      int
	Scripts    int
	UsedBytes  int64
	MissingWhy string // why a part could not be read
}

// Empty tells whether the account is proven to hold nothing.
func (c Contents) Empty() bool {
	return c.Known && c.Messages == 0 && c.Contacts == 0 && c.Events == 0 &&
		c.Files == 0 && c.Scripts == 0 && c.UsedBytes == 0
}
