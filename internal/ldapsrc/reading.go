package ldapsrc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// reading is one snapshot in the making. It is complete only if nothing speaks
// against it at the end.
type reading struct {
	source   *Source
	conn     *conn
	rule     idRule
	wanted   []string
	evidence reconcile.Evidence
	digest   mapping.Digest
	warnings mapping.Tally
	ids      map[[16]byte]struct{} // hashes of the IDs that came
	seen     map[string]bool       // lower-case attributes that any entry had
	reasons  map[string]*doubt     // by code
	first    *answer               // the first page, read by begin
	firstErr error
}

// doubt is one thing that speaks against completeness.
type doubt struct {
	reconcile.Reason
	times int
}

// errStop ends a reading whose evidence already says why it is incomplete.
var errStop = errors.New("the snapshot is incomplete")

func newReading(s *Source, c *conn, rule idRule) *reading {
	return &reading{
		source: s, conn: c, rule: rule, wanted: s.attributes(rule),
		evidence: reconcile.Evidence{
			Counted: -1, Server: c.server.url, IDAttribute: rule.attribute,
			IDReusable: rule.reusable() && !s.opts.Map.IDNeverReused,
		},
		ids: map[[16]byte]struct{}{}, seen: map[string]bool{}, reasons: map[string]*doubt{},
	}
}

// doubt notes a reason; further ones of the same code are only counted.
func (r *reading) doubt(reason reconcile.Reason) {
	if known := r.reasons[reason.Code]; known != nil {
		known.times++
		return
	}
	r.reasons[reason.Code] = &doubt{reason, 1}
}

// finish reads all bases and gives the evidence.
func (r *reading) finish(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error) {
	for i, base := range r.source.opts.Bases {
		err := r.readBase(ctx, base, i == 0, yield)
		if errors.Is(err, errStop) {
			break
		}
		if err != nil {
			return r.result(), err
		}
	}
	if r.evidence.Entries == 0 && len(r.reasons) == 0 {
		r.evidence.Warnings = append(r.evidence.Warnings, r.emptiness())
	}
	r.evidence.Complete = len(r.reasons) == 0
	if r.evidence.Complete {
		r.source.remember(r.rule, r.seen)
	}
	r.source.opts.observe("snapshot read", "server", r.conn.server.url, "entries", r.evidence.Entries, "complete", r.evidence.Complete)
	return r.result(), nil
}

// emptiness explains a snapshot without entries. As protocol goes it is
// complete; that nobody acts on it is the guards' part.
func (r *reading) emptiness() reconcile.Reason {
	return reconcile.Reason{
		Code:    reconcile.UnusableEmpty,
		Message: r.conn.server.url + " answered without an error, but gave no entry",
		Hint:    "Check base, scope and filter for typing errors, and that the bind account may read the people: servers leave out what they hide. " + r.source.firstCommand(),
	}
}

func (r *reading) result() reconcile.Evidence {
	ev := r.evidence
	ev.Digest = r.digest.String()
	ev.Warnings = append(ev.Warnings, r.warnings.Reasons()...)
	slices.SortFunc(ev.Warnings, byCode)
	for _, d := range r.reasons {
		reason := d.Reason
		if d.times > 1 {
			reason.Message = fmt.Sprintf("%s (and %d more)", reason.Message, d.times-1)
		}
		ev.Reasons = append(ev.Reasons, reason)
	}
	slices.SortFunc(ev.Reasons, byCode)
	return ev
}

func byCode(a, b reconcile.Reason) int {
	if c := strings.Compare(a.Code, b.Code); c != 0 {
		return c
	}
	return strings.Compare(a.Message, b.Message)
}

// accept takes the entries of a page whose end was proven.
func (r *reading) accept(page *answer, yield func(reconcile.Entry) error) error {
	for i := range page.entries {
		e := &page.entries[i]
		for j := range e.attributes {
			r.note(e.attributes[j].description)
		}
		r.evidence.Entries++
		id, err := r.rule.read(e)
		if err != nil {
			r.doubtID(e, err)
			continue
		}
		if !r.fresh(id) {
			r.doubt(reconcile.Reason{
				Code:    reconcile.UnusableDuplicateID,
				Message: fmt.Sprintf("the stable ID %s came twice, the second time at %s", id, printable(e.dn)),
				Hint:    "If base or map.id did not change, an entry moved or the server repeated a page while it was read; the next run reads again. Otherwise choose an attribute for map.id that is unique.",
			})
			return errStop
		}
		mapped, warnings := r.source.mapEntry(id, e)
		if len(warnings) > 0 {
			r.warnings.Add(printable(e.dn), warnings)
		}
		r.digest.Add(mapped)
		if err := yield(mapped); err != nil {
			return fmt.Errorf("take entry %s: %w", id, err)
		}
	}
	return nil
}

// note remembers that an attribute was seen, as cheaply as possible: the map is
// asked for each attribute of each entry, and nearly always knows it.
func (r *reading) note(description string) {
	if r.seen[description] {
		return
	}
	r.seen[description] = true
	r.seen[strings.ToLower(baseOf(description))] = true
}

// fresh tells whether an ID comes for the first time. Hashes keep the memory at
// a few dozen bytes for each entry; two IDs with the same 128 bits do not occur,
// and would make the snapshot incomplete, not wrong.
func (r *reading) fresh(id reconcile.StableID) bool {
	sum := sha256.Sum256([]byte(id))
	key := [16]byte(sum[:16])
	if _, known := r.ids[key]; known {
		return false
	}
	r.ids[key] = struct{}{}
	return true
}

func (r *reading) doubtID(e *entry, err error) {
	if errors.Is(err, errNoID) {
		r.doubt(reconcile.Reason{
			Code:    reconcile.UnusableNoID,
			Message: fmt.Sprintf("%s has no readable %s", printable(e.dn), r.rule.attribute),
			Hint:    "Let the bind account read " + r.rule.attribute + " on every entry, or choose another attribute for map.id.",
		})
		return
	}
	r.doubt(reconcile.Reason{
		Code:    reconcile.UnusableBadID,
		Message: fmt.Sprintf("the %s of %s cannot be a stable ID: %v", r.rule.attribute, printable(e.dn), err),
		Hint:    "Choose an attribute for map.id that has one value, of at most 255 bytes, on every entry.",
	})
}
