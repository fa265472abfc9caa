package agent_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"syncagent/internal/agent"
	"syncagent/internal/archive"
	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

const exporting = `
  missing: delete
  grace: { runs: 3, time: 48h, spacing: 1h }
`

// leaving is a world in which the account of p00 is exported and deleted by the
// next run.
func leaving(t *testing.T) (*world, stalwarttest.AccountID) {
	t.Helper()
	w := settled(t, 40, exporting)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	wantActions(t, w.sync())
	wantActions(t, w.sync())
	return w, id
}

// archives gives the finished archives.
func (w *world) archives() []archive.Stored {
	w.t.Helper()
	stored, err := archive.Stores(w.cfg.Policy.Export.Dir)
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

// audited gives the fields of the records of an event and a phase.
func (w *world) audited(event, phase string) []map[string]any {
	w.t.Helper()
	var out []map[string]any
	err := audit.Show(w.t.Context(), []string{w.cfg.Audit.File}, audit.Filter{Event: event}, func(rec audit.Record) error {
		if rec.Phase == phase {
			out = append(out, rec.Fields)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) gone(id stalwarttest.AccountID) bool {
	_, there := w.server.AccountOf("u00@example.org")
	return !there && w.server.Destroys(id) == 1
}

// heard makes a run that calls hear with each line of its log.
func (w *world) heard(ctx context.Context, o agent.RunOptions, hear func(zapcore.Entry, map[string]any)) (*agent.Report, error) {
	w.now = w.now.Add(26 * time.Hour)
	log := zap.New(&hearing{LevelEnabler: zapcore.DebugLevel, hear: hear})
	return agent.New(agent.Options{Config: w.cfg, Log: log, Now: func() time.Time { return w.now }}).Run(ctx, o)
}

type hearing struct {
	zapcore.LevelEnabler
	hear func(zapcore.Entry, map[string]any)
}

func (h *hearing) With([]zapcore.Field) zapcore.Core { return h }
func (h *hearing) Sync() error                       { return nil }
func (h *hearing) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, h)
}

func (h *hearing) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	h.hear(e, enc.Fields)
	return nil
}

func TestLeaverIsExportedAndThenDeleted(t *testing.T) {
	w, id := leaving(t)
	dry, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil || dry.Result.Counts.Export != 1 || dry.Result.Counts.Delete != 1 || len(w.archives()) != 0 {
		t.Fatalf("dry run: %v %v", err, told(dry))
	}
	wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
	if !w.gone(id) {
		t.Fatal("the account is still there")
	}
	stored := w.archives()
	if len(stored) != 1 || stored[0].Name != "u00@example.org" || stored[0].Counts["Email"] != 1 {
		t.Fatalf("%+v", stored)
	}
	verified, err := archive.Verify(stored[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	records := w.audited("export", "done")
	if len(records) != 1 || records[0]["manifest_sha256"] != verified.ManifestSHA256 || records[0]["archive"] != stored[0].Path {
		t.Errorf("audit: %v", records)
	}
	if deletes := w.audited("delete", "done"); len(deletes) != 1 || deletes[0]["manifest_sha256"] != verified.ManifestSHA256 {
		t.Errorf("audit of the delete: %v", deletes)
	}
	if text := fmt.Sprint(records[0]["counts"]); text != "[AddressBook 1 Calendar 1 Email 1 Identity 2 Mailbox 5 VacationResponse 1]" {
		t.Errorf("audit counts %s", text)
	}
	for path, want := range map[string]os.FileMode{w.cfg.Policy.Export.Dir: 0o700, stored[0].Path: 0o700, filepath.Join(stored[0].Path, "manifest.json"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if w.sync().Pending() || w.server.Destroys(id) != 1 {
		t.Error("not at rest")
	}
}

func TestMailDuringTheExportIsCaught(t *testing.T) {
	w, id := leaving(t)
	w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), After: func(stalwarttest.Seen) {
		w.server.AddMail(id, stalwarttest.Message{Subject: "late"})
	}})
	wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
	if stored := w.archives(); len(stored) != 1 || stored[0].Counts["Email"] != 2 || !w.gone(id) {
		t.Errorf("%+v", stored)
	}
}

func TestMailAfterTheExportStopsTheDelete(t *testing.T) {
	w, id := leaving(t)
	rep, err := w.heard(t.Context(), agent.RunOptions{}, func(_ zapcore.Entry, fields map[string]any) {
		if fields["kind"] == "export" {
			w.server.AddMail(id, stalwarttest.Message{Subject: "late"})
		}
	})
	if err != nil || rep.Dropped != 1 || w.gone(id) {
		t.Fatalf("%v %v", err, told(rep))
	}
	wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
	stored := w.archives()
	if last := stored[len(stored)-1]; last.Counts["Email"] != 2 || !w.gone(id) {
		t.Errorf("%+v", last.Counts)
	}
}

func TestFailedExportHoldsTheDelete(t *testing.T) {
	w, id := leaving(t)
	w.server.AddMail(id, stalwarttest.Message{Subject: "second"})
	stop := w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Nth: 2, Times: -1, Status: http.StatusForbidden, SkipWork: true})
	for range 2 {
		rep, err := w.try(agent.RunOptions{})
		if err == nil {
			wantHold(t, rep, reconcile.HoldExportFailed)
		}
		if rep.ExitCode(err) == agent.ExitOK || len(w.archives()) != 0 || w.server.Destroys(id) != 0 {
			t.Fatalf("%v %v", err, told(rep))
		}
	}
	stop()
	stop = w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Times: -1, Status: http.StatusNotFound, SkipWork: true})
	rep := w.sync() // a content that the server lists and does not have
	wantHold(t, rep, reconcile.HoldExportFailed)
	if rep.ExitCode(nil) != agent.ExitPartly || w.server.Destroys(id) != 0 {
		t.Fatalf("exit %d: %v", rep.ExitCode(nil), told(rep))
	}
	stop()
	wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
	if stored := w.archives(); len(stored) != 1 || stored[0].Counts["Email"] != 2 || !w.gone(id) {
		t.Errorf("%+v", stored)
	}
}

