package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
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
