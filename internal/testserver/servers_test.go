//go:build realservers

package testserver

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("TESTSERVER_CHILD") != "" {
		os.Exit(child())
	}
	os.Exit(Main(m, func() error { return goleak.Find() }))
}

// count reads ou=people page by page as the given account.
func count(t *testing.T, url, dn, password string, page uint32) (int, error) {
	t.Helper()
	c, err := ldap.DialURL(url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetTimeout(30 * time.Second)
	if err := c.Bind(dn, password); err != nil {
		t.Fatal(err)
	}
	req := ldap.NewSearchRequest(PeopleDN, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=inetOrgPerson)", []string{"entryUUID"}, nil)
	res, err := c.SearchWithPaging(req, page)
	return len(res.Entries), err
}

func TestSlapdServesGeneratedUsersAndAppliesLimitsAndACL(t *testing.T) {
	s := Slapd(t, SlapdOptions{Users: 1200})
	if n, err := count(t, s.URL, SyncDN, SyncPassword, 1000); err != nil || n != 1200 {
		t.Errorf("sync reads %d entries, %v; want 1200", n, err)
	}
	if n, err := count(t, s.URL, LimitedDN, LimitedPassword, 100); !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		t.Errorf("limited reads %d entries, %v; want size limit exceeded", n, err)
	}
	if got := s.Value(t, UserDN(7), "entryUUID"); got != UserUUID(7) {
		t.Errorf("entryUUID of user 7 is %s, want %s", got, UserUUID(7))
	}

	s.SetACL(t, `access to dn.children="`+PeopleDN+`" by * none`+"\n"+DefaultACL)
	if n, err := count(t, s.URL, SyncDN, SyncPassword, 1000); err != nil || n != 0 {
		t.Errorf("with hidden people sync reads %d entries, %v; want 0 and success", n, err)
	}
	s.SetACL(t, "")

	s.RenameUser(t, UserName(3), "renamed")
	s.Delete(t, UserDN(4), UserDN(5))
	id := s.AddUser(t, "fresh", "fresh@example.test")
	if len(id) != 36 {
		t.Errorf("new entryUUID %q", id)
	}
	if n, err := count(t, s.URL, SyncDN, SyncPassword, 1000); err != nil || n != 1199 {
		t.Errorf("after changes sync reads %d entries, %v; want 1199", n, err)
	}
	if got := s.Value(t, "uid=renamed,"+PeopleDN, "entryUUID"); got != UserUUID(3) {
		t.Errorf("rename changed the entryUUID to %s", got)
	}
}

func TestSlapdKilledAndStartedKeepsDataAndAddress(t *testing.T) {
	s := Slapd(t, SlapdOptions{Users: 10})
	url := s.URL
	s.Kill()
	if s.Running() {
		t.Fatal("still running")
	}
	if _, err := ldap.DialURL(url); err == nil {
		t.Fatal("a killed slapd answers")
	}
	s.Start(t)
	if n, err := count(t, url, SyncDN, SyncPassword, 1000); err != nil || n != 10 {
		t.Errorf("read %d entries, %v; want 10", n, err)
	}
	s.Signal(t, syscall.SIGSTOP)
	s.Signal(t, syscall.SIGCONT)
	s.Stop()
}

