package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// Keys of what the ledger remembers besides its tables.
const (
	metaAnchor = "audit_head"
	metaServer = "server_fingerprint"
	metaRules  = "name_rules"
	metaPurge  = "purge_due"
	metaDiff   = "last_diff"
)

// tell writes one audit record; it is on disk when tell returns.
func (r *run) tell(ctx context.Context, event, phase string, fields map[string]any) error {
	if r.audit == nil {
		return nil
	}
	return r.audit.Append(ctx, audit.Record{Run: r.id, Event: event, Phase: phase, Fields: fields})
}

// tellAtOnce is how many records are brought to disk together: an adoption
// writes one for each person, and each trip to the disk takes milliseconds.
const tellAtOnce = 500

// tellDetected records what the snapshot showed.
func (r *run) tellDetected(ctx context.Context) error {
	made := make(map[reconcile.AccountID]time.Time, len(r.facts.Accounts))
	for _, a := range r.facts.Accounts {
		made[a.ID] = a.Created
	}
	return r.tellFound(ctx, r.plan.Detected, made)
}

// tellFound records what was found out about people, links with the time when
// the account was made, if it is known.
func (r *run) tellFound(ctx context.Context, found []reconcile.Detection, made map[reconcile.AccountID]time.Time) error {
	for some := range slices.Chunk(found, tellAtOnce) {
		records := make([]audit.Record, 0, len(some))
		for _, d := range some {
			fields := map[string]any{
				"source": d.Source, "stable_id": string(d.ID), "account": string(d.Account), "from": d.From, "to": d.To,
			}
			if at := made[d.Account]; d.Event == "link" && !at.IsZero() {
				fields["account_created"] = at.UTC().Format(time.RFC3339Nano)
			}
			records = append(records, audit.Record{Run: r.id, Event: "detected", Phase: d.Event, Fields: fields})
		}
		if err := r.audit.Append(ctx, records...); err != nil {
			return err
		}
	}
	return nil
}

// anchor is the end of the audit log as the ledger remembers it.
func (r *run) anchor(ctx context.Context) (*audit.Anchor, error) {
	text, ok, err := r.ledger.Meta(ctx, metaAnchor)
	if err != nil || !ok {
		return nil, err
	}
	var anchor audit.Anchor
	if err := json.Unmarshal([]byte(text), &anchor); err != nil {
		return nil, &TrustError{Err: fmt.Errorf("the ledger's note of the audit log is damaged: %w", err), hint: "restore a backup of the ledger"}
	}
	return &anchor, nil
}

// checkTraces refuses a ledger that was lost or is older than the audit log: a
// lost ledger is not a first run.
func (r *run) checkTraces(ctx context.Context) error {
	if r.opts.AdoptAnew {
		return nil
	}
	anchor, err := r.anchor(ctx)
	if err != nil {
		return err
	}
	head, err := audit.ReadHead(ctx, r.cfg.Audit.File, nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case anchor != nil && head == *anchor:
		return nil // nothing was written since the ledger was
	}
	last, err := lastRun(ctx, r.cfg.Audit.File)
	if err != nil || last == "" {
		return err
	}
	_, err = r.ledger.Run(ctx, last)
	if errors.Is(err, state.ErrNotFound) {
		return &TrustError{
			Err:  fmt.Errorf("the audit log tells of run %s, which the ledger does not know: the ledger was lost, or is an old copy (%s)", last, reconcile.BlockLedgerLost),
			hint: "restore a backup with: syncagent state restore FILE; or make the ledger anew from the audit log with: syncagent state rebuild --dry-run",
		}
	}
	if err != nil {
		return fmt.Errorf("look for the last run: %w", err)
	}
	return nil
}

// checkOwnNames refuses a first run on a server that has accounts which an
// earlier life of syncagent moved aside.
func (r *run) checkOwnNames() error {
	if r.opts.AdoptAnew || r.index == nil {
		return nil
	}
	for _, s := range r.states {
		if s.Adopted {
			return nil
		}
	}
	for _, id := range r.index.order {
		if name := r.index.accounts[id].Name; reconcile.OwnName(name) {
			return &TrustError{
				Err:  fmt.Errorf("the ledger is empty, but the server has account %s (%s), which syncagent moved aside: the ledger was lost (%s)", id, name, reconcile.BlockLedgerLost),
				hint: "restore a backup with: syncagent state restore FILE; or make the ledger anew from the audit log with: syncagent state rebuild --dry-run",
			}
		}
	}
	return nil
}

// lastRun gives the last run that the audit log tells of, "" if there is none.
func lastRun(ctx context.Context, file string) (string, error) {
	last := ""
	err := audit.Show(ctx, []string{file}, audit.Filter{}, func(rec audit.Record) error {
		if rec.Run != "" {
			last = rec.Run
		}
		return nil
	})
	var broken *audit.BrokenError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.As(err, &broken) && broken.Fault == audit.FaultTorn:
		return last, nil // a killed run's last line; opening the log for writing records it
	}
	return last, err
}

// logAction writes the one line that every action gets.
func (r *run) logAction(a reconcile.Action, result reconcile.Result) {
	fields := []zap.Field{
		zap.String("run", r.id), zap.String("kind", string(a.Kind)), zap.String("source", a.Source),
		zap.String("stable_id", string(a.StableID)), zap.String("account", string(a.Account)),
		zap.String("from", a.From), zap.String("to", a.To), zap.String("outcome", string(result.Outcome)),
	}
	if result.Error != "" {
		r.log.Warn("action not done", append(fields, zap.String("error", result.Error), zap.String("hint", result.Hint))...)
		return
	}
	r.log.Info("action done", fields...)
}