func TestNoRightToExportHoldsTheDelete(t *testing.T) {
	w, id := leaving(t)
	w.file("api-key", w.server.AddAPIKey(w.self(), stalwarttest.APIKey{Permissions: []string{
		"authenticate", "sysAccountGet", "sysAccountQuery", "sysAccountDestroy", "sysDomainGet", "sysDomainQuery", "sysTaskGet", "sysTaskQuery",
	}}))
	rep := w.sync()
	wantHold(t, rep, reconcile.HoldExportUnavailable)
	if len(rep.Result.Actions) != 0 || w.server.Destroys(id) != 0 {
		t.Errorf("%v", told(rep))
	}
}

func TestInterruptedExportGoesOn(t *testing.T) {
	w, id := leaving(t)
	for range 30 {
		w.server.AddMail(id, stalwarttest.Message{Subject: "more"})
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Nth: 20, After: func(stalwarttest.Seen) { cancel() }})
	rep, err := w.heard(ctx, agent.RunOptions{}, func(zapcore.Entry, map[string]any) {})
	if rep.ExitCode(err) != agent.ExitInterrupted || w.server.Destroys(id) != 0 || len(w.archives()) != 0 {
		t.Fatalf("%v %v", err, told(rep))
	}
	downloads := 0
	w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/jmap/download/"), Times: -1, After: func(stalwarttest.Seen) { downloads++ }})
	wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
	if stored := w.archives(); len(stored) != 1 || stored[0].Counts["Email"] != 31 || downloads > 15 {
		t.Errorf("%d downloads, %+v", downloads, stored)
	}
}

