package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// RebuildOptions say how a ledger is made anew. Whoever calls Rebuild holds the
// lock of the state directory, unless DryRun is set.
type RebuildOptions struct {
	// DryRun changes nothing and creates no file.
	DryRun bool
	// Place moves the old ledger away, and gives what puts it back.
	Place func() (back func() error, err error)
}

// RebuildReport tells what a rebuilt ledger holds.
type RebuildReport struct {
	// Records is how many records of the audit log were followed; Before is the
	// number of the first one that is not there any more, 0 if all are.
	Records int   `json:"records"`
	Before  int64 `json:"before"`
	// Linked counts links by source; Protections orders never to touch.
	Linked      map[string]int          `json:"linked"`
	Cut         int                     `json:"cut"`
	Tombstones  int                     `json:"tombstones"`
	Protections int                     `json:"protections"`
	Notes       []reconcile.RebuildNote `json:"notes"`
	Run         string                  `json:"run,omitempty"`
}

// ErrLedgerWhole says that there is nothing to rebuild.
var ErrLedgerWhole = errors.New("the ledger can be read and knows the last run of the audit log: there is nothing to rebuild")

// rebuild is one rebuild while it goes on.
type rebuild struct {
	*run
	rebuilt     reconcile.Rebuilt
	protections []reconcile.Protection
	report      RebuildReport
}

// Rebuild makes the ledger anew from the audit log, as far as the mail server
// bears it out. The fuse is blown with it: until a run has shown who is missing,
// nobody counts as gone. Errors: *TrustError (the log does not verify),
// *ServerError, ErrLedgerWhole, those of the ledger and of Place.
func (a *Agent) Rebuild(ctx context.Context, o RebuildOptions) (report RebuildReport, err error) {
	b := &rebuild{run: &run{
		Agent: a, started: a.now().UTC(), results: map[int]reconcile.Result{},
		opts: RunOptions{DryRun: o.DryRun, Trigger: TriggerOrder, Command: "syncagent state rebuild"},
	}}
	b.run.report = &Report{DryRun: o.DryRun}
	defer func() { err = trust(errors.Join(err, b.close())) }()
	if err := b.learnAll(ctx); err != nil || o.DryRun {
		return b.report, err
	}
	back, err := o.Place()
	if err != nil {
		return b.report, err
	}
	if err := b.write(ctx); err != nil {
		closed := errors.Join(b.closeLedger(), back())
		return b.report, errors.Join(err, closed)
	}
	return b.report, nil
}

// learnAll follows the verified log and compares it with the server.
func (b *rebuild) learnAll(ctx context.Context) error {
	anchor, err := b.oldAnchor(ctx)
	if err != nil {
		return err
	}
	files, err := auditFilesOf(ctx, b.cfg.Audit.File)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &TrustError{Err: fmt.Errorf("there is no audit log %s to rebuild the ledger from", b.cfg.Audit.File), hint: "restore a backup with: syncagent state restore FILE"}
	}
	key, err := b.cfg.Audit.Key()
	if err != nil {
		return err
	}
	verified, err := audit.Verify(ctx, audit.VerifyOptions{Files: files, Anchor: anchor, Key: key})
	if err != nil {
		return err
	}
	b.report.Records, b.report.Before = verified.Records, verified.Before.Seq
	if err := b.connect(ctx); err != nil {
		return err
	}
	accounts := map[reconcile.AccountID]reconcile.Account{}
	err = b.server.Accounts(ctx, "", func(a reconcile.Account) error {
		accounts[a.ID] = a
		return nil
	})
	if err != nil {
		return &ServerError{fmt.Errorf("list the accounts: %w", err)}
	}
	r := reconcile.NewRebuilder(b.rules)
	if err := replayInto(ctx, files, r, b.protect); err != nil {
		return err
	}
	b.rebuilt = r.Finish(accounts, b.started)
	b.count()
	return nil
}

