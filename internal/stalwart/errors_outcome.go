package stalwart

import (
	"errors"
	"fmt"
)

// UncertainError says that a write was sent and nobody knows whether it was
// done: the connection was cut, the time was up, or the answer made no sense.
// It must be looked for first: the causes within may say "unreachable".
type UncertainError struct {
	Cause error
}

func (e *UncertainError) Error() string {
	return "the outcome is unknown: " + e.Cause.Error()
}

// Unwrap gives the cause.
func (e *UncertainError) Unwrap() error { return e.Cause }

// Hint says how to find out.
func (e *UncertainError) Hint() string {
	return "the next run looks at the account and finishes or drops the step; nothing is repeated blindly"
}

// NotSentError says that a write was not sent at all, because one before it
// ended in a way after which the client stops.
type NotSentError struct {
	Cause error
}

func (e *NotSentError) Error() string { return "not sent: " + e.Cause.Error() }

// Unwrap gives the reason why the client stopped.
func (e *NotSentError) Unwrap() error { return e.Cause }

// ConflictError says that the server refused a write because the object was
// changed at the same time, again and again. It was not done.
type ConflictError struct{}

func (e *ConflictError) Error() string {
	return "the account is being changed by somebody else at the same time"
}

// Hint says that it is tried again.
func (e *ConflictError) Hint() string { return "the next run tries again" }

// RefusedError is any other refusal of one object. It was not done.
type RefusedError struct {
	// Type is the server's error type, e.g. "validationFailed".
	Type   string
	Detail string
}

func (e *RefusedError) Error() string {
	if e.Detail == "" {
		return "the mail server refused: " + e.Type
	}
	return fmt.Sprintf("the mail server refused: %s (%s)", e.Type, e.Detail)
}

// Hint says where to look.
func (e *RefusedError) Hint() string {
	return "look at the server's log of the same time; if it happens again, report it with the server's version"
}

// OwnAccountError says that the client was asked to destroy, suspend or park
// the account it logs in with. The server would obey (measured on 0.16.18).
type OwnAccountError struct{}

func (e *OwnAccountError) Error() string {
	return "refused: this is the account that syncagent itself logs in with"
}

// Hint says how to protect it.
func (e *OwnAccountError) Hint() string { return "add it to policy.protect" }

// TooLargeError says that an answer or a request is over a limit.
type TooLargeError struct {
	What  string
	Limit int64
}

func (e *TooLargeError) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("%s is larger than the limit of %d bytes", e.What, e.Limit)
	}
	return e.What + " is too large"
}

// Hint says what limits it.
func (e *TooLargeError) Hint() string {
	return "a proxy or another program may be answering instead of the mail server"
}

// UnreachableError says that the server could not be asked: name, connection,
// TLS, time, or a 5xx answer.
type UnreachableError struct {
	// Reason is a short text without secrets.
	Reason string
	// Status is the HTTP status of a 5xx answer, zero otherwise.
	Status int
	hint   string
}

func (e *UnreachableError) Error() string { return "the mail server cannot be used: " + e.Reason }

// Hint depends on what failed.
func (e *UnreachableError) Hint() string { return e.hint }

// MalformedError says that an answer is not what the protocol promises; it is
// not believed.
type MalformedError struct {
	Reason string
}

func (e *MalformedError) Error() string { return "the mail server's answer is not usable: " + e.Reason }

// Hint says what usually answers so.
func (e *MalformedError) Hint() string {
	return "check that server.url is the address of the Stalwart server itself and not of another program or proxy"
}

// WrongGenerationError says that the server is not one that this client speaks
// to.
type WrongGenerationError struct {
	// Found is what answered, in words.
	Found string
}

func (e *WrongGenerationError) Error() string {
	return "this is not a Stalwart server that syncagent can work with: " + e.Found
}

// Hint names what is supported.
func (e *WrongGenerationError) Hint() string {
	return "this build works with Stalwart 0.5 and later; check server.url and server.generation"
}

// OptionsError says that the client's options cannot be used. Nothing was sent.
type OptionsError struct {
	Option string
	Reason string
}

func (e *OptionsError) Error() string { return e.Option + ": " + e.Reason }

// Hint is empty: the reason says it.
func (e *OptionsError) Hint() string { return "correct " + e.Option + " in the configuration" }

// Stopped tells whether an error means that this client must not send anything
// more: refused credentials or a ban.
func Stopped(err error) bool {
	if _, ok := errors.AsType[*UnauthorizedError](err); ok {
		return true
	}
	if f, ok := errors.AsType[*ForbiddenError](err); ok && f.Login {
		return true
	}
	_, ok := errors.AsType[*BannedError](err)
	return ok
}
