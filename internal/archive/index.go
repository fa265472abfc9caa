package archive

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// blobIndex remembers which contents a partial archive has already. Its file
// has one line for each, written after the content is on disk.
type blobIndex struct {
	dir   string
	file  *os.File
	to    string          // recipients: what was encrypted to others is fetched again
	files map[string]File // by path within the archive
	kept  int
}

type indexLine struct {
	Path string `json:"path"`
	To   string `json:"to,omitempty"`
	File
}

// openIndex reads what an earlier try left and keeps the contents that are still
// what they were.
func openIndex(dir string, s *seal) (*blobIndex, error) {
	x := &blobIndex{dir: dir, to: strings.Join(s.to(), " "), files: map[string]File{}}
	path := filepath.Join(dir, indexFile)
	if err := x.load(path); err != nil {
		return nil, fmt.Errorf("read the partial archive: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, fileMode) //nolint:gosec // below the archive
	if err != nil {
		return nil, fmt.Errorf("open the partial archive: %w", err)
	}
	x.file, x.kept = f, len(x.files)
	return x, nil
}

func (x *blobIndex) load(path string) error {
	f, err := os.Open(path) //nolint:gosec // below the archive
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var line indexLine
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue // cut off by a crash: the content is fetched again
		}
		full, err := within(x.dir, line.Path)
		if err != nil || line.To != x.to {
			continue
		}
		if have, err := hashFile(full); err == nil && have == line.onDisk() {
			x.files[line.Path] = line.File
		}
	}
	return lines.Err()
}

// add remembers a content. The line begins with a line end, so that it stands
// alone even behind one that was cut off.
func (x *blobIndex) add(path string, f File) error {
	data, err := json.Marshal(indexLine{path, x.to, f})
	if err != nil {
		return err
	}
	if _, err := x.file.Write(append(append([]byte{'\n'}, data...), '\n')); err != nil {
		return fmt.Errorf("write %s: %w", indexFile, err)
	}
	x.files[path] = f
	return nil
}

func (x *blobIndex) close() { _ = x.file.Close() }
