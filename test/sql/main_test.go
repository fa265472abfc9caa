//go:build realservers

// Package sqltest holds the SQL sources to their promises against real
// PostgreSQL and MariaDB servers.
package sqltest

import (
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
	"syncagent/internal/sqlsrc"
	"syncagent/internal/testserver"
	"syncagent/test/sql/sqlworld"
)

func TestMain(m *testing.M) {
	os.Exit(testserver.Main(m, func() error { return goleak.Find() }))
}

var (
	postgres = testserver.Shared(testserver.Postgres)
	mariadb  = testserver.Shared(testserver.MariaDB)
)

// server is one kind of database as the tests use it.
type server struct {
	name    string
	flavour sqlworld.Flavour
	// database makes an empty database: who may write, who reads.
	database func(t testing.TB) (admin, sync string)
	// kill ends every session of the reader.
	kill string
	// slow is a query of one row that takes seconds.
	slow string
}

var servers = []server{
	{
		name: "postgres",
		flavour: sqlworld.Flavour{
			Driver: sqlsrc.Postgres, Writer: "pgx", IDType: "integer", ID: sqlworld.Integer, TextType: "text", FlagType: "boolean",
		},
		database: func(t testing.TB) (string, string) { return postgres(t).NewDatabase(t) },
		kill:     "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sync' AND datname = current_database()",
		slow:     "SELECT 1 AS id, 'a' AS login, NULL AS mail, NULL AS alias, 'user' AS type, true AS active FROM pg_sleep(20)",
	},
	{
		name: "mariadb",
		flavour: sqlworld.Flavour{
			Driver: sqlsrc.MySQL, Writer: "mysql", IDType: "integer", ID: sqlworld.Integer, TextType: "varchar(255)", FlagType: "boolean",
			Suffix: " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
		},
		database: func(t testing.TB) (string, string) { return mariadb(t).NewDatabase(t) },
		slow:     "SELECT 1 AS id, 'a' AS login, NULL AS mail, NULL AS alias, 'user' AS type, sleep(20) AS active",
	},
}

func each(t *testing.T, run func(t *testing.T, s server)) {
	t.Helper()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) { run(t, s) })
	}
}

func (s server) world(t testing.TB, change ...func(*sqlworld.Flavour)) *world {
	t.Helper()
	f := s.flavour
	for _, c := range change {
		c(&f)
	}
	admin, sync := s.database(t)
	return &world{World: sqlworld.New(t, f, admin, sync), t: t, server: s, sync: sync}
}

// world is a World whose connections can be cut.
type world struct {
	*sqlworld.World
	t      testing.TB
	server server
	sync   string
}

// Break ends every session of the source.
func (w *world) Break() {
	w.t.Helper()
	if w.server.kill != "" {
		w.Exec(w.server.kill)
		return
	}
	for _, id := range w.sessions() {
		// A session that ended by itself is as good.
		_, _ = w.DB().ExecContext(w.t.Context(), "KILL ?", id)
	}
}

// sessions lists MariaDB's sessions of the source.
func (w *world) sessions() (ids []int) {
	w.t.Helper()
	rows, err := w.DB().QueryContext(w.t.Context(),
		"SELECT id FROM information_schema.processlist WHERE user = 'sync' AND db = database()")
	if err != nil {
		w.t.Fatalf("list sessions: %v", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			w.t.Fatalf("list sessions: %v", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatalf("list sessions: %v", err)
	}
	return ids
}

var _ sourcetest.Breaker = (*world)(nil)

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func read(t testing.TB, s *sqlsrc.Source, row func(n int)) (int, reconcile.Evidence, error) {
	t.Helper()
	n := 0
	evidence, err := s.Snapshot(deadline(t), func(reconcile.Entry) error {
		n++
		if row != nil {
			row(n)
		}
		return nil
	})
	return n, evidence, err
}
