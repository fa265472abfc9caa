package agent_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"

	_ "modernc.org/sqlite"
)

// world is a directory in SQLite, a simulated mail server that asks the same
// tables, and an agent between them.
type world struct {
	t      *testing.T
	db     *sql.DB
	server *stalwarttest.Server
	dir    string
	cfg    *config.Config
	now    time.Time
	// generation is the version of a mail server before 0.16; empty for 0.16.
	generation string
}

const schema = `
CREATE TABLE people (id TEXT PRIMARY KEY, mail TEXT, secret TEXT, description TEXT, type TEXT DEFAULT 'individual', employee TEXT);
CREATE TABLE aliases (id TEXT, address TEXT);`

// newWorld makes a world with nobody in it, with a mail server of 0.16 or of an
// older generation.
func newWorld(t *testing.T, policy string, generation ...string) *world {
	t.Helper()
	w := &world{t: t, generation: strings.Join(generation, ""), dir: t.TempDir(), now: time.Now().Add(-90 * 24 * time.Hour)}
	path := filepath.Join(w.dir, "people.sqlite")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w.db = db
	w.exec(schema)
	w.server = stalwarttest.New(stalwarttest.Options{
		Generation: w.generation,
		Domains:    []stalwarttest.Domain{{Name: "example.org", Aliases: []string{"alias.example.org"}}, {Name: "example.net"}},
		Directory: stalwarttest.NewSQLDirectory(db,
			`SELECT mail AS name, secret, description FROM people WHERE lower(mail) = lower(?1) OR id IN (SELECT id FROM aliases WHERE address = lower(?1))`,
			`SELECT address FROM aliases JOIN people USING (id) WHERE mail = ?1`),
		Now: func() time.Time { return w.now },
	})
	url, stop, err := w.server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	login := "api_key: { file: api-key }"
	if w.generation == "" {
		w.file("api-key", w.server.APIKey())
	} else {
		login = "username: admin, password: { file: password }"
		w.file("password", w.server.Admin().Password)
	}
	w.file("syncagent.yaml", fmt.Sprintf(`
server: { url: %s, %s, rate: 10000 }
sources:
  - name: staff
    sql:
      driver: sqlite
      dsn: %s
      query: SELECT id, mail, type, employee FROM people
      lookup: SELECT id, mail, type, employee FROM people WHERE id = ?
      addresses: SELECT id, address FROM aliases UNION ALL SELECT id, mail FROM people
    map: { id: id, id_never_reused: true, name: "{mail}", kind: { attribute: type }, same_person: [ employee ] }
    expect: { max_drop: 50%% }
policy:
%s
state: { dir: state }
audit: { file: audit.jsonl }
`, url, login, path, policy))
	w.reload()
	return w
}

const deleting = `
  missing: delete
  grace: { runs: 3, time: 48h, spacing: 1h }
  export: { required: false }
`

func (w *world) reload() {
	w.t.Helper()
	cfg, err := config.Load(filepath.Join(w.dir, "syncagent.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.cfg = cfg
}

func (w *world) file(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(context.Background(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// hire puts a person into the directory; login makes the account.
func (w *world) hire(id, mail string) {
	w.exec(`INSERT INTO people (id, mail, secret, description) VALUES (?, ?, ?, ?)`, id, mail, "pw-"+id, id)
}

func (w *world) alias(id, address string) {
	w.exec(`INSERT INTO aliases (id, address) VALUES (?, ?)`, id, address)
}

func (w *world) rename(id, mail string) { w.exec(`UPDATE people SET mail = ? WHERE id = ?`, mail, id) }
func (w *world) leave(id string)        { w.exec(`DELETE FROM people WHERE id = ?`, id) }

func (w *world) deliver(to, subject string) {
	w.t.Helper()
	if err := w.server.Deliver(to, stalwarttest.Message{From: "somebody@example.com", To: to, Subject: subject, Body: "hello"}); err != nil {
		w.t.Fatalf("deliver to %s: %v", to, err)
	}
}

// sync makes one run an hour and a bit later.
func (w *world) sync() *agent.Report {
	w.t.Helper()
	rep, err := w.try(agent.RunOptions{Trigger: "test"})
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	return rep
}

func (w *world) try(o agent.RunOptions) (*agent.Report, error) {
	w.now = w.now.Add(26 * time.Hour)
	return agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }}).Run(context.Background(), o)
}

// told describes actions and holds in short lines.
func told(rep *agent.Report) []string {
	out := []string{}
	for i, a := range rep.Result.Actions {
		outcome := ""
		if i < len(rep.Result.Results) {
			outcome = " " + string(rep.Result.Results[i].Outcome)
			if rep.Result.Results[i].Error != "" {
				outcome += " (" + rep.Result.Results[i].Error + ")"
			}
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s>%s%s", a.Kind, a.StableID, a.From, a.To, outcome)))
	}
	for _, h := range rep.Result.Holds {
		out = append(out, fmt.Sprintf("hold %s %s: %s", h.Code, h.StableID, h.Message))
	}
	for _, r := range rep.Result.Verdict.Reasons {
		out = append(out, fmt.Sprintf("block %s %s: %s", r.Stage, r.Code, r.Message))
	}
	return out
}

var _ reconcile.StableID
