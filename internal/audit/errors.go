package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// ErrSecret is returned by Append for a field that would hold a secret.
var ErrSecret = errors.New("the name of a secret: secrets are never recorded")

// WriteError says that the log could not be written: the run must not act.
type WriteError struct {
	File string
	Err  error
}

// Error tells what failed and what to do.
func (e *WriteError) Error() string {
	return fmt.Sprintf("the audit log cannot be written, so nothing is done: %s: %v: %s", e.File, e.Err, e.Hint())
}

// Unwrap gives the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// Hint is what a person can do.
func (e *WriteError) Hint() string {
	switch {
	case errors.Is(e.Err, syscall.ENOSPC), errors.Is(e.Err, syscall.EDQUOT):
		return "free some space on its file system"
	case errors.Is(e.Err, fs.ErrPermission):
		return "let the user that syncagent runs as write there"
	case errors.Is(e.Err, syscall.EROFS):
		return "its file system is mounted read-only"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "create its directory"
	}
	return "see that the file can be written, then try again"
}

// Fault is what is wrong with a line.
type Fault string

// The faults.
const (
	// FaultChanged: the contents do not fit the record's own hash, or the hash
	// that the next record remembers.
	FaultChanged Fault = "changed"
	// FaultLost: records before this line are missing.
	FaultLost Fault = "lost"
	// FaultReordered: the record stands behind a later one.
	FaultReordered Fault = "reordered"
	// FaultDuplicated: the record stands there twice.
	FaultDuplicated Fault = "duplicated"
	// FaultTruncated: the log ends before the record that the ledger remembers.
	FaultTruncated Fault = "truncated"
	// FaultTorn: the last line has no end; a crash in the middle of a write does
	// that, and the next run records it.
	FaultTorn Fault = "torn"
	// FaultNotJSON: the line is not a record at all.
	FaultNotJSON Fault = "not a record"
	// FaultSignature: the signature is missing or wrong.
	FaultSignature Fault = "signature"
)

// BrokenError names the first line that does not verify.
type BrokenError struct {
	File string
	// Line counts from 1.
	Line  int
	Seq   int64
	Fault Fault
	// Detail is a sentence for people.
	Detail string
}

// Error names file, line and fault.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("audit log %s, line %d: %s: %s", e.File, e.Line, e.Fault, e.Detail)
}
