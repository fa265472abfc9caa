package agent_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"syncagent/internal/agent"
	"syncagent/internal/archive"
	"syncagent/internal/stalwarttest"
)

func (w *world) agent() *agent.Agent {
	return agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }})
}

// TestExportByHandIsEncryptedAsThePolicySays: what the policy wants encrypted is
// never written in plain, and cannot be restored without the key.
func TestExportByHandIsEncryptedAsThePolicySays(t *testing.T) {
	w := settled(t, 4, exporting)
	id := w.account("u00@example.org").ID
	w.server.AddMail(id, stalwarttest.Message{Subject: "very private words"})
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.Sources[0].Policy.Export.EncryptTo = []string{key.Recipient().String()} // of the person's source only
	w.file("key", key.String()+"\n")
	w.file("other", other.String()+"\n")
	result, err := w.agent().ExportAccount(t.Context(), agent.ExportOrder{Name: "u00@example.org", Command: "syncagent export"})
	if err != nil || len(result.EncryptedTo) != 1 {
		t.Fatalf("encrypted to %v, %v", result.EncryptedTo, err)
	}
	err = filepath.WalkDir(result.Path, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // a folder of the test
		if bytes.Contains(data, []byte("very private words")) {
			t.Errorf("%s is readable", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"": false, "other": false, "key": true} {
		order := agent.RestoreOrder{Archive: result.Path, To: "u01@example.org", Command: "syncagent restore"}
		if name != "" {
			order.Identity = filepath.Join(w.dir, name)
		}
		report, err := w.agent().RestoreArchive(t.Context(), order)
		if _, refused := errors.AsType[*archive.IdentityError](err); refused == want || want && (err != nil || report.Restored["Email"] != 2) {
			t.Errorf("identity %q: %v, %v", name, report.Restored, err)
		}
	}
}

// TestExportByHandFindsTheAccount: a person is found by what the ledger
// knows, also where the account has another name now.
func TestExportByHandFindsTheAccount(t *testing.T) {
	w := settled(t, 4, exporting)
	w.alias("p01", "alias01@example.org")
	w.signIn("u01@example.org", "p01")
	for _, name := range []string{"u01@example.org", "U01@example.org", "alias01@example.org", "p01"} {
		w.now = w.now.Add(time.Second)
		result, err := w.agent().ExportAccount(t.Context(), agent.ExportOrder{Name: name, Dir: filepath.Join(w.dir, "mine"), Command: "syncagent export"})
		if err != nil || result.Name != "u01@example.org" {
			t.Errorf("%s: %q, %v", name, result.Name, err)
		}
	}
	_, err := w.agent().ExportAccount(t.Context(), agent.ExportOrder{Name: "nobody", Command: "syncagent export"})
	if _, unknown := errors.AsType[*agent.AccountError](err); !unknown {
		t.Errorf("nobody: %v", err)
	}
}
