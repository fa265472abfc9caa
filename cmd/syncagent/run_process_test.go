package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"syncagent/internal/state"
)

// patience bounds every wait for the real process; it is only used up when
// something is wrong.
const patience = time.Minute

// process is the real binary as a daemon.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
	seen  []string
}

// startProcess starts "syncagent run" of TestMain's binary.
func startProcess(t *testing.T, file string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	p := &process{t: t, cmd: exec.CommandContext(ctx, "syncagent", "run", "-c", file), lines: make(chan string, 1000)}
	logs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for scan := bufio.NewScanner(logs); scan.Scan(); {
			p.lines <- scan.Text()
		}
	}()
	return p
}

// await waits for a log line that contains a text.
func (p *process) await(text string) string {
	p.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("the process ended before it told %q:\n%s", text, strings.Join(p.seen, "\n"))
			}
			p.seen = append(p.seen, line)
			if strings.Contains(line, text) {
				return line
			}
		case <-timeout.C:
			p.t.Fatalf("no log line with %q:\n%s", text, strings.Join(p.seen, "\n"))
		}
	}
}

func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the process and gives its exit code.
func (p *process) end() int {
	p.t.Helper()
	for line := range p.lines {
		p.seen = append(p.seen, line)
	}
	_ = p.cmd.Wait() // the exit code tells
	return p.cmd.ProcessState.ExitCode()
}

// TestRunProcess sends the real binary its signals. The mail server is a
// closed port, so that each run ends with 6, which must not end the daemon.
func TestRunProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "syncagent.yaml")
	writeRunConfig(t, file, "@yearly", false, "127.0.0.1:0")
	p := startProcess(t, file)
	var started struct {
		Listen string `json:"listen"`
	}
	if err := json.Unmarshal([]byte(p.await("daemon started")), &started); err != nil {
		t.Fatal(err)
	}
	if body := get(t, "http://"+started.Listen+"/healthz"); body != "ok\n" {
		t.Errorf("healthz: %q", body)
	}

	p.signal(syscall.SIGUSR1)
	p.await("a run is asked for")
	p.await("no such file") // the API key
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "key"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(file, []byte("server: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.await("the one before stays in force")
	writeRunConfig(t, file, "@hourly", false, "")
	p.signal(syscall.SIGHUP)
	p.await("the configuration was read again")

	p.signal(syscall.SIGUSR1)
	p.await("connection refused") // the key was read anew
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != 0 || !strings.Contains(strings.Join(p.seen, "\n"), "daemon stopped") {
		t.Errorf("exit code %d:\n%s", code, strings.Join(p.seen, "\n"))
	}

	ledger, err := state.Open(t.Context(), state.Options{Dir: filepath.Join(filepath.Dir(file), "state")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	runs, err := ledger.Runs(t.Context(), 10)
	if err != nil || len(runs) != 2 {
		t.Fatalf("%d runs: %v", len(runs), err)
	}
	for _, run := range runs {
		if run.Trigger != triggerSignal || run.ExitCode != 6 || run.Finished.IsZero() {
			t.Errorf("run %+v", run)
		}
	}
}
