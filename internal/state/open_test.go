package state

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

// alter changes a closed ledger with another program's means.
func alter(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", fileURI(filepath.Join(dir, DatabaseName), nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// closedLedger makes a ledger of n principals and closes it.
func closedLedger(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	l, err := Open(context.Background(), Options{Dir: dir, Mode: ReadWrite})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		record(t, l, settled("staff", i))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func living(t *testing.T, l *Ledger) int {
	t.Helper()
	n, err := l.CountLiving(context.Background(), "staff")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenCreatesAndReopens(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd ?#%41 name", "state")
	l := openLedger(t, dir)
	if l.Exists() {
		t.Error("a new ledger existed")
	}
	record(t, l, settled("staff", 1))
	for path, mode := range map[string]fs.FileMode{
		dir: fs.ModeDir | 0o700, l.path(): 0o600, l.path() + "-wal": 0o600, l.path() + "-shm": 0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v, want %v", path, info, err, mode)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLedger(t, dir)
	if !l.Exists() || living(t, l) != 1 {
		t.Errorf("exists %v, living %d", l.Exists(), living(t, l))
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		err   error
	}{
		"newer schema": {func(t *testing.T, dir string) {
			t.Helper()
			alter(t, dir, "INSERT INTO schema_migrations VALUES (99, '0099_later', 'x', 0)")
		}, ErrNewer},
		"changed checksum": {func(t *testing.T, dir string) {
			t.Helper()
			alter(t, dir, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
		}, ErrTampered},
		"no migrations": {func(t *testing.T, dir string) {
			t.Helper()
			alter(t, dir, "DELETE FROM schema_migrations")
		}, ErrCorrupt},
		"another program's database": {func(t *testing.T, dir string) {
			t.Helper()
			alter(t, dir, "DROP TABLE schema_migrations")
		}, ErrCorrupt},
		"not a database": {func(t *testing.T, dir string) {
			t.Helper()
			overwrite(t, dir, 0, strings.Repeat("no database ", 1000))
		}, ErrCorrupt},
		"a page of garbage": {func(t *testing.T, dir string) {
			t.Helper()
			overwrite(t, dir, 4096*6, strings.Repeat("garbage.", 4096))
		}, ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			dir := closedLedger(t, 300)
			c.spoil(t, dir)
			before, err := os.ReadFile(filepath.Join(dir, DatabaseName))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), Options{Dir: dir, Mode: ReadWrite})
			want(t, err, c.err)
			after, err := os.ReadFile(filepath.Join(dir, DatabaseName))
			if err != nil || string(after) != string(before) {
				t.Errorf("the refused ledger was changed, %v", err)
			}
			if name == "a page of garbage" {
				return // A reader meets it when it comes to that page.
			}
			_, err = Open(t.Context(), Options{Dir: dir, Mode: ReadOnly})
			want(t, err, c.err)
		})
	}
}

func overwrite(t *testing.T, dir string, offset int64, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, DatabaseName), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(text), offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseWithoutItsFile(t *testing.T) {
	dir := killedLedger(t)
	if err := os.Remove(filepath.Join(dir, DatabaseName)); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{ReadWrite, ReadOnly} {
		_, err := Open(t.Context(), Options{Dir: dir, Mode: mode})
		want(t, err, ErrCorrupt)
	}
}

func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	for _, part := range []string{"", DatabaseName} {
		dir := closedLedger(t, 1)
		if err := os.Chown(filepath.Join(dir, part), 12345, 12345); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Options{Dir: dir, Mode: ReadWrite, Command: "syncagent sync"})
		var owner *OwnerError
		if !errors.As(err, &owner) || owner.Line() != "sudo -u #12345 syncagent sync" {
			t.Errorf("%q: error %v", part, err)
		}
		if n := living(t, openCopy(t, dir)); n != 1 {
			t.Errorf("%q: a reader sees %d", part, n)
		}
	}
}

func TestWhoseDirectoryMayNotBeRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	if err := whose(dir, "syncagent status"); err != nil {
		t.Errorf("the own directory: %v", err)
	}
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	var owner *OwnerError
	if err := whose(dir, "syncagent status"); !errors.As(err, &owner) || owner.Line() != "sudo -u #12345 syncagent status" {
		t.Errorf("another's directory: %v", err)
	}
}

