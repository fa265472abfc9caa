package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"syncagent/internal/archive"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// ExportOrder is one account that a person wants exported.
type ExportOrder struct {
	// Name is the account's name, one of its addresses, or what the ledger knows
	// its owner by.
	Name string
	// Dir is the directory of archives; empty is policy.export.dir.
	Dir      string
	Command  string
	Progress func(archive.Progress) // may be nil
}

// RestoreOrder is an archive that a person wants back.
type RestoreOrder struct {
	Archive string
	// To is the name or an address of an account that exists.
	To       string
	Command  string
	Progress func(archive.Progress) // may be nil
	// Identity is a file of age identities, for an encrypted archive.
	Identity string
}

// RestoreReport is what came of a restore.
type RestoreReport struct {
	archive.Report
	Account reconcile.AccountID
}

// ExportAccount brings one account into a verified archive, under the lock and
// with an audit record before and after. It changes nothing on the server. After
// an error the next call goes on with what is there.
//
// Errors: *state.LockedError, *state.OwnerError, *ServerError, *TrustError,
// *AccountError, and those of archive.Export.
func (a *Agent) ExportAccount(ctx context.Context, o ExportOrder) (result archive.Result, err error) {
	if o.Dir == "" {
		o.Dir = a.cfg.Policy.Export.Dir
	}
	err = a.ordered(ctx, o.Command, func(r *run) error {
		source := reader(r.server)
		if source == nil {
			return &cannotError{"export", r.report.Info}
		}
		account, err := r.accountOf(ctx, o.Name)
		if err != nil {
			return err
		}
		to, err := a.recipients()
		if err != nil {
			return err
		}
		fields := map[string]any{"account": string(account.ID), "from": account.Name, "dir": o.Dir, "ordered": true}
		return r.recorded(ctx, "export", fields, func() (map[string]any, error) {
			result, err = archive.Export(ctx, source, archive.ExportOptions{
				Dir: o.Dir, Account: account.ID, Server: r.report.Info.Fingerprint, Now: r.now, Progress: o.Progress,
				Recipients: to,
			})
			if err = fullDisk(err, o.Dir); err != nil {
				return nil, err
			}
			return kept{Verified: archive.Verified{Manifest: result.Manifest, ManifestSHA256: result.ManifestSHA256}, path: result.Path}.fields(), nil
		})
	})
	return result, err
}

// recipients are the keys that an ordered export is encrypted to. Whose account
// it is need not be known, so the sources must agree.
func (a *Agent) recipients() ([]string, error) {
	to := a.cfg.Policy.Export.EncryptTo
	for i, s := range a.cfg.Sources {
		own := s.Policy.Export.EncryptTo
		if i > 0 && !slices.Equal(slices.Sorted(slices.Values(own)), slices.Sorted(slices.Values(to))) {
			return nil, errors.New("the sources encrypt archives to different keys (export.encrypt_to), and it is not clear which to take for this account")
		}
		to = own
	}
	return to, nil
}

// RestoreArchive puts an archive into an account, under the lock and with an
// audit record before and after. It only adds. After an error the next call goes
// on, and makes nothing twice. The report tells what was done so far.
//
// Errors as of ExportAccount, and those of archive.Restore.
func (a *Agent) RestoreArchive(ctx context.Context, o RestoreOrder) (report RestoreReport, err error) {
	err = a.ordered(ctx, o.Command, func(r *run) error {
		target, ok := r.server.(archive.Server)
		if !ok || !r.report.Info.Can.Restore {
			return &cannotError{"restore", r.report.Info}
		}
		account, err := r.accountOf(ctx, o.To)
		if err != nil {
			return err
		}
		path, err := filepath.Abs(o.Archive)
		if err != nil {
			return err
		}
		fields := map[string]any{"account": string(account.ID), "to": account.Name, "archive": path}
		report.Account = account.ID
		return r.recorded(ctx, "restore", fields, func() (map[string]any, error) {
			report.Report, err = archive.Restore(ctx, target, archive.RestoreOptions{Archive: path, Account: account.ID, Progress: o.Progress, Identity: o.Identity})
			return map[string]any{
				"restored": countsText(report.Restored), "existing": countsText(report.Existing), "problems": len(report.Problems),
			}, err
		})
	})
	return report, err
}

