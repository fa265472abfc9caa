package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// runConfig is a configuration whose directory and server are never asked.
const runConfig = `
server: { url: http://127.0.0.1:9, api_key: { file: key } }
sources:
  - name: staff
    sql: { driver: sqlite, dsn: people.sqlite, query: "SELECT id, mail FROM people" }
    map: { id: id, id_never_reused: true, name: "{mail}" }
schedule: { cron: "%s", timezone: UTC, splay: 0s, catch_up: %t }
state: { dir: state }
audit: { file: audit.jsonl }
listen: "%s"
log: { format: json }
`

// fakeManager is a service manager that remembers.
type fakeManager struct {
	mu   sync.Mutex
	said []string
}

func (m *fakeManager) say(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, what)
}

func (m *fakeManager) heard(what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, s := range m.said {
		if s == what {
			n++
		}
	}
	return n
}

func (m *fakeManager) Ready(string)             { m.say("ready") }
func (m *fakeManager) Reloading()               { m.say("reloading") }
func (m *fakeManager) Stopping(string)          { m.say("stopping") }
func (m *fakeManager) Status(string)            { m.say("status") }
func (m *fakeManager) Beat()                    { m.say("beat") }
func (m *fakeManager) BeatEvery() time.Duration { return 10 * time.Second }

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// house is a daemon with everything around it.
type house struct {
	t       *testing.T
	file    string
	log     *lockedBuffer
	manager *fakeManager
	signals chan os.Signal
	runs    chan string // triggers of the runs that began
	cancel  context.CancelFunc
	ended   chan error
	daemon  *daemon
}

func writeRunConfig(t *testing.T, file, cron string, catchUp bool, listen string) {
	t.Helper()
	if err := os.WriteFile(file, fmt.Appendf(nil, runConfig, cron, catchUp, listen), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startDaemon starts a daemon whose runs are what once does.
func startDaemon(t *testing.T, cron, listen string, once runFunc) *house {
	t.Helper()
	h := &house{
		t: t, file: filepath.Join(t.TempDir(), "syncagent.yaml"), log: &lockedBuffer{}, manager: &fakeManager{},
		signals: make(chan os.Signal), runs: make(chan string, 1000), ended: make(chan error, 1),
	}
	writeRunConfig(t, h.file, cron, false, listen)
	cfg, err := config.Load(h.file)
	if err != nil {
		t.Fatal(err)
	}
	g := newGlobals(Main{Stderr: h.log})
	g.config = h.file
	h.daemon = newDaemon(runOptions{g}, cfg, h.manager, func(ctx context.Context, o agent.Options, trigger string) (*agent.Report, error) {
		h.runs <- trigger
		return once(ctx, o, trigger)
	})
	ctx, cancel := context.WithCancel(t.Context())
	h.cancel = cancel
	go func() { h.ended <- h.daemon.serve(ctx, h.signals) }()
	t.Cleanup(cancel)
	return h
}

// stop ends the daemon and gives what it returned.
func (h *house) stop() error {
	h.cancel()
	select {
	case err := <-h.ended:
		return err
	case <-time.After(time.Minute):
		h.t.Fatal("the daemon does not end")
		return nil
	}
}

func fine(context.Context, agent.Options, string) (*agent.Report, error) {
	return &agent.Report{Result: reconcile.RunResult{Plan: reconcile.Plan{
		Sources: []reconcile.SourcePlan{{Name: "staff", Complete: true, Entries: 7}},
		Missing: []reconcile.Missing{{Source: "staff"}},
		Holds:   []reconcile.Hold{{Code: reconcile.HoldNoName}},
	}}}, nil
}

// TestRunSchedule: the daemon runs by its timetable, survives what runs end
// with, feeds the watchdog and reloads.
func TestRunSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		h := startDaemon(t, "*/15 * * * *", "", func(ctx context.Context, o agent.Options, trigger string) (*agent.Report, error) {
			n++
			switch n {
			case 1:
				panic("a mistake")
			case 2:
				return &agent.Report{}, &state.LockedError{Holder: state.Holder{PID: 7}}
			case 3:
				return &agent.Report{}, errors.New("no space left")
			}
			return fine(ctx, o, trigger)
		})
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		if n != 4 {
			t.Fatalf("%d runs in an hour\n%s", n, h.log)
		}
		for _, want := range []string{"the run panicked", "another one holds the lock", "no space left"} {
			if !strings.Contains(h.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, h.log)
			}
		}
		if got := h.manager.heard("beat"); got < 300 {
			t.Errorf("%d beats in an hour", got)
		}
		if s := h.daemon.state(); s.LastExit != 0 || len(s.NotReady) != 0 || len(s.Sources) != 1 {
			t.Errorf("state: %+v", s)
		}
		writeRunConfig(t, h.file, "0 * * * *", false, "")
		h.signals <- syscall.SIGHUP
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if n != 7 {
			t.Errorf("%d runs after the reload", n-4)
		}
		if err := h.stop(); err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
		if h.manager.heard("ready") != 2 || h.manager.heard("reloading") != 1 || h.manager.heard("stopping") != 1 {
			t.Errorf("told the service manager: %v", h.manager.said)
		}
	})
}

