package testserver

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

const pgAdmin, pgAdminPassword = "postgres", "postgres-secret"

// PG is a running PostgreSQL with a superuser "postgres" and an ordinary role "sync" (password [SyncPassword]).
type PG struct {
	Dir  string // also holds the Unix socket; open to the server's user and root only
	Port int

	bin   string
	owner *owner
	proc  guarded
	seq   int
}

// Postgres starts an empty PostgreSQL of its own. Durability is off: it is for tests only.
func Postgres(t TB) *PG {
	t.Helper()
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(dirs)
	slices.Reverse(dirs) // the newest first
	initdb := need(t, "postgresql", dirs, "initdb")
	pg := &PG{bin: need(t, "postgresql", dirs, "postgres"), owner: serverUser(t, "postgres")}
	pg.Dir = tempDir(t, "pg", pg.owner)
	pwFile := filepath.Join(pg.Dir, "pw")
	if err := os.WriteFile(pwFile, []byte(pgAdminPassword+"\n"), 0o644); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	err := runTool(pg.command(initdb, "-D", pg.data(), "-U", pgAdmin, "--pwfile="+pwFile, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale=C.UTF-8", "-N"), pg.owner)
	if err != nil {
		t.Fatalf("initdb: %v", err)
	}
	t.Cleanup(func() { pg.Kill() })
	for try := 1; ; try++ {
		pg.Port = freePorts(t, 1)[0]
		if err = pg.launch(); err == nil {
			break
		}
		if try == startTries || !portTaken(pg.logFile()) {
			t.Fatalf("start postgres: %v\n%s", err, tail(pg.logFile()))
		}
		_ = os.Remove(pg.logFile())
	}
	pg.Exec(t, pg.DSN(pgAdmin), "CREATE ROLE sync LOGIN PASSWORD '"+SyncPassword+"'")
	return pg
}

func (pg *PG) data() string    { return filepath.Join(pg.Dir, "data") }
func (pg *PG) logFile() string { return filepath.Join(pg.Dir, "log") }

// command runs without the caller's environment, which may hold PG* variables.
func (pg *PG) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = pg.Dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + pg.Dir, "LANG=C.UTF-8", "TZ=UTC"}
	return cmd
}

func (pg *PG) launch() error {
	args := []string{"-D", pg.data()}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", pg.Port), "unix_socket_directories=" + pg.Dir,
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=128MB", "max_wal_size=2GB",
	} {
		args = append(args, "-c", setting)
	}
	// SIGQUIT, also as the parent-death signal: after SIGKILL its shared memory would stay behind.
	p, err := startProcess(pg.command(pg.bin, args...), pg.owner, pg.logFile(), syscall.SIGQUIT)
	if err != nil {
		return err
	}
	pg.proc.set(p)
	err = p.waitReady(readyLimit, func() error { return ping("pgx", pg.DSN(pgAdmin)) })
	if err != nil {
		p.stop(syscall.SIGQUIT, 10*time.Second)
	}
	return err
}

// DSN is the URL for "postgres" or "sync" to the database "postgres".
func (pg *PG) DSN(user string) string { return pg.dsn(user, "postgres") }

func (pg *PG) dsn(user, db string) string {
	password := SyncPassword
	if user == pgAdmin {
		password = pgAdminPassword
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, password), Host: fmt.Sprintf("127.0.0.1:%d", pg.Port), Path: "/" + db,
		RawQuery: "sslmode=disable&connect_timeout=10",
	}
	return u.String()
}

// NewDatabase creates an empty database and returns the URLs of the superuser and of "sync", which may read all tables
// that the superuser makes in it.
func (pg *PG) NewDatabase(t TB) (admin, sync string) {
	t.Helper()
	pg.seq++
	name := fmt.Sprintf("test%d", pg.seq)
	pg.Exec(t, pg.DSN(pgAdmin), "CREATE DATABASE "+name)
	admin = pg.dsn(pgAdmin, name)
	pg.Exec(t, admin, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO sync")
	return admin, pg.dsn("sync", name)
}

// Exec runs statements, each on its own, and fails the test on the first error.
func (pg *PG) Exec(t TB, dsn string, statements ...string) {
	t.Helper()
	execSQL(t, "pgx", dsn, statements)
}

// LoadUsers fills a new table accounts (see [AccountColumns]) with n generated users.
func (pg *PG) LoadUsers(t TB, dsn string, n int) {
	t.Helper()
	pg.Exec(t, dsn, "CREATE TABLE accounts (id uuid PRIMARY KEY, "+AccountColumns+")")
	loadUsers(t, "pgx", dsn, n)
	pg.Exec(t, dsn, "ANALYZE accounts")
}

// Kill ends the server at once; clients lose their connections.
func (pg *PG) Kill() {
	if p := pg.proc.get(); p != nil {
		_ = p.signal(syscall.SIGCONT)
		p.stop(syscall.SIGQUIT, 20*time.Second)
	}
}

// Start starts it again with its data on the same port.
func (pg *PG) Start(t TB) {
	t.Helper()
	if p := pg.proc.get(); p != nil && p.running() {
		return
	}
	if err := pg.launch(); err != nil {
		t.Fatalf("start postgres again: %v\n%s", err, tail(pg.logFile()))
	}
}

// Signal sends a signal such as SIGSTOP to the postmaster. Sessions that are open go on.
func (pg *PG) Signal(t TB, sig syscall.Signal) {
	t.Helper()
	if err := pg.proc.get().signal(sig); err != nil {
		t.Fatalf("signal postgres: %v", err)
	}
}

func ping(driver, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ping()
}

func execSQL(t TB, driver, dsn string, statements []string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("%s: %v", driver, err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v\n\t%s", driver, err, strings.TrimSpace(s[:min(len(s), 500)]))
		}
	}
}
