package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/state"
)

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
