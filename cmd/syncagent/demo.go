package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"syncagent/internal/config"
	"syncagent/internal/demo"
)

type demoOptions struct {
	*globals
	users  int
	server string
	dir    string
	format string
}

func newDemoCommand(g *globals) *cobra.Command {
	opts := demoOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on a simulated mail server",
		Long: `Shows the main job without any set-up, in a few seconds: a directory in SQLite, a
simulated Stalwart mail server on a loopback port, and real runs that adopt, rename
(with a chain and a swap), keep leavers for their grace, delete and purge; and what
happens when the directory is broken. The clock is moved, so that weeks pass.

After each step everybody logs in to the simulated server, to see whose mail opens
with whose login. A wrong result ends the demonstration with 1.

Configuration, directory, state and audit log are left in a folder to look at.
Nothing else is touched; no configuration is read.`,
		Example: `  syncagent demo
  syncagent demo --server rest      the same with Stalwart 0.15
  syncagent demo --users 1000 --dir ~/syncagent-demo`,
		GroupID: groupStart,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if opts.format, err = g.resultFormat("demo", formatText, formatJSON); err != nil {
				return err
			}
			return runDemo(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().IntVar(&opts.users, "users", 200, "`NUMBER` of people in the directory")
	cmd.Flags().StringVar(&opts.server, "server", "jmap", "`KIND` of simulated mail server: jmap (Stalwart 0.16 and later) or rest ("+demo.OlderVersion+")")
	cmd.Flags().StringVar(&opts.dir, "dir", "", "empty or new `DIR` for everything that is left (default a new temporary folder)")
	return cmd
}

func runDemo(ctx context.Context, opts demoOptions, s streams) error {
	if err := opts.checkDemo(); err != nil {
		return err
	}
	log := opts.logger(config.Log{Level: config.LevelError})
	defer func() { _ = log.Sync() }() // a terminal or pipe cannot be synced
	o := demo.Options{
		Users: opts.users, Older: opts.server == "rest", Dir: opts.dir, Out: s.out, Short: opts.quiet,
		Color: opts.useColor(s.out), Log: log, Now: opts.now,
	}
	if opts.format == formatJSON {
		o.Out = io.Discard
	}
	summary, err := demo.Run(ctx, o)
	var dir *demo.DirError
	switch {
	case errors.As(err, &dir):
		return fail(exitUsage, err, "")
	case err != nil:
		return err
	case opts.format == formatJSON:
		return writeJSON(s.out, summary)
	}
	return nil
}

func (o demoOptions) checkDemo() error {
	switch {
	case o.server != "jmap" && o.server != "rest":
		return usageError("use --server jmap or --server rest", "--server %q is not known", o.server)
	case o.users < demo.MinUsers || o.users > demo.MaxUsers:
		return usageError("", "--users %d: use %d to %d", o.users, demo.MinUsers, demo.MaxUsers)
	}
	return nil
}
