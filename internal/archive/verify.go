package archive

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
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
func Verify(dir string) (Verified, error) {
	m, digest, err := readManifest(dir)
	if err != nil {
		return Verified{}, err
	}
	v := &verifier{dir: dir, m: m}
	v.present()
	v.hashes()
	if len(v.problems) == 0 {
		v.contents()
	}
	if len(v.problems) > 0 {
		slices.Sort(v.problems)
		return Verified{}, &BrokenError{Path: dir, Problems: v.problems[:min(maxProblems, len(v.problems))]}
	}
	return Verified{Manifest: m, ManifestSHA256: digest}, nil
}

type verifier struct {
	dir      string
	m        Manifest
	problems []string
}

func (v *verifier) problem(format string, a ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, a...))
}

// present looks for files that the manifest does not name.
func (v *verifier) present() {
	err := filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(v.dir, path)
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
		path, err := within(v.dir, name)
		if err != nil {
			v.problem("%v", err)
			continue
		}
		have, err := hashFile(path)
		switch {
		case err != nil:
			v.problem("%s cannot be read", name)
		case have != want:
			v.problem("%s was changed", name)
		}
	}
}

// contents checks the counts and what the objects refer to.
func (v *verifier) contents() {
	if _, ok := v.m.Files[accountFile]; !ok {
		v.problem("the account record is missing")
	}
	boxes, used := map[string]bool{}, 0
	for _, p := range parts {
		if _, ok := v.m.Files[p.file]; !ok && p.kind == rawKind {
			continue
		} else if !ok {
			v.problem("%s is missing", p.file)
			continue
		}
		count := 0
		err := readArray(v.dir, p.file, func(o reference) error {
			count++
			switch {
			case p.kind == "Mailbox":
				boxes[o.ID] = true
			case o.BlobID != "" && p.blobs:
				if path, err := blobFile(o.BlobID); err != nil || v.m.Files[path] == (File{}) {
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
