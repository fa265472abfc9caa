package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"syncagent/internal/config"
	"syncagent/internal/state"
)

func newStateCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state show|backup|restore|rebuild|migrate",
		Short: "Look at the ledger, back it up, put a backup in place",
		Long: `The ledger is what syncagent remembers between runs: who has which account, who is
missing since when, what is being done. It is a database in state.dir. Back it up:
without it nobody can be told from a namesake.`,
		GroupID: groupRepair,
		RunE:    needSubcommand,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:     "show",
			Short:   "Tell what the ledger holds",
			Example: "  syncagent state show --json",
			Args:    noArgs,
			RunE:    func(cmd *cobra.Command, _ []string) error { return runStateShow(cmd.Context(), g, g.streams) },
		},
		&cobra.Command{
			Use:   "backup FILE",
			Short: "Write a complete copy of the ledger",
			Long: `Writes a complete and consistent copy of the ledger into a new file of mode 0600,
also while a run goes on. An existing file is never overwritten.`,
			Example: "  syncagent state backup /var/backups/syncagent-$(date +%F).db",
			RunE: func(cmd *cobra.Command, args []string) error {
				return oneFile("backup", args, func(file string) error { return runStateBackup(cmd.Context(), g, file, g.streams) })
			},
		},
		&cobra.Command{
			Use:   "restore FILE",
			Short: "Put a backup in place of the ledger",
			Long: `Checks a backup, moves the present ledger aside (it is kept) and puts a copy of the
backup in its place. Takes the lock, so that no run is on. If runs were made after
the backup, syncagent finds that out by the audit log and stops every command that
writes, rather than act on what it knew then.`,
			Example: "  syncagent state restore /var/backups/syncagent-2026-11-22.db",
			RunE: func(cmd *cobra.Command, args []string) error {
				return oneFile("restore", args, func(file string) error { return runStateRestore(cmd.Context(), g, file, g.streams) })
			},
		},
		newStateRebuild(g),
		newStateMigrate(g),
	)
	return cmd
}

func oneFile(command string, args []string, do func(string) error) error {
	if len(args) != 1 || args[0] == "" {
		return usageError("syncagent state "+command+" FILE", "%s needs one file", command)
	}
	file, err := filepath.Abs(args[0]) // SQLite takes only whole paths in URIs
	if err != nil {
		return fail(exitFailed, err, "")
	}
	return do(file)
}

func runStateShow(ctx context.Context, g *globals, s streams) error {
	format, err := g.resultFormat("state show", formatText, formatJSON)
	if err != nil {
		return err
	}
	return g.needLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		sum, err := ledger.Summary(ctx)
		if err != nil {
			return failed(err)
		}
		if format == formatJSON {
			return writeJSON(s.out, sum)
		}
		_, err = fmt.Fprint(s.out, summaryText(cfg.State.Dir, sum))
		return err
	})
}

func summaryText(dir string, sum state.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ledger in %s, schema %d\n", dir, sum.Schema)
	names := make([]string, 0, len(sum.Principals))
	for name := range sum.Principals {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := sum.Principals[name]
		fmt.Fprintf(&b, "  source %s: %d active, %d missing, %d gone; %d without a known account\n", printable(name), c.Active, c.Missing, c.Gone, c.Unbound)
	}
	fmt.Fprintf(&b, "  accounts: %d listed last, %d of the past\n  tombstones: %d\n  runs: %d", sum.Accounts, sum.PastAccounts, sum.Tombstones, sum.Runs)
	if !sum.LastRun.IsZero() {
		fmt.Fprintf(&b, ", the last on %s", moment(sum.LastRun))
	}
	fmt.Fprintf(&b, "\n  open steps: %d\n  blocked plans: %d, approvals: %d, protections: %d\n", sum.OpenSteps, sum.Plans, sum.Approvals, sum.Protections)
	return b.String()
}

