package reconcile

import (
	"strings"
	"time"
)

// CoverLasts is how long after its first day an approval of later deletes
// holds. What is not deleted by then (the agent stood still, or ran so seldom
// that the grace took longer) needs a new approval.
const CoverLasts = 14 * 24 * time.Hour

// Cover is what a missing person's row remembers of the approval of the
// absence: that it also covers the delete of this account once the grace is
// over. It ends with the absence, with any change of what source or server mean,
// with another account, with the approval being taken back, and with time. The
// zero value covers nothing.
type Cover struct {
	// Approval is the ID of the approval in the ledger.
	Approval int64 `json:"approval"`
	// Persons is how many persons gave it.
	Persons int       `json:"persons"`
	Account AccountID `json:"account"`
	// Meaning hashes what source, directory and server were when it was given.
	Meaning string `json:"meaning"`
	// From is the day that was told to the person who approved: nothing is covered
	// before it. Until is when the cover ends by itself.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// IsZero tells that nothing is covered.
func (c Cover) IsZero() bool { return c == Cover{} }

// laterItem is the delete of a missing person's account after the grace, as an
// approval of the absence covers it; To is how much of the grace is left.
func laterItem(p *Principal, left time.Duration) ApprovedItem {
	return ApprovedItem{Kind: ItemLater, Source: p.Source, StableID: p.ID, Account: p.Link.Account, From: p.Name, To: left.String()}
}

// graceLeft is how much of the time of grace a missing person still has.
func graceLeft(p *Principal, s *SourceFacts) time.Duration {
	return max(0, s.Policy.GraceTime-p.Miss.Elapsed)
}

// offerLater offers, with the approval of an absence, that of the delete after
// the grace.
func (d *decider) offerLater(p *Principal, s *SourceFacts, shown *Missing) {
	_, protected := d.protected(p.Ref(), p.Name, p.Link.Name)
	if s.Policy.Missing != MissingDelete || !p.Bound() || protected || p.Kind != KindIndividual {
		return
	}
	item := laterItem(p, graceLeft(p, s))
	shown.DeleteAfter = item.To
	d.blocked = append(d.blocked, item)
}

// keepCover ends a cover that a change of source or server ends, and notes a new
// one where an approval that holds now gives it. It tells whether the row differs.
func (d *decider) keepCover(row *Principal, s *SourceFacts, j *judgement) bool {
	before := row.Miss.Cover
	if j.remeant || len(j.all) > 0 || len(j.setBack) > 0 || d.ServerChanged != "" || !d.coverHolds(row, s) {
		row.Miss.Cover = Cover{}
	}
	if row.Miss.Cover.IsZero() && !j.doubted() && s.Policy.Missing == MissingDelete && row.Bound() {
		row.Miss.Cover = d.newCover(row, s)
	}
	return row.Miss.Cover != before
}

// newCover looks for an approval of the delete of a missing person that was
// given while this very absence was known.
func (d *decider) newCover(row *Principal, s *SourceFacts) Cover {
	want := laterItem(row, 0)
	for _, a := range d.Approvals {
		if !d.enough(a, s.Policy.Approvals) || row.LastSeen.After(a.Created) {
			continue
		}
		for _, item := range a.Items {
			left, err := time.ParseDuration(item.To)
			if item.To = want.To; item != want || err != nil {
				continue
			}
			from := a.Created.Add(left)
			if due := d.Now.Add(graceLeft(row, s)); due.After(from) {
				from = due
			}
			return Cover{
				Approval: a.ID, Persons: a.Persons(), Account: row.Link.Account, Meaning: d.meaning(s),
				From: from, Until: from.Add(CoverLasts),
			}
		}
	}
	return Cover{}
}

// coverHolds tells whether the cover of a missing person was given by enough
// persons for this account, was not taken back, is not too old, and whether
// source and server are what they were.
func (d *decider) coverHolds(row *Principal, s *SourceFacts) bool {
	c := row.Miss.Cover
	return !c.IsZero() && d.Given[c.Approval] && c.Persons >= max(1, s.Policy.Approvals) && row.Bound() &&
		c.Account == row.Link.Account && c.Meaning == d.meaning(s) && d.Now.Before(c.Until)
}

// deleteCovered tells whether the approval of the absence covers the delete now.
func (d *decider) deleteCovered(row *Principal, s *SourceFacts) bool {
	return d.coverHolds(row, s) && !d.Now.Before(row.Miss.Cover.From)
}

// meaning hashes what decides whose absence it is, and of which account.
func (d *decider) meaning(s *SourceFacts) string {
	return HashOf(strings.Join([]string{s.Fingerprint, s.Evidence.Directory, s.Evidence.IDAttribute, d.Server.Fingerprint}, "\x00")).String()
}
