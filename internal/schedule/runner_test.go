package schedule

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's

	"github.com/google/go-cmp/cmp"
	"github.com/robfig/cron/v3"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t *testing.T, expr string) cron.Schedule {
	t.Helper()
	s, err := cron.ParseStandard(expr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// diary notes when runs began. In a bubble of synctest time begins at midnight UTC of 2000-01-01, a Saturday.
type diary struct {
	mu   sync.Mutex
	runs []string
	busy atomic.Int32
	over atomic.Int32
	hold func(ctx context.Context, trigger string) error
}

func (d *diary) run(ctx context.Context, trigger string) error {
	if d.busy.Add(1) > 1 {
		d.over.Add(1)
	}
	defer d.busy.Add(-1)
	d.mu.Lock()
	d.runs = append(d.runs, time.Now().UTC().Format("02 15:04:05 ")+trigger)
	d.mu.Unlock()
	if d.hold != nil {
		return d.hold(ctx, trigger)
	}
	return nil
}

func (d *diary) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.runs...)
}

func (d *diary) want(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.list()); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if n := d.over.Load(); n > 0 {
		t.Errorf("%d runs overlapped another", n)
	}
}

func start(t *testing.T, o Options) *Runner {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Start(t.Context())
	return r
}

func stop(t *testing.T, r *Runner) {
	t.Helper()
	if err := r.Stop(time.Hour); err != nil {
		t.Error(err)
	}
}

func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestRunsByTheTimetableForWeeks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "*/15 * * * *")})
		sleep(21*24*time.Hour + time.Second)
		stop(t, r)
		if got, want := len(d.list()), 21*24*4; got != want {
			t.Errorf("got %d runs in three weeks, want %d", got, want)
		}
		if n := d.over.Load(); n > 0 {
			t.Errorf("%d runs overlapped another", n)
		}
	})
}

func TestSplayDelaysEachRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		delays := []time.Duration{7 * time.Second, 0, 29 * time.Second}
		random := func(limit time.Duration) time.Duration {
			if limit != 30*time.Second {
				t.Errorf("limit %s", limit)
			}
			next := delays[0]
			delays = delays[1:]
			return next
		}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "0 * * * *"), Splay: 30 * time.Second, Random: random})
		sleep(3*time.Hour + time.Minute)
		stop(t, r)
		d.want(t, "01 01:00:07 timetable", "01 02:00:00 timetable", "01 03:00:29 timetable")
	})
}

func TestRandomSplayStaysBelowItsLimit(t *testing.T) {
	r, err := New(Options{Run: (&diary{}).run, Timetable: parse(t, "@daily")})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if d := r.opts.Random(time.Second); d < 0 || d >= time.Second {
			t.Fatalf("got %s", d)
		}
	}
}

func TestTriggersNeverOverlapAndAreRememberedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{hold: func(context.Context, string) error { time.Sleep(70 * time.Minute); return nil }}
		var skipped []time.Time
		r := start(t, Options{Run: d.run, Timetable: parse(t, "0 * * * *"), Skipped: func(now time.Time) { skipped = append(skipped, now.UTC()) }})
		sleep(10 * time.Minute)
		got := []Answer{r.Trigger("signal")}
		synctest.Wait()
		got = append(got, r.Trigger("signal"), r.Trigger("webhook"))
		if diff := cmp.Diff([]Answer{Accepted, Remembered, Waiting}, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		sleep(2*time.Hour + 45*time.Minute) // 02:55; runs from 00:10 to 01:20 and on to 02:30
		stop(t, r)
		d.want(t, "01 00:10:00 signal", "01 01:20:00 signal")
		// While the first runs, a second already waits: 01:00 is served by it. 02:00 comes while nothing waits.
		if len(skipped) != 1 || skipped[0].Hour() != 2 {
			t.Errorf("skipped: %v, want 02:00 once", skipped)
		}
	})
}

func TestPanicAndErrorDoNotStopTheTimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("directory down")
		var results []Result
		n := 0
		d := &diary{hold: func(context.Context, string) error {
			n++
			switch n {
			case 1:
				panic("nil map")
			case 2:
				return boom
			}
			return nil
		}}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "0 * * * *"), Done: func(res Result) { results = append(results, res) }})
		sleep(3*time.Hour + time.Second)
		last := r.Status().Last
		stop(t, r)
		d.want(t, "01 01:00:00 timetable", "01 02:00:00 timetable", "01 03:00:00 timetable")
		if p := (*PanicError)(nil); !errors.As(results[0].Err, &p) || p.Value != "nil map" || len(p.Stack) == 0 {
			t.Errorf("first result: %v", results[0].Err)
		}
		if !errors.Is(results[1].Err, boom) || results[2].Err != nil {
			t.Errorf("results: %v, %v", results[1].Err, results[2].Err)
		}
		if last == nil || last.Err != nil || last.Start.UTC().Hour() != 3 {
			t.Errorf("status: %+v", last)
		}
	})
}