func runStateBackup(ctx context.Context, g *globals, file string, s streams) error {
	format, err := g.resultFormat("state backup", formatText, formatJSON)
	if err != nil {
		return err
	}
	return g.needLedger(ctx, func(_ *config.Config, ledger *state.Ledger) error {
		if err := ledger.Backup(ctx, file); errors.Is(err, fs.ErrExist) {
			return fail(exitFailed, fmt.Errorf("%s exists already, and is not overwritten", file), "choose another name")
		} else if err != nil {
			return failed(err)
		}
		sum, err := state.CheckBackup(ctx, file)
		if err != nil {
			return failed(err)
		}
		if format == formatJSON {
			return writeJSON(s.out, sum)
		}
		_, err = fmt.Fprintf(s.out, "backup written and checked: %s\n", file)
		return err
	})
}

func runStateRestore(ctx context.Context, g *globals, file string, s streams) error {
	format, err := g.resultFormat("state restore", formatText, formatJSON)
	if err != nil {
		return err
	}
	cfg, err := g.loadConfig()
	if err != nil {
		return err
	}
	if _, err := state.CheckBackup(ctx, file); err != nil {
		return failed(err)
	}
	dir := cfg.State.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed(fmt.Errorf("restore the ledger: %w", err))
	}
	unlock, err := lockForRestore(dir)
	if err != nil {
		return err
	}
	defer unlock()
	aside, back, err := moveAside(dir, g.now().UTC().Format("20060102T150405Z"))
	if err != nil {
		return failed(fmt.Errorf("move the old ledger aside: %w", err))
	}
	sum, err := state.RestoreBackup(ctx, state.Options{Dir: dir, Now: g.now, Command: "syncagent state restore"}, file)
	if err != nil {
		return failed(errors.Join(err, back()))
	}
	g.warnOldCopy(ctx, cfg, s)
	if format == formatJSON {
		return writeJSON(s.out, map[string]any{"restored": file, "aside": aside, "ledger": sum})
	}
	text := "restored from " + file + "\n"
	if aside != "" {
		text += "the old ledger is kept as " + aside + "\n"
	}
	_, err = fmt.Fprint(s.out, text)
	return err
}

// warnOldCopy tells if runs were made after the backup.
func (g *globals) warnOldCopy(ctx context.Context, cfg *config.Config, s streams) {
	ledger, err := state.Open(ctx, state.Options{Dir: cfg.State.Dir, Mode: state.ReadOnly, Now: g.now})
	if err != nil {
		return // the next command tells it
	}
	defer func() { _ = ledger.Close() }() // it is a copy in memory
	if err := g.newAgent(cfg).Traces(ctx, ledger); err != nil {
		_, _ = fmt.Fprintf(s.err, "warning: %s\n", err)
	}
}

// lockForRestore takes the lock of the state directory without opening the
// ledger, which may be damaged.
func lockForRestore(dir string) (func(), error) {
	file, err := os.OpenFile(filepath.Join(dir, state.LockName), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600) //nolint:gosec // the administrator names the folder
	if err != nil {
		return nil, failed(fmt.Errorf("take the lock: %w", err))
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		closed := file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			who := runningNow(dir)
			if who == "" {
				who = "another run"
			}
			return nil, fail(exitLocked, errors.Join(errors.New("the lock is held: "+who), closed), "wait until it ends")
		}
		return nil, failed(errors.Join(fmt.Errorf("take the lock: %w", err), closed))
	}
	return func() { _ = file.Close() }, nil // closing ends the lock
}

// moveAside renames the files of the present ledger, and gives a function that
// puts them back.
func moveAside(dir, stamp string) (aside string, back func() error, err error) {
	old := filepath.Join(dir, state.DatabaseName)
	target := old + ".before-restore-" + stamp
	var moved []string
	back = func() error {
		var errs []error
		for _, suffix := range moved {
			errs = append(errs, os.Rename(target+suffix, old+suffix))
		}
		return errors.Join(errs...)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if _, err := os.Lstat(target + suffix); err == nil {
			return "", back, errors.Join(fmt.Errorf("%s: %w", target+suffix, fs.ErrExist), back())
		}
		err := os.Rename(old+suffix, target+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", back, errors.Join(err, back())
		}
		moved = append(moved, suffix)
		aside = target
	}
	return aside, back, nil
}
