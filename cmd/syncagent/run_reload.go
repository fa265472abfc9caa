package main

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"syncagent/internal/config"
)

// reload reads the configuration again. A wrong one is told with all its
// problems, and the one before stays in force. A run under way goes on with
// what it began with.
func (d *daemon) reload(ctx context.Context) {
	d.manager.Reloading()
	// systemd waits for this whatever came of it.
	defer func() { d.manager.Ready(d.status()) }()
	before, log := d.current()
	if path, _ := d.opts.configPath(); path == "-" {
		log.Warn("SIGHUP: a configuration from standard input cannot be read again; it stays as it is")
		return
	}
	cfg, err := d.opts.loadConfig()
	if err != nil {
		d.refuse(log, err)
		return
	}
	table, err := cfg.Schedule.Timetable()
	if err != nil {
		d.refuse(log, err)
		return
	}
	if cfg.Listen != before.Listen {
		web, err := d.listen(ctx, cfg.Listen)
		if err != nil {
			d.refuse(log, err)
			return
		}
		d.web.swap(web) //nolint:contextcheck // closing has a deadline of its own
	}
	log = d.opts.logger(cfg.Log)
	d.mu.Lock()
	d.cfg, d.log = cfg, log
	d.mu.Unlock()
	d.runner.Reload(table, cfg.Schedule.Splay.Std())
	next := d.runner.Status().Next
	d.metrics.NextRun(next)
	for _, w := range cfg.Warnings {
		log.Warn("configuration", zap.String("key", w.Path), zap.String("warning", w.Message), zap.String("hint", w.Hint))
	}
	log.Info("SIGHUP: the configuration was read again", zap.Time("next", next), zap.String("listen", d.web.addr()))
}

// refuse tells why a new configuration is not taken.
func (d *daemon) refuse(log *zap.Logger, err error) {
	var problems *config.ProblemsError
	if !errors.As(err, &problems) {
		log.Error("SIGHUP: the configuration is refused; the one before stays in force", zap.Error(err))
		return
	}
	for _, p := range problems.Problems {
		log.Error("configuration", zap.String("file", p.File), zap.Int("line", p.Line), zap.Int("column", p.Column),
			zap.String("key", p.Path), zap.String("problem", p.Message), zap.String("hint", p.Hint))
	}
	log.Error("SIGHUP: the configuration is refused; the one before stays in force", zap.Int("problems", len(problems.Problems)))
}