func TestCatchUp(t *testing.T) {
	midnight := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		last time.Time
		err  error
		want []string
	}{
		{"never ran", time.Time{}, nil, []string{"01 00:00:00 catch-up"}},
		{"ledger unreadable", midnight, errors.New("no such file"), []string{"01 00:00:00 catch-up"}},
		{"missed two days", midnight.Add(-48 * time.Hour), nil, []string{"01 00:00:00 catch-up"}},
		{"ran since the last due time", midnight.Add(-5 * time.Hour), nil, nil},
		{"clock was ahead", midnight.Add(72 * time.Hour), nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				r := start(t, Options{Run: d.run, Timetable: parse(t, "0 18 * * *"), LastSuccess: func(context.Context) (time.Time, error) { return tt.last, tt.err }})
				sleep(time.Hour)
				stop(t, r)
				d.want(t, tt.want...)
			})
		})
	}
}

func TestSuspendedMachineCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "0 18 * * *")})
		sleep(time.Hour)
		r.shiftClock(20 * time.Hour) // slept from 01:00 to 21:00; the monotonic clock did not notice
		sleep(2 * time.Minute)
		stop(t, r)
		d.want(t, "01 01:01:00 catch-up")
	})
}

func TestClockSetBackDoesNotSilenceTheTimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r, err := New(Options{Run: d.run, Timetable: parse(t, "0 * * * *")})
		if err != nil {
			t.Fatal(err)
		}
		r.shiftClock(24 * 365 * time.Hour) // a wrong clock at boot
		r.Start(t.Context())
		sleep(10 * time.Minute)
		r.shiftClock(0)
		sleep(2 * time.Minute)
		if got := r.dueTime().UTC().Year(); got != 2000 {
			t.Errorf("still waits for the year %d", got)
		}
		sleep(time.Hour)
		stop(t, r)
		d.want(t, "01 01:00:00 timetable")
	})
}

func (r *Runner) shiftClock(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = func() time.Time { return time.Now().Add(by) }
}

func (r *Runner) dueTime() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.due
}

func TestStopLetsTheCallInFlightEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished := false
		d := &diary{hold: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			time.Sleep(20 * time.Second) // the call in flight
			finished = true
			return ctx.Err()
		}}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "@daily")})
		r.Trigger("signal")
		synctest.Wait()
		r.Trigger("signal") // remembered, but must not start any more
		if err := r.Stop(time.Minute); err != nil || !finished {
			t.Errorf("Stop: %v, finished: %v", err, finished)
		}
		if a := r.Trigger("signal"); a != Stopped {
			t.Errorf("a stopped runner answers %s", a)
		}
		sleep(48 * time.Hour)
		d.want(t, "01 00:00:00 signal")
	})
}

func TestStopGivesUpAfterItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{hold: func(context.Context, string) error { time.Sleep(time.Hour); return nil }}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "@daily")})
		r.Trigger("signal")
		synctest.Wait()
		if err := r.Stop(time.Minute); !errors.Is(err, ErrStillRunning) {
			t.Errorf("Stop: %v", err)
		}
		if err := r.Stop(2 * time.Hour); err != nil {
			t.Errorf("second Stop: %v", err)
		}
	})
}

func TestStopWithoutStart(t *testing.T) {
	r, err := New(Options{Run: (&diary{}).run, Timetable: parse(t, "@daily")})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, r)
}

func TestSplayPendingAtStopNeverRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "0 * * * *"), Splay: time.Minute, Random: func(time.Duration) time.Duration { return 50 * time.Second }})
		sleep(time.Hour + 10*time.Second)
		stop(t, r)
		sleep(time.Hour)
		d.want(t)
	})
}

func TestReloadReplacesTheTimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "0 * * * *")})
		sleep(90 * time.Minute)
		r.Reload(parse(t, "40 * * * *"), 0)
		if got := r.Status().Next.UTC().Format("15:04"); got != "01:40" {
			t.Errorf("next %s, want 01:40", got)
		}
		sleep(80 * time.Minute) // until 02:50
		stop(t, r)
		d.want(t, "01 01:00:00 timetable", "01 01:40:00 timetable", "01 02:40:00 timetable")
	})
}

func TestBeatsWhileARunTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var beats atomic.Int32
		d := &diary{hold: func(context.Context, string) error { time.Sleep(time.Hour); return nil }}
		r := start(t, Options{Run: d.run, Timetable: parse(t, "@daily"), Beat: func() { beats.Add(1) }, BeatEvery: 10 * time.Second})
		r.Trigger("signal")
		sleep(10*time.Minute + time.Second)
		if got := beats.Load(); got != 61 {
			t.Errorf("%d beats in ten minutes, want 61", got)
		}
		stop(t, r)
	})
}

func TestClockChangeOfATimeZone(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r := start(t, Options{Run: d.run, Timetable: inZone{parse(t, "0 * * * *"), paris}})
		sleep(366 * 24 * time.Hour) // hours skipped and repeated in it are hours all the same
		stop(t, r)
		if got, want := len(d.list()), 366*24; got != want {
			t.Errorf("%d hourly runs in a leap year, want %d", got, want)
		}
	})
}

// inZone reads the clock of a place, as config's timetable does.
type inZone struct {
	s   cron.Schedule
	loc *time.Location
}

func (z inZone) Next(after time.Time) time.Time { return z.s.Next(after.In(z.loc)) }
