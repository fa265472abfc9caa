package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"syncagent/internal/agent"
	"syncagent/internal/audit"
	"syncagent/internal/config"
	"syncagent/internal/schedule"
	"syncagent/internal/state"
)

// run makes one run with the configuration of the moment. It tells the log
// what the run did not tell by itself.
func (d *daemon) run(ctx context.Context, trigger string) error {
	if trigger == schedule.TriggerTimetable {
		trigger = triggerSchedule
	}
	cfg, log := d.current()
	d.metrics.Running(true)
	defer d.metrics.Running(false)
	began := d.opts.now()
	var told atomic.Bool
	runLog := log.WithOptions(zap.Hooks(func(e zapcore.Entry) error {
		if e.Level == zapcore.ErrorLevel {
			told.Store(true) // the run's own summary line
		}
		return nil
	}))
	rep, err := d.once(ctx, agent.Options{Config: cfg, Log: runLog, Now: d.opts.now}, trigger)
	code := exitCode(rep.ExitCode(err))
	tell(log, rep, err, told.Load())
	d.ended(ctx, cfg, outcome{trigger: trigger, began: began, over: d.opts.now(), code: code, report: rep})
	return err
}

// tell logs why a run could not go on unless it told that itself, what to do
// about it, and what is blocked. All else stands in the summary line that each
// run writes.
func tell(log *zap.Logger, rep *agent.Report, err error, told bool) {
	var hinted interface{ Hint() string }
	hint := ""
	if errors.As(err, &hinted) {
		hint = hinted.Hint()
	}
	code := exitCode(rep.ExitCode(err))
	switch {
	case code == exitLocked:
		log.Warn("no run: another one holds the lock; tried again at the next time", zap.Error(err))
	case err != nil && !told:
		log.Error("run failed", zap.Int("exit_code", int(code)), zap.Error(err), zap.String("hint", hint))
	case hint != "":
		log.Warn("what to do", zap.String("run", rep.Result.Run), zap.String("hint", hint))
	}
	for _, r := range rep.Result.Verdict.Reasons {
		log.Warn("blocked", zap.String("run", rep.Result.Run), zap.String("code", r.Code), zap.String("source", r.Source),
			zap.String("stage", string(r.Stage)), zap.String("reason", r.Message), zap.String("hint", r.Hint))
	}
}

// done hears of each ended run; it matters only for one that panicked.
func (d *daemon) done(res schedule.Result) {
	if panicked, ok := errors.AsType[*schedule.PanicError](res.Err); ok {
		cfg, log := d.current()
		log.Error("the run panicked; the schedule goes on, and the next run finishes what was begun",
			zap.String("trigger", res.Trigger), zap.Any("panic", panicked.Value), zap.ByteString("stack", panicked.Stack))
		d.ended(context.Background(), cfg, outcome{trigger: res.Trigger, began: res.Start, over: res.End, code: exitFailed})
	}
	d.metrics.NextRun(d.runner.Status().Next)
	d.manager.Status(d.status())
}

func (d *daemon) skipped(time.Time) {
	_, log := d.current()
	log.Warn("a run of the schedule was left out: the one before is still under way")
}

// lookBack asks the ledger for the last good run. A ledger that cannot be
// trusted ends the daemon, because that does not heal by itself; what else goes
// wrong the first run will meet.
func (d *daemon) lookBack(ctx context.Context, cfg *config.Config) (time.Time, error) {
	ledger, err := state.Open(ctx, state.Options{Dir: cfg.State.Dir, Mode: state.ReadOnly, Command: "syncagent run"})
	if errors.Is(err, state.ErrNewer) || errors.Is(err, state.ErrCorrupt) || errors.Is(err, state.ErrTampered) {
		return time.Time{}, fail(exitUntrusted, fmt.Errorf("open the ledger: %w", err), "restore a backup with: syncagent state restore FILE")
	}
	if err != nil {
		_, log := d.current()
		log.Warn("the ledger could not be read; the time of the last good run is not known", zap.Error(err))
		return time.Time{}, nil
	}
	run, ok, err := ledger.LastSuccess(ctx)
	if err = errors.Join(err, ledger.Close()); err != nil {
		return time.Time{}, fmt.Errorf("look for the last good run: %w", err)
	}
	d.metrics.LeaseHolder(true) // a ledger in a file has one node
	d.noteAudit(ctx, cfg)
	if !ok {
		return time.Time{}, nil
	}
	d.metrics.LastSuccess(run.Started)
	return run.Started, nil
}

// noteAudit takes the position of the audit log over; a log that cannot be read
// is for the run to tell.
func (d *daemon) noteAudit(ctx context.Context, cfg *config.Config) {
	if head, err := audit.ReadHead(ctx, cfg.Audit.File, nil); err == nil && head.Seq >= 0 {
		d.metrics.AuditPosition(uint64(head.Seq))
	}
}
