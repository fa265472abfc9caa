package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// errExited reports that a server ended by itself.
var errExited = errors.New("the server ended by itself")

// process is one server process with its own process group, tied to the life of the test process.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once the process has been reaped
	err  error         // of Wait; valid after done
}

// owner says as whom a server runs and who owns its files; nil means the user of the test.
type owner struct{ uid, gid uint32 }

// serverUser returns the account for a server that refuses to run as root, or nil if the test is not run as root.
func serverUser(t TB, names ...string) *owner {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range append(names, "nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatalf("user %s: %v", name, err)
		}
		return &owner{uint32(uid), uint32(gid)}
	}
	t.Fatalf("no user %v to run the server as", names)
	return nil
}

// attr is the same for helpers and servers. The credential is set before the parent-death signal (the kernel forgets
// the signal when the user changes), which is why this is not left to setpriv or su.
func (o *owner) attr(deathSignal syscall.Signal) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: deathSignal}
	if o != nil {
		a.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
	return a
}

// tempDir makes a folder with a short path (Unix sockets allow 107 bytes), readable by its owner alone.
func tempDir(t TB, kind string, o *owner) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sa-"+kind+"-")
	if err != nil {
		t.Fatalf("temporary folder: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if o != nil {
		if err := os.Chown(dir, int(o.uid), int(o.gid)); err != nil {
			t.Fatalf("temporary folder: %v", err)
		}
	}
	return dir
}

// startProcess starts cmd with its output in logFile. The process is killed with deathSignal if the test process dies.
func startProcess(cmd *exec.Cmd, o *owner, logFile string, deathSignal syscall.Signal) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("server log: %w", err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = o.attr(deathSignal)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel sends the parent-death signal when the *thread* that forked ends, so it must not end.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		_ = log.Close()
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// runTool runs a helper such as initdb to its end and returns its output with an error.
func runTool(cmd *exec.Cmd, o *owner) error {
	cmd.SysProcAttr = o.attr(syscall.SIGKILL)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, out)
	}
	return nil
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal sends sig to the server alone.
func (p *process) signal(sig syscall.Signal) error {
	if !p.running() {
		return errExited
	}
	return p.cmd.Process.Signal(sig)
}

// stop sends sig and waits; after patience it kills the whole process group.
func (p *process) stop(sig syscall.Signal, patience time.Duration) {
	if p.running() {
		_ = p.cmd.Process.Signal(sig)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // stragglers of the group, and one that did not listen
	<-p.done
}

// waitReady polls until ready returns nil, the process ends, or the deadline passes.
func (p *process) waitReady(limit time.Duration, ready func() error) error {
	deadline := time.Now().Add(limit)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := ready()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", limit, err)
		}
		select {
		case <-p.done:
			return fmt.Errorf("%w: %w", errExited, p.err)
		case <-time.After(pause):
		}
	}
}

// guarded is the process of a server that tests may stop and start again.
type guarded struct {
	mu sync.Mutex
	p  *process
}

func (g *guarded) set(p *process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.p = p
}

func (g *guarded) get() *process {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.p
}
