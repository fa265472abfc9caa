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
	// Of an encrypted file these are of what stands on disk, and here is what is
	// encrypted.
	seal      *seal
	encrypted io.WriteCloser
	keeper    *keyKeeper
	plain     hash.Hash
	plainN    int64
}

// begin starts an encrypted file; it does nothing to a plain one.
func (w *hashingWriter) begin() (err error) {
	if w.seal != nil {
		w.plain, w.plainN = sha256.New(), 0
		w.encrypted, w.keeper, err = w.seal.encrypt(diskWriter{w})
	}
	return err
}

// Write writes to the file.
func (w *hashingWriter) Write(p []byte) (int, error) {
	if w.seal == nil {
		return w.disk(p)
	}
	n, err := w.encrypted.Write(p)
	w.plain.Write(p[:n])
	w.plainN += int64(n)
	return n, err
}

// diskWriter takes what is already encrypted.
type diskWriter struct{ w *hashingWriter }

// Write writes to the file.
func (d diskWriter) Write(p []byte) (int, error) { return d.w.disk(p) }

func (w *hashingWriter) disk(p []byte) (int, error) {
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
	return errors.Join(err, w.begin())
}

// result is what was written.
func (w *hashingWriter) result() File {
	f := File{Size: w.n, SHA256: hex.EncodeToString(w.hash.Sum(nil))}
	if w.seal != nil {
		f.PlainSize, f.PlainSHA256 = w.plainN, hex.EncodeToString(w.plain.Sum(nil))
	}
	return f
}

// writeFile writes a file under a temporary name, on disk before it gets its
// own: a name stands for complete contents only. An encrypted one gets the name
// with its suffix, and is read back before.
func writeFile(path string, s *seal, fill func(*hashingWriter) error) (File, error) {
	final := s.name(path)
	temporary := final + ".tmp"
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode) //nolint:gosec // below the archive
	if err != nil {
		return File{}, err
	}
	w := &hashingWriter{file: f, buf: bufio.NewWriter(f), hash: sha256.New(), seal: s}
	err = w.fill(fill)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil && s != nil {
		err = w.keeper.readBack(temporary, w.result())
	}
	if err == nil {
		err = os.Rename(temporary, final)
	}
	if err != nil {
		_ = os.Remove(temporary) // what is left would be overwritten by the next try anyway
		return File{}, fmt.Errorf("write %s: %w", filepath.Base(final), err)
	}
	if s != nil && filepath.Base(filepath.Dir(path)) != blobDir {
		s.keys[filepath.Base(path)] = w.keeper.key
	}
	return w.result(), nil
}

// fill writes the whole file and brings it to disk.
func (w *hashingWriter) fill(fill func(*hashingWriter) error) error {
	err := w.begin()
	if err == nil {
		err = fill(w)
	}
	if err == nil && w.seal != nil {
		err = w.encrypted.Close()
	}
	if err == nil {
		err = w.buf.Flush()
	}
	if err == nil {
		err = w.file.Sync()
	}
	return err
}

// hashFile reads a file back.
func hashFile(path string) (File, error) {
	f, err := os.Open(path) //nolint:gosec // below the archive
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }() // only read
	return hashAll(f)
}

// hashAll gives size and hash of what it reads to the end.
func hashAll(r io.Reader) (File, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
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
