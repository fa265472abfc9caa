package crash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syncagent/internal/stalwarttest"
)

// bench is a place to make the same world again and again: one address of the
// mail server, one directory, one state to start from.
type bench struct {
	dir     string
	url     string
	handler atomic.Pointer[stalwarttest.Server]
	early   time.Time // when the accounts were made
	late    time.Time // when the twins were made
	lives   int
}

// limit is how long one call of the program may take.
const limit = 90 * time.Second

const configuration = `
server: { url: %s, api_key: { file: %s }, rate: 1000, timeout: 4s, delete_timeout: 20s }
sources:
  - name: staff
    sql:
      driver: sqlite
      dsn: %s
      query: SELECT id, mail, type, active FROM people
      lookup: SELECT id, mail, type, active FROM people WHERE id = ?
      addresses: SELECT id, address FROM aliases UNION ALL SELECT id, mail FROM people
    map: { id: id, id_never_reused: true, name: "{mail}", kind: { attribute: type }, enabled: { attribute: active } }
    expect: { max_drop: 50%% }
policy:
  missing: delete
  grace: { runs: 3, time: 0s, spacing: 1ms }
  disabled: suspend
  export: { required: true, dir: archive }
  limits:
    delete: { count: 40, percent: 100%% }
    rename: { count: 40, percent: 100%% }
    release: { count: 40, percent: 100%% }
    park: { count: 40, percent: 100%% }
    twin: { count: 40, percent: 100%% }
state: { dir: state }
audit: { file: audit/audit.jsonl }
`

// newBench makes the world up to the moment before the run under test: all are
// adopted, the leavers were missed twice, the directory has changed.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), early: time.Now().Add(-10 * 24 * time.Hour), late: time.Now()}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.url = "http://" + listener.Addr().String()
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.handler.Load().ServeHTTP(w, r)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	if err := b.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) path(names ...string) string {
	return filepath.Join(append([]string{b.dir}, names...)...)
}

// prepare makes the state to start from, in "base".
func (b *bench) prepare(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:"+b.path("people.sqlite"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	text := fmt.Sprintf(configuration, b.url, b.path("api-key"), b.path("people.sqlite"))
	err = errors.Join(
		os.MkdirAll(b.path("base", "audit"), 0o700),
		os.WriteFile(b.path("api-key"), []byte(apiKey), 0o600),
		os.WriteFile(b.path("base", "syncagent.yaml"), []byte(text), 0o600))
	if err != nil {
		return err
	}
	base := &life{bench: b, dir: b.path("base")}
	for i, d := range []directory{before(), withLeavers(), withLeavers()} {
		if err := d.write(ctx, db); err != nil {
			return err
		}
		// The mail server before the twins came is as good as the one after.
		if base.server, err = mailServer(b.early, b.late); err != nil {
			return err
		}
		for id := range twins {
			view, ok := base.server.AccountOf(renames[id])
			if !ok {
				return fmt.Errorf("no twin of %s", id)
			}
			base.server.Destroy(view.ID)
		}
		b.handler.Store(base.server)
		if r := base.run(ctx, "sync"); r.code != 0 {
			return fmt.Errorf("prepare, run %d: exit %d\n%s", i+1, r.code, r.output)
		}
	}
	// The server tells the time in whole seconds.
	time.Sleep(1100 * time.Millisecond)
	b.late = time.Now()
	return after().write(ctx, db)
}

// life is one copy of the world.
type life struct {
	*bench
	dir     string
	server  *stalwarttest.Server
	process atomic.Pointer[os.Process]
	exited  chan struct{} // closed when the program under way has ended
	killed  atomic.Bool
}

// newLife makes the world anew.
func (b *bench) newLife() (*life, error) {
	b.lives++
	l := &life{bench: b, dir: b.path(fmt.Sprintf("life%d", b.lives))}
	if err := os.CopyFS(l.dir, os.DirFS(b.path("base"))); err != nil {
		return nil, err
	}
	if err := l.restrict(); err != nil {
		return nil, err
	}
	var err error
	if l.server, err = mailServer(b.early, b.late); err != nil {
		return nil, err
	}
	b.handler.Store(l.server)
	return l, nil
}

// restrict gives copied files back the modes that CopyFS does not keep.
func (l *life) restrict() error {
	return filepath.WalkDir(l.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Chmod(path, 0o700) //nolint:gosec // a directory needs the bit
		}
		return os.Chmod(path, 0o600) //nolint:gosec // a folder of the test
	})
}

func (l *life) drop() { _ = os.RemoveAll(l.dir) } // may be a mounted disk

// result is what came of one call of the program.
type result struct {
	code   int // -1: killed
	output string
	took   time.Duration
}

func (r result) String() string { return fmt.Sprintf("exit %d\n%s", r.code, r.output) }

// run calls the program and waits for its end.
func (l *life) run(ctx context.Context, args ...string) result {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, binary, append(args, "-c", filepath.Join(l.dir, "syncagent.yaml"), "--log-format", "json")...)
	cmd.Env = []string{"HOME=" + l.dir, "NO_COLOR=1"}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	l.exited = make(chan struct{})
	if err := cmd.Start(); err != nil {
		return result{code: -2, output: err.Error()}
	}
	l.process.Store(cmd.Process)
	err := cmd.Wait()
	l.process.Store(nil)
	close(l.exited)
	if err != nil && cmd.ProcessState == nil {
		return result{code: -2, output: err.Error()}
	}
	return result{code: cmd.ProcessState.ExitCode(), output: out.String(), took: time.Since(began)}
}

// kill ends the program under way, and returns when it is dead.
func (l *life) kill() {
	exited := l.exited
	for range 5000 { // the first request may come before Start returns
		if p := l.process.Load(); p != nil {
			l.killed.Store(true)
			_ = p.Kill() // it may have ended by itself
			break
		}
		time.Sleep(time.Millisecond)
	}
	select {
	case <-exited:
	case <-time.After(limit):
	}
}
