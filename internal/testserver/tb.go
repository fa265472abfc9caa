package testserver

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// TB is the part of [testing.TB] that the servers need. A [testing.T], [testing.B] and [testing.F] satisfy it.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// suite is the TB of servers that live as long as the test binary. Its clean-ups run in [Main].
type suite struct {
	mu       sync.Mutex
	cleanups []func()
}

var shared suite

// suiteTB lets a shared server report through the test that needed it first, while its clean-up belongs to the suite.
type suiteTB struct {
	TB
	s *suite
}

func (t suiteTB) Cleanup(f func()) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.cleanups = append(t.s.cleanups, f)
}

func (s *suite) close() {
	s.mu.Lock()
	fs := s.cleanups
	s.cleanups = nil
	s.mu.Unlock()
	for _, f := range slices.Backward(fs) {
		f()
	}
}

// Main runs a package's tests and then stops its shared servers. Packages that use [Shared] need
//
//	func TestMain(m *testing.M) { os.Exit(testserver.Main(m)) }
//
// checks run after the servers have stopped, in order; the first error fails the suite. They are meant for goleak.Find.
func Main(m *testing.M, checks ...func() error) int {
	code := func() int {
		defer shared.close()
		return m.Run()
	}()
	for _, check := range checks {
		if err := check(); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL: after the last test:", err)
			return max(code, 1)
		}
	}
	return code
}

// Shared wraps start so that the server is started once, by the first test that asks, and stopped by [Main]. Later
// tests get the same server; if it did not start, each of them fails. The returned function may be called by parallel
// tests.
func Shared[T any](start func(t TB) T) func(t TB) T {
	var (
		once sync.Once
		ok   bool
		srv  T
	)
	return func(t TB) T {
		t.Helper()
		once.Do(func() {
			srv = start(suiteTB{TB: t, s: &shared})
			ok = true
		})
		if !ok {
			t.Fatalf("the shared server did not start; see the first failed test of this package")
		}
		return srv
	}
}
