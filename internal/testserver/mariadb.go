package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
)

const mariaAdmin, mariaAdminPassword = "admin", "admin-secret"

// Maria is a running MariaDB with a user "admin" that may do everything and a user "sync" (password [SyncPassword]).
type Maria struct {
	Dir  string // also holds the Unix socket; open to the server's user and root only
	Port int

	bin   string
	owner *owner
	proc  guarded
	seq   int
}

// MariaDB starts an empty MariaDB of its own. Durability is off: it is for tests only.
func MariaDB(t TB) *Maria {
	t.Helper()
	install := need(t, "mariadb-server", nil, "mariadb-install-db", "mysql_install_db")
	m := &Maria{bin: need(t, "mariadb-server", nil, "mariadbd", "mysqld"), owner: serverUser(t, "mysql")}
	m.Dir = tempDir(t, "maria", m.owner)
	err := runTool(m.command(install, "--no-defaults", "--datadir="+m.data(), "--tmpdir="+m.Dir,
		"--auth-root-authentication-method=normal", "--skip-test-db"), m.owner)
	if err != nil {
		t.Fatalf("create the MariaDB data folder: %v", err)
	}
	t.Cleanup(func() { m.Kill() })
	for try := 1; ; try++ {
		m.Port = freePorts(t, 1)[0]
		if err = m.launch(); err == nil {
			break
		}
		if try == startTries || !portTaken(m.logFile()) {
			t.Fatalf("start mariadb: %v\n%s", err, tail(m.logFile()))
		}
		_ = os.Remove(m.logFile())
	}
	execSQL(t, "mysql", m.root(), []string{
		"CREATE USER '" + mariaAdmin + "'@'127.0.0.1' IDENTIFIED BY '" + mariaAdminPassword + "'",
		"GRANT ALL PRIVILEGES ON *.* TO '" + mariaAdmin + "'@'127.0.0.1' WITH GRANT OPTION",
		"CREATE USER 'sync'@'127.0.0.1' IDENTIFIED BY '" + SyncPassword + "'",
	})
	return m
}

func (m *Maria) data() string    { return filepath.Join(m.Dir, "data") }
func (m *Maria) logFile() string { return filepath.Join(m.Dir, "log") }
func (m *Maria) root() string {
	return fmt.Sprintf("root@unix(%s)/?timeout=10s", filepath.Join(m.Dir, "sock"))
}

func (m *Maria) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = m.Dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + m.Dir, "LANG=C.UTF-8", "TZ=UTC"}
	return cmd
}

func (m *Maria) launch() error {
	p, err := startProcess(m.command(m.bin, "--no-defaults", // must come first
		"--datadir="+m.data(), "--tmpdir="+m.Dir, "--socket="+filepath.Join(m.Dir, "sock"), "--pid-file="+filepath.Join(m.Dir, "pid"),
		fmt.Sprintf("--port=%d", m.Port), "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin",
		"--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0",
		"--character-set-server=utf8mb4", "--feedback=OFF",
	), m.owner, m.logFile(), syscall.SIGKILL)
	if err != nil {
		return err
	}
	m.proc.set(p)
	err = p.waitReady(readyLimit, func() error { return ping("mysql", m.root()) })
	if err != nil {
		p.stop(syscall.SIGKILL, 0)
	}
	return err
}

// DSN is the data source name (go-sql-driver) of "admin" or "sync" without a database.
func (m *Maria) DSN(user string) string { return m.dsn(user, "") }

func (m *Maria) dsn(user, db string) string {
	password := SyncPassword
	if user == mariaAdmin {
		password = mariaAdminPassword
	}
	return fmt.Sprintf("%s:%s@tcp(127.0.0.1:%d)/%s?timeout=10s", user, password, m.Port, db)
}

// NewDatabase creates an empty database and returns the DSNs of "admin" and of "sync", which may read it.
func (m *Maria) NewDatabase(t TB) (admin, sync string) {
	t.Helper()
	m.seq++
	name := fmt.Sprintf("test%d", m.seq)
	m.Exec(t, m.DSN(mariaAdmin), "CREATE DATABASE "+name, "GRANT SELECT ON "+name+".* TO 'sync'@'127.0.0.1'")
	return m.dsn(mariaAdmin, name), m.dsn("sync", name)
}

// Exec runs statements, each on its own, and fails the test on the first error.
func (m *Maria) Exec(t TB, dsn string, statements ...string) {
	t.Helper()
	execSQL(t, "mysql", dsn, statements)
}

// LoadUsers fills a new table accounts (see [AccountColumns]) with n generated users.
func (m *Maria) LoadUsers(t TB, dsn string, n int) {
	t.Helper()
	m.Exec(t, dsn, "CREATE TABLE accounts (id char(36) CHARACTER SET ascii PRIMARY KEY, "+AccountColumns+")")
	loadUsers(t, "mysql", dsn, n)
}

// Kill ends the server at once with SIGKILL; clients lose their connections.
func (m *Maria) Kill() {
	if p := m.proc.get(); p != nil {
		p.stop(syscall.SIGKILL, 0)
	}
}

// Start starts it again with its data on the same port.
func (m *Maria) Start(t TB) {
	t.Helper()
	if p := m.proc.get(); p != nil && p.running() {
		return
	}
	var err error
	for range startTries {
		if err = m.launch(); err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatalf("start mariadb again: %v\n%s", err, tail(m.logFile()))
}

// Signal sends a signal such as SIGSTOP (a hung server) or SIGCONT.
func (m *Maria) Signal(t TB, sig syscall.Signal) {
	t.Helper()
	if err := m.proc.get().signal(sig); err != nil {
		t.Fatalf("signal mariadb: %v", err)
	}
}
