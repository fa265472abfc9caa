package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/state"
)

// mostSkew is the difference between two clocks that is worth a warning.
const mostSkew = time.Minute

// mailServer logs in once and reads what our login may do.
func (d *doctor) mailServer(ctx context.Context) {
	const subject = "server"
	server, err := d.dial(ctx, d.cfg.Server, d.log)
	if err != nil {
		d.fail(subject, "connection", ExitServer, stalwart.HintOf(err), err)
		return
	}
	defer server.Close()
	info := server.Info()
	d.ok(subject, "connection", "Stalwart %s (%s) at %s, logged in as %s", info.Version, info.Generation, d.cfg.Server.URL, info.SelfName)
	for _, w := range info.Warnings {
		d.warn(subject, w.Code, w.Hint, "%s", w.Message)
	}
	d.abilities(info)
	d.permissions(info)
	if err := possible(d.cfg, info); err != nil {
		d.fail(subject, "policy", ExitUsage, "", err)
	}
	if skew := info.Skew.Abs(); skew > mostSkew {
		d.warn(subject, "clock", "Keep both clocks in step with NTP.", "the server's clock differs from ours by %s", skew)
	} else {
		d.ok(subject, "clock", "differs from ours by %s", skew)
	}
	rules, err := server.Rules(ctx)
	if err != nil {
		d.fail(subject, "domains", ExitServer, stalwart.HintOf(err), err)
		return
	}
	var names []string
	for name := range rules.Domains {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		names = []string{"this version does not tell them; it gets to know a domain by logins"}
	}
	d.ok(subject, "domains", "%s", strings.Join(names, ", "))
	d.self(ctx, server, info)
}

// permissions tells what our login may not do, with the names to add.
func (d *doctor) permissions(info stalwart.Info) {
	if len(info.Missing) == 0 {
		d.ok("server", "permissions", "nothing is missing")
		return
	}
	for _, m := range info.Missing {
		d.warn("server", "permissions", "Add them to the role or API key of our login: "+strings.Join(m.Permissions, ", "),
			"%s is not allowed, so it will not be done", m.Ability)
	}
}

// self looks at our own account: it is never touched, because it is ours and
// because it should be an administrator's.
func (d *doctor) self(ctx context.Context, server stalwart.Server, info stalwart.Info) {
	if info.Self == "" { // an API key before 0.16 has no account
		d.ok("server", "own account", "%s is not an account that could be renamed or deleted", info.SelfName)
		return
	}
	found, _, err := server.Get(ctx, []reconcile.AccountID{info.Self})
	switch {
	case err != nil:
		d.fail("server", "own account", ExitServer, stalwart.HintOf(err), err)
	case len(found) == 0:
		d.ok("server", "own account", "%s is not an account that could be renamed or deleted", info.SelfName)
	default:
		d.ok("server", "own account", "%s (%s) is never touched", found[0].Name, found[0].ID)
	}
}

// sources asks each source to look at itself.
func (d *doctor) sources(ctx context.Context) {
	states := d.sourceStates(ctx)
	for _, c := range d.cfg.Sources {
		subject := "source " + c.Name
		source, err := d.source(c, states[c.Name].IDAttribute, d.log)
		if err != nil {
			d.fail(subject, "configuration", ExitUsage, "", err)
			continue
		}
		switch s := source.(type) {
		case ldapSource:
			checks, _ := s.Probe(ctx) // the error is that of ctx, which Doctor looks at
			for _, one := range checks {
				name := one.Name
				if len(c.LDAP.URLs) > 1 {
					name = one.Server + " " + name
				}
				d.probed(subject, name, string(one.Status), one.Message, one.Hint)
			}
		case sqlSource:
			for _, one := range s.Probe(ctx) {
				d.probed(subject, one.Name, string(one.Status), one.Message, one.Hint)
			}
		}
	}
}

func (d *doctor) probed(subject, name, status, message, hint string) {
	switch CheckStatus(status) {
	case CheckOK:
		d.ok(subject, name, "%s", message)
	case CheckWarning:
		d.warn(subject, name, hint, "%s", message)
	case CheckFailure:
		d.fail(subject, name, ExitSource, hint, errors.New(message))
	}
}

// sourceStates is what the ledger remembers; nothing if it cannot be read,
// which state has told already.
func (d *doctor) sourceStates(ctx context.Context) map[string]reconcile.SourceState {
	ledger, err := state.Open(ctx, state.Options{Dir: d.cfg.State.Dir, Mode: state.ReadOnly, Now: d.now})
	if err != nil {
		return nil
	}
	defer func() { _ = ledger.Close() }() // it is a copy in memory
	states, err := ledger.Sources(ctx)
	if err != nil {
		return nil
	}
	return states
}
