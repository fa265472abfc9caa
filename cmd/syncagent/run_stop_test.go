package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"syncagent/internal/stalwarttest"
	"syncagent/internal/state"
)

const stopConfig = `
server: { url: %s, api_key: { file: key }, rate: 1000 }
sources:
  - name: staff
    sql: { driver: sqlite, dsn: people.sqlite, query: "SELECT id, mail FROM people", lookup: "SELECT id, mail FROM people WHERE id = ?" }
    map: { id: id, id_never_reused: true, name: "{mail}" }
schedule: { cron: "@yearly", splay: 0s, catch_up: true }
state: { dir: state }
audit: { file: audit.jsonl }
log: { format: json }
listen: ""
`

// TestRunStopsAfterCall: SIGTERM in the middle of a call to the mail server
// lets the call end and its outcome be recorded.
func TestRunStopsAfterCall(t *testing.T) {
	dir := t.TempDir()
	server := stalwarttest.New(stalwarttest.Options{})
	url, stop, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	file := filepath.Join(dir, "syncagent.yaml")
	for name, text := range map[string]string{file: fmt.Sprintf(stopConfig, url), filepath.Join(dir, "key"): server.APIKey()} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inDirectory(t, dir, "CREATE TABLE people (id TEXT PRIMARY KEY, mail TEXT)")
	accounts := map[int]stalwarttest.AccountID{}
	for i := range 20 {
		mail := fmt.Sprintf("p%d@example.org", i)
		accounts[i] = server.AddAccount(stalwarttest.AccountSpec{Address: mail})
		inDirectory(t, dir, fmt.Sprintf("INSERT INTO people VALUES ('%d', '%s')", i, mail))
	}
	p := startProcess(t, file)
	p.await("run finished") // the catch-up adopts
	inDirectory(t, dir, "UPDATE people SET mail = 'new@example.org' WHERE id = '7'")

	reached, gate := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	defer release() // before the server is stopped
	server.Inject(stalwarttest.Fault{
		Match: func(s stalwarttest.Seen) bool { return s.Has("x:Account/set") },
		After: func(stalwarttest.Seen) { close(reached); <-gate },
	})
	p.signal(syscall.SIGUSR1)
	select {
	case <-reached:
	case <-time.After(patience):
		t.Fatal("the run makes no call")
	}
	p.signal(syscall.SIGTERM)
	p.await("stopping after the call in flight")
	release()
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, strings.Join(p.seen, "\n"))
	}
	if view, ok := server.Account(accounts[7]); !ok || view.Address != "new@example.org" || server.Renames(accounts[7]) != 1 {
		t.Errorf("the account: %+v", view)
	}
	ledger, err := state.Open(t.Context(), state.Options{Dir: filepath.Join(dir, "state")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	if open, err := ledger.OpenSteps(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%d steps without an outcome, %v", len(open), err)
	}
	if found, err := ledger.FindPrincipal(t.Context(), "7"); err != nil || len(found) != 1 || found[0].Link.Name != "new@example.org" {
		t.Errorf("the ledger knows %+v, %v", found, err)
	}
}

// inDirectory changes the directory of a test.
func inDirectory(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "people.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