// TestRunReloadRefused: a wrong configuration is told whole, and the old one
// stays in force.
func TestRunReloadRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startDaemon(t, "@hourly", "", fine)
		if err := os.WriteFile(h.file, []byte("serverr: {}\nsources: []\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		h.signals <- syscall.SIGHUP
		synctest.Wait()
		for _, want := range []string{"serverr", "sources", "the one before stays in force"} {
			if !strings.Contains(h.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, h.log)
			}
		}
		time.Sleep(61 * time.Minute)
		if len(h.runs) != 1 || h.manager.heard("ready") != 2 {
			t.Errorf("%d runs, told the service manager: %v", len(h.runs), h.manager.said)
		}
		if err := h.stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestRunGate: requests while a run is under way become one more run; a stop
// lets the run finish.
func TestRunGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished := 0
		h := startDaemon(t, "@yearly", "", func(ctx context.Context, o agent.Options, trigger string) (*agent.Report, error) {
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
				time.Sleep(5 * time.Second) // the call in flight
			}
			finished++
			return fine(ctx, o, trigger)
		})
		for range 5 {
			h.signals <- syscall.SIGUSR1
			synctest.Wait()
		}
		time.Sleep(70 * time.Second)
		synctest.Wait()
		if finished != 1 || len(h.runs) != 2 {
			t.Errorf("%d runs begun, %d finished", len(h.runs), finished)
		}
		if err := h.stop(); err != nil {
			t.Error(err)
		}
		if finished != 2 {
			t.Error("the run under way was not waited for")
		}
		if got := <-h.runs; got != triggerSignal {
			t.Errorf("trigger %q", got)
		}
	})
}

// TestRunWatchdog: a loop that hangs is not covered up.
func TestRunWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startDaemon(t, "@yearly", "", fine)
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := h.daemon.alive(); err != nil {
			t.Error(err)
		}
		h.daemon.beat.Store(time.Now().Add(-31 * time.Second).UnixNano())
		before := h.manager.heard("beat")
		h.daemon.tick()
		if h.daemon.alive() == nil || h.manager.heard("beat") != before {
			t.Error("a loop that hangs still feeds the watchdog")
		}
		if err := h.stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestRunWeb: health, metrics and status page, also after the address changed.
func TestRunWeb(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	blocked := func(context.Context, agent.Options, string) (*agent.Report, error) {
		return &agent.Report{Result: reconcile.RunResult{Plan: reconcile.Plan{
			Sources: []reconcile.SourcePlan{{Name: "staff", Complete: true, Entries: 3}},
			Actions: []reconcile.Action{{Seq: 1, Kind: reconcile.ActRename}},
			Verdict: reconcile.Verdict{
				Blocked: true, Stages: map[reconcile.Stage]reconcile.StageVerdict{reconcile.StageRemove: reconcile.StageBlocked},
				Reasons: []reconcile.BlockReason{{Code: reconcile.BlockDrop, Stage: reconcile.StageRemove, Source: "staff", Message: "secret.name@example.org"}},
			},
		}, Results: []reconcile.Result{{Seq: 1, Outcome: reconcile.OutcomeDone}}}}, nil
	}
	h := startDaemon(t, "@yearly", "127.0.0.1:0", blocked)
	h.signals <- syscall.SIGUSR1 // taken by the loop: the server listens
	deadline := time.Now().Add(30 * time.Second)
	for h.manager.heard("status") == 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	base := "http://" + h.daemon.web.addr()
	for path, wants := range map[string][]string{
		"/healthz": {"ok"}, "/readyz": {"ok"},
		"/metrics": {
			`syncagent_runs_total{exit_code="4",trigger="signal"} 1`, `syncagent_source_entries{source="staff"} 3`,
			`syncagent_blocked{stage="remove"} 1`, `syncagent_actions_total{kind="rename",outcome="done"} 1`,
			"syncagent_lease_holder 1", "syncagent_next_run_timestamp_seconds", "syncagent_audit_position",
		},
		"/": {"Blocked, waiting for a person", "drop"},
	} {
		body := get(t, base+path)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, body)
			}
		}
		if strings.Contains(body, "secret.name") {
			t.Errorf("%s tells the name of a person", path)
		}
	}
	writeRunConfig(t, h.file, "@yearly", false, "")
	h.signals <- syscall.SIGHUP
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(h.log.String(), `"listen":""`) {
		t.Errorf("still listening:\n%s", h.log)
	}
	http.DefaultClient.CloseIdleConnections()
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if closeErr := res.Body.Close(); err != nil || closeErr != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %v\n%s", url, res.StatusCode, err, closeErr, body)
	}
	return string(body)
}

// TestRunCannotStart: what a daemon must refuse at its start.
func TestRunCannotStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "syncagent.yaml")
	call := func(args ...string) (exitCode, string) {
		var errs lockedBuffer
		code := Main{Args: slices.Concat([]string{"run", "-c", file}, args), Stdout: io.Discard, Stderr: &errs}.Run(t.Context())
		return code, errs.String()
	}
	writeRunConfig(t, file, "no cron", false, "")
	if code, text := call(); code != exitUsage {
		t.Errorf("wrong configuration: exit code %d\n%s", code, text)
	}
	writeRunConfig(t, file, "@yearly", false, "")
	if code, text := call("--json"); code != exitUsage {
		t.Errorf("--json: exit code %d\n%s", code, text)
	}
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state", "state.db"), bytes.Repeat([]byte("no ledger "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text := call(); code != exitUntrusted {
		t.Errorf("damaged ledger: exit code %d\n%s", code, text)
	}
}
