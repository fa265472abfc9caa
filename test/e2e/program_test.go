//go:build realservers

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"syncagent/internal/reconcile"
)

// patience is how long the program may take for whatever it does. It is the
// deadline of every case, far beyond what is usual.
const patience = 90 * time.Second

// process is the program while it runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	cancel context.CancelFunc
	ctx    context.Context
	out    bytes.Buffer
	err    bytes.Buffer
	begun  time.Time
}

// outcome is how the program ended.
type outcome struct {
	code   int // minus the signal if one ended it
	stdout string
	stderr string
	took   time.Duration
}

// start starts the program with the configuration of the folder.
func (h *home) start(args ...string) *process {
	h.t.Helper()
	p := &process{t: h.t, begun: time.Now()}
	p.ctx, p.cancel = context.WithTimeout(context.Background(), patience)
	p.cmd = exec.CommandContext(p.ctx, program, append(args, "-c", h.config)...)
	p.cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + h.dir, "TZ=UTC"}
	p.cmd.Dir = h.dir
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		h.t.Fatalf("start the program: %v", err)
	}
	return p
}

// signal sends a signal; a program that has ended already does not mind.
func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

func (p *process) wait() outcome {
	p.t.Helper()
	defer p.cancel()
	err := p.cmd.Wait()
	o := outcome{stdout: p.out.String(), stderr: p.err.String(), took: time.Since(p.begun)}
	var exit *exec.ExitError
	switch {
	case p.ctx.Err() != nil:
		p.t.Fatalf("%v did not end within %v\n%s", p.cmd.Args, patience, o.stderr)
	case errors.As(err, &exit):
		o.code = exit.ExitCode()
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			o.code = -int(status.Signal())
		}
	case err != nil:
		p.t.Fatalf("%v: %v", p.cmd.Args, err)
	}
	return o
}

// run runs the program to its end.
func (h *home) run(args ...string) outcome {
	h.t.Helper()
	return h.start(args...).wait()
}

// must runs the program and wants this exit code.
func (h *home) must(code int, args ...string) outcome {
	h.t.Helper()
	o := h.run(args...)
	if o.code != code {
		h.t.Fatalf("syncagent %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), o.code, code, clip(o.stdout), clip(o.stderr))
	}
	return o
}

// sync makes one run, wants this exit code, and gives its result.
func (h *home) sync(code int) reconcile.RunResult {
	h.t.Helper()
	return result(h.t, h.must(code, "sync", "--json"))
}

func result(t *testing.T, o outcome) reconcile.RunResult {
	t.Helper()
	var r reconcile.RunResult
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		t.Fatalf("the result is not JSON: %v\n%s\n%s", err, clip(o.stdout), clip(o.stderr))
	}
	return r
}

func clip(text string) string {
	const limit = 6000
	if len(text) > limit {
		return text[:limit/2] + "\n…\n" + text[len(text)-limit/2:]
	}
	return text
}

// home is a folder with a configuration, its secrets, state and audit log.
type home struct {
	t      *testing.T
	dir    string
	config string
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{t: t, dir: t.TempDir()}
	for _, dir := range []string{"etc", "log", "state"} {
		if err := os.Mkdir(filepath.Join(h.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.config = filepath.Join(h.dir, "etc", "syncagent.yaml")
	return h
}

// write puts a file into the folder of the configuration.
func (h *home) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, "etc", name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) auditFile() string { return filepath.Join(h.dir, "log", "audit.jsonl") }
