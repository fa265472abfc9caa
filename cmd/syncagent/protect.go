package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

type protectOptions struct {
	*globals
	pattern string
	by      string
	reason  string
	list    bool
	format  string
}

// protection is the answer of protect --json.
type protection struct {
	Pattern string   `json:"pattern"`
	By      string   `json:"by"`
	Reason  string   `json:"reason,omitempty"`
	Since   string   `json:"since"`
	Matches []string `json:"matches"`
}

func newProtectCommand(g *globals) *cobra.Command {
	opts := protectOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "protect NAME|ID --by NAME --reason TEXT",
		Short: "Never touch a person's account",
		Long: `Orders that the account of a person is never touched: neither renamed, nor cut
off, nor deleted. NAME is a present or former name, an address or a pattern with
"*"; ID is a stable ID. Without letter case; a pattern without "@" is also compared
with what stands before the "@". policy.protect in the configuration does the same.`,
		Example: `  syncagent protect alice@example.org --by Ada --reason "legal hold"
  syncagent protect "svc-*" --by Ada --reason "service accounts"
  syncagent protect --list`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.understand("protect", args); err != nil {
				return err
			}
			if opts.list {
				return listProtections(cmd.Context(), opts, g.streams)
			}
			return runProtect(cmd.Context(), opts, g.streams)
		},
	}
	cmd.Flags().BoolVar(&opts.list, "list", false, "list the orders")
	opts.addTo(cmd)
	return cmd
}

func newUnprotectCommand(g *globals) *cobra.Command {
	opts := protectOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "unprotect NAME|ID --by NAME",
		Short: "Take an order of protect back",
		Long: `Takes back an order that "protect" gave, exactly as it was given ("protect --list"
shows them). What policy.protect in the configuration protects stays protected.`,
		Example: `  syncagent unprotect alice@example.org --by Ada --reason "legal hold ended"`,
		GroupID: groupRepair,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.understand("unprotect", args); err != nil {
				return err
			}
			return runUnprotect(cmd.Context(), opts, g.streams)
		},
	}
	opts.addTo(cmd)
	return cmd
}

func (o *protectOptions) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.by, "by", "", "`NAME` of the person who orders it")
	cmd.Flags().StringVar(&o.reason, "reason", "", "`TEXT` to record why")
}

func (o *protectOptions) understand(command string, args []string) (err error) {
	if o.format, err = o.resultFormat(command, formatText, formatJSON); err != nil || o.list && len(args) == 0 {
		return err
	}
	switch {
	case o.list || len(args) != 1 || strings.TrimSpace(args[0]) == "":
		return usageError("see 'syncagent "+command+" --help'", "%s needs one name, address, stable ID or pattern", command)
	case strings.TrimSpace(o.by) == "":
		return usageError(`add --by "YOUR NAME"`, "%s needs the name of the person who orders it", command)
	case command == "protect" && strings.TrimSpace(o.reason) == "":
		return usageError("add --reason TEXT", "protect needs a reason, for whoever comes across it later")
	}
	o.pattern = strings.TrimSpace(args[0])
	return nil
}

func (o protectOptions) note(event string) agent.Note {
	return agent.Note{Command: "syncagent " + event, Event: event, Fields: map[string]any{
		"pattern": o.pattern, "by": o.by, "reason": o.reason,
	}}
}

func runProtect(ctx context.Context, opts protectOptions, s streams) error {
	cfg, err := opts.loadConfig()
	if err != nil {
		return err
	}
	p := reconcile.Protection{Pattern: opts.pattern, By: opts.by, Reason: opts.reason, Since: opts.now().UTC()}
	matches := []string{}
	err = opts.outside(ctx, cfg, opts.note("protect"), func(ledger *state.Ledger) error {
		if err := ledger.Protect(ctx, p); err != nil {
			return err
		}
		matches, err = matching(ctx, ledger, p.Pattern)
		return err
	})
	if err != nil {
		return err
	}
	if len(matches) == 0 {
		_, _ = fmt.Fprintf(s.err, "warning: %q matches nobody that the ledger knows\n", opts.pattern)
	}
	if opts.format == formatJSON {
		return writeJSON(s.out, protectionOf(p, matches))
	}
	_, err = fmt.Fprintf(s.out, "protected: %s (%s)\n", printable(p.Pattern), whom(matches))
	return err
}

