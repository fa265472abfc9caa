package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"syncagent/internal/config"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/state"

	_ "modernc.org/sqlite"
)

// clockVariable names a file with the time that the program takes for now.
const clockVariable = "SYNCAGENT_TEST_CLOCK"

// scriptClock reads the file that "world tick" writes.
func scriptClock(path string) func() time.Time {
	return func() time.Time {
		data, err := os.ReadFile(path)
		if err != nil {
			return time.Now()
		}
		t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(data)))
		if err != nil {
			panic(err)
		}
		return t
	}
}

// world is what a script plays in: a directory in SQLite, a simulated mail
// server that asks it, a configuration between them, and a clock.
//
//	world start [VERSION]        makes all of it; policy.yaml, if there, is the policy;
//	                             VERSION is that of a mail server before 0.16
//	world hire ID NAME           puts a person into the directory
//	world crowd N                hires N people who have mailboxes
//	world rename ID NAME         world leave ID         in the directory
//	world login NAME ID          makes the mailbox, as a first login does
//	world mailbox NAME           fails if there is no such account; ! world mailbox NAME
//	world mail NAME N            puts N messages into it; world messages NAME N compares
//	world tick DURATION          lets time pass
//	world stop                   the mail server goes away
//	world hang                   the mail server does not answer any more
//	world asked                  waits until it was asked something
//	world refuse                 another API key is needed from now on
//	world refused N              fails if more than N requests came since "world refuse"
//	world lock, world unlock     another run goes on
//	world newer, world older     the ledger was written by a newer version, and was not
//	world sql STATEMENT          anything else in the directory
//	world domain NAME            the mail server gets one more domain
//	world clean FILE…            fails if a secret stands in a file
type world struct {
	dir    string
	db     *sql.DB
	server *stalwarttest.Server
	stop   func()
	now    time.Time
	asked  chan struct{}
	seen   int64
	ledger *state.Ledger
	unlock func() error
	freed  chan struct{}
}

const worldSchema = `
CREATE TABLE people (id TEXT PRIMARY KEY, mail TEXT, secret TEXT, description TEXT, type TEXT DEFAULT 'individual');`

const worldConfig = `server: { url: %s, %s, rate: 1000 }
sources:
  - name: staff
    sql:
      driver: sqlite
      dsn: people.sqlite
      query: SELECT id, mail, type FROM people
      lookup: SELECT id, mail, type FROM people WHERE id = ?
    map: { id: id, id_never_reused: true, name: "{mail}", kind: { attribute: type } }
    expect: { max_drop: 50%% }
policy:
%s
state: { dir: state }
audit: { file: audit.jsonl }
`

const worldPolicy = `  missing: delete
  grace: { runs: 2, time: 24h, spacing: 1h }
  export: { required: false }
`

type worldKey struct{}

// inWorld is the command "world".
func inWorld(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg && args[0] != "mailbox" {
		ts.Fatalf("usage: world COMMAND …")
	}
	if args[0] == "start" {
		startWorld(ts, strings.Join(args[1:], ""))
		return
	}
	w, ok := ts.Value(worldKey{}).(**world)
	if !ok || *w == nil {
		ts.Fatalf("world start comes first")
	}
	ts.Check((*w).do(neg, args[0], args[1:]))
}

func startWorld(ts *testscript.TestScript, generation string) {
	w := &world{dir: ts.Getenv("WORK"), now: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), asked: make(chan struct{}, 1), freed: make(chan struct{})}
	*ts.Value(worldKey{}).(**world) = w
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "people.sqlite")+"?_pragma=busy_timeout(5000)")
	ts.Check(err)
	w.db = db
	ts.Check(w.exec(worldSchema))
	w.server = stalwarttest.New(stalwarttest.Options{
		Generation: generation,
		Admin:      stalwarttest.Credentials{Name: "admin", Password: "admin-but-secret"},
		Domains:    []stalwarttest.Domain{{Name: "example.org"}},
		Directory: stalwarttest.NewSQLDirectory(db,
			`SELECT mail AS name, secret, description FROM people WHERE lower(mail) = lower(?1)`, ""),
		Now: func() time.Time { return w.now },
	})
	url, stop, err := w.server.Start()
	ts.Check(err)
	w.stop = stop
	ts.Defer(func() {
		close(w.freed)
		w.stop()
		_ = w.db.Close()
		if w.unlock != nil {
			_ = w.do(false, "unlock", nil)
		}
	})
	policy, err := os.ReadFile(ts.MkAbs("policy.yaml"))
	if err != nil {
		policy = []byte(worldPolicy)
	}
	login := "api_key: { file: api-key }"
	if generation != "" {
		login = "username: admin, password: { file: password }"
		ts.Check(w.file("password", w.server.Admin().Password+"\n"))
	} else {
		ts.Check(w.file("api-key", w.server.APIKey()+"\n"))
	}
	ts.Check(w.file("syncagent.yaml", fmt.Sprintf(worldConfig, url, login, policy)))
	ts.Check(w.tick(0))
	ts.Setenv(clockVariable, filepath.Join(w.dir, "clock"))
	ts.Setenv("SYNCAGENT_CONFIG", filepath.Join(w.dir, "syncagent.yaml"))
}

