package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(appendEnv); file != "" {
		appendMany(file)
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func openLog(t testing.TB, file string, anchor *Anchor) *Log {
	t.Helper()
	l, err := Open(context.Background(), Options{File: file, Now: clock, Anchor: anchor})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func add(t testing.TB, l *Log, r Record) {
	t.Helper()
	if err := l.Append(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

// rename is an ordinary record.
func rename(n int) Record {
	return Record{Run: "run1", Event: "rename", Phase: "done", Fields: map[string]any{
		"source": "staff", "stable_id": fmt.Sprintf("id-%d", n), "account": "c", "from": "a@x", "to": "b@x",
		"addresses": []string{"c@x", "ü@x"}, "misses": n, "mixed": false,
	}}
}

// written makes a log of n records and gives file and head.
func written(t testing.TB, n int) (string, Anchor) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	l := openLog(t, file, nil)
	for i := range n {
		add(t, l, rename(i))
	}
	return file, l.Head()
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func verify(files []string, anchor *Anchor) (Report, error) {
	return Verify(context.Background(), VerifyOptions{Files: files, Anchor: anchor})
}

// wantFault fails unless err is a *BrokenError of this line and fault.
func wantFault(t testing.TB, err error, line int, fault Fault) {
	t.Helper()
	var broken *BrokenError
	if !errors.As(err, &broken) {
		t.Fatalf("error %v, want line %d %s", err, line, fault)
	}
	if broken.Line != line || broken.Fault != fault {
		t.Fatalf("%v, want line %d %s", err, line, fault)
	}
}
