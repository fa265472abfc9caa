package schedule

import (
	"context"
	"time"

	"github.com/robfig/cron/v3"
)

// plan gives cron the present timetable in place of the one before. r.mu is held.
func (r *Runner) plan() {
	r.cron.Remove(r.entry) // an unknown entry is no error
	r.entry = r.cron.Schedule(r.table, cron.FuncJob(r.fire))
	r.due = r.table.Next(r.now())
}

// fire is cron's job: it notes the next due time and knocks, after the splay.
func (r *Runner) fire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = r.table.Next(r.now())
	if r.stopping() {
		return
	}
	if r.late != nil {
		r.late.Stop() // the one before has not even knocked
	}
	var delay time.Duration
	if r.splay > 0 {
		delay = r.opts.Random(r.splay)
	}
	r.late = time.AfterFunc(delay, r.knock)
}

// knock asks for a timetable's run. Unlike a person's wish it is not remembered: the timetable will ask again.
func (r *Runner) knock() {
	if r.gate.knock(TriggerTimetable, false) == Skipped && r.opts.Skipped != nil {
		r.opts.Skipped(time.Now())
	}
}

func (r *Runner) stopping() bool {
	select {
	case <-r.quit:
		return true
	default:
		return false
	}
}

// work does the runs, one after the other, until the runner stops.
func (r *Runner) work(ctx context.Context) {
	for {
		select {
		case <-r.quit:
			return
		case <-r.gate.wake:
		}
		for trigger, ok := r.gate.enter(); ok; trigger, ok = r.gate.enter() {
			res := do(ctx, trigger, r.opts.Run)
			r.mu.Lock()
			r.last = &res
			r.mu.Unlock()
			if r.opts.Done != nil {
				r.opts.Done(res)
			}
			r.gate.leave()
		}
	}
}

// loop beats, and finds runs that are overdue by the wall clock.
func (r *Runner) loop() {
	ticker := time.NewTicker(r.opts.BeatEvery)
	defer ticker.Stop()
	for {
		if r.opts.Beat != nil {
			r.opts.Beat()
		}
		select {
		case <-r.quit:
			return
		case <-ticker.C:
			r.wakeUp()
		}
	}
}

// wakeUp makes up for a due time that cron slept through. It lets cron plan afresh after that, and after a clock that was
// set back, which would leave cron waiting for a date far off.
func (r *Runner) wakeUp() {
	r.mu.Lock()
	now := r.now()
	overdue := !r.due.IsZero() && now.Sub(r.due) > checkEvery
	setBack := r.table.Next(now).Before(r.due)
	if !r.stopping() && (overdue || setBack) {
		r.plan()
	}
	r.mu.Unlock()
	if overdue {
		r.gate.knock(TriggerCatchUp, false)
	}
}
