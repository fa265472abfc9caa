package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// precheck reads the accounts of a batch again and drops every action whose
// account is not as the plan saw it; a group is dropped as a whole. An action
// is never adapted. Deletes are asked for in the directory again, too.
func (r *run) precheck(ctx context.Context, batch []reconcile.Action) ([]reconcile.Action, error) {
	var ids []reconcile.AccountID
	for _, a := range batch {
		ids = append(ids, a.Account)
	}
	slices.Sort(ids)
	found, _, err := r.server.Get(ctx, slices.Compact(ids))
	if err != nil {
		return nil, &ServerError{fmt.Errorf("look at the accounts before the write: %w", err)}
	}
	by := map[reconcile.AccountID]reconcile.Account{}
	for _, a := range found {
		by[a.ID] = a
	}
	why, err := r.recheckDeletes(ctx, batch)
	if err != nil {
		return nil, err
	}
	badGroup := map[int]bool{}
	for _, a := range batch {
		if why[a.Seq] == "" {
			why[a.Seq] = r.differs(a, by)
		}
		if why[a.Seq] != "" && a.Group != 0 {
			badGroup[a.Group] = true
		}
	}
	var kept []reconcile.Action
	for _, a := range batch {
		reason := why[a.Seq]
		if reason == "" && badGroup[a.Group] {
			reason = "another member of its group was dropped"
		}
		if reason == "" {
			kept = append(kept, a)
			continue
		}
		result := reconcile.Result{Seq: a.Seq, Outcome: reconcile.OutcomeDropped, Error: reason, Hint: "the next run plans it anew"}
		r.results[a.Seq] = result
		r.logAction(a, result)
		if err := r.tell(ctx, string(a.Kind), "dropped", outcomeFields(a, outcome{kept: reason})); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// differs says how an account differs from what the plan saw; "" if it does
// not.
func (r *run) differs(a reconcile.Action, by map[reconcile.AccountID]reconcile.Account) string {
	now, ok := by[a.Account]
	before := a.Before
	switch {
	case !ok:
		return "the account does not exist any more"
	case before == nil:
		return "the plan does not say what the account was like"
	case r.rules.Key(now.Name) != r.rules.Key(before.Name):
		return fmt.Sprintf("the account is called %s now", now.Name)
	case now.Kind != before.Kind:
		return "the account is of another kind now"
	case !now.Created.Equal(before.Created):
		return "the account was made at another time: it is not the same one"
	case now.ID == r.report.Info.Self:
		return "it is the account that syncagent itself logs in with"
	case a.Kind != reconcile.ActDestroyTwin && !sameSet(now.Addresses, before.Addresses):
		return "the account's addresses changed"
	}
	return ""
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// recheckDeletes asks the sources right before accounts are destroyed.
func (r *run) recheckDeletes(ctx context.Context, batch []reconcile.Action) (map[int]string, error) {
	why := map[int]string{}
	var refs []reconcile.PrincipalRef
	for _, a := range batch {
		if a.Kind == reconcile.ActDelete {
			refs = append(refs, reconcile.PrincipalRef{Source: a.Source, ID: a.StableID})
		}
	}
	if len(refs) == 0 {
		return why, nil
	}
	answers, err := r.recheckAll(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, a := range batch {
		answer, asked := answers[reconcile.PrincipalRef{Source: a.Source, ID: a.StableID}]
		if a.Kind == reconcile.ActDelete && (!asked || !answer.Negative()) {
			why[a.Seq] = "asked again right before the delete, the directory does not prove that the person is gone. " + answer.Why
		}
		if a.Kind == reconcile.ActDelete && why[a.Seq] == "" {
			if why[a.Seq], err = r.notArchived(ctx, a); err != nil {
				return nil, err
			}
		}
	}
	return why, nil
}

// writeIdentities carries renames and releases out, in their order. A name that
// the server cannot have stops a request before it is sent; then each group goes
// out by itself, so that one person's bad name does not keep all others waiting.
func (r *run) writeIdentities(ctx context.Context, batch []reconcile.Action) []outcome {
	out := r.writeTogether(ctx, batch)
	if groups := groupsOf(batch); len(groups) > 1 && stoppedByName(out) {
		out = out[:0]
		for _, group := range groups {
			if n := len(out); n > 0 && stalwart.Stopped(out[n-1].err) {
				for range group {
					out = append(out, outcome{err: &stalwart.NotSentError{Cause: out[n-1].err}})
				}
				continue
			}
			out = append(out, r.writeTogether(ctx, group)...)
		}
	}
	r.verifyIdentities(ctx, batch, out)
	return out
}

// writeTogether sends actions in as few requests as possible.
func (r *run) writeTogether(ctx context.Context, batch []reconcile.Action) []outcome {
	writes := reconcile.IdentityWritesOf(batch)
	errs, err := r.server.WriteIdentities(ctx, writes)
	out := make([]outcome, len(batch))
	for i, a := range batch {
		for j, w := range writes {
			switch {
			case w.Account != a.Account || out[i].err != nil:
			case j < len(errs) && errs[j] != nil:
				out[i].err = errs[j]
			case j >= len(errs) && err != nil:
				out[i].err = err
			}
		}
	}
	return out
}

// stoppedByName tells that nothing at all was sent, because of a name.
func stoppedByName(out []outcome) bool {
	return !slices.ContainsFunc(out, func(o outcome) bool {
		_, unsent := errors.AsType[*stalwart.NotSentError](o.err)
		_, name := errors.AsType[*stalwart.InvalidNameError](o.err)
		_, unsafe := errors.AsType[*stalwart.NameUnsafeError](o.err)
		_, domain := errors.AsType[*stalwart.InvalidDomainError](o.err)
		return !unsent || !name && !domain && !unsafe
	})
}

// groupsOf cuts a batch into what belongs together.
func groupsOf(batch []reconcile.Action) [][]reconcile.Action {
	var groups [][]reconcile.Action
	for i, a := range batch {
		if i > 0 && a.Group != 0 && a.Group == batch[i-1].Group {
			groups[len(groups)-1] = append(groups[len(groups)-1], a)
			continue
		}
		groups = append(groups, []reconcile.Action{a})
	}
	return groups
}

// verifyIdentities reads what was written. An account that does not have the
// name that the server confirmed is a failure, told as it is.
func (r *run) verifyIdentities(ctx context.Context, batch []reconcile.Action, out []outcome) {
	var ids []reconcile.AccountID
	for i, a := range batch {
		if out[i].err == nil {
			ids = append(ids, a.Account)
		}
	}
	if len(ids) == 0 {
		return
	}
	found, _, err := r.server.Get(ctx, ids)
	if err != nil {
		r.log.Warn("the writes were confirmed, but could not be read again", errField(err))
		return
	}
	names := map[reconcile.AccountID]string{}
	for _, a := range found {
		names[a.ID] = a.Name
	}
	for i, a := range batch {
		if name, ok := names[a.Account]; out[i].err == nil && (!ok || r.rules.Key(name) != r.rules.Key(a.To)) {
			out[i].err = fmt.Errorf("the server confirmed the name %s, but shows %q", a.To, name)
		}
	}
}

// destroy deletes accounts whose owners have left.
func (r *run) destroy(ctx context.Context, batch []reconcile.Action) []outcome {
	ids := make([]reconcile.AccountID, len(batch))
	for i, a := range batch {
		ids[i] = a.Account
	}
	counts := r.countCredentials(ctx, ids)
	errs, err := r.server.Destroy(ctx, ids)
	out := make([]outcome, len(batch))
	for i := range batch {
		switch {
		case i < len(errs):
			out[i].err = gone(errs[i])
		case err != nil:
			out[i].err = err
		}
		if out[i].err == nil {
			r.deleted = append(r.deleted, ids[i])
		}
		if k, ok := r.archives[ids[i]]; ok {
			out[i].fields = map[string]any{"archive": k.path, "manifest_sha256": k.ManifestSHA256}
		}
		if out[i].err == nil && counts != nil {
			out[i].ended(counts[i], "ended with it:")
		}
	}
	return out
}

// gone takes "not found" for done: the account does not exist any more.
func gone(err error) error {
	if _, ok := asNotFound(err); ok {
		return nil
	}
	return err
}

// single carries one action out with its own call.
func (r *run) single(ctx context.Context, a reconcile.Action) outcome {
	switch a.Kind {
	case reconcile.ActPark:
		return r.park(ctx, a)
	case reconcile.ActSuspend:
		return r.suspend(ctx, a)
	case reconcile.ActResume:
		return r.resume(ctx, a)
	case reconcile.ActDestroyTwin:
		return r.destroyTwin(ctx, a)
	case reconcile.ActRename, reconcile.ActRelease, reconcile.ActDelete, reconcile.ActExport,
		reconcile.ActRelink, reconcile.ActClaim, reconcile.ActPurge:
	}
	return outcome{kept: fmt.Sprintf("this build cannot %s", a.Kind)}
}

func (r *run) suspend(ctx context.Context, a reconcile.Action) outcome {
	before, err := r.server.Suspend(ctx, a.Account)
	o := outcome{err: err, mend: remember(before), notes: []string{
		stalwart.NotCutSessions + ": IMAP sessions that are open now go on until they end",
	}}
	if err == nil {
		if counts := r.countCredentials(ctx, []reconcile.AccountID{a.Account}); counts != nil {
			o.ended(counts[0], "shut out (until it is taken back):")
		}
	}
	return o
}

func (r *run) park(ctx context.Context, a reconcile.Action) outcome {
	result, err := r.server.Park(ctx, reconcile.IdentityWrite{Account: a.Account, Name: a.To}, true)
	o := outcome{err: err}
	for _, reason := range result.NotCut {
		o.notes = append(o.notes, reason.Code+": "+reason.Message)
	}
	if err == nil && r.report.Info.Can.Credentials {
		o.ended(stalwart.CredentialCount{AppPasswords: result.AppPasswords, APIKeys: result.APIKeys}, "destroyed:")
	}
	if !r.cutBefore(a) { // else what we read now is our own cut
		o.mend = remember(result.Before)
	}
	return o
}

// remember keeps the access that was read right before it was cut.
func remember(access string) func(*reconcile.Principal) {
	return func(p *reconcile.Principal) {
		if p.Before != nil && access != "" {
			before := *p.Before
			before.Access, p.Before = access, &before
		}
	}
}

// cutBefore tells whether syncagent had cut the access to the account of an
// action in an earlier run.
func (r *run) cutBefore(a reconcile.Action) bool {
	return slices.ContainsFunc(r.facts.Principals, func(p reconcile.Principal) bool {
		return p.Source == a.Source && p.ID == a.StableID && p.Access != reconcile.AccessOpen
	})
}

// resume puts name, addresses and access back.
func (r *run) resume(ctx context.Context, a reconcile.Action) outcome {
	if r.rules.Key(a.From) != r.rules.Key(a.To) || !sameSet(a.Addresses.From, a.Addresses.To) {
		write := reconcile.IdentityWrite{Account: a.Account, Name: a.To, Addresses: a.Addresses.To}
		errs, err := r.server.WriteIdentities(ctx, []reconcile.IdentityWrite{write})
		if len(errs) == 1 && errs[0] != nil {
			err = errs[0]
		}
		if err != nil {
			return outcome{err: err}
		}
	}
	before := ""
	for _, p := range r.facts.Principals {
		if p.Source == a.Source && p.ID == a.StableID && p.Before != nil {
			before = p.Before.Access
		}
	}
	if before == "" { // nobody's account, which an undo gives back
		before = r.accessBefore[a.Account]
	}
	if before == "" || (a.Before != nil && !a.Before.Suspended) {
		return outcome{}
	}
	return outcome{err: r.server.Resume(ctx, a.Account, before)}
}
