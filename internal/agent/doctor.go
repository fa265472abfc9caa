package agent

import (
	"context"
	"errors"
	"fmt"

	"syncagent/internal/config"
)

// CheckStatus is how one check of Doctor ended.
type CheckStatus string

// The statuses.
const (
	CheckOK      CheckStatus = "ok"
	CheckWarning CheckStatus = "warning"
	CheckFailure CheckStatus = "failure"
)

// Check is one line of what Doctor found.
type Check struct {
	// Subject is "configuration", "state", "audit", "server" or "source NAME".
	Subject string      `json:"subject"`
	Name    string      `json:"name"`
	Status  CheckStatus `json:"status"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
	// Exit is the exit code that a failure stands for.
	Exit int `json:"exit_code,omitempty"`
}

// doctor collects checks.
type doctor struct {
	*Agent
	checks []Check
}

// Doctor looks at everything that a run needs: secrets, state, audit log, mail
// server with permissions, and every source. It changes nothing, creates no
// file, and goes on after a failure. yield is called for each check as soon as
// it is known. The error is that of ctx.
func (a *Agent) Doctor(ctx context.Context, yield func(Check)) error {
	d := &doctor{Agent: a}
	for _, part := range []func(context.Context){d.secrets, d.state, d.auditLog, d.mailServer, d.sources} {
		done := len(d.checks)
		part(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, c := range d.checks[done:] {
			yield(c)
		}
	}
	return nil
}

func (d *doctor) ok(subject, name, format string, args ...any) {
	d.checks = append(d.checks, Check{Subject: subject, Name: name, Status: CheckOK, Message: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(subject, name, hint, format string, args ...any) {
	d.checks = append(d.checks, Check{Subject: subject, Name: name, Status: CheckWarning, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// fail adds a failure; the hint of err counts if none is given.
func (d *doctor) fail(subject, name string, exit int, hint string, err error) {
	var hinted interface{ Hint() string }
	if hint == "" && errors.As(err, &hinted) {
		hint = hinted.Hint()
	}
	d.checks = append(d.checks, Check{Subject: subject, Name: name, Status: CheckFailure, Message: err.Error(), Hint: hint, Exit: exit})
}

// secrets reads each secret and tells nothing of it; the ways to keep one are
// the configuration's.
func (d *doctor) secrets(context.Context) {
	one := func(key string, secret *config.Secret) {
		if secret == nil {
			return
		}
		if _, err := secret.Read(); err != nil {
			d.fail("secrets", key, ExitUsage, "", err)
			return
		}
		d.ok("secrets", key, "readable by us and not by everybody (%s)", secret.Reference())
	}
	one("server.api_key", d.cfg.Server.APIKey)
	one("server.password", d.cfg.Server.Password)
	one("audit.sign_key", d.cfg.Audit.SignKey)
	for _, c := range d.cfg.Sources {
		switch {
		case c.LDAP != nil:
			one(c.Name+": bind.password", c.LDAP.Bind.Password)
		case c.SQL != nil:
			if _, err := c.SQL.DSN.Read(c.SQL.Driver); err != nil {
				d.fail("secrets", c.Name+": dsn", ExitUsage, "", err)
			}
		}
	}
}
