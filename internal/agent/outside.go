package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"syncagent/internal/audit"
	"syncagent/internal/state"
)

// Note is the audit record of something that a person orders outside of a run.
type Note struct {
	// Command is what was typed, for hints.
	Command string
	Event   string
	// Fields must hold no secret.
	Fields map[string]any
}

// Outside changes the ledger outside of a run, with an audit record before and
// one after it. It takes no lock: do must be one short transaction, which the
// ledger puts in line with those of a run, and the audit log does the same with
// its records. An order that cannot be recorded is not carried out.
//
// Errors: those of do, *TrustError, *audit.WriteError, *state.OwnerError.
func (a *Agent) Outside(ctx context.Context, note Note, do func(*state.Ledger) error) (err error) {
	r := &run{Agent: a, opts: RunOptions{Command: note.Command}, started: a.now().UTC()}
	defer func() { err = trust(errors.Join(err, r.close())) }()
	r.ledger, err = state.Open(ctx, state.Options{Dir: a.cfg.State.Dir, Mode: state.ReadWrite, Now: a.now, Command: note.Command})
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	if err := r.checkTraces(ctx); err != nil {
		return err
	}
	if err := r.openAudit(ctx); err != nil {
		return err
	}
	if err := r.tell(ctx, note.Event, "intent", note.Fields); err != nil {
		return err
	}
	fields := maps.Clone(note.Fields)
	if failed := do(r.ledger); failed != nil {
		fields["error"] = failed.Error()
		return errors.Join(failed, r.tell(context.WithoutCancel(ctx), note.Event, "failed", fields))
	}
	// It is done: an interruption must not leave that unsaid.
	ctx = context.WithoutCancel(ctx)
	if err := r.tell(ctx, note.Event, "done", fields); err != nil {
		return err
	}
	return r.keepAnchor(ctx)
}

func (r *run) openAudit(ctx context.Context) error {
	anchor, err := r.anchor(ctx)
	if err != nil {
		return err
	}
	options := audit.Options{File: r.cfg.Audit.File, Now: r.now, Anchor: anchor}
	if r.cfg.Audit.SignKey != nil {
		options.SignKey = r.cfg.Audit.Key
	}
	r.audit, err = audit.Open(ctx, options)
	return err
}

// keepAnchor lets the ledger remember the end of the audit log, unless a run
// has remembered a later one meanwhile.
func (r *run) keepAnchor(ctx context.Context) error {
	head := r.audit.Head()
	known, err := r.anchor(ctx)
	if err != nil || known != nil && known.Seq >= head.Seq {
		return err
	}
	text, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("remember the end of the audit log: %w", err)
	}
	if _, err := r.ledger.Record(ctx, state.Changes{Meta: map[string]string{metaAnchor: string(text)}}); err != nil {
		return fmt.Errorf("remember the end of the audit log: %w", err)
	}
	return nil
}

// Anchor gives the end of the audit log as the ledger remembers it, nil if it
// remembers none.
func Anchor(ctx context.Context, ledger *state.Ledger) (*audit.Anchor, error) {
	r := &run{ledger: ledger}
	return r.anchor(ctx)
}

// ServerKnown gives the fingerprint of the mail server of the last run, ""
// before the first one.
func ServerKnown(ctx context.Context, ledger *state.Ledger) (string, error) {
	text, _, err := ledger.Meta(ctx, metaServer)
	return text, err
}

// Traces tells, as a *TrustError, that the audit log knows runs that the ledger
// does not: it was lost, or is an old copy.
func (a *Agent) Traces(ctx context.Context, ledger *state.Ledger) error {
	r := &run{Agent: a, ledger: ledger}
	return r.checkTraces(ctx)
}

// joinClose closes a run and adds what went wrong with that.
func joinClose(err error, r *run) error { return errors.Join(err, r.close()) }
