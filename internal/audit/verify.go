package audit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// VerifyOptions tell what to verify.
type VerifyOptions struct {
	// Files of one log, oldest first. Those ending in .gz are unpacked.
	Files []string
	// Anchor is what the ledger remembers of the end; nil if nothing.
	Anchor *Anchor
	// Key checks signatures; nil leaves them unchecked.
	Key []byte
}

// Report tells what was verified.
type Report struct {
	Records int       `json:"records"`
	First   Anchor    `json:"first"`
	Last    Anchor    `json:"last"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Before is the record that the first file goes on from; its Seq is 0 if the
	// log was verified from its very beginning.
	Before Anchor `json:"before"`
	// Recovered counts lines that a crash cut short and a later run recorded.
	Recovered int `json:"recovered"`
	// Unsigned counts records without a signature.
	Unsigned int `json:"unsigned"`
	// Anchored is true if the record that the ledger remembers was found.
	Anchored bool `json:"anchored"`
}

// Verify reads the log from its first to its last line and keeps none of it in
// memory. A log that does not verify gives the first *BrokenError; the report
// then covers the lines before it.
func Verify(ctx context.Context, opts VerifyOptions) (Report, error) {
	v := verifier{chain: newChain(opts.Key), anchor: opts.Anchor}
	for _, file := range opts.Files {
		v.last = scannedLine{file: file}
		if err := scanFile(ctx, file, v.line); err != nil {
			return v.finish(), fmt.Errorf("verify audit log: %w", err)
		}
		if v.cut != nil {
			return v.finish(), fmt.Errorf("verify audit log: %w", v.broken(v.cutLine, v.cutFault, v.cutDetail))
		}
	}
	if err := v.checkEnd(); err != nil {
		return v.finish(), fmt.Errorf("verify audit log: %w", err)
	}
	return v.finish(), nil
}

type verifier struct {
	chain  *chain
	anchor *Anchor
	report Report
	last   scannedLine
	// cut is a line that is no record and waits for the record that accounts for
	// it; nil if there is none.
	cut       []byte
	cutLine   scannedLine
	cutFault  Fault
	cutDetail string
}

func (v *verifier) line(l scannedLine) error {
	v.last = l
	v.last.raw = nil
	if v.cut != nil {
		if l.err != nil || !l.ended || !l.record.recovers(v.cut) {
			return v.broken(v.cutLine, v.cutFault, v.cutDetail)
		}
		v.cut = nil
		v.report.Recovered++
	}
	switch {
	case errors.Is(l.err, errNotCanonical):
		return v.broken(l, FaultChanged, "the record was written anew by something else")
	case l.err != nil || !l.ended:
		v.wait(l)
		return nil //nolint:nilerr // told when the record after it says what it was
	}
	if fault, detail := v.chain.next(l.record); fault != "" {
		return v.broken(l, fault, detail)
	}
	return v.count(l)
}

// wait keeps a line that is no record until the next one is seen.
func (v *verifier) wait(l scannedLine) {
	v.cut = append([]byte{}, l.raw...)
	v.cutLine = l
	v.cutLine.raw = nil
	v.cutFault, v.cutDetail = FaultNotJSON, "this is no record"
	if l.err != nil {
		v.cutDetail = l.err.Error()
	}
	if !l.ended {
		v.cutFault = FaultTorn
		v.cutDetail = "the last line has no end: a crash in the middle of a write, which the next run records, or somebody cut it"
	}
}

func (v *verifier) count(l scannedLine) error {
	r := l.record
	if v.report.Records == 0 {
		v.report.First, v.report.From = r.anchor(), r.Time
		v.report.Before = Anchor{Seq: r.Seq - 1, Hash: r.Prev}
	}
	v.report.Records++
	v.report.Last, v.report.To = r.anchor(), r.Time
	if v.anchor == nil {
		return nil
	}
	for _, seen := range []Anchor{r.anchor(), {Seq: r.Seq - 1, Hash: r.Prev}} {
		if seen.Seq != v.anchor.Seq {
			continue
		}
		if seen.Hash != v.anchor.Hash {
			return v.broken(l, FaultChanged, fmt.Sprintf("record %d is not the one that the ledger remembers: the log was written anew", seen.Seq))
		}
		v.report.Anchored = true
	}
	return nil
}

// checkEnd finds a log that was cut at its end.
func (v *verifier) checkEnd() error {
	if v.anchor == nil || v.anchor.Seq <= v.chain.head.Seq {
		return nil
	}
	return v.broken(v.last, FaultTruncated, fmt.Sprintf("the log ends with record %d, but the ledger remembers record %d",
		v.chain.head.Seq, v.anchor.Seq))
}

func (v *verifier) broken(l scannedLine, fault Fault, detail string) error {
	return &BrokenError{File: l.file, Line: l.number, Seq: l.record.Seq, Fault: fault, Detail: detail}
}

func (v *verifier) finish() Report {
	v.report.Unsigned = v.chain.unsigned
	return v.report
}
