//go:build realservers

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

// TestWrongAPIKey wants one refused request and no second try: the server bans
// addresses that try again.
func TestWrongAPIKey(t *testing.T) {
	w := newSmall(t, 50, deleting)
	w.marry(3)
	w.write("api-key", "API_not-the-right-one")
	before, writes := w.Requests(), len(w.Writes())
	o := w.must(6, "sync")
	if n := w.Requests() - before; n != 2 {
		t.Errorf("%d requests, want one without credentials that asks for the version, and one with the key", n)
	}
	if !strings.Contains(o.stderr, "refused the credentials") || !strings.Contains(o.stderr, "hint:") || strings.Contains(o.stdout+o.stderr, "not-the-right-one") {
		t.Errorf("a person reads:\n%s", o.stderr)
	}
	w.checkNothingWritten(writes, "a wrong key")
	w.write("api-key", w.APIKey())
	w.must(0, "sync")
	w.finished()
}

func TestMailServerDown(t *testing.T) {
	w := newSmall(t, 50, deleting)
	w.marry(3)
	writes := len(w.Writes())
	for name, fault := range map[string]stalwarttest.Fault{
		"answers 503":          {Times: -1, Status: 503, SkipWork: true},
		"cuts each connection": {Times: -1, Drop: stalwarttest.DropFirst},
	} {
		remove := w.Inject(fault)
		if o := w.must(6, "sync"); !strings.Contains(o.stderr, "mail server") {
			t.Errorf("%s: a person reads:\n%s", name, o.stderr)
		}
		remove()
	}
	url := w.url
	w.url = "http://127.0.0.1:1" // nobody listens there
	w.configure(w.mail, w.d.source(w.home), deleting)
	if o := w.must(6, "sync"); !strings.Contains(o.stderr, "refused") {
		t.Errorf("nobody listens: a person reads:\n%s", o.stderr)
	}
	w.checkNothingWritten(writes, "down")
	w.url = url
	w.configure(w.mail, w.d.source(w.home), deleting)
	w.must(0, "sync")
	w.finished()
}

// TestSecondRun starts a run while another one waits for the server.
func TestSecondRun(t *testing.T) {
	w := newSmall(t, 50, deleting)
	w.marry(3)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	w.Inject(stalwarttest.Fault{Before: func(stalwarttest.Seen) {
		close(arrived)
		select {
		case <-goOn:
		case <-time.After(patience):
		}
	}})
	first := w.start("sync")
	select {
	case <-arrived:
	case <-time.After(patience):
		t.Fatal("the first run does not ask the server")
	}
	if o := w.must(7, "sync"); !strings.Contains(o.stderr, "another run") {
		t.Errorf("a person reads:\n%s", o.stderr)
	}
	w.must(0, "sync", "--dry-run") // takes no lock
	close(goOn)
	if o := first.wait(); o.code != 0 {
		t.Errorf("the first run: exit code %d\n%s", o.code, o.stderr)
	}
	w.finished()
}

