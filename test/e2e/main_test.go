//go:build realservers

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"syncagent/internal/testserver"
)

// program is the file of the program under test, built once and as it is delivered: without
// cgo and without the race detector.
var program string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "sa-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "syncagent")
	build := exec.Command("go", "build", "-o", program, "syncagent/cmd/syncagent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return testserver.Main(m, func() error { return goleak.Find() }), nil
}

var (
	postgres = testserver.Shared(testserver.Postgres)
	mariadb  = testserver.Shared(testserver.MariaDB)
)
