package schedule

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// checkEvery is how often the wall clock is compared with the timetable, and the longest pause between two beats.
const checkEvery = time.Minute

// ErrStillRunning is what [Runner.Stop] returns if the run did not end in time.
var ErrStillRunning = errors.New("the run under way did not end in time")

// Timetable gives the first time after another one; the zero time if there is none. Any cron.Schedule is one.
type Timetable interface {
	Next(after time.Time) time.Time
}

// Options of a [Runner]. Run and Timetable are required.
type Options struct {
	Run       RunFunc
	Timetable Timetable
	// Splay is the longest random delay of a timetable's run; it keeps many agents from knocking at the same second.
	Splay time.Duration
	// Random returns a duration in [0, limit); nil is a random one.
	Random func(limit time.Duration) time.Duration
	// LastSuccess, if not nil, tells at the start when the last good run began; zero = never. If the timetable had a
	// run since then, it is made up for at once. An error counts as "never": the run will meet and report its cause.
	LastSuccess func(ctx context.Context) (time.Time, error)
	// Done, if not nil, is told of each ended run before the next one starts.
	Done func(Result)
	// Skipped, if not nil, is told of a timetable's run that was left out because one was under way.
	Skipped func(now time.Time)
	// Beat, if not nil, is called every BeatEvery (at most a minute apart) while the loop works: for a watchdog.
	Beat      func()
	BeatEvery time.Duration
}

// Status is a picture of the runner at a moment.
type Status struct {
	Running string    // the trigger of the run under way; empty if none
	Next    time.Time // of the timetable, without splay
	Last    *Result   // the last ended run of this process
}

// Runner runs by a timetable and on request, one run at a time. Its methods are safe for concurrent use.
type Runner struct {
	opts   Options
	gate   *gate
	cancel context.CancelFunc // of the runs
	quit   chan struct{}      // ends the loop
	done   chan struct{}      // closed when worker and loop have ended

	mu    sync.Mutex
	cron  *cron.Cron
	entry cron.EntryID
	table Timetable
	splay time.Duration
	due   time.Time // the run that the timetable announced last
	late  *time.Timer
	last  *Result
	now   func() time.Time // the wall clock; tests turn it
}

// New makes a runner that stands still until [Runner.Start].
func New(o Options) (*Runner, error) {
	if o.Run == nil || o.Timetable == nil {
		return nil, errors.New("schedule: Run and Timetable are required")
	}
	if o.Random == nil {
		o.Random = func(limit time.Duration) time.Duration { return rand.N(limit) } //nolint:gosec // a delay is no secret
	}
	if o.BeatEvery <= 0 || o.BeatEvery > checkEvery {
		o.BeatEvery = checkEvery
	}
	return &Runner{
		opts: o, gate: newGate(), table: o.Timetable, splay: o.Splay, now: time.Now,
		quit: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

// Start begins to run by the timetable and returns. ctx is the parent of every run's context. It must be called once.
func (r *Runner) Start(ctx context.Context) {
	ctx, r.cancel = context.WithCancel(ctx)
	r.mu.Lock()
	r.cron = cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))
	r.plan()
	r.cron.Start()
	r.mu.Unlock()

	var both sync.WaitGroup
	both.Go(func() { r.work(ctx) })
	both.Go(func() {
		if r.missed(ctx) {
			r.Trigger(TriggerCatchUp)
		}
		r.loop()
	})
	go func() {
		both.Wait()
		close(r.done)
	}()
}

// missed tells whether the timetable had a run between the last good one and now.
func (r *Runner) missed(ctx context.Context) bool {
	if r.opts.LastSuccess == nil {
		return false
	}
	last, err := r.opts.LastSuccess(ctx)
	if err != nil || last.IsZero() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.table.Next(last)
	return !next.IsZero() && !next.After(r.now())
}

// Trigger asks for a run now. While one is under way, one more is remembered, and only one. name says who asked.
func (r *Runner) Trigger(name string) Answer { return r.gate.knock(name, true) }

// Reload puts another timetable and splay in place. A run under way goes on.
func (r *Runner) Reload(table Timetable, splay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table, r.splay = table, splay
	if r.cron != nil {
		r.plan()
	}
}

// Status returns a picture of the moment.
func (r *Runner) Status() Status {
	running := r.gate.current()
	r.mu.Lock()
	defer r.mu.Unlock()
	return Status{Running: running, Next: r.table.Next(r.now()), Last: r.last}
}

// Stop takes no more triggers, cancels the context of the run under way, and waits for it to end, which includes the
// call in flight. It returns [ErrStillRunning] if that takes longer than patience. A second call does nothing but wait.
func (r *Runner) Stop(patience time.Duration) error {
	r.gate.close()
	r.mu.Lock()
	if r.cron == nil { // never started
		r.mu.Unlock()
		return nil
	}
	r.cron.Stop()
	if r.late != nil {
		r.late.Stop()
	}
	select {
	case <-r.quit:
	default:
		close(r.quit)
	}
	r.mu.Unlock()
	r.cancel()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-r.done:
		return nil
	case <-timer.C:
		return ErrStillRunning
	}
}
