package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// exitCode is the exit status of the program.
type exitCode int

// The exit codes. Scripts rely on them: none ever changes its meaning.
const (
	exitOK          exitCode = 0
	exitFailed      exitCode = 1
	exitPending     exitCode = 2
	exitPartial     exitCode = 3
	exitBlocked     exitCode = 4
	exitSource      exitCode = 5
	exitServer      exitCode = 6
	exitLocked      exitCode = 7
	exitUntrusted   exitCode = 8
	exitUsage       exitCode = 64
	exitInterrupted exitCode = 130
)

// exitCodes is the only table of exit codes; every --help and the reference
// show it.
var exitCodes = []struct {
	code    exitCode
	meaning string
}{
	{exitOK, "done; nothing pending that should be done now"},
	{exitFailed, "failed: an error not named below"},
	{exitPending, "changes are pending (sync --check, plan)"},
	{exitPartial, "partly done: some actions failed and will be tried again"},
	{exitBlocked, "blocked by a guard; nothing destructive was done"},
	{exitSource, "a source was unusable or incomplete; nothing destructive was done for it"},
	{exitServer, "the mail server was unusable, or refused us"},
	{exitLocked, "another run holds the lock"},
	{exitUntrusted, "the audit log or the ledger cannot be trusted"},
	{exitUsage, "wrong usage or configuration"},
	{exitInterrupted, "interrupted"},
}

// precedence orders the codes if several apply at once: the first one wins.
var precedence = []exitCode{
	exitUntrusted, exitLocked, exitServer, exitBlocked, exitSource, exitFailed, exitPartial, exitPending,
}

// firstCode gives the code that a call ends with if several apply: the first
// of 8, 7, 6, 4, 5, 3, 2; an error without a name of its own counts before the
// harmless 3 and 2.
func firstCode(codes ...exitCode) exitCode {
	for _, code := range precedence {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return exitOK
}

// exitCodeTable is the end of every help text.
func exitCodeTable() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	for _, row := range exitCodes {
		fmt.Fprintf(&b, "  %-4d %s\n", row.code, row.meaning)
	}
	return b.String()
}

// exitError is an error that ends the program with a certain code.
type exitError struct {
	code exitCode
	// err is what to print; nil prints nothing, because the result tells it.
	err  error
	hint string
}

// fail gives an error a code and a hint. The hint of the error itself counts if
// none is given.
func fail(code exitCode, err error, hint string) error {
	return &exitError{code: code, err: err, hint: hint}
}

// quietExit ends with a code and prints nothing more.
func quietExit(code exitCode) error { return &exitError{code: code} }

// usageError is wrong usage of the command line.
func usageError(hint, format string, args ...any) error {
	return fail(exitUsage, fmt.Errorf(format, args...), hint)
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func (e *exitError) Hint() string {
	var inner interface{ Hint() string }
	if e.hint == "" && errors.As(e.err, &inner) {
		return inner.Hint()
	}
	return e.hint
}
