package crash

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"syncagent/internal/testserver"
)

// binary is the program under test, built once.
var binary string

// long takes every moment instead of a sample.
var long = os.Getenv("SYNCAGENT_CRASH_LONG") != ""

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "syncagent")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "syncagent/cmd/syncagent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	fmt.Printf("crash: %s\n", counts.String())
	if err := testserver.Append("kills and faults", counts.String()); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// tally counts what was inflicted.
type tally struct {
	mu                                    sync.Mutex
	kills, cuts, randoms, faults, diskful int
}

var counts tally

func (c *tally) add(n *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d kills at a request, %d kills at a write of journal or audit log, %d at random moments, %d server faults, %d full disks",
		c.kills, c.cuts, c.randoms, c.faults, c.diskful)
}
