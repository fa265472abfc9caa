package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"syncagent/internal/reconcile"
)

// manifestVersion is the version of the layout; a newer one is refused.
const manifestVersion = 1

// Manifest says what an archive holds and where it came from.
type Manifest struct {
	Version int `json:"version"`
	// Server is the fingerprint of the server, Account and Name are as they were
	// on it.
	Server  string              `json:"server"`
	Account reconcile.AccountID `json:"account"`
	Name    string              `json:"name"`
	// Started is when the export (its last attempt) began, Finished when it was
	// complete.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Counts are the numbers of objects by JMAP type, equal to the server's at the
	// end of the export.
	Counts map[string]int `json:"counts"`
	// States are the server's states by JMAP type at the end of the export; they
	// tell later whether anything changed since.
	States map[string]string `json:"states,omitempty"`
	// Omitted tells which types the server does not show.
	Omitted []Omission `json:"omitted,omitempty"`
	// EncryptedTo are the age recipients that can read the files; empty: everybody.
	EncryptedTo []string `json:"encrypted_to,omitempty"`
	// Bytes is the size of all files but this one.
	Bytes int64           `json:"bytes"`
	Files map[string]File `json:"files"`
}

// Omission is a type of objects that the archive does not have.
type Omission struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
	// Lost is true if the account may have such objects, and the archive has them
	// in no other form either: then it is not all that the account holds.
	Lost bool `json:"lost,omitempty"`
}

// Lost gives the reasons why the archive may not have everything that the account
// holds; a delete must not follow without a person's word if there are any.
func (m Manifest) Lost() []string {
	var reasons []string
	for _, o := range m.Omitted {
		if o.Lost {
			reasons = append(reasons, o.Reason)
		}
	}
	return reasons
}

// omits tells whether the archive lacks a type for the same reason.
func (m Manifest) omits(kind string, why omitted) bool {
	o := Omission{Kind: kind}
	if o.Reason, o.Lost = why.Omitted(); o.Reason == "" {
		return m.Counts[kind] == 0
	}
	return slices.Contains(m.Omitted, o)
}

// File is one file of an archive.
type File struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// PlainSize and PlainSHA256 are of what an encrypted file decrypts to.
	PlainSize   int64  `json:"plain_size,omitempty"`
	PlainSHA256 string `json:"plain_sha256,omitempty"`
}

// plain gives size and hash of the contents, without encryption.
func (f File) plain() File {
	if f.PlainSHA256 == "" {
		return File{Size: f.Size, SHA256: f.SHA256}
	}
	return File{Size: f.PlainSize, SHA256: f.PlainSHA256}
}

// onDisk gives size and hash of the file as it is.
func (f File) onDisk() File { return File{Size: f.Size, SHA256: f.SHA256} }

// readManifest reads the manifest and gives the SHA-256 of its text, too.
func readManifest(dir string) (m Manifest, digest string, err error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestFile)) //nolint:gosec // the archive that a person or the configuration names
	if errors.Is(err, os.ErrNotExist) {
		return m, "", &BrokenError{Path: dir, Problems: []string{"it has no manifest.json: it is not a finished archive"}}
	}
	if err != nil {
		return m, "", fmt.Errorf("read the manifest: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, "", &BrokenError{Path: dir, Problems: []string{"its manifest.json is not readable"}}
	}
	if m.Version != manifestVersion {
		return m, "", &BrokenError{Path: dir, Problems: []string{fmt.Sprintf("its layout is of version %d, this build knows %d", m.Version, manifestVersion)}}
	}
	sum := sha256.Sum256(data)
	return m, hex.EncodeToString(sum[:]), nil
}

func writeManifest(dir string, m Manifest) error {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	_, err = writeFile(filepath.Join(dir, manifestFile), nil, func(w *hashingWriter) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
	return err
}
