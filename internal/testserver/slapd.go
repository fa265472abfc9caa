package testserver

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	slapdPackages = "slapd ldap-utils"
	readyLimit    = 60 * time.Second // generous: a busy machine with two cores
)

// SlapdServer is a running slapd. Its addresses stay the same when it is stopped and started again. Its methods must
// not be called by several goroutines at once, except Signal, Kill and Running.
type SlapdServer struct {
	URL      string // ldap://127.0.0.1:PORT
	LDAPSURL string // ldaps://127.0.0.1:PORT; empty without TLS
	LDAPIURL string // ldapi://…; SASL EXTERNAL of the test's user is SyncDN
	Dir      string
	Certs    *Certs // nil without TLS
	// ServerCert is the certificate in use. Set it to another one of Certs and call Restart.
	ServerCert Pair

	opts                 SlapdOptions
	bin                  string
	schemaDir, moduleDir string
	ports                []int
	proc                 guarded
}

// Slapd loads a tree and starts slapd with it. It takes about 3 seconds for 100,000 users. Besides the generated users
// it holds the accounts of the constants [SyncDN] and [LimitedDN].
func Slapd(t TB, o SlapdOptions) *SlapdServer {
	t.Helper()
	s := &SlapdServer{opts: o, Dir: tempDir(t, "slapd", nil)}
	s.find(t)
	if o.TLS {
		s.Certs = NewCerts(t, s.Dir)
		s.ServerCert = s.Certs.Server
	}
	s.load(t)
	t.Cleanup(s.Kill)
	for try := 1; ; try++ {
		s.ports = freePorts(t, 2)
		err := s.launch()
		if err == nil {
			break
		}
		if try == startTries || !portTaken(s.logFile()) {
			t.Fatalf("start slapd: %v\n%s", err, tail(s.logFile()))
		}
		_ = os.Remove(s.logFile())
	}
	return s
}

// find looks for the binary, its schemas and its modules where distributions put them.
func (s *SlapdServer) find(t TB) {
	t.Helper()
	s.bin = need(t, slapdPackages, nil, "slapd")
	s.schemaDir = firstDir("/etc/ldap/schema", "/etc/openldap/schema", "/opt/homebrew/etc/openldap/schema")
	s.moduleDir = firstDir("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap")
	if s.schemaDir == "" {
		t.Fatalf("slapd is there, but its schemas are not. Install: %s", slapdPackages)
	}
	// Ubuntu confines /usr/sbin/slapd to its own folders (AppArmor goes by path). A copy elsewhere is not confined.
	if _, err := os.Stat("/etc/apparmor.d/usr.sbin.slapd"); err == nil {
		b, err := os.ReadFile(s.bin)
		if err == nil {
			s.bin = filepath.Join(s.Dir, "slapd")
			err = os.WriteFile(s.bin, b, 0o700)
		}
		if err != nil {
			t.Fatalf("copy slapd: %v", err)
		}
	}
}

func firstDir(dirs ...string) string {
	for _, d := range dirs {
		if fi, err := os.Stat(d); err == nil && fi.IsDir() {
			return d
		}
	}
	return ""
}

func (s *SlapdServer) logFile() string { return filepath.Join(s.Dir, "slapd.log") }

// load fills the database off line: -q is what makes it quick, -w writes the contextCSN.
func (s *SlapdServer) load(t TB) {
	t.Helper()
	path := filepath.Join(s.Dir, "load.ldif")
	err := os.Mkdir(filepath.Join(s.Dir, "db"), 0o700)
	if err == nil {
		err = s.writeLDIF(path)
	}
	if err != nil {
		t.Fatalf("directory content: %v", err)
	}
	conf, err := s.conf()
	if err != nil {
		t.Fatalf("slapd.conf: %v", err)
	}
	// slapd acts as slapadd when its name or -T says so.
	if err := runTool(exec.Command(s.bin, "-Ta", "-q", "-w", "-f", conf, "-b", BaseDN, "-l", path), nil); err != nil {
		t.Fatalf("load the directory: %v", err)
	}
	_ = os.Remove(path)
}

