//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/stalwarttest"
)

// TestArchiveFull fills only the disk of the archives, from a request on: state
// and audit log have room, so the run goes on, but nobody is deleted whose
// archive is missing, and a run with room again finishes.
func TestArchiveFull(t *testing.T) {
	b := diskBench(t)
	ref := newReference(t, b)
	held := 0
	for n := dialing; n <= ref.requests; n++ {
		for _, left := range []int{0, 8 << 10} {
			if !sample(n+left>>10, 41) {
				continue
			}
			dir := b.path(fmt.Sprintf("life%d", b.lives+1), "archive")
			err := b.onDisk(dir, func() error {
				return b.playOne(t.Context(), ref, scene{runs: 1, exact: true, play: func(ctx context.Context, l *life) error {
					code, err := l.runArchiveFull(ctx, n, left)
					if code == 3 {
						held++
					}
					return err
				}})
			})
			if err != nil {
				t.Errorf("archive full with %d bytes left at request %d (%s): %v", left, n, ref.calls[n-1], err)
			}
		}
	}
	if held == 0 {
		t.Error("no run was without room for an archive")
	}
}

// runArchiveFull makes a run without room for archives from the n-th request on,
// and then makes room.
func (l *life) runArchiveFull(ctx context.Context, n, left int) (int, error) {
	counts.add(&counts.diskful)
	var err error
	filler := filepath.Join(l.dir, "archive", "filler")
	remove := l.server.Inject(stalwarttest.Fault{Nth: n, Before: func(stalwarttest.Seen) { err = fill(filler, left) }})
	r := l.run(ctx, "sync")
	remove()
	if !slices.Contains([]int{0, 3}, r.code) {
		err = errors.Join(err, fmt.Errorf("the run ended with %s", r))
	}
	if r.code == 3 && !strings.Contains(r.output, "no space left on device") {
		err = errors.Join(err, fmt.Errorf("the run does not tell why: %s", r))
	}
	return r.code, errors.Join(err, l.announced(ctx), os.Remove(filler))
}