func TestSlapdTLSAndExternal(t *testing.T) {
	s := Slapd(t, SlapdOptions{Users: 3, TLS: true})
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(s.Certs.CA)
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatal("CA:", err)
	}
	pair, err := tls.LoadX509KeyPair(s.Certs.Client.Cert, s.Certs.Client.Key)
	if err != nil {
		t.Fatal(err)
	}
	whoami := func(url string, conf *tls.Config) (string, error) {
		c, err := ldap.DialURL(url, ldap.DialWithTLSConfig(conf))
		if err != nil {
			return "", err
		}
		defer c.Close()
		if err := c.ExternalBind(); err != nil {
			return "", err
		}
		res, err := c.WhoAmI(nil)
		if err != nil {
			return "", err
		}
		return res.AuthzID, nil
	}
	for _, url := range []string{s.LDAPSURL, s.LDAPIURL} {
		got, err := whoami(url, &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
		if err != nil || got != "dn:"+SyncDN {
			t.Errorf("%s: EXTERNAL is %q, %v; want %s", url, got, err, SyncDN)
		}
	}
	for name, p := range map[string]Pair{"expired": s.Certs.Expired, "IP SANs": s.Certs.WrongName} {
		s.ServerCert = p
		s.Restart(t, nil)
		if _, err := whoami(s.LDAPSURL, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("certificate %s: %v", name, err)
		}
	}
}

func TestSlapdLoads100kQuickly(t *testing.T) {
	start := time.Now()
	s := Slapd(t, SlapdOptions{Users: 100_000})
	loaded := time.Since(start)
	if n, err := count(t, s.URL, SyncDN, SyncPassword, 5000); err != nil || n != 100_000 {
		t.Errorf("read %d entries, %v; want 100000", n, err)
	}
	t.Logf("loaded and started in %s, read in %s", loaded.Round(time.Millisecond), (time.Since(start) - loaded).Round(time.Millisecond))
}

func rows(t *testing.T, driver, dsn string) (n int) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM accounts WHERE active AND status='active'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostgres(t *testing.T) {
	pg := Postgres(t)
	admin, sync := pg.NewDatabase(t)
	pg.LoadUsers(t, admin, 2500)
	if n := rows(t, "pgx", sync); n != 2500 {
		t.Errorf("sync reads %d rows, want 2500", n)
	}
	pg.Kill()
	pg.Start(t)
	if n := rows(t, "pgx", sync); n != 2500 {
		t.Errorf("after a restart sync reads %d rows, want 2500", n)
	}
}

func TestMariaDB(t *testing.T) {
	m := MariaDB(t)
	admin, sync := m.NewDatabase(t)
	m.LoadUsers(t, admin, 2500)
	if n := rows(t, "mysql", sync); n != 2500 {
		t.Errorf("sync reads %d rows, want 2500", n)
	}
	m.Kill()
	m.Start(t)
	if n := rows(t, "mysql", sync); n != 2500 {
		t.Errorf("after a restart sync reads %d rows, want 2500", n)
	}
}

// printer is a TB for the child process below.
type printer struct{ *testing.T }

func (printer) Helper()                   {}
func (printer) Logf(string, ...any)       {}
func (printer) Cleanup(func())            {}
func (printer) Fatalf(f string, _ ...any) { panic(f) }

// child starts the servers, writes their process IDs and hangs.
func child() int {
	s, pg, m := Slapd(printer{}, SlapdOptions{Users: 1}), Postgres(printer{}), MariaDB(printer{})
	pids := []string{s.Dir, pg.Dir, m.Dir}
	for _, g := range []*guarded{&s.proc, &pg.proc, &m.proc} {
		pids = append(pids, strconv.Itoa(g.get().cmd.Process.Pid))
	}
	if err := os.WriteFile(os.Getenv("TESTSERVER_CHILD"), []byte(strings.Join(pids, "\n")+"\nend\n"), 0o600); err != nil {
		return 1
	}
	select {}
}

func TestServersDieWithTheTestProcess(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pids")
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "TESTSERVER_CHILD="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var fields []string
	waitFor(t, "the servers to start", func() bool {
		b, _ := os.ReadFile(file)
		fields = strings.Fields(string(b))
		return strings.HasSuffix(string(b), "end\n")
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, f := range fields[3:6] {
		pid, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, "process "+f+" to end", func() bool { return gone(pid) })
	}
	for _, dir := range fields[:3] {
		_ = os.RemoveAll(dir)
	}
}

// gone also counts a zombie, which waits for whoever inherited it.
func gone(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(b), ") Z ")
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}
