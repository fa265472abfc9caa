package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// twinLookEvery is how often a twin that stays aside is looked into, to see
// whether what keeps it has changed.
const twinLookEvery = time.Hour

// twinMergeEvery is how often a merge that the server refused is tried again
// although nothing seems to have changed: quotas, for instance, are not seen.
const twinMergeEvery = 24 * time.Hour

// keptTwinNote is what is remembered of a twin that stays aside: the hold that
// tells of it, and how everything was when it was decided.
type keptTwinNote struct {
	reconcile.Hold
	// Situation is a digest of all that the decision hung on; empty if it is not
	// known, which counts as changed.
	Situation string    `json:"situation,omitempty"`
	Looked    time.Time `json:"looked,omitzero"`
	// Tried is when it was decided.
	Tried time.Time `json:"tried,omitzero"`
}

// situation digests what decides whether a twin can be cleared away: what it
// holds, whether it may and can be merged, and the account it would be merged
// into, which it gives, too (see mergeInto). Nothing is changed for it.
func (r *run) situation(ctx context.Context, note keptTwinNote) (text, into string, err error) {
	contents, err := r.server.Contents(ctx, note.Account)
	if err != nil {
		return "", "", fmt.Errorf("look into twin %s: %w", note.Account, err)
	}
	into, real, err := r.mergeInto(ctx, note)
	if err != nil {
		return "", "", err
	}
	return digest(fmt.Sprint(contents.Known), contents.MissingWhy, holding(contents), into, real, noMerge(r.server)), into, nil
}

// mergeInto gives the name of the account that a twin is to be merged into, and
// in words how that account is; "" if it is not to be merged.
func (r *run) mergeInto(ctx context.Context, note keptTwinNote) (name, words string, err error) {
	if !r.mergeTwins(note.Source) {
		return "", "", nil
	}
	found, err := r.ledger.PrincipalsByRefs(ctx, []reconcile.PrincipalRef{{Source: note.Source, ID: note.StableID}})
	if err != nil {
		return "", "", fmt.Errorf("read the owner of a twin: %w", err)
	}
	if len(found) != 1 || !found[0].Bound() {
		return "", "", nil
	}
	name = found[0].Link.Name
	id, why, err := r.realAccount(ctx, reconcile.Action{Source: note.Source, StableID: note.StableID, Account: note.Account, To: name})
	return name, string(id) + why, err
}

// lookAtKeptTwins finds out which of the twins that stay aside are not as they
// were when the last run gave up, for the decision. One that cannot be looked
// into now stays as it is.
func (r *run) lookAtKeptTwins(ctx context.Context) error {
	if len(r.twinsKept) == 0 {
		return nil
	}
	if err := r.findAside(ctx); err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(r.stillAside), reconcile.CompareAccountIDs) {
		note := r.twinsKept[id]
		if r.cfg.SourceNamed(note.Source) == nil || !abilities(r.report.Info).Look || r.started.Sub(note.Looked) < twinLookEvery {
			continue
		}
		now, into, err := r.situation(ctx, note)
		if stalwart.Stopped(err) {
			return &ServerError{err}
		}
		if err != nil {
			if ctx.Err() != nil {
				return errors.Join(ctx.Err(), err)
			}
			r.log.Warn("a twin that is aside could not be looked into", errField(err))
			continue
		}
		refused := note.Code == reconcile.HoldTwinMergeRefused && r.started.Sub(note.Tried) >= twinMergeEvery
		if now == note.Situation && !refused {
			note.Looked = r.started
			r.twinsKept[id] = note
			continue
		}
		owners, err := r.ledger.PrincipalsByAccounts(ctx, []reconcile.AccountID{id})
		if err != nil {
			return fmt.Errorf("look whose a twin is: %w", err)
		}
		r.addPrincipals(owners)
		r.facts.KeptTwins = append(r.facts.KeptTwins, reconcile.KeptTwin{
			Source: note.Source, StableID: note.StableID, Account: r.stillAside[id], Into: into, Changed: true,
		})
	}
	return nil
}

// findAside finds those of the twins that are still as they were put.
func (r *run) findAside(ctx context.Context) error {
	found, _, err := r.server.Get(ctx, slices.SortedFunc(maps.Keys(r.twinsKept), reconcile.CompareAccountIDs))
	if err != nil {
		return &ServerError{fmt.Errorf("look at the twins that are aside: %w", err)}
	}
	r.stillAside = map[reconcile.AccountID]reconcile.Account{}
	for _, a := range found {
		if r.rules.Key(a.Name) == r.rules.Key(r.twinsKept[a.ID].Name) {
			r.stillAside[a.ID] = a
		}
	}
	return nil
}
