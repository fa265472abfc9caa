package crash

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// scene is one disturbance of the run under test.
type scene struct {
	name string
	// play disturbs the run and gives an error if it could not, or if the run did
	// not take it as it should.
	play func(ctx context.Context, l *life) error
	// codes are the exit codes that the runs after it may have; 0 if empty.
	codes []int
	// runs are how many more runs than without a disturbance may be needed.
	runs int
	// exact wants the very writes of the undisturbed run.
	exact bool
}

// playAll plays the scenes on several benches at a time, each in a world of its
// own.
func playAll(t *testing.T, scenesOf func(ref *reference) []scene) {
	t.Helper()
	began := time.Now()
	workers := max(1, min(runtime.GOMAXPROCS(0), 4))
	var benches []*bench
	for range workers {
		benches = append(benches, newBench(t))
	}
	ref := newReference(t, benches[0])
	scenes := scenesOf(ref)
	next := queue(scenes)
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := 0
	for _, b := range benches {
		wg.Go(func() {
			for s := range next {
				if err := b.playOne(t.Context(), ref, s); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
					t.Errorf("%s: %v", s.name, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d scenes, %d failed, in %s", len(scenes), failed, time.Since(began).Round(time.Millisecond))
}

func queue(scenes []scene) <-chan scene {
	next := make(chan scene, len(scenes))
	for _, s := range scenes {
		next <- s
	}
	close(next)
	return next
}

func (b *bench) playOne(ctx context.Context, ref *reference, s scene) error {
	l, err := b.newLife()
	if err != nil {
		return err
	}
	defer l.drop()
	if err := s.play(ctx, l); err != nil {
		return err
	}
	codes := append([]int{0}, s.codes...)
	if _, err := l.atRest(ctx, ref.runs+s.runs, codes...); err != nil {
		return errors.Join(err, l.judge(ctx, ref, false))
	}
	return l.judge(ctx, ref, s.exact)
}

// sample takes every step-th number, or all of them in the long form.
func sample(n, step int) bool { return long || n%step == 0 }

func numbered(n int, what, call string) string {
	return fmt.Sprintf("request %d (%s) %s", n, call, what)
}
