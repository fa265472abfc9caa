package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/archive"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// reader gives what an export reads from, nil if our login may not, or the
// server's generation cannot.
func reader(server stalwart.Server) archive.Reader {
	r, ok := server.(archive.Reader)
	if !ok || !server.Info().Can.Export {
		return nil
	}
	return r
}

// kept is a verified archive that this run may delete an account on.
type kept struct {
	archive.Verified
	path string
	// reused tells that an earlier run made it and nothing changed since.
	reused bool
}

func (k kept) fields() map[string]any {
	fields := map[string]any{
		"archive": k.path, "manifest_sha256": k.ManifestSHA256, "counts": countsText(k.Counts), "bytes": k.Bytes, "reused": k.reused,
	}
	var omitted []string
	for _, o := range k.Omitted {
		omitted = append(omitted, o.Kind+": "+o.Reason)
	}
	if len(omitted) > 0 {
		fields["omitted"] = omitted
	}
	return fields
}

// export brings an account into a verified archive: one that an earlier run
// made and that is still what the account holds, or a new one. It only reads, so
// a cancel ends it at once; the next run goes on where it ended.
func (r *run) export(ctx context.Context, a reconcile.Action) outcome {
	source := reader(r.server)
	switch {
	case source == nil:
		return outcome{err: errors.New("this login or server cannot export the account")}
	case r.noSpace != nil:
		return outcome{kept: "not tried, because an export before it failed: " + r.noSpace.Error()}
	}
	k, err := r.archived(ctx, source, a)
	if err = fullDisk(err, r.exportPolicy(a.Source).Dir); err != nil {
		if _, full := errors.AsType[*fullError](err); full {
			r.noSpace = err // the next account would only fill what is left
		}
		return outcome{err: err}
	}
	if lost := k.Lost(); len(lost) > 0 && r.exportPolicy(a.Source).Required {
		return outcome{err: &partialError{k.path, lost}}
	}
	r.archives[a.Account] = k
	return outcome{fields: k.fields()}
}

// archived finds or makes the archive of an account.
func (r *run) archived(ctx context.Context, source archive.Reader, a reconcile.Action) (kept, error) {
	dir, server := r.exportPolicy(a.Source).Dir, r.report.Info.Fingerprint
	last, found, err := archive.Latest(dir, server, a.Account)
	if err != nil {
		return kept{}, err
	}
	to := slices.Sorted(slices.Values(r.exportPolicy(a.Source).EncryptTo))
	if found && slices.Equal(to, last.EncryptedTo) {
		k, ok, err := r.stillGood(ctx, source, last)
		if err != nil || ok {
			return k, err
		}
	}
	made, err := archive.Export(ctx, source, archive.ExportOptions{
		Dir: dir, Account: a.Account, Server: server, Now: r.now, Progress: r.tellProgress(a.From),
		Recipients: r.exportPolicy(a.Source).EncryptTo,
	})
	if err != nil {
		return kept{}, err
	}
	return kept{Verified: archive.Verified{Manifest: made.Manifest, ManifestSHA256: made.ManifestSHA256}, path: made.Path}, nil
}

// stillGood tells whether an earlier archive can be used: the account did not
// change since, and the archive reads back as it was written.
func (r *run) stillGood(ctx context.Context, source archive.Reader, s archive.Stored) (kept, bool, error) {
	current, err := archive.Current(ctx, source, s.Manifest)
	if err != nil || !current {
		return kept{}, false, err
	}
	verified, err := archive.Verify(s.Path)
	if err != nil {
		r.log.Warn("an earlier archive cannot be used; the account is exported again", zap.String("archive", s.Path), zap.Error(err))
		return kept{}, false, nil
	}
	return kept{Verified: verified, path: s.Path, reused: true}, true, nil
}

// notArchived says why a delete that needs an archive may not go on; "" if it
// may. It looks once more whether anything came in since the export.
func (r *run) notArchived(ctx context.Context, a reconcile.Action) (string, error) {
	if !r.exportPolicy(a.Source).Required {
		return "", nil
	}
	k, ok := r.archives[a.Account]
	if !ok {
		return "policy.export.required is on, and this run has no verified archive of it", nil
	}
	current, err := archive.Current(ctx, reader(r.server), k.Manifest)
	if err != nil {
		return "", &ServerError{fmt.Errorf("look whether the account changed since the export: %w", err)}
	}
	if !current {
		return "the account changed after it was exported", nil
	}
	return "", nil
}

// exportPolicy is the export policy of a source.
func (r *run) exportPolicy(source string) config.Export {
	if s := r.cfg.SourceNamed(source); s != nil {
		return s.Policy.Export
	}
	return r.cfg.Policy.Export
}

// progressPause is how often a long export says in the log how far it is.
const progressPause = 10 * time.Second

func (r *run) tellProgress(name string) func(archive.Progress) {
	last := time.Now()
	return func(p archive.Progress) {
		if time.Since(last) < progressPause {
			return
		}
		last = time.Now()
		r.log.Info("exporting", zap.String("run", r.id), zap.String("name", name), zap.String("kind", p.Kind),
			zap.Int("done", p.Done), zap.Int("of", p.Total), zap.Int64("bytes", p.Bytes))
	}
}

// fullError says that the archive's file system has no space left.
type fullError struct {
	err error
	dir string
}

// fullDisk says where there is no space left, if that is the reason of an error.
func fullDisk(err error, dir string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fullError{err, dir}
	}
	return err
}

func (e *fullError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *fullError) Unwrap() error { return e.err }

// Hint is what a person can do.
func (e *fullError) Hint() string {
	return "make room in " + e.dir + ", or set policy.export.dir to a larger disk; what was exported so far is kept, and the next try goes on from there"
}

// partialError says that an archive has all that the server shows, but not all
// that the account may hold.
type partialError struct {
	path string
	lost []string
}

func (e *partialError) Error() string {
	return "the archive may not have everything that the account holds: " + strings.Join(e.lost, "; ")
}

// Hint is what a person can do.
func (e *partialError) Hint() string {
	return "what could be read is in " + e.path + "; save the rest by hand and delete the account by hand, or set policy.export.required: false"
}

// heldExports adds to the report a hold for each account that was not deleted
// because its archive is missing.
func (r *run) heldExports() {
	for _, a := range r.plan.Plan.Actions {
		result := r.results[a.Seq]
		if a.Kind != reconcile.ActExport || result.Error == "" || result.Outcome == reconcile.OutcomeDropped {
			continue
		}
		reconcile.AddHold(&r.report.Result.Plan, reconcile.NewHold(reconcile.HoldExportFailed,
			reconcile.PrincipalRef{Source: a.Source, ID: a.StableID}, a.Account, a.From, result.Error))
	}
}