func TestReadOnlyWithoutLedger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	l := openCopy(t, dir)
	if l.Exists() || living(t, l) != 0 {
		t.Errorf("exists %v", l.Exists())
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

// Reading that is broken off or nested leaves the copy as it is.
func TestCopyOutlivesCancelledReading(t *testing.T) {
	l := openCopy(t, closedLedger(t, 50))
	for range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		err := l.Known(ctx, "staff", func(row int64, _ reconcile.StableID, _ reconcile.Hash, _ reconcile.State) error {
			if _, err := l.PrincipalsByRows(context.Background(), []int64{row}); err != nil {
				t.Error(err)
			}
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		cancel()
		want(t, err, context.Canceled)
	}
	if n := living(t, l); n != 50 {
		t.Errorf("%d living, want 50", n)
	}
}

func TestReadOnlyCannotWrite(t *testing.T) {
	ctx := context.Background()
	l := openCopy(t, closedLedger(t, 1))
	_, err := l.Record(ctx, Changes{Meta: map[string]string{"a": "b"}})
	want(t, err, ErrReadOnly)
	_, err = l.Intend(ctx, "r", []Step{{}})
	want(t, err, ErrReadOnly)
	_, err = l.Lock(ctx, "x")
	want(t, err, ErrReadOnly)
	want(t, l.BeginRun(ctx, Run{ID: "r"}), ErrReadOnly)
	want(t, l.Protect(ctx, reconcile.Protection{Pattern: "a"}), ErrReadOnly)
}

// A dry run may change no byte, whatever state the files are in.
func TestReadOnlyChangesNoByte(t *testing.T) {
	read := func(t *testing.T, dir string, n int) {
		t.Helper()
		before := files(t, dir)
		l, err := Open(t.Context(), Options{Dir: dir, Mode: ReadOnly})
		if err != nil {
			t.Fatal(err)
		}
		if !l.Exists() || living(t, l) != n {
			t.Errorf("%d living, want %d", living(t, l), n)
		}
		if _, err := l.Summary(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(before, files(t, dir)); diff != "" {
			t.Errorf("changed while open: %.500s", diff)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(before, files(t, dir)); diff != "" {
			t.Errorf("changed: %.500s", diff)
		}
	}
	t.Run("nobody at work", func(t *testing.T) { read(t, closedLedger(t, 3), 3) })
	for _, index := range []bool{true, false} {
		name := map[bool]string{true: "writer killed", false: "writer killed, index lost"}[index]
		t.Run(name, func(t *testing.T) {
			dir := killedLedger(t)
			if !index {
				if err := os.Remove(filepath.Join(dir, DatabaseName+"-shm")); err != nil {
					t.Fatal(err)
				}
			}
			read(t, dir, 5)
			if n := living(t, openLedger(t, dir)); n != 5 {
				t.Errorf("after recovery %d living", n)
			}
		})
	}
	t.Run("writer killed before its first write", func(t *testing.T) {
		dir, copied := closedLedger(t, 3), t.TempDir()
		_ = openLedger(t, dir)
		for file, data := range files(t, dir) {
			name, _, _ := strings.Cut(file, " ")
			if err := os.WriteFile(filepath.Join(copied, name), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		read(t, copied, 3)
	})
	t.Run("writer at work in another process", func(t *testing.T) {
		dir := t.TempDir()
		child, stop := startWriter(t, dir)
		read(t, dir, 5)
		stop()
		_ = child
	})
}

// killedLedger is a directory as a killed writer leaves it: five principals,
// all of them in the log only.
func killedLedger(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	_, kill := startWriter(t, dir)
	kill()
	return dir
}

// startWriter starts a process that records five principals and stays; the
// function kills it.
func startWriter(t *testing.T, dir string) (*exec.Cmd, func()) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // The test itself.
	child.Env = append(os.Environ(), holdLockEnv+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("lock: <nil>\n"))
	if _, err := out.Read(line); err != nil || string(line) != "lock: <nil>\n" {
		t.Fatalf("writer: %q, %v", line, err)
	}
	return child, func() {
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // It was killed.
	}
}

func TestFullDatabase(t *testing.T) {
	ctx := context.Background()
	dir := closedLedger(t, 1)
	l := openLedger(t, dir)
	if _, err := l.write.ExecContext(ctx, "PRAGMA max_page_count = 45"); err != nil {
		t.Fatal(err)
	}
	var err error
	n := 1
	for ; n < 10_000 && err == nil; n++ {
		_, err = l.Record(ctx, Changes{Principals: []reconcile.Principal{settled("staff", n)}, KeysOf: names})
	}
	want(t, err, ErrDiskFull)
	// What was recorded stays, and nothing of what failed.
	if got := living(t, l); got != n-1 {
		t.Errorf("%d living, want %d", got, n-1)
	}
}

func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("mount: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	l, err := Open(t.Context(), Options{Dir: dir, Mode: ReadWrite})
	if err != nil {
		t.Fatal(err)
	}
	var steps []Step
	for err == nil {
		steps, err = l.Intend(t.Context(), "run", []Step{{Action: reconcile.Action{Reason: strings.Repeat("x", 2000)}}})
	}
	want(t, err, ErrDiskFull)
	if steps != nil {
		t.Errorf("steps %v of an intent that failed", steps)
	}
	if err := l.Close(); err != nil {
		t.Log("close:", err) // Nothing can be folded on a full disk.
	}
}
