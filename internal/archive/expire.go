package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// removingMark begins the name of what is being removed: whoever dies in
// between leaves something that is plainly no archive any more.
const removingMark = ".removing-"

// Abandoned is an export that never came to its end.
type Abandoned struct {
	Path    string
	Account reconcile.AccountID
	// Touched is when something was last written to it.
	Touched time.Time
}

// Partials gives the unfinished exports in a directory, by name.
func Partials(dir string) ([]Abandoned, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list unfinished exports: %w", err)
	}
	var out []Abandoned
	for _, entry := range entries {
		name, ours := strings.CutPrefix(entry.Name(), partialMark)
		cut := strings.LastIndexByte(name, '-')
		if !ours || !entry.IsDir() || cut < 0 {
			continue
		}
		a := Abandoned{Path: filepath.Join(dir, entry.Name()), Account: reconcile.AccountID(name[cut+1:])}
		for _, path := range []string{a.Path, filepath.Join(a.Path, blobDir), filepath.Join(a.Path, indexFile)} {
			if info, err := os.Lstat(path); err == nil && info.ModTime().After(a.Touched) {
				a.Touched = info.ModTime()
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// Remove removes an archive, or an unfinished export, with what restores wrote
// beside it. It takes its name first, so that half of one is never taken for a
// whole. The caller knows that it may go. Errors are those of the file system.
func Remove(path string) error {
	dir, name := filepath.Split(filepath.Clean(path))
	away := filepath.Join(dir, removingMark+name)
	if err := os.Rename(path, away); err != nil {
		return fmt.Errorf("remove an archive: %w", err)
	}
	if err := errors.Join(os.RemoveAll(away), removeFile(path+restoreSuffix)); err != nil {
		return fmt.Errorf("remove an archive: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("remove an archive: %w", err)
	}
	return nil
}

// Sweep removes what an interrupted Remove left.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for archives that were being removed: %w", err)
	}
	for _, entry := range entries {
		name, ours := strings.CutPrefix(entry.Name(), removingMark)
		if !ours || !entry.IsDir() {
			continue
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, entry.Name())), removeFile(filepath.Join(dir, name+restoreSuffix))); err != nil {
			return fmt.Errorf("finish the removal of an archive: %w", err)
		}
	}
	return nil
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
