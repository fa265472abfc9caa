package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// DefaultRounds is how often an export catches up with an account that changes.
const DefaultRounds = 6

// ExportOptions say what to export and where to.
type ExportOptions struct {
	// Dir is the directory of archives; it is made if it does not exist.
	Dir     string
	Account reconcile.AccountID
	// Server is the fingerprint of the server, for the manifest and so that a
	// partial archive of another server is not taken up.
	Server string
	// Rounds bounds the catching up; zero means DefaultRounds.
	Rounds int
	// Recipients are age recipients (age1…) that everything but the manifest is
	// encrypted to; empty: nothing is. Only who has a key of theirs can restore.
	Recipients []string
	Now        func() time.Time // nil: time.Now
	Progress   func(Progress)   // may be nil
}

// Result is a finished and verified archive.
type Result struct {
	Path string
	Manifest
	// ManifestSHA256 is for the audit log: with it nobody can change the archive
	// and its manifest unseen.
	ManifestSHA256 string
	// Kept counts the contents that an earlier try had fetched already.
	Kept int
}

// Export reads an account into an archive, catches up with changes until the
// server's lists and states are those of the archive, reads the archive back,
// and gives it its final name. After an error the partial archive stays and the
// next Export goes on with it. Two exports of one account must not run at once.
//
// Errors: GoneError, ChangingError, BrokenError (what was written reads back
// differently), those of the server and of the file system.
func Export(ctx context.Context, server Reader, o ExportOptions) (Result, error) {
	if o.Rounds <= 0 {
		o.Rounds = DefaultRounds
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if strings.ContainsFunc(string(o.Account), unsafe) || o.Account == "" {
		return Result{}, fmt.Errorf("export: %q is not the ID of an account", string(o.Account))
	}
	sealed, err := newSeal(o.Recipients)
	if err != nil {
		return Result{}, fmt.Errorf("export account %q: %w", string(o.Account), err)
	}
	partial := filepath.Join(o.Dir, partialMark+short(o.Server)+"-"+string(o.Account))
	_, err = os.Lstat(partial)
	fresh := errors.Is(err, os.ErrNotExist)
	if err := os.MkdirAll(filepath.Join(partial, blobDir), dirMode); err != nil {
		return Result{}, fmt.Errorf("export account %q: %w", string(o.Account), err)
	}
	e := &export{server: server, o: o, seal: sealed, dir: partial, written: map[string]listing{}, files: map[string]File{}, omitted: map[string]Omission{}}
	result, err := e.run(ctx)
	if err != nil {
		if fresh && e.untouched() { // of an account that never was there nothing stays behind
			_ = os.RemoveAll(partial)
		}
		return Result{}, fmt.Errorf("export account %q: %w", string(o.Account), err)
	}
	return result, nil
}

// short gives the part of a fingerprint that goes into a file name.
func short(fingerprint string) string {
	s := strings.Map(func(r rune) rune {
		if unsafe(r) {
			return '_'
		}
		return r
	}, fingerprint)
	return s[:min(16, len(s))]
}

// export is one attempt.
type export struct {
	server  Reader
	o       ExportOptions
	dir     string
	seal    *seal
	index   *blobIndex
	name    string
	written map[string]listing // by type, as it stands in the archive
	files   map[string]File    // without the blobs
	blobs   map[string]bool    // paths that the present objects refer to
	bytes   int64
	omitted map[string]Omission // by type
}

func (e *export) untouched() bool {
	return len(e.files) == 0 && (e.index == nil || len(e.index.files) == 0)
}

func (e *export) run(ctx context.Context) (Result, error) {
	started := e.o.Now().UTC().Truncate(time.Second)
	if err := e.lookUp(ctx); err != nil {
		return Result{}, err
	}
	var err error
	if e.index, err = openIndex(e.dir, e.seal); err != nil {
		return Result{}, err
	}
	defer e.index.close()
	if err := e.rounds(ctx); err != nil {
		return Result{}, err
	}
	if err := e.tidy(); err != nil {
		return Result{}, err
	}
	m := Manifest{
		Version: manifestVersion, Server: e.o.Server, Account: e.o.Account, Name: e.name, Started: started,
		Finished: e.o.Now().UTC().Truncate(time.Second), Counts: map[string]int{}, States: map[string]string{}, Files: e.files,
		EncryptedTo: e.seal.to(),
	}
	for kind, l := range e.written {
		m.Counts[kind], m.States[kind] = len(l.ids), l.state
	}
	for _, p := range parts {
		if o, ok := e.omitted[p.kind]; ok && o.Reason != "" {
			m.Omitted = append(m.Omitted, o)
		}
	}
	for path := range e.blobs {
		m.Files[path] = e.index.files[path]
	}
	for _, f := range m.Files {
		m.Bytes += f.Size
	}
	// Of a large mailbox these are large, and the archive is read anew now.
	e.written, e.blobs, e.index.files = nil, nil, nil
	return e.finish(m)
}

// finish reads the archive back and gives it its name.
func (e *export) finish(m Manifest) (Result, error) {
	if err := writeManifest(e.dir, m); err != nil {
		return Result{}, err
	}
	verified, err := verify(e.dir, e.seal.identities())
	if err != nil {
		_ = os.Remove(filepath.Join(e.dir, manifestFile))
		return Result{}, err
	}
	final := filepath.Join(e.o.Dir, finalName(m))
	if _, err := os.Lstat(final); err == nil {
		return Result{}, fmt.Errorf("%s exists already", final)
	}
	if err := errors.Join(syncDir(filepath.Join(e.dir, blobDir)), syncDir(e.dir)); err != nil {
		return Result{}, err
	}
	if err := os.Rename(e.dir, final); err != nil {
		return Result{}, err
	}
	if err := syncDir(e.o.Dir); err != nil {
		return Result{}, err
	}
	return Result{Path: final, Manifest: m, ManifestSHA256: verified.ManifestSHA256, Kept: e.index.kept}, nil
}

func (e *export) tell(kind string, done, total int) {
	if e.o.Progress != nil {
		e.o.Progress(Progress{Kind: kind, Done: done, Total: total, Bytes: e.bytes})
	}
}