func TestArchiveOfAnEarlierRunIsUsedWhileItIsCurrent(t *testing.T) {
	for _, broken := range []bool{false, true} {
		w, id := leaving(t)
		w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnDestroy("x:Account/set"), Times: 1, FailMethod: "x:Account/set", FailType: "forbidden"})
		if rep := w.sync(); rep.Failed != 1 || w.server.Destroys(id) != 0 {
			t.Fatalf("%v", told(rep))
		}
		first := w.archives()
		if broken {
			w.damage(first[0].Path)
		}
		wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
		records, want := w.audited("export", "done"), 1
		if broken {
			want = 2
		}
		if len(w.archives()) != want || len(records) != 2 || records[1]["reused"] != !broken || !w.gone(id) {
			t.Errorf("broken %v: %d archives, %v", broken, len(w.archives()), records)
		}
	}
}

func (w *world) damage(path string) {
	w.t.Helper()
	f, err := os.OpenFile(filepath.Join(path, "emails.json"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := f.WriteString(" "); err != nil {
		w.t.Fatal(err)
	}
	_ = f.Close()
}

func TestAccountGoneBeforeTheExport(t *testing.T) {
	w, id := leaving(t)
	w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnMethod("Mailbox/get"), After: func(stalwarttest.Seen) {
		w.execute(`[["x:Account/set",{"destroy":["` + string(id) + `"]},"0"]]`)
	}})
	rep := w.sync()
	wantHold(t, rep, reconcile.HoldExportFailed)
	if len(w.archives()) != 0 || w.server.Destroys(id) != 1 {
		t.Errorf("%v", told(rep))
	}
}

func TestOldArchivesAreRemoved(t *testing.T) {
	w, id := leaving(t)
	wantActions(t, w.sync(), reconcile.ActExport, reconcile.ActDelete)
	path := w.archives()[0].Path
	w.now = w.now.Add(363 * 24 * time.Hour)
	if w.sync(); len(w.archives()) != 1 {
		t.Fatal("removed too early")
	}
	w.now = w.now.Add(48 * time.Hour)
	if _, err := w.try(agent.RunOptions{DryRun: true}); err != nil || len(w.archives()) != 1 {
		t.Fatalf("a dry run removed it: %v", err)
	}
	w.sync()
	for _, phase := range []string{"intent", "done"} {
		records := w.audited("archive-expired", phase)
		if len(records) != 1 || records[0]["archive"] != path || records[0]["account"] != string(id) {
			t.Errorf("%s: %v", phase, records)
		}
	}
	if left, err := os.ReadDir(w.cfg.Policy.Export.Dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestOldUnfinishedExportsAreRemoved(t *testing.T) {
	w := settled(t, 4, exporting)
	dir := w.cfg.Policy.Export.Dir
	for name, age := range map[string]time.Duration{".partial-finger-old": 366 * 24 * time.Hour, ".partial-finger-young": 364 * 24 * time.Hour} {
		path := filepath.Join(dir, name)
		at := w.now.Add(26*time.Hour - age)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	w.sync()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != ".partial-finger-young" {
		t.Errorf("left %v, %v", left, err)
	}
	if records := w.audited("archive-expired", "done"); len(records) != 1 || records[0]["account"] != "old" {
		t.Errorf("audit: %v", records)
	}
}

func TestArchiveOfAPendingDeleteIsNotRemoved(t *testing.T) {
	w, id := leaving(t)
	w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnDestroy("x:Account/set"), Times: 1, FailMethod: "x:Account/set", FailType: "forbidden"})
	if rep := w.sync(); rep.Failed != 1 {
		t.Fatalf("%v", told(rep))
	}
	w.exec(`INSERT INTO aliases (id, address) VALUES ('p01', 'u00@example.org')`) // now somebody carries the name: the delete waits
	w.now = w.now.Add(400 * 24 * time.Hour)
	rep := w.sync()
	if len(w.archives()) != 1 || w.server.Destroys(id) != 0 {
		t.Errorf("%d archives: %v", len(w.archives()), told(rep))
	}
	if got := w.audited("archive-expired", "intent"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