func whom(matches []string) string {
	const few = 5
	switch {
	case len(matches) == 0:
		return "nobody known"
	case len(matches) > few:
		return fmt.Sprintf("%s and %d more", strings.Join(matches[:few], ", "), len(matches)-few)
	}
	return strings.Join(matches, ", ")
}

func protectionOf(p reconcile.Protection, matches []string) protection {
	return protection{
		Pattern: p.Pattern, By: p.By, Reason: p.Reason, Since: p.Since.UTC().Format("2006-01-02T15:04:05Z"), Matches: matches,
	}
}

// matching lists the living people whom a pattern fits.
func matching(ctx context.Context, ledger *state.Ledger, pattern string) ([]string, error) {
	matches := []string{}
	err := ledger.EachPrincipal(ctx, "", func(p reconcile.Principal) error {
		if p.State != reconcile.StateGone && fits(pattern, p) {
			matches = append(matches, printable(nameOf(p)))
		}
		return nil
	})
	return matches, err
}

// fits tells whether a pattern meets a name, the ID or, without "*", an
// address of a principal.
func fits(pattern string, p reconcile.Principal) bool {
	if reconcile.MatchPattern(pattern, string(p.ID)) || reconcile.MatchName(pattern, p.Name) || reconcile.MatchName(pattern, p.Link.Name) {
		return true
	}
	key := reconcile.NameRules{}.Hash(pattern)
	return slices.Contains(p.Addresses, key)
}

func nameOf(p reconcile.Principal) string {
	if p.Name != "" {
		return p.Name
	}
	return string(p.ID)
}

func runUnprotect(ctx context.Context, opts protectOptions, s streams) error {
	cfg, err := opts.existingLedger(ctx)
	if err != nil {
		return err
	}
	err = opts.outside(ctx, cfg, opts.note("unprotect"), func(ledger *state.Ledger) error { return ledger.Unprotect(ctx, opts.pattern) })
	if errors.Is(err, state.ErrNotFound) {
		return fail(exitFailed, fmt.Errorf("there is no order for %q", opts.pattern), "syncagent protect --list shows them")
	}
	if err != nil {
		return err
	}
	if opts.format == formatJSON {
		return writeJSON(s.out, map[string]string{"unprotected": opts.pattern})
	}
	_, err = fmt.Fprintf(s.out, "no longer protected: %s\n", printable(opts.pattern))
	return err
}

func listProtections(ctx context.Context, opts protectOptions, s streams) error {
	return opts.withLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		all, err := ledger.Protections(ctx)
		if err != nil {
			return failed(err)
		}
		list := []protection{}
		for _, p := range all {
			matches, err := matching(ctx, ledger, p.Pattern)
			if err != nil {
				return failed(err)
			}
			list = append(list, protectionOf(p, matches))
		}
		if opts.format == formatJSON {
			return writeJSON(s.out, list)
		}
		var b strings.Builder
		for i, p := range list {
			fmt.Fprintf(&b, "%s (%s); by %s since %s; %s\n", printable(p.Pattern), whom(p.Matches), printable(p.By), moment(all[i].Since), printable(p.Reason))
		}
		if len(list) == 0 {
			b.WriteString("nobody is protected by order\n")
		}
		for _, src := range cfg.Sources {
			for _, pattern := range src.Policy.Protect {
				fmt.Fprintf(&b, "%s; by policy.protect, for %s\n", printable(pattern), src.Name)
			}
		}
		_, err = fmt.Fprint(s.out, b.String())
		return err
	})
}