// ordered opens ledger, lock, audit log and mail server for what a person
// ordered, and closes them.
func (a *Agent) ordered(ctx context.Context, command string, do func(*run) error) (err error) {
	r := &run{Agent: a, opts: RunOptions{Command: command}, started: a.now().UTC(), report: &Report{}}
	defer func() { err = trust(errors.Join(err, r.close())) }()
	r.ledger, err = state.Open(ctx, state.Options{Dir: a.cfg.State.Dir, Mode: state.ReadWrite, Now: a.now, Command: command})
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	if r.unlock, err = r.ledger.Lock(ctx, command); err != nil {
		return err
	}
	if err := r.checkTraces(ctx); err != nil {
		return err
	}
	if err := r.openAudit(ctx); err != nil {
		return err
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	if err := r.sameIDs(ctx); err != nil {
		return err
	}
	return do(r)
}

// recorded does something between two audit records.
func (r *run) recorded(ctx context.Context, event string, fields map[string]any, do func() (map[string]any, error)) error {
	if err := r.tell(ctx, event, "intent", fields); err != nil {
		return err
	}
	more, failed := do()
	ctx = context.WithoutCancel(ctx) // an interruption must not leave it unsaid
	fields, phase := maps.Clone(fields), "done"
	maps.Copy(fields, more)
	if failed != nil {
		fields["error"], phase = failed.Error(), "failed"
		failed = ofServer(failed)
	}
	return errors.Join(failed, r.tell(ctx, event, phase, fields), r.keepAnchor(ctx))
}

// ofServer marks what the mail server, or the way to it, is the reason of.
func ofServer(err error) error {
	_, unreachable := errors.AsType[*stalwart.UnreachableError](err)
	if unreachable || stalwart.Stopped(err) {
		return &ServerError{err}
	}
	return err
}

// accountOf finds the one account that a person means.
func (r *run) accountOf(ctx context.Context, name string) (reconcile.Account, error) {
	for _, find := range []func(context.Context, string) ([]reconcile.Account, error){
		r.server.FindByName, r.server.FindByAddress, r.byLedger,
	} {
		found, err := find(ctx, name)
		if neverName(err) {
			continue // the ledger may know somebody by it
		}
		if err != nil {
			return reconcile.Account{}, &ServerError{fmt.Errorf("look for the account of %q: %w", name, err)}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			var names []string
			for _, a := range found {
				names = append(names, a.Name)
			}
			return reconcile.Account{}, &AccountError{Name: name, Several: names}
		}
	}
	return reconcile.Account{}, &AccountError{Name: name}
}

// neverName tells that the server was not asked, because no account can be called
// so.
func neverName(err error) bool {
	_, name := errors.AsType[*stalwart.InvalidNameError](err)
	_, domain := errors.AsType[*stalwart.InvalidDomainError](err)
	return name || domain
}

// byLedger finds accounts of people by what the ledger knows of them: also that
// of someone whose account was moved aside.
func (r *run) byLedger(ctx context.Context, text string) ([]reconcile.Account, error) {
	persons, err := Persons(ctx, r.ledger, text)
	if err != nil {
		return nil, err
	}
	var ids []reconcile.AccountID
	for _, p := range persons {
		if p.State != reconcile.StateGone && p.Link.Account != "" {
			ids = append(ids, p.Link.Account)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.SortFunc(ids, reconcile.CompareAccountIDs)
	found, _, err := r.server.Get(ctx, slices.Compact(ids))
	return found, err
}

// AccountError says that a name does not mean exactly one account.
type AccountError struct {
	Name    string
	Several []string
}

func (e *AccountError) Error() string {
	if len(e.Several) > 0 {
		return fmt.Sprintf("%q means several accounts: %v", e.Name, e.Several)
	}
	return fmt.Sprintf("the mail server has no account %q", e.Name)
}

// Hint is what a person can do.
func (e *AccountError) Hint() string {
	if len(e.Several) > 0 {
		return "give the full name of one of them"
	}
	return "an account of someone in the directory comes into being with the first login or the first mail"
}

// cannotError says that this login or server cannot do what was ordered.
type cannotError struct {
	what string
	info stalwart.Info
}

func (e *cannotError) Error() string {
	return fmt.Sprintf("our login on this Stalwart %s cannot %s", e.info.Version, e.what)
}

// Hint is what a person can do.
func (e *cannotError) Hint() string {
	return "syncagent doctor names the permissions that are missing; Stalwart 0.5 to 0.15 needs username and password instead of an API key"
}

// countsText lists numbers of objects by type, without those of which there
// are none.
func countsText(counts map[string]int) []string {
	out := []string{}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%s %d", kind, n))
		}
	}
	return out
}
