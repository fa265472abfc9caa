package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"syncagent/internal/config"
	"syncagent/internal/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDemo gives the demonstration twice, in folders with spaces.
func TestDemo(t *testing.T) {
	for _, name := range []string{"first time", "second time"} {
		dir := filepath.Join(t.TempDir(), name)
		var out bytes.Buffer
		sum, err := Run(t.Context(), Options{Users: 50, Dir: dir, Out: &out})
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if sum.Renamed != 8 || sum.TwinsRemoved != 1 || sum.Parked != 1 || sum.Deleted != 2 || sum.Protected != 1 || sum.Purges != 1 || sum.Exported != 2 || sum.Restored == 0 {
			t.Errorf("summary: %+v", sum)
		}
		if sum.Checked != 50+3*47 {
			t.Errorf("%d logins checked", sum.Checked)
		}
		checkStory(t, out.String())
		checkFolder(t, dir)
	}
}

// TestDemoOfAnOlderServer gives it with a server of 0.15.
func TestDemoOfAnOlderServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "older")
	var out bytes.Buffer
	sum, err := Run(t.Context(), Options{Users: 50, Older: true, Dir: dir, Out: &out})
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if sum.Renamed != 8 || sum.TwinsRemoved != 1 || sum.Parked != 1 || sum.Deleted != 2 || sum.Protected != 1 || sum.Purges != 1 || sum.Checked != 50+3*47 {
		t.Errorf("summary: %+v", sum)
	}
	told := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{"Stalwart mail server 0.15.5", "the mail of John Miller", "it runs in the background there", "Nothing is left to do."} {
		if !strings.Contains(told, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if strings.Contains(told, "app password") || strings.Contains(told, "phone") {
		t.Error("the story tells of app passwords, which do not work there")
	}
	if _, err := config.Load(filepath.Join(dir, "syncagent.yaml")); err != nil {
		t.Error(err)
	}
}

func checkStory(t *testing.T, story string) {
	t.Helper()
	told := strings.Join(strings.Fields(story), " ") // lines may break anywhere
	for _, want := range []string{
		"the mail of John Miller", "with his phone's app password", "syncagent sync --dry-run", "j.smith4@example.org → j.smith3@example.org",
		"Lena Fischer: an administrator, held as protected", "exit code 5", "exit code 4", "empty: The source is empty",
		"the clock is moved", "exported into state/archive", "message for message", "Nothing is left to do.", "syncagent audit verify -c syncagent.yaml",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	for line := range strings.Lines(story) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 80 && !strings.Contains(line, "sha256:") && !strings.Contains(line, "cd ") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Contains(story, "\x1b") {
		t.Error("colour without a terminal")
	}
}

// checkFolder looks at what is left with other means than those of the story.
func checkFolder(t *testing.T, dir string) {
	t.Helper()
	cfg, err := config.Load(filepath.Join(dir, "syncagent.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := state.Open(t.Context(), state.Options{Dir: cfg.State.Dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	sum, err := ledger.Summary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := sum.Principals["staff"]; got.Active != 47 || got.Missing != 2 || got.Gone != 2 || sum.OpenSteps != 0 {
		t.Errorf("the ledger: %+v, %d open steps", got, sum.OpenSteps)
	}
	if sum.LastRun.After(time.Now()) || time.Since(sum.LastRun) > 10*time.Minute {
		t.Errorf("the last run was at %s, which is not about now", sum.LastRun)
	}
}

func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), Options{Users: 50, Dir: dir})
	if _, ok := errors.AsType[*DirError](err); !ok {
		t.Fatalf("error is %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder was touched: %v %v", entries, err)
	}
}

// cancelling is a writer that cancels when a word comes by.
type cancelling struct {
	word   string
	cancel context.CancelFunc
}

func (c cancelling) Write(data []byte) (int, error) {
	if strings.Contains(string(data), c.word) {
		c.cancel()
	}
	return len(data), nil
}

func TestCancel(t *testing.T) {
	for _, word := range []string{"A directory and", "what would be done", "Two weeks"} {
		t.Setenv("TMPDIR", t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Run(ctx, Options{Users: 50, Out: cancelling{word, cancel}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error is %v", word, err)
		}
		if entries, _ := os.ReadDir(os.Getenv("TMPDIR")); len(entries) != 0 {
			t.Errorf("%s: the temporary folder was left", word)
		}
		cancel()
	}
}

// TestWrong: the demonstration notices when people open each other's mail, or
// when somebody who left still can log in.
func TestWrong(t *testing.T) {
	for name, spoil := range map[string]func(w *world) error{
		"swap without a run": func(w *world) error {
			return firstError(w.direct.rename(t.Context(), w.cast.maria, "Maria", "maria.lopez"),
				w.direct.rename(t.Context(), w.cast.mario, "Mario", "mario.lopez"))
		},
		"rename without a run": func(w *world) error { return w.direct.rename(t.Context(), w.cast.tom, "Tom", "tom.becker") },
		"left and still there": func(w *world) error { w.cast.paul.Absent = true; return nil },
		"cannot log in":        func(w *world) error { return w.direct.show(t.Context(), "0") },
	} {
		t.Run(name, func(t *testing.T) {
			w, err := newWorld(t.Context(), Options{Users: 50, Out: &bytes.Buffer{}, Now: time.Now}, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = w.close() }()
			if err := firstError(w.direct.add(t.Context(), w.people...), w.firstDay(t.Context())); err != nil {
				t.Fatal(err)
			}
			if _, err := w.everybody(t.Context()); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := spoil(w); err != nil {
				t.Fatal(err)
			}
			_, err = w.everybody(t.Context())
			if _, ok := errors.AsType[*WrongError](err); !ok {
				t.Fatalf("error is %v", err)
			}
		})
	}
}
