package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// appendEnv makes the test binary append records to a file and exit.
const appendEnv = "SYNCAGENT_TEST_APPEND"

const appendCount = 40

func appendMany(file string) {
	l, err := Open(context.Background(), Options{File: file})
	for i := 0; err == nil && i < appendCount; i++ {
		err = l.Append(context.Background(), rename(i))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func TestAppendFromSeveralProcesses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	l := openLog(t, file, nil)
	var children []*exec.Cmd
	for range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // The test itself.
		child.Env = append(os.Environ(), appendEnv+"="+file)
		child.Stdout = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for i := range appendCount / 2 {
				if err := l.Append(t.Context(), rename(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, child := range children {
		if err := child.Wait(); err != nil {
			t.Error(err)
		}
	}
	report, err := verify([]string{file}, nil)
	if err != nil || report.Records != 4*appendCount {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestAppendAllOrNone(t *testing.T) {
	file, _ := written(t, 1)
	l := openLog(t, file, nil)
	before := read(t, file)
	if err := l.Append(t.Context(), rename(1), Record{Event: "x", Fields: map[string]any{"token": "x"}}); !errors.Is(err, ErrSecret) {
		t.Errorf("error %v", err)
	}
	if err := l.Append(t.Context(), rename(1), Record{Event: "x", Fields: map[string]any{"f": strings.Repeat("x", maxLine)}}); err == nil {
		t.Error("a record longer than a line was recorded")
	}
	if diff := cmp.Diff(before, read(t, file)); diff != "" {
		t.Error(diff)
	}
	if err := l.Append(t.Context(), rename(1), rename(2), rename(3)); err != nil {
		t.Fatal(err)
	}
	head := l.Head()
	if report, err := verify([]string{file}, &head); err != nil || report.Records != 4 || head.Seq != 4 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestFilesOfARotatedLog(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "audit.jsonl")
	l := openLog(t, file, nil)
	var expected []string
	for _, suffix := range []string{".10", ".9", "-20261123"} {
		add(t, l, rename(1))
		if err := os.Rename(file, file+suffix); err != nil {
			t.Fatal(err)
		}
		expected = append(expected, file+suffix)
		if err := l.Reopen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "audit.jsonlx"), "another file")
	write(t, filepath.Join(dir, "other.jsonl"), "another file")
	got, err := Files(t.Context(), file)
	if diff := cmp.Diff(append(expected, file), got); err != nil || diff != "" {
		t.Error(diff, err)
	}
	head := l.Head()
	if _, err := verify(got, &head); err != nil {
		t.Error(err)
	}
}

func TestModeOfTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "audit.jsonl")
	add(t, openLog(t, file, nil), rename(1))
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestGoesOnAfterReopening(t *testing.T) {
	file, head := written(t, 3)
	l := openLog(t, file, &head)
	if l.Head() != head {
		t.Errorf("head %v, want %v", l.Head(), head)
	}
	add(t, l, rename(4))
	now := l.Head()
	if got, err := ReadHead(t.Context(), file, &head); err != nil || got != now {
		t.Errorf("ReadHead %v, %v, want %v", got, err, now)
	}
	if report, err := verify([]string{file}, &now); err != nil || report.Records != 4 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestLongLogIsReadFromItsEnd(t *testing.T) {
	file, head := written(t, 1)
	l := openLog(t, file, nil)
	padding := strings.Repeat("x", 100<<10)
	for range 6 {
		add(t, l, Record{Event: "run", Fields: map[string]any{"message": padding}})
	}
	last := l.Head()
	for _, anchor := range []*Anchor{nil, &head, &last} {
		if got, err := ReadHead(t.Context(), file, anchor); err != nil || got != last {
			t.Errorf("anchor %v: %v, %v", anchor, got, err)
		}
	}
	_, err := ReadHead(t.Context(), file, &Anchor{Seq: 1, Hash: strings.Repeat("f", 64)})
	wantFault(t, err, 1, FaultChanged)
}

func TestOpenRefusesWhatIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(string) string
		line  int
		fault Fault
	}{
		"changed":        {func(s string) string { return strings.Replace(s, "id-1", "id-7", 1) }, 2, FaultChanged},
		"cut at a line":  {func(s string) string { return s[:strings.LastIndex(strings.TrimSuffix(s, "\n"), "\n")+1] }, 2, FaultTruncated},
		"cut to nothing": {func(s string) string { return s[:10] }, 1, FaultTorn},
		"text at end":    {func(s string) string { return s + "hello\n" }, 4, FaultNotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			file, head := written(t, 3)
			before := c.spoil(read(t, file))
			write(t, file, before)
			_, err := Open(t.Context(), Options{File: file, Anchor: &head})
			wantFault(t, err, c.line, c.fault)
			if read(t, file) != before {
				t.Error("the broken log was written to")
			}
		})
	}
}

func TestTornLineIsRecordedAndKept(t *testing.T) {
	for _, keep := range []int{1, 40, 200} {
		t.Run(fmt.Sprint(keep), func(t *testing.T) {
			file, _ := written(t, 3)
			text := read(t, file)
			begin := strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n") + 1
			torn := text[begin : begin+keep]
			write(t, file, text[:begin]+torn)
			l := openLog(t, file, nil)
			add(t, l, rename(9))
			after := read(t, file)
			if !strings.HasPrefix(after, text[:begin]+torn+"\n") {
				t.Error("the cut bytes are gone")
			}
			head := l.Head()
			report, err := verify([]string{file}, &head)
			if err != nil || report.Recovered != 1 || report.Records != 4 {
				t.Errorf("%+v, %v", report, err)
			}
			// The same again on top of it.
			write(t, file, after+torn)
			openLog(t, file, nil)
			if report, err := verify([]string{file}, nil); err != nil || report.Recovered != 2 {
				t.Errorf("%+v, %v", report, err)
			}
			if n := len(shown(t, file, Filter{Event: EventRecovered})); n != 2 {
				t.Errorf("%d recoveries shown", n)
			}
			// Changing the cut bytes later is found.
			write(t, file, strings.Replace(read(t, file), torn+"\n", torn+"!\n", 1))
			if _, err := verify([]string{file}, nil); err == nil {
				t.Error("a change of the cut line was not found")
			}
		})
	}
}

func TestRecordWithoutLineFeed(t *testing.T) {
	file, head := written(t, 3)
	write(t, file, strings.TrimSuffix(read(t, file), "\n"))
	l := openLog(t, file, &head)
	add(t, l, rename(9))
	if report, err := verify([]string{file}, &head); err != nil || report.Records != 5 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestRotation(t *testing.T) {
	t.Run("while open, without being told", func(t *testing.T) {
		file, head := written(t, 2)
		l := openLog(t, file, &head)
		if err := os.Rename(file, file+".1"); err != nil {
			t.Fatal(err)
		}
		add(t, l, rename(3))
		now := l.Head()
		if report, err := verify([]string{file + ".1", file}, &now); err != nil || report.Records != 4 {
			t.Errorf("%+v, %v", report, err)
		}
	})
	t.Run("between two runs", func(t *testing.T) {
		file, head := written(t, 2)
		if err := os.Rename(file, file+".old"); err != nil {
			t.Fatal(err)
		}
		write(t, file, "")
		add(t, openLog(t, file, &head), rename(3))
		if report, err := verify([]string{file + ".old", file}, &head); err != nil || report.Records != 4 || !report.Anchored {
			t.Errorf("%+v, %v", report, err)
		}
	})
	t.Run("the old file goes further than the ledger knows", func(t *testing.T) {
		file, head := written(t, 2)
		add(t, openLog(t, file, nil), rename(3))
		if err := os.Rename(file, file+".1"); err != nil {
			t.Fatal(err)
		}
		add(t, openLog(t, file, &head), rename(3))
		if report, err := verify([]string{file + ".1", file}, &head); err != nil || report.Records != 5 {
			t.Errorf("%+v, %v", report, err)
		}
	})
	t.Run("copytruncate is refused", func(t *testing.T) {
		file, _ := written(t, 2)
		l := openLog(t, file, nil)
		write(t, file, "")
		var broken *BrokenError
		if err := l.Append(t.Context(), rename(3)); !errors.As(err, &broken) || !strings.Contains(err.Error(), "copytruncate") {
			t.Errorf("error %v", err)
		}
	})
}

func TestForeignTextWhileOpen(t *testing.T) {
	file, _ := written(t, 2)
	l := openLog(t, file, nil)
	write(t, file, read(t, file)+"hello\n")
	err := l.Append(t.Context(), rename(3))
	wantFault(t, err, 3, FaultNotJSON)
}

func TestFullDisk(t *testing.T) {
	// Open refuses a device, so the log is put on the full one by hand.
	full, err := os.OpenFile("/dev/full", os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := &Log{opts: Options{File: "/dev/full", Now: time.Now}, head: start(), file: full}
	defer func() { _ = l.Close() }()
	for range 2 {
		err = l.Append(t.Context(), rename(1))
		var failed *WriteError
		if !errors.As(err, &failed) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
			t.Fatalf("error %v", err)
		}
		if l.Head().Seq != 0 {
			t.Errorf("head %v", l.Head())
		}
	}
}

// A write that fails half way leaves no half of a line, and the log goes on.
func TestHalfAWriteIsUndone(t *testing.T) {
	file, head := written(t, 2)
	l := openLog(t, file, &head)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	before := read(t, file)
	small := limit
	small.Cur = uint64(len(before) + 50)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Skip(err)
	}
	err := l.Append(t.Context(), rename(3))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*WriteError](err); !ok {
		t.Fatalf("error %v", err)
	}
	if got := read(t, file); got != before {
		t.Errorf("left behind: %q", got[len(before):])
	}
	add(t, l, rename(3))
	if report, err := verify([]string{file}, &head); err != nil || report.Records != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may write anywhere; a missing directory below a file fails for it too.
		file, _ := written(t, 1)
		_, err := Open(t.Context(), Options{File: filepath.Join(file, "audit.jsonl")})
		if _, ok := errors.AsType[*WriteError](err); !ok {
			t.Fatalf("error %v", err)
		}
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{File: filepath.Join(dir, "audit.jsonl")})
	var failed *WriteError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "user that syncagent runs as") {
		t.Fatalf("error %v", err)
	}
}

