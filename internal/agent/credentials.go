package agent

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// credentialCounter is a server that tells what opens an account besides the
// directory's password.
type credentialCounter interface {
	Credentials(ctx context.Context, ids []reconcile.AccountID) ([]stalwart.CredentialCount, error)
}

// countCredentials counts what a suspension or a deletion ends: app passwords
// and API keys outlive the directory entry until then. It is for the record
// only: nil if it cannot be told.
func (r *run) countCredentials(ctx context.Context, ids []reconcile.AccountID) []stalwart.CredentialCount {
	counter, ok := r.server.(credentialCounter)
	if !ok || !r.report.Info.Can.Credentials || r.stopped != nil {
		return nil
	}
	counts, err := counter.Credentials(ctx, ids)
	if err != nil {
		r.log.Warn("the credentials of leavers could not be counted", zap.Error(err))
		return nil
	}
	return counts
}

// ended adds to an outcome how many credentials an action ended.
func (o *outcome) ended(c stalwart.CredentialCount, how string) {
	if o.fields == nil {
		o.fields = map[string]any{}
	}
	o.fields["logins_ended"] = []string{fmt.Sprintf("app passwords %d", c.AppPasswords), fmt.Sprintf("API keys %d", c.APIKeys)}
	o.told = fmt.Sprintf("%s %d app passwords and %d API keys, and OAuth tokens, which the server does not count", how, c.AppPasswords, c.APIKeys)
}
