package crash

import (
	"context"
	"fmt"
	"testing"

	"syncagent/internal/stalwarttest"
)

// TestKilledInRecovery kills a run after the work of a request that writes, and
// then the next one while it finds out what became of that.
func TestKilledInRecovery(t *testing.T) {
	playAll(t, func(ref *reference) []scene {
		var scenes []scene
		for n := 1; n <= ref.requests; n++ {
			for again := dialing + 1; again <= dialing+14; again++ {
				if !ref.writing(n) || n <= dialing || !sample(n+again, 19) {
					continue
				}
				scenes = append(scenes, scene{
					name: fmt.Sprintf("killed after the work of request %d (%s), and at request %d of the next run", n, ref.calls[n-1], again),
					runs: 2, exact: true,
					play: func(ctx context.Context, l *life) error {
						kill := func(stalwarttest.Seen) { l.kill() }
						if err := l.runKilled(ctx, stalwarttest.Fault{Nth: n, After: kill, Drop: stalwarttest.DropLast}); err != nil {
							return err
						}
						return l.runKilled(ctx, stalwarttest.Fault{Nth: again, After: kill, Drop: stalwarttest.DropLast})
					},
				})
			}
		}
		return scenes
	})
}