// oldAnchor is what the present ledger remembers of the log, if it can be read.
func (b *rebuild) oldAnchor(ctx context.Context) (*audit.Anchor, error) {
	old, err := state.Open(ctx, state.Options{Dir: b.cfg.State.Dir, Mode: state.ReadOnly, Now: b.now})
	switch {
	case errors.Is(err, state.ErrCorrupt), errors.Is(err, state.ErrTampered):
		return nil, nil //nolint:nilnil // that is why it is rebuilt
	case err != nil:
		return nil, fmt.Errorf("look at the present ledger: %w", err)
	}
	r := &run{Agent: b.Agent, ledger: old}
	defer func() { _ = old.Close() }() // it is a copy in memory
	if !old.Exists() {
		return nil, nil //nolint:nilnil // nothing is remembered
	}
	sources, err := old.Sources(ctx)
	if err == nil && len(sources) > 0 && r.checkTraces(ctx) == nil {
		return nil, ErrLedgerWhole
	}
	if err != nil {
		return nil, fmt.Errorf("look at the present ledger: %w", err)
	}
	return r.anchor(ctx)
}

// protect follows an order of a person.
func (b *rebuild) protect(rec audit.Record) {
	pattern, _ := rec.Fields["pattern"].(string)
	by, _ := rec.Fields["by"].(string)
	reason, _ := rec.Fields["reason"].(string)
	b.protections = slices.DeleteFunc(b.protections, func(p reconcile.Protection) bool { return p.Pattern == pattern })
	if rec.Event == "protect" && pattern != "" {
		b.protections = append(b.protections, reconcile.Protection{Pattern: pattern, By: by, Reason: reason, Since: rec.Time})
	}
}

func (b *rebuild) count() {
	b.report.Linked, b.report.Notes = map[string]int{}, append([]reconcile.RebuildNote{}, b.rebuilt.Notes...)
	for _, p := range b.rebuilt.Principals {
		b.report.Linked[p.Source]++
		if p.Access != reconcile.AccessOpen {
			b.report.Cut++
		}
	}
	b.report.Tombstones, b.report.Protections = len(b.rebuilt.Tombstones), len(b.protections)
}

// write makes the new ledger, as a run that the audit log tells of.
func (b *rebuild) write(ctx context.Context) error {
	ledger, err := state.Open(ctx, state.Options{Dir: b.cfg.State.Dir, Mode: state.ReadWrite, Now: b.now, Command: b.opts.Command})
	if err != nil {
		return fmt.Errorf("make the new ledger: %w", err)
	}
	b.ledger = ledger
	if err := b.openAudit(ctx); err != nil {
		return err
	}
	if err := b.begin(ctx); err != nil {
		return err
	}
	b.report.Run = b.id
	fields := map[string]any{"links": len(b.rebuilt.Principals), "tombstones": len(b.rebuilt.Tombstones), "left_out": len(b.rebuilt.Notes)}
	if err := b.tell(ctx, "rebuild", "intent", fields); err != nil {
		return err
	}
	for _, p := range b.protections {
		if err := ledger.Protect(ctx, p); err != nil {
			return fmt.Errorf("restore what people protected: %w", err)
		}
	}
	changes := b.changes(reconcile.Effect{Principals: b.rebuilt.Principals, Tombstones: b.rebuilt.Tombstones})
	changes.Meta = map[string]string{metaServer: b.run.report.Info.Fingerprint, metaGeneration: b.run.report.Info.Generation}
	for _, name := range b.mentioned() {
		changes.Sources = append(changes.Sources, reconcile.SourceState{
			Name: name, Adopted: true, Fingerprint: "rebuilt", LastComplete: b.started, LastCounted: b.started,
		})
	}
	if _, err := ledger.Record(ctx, changes); err != nil {
		return fmt.Errorf("write the new ledger: %w", err)
	}
	done, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := b.tell(done, "rebuild", "done", fields); err != nil {
		return err
	}
	return b.finish(done, nil)
}

// mentioned are the configured sources that have a link: the others make their
// first run.
func (b *rebuild) mentioned() []string {
	var out []string
	for _, c := range b.cfg.Sources {
		if b.report.Linked[c.Name] > 0 {
			out = append(out, c.Name)
		}
	}
	return out
}

// closeLedger lets go of a ledger that is put away again.
func (b *rebuild) closeLedger() error {
	if b.ledger == nil {
		return nil
	}
	err := b.ledger.Close()
	b.ledger = nil
	return err
}
