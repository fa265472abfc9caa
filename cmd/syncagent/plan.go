package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/report"
)

type planOptions struct {
	*globals
	out string
}

func newPlanCommand(g *globals) *cobra.Command {
	opts := planOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "plan --out FILE",
		Short: "Save what a run would do now, to review, approve or apply it",
		Long: `Makes a dry run and saves its plan as JSON. Nothing is changed, neither on the
server nor here, except that FILE is written. The plan can be reviewed and then
carried out by "apply", which does what stands in FILE and nothing else. A plan
that a guard blocks can be approved with "approve --plan FILE". It is valid for
7 days.

Ends with 2 if there is anything to do.`,
		Example: `  syncagent plan --out tonight.json
  syncagent plan --out tonight.json --format markdown > ticket.md
  syncagent apply tonight.json`,
		GroupID: groupSync,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPlan(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().StringVar(&opts.out, "out", "", "`FILE` to save the plan in; an old one is replaced")
	return cmd
}

func runPlan(ctx context.Context, opts planOptions, s streams) error {
	if opts.out == "" {
		return usageError("syncagent plan --out FILE", "plan needs the file to write")
	}
	rep, format, err := opts.oneRun(ctx, agent.RunOptions{DryRun: true, Trigger: "command", Command: "syncagent plan"})
	if rep == nil {
		return err
	}
	code := exitCode(rep.ExitCode(err))
	if err != nil {
		return fail(code, err, "")
	}
	saved, err := opts.savePlan(rep.Result)
	if err != nil {
		return fail(exitFailed, err, "")
	}
	if err := opts.writeRun(rep, format, s); err != nil {
		return err
	}
	if !opts.quiet {
		_, _ = fmt.Fprintf(s.err, "plan %s saved in %s, valid until %s\n", saved.Hash, opts.out, moment(*saved.Expires))
	}
	if rep.Pending() {
		code = firstCode(code, exitPending)
	}
	if code != exitOK {
		return quietExit(code)
	}
	return nil
}

// savePlan writes a plan with the times that saved plans carry.
func (o planOptions) savePlan(result reconcile.RunResult) (reconcile.RunResult, error) {
	id := make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		return result, fmt.Errorf("make a plan ID: %w", err)
	}
	result.Created = o.now().UTC()
	result.Run = "plan-" + result.Created.Format("20060102T150405Z") + "-" + hex.EncodeToString(id)
	expires := result.Created.Add(agent.PlanLife)
	result.Expires = &expires
	var data bytes.Buffer
	if err := report.JSON(&data, report.OfRun(result)); err != nil {
		return result, fmt.Errorf("save the plan: %w", err)
	}
	return result, writeFileAtomically(o.out, data.Bytes())
}

// writeFileAtomically writes a file of mode 0640 that appears complete or not
// at all.
func writeFileAtomically(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".syncagent-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, withoutPath(err))
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, withoutPath(err))
			if gone := os.Remove(temp.Name()); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}()
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Chmod(temp.Name(), 0o640); err != nil { //nolint:gosec // plans are read by a group of administrators
		return err
	}
	return os.Rename(temp.Name(), path)
}
