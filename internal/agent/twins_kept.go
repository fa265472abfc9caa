package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// metaTwinsKept remembers the twins that stay aside, so that every run tells of
// them until a person has cleared them away.
const metaTwinsKept = "twins_kept"

// readKeptTwins reads the twins that earlier runs left aside.
func (r *run) readKeptTwins(ctx context.Context) error {
	list, err := keptTwinNotes(ctx, r.ledger)
	r.twinsKept = map[reconcile.AccountID]keptTwinNote{}
	for _, note := range list {
		r.twinsKept[note.Account] = note
	}
	return err
}

// keptTwinNotes gives them in the order of their accounts.
func keptTwinNotes(ctx context.Context, ledger *state.Ledger) ([]keptTwinNote, error) {
	text, _, err := ledger.Meta(ctx, metaTwinsKept)
	if err != nil || text == "" {
		return nil, err
	}
	var list []keptTwinNote
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("read the twins that were kept aside: %w", err)
	}
	return list, nil
}

// keepTwin notes a twin that stays aside, for this report and the next ones,
// with how everything was when that was decided.
func (r *run) keepTwin(ctx context.Context, a reconcile.Action, o outcome, meta map[string]string) error {
	hold := reconcile.NewHold(o.code, reconcile.PrincipalRef{Source: a.Source, ID: a.StableID}, a.Account, a.From, o.kept)
	note := keptTwinNote{Hold: hold, Looked: r.started, Tried: r.started}
	var err error
	if note.Situation, _, err = r.situation(ctx, note); err != nil {
		r.log.Warn("the next run looks into a twin again", errField(err))
		note.Situation, note.Looked = "", time.Time{}
	}
	reconcile.AddHold(&r.report.Result.Plan, note.Hold)
	return r.noteKept(note, meta)
}

// keepUnseen notes a twin that was moved aside and that we may not look into.
func (r *run) keepUnseen(a reconcile.Action, meta map[string]string) error {
	const why = "our rights on the server do not allow to look into it"
	o := keptTwin(a, reconcile.HoldTwinUnproven, why)
	hold := reconcile.NewHold(o.code, reconcile.PrincipalRef{Source: a.Source, ID: a.StableID}, a.Account, a.From, o.kept)
	return r.noteKept(keptTwinNote{Hold: hold}, meta)
}

func (r *run) noteKept(note keptTwinNote, meta map[string]string) error {
	r.twinsKept[note.Account] = note
	text, err := r.keptText()
	meta[metaTwinsKept] = text
	return err
}

func (r *run) keptText() (string, error) {
	if len(r.twinsKept) == 0 {
		return "", nil
	}
	var list []keptTwinNote
	for _, id := range slices.SortedFunc(maps.Keys(r.twinsKept), reconcile.CompareAccountIDs) {
		list = append(list, r.twinsKept[id])
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("remember the twins that are kept aside: %w", err)
	}
	return string(text), nil
}

// tellKeptTwins adds the twins that are still aside to the plan's holds, but for
// those that are looked into again. One that is gone or has another name is
// forgotten.
func (r *run) tellKeptTwins(ctx context.Context) error {
	if len(r.twinsKept) == 0 {
		return nil
	}
	again := map[reconcile.AccountID]bool{}
	for _, a := range r.plan.Plan.Actions {
		if a.Kind == reconcile.ActDestroyTwin && r.plan.Allowed[a.Source][a.Stage] {
			again[a.Account] = true
		}
	}
	changed := false
	for _, id := range slices.SortedFunc(maps.Keys(r.twinsKept), reconcile.CompareAccountIDs) {
		_, there := r.stillAside[id]
		switch {
		case !there:
			delete(r.twinsKept, id)
			changed = true
		case !again[id]:
			reconcile.AddHold(&r.plan.Plan, r.twinsKept[id].Hold)
		}
		changed = changed || r.twinsKept[id].Looked.Equal(r.started)
	}
	if r.opts.DryRun || !changed {
		return nil
	}
	text, err := r.keptText()
	if err != nil {
		return err
	}
	if _, err := r.ledger.Record(ctx, state.Changes{Meta: map[string]string{metaTwinsKept: text}}); err != nil {
		return fmt.Errorf("remember the twins that are aside: %w", err)
	}
	return nil
}
