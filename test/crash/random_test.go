package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestKilledAtRandom kills the run at random moments: whatever nobody thought
// of. The seed stands in the name of the scene.
func TestKilledAtRandom(t *testing.T) {
	playAll(t, func(ref *reference) []scene {
		var scenes []scene
		for seed := range uint64(400) {
			if !sample(int(seed), 40) {
				continue
			}
			scenes = append(scenes, scene{
				name: fmt.Sprintf("killed at random moment %d", seed), runs: 1, exact: true,
				play: func(ctx context.Context, l *life) error {
					at := rand.New(rand.NewPCG(seed, 1)).Float64()
					return l.runTimed(ctx, time.Duration(at*float64(ref.took)))
				},
			})
		}
		return scenes
	})
}

// runTimed makes a run and kills it after some time. A run that ended before is
// not counted.
func (l *life) runTimed(ctx context.Context, after time.Duration) error {
	timer := time.AfterFunc(after, func() {
		if p := l.process.Load(); p != nil {
			_ = p.Kill() // it may have ended by itself
		}
	})
	r := l.run(ctx, "sync")
	timer.Stop()
	if r.code != -1 && r.code != 0 {
		return fmt.Errorf("the run was not killed: %s", r)
	}
	if r.code == -1 {
		counts.add(&counts.randoms)
	}
	return nil
}
