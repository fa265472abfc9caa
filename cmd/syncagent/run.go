package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"syncagent/internal/health"
)

type runOptions struct {
	*globals
}

func newRunCommand(g *globals) *cobra.Command {
	opts := runOptions{globals: g}
	return &cobra.Command{
		Use:   "run",
		Short: "Run as a daemon, by the schedule of the configuration",
		Long: `Runs as a daemon: a run of "sync" at each time of the schedule, one at a time, and
one at the start if a time was missed (schedule.catch_up). How a run ends is told in
the log and the metrics; it never ends the daemon. Secrets are read anew by each run.

Health, metrics and a status page are served on the address "listen": /healthz,
/readyz, /metrics and /. Under systemd it tells its status and feeds the watchdog.

  SIGUSR1           run now; while a run is under way, one more after it
  SIGHUP            read the configuration again; a wrong one is told in the log,
                    and the old one stays
  SIGTERM, SIGINT   stop after the call in flight, and end with 0; a second one
                    ends at once, and the next run finishes what was begun`,
		Example: `  syncagent run
  kill -USR1 $(pidof syncagent)     # run now`,
		GroupID: groupSync,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := g.resultFormat("run", formatText); err != nil {
				return err
			}
			return runRun(cmd.Context(), opts, g.streams)
		},
	}
}

func runRun(ctx context.Context, opts runOptions, _ streams) error {
	// From the first moment on these must not end the process.
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1)
	defer signal.Stop(signals)
	cfg, err := opts.loadConfig()
	if err != nil {
		return err
	}
	d := newDaemon(opts, cfg, health.Systemd{}, agentRun)
	return d.serve(ctx, signals)
}
