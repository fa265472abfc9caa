//go:build bench

package bench

import (
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

// world starts slapd and the simulated mail server with the same people and writes a configuration; it returns its path.
func world(t *testing.T, users int) (config string, ldap *testserver.SlapdServer) {
	t.Helper()
	ldap = testserver.Slapd(t, testserver.SlapdOptions{Users: users})
	mail := stalwarttest.New(stalwarttest.Options{Domains: []stalwarttest.Domain{{Name: "example.test"}}})
	for i := range users {
		mail.AddAccount(stalwarttest.AccountSpec{Address: testserver.UserMail(i)})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url, stop := mail.Serve(l)
	t.Cleanup(stop)
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("api-key", mail.APIKey())
	write("password", testserver.SyncPassword)
	write("syncagent.yaml", fmt.Sprintf(`server: { url: %q, api_key: { file: api-key }, rate: 10000 }
sources:
  - name: staff
    ldap:
      urls: [ %q ]
      bind: { dn: %q, password: { file: password } }
      base: %q
      filter: (objectClass=inetOrgPerson)
    map: { name: "{mail}" }
policy: { export: { required: false } }
state: { dir: state }
audit: { file: audit.jsonl }
listen: ""
`, url, ldap.URL, testserver.SyncDN, testserver.PeopleDN))
	return filepath.Join(dir, "syncagent.yaml"), ldap
}

func TestUnchangedWorld(t *testing.T) {
	binary := os.Getenv("BENCH_BINARY")
	if binary == "" {
		t.Fatal("BENCH_BINARY is not set: run test/bench/ldap.sh")
	}
	users, rounds := number(t, "BENCH_USERS", 100_000), number(t, "BENCH_ROUNDS", 7)
	config, ldap := world(t, users)
	ctx := t.Context()
	sync := func() sample { return measure(t, exec.CommandContext(ctx, binary, "sync", "-c", config)) }
	search := func() sample {
		return measure(t, exec.CommandContext(ctx, "ldapsearch", "-LLL", "-x", "-H", ldap.URL, "-D", testserver.SyncDN, "-w", testserver.SyncPassword,
			"-E", "pr=1000/noprompt", "-b", testserver.PeopleDN, "(objectClass=inetOrgPerson)", "entryUUID", "mail"))
	}
	t.Logf("%d users, %d rounds", users, rounds)
	t.Logf("first run (adopts): %s", sync())
	t.Logf("second run:         %s", sync()) // warm up, and let whatever follows adoption settle
	var a, b []sample
	for range rounds {
		b = append(b, search())
		a = append(a, sync())
	}
	agent, tool := median(a), median(b)
	t.Logf("ldapsearch:         %s", tool)
	t.Logf("unchanged run:      %s", agent)
	t.Logf("ratio:              %.2f wall, %.2f CPU, %.2f memory",
		float64(agent.wall)/float64(tool.wall), float64(agent.cpu)/float64(tool.cpu), float64(agent.memory)/float64(tool.memory))
}

func (s sample) String() string {
	return fmt.Sprintf("%6.2f s wall, %6.2f s CPU, %5.1f MiB", s.wall.Seconds(), s.cpu.Seconds(), float64(s.memory)/1024)
}
