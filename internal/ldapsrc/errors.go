package ldapsrc

import (
	"errors"
	"fmt"

	"syncagent/internal/reconcile"
)

// ErrUnusable marks every error that says that the directory could not be read
// at all. Use errors.As with *UnusableError for the reason.
var ErrUnusable = errors.New("the directory is unusable")

// UnusableError says why no server of a directory could be read.
type UnusableError struct {
	// Reason is for people; its code is one of reconcile.Unusable….
	Reason reconcile.Reason
	// Err is the cause.
	Err error
}

// Error gives the sentence for people without the hint.
func (e *UnusableError) Error() string { return e.Reason.Message }

// Unwrap gives the cause.
func (e *UnusableError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrUnusable) true.
func (e *UnusableError) Is(target error) bool { return target == ErrUnusable }

// step is what was being done when something failed.
type step string

const (
	stepDial    step = "connect"
	stepTLS     step = "start TLS"
	stepBind    step = "bind"
	stepRootDSE step = "read the rootDSE"
	stepSearch  step = "search"
)

// resultError is an answer of a server with another code than success.
type resultError struct {
	code    int
	message string // the server's diagnostic text
}

func (e *resultError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("%s (LDAP result code %d)", codeName(e.code), e.code)
	}
	return fmt.Sprintf("%s (LDAP result code %d): %s", codeName(e.code), e.code, printable(e.message))
}

// timeoutError says that a step took longer than its deadline.
type timeoutError struct{ after string }

func (e *timeoutError) Error() string { return "no answer within " + e.after }

// protocolError says that a server answered something that LDAP does not allow
// or that cannot be trusted.
type protocolError struct{ what string }

func (e *protocolError) Error() string { return e.what }

// goodbyeError is the notice of disconnection.
type goodbyeError struct{ text string }

func (e *goodbyeError) Error() string {
	return "the server ended the connection: " + printable(e.text)
}

// stepError is a failed step on one server.
type stepError struct {
	step   step
	server string
	base   string // of a search
	err    error
}

func (e *stepError) Error() string {
	if e.base != "" {
		return fmt.Sprintf("%s %s on %s: %v", e.step, e.base, e.server, e.err)
	}
	return fmt.Sprintf("%s %s: %v", e.step, e.server, e.err)
}

// Unwrap gives the cause.
func (e *stepError) Unwrap() error { return e.err }

// answered tells whether an error is an answer of the directory, and not one
// of the network: the connection can go on. It is false for nil.
func answered(err error) bool {
	var result *resultError
	return errors.As(err, &result)
}
