package main

import (
	"context"
	"errors"
	"fmt"

	"syncagent/internal/agent"
	"syncagent/internal/report"
)

// runOrder carries out what a person ordered, and tells what came of it. What
// was held back makes the exit code 3: the rest was done.
func (g *globals) runOrder(ctx context.Context, command string, dry bool, order agent.Order, s streams) error {
	rep, format, err := g.oneRun(ctx, agent.RunOptions{
		DryRun: dry, Trigger: agent.TriggerOrder, Command: "syncagent " + command, Order: &order,
	})
	if rep == nil {
		return err
	}
	code := exitCode(rep.ExitCode(err))
	switch {
	case errors.Is(err, agent.ErrNotAdopted), errors.Is(err, agent.ErrNoSteps):
		return fail(code, err, "")
	case err != nil:
		return failed(err)
	}
	if order.Undo != nil && order.Undo.LetGo && format == report.FormatText {
		_, err := fmt.Fprintf(s.out, "%s not held any more; the next run decides anew\n", counted(rep.LetGo, "account"))
		return err
	}
	if err := g.writeRun(rep, format, s); err != nil {
		return err
	}
	if rep.Blocked() && !dry {
		_, _ = fmt.Fprintf(s.err, "blocked; once it is approved with: syncagent approve %s --by NAME, give the command again\n", rep.Result.Hash)
	}
	if len(rep.Result.Holds) > 0 {
		code = firstCode(code, exitPartial)
	}
	if code != exitOK {
		return quietExit(code)
	}
	return nil
}
