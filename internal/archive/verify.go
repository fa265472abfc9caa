package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"filippo.io/age"
)

// maxProblems bounds what a BrokenError tells.
const maxProblems = 20

// Verified is an archive that is what its manifest says.
type Verified struct {
	Manifest
	ManifestSHA256 string
}

// Verify reads a whole archive back: every file of the manifest is there with
// its size and hash, nothing else is, the counts agree, and every message,
// script and file has its content and every message its mailboxes. It needs no
// server. Errors: BrokenError, and those of the file system.
//
// Of an encrypted archive it proves without a key that all files are there, byte
// for byte as they were written; what they decrypt to was compared when they
// were written. VerifyWith proves the rest.
func Verify(dir string) (Verified, error) { return verify(dir, nil) }

// VerifyWith verifies an archive, and of an encrypted one also that each file
// decrypts to what the manifest says. identity is a file of age identities; it
// is not read for a plain archive. Errors: IdentityError, and those of Verify.
func VerifyWith(dir, identity string) (Verified, error) {
	src, err := openSource(dir, identity)
	if err != nil {
		return Verified{}, err
	}
	verified, err := verify(dir, src.identities)
	if err != nil || !src.encrypted {
		return verified, err
	}
	v := &verifier{src: src, m: verified.Manifest}
	for name, want := range v.m.Files {
		path, err := within(dir, name)
		if err == nil {
			var have File
			if have, err = hashPlain(path, src.identities("")...); err == nil && have != want.plain() {
				err = errors.New("it is something else")
			}
		}
		if err != nil {
			v.problem("%s does not decrypt to what the manifest says", name)
		}
	}
	return verified, v.broken()
}

// openSource gets ready to read an archive.
func openSource(dir, identity string) (source, error) {
	m, _, err := readManifest(dir)
	src := source{dir: dir, encrypted: len(m.EncryptedTo) > 0}
	if err != nil || !src.encrypted {
		return src, err
	}
	if identity == "" {
		return src, &IdentityError{}
	}
	identities, err := readIdentities(identity)
	if err != nil {
		return src, err
	}
	src.identities = func(string) []age.Identity { return identities }
	f, err := src.open(accountFile)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return src, &IdentityError{Path: identity, Wrong: true}
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return src, &BrokenError{Path: dir, Problems: []string{"its account record cannot be read"}}
	}
	return src, nil
}

func verify(dir string, identities func(string) []age.Identity) (Verified, error) {
	m, digest, err := readManifest(dir)
	if err != nil {
		return Verified{}, err
	}
	v := &verifier{src: source{dir, len(m.EncryptedTo) > 0, identities}, m: m}
	v.present()
	v.hashes()
	if len(v.problems) == 0 && v.src.readable() {
		v.contents()
	}
	if err := v.broken(); err != nil {
		return Verified{}, err
	}
	return Verified{Manifest: m, ManifestSHA256: digest}, nil
}

type verifier struct {
	src      source
	m        Manifest
	problems []string
}

// broken gives the problems as an error, nil if there are none.
func (v *verifier) broken() error {
	if len(v.problems) == 0 {
		return nil
	}
	slices.Sort(v.problems)
	return &BrokenError{Path: v.src.dir, Problems: v.problems[:min(maxProblems, len(v.problems))]}
}

func (v *verifier) problem(format string, a ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, a...))
}

// present looks for files that the manifest does not name.
func (v *verifier) present() {
	err := filepath.WalkDir(v.src.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(v.src.dir, path)
		if err != nil {
			return err
		}
		if _, listed := v.m.Files[filepath.ToSlash(name)]; (!listed && name != manifestFile) || !d.Type().IsRegular() {
			v.problem("%q does not belong to it", name)
		}
		return nil
	})
	if err != nil {
		v.problem("it cannot be read: %v", err)
	}
}

func (v *verifier) hashes() {
	for name, want := range v.m.Files {
		path, err := within(v.src.dir, name)
		if err != nil {
			v.problem("%v", err)
			continue
		}
		have, err := hashFile(path)
		switch {
		case err != nil:
			v.problem("%s cannot be read", name)
		case have != want.onDisk():
			v.problem("%s was changed", name)
		}
	}
}

// contents checks the counts and what the objects refer to.
func (v *verifier) contents() {
	if _, ok := v.m.Files[v.src.name(accountFile)]; !ok {
		v.problem("the account record is missing")
	}
	boxes, used := map[string]bool{}, 0
	for _, p := range parts {
		if _, ok := v.m.Files[v.src.name(p.file)]; !ok && p.kind == rawKind {
			continue
		} else if !ok {
			v.problem("%s is missing", p.file)
			continue
		}
		count := 0
		err := readArray(v.src, p.file, func(o reference) error {
			count++
			switch {
			case p.kind == "Mailbox":
				boxes[o.ID] = true
			case o.BlobID != "" && p.blobs:
				if path, err := blobFile(o.BlobID); err != nil || v.m.Files[v.src.name(path)] == (File{}) {
					v.problem("the content of %s %s is missing", p.kind, o.ID)
				}
				used++
			}
			for id := range o.MailboxIDs {
				if !boxes[id] {
					v.problem("message %s is in a mailbox that is missing", o.ID)
				}
			}
			return nil
		})
		if err != nil {
			v.problem("%v", err)
		}
		if want, ok := v.m.Counts[p.kind]; !ok || want != count {
			v.problem("%s has %d objects, the manifest says %d", p.file, count, want)
		}
	}
	if used == 0 && v.m.Counts["Email"] > 0 {
		v.problem("no message has a content")
	}
}

// reference is what objects of all types have in common.
type reference struct {
	ID         string          `json:"id"`
	BlobID     string          `json:"blobId"`
	MailboxIDs map[string]bool `json:"mailboxIds"`
}
