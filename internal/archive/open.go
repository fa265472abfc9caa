package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// source reads the files of an archive by their plain names.
type source struct {
	dir       string
	encrypted bool
	// identities gives what decrypts a file; nil: nothing does.
	identities func(name string) []age.Identity
}

func (s source) name(plain string) string {
	if s.encrypted {
		return plain + sealedSuffix
	}
	return plain
}

// readable tells whether the contents can be looked into.
func (s source) readable() bool { return !s.encrypted || s.identities != nil }

// open gives the plain text of a file.
func (s source) open(plain string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(s.dir, s.name(plain)))
	if err != nil || !s.encrypted {
		return f, err
	}
	text, err := age.Decrypt(f, s.identities(plain)...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("decrypt %s: %w", s.name(plain), err), f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{text, f}, nil
}

// readIdentities reads a file of age identities (AGE-SECRET-KEY-…). Nothing of
// its text is in an error.
func readIdentities(path string) ([]age.Identity, error) {
	f, err := os.Open(path) //nolint:gosec // the file that a person names
	if err != nil {
		return nil, fmt.Errorf("read the age identity: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	identities, err := age.ParseIdentities(f)
	if err != nil || len(identities) == 0 {
		return nil, &IdentityError{Path: path}
	}
	return identities, nil
}

// IdentityError says that a file does not have an age identity, or that none is
// given for an encrypted archive, or not the right one.
type IdentityError struct {
	// Path is the file; empty if none was given.
	Path string
	// Wrong is true if the file has identities, but not of this archive.
	Wrong bool
}

func (e *IdentityError) Error() string {
	switch {
	case e.Path == "":
		return "the archive is encrypted, and no identity to read it is given"
	case e.Wrong:
		return e.Path + " has no identity that can read this archive"
	}
	return e.Path + " is not a file of age identities"
}

// Hint says what is needed.
func (e *IdentityError) Hint() string {
	return "give the file with the secret key (AGE-SECRET-KEY-…) that belongs to one of encrypted_to in manifest.json; " +
		"decrypt one that is protected by a passphrase first (age -d)"
}
