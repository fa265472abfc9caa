package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"syncagent/internal/config"
)

func TestFirstCode(t *testing.T) {
	for _, c := range []struct {
		codes []exitCode
		want  exitCode
	}{
		{nil, exitOK},
		{[]exitCode{0, 2}, exitPending},
		{[]exitCode{2, 3, 5, 4, 6, 7, 8}, exitUntrusted},
		{[]exitCode{2, 3, 5, 4, 6, 7}, exitLocked},
		{[]exitCode{2, 3, 5, 4, 6}, exitServer},
		{[]exitCode{2, 3, 5, 4}, exitBlocked},
		{[]exitCode{2, 3, 5}, exitSource},
		{[]exitCode{2, 3}, exitPartial},
		{[]exitCode{3, 1}, exitFailed},
	} {
		if got := firstCode(c.codes...); got != c.want {
			t.Errorf("%v gives %d, want %d", c.codes, got, c.want)
		}
	}
}

func TestCodeOf(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	problems := &config.ProblemsError{Problems: []config.Problem{{Message: "x"}}}
	for _, c := range []struct {
		name    string
		ctx     context.Context //nolint:containedctx // a table
		err     error
		started bool
		want    exitCode
	}{
		{"success", t.Context(), nil, true, exitOK},
		{"before the start", t.Context(), errors.New("x"), false, exitUsage},
		{"without a name", t.Context(), errors.New("x"), true, exitFailed},
		{"configuration", t.Context(), fmt.Errorf("load: %w", problems), true, exitUsage},
		{"coded", t.Context(), fmt.Errorf("sync: %w", fail(exitServer, errors.New("x"), "")), true, exitServer},
		{"interrupted", cancelled, fmt.Errorf("read: %w", context.Canceled), true, exitInterrupted},
		{"another context", t.Context(), fmt.Errorf("read: %w", context.Canceled), true, exitFailed},
		{"coded though interrupted", cancelled, fail(exitPartial, context.Canceled, ""), true, exitPartial},
	} {
		if got := codeOf(c.ctx, c.err, c.started); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

type hintedError struct{}

func (hintedError) Error() string { return "lock is held" }
func (hintedError) Hint() string  { return "wait" }

func TestPrintError(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		json bool
		want string
	}{
		{"nothing", nil, false, ""},
		{"quiet", quietExit(exitPending), false, ""},
		{"plain", errors.New("disk full"), false, "syncagent: disk full\n"},
		{"own hint", fail(exitLocked, errors.New("x"), "y"), false, "syncagent: x\nhint: y\n"},
		{"hint of the cause", fail(exitLocked, fmt.Errorf("run: %w", hintedError{}), ""), false, "syncagent: run: lock is held\nhint: wait\n"},
		{"for machines", hintedError{}, true, `{"error":{"code":1,"message":"lock is held","hint":"wait"}}` + "\n"},
	} {
		var out bytes.Buffer
		g := newGlobals(Main{Stderr: &out})
		g.json = c.json
		g.printError(codeOf(t.Context(), c.err, true), c.err)
		if got := out.String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestOutputInterrupted: an interrupted command leaves the old file.
func TestOutputInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for complete, want := range map[bool]string{false: "old", true: "new"} {
		g := newGlobals(Main{})
		g.output = path
		if err := g.openOutput(); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprint(g.streams.out, "new"); err != nil {
			t.Fatal(err)
		}
		if err := g.closeOutput(complete); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); complete && (err != nil || string(got) != want) {
			t.Errorf("complete %t: %q, %v; want %q", complete, got, err, want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".syncagent-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestOutputIntoDevice: what is no file is written to, never replaced.
func TestOutputIntoDevice(t *testing.T) {
	link := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	g := newGlobals(Main{})
	g.output = link
	if err := g.openOutput(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(g.streams.out, "new"); err != nil {
		t.Fatal(err)
	}
	if err := g.closeOutput(true); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(link)
	if err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Errorf("the device was replaced: %v, %v", info, err)
	}
}

// TestLog: JSON for machines, every line, time in UTC, flags before the
// configuration.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	g := newGlobals(Main{Stderr: &out})
	log := g.logger(config.Log{Level: config.LevelInfo, Format: config.LogAuto})
	for range 500 {
		log.Info("renamed", zap.String("from", "a"))
		log.Debug("not shown")
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 500 {
		t.Fatalf("%d lines of 500", len(lines))
	}
	var line struct{ Time, Level, Msg, From string }
	if err := json.Unmarshal([]byte(lines[499]), &line); err != nil {
		t.Fatal(err)
	}
	if line.Level != "info" || line.Msg != "renamed" || line.From != "a" || !strings.HasSuffix(line.Time, "Z") {
		t.Errorf("the line is %+v", line)
	}
	for name, c := range map[string]struct {
		change func(*globals)
		want   zapcore.Level
	}{
		"configuration": {func(*globals) {}, zapcore.InfoLevel},
		"verbose":       {func(g *globals) { g.verbose = true }, zapcore.DebugLevel},
		"quiet":         {func(g *globals) { g.quiet = true }, zapcore.WarnLevel},
		"level":         {func(g *globals) { g.quiet, g.logLevel = true, "error" }, zapcore.ErrorLevel},
	} {
		g := newGlobals(Main{Stderr: &out})
		c.change(g)
		if got := g.logger(config.Log{Level: config.LevelInfo}).Level(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestColor(t *testing.T) {
	env := map[string]string{}
	g := newGlobals(Main{Getenv: func(k string) string { return env[k] }})
	for when, want := range map[string]bool{"always": true, "never": false, "auto": false} {
		g.color = when
		if got := g.useColor(&bytes.Buffer{}); got != want {
			t.Errorf("%s: %t, want %t", when, got, want)
		}
	}
}