func (w *world) do(neg bool, command string, args []string) error {
	if want, ok := map[string]int{"hire": 2, "crowd": 1, "rename": 2, "leave": 1, "login": 2, "mailbox": 1, "tick": 1, "refused": 1, "sql": 1, "domain": 1, "mail": 2, "messages": 2}[command]; ok && len(args) != want {
		return fmt.Errorf("world %s takes %d arguments", command, want)
	}
	switch command {
	case "hire":
		return w.hire(args[0], args[1])
	case "crowd":
		return w.crowd(args[0])
	case "rename":
		return w.exec(`UPDATE people SET mail = ? WHERE id = ?`, args[1], args[0])
	case "leave":
		return w.exec(`DELETE FROM people WHERE id = ?`, args[0])
	case "sql":
		return w.exec(args[0])
	case "login":
		_, err := w.server.Login(args[0], "pw-"+args[1])
		return err
	case "mailbox":
		if _, there := w.server.AccountOf(args[0]); there == neg {
			return fmt.Errorf("account of %s: %v", args[0], there)
		}
		return nil
	case "mail", "messages":
		return w.mail(command, args[0], args[1])
	case "tick":
		d, err := time.ParseDuration(args[0])
		return errors.Join(err, w.tick(d))
	case "domain":
		w.server.AddDomain(args[0])
		return nil
	case "clean":
		return w.clean(args)
	default:
		return w.mischief(command, args)
	}
}

// mischief is what can go wrong.
func (w *world) mischief(command string, args []string) (err error) {
	switch command {
	case "stop":
		w.stop()
	case "hang":
		w.server.Inject(stalwarttest.Fault{Times: -1, Before: func(stalwarttest.Seen) {
			select {
			case w.asked <- struct{}{}:
			default:
			}
			<-w.freed
		}})
	case "asked":
		select {
		case <-w.asked:
		case <-time.After(30 * time.Second):
			return errors.New("the server was not asked")
		}
	case "refuse":
		w.seen = w.server.Requests()
		return w.file("api-key", "wrong-but-secret\n")
	case "refused":
		n, err := strconv.ParseInt(args[0], 10, 64)
		if got := w.server.Requests() - w.seen; err != nil || got > n {
			return fmt.Errorf("%d requests, at most %d are wanted", got, n)
		}
	case "lock":
		cfg, err := config.Load(filepath.Join(w.dir, "syncagent.yaml"))
		if err != nil {
			return err
		}
		if w.ledger, err = state.Open(context.Background(), state.Options{Dir: cfg.State.Dir, Mode: state.ReadWrite}); err != nil {
			return err
		}
		w.unlock, err = w.ledger.Lock(context.Background(), "syncagent run")
		return err
	case "unlock":
		unlock := w.unlock
		w.unlock = nil
		return errors.Join(unlock(), w.ledger.Close())
	case "newer":
		return w.ledgerExec(`INSERT INTO schema_migrations SELECT 9999, name, checksum, applied FROM schema_migrations WHERE version = 1`)
	case "older":
		return w.ledgerExec(`DELETE FROM schema_migrations WHERE version = 9999`)
	default:
		return fmt.Errorf("world cannot %s", command)
	}
	return nil
}

// ledgerExec changes the ledger behind the program's back.
func (w *world) ledgerExec(statement string) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "state", state.DatabaseName))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), statement)
	return errors.Join(err, db.Close())
}

func (w *world) exec(query string, args ...any) error {
	_, err := w.db.ExecContext(context.Background(), query, args...)
	return err
}

func (w *world) hire(id, mail string) error {
	return w.exec(`INSERT INTO people (id, mail, secret, description) VALUES (?, ?, ?, ?)`, id, mail, "pw-"+id, id)
}

func (w *world) crowd(number string) error {
	n, err := strconv.Atoi(number)
	for i := range n {
		id := fmt.Sprintf("p%02d", i)
		mail := fmt.Sprintf("u%02d@example.org", i)
		if err = errors.Join(err, w.hire(id, mail)); err == nil {
			_, err = w.server.Login(mail, "pw-"+id)
		}
	}
	return err
}

// mail puts messages into a mailbox, or compares how many there are.
func (w *world) mail(command, address, number string) error {
	n, err := strconv.Atoi(number)
	view, there := w.server.AccountOf(address)
	if err != nil || !there {
		return fmt.Errorf("world %s %s %s: account there: %v, %w", command, address, number, there, err)
	}
	if got := view.Messages; command == "messages" && got != n {
		return fmt.Errorf("%s has %d messages", address, got)
	}
	for i := 0; command == "mail" && i < n; i++ {
		w.server.AddMail(view.ID, stalwarttest.Message{Subject: fmt.Sprintf("mail %d", i), Body: "hello"})
	}
	return nil
}

func (w *world) file(name, text string) error {
	return os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600)
}

func (w *world) tick(d time.Duration) error {
	w.now = w.now.Add(d)
	return w.file("clock", w.now.Format(time.RFC3339))
}

// clean looks for secrets in files, and in those below directories.
func (w *world) clean(paths []string) error {
	secrets := []string{w.server.APIKey(), w.server.Admin().Password, "wrong-but-secret", "pw-p"}
	for _, path := range paths {
		err := filepath.WalkDir(filepath.Join(w.dir, path), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(file) //nolint:gosec // a folder of the test
			for _, secret := range secrets {
				if strings.Contains(string(data), secret) {
					return fmt.Errorf("%s contains the secret %q", file, secret)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
