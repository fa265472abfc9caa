//go:build realservers

package ldap

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"syncagent/internal/ldapsrc"
	"syncagent/internal/reconcile"
	"syncagent/internal/testserver"
)

// BenchmarkSnapshot reads 100,000 entries (SYNCAGENT_BENCH_USERS for another
// number), in turn with ldapsearch of the same search, and reports the medians
// of both and their ratios. Nothing is gated: the machine is shared.
//
//	go test -tags realservers -run '^$' -bench Snapshot -benchtime 7x ./test/ldap/
func BenchmarkSnapshot(b *testing.B) {
	n := 100_000
	if text := os.Getenv("SYNCAGENT_BENCH_USERS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	s := testserver.Slapd(b, testserver.SlapdOptions{Users: n})
	o := usual(s)
	o.PageSize = 1000
	source, err := ldapsrc.New(o)
	if err != nil {
		b.Fatal(err)
	}
	command := source.Commands()[0]
	var ours, theirs []cost
	b.ResetTimer()
	for range b.N {
		theirs = append(theirs, runCommand(b, command))
		ours = append(ours, runSnapshot(b, source, n))
	}
	b.StopTimer()
	a, t := median(ours), median(theirs)
	b.ReportMetric(a.wall.Seconds(), "s-wall")
	b.ReportMetric(a.cpu.Seconds(), "s-cpu")
	b.ReportMetric(float64(a.peak)/(1<<20), "MiB-peak")
	b.ReportMetric(t.wall.Seconds(), "s-ldapsearch-wall")
	b.ReportMetric(t.cpu.Seconds(), "s-ldapsearch-cpu")
	b.ReportMetric(a.wall.Seconds()/t.wall.Seconds(), "x-wall")
	b.ReportMetric(a.cpu.Seconds()/t.cpu.Seconds(), "x-cpu")
}

type cost struct {
	wall, cpu time.Duration
	peak      int64
}

func median(list []cost) cost {
	pick := func(less func(a, b cost) int) cost {
		sorted := slices.SortedFunc(slices.Values(list), less)
		return sorted[len(sorted)/2]
	}
	return cost{
		wall: pick(func(a, b cost) int { return int(a.wall - b.wall) }).wall,
		cpu:  pick(func(a, b cost) int { return int(a.cpu - b.cpu) }).cpu,
		peak: pick(func(a, b cost) int { return int(a.peak - b.peak) }).peak,
	}
}

func cpuTime(r syscall.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func runSnapshot(b *testing.B, source *ldapsrc.Source, want int) cost {
	b.Helper()
	// Resets the peak of the resident memory (proc(5), clear_refs).
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600)
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	start, n := time.Now(), 0
	ev, err := source.Snapshot(b.Context(), func(reconcile.Entry) error { n++; return nil })
	wall := time.Since(start)
	if err != nil || !ev.Complete || n != want {
		b.Fatalf("%d entries, %v %+v", n, err, ev)
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	return cost{wall, cpuTime(after) - cpuTime(before), peak()}
}

func peak() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}

func runCommand(b *testing.B, command string) cost {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "bash", "-c", "exec "+command)
	cmd.Env = append(cmd.Environ(), "LDAPPASSWORD="+testserver.SyncPassword)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	wall := time.Since(start)
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{wall: wall, cpu: cpuTime(*usage)}
}
