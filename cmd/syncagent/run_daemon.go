package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/health"
	"syncagent/internal/schedule"
)

// The triggers as they stand in ledger, audit log and metrics.
const (
	triggerSchedule = "schedule"
	triggerSignal   = "signal"
)

// longestBeat is the longest pause between two beats of the daemon's loop.
const longestBeat = time.Minute

// notifier is the service manager.
type notifier interface {
	Ready(status string)
	Reloading()
	Stopping(status string)
	Status(status string)
	Beat()
	BeatEvery() time.Duration
}

// runFunc makes one run.
type runFunc func(ctx context.Context, o agent.Options, trigger string) (*agent.Report, error)

func agentRun(ctx context.Context, o agent.Options, trigger string) (*agent.Report, error) {
	return agent.New(o).Run(ctx, agent.RunOptions{Trigger: trigger, Command: "syncagent run"})
}

// daemon is "syncagent run".
type daemon struct {
	opts    runOptions
	manager notifier
	once    runFunc
	metrics *health.Metrics
	runner  *schedule.Runner
	every   time.Duration // between two beats
	// beat is when the runner's loop was last heard of, in Unix nanoseconds.
	beat atomic.Int64
	web  *webServer

	mu   sync.Mutex
	cfg  *config.Config
	log  *zap.Logger
	last lastRun
}

func newDaemon(opts runOptions, cfg *config.Config, manager notifier, once runFunc) *daemon {
	d := &daemon{
		opts: opts, manager: manager, once: once, metrics: health.NewMetrics(currentVersion().Version),
		cfg: cfg, log: opts.logger(cfg.Log), every: longestBeat,
	}
	if wanted := manager.BeatEvery(); wanted > 0 && wanted < d.every {
		d.every = wanted
	}
	return d
}

// current gives configuration and log, which a reload replaces together.
func (d *daemon) current() (*config.Config, *zap.Logger) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cfg, d.log
}

// serve works until the context is cancelled.
func (d *daemon) serve(ctx context.Context, signals <-chan os.Signal) error {
	cfg, log := d.current()
	defer func() { _ = log.Sync() }() // a terminal or pipe cannot be synced
	for _, w := range cfg.Warnings {
		log.Warn("configuration", zap.String("key", w.Path), zap.String("warning", w.Message), zap.String("hint", w.Hint))
	}
	lastSuccess, err := d.lookBack(ctx, cfg)
	if err != nil {
		return err
	}
	if err := d.plan(cfg, lastSuccess); err != nil {
		return err
	}
	if d.web, err = d.listen(ctx, cfg.Listen); err != nil {
		return fail(exitFailed, err, "choose another address for listen, or leave it empty")
	}
	// A signal must not cut a run before stop is told; stop cancels it.
	d.runner.Start(context.WithoutCancel(ctx))
	d.manager.Ready(d.status())
	log.Info("daemon started", zap.String("config", cfg.File), zap.Time("next", d.runner.Status().Next), zap.String("listen", d.web.addr()))
	d.loop(ctx, signals)
	return d.stop() //nolint:contextcheck // the context has ended; each wait in there has a deadline
}

// plan makes the runner, which stands still until it is started.
func (d *daemon) plan(cfg *config.Config, lastSuccess time.Time) error {
	table, err := cfg.Schedule.Timetable()
	if err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	o := schedule.Options{
		Run: d.run, Timetable: table, Splay: cfg.Schedule.Splay.Std(),
		Done: d.done, Skipped: d.skipped, Beat: func() { d.beat.Store(time.Now().UnixNano()) }, BeatEvery: d.every,
	}
	if cfg.Schedule.CatchUp {
		o.LastSuccess = func(context.Context) (time.Time, error) { return lastSuccess, nil }
	}
	d.beat.Store(time.Now().UnixNano())
	d.runner, err = schedule.New(o)
	return err
}

// loop answers signals and feeds the watchdog, as long as the runner's loop is
// heard of, too.
func (d *daemon) loop(ctx context.Context, signals <-chan os.Signal) {
	ticker := time.NewTicker(d.every)
	defer ticker.Stop()
	d.tick()
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-signals:
			switch sig {
			case syscall.SIGHUP:
				d.reload(ctx)
			case syscall.SIGUSR1:
				d.runNow()
			}
		case <-ticker.C:
			d.tick()
		}
	}
}

func (d *daemon) tick() {
	d.metrics.NextRun(d.runner.Status().Next)
	if d.alive() == nil {
		d.manager.Beat()
	}
}

// alive tells whether the runner's loop still goes round.
func (d *daemon) alive() error {
	if pause := time.Since(time.Unix(0, d.beat.Load())); pause > 3*d.every {
		return fmt.Errorf("the schedule's loop was not heard of for %s", pause.Round(time.Second))
	}
	return nil
}

func (d *daemon) runNow() {
	_, log := d.current()
	log.Info("SIGUSR1: a run is asked for", zap.String("answer", string(d.runner.Trigger(triggerSignal))))
}

// stop lets the run under way finish its call, and ends.
func (d *daemon) stop() error {
	cfg, log := d.current()
	d.manager.Stopping("stopping after the call in flight")
	log.Info("stopping after the call in flight", zap.String("running", d.runner.Status().Running))
	// The server may take delete_timeout for the call; then its outcome is
	// recorded. systemd's TimeoutStopSec in deploy/ is a little longer.
	err := d.runner.Stop(cfg.Server.DeleteTimeout.Std() + 45*time.Second)
	closeErr := d.web.close()
	if err != nil {
		return fail(exitFailed, err, "the next run finishes what the journal tells")
	}
	log.Info("daemon stopped")
	return closeErr
}
