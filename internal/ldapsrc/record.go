package ldapsrc

import (
	"strings"
	"unicode/utf8"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// record shows an entry to the mapping. It is used again for each entry.
type record struct {
	entry  *entry
	binary map[string]bool
	broken string // the attribute of a value that is not UTF-8, "" if all are
}

// Values implements mapping.Record.
func (r *record) Values(name string) []string {
	raw := r.entry.raw(name)
	if len(raw) == 0 {
		return nil
	}
	values := make([]string, len(raw))
	for i, v := range raw {
		switch {
		case utf8.Valid(v):
			values[i] = string(v)
		case r.binary[strings.ToLower(name)]:
			values[i] = mapping.Hex(v)
		default:
			r.broken = name
			values[i] = string(v) // the mapping leaves it out
		}
	}
	return values
}

// warnNotUTF8 is the code of the warning about values that are not UTF-8.
const warnNotUTF8 = "value-not-utf8"

// mapEntry maps one entry. A value that is not UTF-8 may be any name or
// address, so its entry becomes protected instead of losing it.
func (s *Source) mapEntry(id reconcile.StableID, e *entry) (reconcile.Entry, []reconcile.Reason) {
	r := record{entry: e, binary: s.binary}
	mapped, warnings := s.mapper.Entry(id, strings.ToValidUTF8(e.dn, "�"), &r)
	if r.broken != "" {
		mapped.Kind = reconcile.KindUnknown
		warnings = append(warnings, reconcile.Reason{
			Code:    warnNotUTF8,
			Message: "a value of " + r.broken + " is not valid UTF-8; the entry counts as present, and nothing is changed for it",
			Hint:    "Correct the value in the directory.",
		})
	}
	mapped.Leaver = mapped.Leaver || s.inLeaverBase(e.dn)
	return mapped, warnings
}

func (s *Source) inLeaverBase(dn string) bool {
	for _, base := range s.opts.Leavers.Bases {
		if within(dn, base) {
			return true
		}
	}
	return false
}
