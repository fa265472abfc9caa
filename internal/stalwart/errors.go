package stalwart

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// Hinted is an error that knows what a person can do about it.
type Hinted interface {
	error
	Hint() string
}

// HintOf gives the hint of the first error in the tree that has one, or "".
func HintOf(err error) string {
	if h, ok := errors.AsType[Hinted](err); ok {
		return h.Hint()
	}
	return ""
}

// UnauthorizedError says that the server refused the credentials. No further
// request is sent on this connection: failures are counted towards a ban of the
// whole address (authBanRate, 100 a day by default).
type UnauthorizedError struct {
	// SecondFactor is true if the account wants a second factor (HTTP 402).
	SecondFactor bool
	// challenged is true if the answer had WWW-Authenticate.
	challenged bool
}

func (e *UnauthorizedError) Error() string {
	if e.SecondFactor {
		return "the mail server wants a second factor for this login"
	}
	return "the mail server refused the credentials"
}

// Hint says what to check.
func (e *UnauthorizedError) Hint() string {
	if e.SecondFactor {
		return "use an API key (server.api_key); it needs no second factor"
	}
	return "check server.api_key, or server.username and password; with an external directory the password of an " +
		"internal administrator is not accepted, an API key is. Do not try again and again: the server bans addresses"
}

// BannedError says that the server refuses every request from this address.
type BannedError struct {
	// Status is 403 or 429.
	Status int
}

func (e *BannedError) Error() string {
	return fmt.Sprintf("the mail server refuses every request from this address (HTTP %d); it is probably banned", e.Status)
}

// Hint says how a ban is undone.
func (e *BannedError) Hint() string {
	return "remove this host's address from the server's blocked addresses (x:BlockedIp), " +
		"or add it to the allowed ones (x:AllowedIp), then check the credentials before the next run"
}

// ForbiddenError says that the credentials lack a permission.
type ForbiddenError struct {
	// Permission is what is known to be missing, several separated by ", ";
	// empty if the server did not tell.
	Permission string
	// Detail is the server's own short reason, without secrets.
	Detail string
	// Login is true if the credentials may not even log in; see Stopped.
	Login bool
}

func (e *ForbiddenError) Error() string {
	text := "the mail server does not permit it"
	if e.Permission != "" {
		text += ": missing permission " + e.Permission
	}
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Hint names the permission to add.
func (e *ForbiddenError) Hint() string {
	if e.Permission == "" {
		return "compare the permissions of the API key with the list that the doctor command prints"
	}
	return "add " + e.Permission + " to the permissions of the API key, and to the roles of the account that owns it"
}

// RateLimitedError says that the server asked to wait longer than the context
// or the client allows. Nothing was done.
type RateLimitedError struct {
	// RetryAfter is how long the server wants to be left alone.
	RetryAfter time.Duration
}

func (e *RateLimitedError) Error() string {
	if e.RetryAfter == 0 {
		return "the mail server allows fewer requests at the same time than other clients of this account make"
	}
	return fmt.Sprintf("the mail server limits the rate of requests and wants a pause of %s", e.RetryAfter)
}

// Hint says how to avoid the limit.
func (e *RateLimitedError) Hint() string {
	return "lower server.rate, or give the API key the permission unlimitedRequests"
}

// NotFoundError says that the server has no such object.
type NotFoundError struct {
	Account reconcile.AccountID
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("the mail server has no account with the ID %q", string(e.Account))
}

// Hint tells that IDs are never reused.
func (e *NotFoundError) Hint() string {
	return "the account was deleted in the meantime; account IDs are never used twice"
}

// PrimaryKeyViolationError says that a name or address already belongs to
// another object. Nothing of that write was done.
type PrimaryKeyViolationError struct {
	// Owner is the ID of the object that has it.
	Owner reconcile.AccountID
	// Object is the kind of that object: "Account" (also groups and aliases) or
	// "MailingList"; then Owner is the list's ID, not an account's.
	Object string
}

func (e *PrimaryKeyViolationError) Error() string {
	return fmt.Sprintf("the name or one of the addresses already belongs to %s %q", e.Object, string(e.Owner))
}

// Hint says who stands in the way.
func (e *PrimaryKeyViolationError) Hint() string {
	return "look at the object that owns the address; it must give it up first"
}

// InvalidDomainError says that the server does not have the domain.
type InvalidDomainError struct {
	Domain string
}

func (e *InvalidDomainError) Error() string {
	return fmt.Sprintf("the mail server does not have the domain %q", e.Domain)
}

// Hint says where domains come from.
func (e *InvalidDomainError) Hint() string {
	return "create the domain on the mail server, or correct map.name"
}

// InvalidNameError says that a text cannot be a name or address of an account.
type InvalidNameError struct {
	Name   string
	Reason string
}

func (e *InvalidNameError) Error() string {
	return fmt.Sprintf("%q cannot be a name or address on the mail server: %s", e.Name, e.Reason)
}

// Hint says what is allowed.
func (e *InvalidNameError) Hint() string {
	return "names are complete addresses; the part before the @ may have letters, digits and . - _ + ' / % * & = !"
}

// LinkedError says that an object cannot be destroyed because others refer to
// it (a group that still has members).
type LinkedError struct {
	Account reconcile.AccountID
	// By lists what refers to it, as "Account d", sorted.
	By []string
}

func (e *LinkedError) Error() string {
	return fmt.Sprintf("account %q is still referred to by %s", string(e.Account), strings.Join(e.By, ", "))
}

// Hint says what to do first.
func (e *LinkedError) Hint() string { return "remove the members of the group first" }
