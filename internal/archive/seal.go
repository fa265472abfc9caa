package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"filippo.io/age"
)

// sealedSuffix ends the name of an encrypted file, as that of the age program.
const sealedSuffix = ".age"

// seal encrypts the files of an archive to age recipients; nil leaves them
// plain. The agent has no key to read them again later. So each file is read
// back right after it was written, with the key of this one file, which is
// known only until then: what is on disk decrypts to what the server gave.
type seal struct {
	recipients []age.Recipient
	texts      []string // sorted
	// keys are those of the lists that this attempt wrote, by name: to look into
	// them once more at the end. Those of contents are forgotten at once.
	keys map[string][]byte
}

// newSeal reads recipients such as age1…; nil for none.
func newSeal(texts []string) (*seal, error) {
	if len(texts) == 0 {
		return nil, nil //nolint:nilnil // nil is a seal: none
	}
	s := &seal{texts: slices.Sorted(slices.Values(texts)), keys: map[string][]byte{}}
	for _, text := range s.texts {
		one, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil || len(one) != 1 {
			return nil, fmt.Errorf("encrypt the archive: %q is not an age recipient", shorten(text))
		}
		s.recipients = append(s.recipients, one[0])
	}
	if _, err := age.Encrypt(io.Discard, s.recipients...); err != nil {
		return nil, fmt.Errorf("encrypt the archive: %w", err)
	}
	return s, nil
}

// shorten keeps a secret key, pasted by mistake, out of a message.
func shorten(text string) string {
	if len(text) > 8 {
		return text[:8] + "…"
	}
	return text
}

// name is what a file is called.
func (s *seal) name(plain string) string {
	if s == nil {
		return plain
	}
	return plain + sealedSuffix
}

func (s *seal) to() []string {
	if s == nil {
		return nil
	}
	return s.texts
}

// keyKeeper is a recipient that remembers the key of the file.
type keyKeeper struct {
	age.Recipient
	key []byte
}

// Wrap encrypts the key to the recipient.
func (k *keyKeeper) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	k.key = slices.Clone(fileKey)
	return k.Recipient.Wrap(fileKey)
}

// WrapWithLabels does so for those recipients that cannot be mixed with others.
func (k *keyKeeper) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	k.key = slices.Clone(fileKey)
	if labelled, ok := k.Recipient.(age.RecipientWithLabels); ok {
		return labelled.WrapWithLabels(fileKey)
	}
	stanzas, err := k.Recipient.Wrap(fileKey)
	return stanzas, nil, err
}

// encrypt begins a file.
func (s *seal) encrypt(w io.Writer) (io.WriteCloser, *keyKeeper, error) {
	keeper := &keyKeeper{Recipient: s.recipients[0]}
	enc, err := age.Encrypt(w, append([]age.Recipient{keeper}, s.recipients[1:]...)...)
	return enc, keeper, err
}

// readBack decrypts a file and compares it with what was put into it.
func (k *keyKeeper) readBack(path string, want File) error {
	have, err := hashPlain(path, age.NewInjectedFileKeyIdentity(k.key))
	if err != nil {
		return fmt.Errorf("read it back: %w", err)
	}
	if have != want.plain() {
		return errors.New("it does not decrypt to what was written")
	}
	return nil
}

// hashPlain decrypts a file and gives size and hash of what is in it.
func hashPlain(path string, identities ...age.Identity) (File, error) {
	f, err := os.Open(path) //nolint:gosec // below the archive
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }() // only read
	plain, err := age.Decrypt(f, identities...)
	if err != nil {
		return File{}, err
	}
	return hashAll(plain)
}

// identities gives the keys of the lists of this attempt.
func (s *seal) identities() func(string) []age.Identity {
	return func(name string) []age.Identity {
		if s == nil || s.keys[name] == nil {
			return nil
		}
		return []age.Identity{age.NewInjectedFileKeyIdentity(s.keys[name])}
	}
}
