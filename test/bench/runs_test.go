//go:build bench

package bench

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // a source of TestSQLite

	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

// sample is what one process cost.
type sample struct {
	wall, cpu time.Duration
	memory    int64 // peak resident set in KiB
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}

func measure(t *testing.T, cmd *exec.Cmd) sample {
	t.Helper()
	cmd.Stdout = io.Discard
	errs, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errs.Close() }()
	cmd.Stderr = errs
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	memory := make(chan int64)
	go func() { memory <- watchMemory(cmd.Process.Pid, ended) }()
	err = cmd.Wait()
	s := sample{wall: time.Since(start)}
	close(ended)
	s.memory = <-memory
	if err != nil {
		b, _ := os.ReadFile(errs.Name())
		t.Fatalf("%s: %v\n%s", cmd.Path, err, b)
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return s
}

// watchMemory returns the peak resident set in KiB. The maxrss of wait4(2) would not do: a process that a large one has
// started begins with the peak of that one.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	for {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err == nil {
			for line := range strings.Lines(string(b)) {
				var kib int64
				if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
					peak = kib // of this process image; what a fork still shows before exec is overwritten
				}
			}
		}
		select {
		case <-ended:
			return peak
		case <-time.After(3 * time.Millisecond):
		}
	}
}

// median of each figure by itself.
func median(samples []sample) sample {
	middle := func(of func(sample) int64) int64 {
		var v []int64
		for _, s := range samples {
			v = append(v, of(s))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return sample{
		wall:   time.Duration(middle(func(s sample) int64 { return int64(s.wall) })),
		cpu:    time.Duration(middle(func(s sample) int64 { return int64(s.cpu) })),
		memory: middle(func(s sample) int64 { return s.memory }),
	}
}

// mailServer starts the simulated mail server with an account for each person.
func mailServer(t *testing.T, users int) (mail *stalwarttest.Server, url string) {
	t.Helper()
	mail = stalwarttest.New(stalwarttest.Options{Domains: []stalwarttest.Domain{{Name: "example.test"}}})
	for i := range users {
		mail.AddAccount(stalwarttest.AccountSpec{Address: testserver.UserMail(i)})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url, stop := mail.Serve(l)
	t.Cleanup(stop)
	return mail, url
}

// configuration writes a configuration with one source into dir and gives its path. The rate of requests is out of the way:
// the figures are those of the program, not of a setting.
func configuration(t *testing.T, dir, url, apiKey, source string) string {
	t.Helper()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("api-key", apiKey)
	write("password", testserver.SyncPassword)
	write("syncagent.yaml", fmt.Sprintf(`server: { url: %q, api_key: { file: api-key }, rate: 10000 }
sources:
  - name: staff
%s
policy: { export: { required: false } }
state: { dir: state }
audit: { file: audit.jsonl }
listen: ""
`, url, source))
	return filepath.Join(dir, "syncagent.yaml")
}

// bench is a program with a configuration, measured run by run.
type bench struct {
	t              *testing.T
	mail           *stalwarttest.Server
	binary, config string
	rounds         int
}

func (b bench) sync(flags ...string) sample {
	args := append([]string{"sync", "-c", b.config}, flags...)
	return measure(b.t, exec.CommandContext(b.t.Context(), b.binary, args...))
}

// show measures one run and prints it, with its requests to the mail server.
func (b bench) show(what string, flags ...string) {
	before := b.mail.Requests()
	s := b.sync(flags...)
	b.t.Logf("%-20s %s, %d requests", what+":", s, b.mail.Requests()-before)
}

// medianOf prints the medians of several runs.
func (b bench) medianOf(what string, flags ...string) {
	var samples []sample
	before := b.mail.Requests()
	for range b.rounds {
		samples = append(samples, b.sync(flags...))
	}
	b.t.Logf("%-20s %s, %d requests", what+":", median(samples), (b.mail.Requests()-before)/int64(b.rounds))
}

// changes is how many people get another address between two runs: no more than the default limit lets pass.
const changes = 100

func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("BENCH_BINARY")
	if path == "" {
		t.Fatal("BENCH_BINARY is not set: run test/bench/run.sh")
	}
	return path
}

func TestLDAP(t *testing.T) {
	users := number(t, "BENCH_USERS", 100_000)
	ldap := testserver.Slapd(t, testserver.SlapdOptions{Users: users})
	mail, url := mailServer(t, users)
	source := fmt.Sprintf(`    ldap:
      urls: [ %q ]
      bind: { dn: %q, password: { file: password } }
      base: %q
      filter: (objectClass=inetOrgPerson)
    map: { name: "{mail}" }`, ldap.URL, testserver.SyncDN, testserver.PeopleDN)
	b := bench{t, mail, binary(t), configuration(t, t.TempDir(), url, mail.APIKey(), source), number(t, "BENCH_ROUNDS", 7)}
	t.Logf("%d users, %d rounds", users, b.rounds)
	b.show("first run (adopts)")
	b.show("second run") // warm up, and let whatever follows adoption settle
	var ours, theirs []sample
	for range b.rounds {
		theirs = append(theirs, measure(t, exec.CommandContext(t.Context(), "ldapsearch", "-LLL", "-x", "-H", ldap.URL,
			"-D", testserver.SyncDN, "-w", testserver.SyncPassword,
			"-E", "pr=1000/noprompt", "-b", testserver.PeopleDN, "(objectClass=inetOrgPerson)", "entryUUID", "mail")))
		ours = append(ours, b.sync())
	}
	agent, tool := median(ours), median(theirs)
	t.Logf("%-20s %s", "ldapsearch:", tool)
	t.Logf("%-20s %s", "unchanged run:", agent)
	t.Logf("%-20s %.2f wall, %.2f CPU, %.2f memory", "ratio:",
		float64(agent.wall)/float64(tool.wall), float64(agent.cpu)/float64(tool.cpu), float64(agent.memory)/float64(tool.memory))
	b.medianOf("unchanged dry run", "--dry-run")
	var ldif strings.Builder
	for i := range min(changes, users/10) {
		fmt.Fprintf(&ldif, "dn: %s\nchangetype: modify\nreplace: mail\nmail: new-%s\n\n", testserver.UserDN(i), testserver.UserMail(i))
	}
	modify := exec.CommandContext(t.Context(), "ldapmodify", "-x", "-H", ldap.URL, "-D", testserver.AdminDN, "-w", testserver.AdminPassword)
	modify.Stdin = strings.NewReader(ldif.String())
	if out, err := modify.CombinedOutput(); err != nil {
		t.Fatalf("ldapmodify: %v\n%s", err, out)
	}
	b.show("100 renames, dry run", "--dry-run")
	b.show("100 renames")
	b.show("after it")
}

func TestSQLite(t *testing.T) {
	users, dir := number(t, "BENCH_USERS", 100_000), t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	run := func(statement string, args ...any) {
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE people (id text PRIMARY KEY, mail text NOT NULL)")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range users {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO people VALUES (?, ?)", testserver.UserUUID(i), testserver.UserMail(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	mail, url := mailServer(t, users)
	b := bench{t, mail, binary(t), configuration(t, dir, url, mail.APIKey(), `    sql: { driver: sqlite, dsn: people.db, query: "SELECT id, mail FROM people", lookup: "SELECT id, mail FROM people WHERE id = ?" }
    map: { id: id, id_never_reused: true, name: "{mail}" }`), number(t, "BENCH_ROUNDS", 7)}
	t.Logf("%d users, %d rounds", users, b.rounds)
	b.show("first run (adopts)")
	b.show("second run")
	b.medianOf("unchanged run")
	b.medianOf("unchanged dry run", "--dry-run")
	for i := range min(changes, users/10) {
		run("UPDATE people SET mail = ? WHERE id = ?", "new-"+testserver.UserMail(i), testserver.UserUUID(i))
	}
	b.show("100 renames")
	b.show("after it")
}

func (s sample) String() string {
	return fmt.Sprintf("%6.2f s wall, %6.2f s CPU, %5.1f MiB", s.wall.Seconds(), s.cpu.Seconds(), float64(s.memory)/1024)
}
