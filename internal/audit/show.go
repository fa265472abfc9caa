package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Filter chooses records; its zero value chooses all.
type Filter struct {
	// Since and Until bound the time: from Since on, before Until; zero: open.
	Since time.Time
	Until time.Time
	// Run is a run's ID or the beginning of one.
	Run   string
	Event string
	// Name is looked for, without case, as the whole value of any field (names,
	// addresses, account and stable IDs).
	Name string
}

// fits tells whether a record is chosen.
func (f Filter) fits(r Record) bool {
	switch {
	case r.Time.Before(f.Since),
		!f.Until.IsZero() && !r.Time.Before(f.Until),
		!strings.HasPrefix(r.Run, f.Run),
		f.Event != "" && r.Event != f.Event:
		return false
	}
	return f.Name == "" || mentions(r, f.Name)
}

// mentions tells whether any field has the value.
func mentions(r Record, name string) bool {
	for _, value := range r.Fields {
		switch v := value.(type) {
		case string:
			if strings.EqualFold(v, name) {
				return true
			}
		case []string:
			if slices.ContainsFunc(v, func(s string) bool { return strings.EqualFold(s, name) }) {
				return true
			}
		}
	}
	return false
}

// Show calls yield for the chosen records of the files in their order. It does
// not verify the chain, but a line that is no record and that no later record
// accounts for gives a *BrokenError after everything else was shown, with
// FaultTorn if it is a last line that a crash cut short.
func Show(ctx context.Context, files []string, filter Filter, yield func(Record) error) error {
	var bad *BrokenError
	for _, file := range files {
		var cut *scannedLine
		note := func() {
			if cut != nil && bad == nil {
				bad = &BrokenError{File: cut.file, Line: cut.number, Fault: FaultNotJSON, Detail: "this is no record; see syncagent audit verify"}
				if !cut.ended {
					bad.Fault, bad.Detail = FaultTorn, "the last line has no end; the next run records it; see syncagent audit verify"
				}
			}
			cut = nil
		}
		err := scanFile(ctx, file, func(l scannedLine) error {
			if cut != nil && l.err == nil && l.record.recovers(cut.raw) {
				cut = nil
			}
			note()
			if l.err != nil {
				l.raw = slices.Clone(l.raw)
				cut = &l
				return nil //nolint:nilerr // told when the record after it says what it was
			}
			if !filter.fits(l.record) {
				return nil
			}
			return yield(l.record)
		})
		if err != nil {
			return fmt.Errorf("show audit log: %w", err)
		}
		note()
	}
	if bad != nil {
		return fmt.Errorf("show audit log: %w", bad)
	}
	return nil
}
