package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// merger copies the mail of one account into another one and proves it. Servers
// before 0.16 are none.
type merger interface {
	CanMerge() error
	Merge(ctx context.Context, from, into reconcile.AccountID) (stalwart.Merged, error)
}

// noMerge says why the mail of twins cannot be brought over; "" if it can.
func noMerge(server stalwart.Server) string {
	m, ok := server.(merger)
	if !ok {
		return "this generation of the mail server cannot copy mail from one account into another"
	}
	if err := m.CanMerge(); err != nil {
		return err.Error()
	}
	return ""
}

// mergeTwins tells whether the twins of a source are to be merged, and can be.
func (r *run) mergeTwins(source string) bool {
	s := r.cfg.SourceNamed(source)
	return s != nil && s.Policy.Twin == config.TwinMerge && noMerge(r.server) == ""
}

// destroyTwin looks into the twin that was moved aside, and destroys it only if
// it is proven empty, or if all that it holds is mail that is proven to be in
// the real account, too.
func (r *run) destroyTwin(ctx context.Context, a reconcile.Action) outcome {
	contents, err := r.server.Contents(ctx, a.Account)
	o := outcome{}
	switch {
	case err != nil:
		return outcome{err: err}
	case !contents.Known:
		return keptTwin(a, reconcile.HoldTwinUnproven, "it could not be looked into: "+contents.MissingWhy)
	case contents.Empty():
	case a.To == "":
		return keptTwin(a, reconcile.HoldTwinNotEmpty, "it is not empty ("+holding(contents)+")")
	default:
		if o = r.mergeTwin(ctx, a, contents); o.err != nil || o.kept != "" {
			return o
		}
	}
	errs, err := r.server.Destroy(ctx, []reconcile.AccountID{a.Account})
	if len(errs) == 1 {
		err = errs[0]
	}
	if o.err = gone(err); o.err == nil {
		r.deleted = append(r.deleted, a.Account)
	}
	return o
}

// mergeTwin copies the mail of a twin into the account of the person whose name
// it took. What it did stands in the audit record of the action.
func (r *run) mergeTwin(ctx context.Context, a reconcile.Action, contents reconcile.Contents) outcome {
	if !mailOnly(contents) {
		return keptTwin(a, reconcile.HoldTwinNotEmpty, "it holds what cannot be merged ("+holding(contents)+")")
	}
	if why := noMerge(r.server); why != "" {
		return keptTwin(a, reconcile.HoldTwinMergeUnsupported, why)
	}
	into, why, err := r.realAccount(ctx, a)
	switch {
	case err != nil:
		return outcome{err: err}
	case why != "":
		return keptTwin(a, reconcile.HoldTwinNotEmpty, "its mail was not merged: "+why)
	}
	// Clients with a cached login stay in the twin, and may still write to it.
	if r.report.Info.Can.InvalidateCaches {
		if err := r.server.InvalidateCaches(ctx); err != nil {
			return outcome{err: fmt.Errorf("end the cached logins of the twin: %w", err)}
		}
	}
	merged, err := r.server.(merger).Merge(ctx, a.Account, into)
	if not, refused := errors.AsType[*stalwart.NotMergedError](err); refused {
		return keptTwin(a, reconcile.HoldTwinMergeRefused, not.Error())
	}
	if err != nil {
		return outcome{err: err}
	}
	after, err := r.server.Contents(ctx, a.Account)
	switch {
	case err != nil:
		return outcome{err: err}
	case !after.Known || !mailOnly(after) || after.Messages != merged.Messages:
		return keptTwin(a, reconcile.HoldTwinNotEmpty, "it changed while its mail was copied ("+holding(after)+")")
	}
	return outcome{fields: map[string]any{"merged_into": string(into), "messages": merged.Messages, "copied": merged.Copied}}
}

// realAccount finds the account that a twin is to be merged into: that of the
// same stable ID, living, open, under the name that the ledger knows.
func (r *run) realAccount(ctx context.Context, a reconcile.Action) (id reconcile.AccountID, why string, err error) {
	found, err := r.ledger.PrincipalsByRefs(ctx, []reconcile.PrincipalRef{{Source: a.Source, ID: a.StableID}})
	if err != nil {
		return "", "", fmt.Errorf("read the owner of a twin: %w", err)
	}
	if len(found) != 1 || !found[0].Bound() || found[0].Link.Account == a.Account {
		return "", "its owner has no other account", nil
	}
	p := found[0]
	if p.State != reconcile.StateActive || p.Access != reconcile.AccessOpen {
		return "", "its owner is missing, or the real account is closed", nil
	}
	now, err := r.look(ctx, p.Link.Account)
	switch {
	case err != nil:
		return "", "", err
	case now == nil || now.Kind != reconcile.KindIndividual || r.rules.Key(now.Name) != r.rules.Key(p.Link.Name) ||
		!now.Created.Equal(p.Link.Created) || now.ID == r.report.Info.Self:
		return "", "the real account is not as the ledger knows it", nil
	case r.rules.Key(now.Name) != r.rules.Key(a.To):
		return "", fmt.Sprintf("the real account is called %s, not %s", now.Name, a.To), nil
	}
	return now.ID, "", nil
}

// mailOnly tells that an account holds nothing but mail.
func mailOnly(c reconcile.Contents) bool {
	return c.Known && c.Messages > 0 && c.Contacts == 0 && c.Events == 0 && c.Files == 0 && c.Scripts == 0
}

// holding says what an account holds.
func holding(c reconcile.Contents) string {
	parts := []string{fmt.Sprintf("%d messages", c.Messages)}
	for _, part := range []struct {
		n    int
		what string
	}{{c.Contacts, "contacts"}, {c.Events, "calendar entries"}, {c.Files, "files"}, {c.Scripts, "Sieve scripts"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("%d bytes", c.UsedBytes)), ", ")
}

func keptTwin(a reconcile.Action, code, why string) outcome {
	return outcome{kept: fmt.Sprintf("%s: the twin stays aside as %s: %s", code, a.From, why), code: code}
}
