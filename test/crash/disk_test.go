//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"syncagent/internal/audit"
	"syncagent/internal/stalwarttest"
)

// diskBench is a bench that can mount small disks; where nobody may, the test is
// skipped, and scripts/test.sh says so.
func diskBench(t *testing.T) *bench {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk for this test")
	}
	b := newBench(t)
	if err := b.onDisk(filepath.Join(b.dir, "probe"), func() error { return nil }); errors.Is(err, unix.EPERM) {
		t.Skip("a small disk cannot be mounted here: ", err)
	}
	return b
}

// TestDiskFull fills the disk under state and audit log before a request: from
// there on nothing may be done that was not announced, and a run with room again
// finishes.
func TestDiskFull(t *testing.T) {
	b := diskBench(t)
	ref := newReference(t, b)
	for n := 1; n <= ref.requests; n++ {
		for _, left := range []int{0, 6 << 10, 40 << 10} {
			if !sample(n+left>>10, 37) {
				continue
			}
			dir := b.path(fmt.Sprintf("life%d", b.lives+1))
			err := b.onDisk(dir, func() error {
				return b.playOne(t.Context(), ref, scene{runs: 1, exact: true, play: func(ctx context.Context, l *life) error {
					return l.runFull(ctx, n, left)
				}})
			})
			if err != nil {
				t.Errorf("disk full with %d bytes left at request %d (%s): %v", left, n, ref.calls[n-1], err)
			}
		}
	}
}

// onDisk mounts a small disk while f works.
func (b *bench) onDisk(dir string, f func() error) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=0700"); err != nil {
		return err
	}
	return errors.Join(f(), unix.Unmount(dir, unix.MNT_DETACH))
}

// runFull makes a run whose disk is full from the n-th request on, but for some
// bytes, and then makes room again.
func (l *life) runFull(ctx context.Context, n, left int) error {
	counts.add(&counts.diskful)
	var err error
	filler := filepath.Join(l.dir, "filler")
	remove := l.server.Inject(stalwarttest.Fault{Nth: n, Before: func(stalwarttest.Seen) { err = fill(filler, left) }})
	r := l.run(ctx, "sync")
	remove()
	if err := errors.Join(err, l.announced(ctx), os.Remove(filler)); err != nil {
		return fmt.Errorf("%w\n%s", err, r)
	}
	if r.code == 0 && left == 0 {
		return fmt.Errorf("the run did not notice: %s", r)
	}
	return nil
}

// fill leaves no more than some bytes.
func fill(name string, left int) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	size, block := 0, make([]byte, 4096)
	for err == nil {
		var n int
		n, err = f.Write(block)
		size += n
	}
	if !errors.Is(err, unix.ENOSPC) {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Truncate(int64(max(0, size-left))), f.Close())
}

// announced wants an intent in the audit log for every account that was
// written.
func (l *life) announced(ctx context.Context) error {
	intents := map[string]bool{}
	err := audit.Show(ctx, []string{filepath.Join(l.dir, "audit", "audit.jsonl")}, audit.Filter{}, func(rec audit.Record) error {
		if id, ok := rec.Fields["account"].(string); ok && rec.Phase == "intent" {
			intents[id] = true
		}
		return nil
	})
	var torn *audit.BrokenError
	if errors.As(err, &torn) && torn.Fault == audit.FaultTorn {
		err = nil // the next run records it
	}
	for _, w := range l.server.Writes() {
		if w.Object == "Account" && w.Error == "" && !intents[w.ID] {
			err = errors.Join(err, fmt.Errorf("account %s was written (%s) without an intent", w.ID, w.Op))
		}
	}
	return err
}
