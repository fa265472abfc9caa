package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
)

// auditFilesOf gives all files of the audit log, oldest first; none if there is
// no log yet.
func auditFilesOf(ctx context.Context, file string) ([]string, error) {
	files, err := audit.Files(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the audit log: %w", err)
	}
	return files, nil
}

// seenBefore gives under which ID the audit log saw each name last.
func (r *run) seenBefore(ctx context.Context) (map[reconcile.Hash]reconcile.PrincipalRef, error) {
	files, err := auditFilesOf(ctx, r.cfg.Audit.File)
	if err != nil {
		return nil, err
	}
	b := reconcile.NewRebuilder(r.rules)
	if err := replayInto(ctx, files, b, nil); err != nil {
		return nil, fmt.Errorf("look in the audit log for names of an earlier life: %w", err)
	}
	return b.Owners(), nil
}

// replayInto tells a Rebuilder every record about an account; orders get those
// of protect and unprotect.
func replayInto(ctx context.Context, files []string, b *reconcile.Rebuilder, orders func(audit.Record)) error {
	return audit.Show(ctx, files, audit.Filter{}, func(rec audit.Record) error {
		if rec.Event == "protect" || rec.Event == "unprotect" {
			if orders != nil && rec.Phase == "done" {
				orders(rec)
			}
			return nil
		}
		b.Add(pastOf(rec))
		return nil
	})
}

// pastOf reads a record about an account.
func pastOf(rec audit.Record) reconcile.Past {
	text := func(key string) string { s, _ := rec.Fields[key].(string); return s }
	list := func(key string) []string { l, _ := rec.Fields[key].([]string); return l }
	p := reconcile.Past{
		Event: rec.Event, Phase: rec.Phase, At: rec.Time, Source: text("source"), ID: reconcile.StableID(text("stable_id")),
		Account: reconcile.AccountID(text("account")), From: text("from"), To: text("to"), Via: text("via"),
		AddressesFrom: list("addresses_from"), AddressesTo: list("addresses_to"), AccessBefore: text("access_before"),
		OldSource: text("old_source"), OldID: reconcile.StableID(text("old_stable_id")), HeldEntry: text("held_entry"),
	}
	if at, err := time.Parse(time.RFC3339Nano, text("account_created")); err == nil {
		p.Created = at
	}
	if rec.Phase == "recovered" {
		switch text("found") {
		case foundText(reconcile.FoundDone):
			p.Phase = "done"
		case foundText(reconcile.FoundStranded):
			p.Phase = "stranded"
		}
	}
	return p
}
