package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/state"
)

// noLedger is told by commands that look at a ledger which does not exist.
const noLedger = "there is no ledger yet: the first run (syncagent sync) makes it, links people to accounts, and changes nothing on the mail server"

// withLedger opens the ledger for reading, without a lock and without creating
// anything, and calls do.
func (g *globals) withLedger(ctx context.Context, do func(*config.Config, *state.Ledger) error) error {
	cfg, err := g.loadConfig()
	if err != nil {
		return err
	}
	ledger, err := state.Open(ctx, state.Options{Dir: cfg.State.Dir, Mode: state.ReadOnly, Now: g.now})
	if err != nil {
		return failed(fmt.Errorf("open the ledger: %w", err))
	}
	err = do(cfg, ledger)
	return errors.Join(err, ledger.Close())
}

// needLedger is withLedger for commands that have nothing to say without one.
func (g *globals) needLedger(ctx context.Context, do func(*config.Config, *state.Ledger) error) error {
	return g.withLedger(ctx, func(cfg *config.Config, ledger *state.Ledger) error {
		if !ledger.Exists() {
			return fail(exitFailed, errors.New(noLedger), "")
		}
		return do(cfg, ledger)
	})
}

// newAgent makes an agent that logs to standard error.
func (g *globals) newAgent(cfg *config.Config) *agent.Agent {
	return agent.New(agent.Options{Config: cfg, Log: g.logger(cfg.Log), Now: g.now})
}

// outside carries out an order of a person: one short transaction between two
// audit records.
func (g *globals) outside(ctx context.Context, cfg *config.Config, note agent.Note, do func(*state.Ledger) error) error {
	return failed(g.newAgent(cfg).Outside(ctx, note, do))
}

// failed gives an error of agent, ledger or audit log its exit code and hint.
func failed(err error) error {
	if err == nil {
		return nil
	}
	hint := ""
	if owner, ok := errors.AsType[*state.OwnerError](err); ok {
		hint = owner.Line()
	}
	return fail(exitCode((&agent.Report{}).ExitCode(err)), err, hint)
}

// printable replaces what would not show, or would change how the rest of a
// line shows: names come from directories and are not trusted.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