func TestReadingChangesNothing(t *testing.T) {
	file, head := written(t, 3)
	text := read(t, file)
	torn := text + `{"seq":`
	write(t, file, torn)
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadHead(t.Context(), file, &head); err != nil || got != head {
		t.Errorf("%v, %v", got, err)
	}
	_, err := verify([]string{file}, &head)
	wantFault(t, err, 4, FaultTorn)
	if read(t, file) != torn {
		t.Error("reading changed the log")
	}
	if got, err := ReadHead(t.Context(), file+".missing", nil); err != nil || got.Seq != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestSecretsAreNeverWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	l, err := Open(t.Context(), Options{
		File:   file,
		Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "<secret>") },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, name := range []string{"password", "api_key", "token", "bind_password", "client_secret", "authorization", "sign_key", "dsn"} {
		err := l.Append(t.Context(), Record{Event: "x", Fields: map[string]any{name: "swordfish"}})
		if !errors.Is(err, ErrSecret) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	add(t, l, Record{Event: "failed", Fields: map[string]any{
		"error": "GET https://admin:swordfish@mail.example.org/: Authorization: Basic c3dvcmRmaXNo, own hunter2",
		"list": []string{
			"password=swordfish", `api_key: "sword fish"`, "Bearer swordfish.abc.def", "token='swordfish'", "hunter2",
			"postgres://u:sw@ordfish@db/x",
		},
		"stable_id": "hunter", "keys_seen": 3,
	}})
	text := read(t, file)
	for _, secret := range []string{"swordfish", "c3dvcmRmaXNo", "hunter2", "sword fish", "ordfish"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q was written: %s", secret, text)
		}
	}
	if !strings.Contains(text, "mail.example.org") {
		t.Errorf("too much was replaced: %s", text)
	}
}