// TestAuditCannotBeWritten wants nothing done that could not be recorded.
func TestAuditCannotBeWritten(t *testing.T) {
	w := newSmall(t, 50, deleting)
	w.marry(3)
	writes := len(w.Writes())
	file := w.auditFile()
	aside := file + ".aside"
	for _, err := range []error{os.Rename(file, aside), os.Mkdir(file, 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	o := w.run("sync")
	if o.code == 0 || !strings.Contains(o.stderr, "audit") {
		t.Errorf("exit code %d, a person reads:\n%s", o.code, o.stderr)
	}
	w.checkNothingWritten(writes, "without an audit log")
	for _, err := range []error{os.Remove(file), os.Rename(aside, file)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.must(0, "sync")
	w.finished()
}

// TestDiskFull lets the disk of the audit log fill up before and during runs.
func TestDiskFull(t *testing.T) {
	w := newSmall(t, 1000, deleting)
	dir := filepath.Dir(w.auditFile())
	mountSmall(t, dir, w.auditFile())
	w.marry(60)
	ballast := filepath.Join(dir, "ballast")
	for _, pages := range []int{0, 1, 6, 10} {
		fill(t, ballast, pages)
		o := w.run("sync")
		if o.code == 0 || !strings.Contains(o.stderr, "audit") || !strings.Contains(o.stderr, "no space left") {
			t.Errorf("%d pages left: exit code %d, a person reads:\n%s", pages, o.code, clip(o.stderr))
		}
		changed, destroyed := w.written(0)
		intents := w.told("rename", "intent")
		for _, id := range changed {
			if !slices.Contains(intents, id) {
				t.Errorf("%d pages left: account %s was changed without a record", pages, id)
			}
		}
		t.Logf("%2d pages left: exit code %d, %d intents recorded, %d renamed: %s", pages, o.code, len(intents), len(changed), lastLine(o.stderr))
		if len(destroyed) > 0 {
			t.Errorf("destroyed %v", destroyed)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.must(0, "sync")
	w.finished()
	w.checkAudit(0)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// mountSmall puts a file system of 4 MiB under a folder, with the file that
// is in it.
func mountSmall(t *testing.T, dir, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Skipf("a file system cannot be mounted here (%v); TestAuditCannotBeWritten tests the same with less", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// fill leaves so many pages of the file system free.
func fill(t *testing.T, ballast string, pages int) {
	t.Helper()
	const page = 4096
	_ = os.Remove(ballast)
	var stat syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(ballast), &stat); err != nil {
		t.Fatal(err)
	}
	size := int64(stat.Bavail)*stat.Bsize - int64(pages*page)
	if err := os.WriteFile(ballast, make([]byte, max(0, size)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTerminated sends SIGTERM while a request with 50 renames is under way.
func TestTerminated(t *testing.T) {
	w := newSmall(t, 1000, deleting)
	w.marry(80)
	started := make(chan *process, 1)
	w.Inject(stalwarttest.Fault{
		Match:  stalwarttest.OnMethod("x:Account/set"),
		Before: func(stalwarttest.Seen) { (<-started).signal(syscall.SIGTERM) },
		Delay:  time.Second, // the signal is long there before the answer is
	})
	p := w.start("sync")
	started <- p
	o := p.wait()
	changed, _ := w.written(0)
	if done := w.told("rename", "done"); o.code != 130 || len(changed) != 50 || !slices.Equal(done, changed) {
		t.Errorf("exit code %d, %d renamed, %d recorded as done, want 130 and the 50 of the call in flight\n%s",
			o.code, len(changed), len(done), clip(o.stderr))
	}
	if rest := w.sync(0); rest.Counts.Rename != 30 || len(rest.Recovered) != 0 {
		t.Errorf("the next run: %+v, recovered %+v", rest.Counts, rest.Recovered)
	}
	w.finished()
}

// TestInterruptedWhileReading sends SIGINT while the directory keeps a page
// back.
func TestInterruptedWhileReading(t *testing.T) {
	slapd := testserver.Slapd(t, testserver.SlapdOptions{Users: 500})
	m := newMail(t, askLDAP{slapd.URL})
	m.populate(500, testserver.UserMail)
	h, via := newHome(t), newProxy(t, slapd.URL)
	c := usual(via.url)
	c.pageSize = 50
	h.configure(m, c.source(h), deleting)
	h.sync(0)
	slapd.Delete(t, testserver.UserDN(1))
	started, ended := make(chan *process, 1), make(chan struct{})
	via.arm(&hook{page: 4, do: func() {
		(<-started).signal(syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(patience):
		}
	}})
	p := h.start("sync")
	started <- p
	o := p.wait()
	close(ended)
	if o.code != 130 || !strings.Contains(o.stderr, "interrupted") || o.took > 20*time.Second {
		t.Errorf("exit code %d after %v\n%s", o.code, o.took, o.stderr)
	}
	via.arm(nil)
	m.checkNothingWritten(0, "interrupted")
	if r := h.sync(0); r.Counts.Missing != 1 || r.Counts.Delete != 0 {
		t.Errorf("the next run: %+v", r.Counts)
	}
	h.checkAudit(0)
}
