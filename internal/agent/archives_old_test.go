package agent_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"syncagent/internal/agent"
	"syncagent/internal/archive"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestOldLeaverIsExportedAndThenDeleted is the life of a leaver before 0.16.
func TestOldLeaverIsExportedAndThenDeleted(t *testing.T) {
	for _, version := range []string{"0.11.8", "0.13.4", "0.15.5"} {
		t.Run(version, func(t *testing.T) {
			w := settled(t, 40, exporting, version)
			id := w.account("u00@example.org").ID
			w.leave("p00")
			wantActions(t, w.sync())
			wantActions(t, w.sync())
			// Nobody knows any more whether there are calendars: that is no empty calendar.
			stop := w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/dav/"), Times: -1, Status: http.StatusNotFound, SkipWork: true})
			if version == "0.13.4" {
				wantHold(t, w.sync(), reconcile.HoldExportFailed)
				if stored := w.archives(); len(stored) != 1 || len(stored[0].Lost()) != 1 || w.server.Destroys(id) != 0 {
					t.Fatalf("%+v", stored)
				}
				stop()
			}
			wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
			if !w.gone(id) || w.server.DeadAccesses() != 0 {
				t.Fatalf("gone %v, %d accesses to dead IDs", w.gone(id), w.server.DeadAccesses())
			}
			stored := w.archives()
			last := stored[len(stored)-1]
			if last.Name != "u00@example.org" || last.Counts["Email"] != 1 || len(last.Lost()) != 0 {
				t.Errorf("%+v", last)
			}
			if _, err := archive.Verify(last.Path); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestArchiveIsEncrypted deletes on an archive that the agent cannot read, and
// takes no plain one of before for it.
func TestArchiveIsEncrypted(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w, id := leaving(t)
	stop := w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnDestroy("x:Account/set"), Times: -1, Status: http.StatusServiceUnavailable, SkipWork: true})
	_, _ = w.try(agent.RunOptions{Trigger: "test"}) // a plain archive is made, and the delete fails
	stop()
	if stored := w.archives(); len(stored) != 1 || stored[0].EncryptedTo != nil {
		t.Fatalf("%+v", stored)
	}
	w.cfg.Sources[0].Policy.Export.EncryptTo = []string{key.Recipient().String()}
	w.sync()
	stored := w.archives()
	if len(stored) != 2 || !w.gone(id) {
		t.Fatalf("%d archives, gone %v", len(stored), w.gone(id))
	}
	for _, s := range stored {
		if s.EncryptedTo == nil {
			continue
		}
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(key.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := archive.VerifyWith(s.Path, file); err != nil || v.Counts["Email"] != 1 {
			t.Errorf("%+v, %v", v, err)
		}
	}
}

// TestOrderedExportIsEncrypted does what the commands export and restore do.
func TestOrderedExportIsEncrypted(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	w := settled(t, 3, exporting)
	w.cfg.Sources[0].Policy.Export.EncryptTo = []string{key.Recipient().String()}
	a := agent.New(agent.Options{Config: w.cfg})
	result, err := a.ExportAccount(t.Context(), agent.ExportOrder{Name: "u00@example.org", Command: "test"})
	if err != nil || len(result.EncryptedTo) != 1 {
		t.Fatalf("encrypted to %v, %v", result.EncryptedTo, err)
	}
	order := agent.RestoreOrder{Archive: result.Path, To: "u01@example.org", Command: "test"}
	_, err = a.RestoreArchive(t.Context(), order)
	if _, ok := errors.AsType[*archive.IdentityError](err); !ok {
		t.Errorf("without the key: %v", err)
	}
	order.Identity = file
	report, err := a.RestoreArchive(t.Context(), order)
	if err != nil || report.Restored["Email"] != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	// Two sources that do not agree: nobody guesses.
	w.cfg.Sources = append(w.cfg.Sources, w.cfg.Sources[0])
	w.cfg.Sources[1].Policy.Export.EncryptTo = nil
	if _, err := a.ExportAccount(t.Context(), agent.ExportOrder{Name: "u00@example.org", Command: "test"}); err == nil {
		t.Error("an account was exported although it is not clear to whom")
	}
}
