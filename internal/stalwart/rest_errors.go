package stalwart

import (
	"fmt"

	"syncagent/internal/reconcile"
)

// NameUnsafeError says that a name cannot be put into the path of a request so
// that every version of the server reads it alike. Nothing was sent.
type NameUnsafeError struct {
	Name   string
	Reason string
}

func (e *NameUnsafeError) Error() string {
	return fmt.Sprintf("the name %q cannot be sent to this mail server safely: %s", e.Name, e.Reason)
}

// Hint says what to do instead.
func (e *NameUnsafeError) Hint() string {
	return "correct the name in the directory, or rename the account by hand in the server's web interface"
}

// Code is the code of the hold that belongs to it.
func (e *NameUnsafeError) Code() string { return reconcile.HoldNameUnsafe }

// UnsupportedError says that the server's version cannot do something, or that
// this version must not be made to do it. Nothing was done.
type UnsupportedError struct {
	// What cannot be done.
	What string
	// Version is what is known about the server's version.
	Version string
	hint    string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("Stalwart %s cannot %s", e.Version, e.What)
}

// Hint says which version can.
func (e *UnsupportedError) Hint() string { return e.hint }

// NotThisAccountError says that the name of an account leads to another object
// now: another ID, or something that is no ordinary user. Nothing was done.
type NotThisAccountError struct {
	Account reconcile.AccountID
	Name    string
	// Found is what answers to the name, in words.
	Found string
}

func (e *NotThisAccountError) Error() string {
	return fmt.Sprintf("account %q was expected as %q, but there is %s", string(e.Account), e.Name, e.Found)
}

// Hint says that the next run looks again.
func (e *NotThisAccountError) Hint() string {
	return "nothing was changed; the next run reads the server anew"
}
