package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

const (
	fileMode = 0o600
	dirMode  = 0o700
)

// hashingWriter writes to a file and knows size and hash of what it wrote.
type hashingWriter struct {
	file *os.File
	buf  *bufio.Writer
	hash hash.Hash
	n    int64
}

// Write writes to the file.
func (w *hashingWriter) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	w.hash.Write(p[:n])
	w.n += int64(n)
	return n, err
}

// reset begins again with an empty file.
func (w *hashingWriter) reset() error {
	if err := w.file.Truncate(0); err != nil {
		return err
	}
	_, err := w.file.Seek(0, io.SeekStart)
	w.buf.Reset(w.file)
	w.hash.Reset()
	w.n = 0
	return err
}

// writeFile writes a file under a temporary name, on disk before it gets its
// own: a name stands for complete contents only.
func writeFile(path string, fill func(*hashingWriter) error) (File, error) {
	temporary := path + ".tmp"
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode) //nolint:gosec // below the archive
	if err != nil {
		return File{}, err
	}
	w := &hashingWriter{file: f, buf: bufio.NewWriter(f), hash: sha256.New()}
	err = fill(w)
	if err == nil {
		err = w.buf.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary) // what is left would be overwritten by the next try anyway
		return File{}, fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return File{Size: w.n, SHA256: hex.EncodeToString(w.hash.Sum(nil))}, nil
}

// hashFile reads a file back.
func hashFile(path string) (File, error) {
	f, err := os.Open(path) //nolint:gosec // below the archive
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return File{}, err
	}
	return File{Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // below the archive
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
