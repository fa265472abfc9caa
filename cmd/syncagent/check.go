package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/config"
)

type checkOptions struct {
	*globals
	defaults bool
	format   string
}

// checkResult is the answer of check --json.
type checkResult struct {
	Valid    bool             `json:"valid"`
	File     string           `json:"file"`
	Sources  []checkedSource  `json:"sources"`
	Problems []config.Problem `json:"problems"`
	Warnings []config.Problem `json:"warnings"`
	// Next are the next times at which the daemon would run, before splay.
	Next []time.Time `json:"next"`
}

type checkedSource struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// fireTimes is how many coming runs are shown.
const fireTimes = 3

func newCheckCommand(g *globals) *cobra.Command {
	opts := checkOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, without any network",
		Long: `Checks the configuration and tells all problems at once, each with line and
column. Directory and server are not asked ("doctor" does that), and no secret is
read. Settings that work but are risky are told as warnings. Then come the next
three times at which the daemon would run.`,
		Example: `  syncagent check
  syncagent check -c syncagent.yaml --json
  syncagent check --defaults        the whole configuration with all defaults`,
		GroupID: groupStart,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if opts.format, err = g.resultFormat("check", formatText, formatJSON); err != nil {
				return err
			}
			if opts.defaults {
				return runDefaults(cmd.Context(), opts, g.streams)
			}
			return runCheck(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().BoolVar(&opts.defaults, "defaults", false, "print the whole configuration with all defaults")
	return cmd
}

func runCheck(_ context.Context, opts checkOptions, s streams) error {
	cfg, err := opts.loadConfig()
	if opts.format == formatJSON {
		return checkJSON(opts, cfg, err, s)
	}
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings {
		if _, err := fmt.Fprintln(s.err, "warning: "+w.String()); err != nil {
			return err
		}
	}
	next, err := nextRuns(cfg, opts.now())
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ok, %s\n", cfg.File, counted(len(cfg.Sources), "source"))
	if len(cfg.Warnings) > 0 {
		fmt.Fprintf(&b, "%s on standard error\n", counted(len(cfg.Warnings), "warning"))
	}
	fmt.Fprintf(&b, "next runs of the daemon (plus up to %s of splay):\n", cfg.Schedule.Splay)
	for _, t := range next {
		fmt.Fprintf(&b, "  %s\n", t.Format("Mon 2006-01-02 15:04:05 MST"))
	}
	_, err = fmt.Fprint(s.out, b.String())
	return err
}

func checkJSON(opts checkOptions, cfg *config.Config, err error, s streams) error {
	result := checkResult{
		Problems: []config.Problem{}, Warnings: []config.Problem{},
		Sources: []checkedSource{}, Next: []time.Time{},
	}
	result.File, _ = opts.configPath()
	var problems *config.ProblemsError
	switch {
	case errors.As(err, &problems):
		result.Problems = problems.Problems
	case err != nil:
		return err
	default:
		result.Valid = true
		result.Warnings = append(result.Warnings, cfg.Warnings...)
		for _, src := range cfg.Sources {
			kind := "ldap"
			if src.SQL != nil {
				kind = "sql"
			}
			result.Sources = append(result.Sources, checkedSource{src.Name, kind})
		}
		if result.Next, err = nextRuns(cfg, opts.now()); err != nil {
			return err
		}
	}
	if err := writeJSON(s.out, result); err != nil {
		return err
	}
	if !result.Valid {
		return fail(exitUsage, problems, "")
	}
	return nil
}

func nextRuns(cfg *config.Config, now time.Time) ([]time.Time, error) {
	table, err := cfg.Schedule.Timetable()
	if err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	return table.NextN(now, fireTimes), nil
}

// runDefaults prints the configuration with its defaults; without any
// configuration, an example.
func runDefaults(_ context.Context, opts checkOptions, s streams) error {
	if opts.format == formatJSON {
		return usageError("leave --json out", "--defaults prints YAML")
	}
	path, explicit := opts.configPath()
	if !explicit {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return config.Example().Render(s.out)
		}
	}
	cfg, err := opts.loadConfig()
	if err != nil {
		return err
	}
	return cfg.Render(s.out)
}

func counted(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "x"):
		noun += "es"
	case strings.HasSuffix(noun, "ty"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