func (s *SlapdServer) writeLDIF(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if err := WriteLDIF(f, s.opts.Users, s.opts.EachUser); err != nil {
		return err
	}
	_, err = f.WriteString(strings.TrimLeft(s.opts.LDIF, "\n"))
	return err
}

// launch starts slapd on the chosen ports and waits until it answers.
func (s *SlapdServer) launch() error {
	conf, err := s.conf()
	if err != nil {
		return err
	}
	s.URL = fmt.Sprintf("ldap://127.0.0.1:%d", s.ports[0])
	s.LDAPIURL = "ldapi://" + url.QueryEscape(filepath.Join(s.Dir, "ldapi"))
	listen := s.URL + " " + s.LDAPIURL
	if s.Certs != nil {
		s.LDAPSURL = fmt.Sprintf("ldaps://127.0.0.1:%d", s.ports[1])
		listen += " " + s.LDAPSURL
	}
	// "-d none" keeps it in the foreground and prints only what is always printed, such as a failed bind(2).
	p, err := startProcess(exec.Command(s.bin, "-d", "none", "-f", conf, "-h", listen), nil, s.logFile(), syscall.SIGKILL)
	if err != nil {
		return err
	}
	s.proc.set(p)
	err = p.waitReady(readyLimit, func() error {
		c, err := ldap.DialURL(s.URL)
		if err != nil {
			return err
		}
		defer c.Close()
		c.SetTimeout(5 * time.Second)
		return c.Bind(AdminDN, AdminPassword)
	})
	if err != nil {
		p.stop(syscall.SIGKILL, 0)
	}
	return err
}

// Start starts a stopped or killed slapd again, with its data, on the same addresses.
func (s *SlapdServer) Start(t TB) {
	t.Helper()
	if p := s.proc.get(); p != nil && p.running() {
		return
	}
	var err error
	for range startTries {
		if err = s.launch(); err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond) // somebody may sit on the port for a moment
	}
	t.Fatalf("start slapd again: %v\n%s", err, tail(s.logFile()))
}

// Stop ends slapd in good order; open searches of clients fail.
func (s *SlapdServer) Stop() {
	if p := s.proc.get(); p != nil {
		_ = p.signal(syscall.SIGCONT)
		p.stop(syscall.SIGTERM, 10*time.Second)
	}
}

// Kill ends slapd at once with SIGKILL.
func (s *SlapdServer) Kill() {
	if p := s.proc.get(); p != nil {
		p.stop(syscall.SIGKILL, 0)
	}
}

// Signal sends a signal such as SIGSTOP (a hung server) or SIGCONT.
func (s *SlapdServer) Signal(t TB, sig syscall.Signal) {
	t.Helper()
	if err := s.proc.get().signal(sig); err != nil {
		t.Fatalf("signal slapd: %v", err)
	}
}

// Running tells whether the process lives.
func (s *SlapdServer) Running() bool { p := s.proc.get(); return p != nil && p.running() }

// Restart stops slapd, lets change (may be nil) edit its options, and starts it with the same data and addresses. Only
// Limits, ACL, Global and Database have an effect after the first start.
func (s *SlapdServer) Restart(t TB, change func(o *SlapdOptions)) {
	t.Helper()
	s.Stop()
	if change != nil {
		change(&s.opts)
	}
	s.Start(t)
}

// SetACL restarts slapd with other access rules; empty = [DefaultACL].
func (s *SlapdServer) SetACL(t TB, acl string) {
	t.Helper()
	s.Restart(t, func(o *SlapdOptions) { o.ACL = acl })
}

// SetLimits restarts slapd with other limits; empty = [DefaultLimits].
func (s *SlapdServer) SetLimits(t TB, limits string) {
	t.Helper()
	s.Restart(t, func(o *SlapdOptions) { o.Limits = limits })
}