func TestFieldsThatCannotBeRecorded(t *testing.T) {
	file, _ := written(t, 1)
	l := openLog(t, file, nil)
	before := read(t, file)
	for name, fields := range map[string]map[string]any{
		"reserved": {"seq": 1}, "capital": {"From": "x"}, "blank": {"": "x"}, "float": {"f": 1.5}, "nil": {"f": nil},
		"map": {"f": map[string]string{}},
	} {
		if err := l.Append(t.Context(), Record{Event: "x", Fields: fields}); err == nil {
			t.Errorf("%s was recorded", name)
		}
	}
	if err := l.Append(t.Context(), Record{}); err == nil {
		t.Error("a record without an event was recorded")
	}
	long := Record{Event: "x", Fields: map[string]any{"f": strings.Repeat("x", maxLine)}}
	if err := l.Append(t.Context(), long); err == nil {
		t.Error("a record longer than a line was recorded")
	}
	if diff := cmp.Diff(before, read(t, file)); diff != "" {
		t.Error(diff)
	}
}

func TestClosedLog(t *testing.T) {
	file, _ := written(t, 1)
	l := openLog(t, file, nil)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var failed *WriteError
	if err := l.Append(t.Context(), rename(1)); !errors.As(err, &failed) {
		t.Errorf("error %v", err)
	}
}

// A device or a pipe is refused at once: reading one may never end.
func TestOnlyRegularFiles(t *testing.T) {
	for _, file := range []string{"/dev/full", "/dev/zero", t.TempDir()} {
		var write *WriteError
		if _, err := Open(t.Context(), Options{File: file}); !errors.As(err, &write) {
			t.Errorf("open %s: %v", file, err)
		}
		if _, err := ReadHead(t.Context(), file, nil); !errors.Is(err, errNotRegular) {
			t.Errorf("read %s: %v", file, err)
		}
	}
}
