package state

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncagent/internal/reconcile"
)

// holdLockEnv makes the test binary record five principals, hold the lock of a
// directory and stay until it is killed or its standard input ends.
const holdLockEnv = "SYNCAGENT_TEST_HOLD_LOCK"

func holdLock(dir string) {
	l, err := Open(context.Background(), Options{Dir: dir, Mode: ReadWrite})
	if err == nil {
		_, err = l.Lock(context.Background(), "syncagent run")
	}
	for i := 0; err == nil && i < 5; i++ {
		_, err = l.Record(context.Background(), Changes{Principals: []reconcile.Principal{settled("staff", i)}, KeysOf: names})
	}
	fmt.Println("lock:", err)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func TestLockAgainstAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	l := openLedger(t, dir)
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // The test itself.
	child.Env = append(os.Environ(), holdLockEnv+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "lock: <nil>\n" {
		t.Fatalf("child: %q, %v", line, err)
	}

	_, err = l.Lock(ctx, "syncagent sync")
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("error %v, want *LockedError", err)
	}
	if locked.Holder.PID != child.Process.Pid || locked.Holder.Command != "syncagent run" || locked.Holder.Since.IsZero() {
		t.Errorf("holder %+v, want process %d", locked.Holder, child.Process.Pid)
	}
	if !strings.Contains(err.Error(), "syncagent run") {
		t.Errorf("the message does not tell who: %v", err)
	}
	// Approvals and protections need no lock.
	if _, err := l.Record(ctx, Changes{Meta: map[string]string{"a": "b"}}); err != nil {
		t.Error(err)
	}

	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // It was killed.
	deadline := time.Now().Add(10 * time.Second)
	for {
		release, err := l.Lock(ctx, "syncagent sync")
		if err == nil {
			if err := release(); err != nil {
				t.Error(err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the lock of a killed process still holds: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestLockTwiceInOneProcess(t *testing.T) {
	l := openLedger(t, t.TempDir())
	release, err := l.Lock(context.Background(), "first")
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := l.Lock(context.Background(), "second"); !errors.As(err, &locked) || locked.Holder.Command != "first" {
		t.Fatalf("error %v, want *LockedError of the first", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if release, err = l.Lock(context.Background(), "third"); err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

func TestLockDoesNotFollowLinks(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, LockName)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Lock(context.Background(), "x"); err == nil {
		t.Error("locked through a symbolic link")
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "keep" {
		t.Errorf("%q, %v", text, err)
	}
}
