package archive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// newKey makes a key of a person, and the file with it.
func newKey(t *testing.T, hybrid bool) (recipient, file string) {
	t.Helper()
	var secret string
	if hybrid {
		k, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		recipient, secret = k.Recipient().String(), k.String()
	} else {
		k, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		recipient, secret = k.Recipient().String(), k.String()
	}
	file = filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(file, []byte("# a comment\n"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return recipient, file
}

func (w world) sealed(t *testing.T, dir string, id reconcile.AccountID, to ...string) Result {
	t.Helper()
	result, err := Export(t.Context(), w.srv, ExportOptions{Dir: dir, Account: id, Server: "fingerprint", Recipients: to})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSealedCircle(t *testing.T) {
	for _, hybrid := range []bool{false, true} {
		w := newWorld(t)
		id := w.account("leaver@example.org")
		w.fill(t, id, 60)
		first, firstKey := newKey(t, hybrid)
		second, secondKey := newKey(t, hybrid)
		_, strangerKey := newKey(t, hybrid)
		result := w.sealed(t, t.TempDir(), id, second, first)
		for name := range result.Files {
			text, err := os.ReadFile(filepath.Join(result.Path, name))
			if err != nil || !strings.HasSuffix(name, ".age") || !strings.HasPrefix(string(text), "age-encryption.org/v1\n") {
				t.Fatalf("%s: %v, %.40q", name, err, text)
			}
		}
		if _, err := Verify(result.Path); err != nil {
			t.Errorf("without a key: %v", err)
		}
		for _, key := range []string{firstKey, secondKey} {
			if _, err := VerifyWith(result.Path, key); err != nil {
				t.Errorf("with a key: %v", err)
			}
		}
		target := w.account("new@example.org")
		for key, want := range map[string]IdentityError{"": {}, strangerKey: {Path: strangerKey, Wrong: true}} {
			_, err := Restore(t.Context(), w.srv, RestoreOptions{Archive: result.Path, Account: target, Identity: key})
			if e, ok := errors.AsType[*IdentityError](err); !ok || *e != want {
				t.Errorf("restore with %q: %v", key, err)
			}
		}
		report, err := Restore(t.Context(), w.srv, RestoreOptions{Archive: result.Path, Account: target, Identity: firstKey})
		if err != nil || report.Restored["Email"] != 61 {
			t.Errorf("restore: %+v, %v", report.Restored, err)
		}
		if diff := cmp.Diff(w.mail(id), w.mail(target)); diff != "" {
			t.Errorf("messages (-archived +restored):\n%s", diff)
		}
		// Again without the journal: by comparison with the plain contents.
		if err := os.Remove(result.Path + ".restore.jsonl"); err != nil {
			t.Fatal(err)
		}
		report, err = Restore(t.Context(), w.srv, RestoreOptions{Archive: result.Path, Account: target, Identity: secondKey})
		if err != nil || report.Existing["Email"] != 61 || report.Restored["Email"] != 0 {
			t.Errorf("again: %+v, %v", report, err)
		}
	}
}

func TestSealedArchiveShowsChanges(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 3)
	to, key := newKey(t, false)
	for name, spoil := range map[string]func(dir string, m *Manifest) error{
		"a list cut off": func(dir string, _ *Manifest) error { return os.Truncate(filepath.Join(dir, "emails.json.age"), 100) },
		"a file missing": func(dir string, _ *Manifest) error { return os.Remove(filepath.Join(dir, "sieve.json.age")) },
		"a plain file more": func(dir string, _ *Manifest) error {
			return os.WriteFile(filepath.Join(dir, "emails.json"), []byte("[]"), 0o600)
		},
	} {
		path := w.sealed(t, t.TempDir(), id, to).Path
		if err := spoil(path, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(path); err == nil {
			t.Errorf("%s: not seen without a key", name)
		}
	}
	// What only a key can show: a file exchanged together with its line in the manifest.
	path := w.sealed(t, t.TempDir(), id, to).Path
	recipient, err := age.ParseX25519Recipient(to)
	if err != nil {
		t.Fatal(err)
	}
	s := &seal{recipients: []age.Recipient{recipient}, keys: map[string][]byte{}}
	other, err := writeFile(filepath.Join(path, "vacation.json"), s, func(h *hashingWriter) error { return (&arrayWriter{w: h}).end() })
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := readManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	other.PlainSize, other.PlainSHA256 = m.Files["vacation.json.age"].PlainSize, m.Files["vacation.json.age"].PlainSHA256
	m.Files["vacation.json.age"] = other
	if err := writeManifest(path, m); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(path); err != nil {
		t.Errorf("without a key: %v", err)
	}
	if _, err := VerifyWith(path, key); err == nil || !strings.Contains(err.Error(), "vacation.json") {
		t.Errorf("with a key: %v", err)
	}
}

// TestSealedExportGoesOn takes up what was encrypted to the same recipients, and
// nothing else.
func TestSealedExportGoesOn(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	w.fill(t, id, 30)
	to, key := newKey(t, false)
	other, _ := newKey(t, false)
	for _, c := range []struct {
		first, then []string
		kept        int
	}{{[]string{to}, []string{to}, 20}, {nil, []string{to}, 0}, {[]string{other}, []string{to}, 0}, {[]string{to}, nil, 0}} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		remove := w.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Nth: 21, Drop: stalwarttest.DropFirst, Before: func(stalwarttest.Seen) { cancel() }})
		_, err := Export(ctx, w.srv, ExportOptions{Dir: dir, Account: id, Server: "fingerprint", Recipients: c.first})
		remove()
		cancel()
		if err == nil {
			t.Fatal("not interrupted")
		}
		result := w.sealed(t, dir, id, c.then...)
		if result.Kept != c.kept {
			t.Errorf("%d to %d: kept %d, want %d", len(c.first), len(c.then), result.Kept, c.kept)
		}
		if _, err := VerifyWith(result.Path, key); err != nil {
			t.Error(err)
		}
	}
}

func TestRecipientsAndIdentities(t *testing.T) {
	w := newWorld(t)
	id := w.account("leaver@example.org")
	classic, key := newKey(t, false)
	hybrid, _ := newKey(t, true)
	secret, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(strings.TrimSpace(string(secret)), "\n")
	for _, to := range [][]string{{"age1nonsense"}, {""}, {text}, {classic, hybrid}, {classic + "\n" + classic}} {
		_, err := Export(t.Context(), w.srv, ExportOptions{Dir: t.TempDir(), Account: id, Server: "fingerprint", Recipients: to})
		if err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("recipients %.12q: %v", to, err)
		}
	}
	result := w.sealed(t, t.TempDir(), id, classic)
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte(text[:len(text)-2]+"QQ\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = VerifyWith(result.Path, bad)
	if e, ok := errors.AsType[*IdentityError](err); !ok || e.Wrong || strings.Contains(err.Error(), text[20:30]) {
		t.Errorf("a damaged identity: %v", err)
	}
	if _, err := VerifyWith(result.Path, filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
