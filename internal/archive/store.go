package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Stored is a finished archive as its manifest describes it; it is not verified.
type Stored struct {
	Path string
	Manifest
}

// Stores gives the finished archives in a directory, by name: to find one that
// was finished just before a crash, and those whose time is over. Partial ones
// and what is no archive is left out. A directory that does not exist has none.
func Stores(dir string) ([]Stored, error) {
	return finished(dir, func(name string) bool {
		return !strings.HasPrefix(name, partialMark) && !strings.HasPrefix(name, removingMark)
	})
}

// finished reads the manifests of the archives whose directories are wanted, by
// name.
func finished(dir string, want func(name string) bool) ([]Stored, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list archives: %w", err)
	}
	var out []Stored
	for _, entry := range entries {
		if !entry.IsDir() || !want(entry.Name()) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		m, _, err := readManifest(path)
		if _, broken := errors.AsType[*BrokenError](err); broken {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list archives: %w", err)
		}
		out = append(out, Stored{path, m})
	}
	return out, nil
}
