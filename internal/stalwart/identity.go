package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cenkalti/backoff/v5"

	"syncagent/internal/reconcile"
)

// identityWrite is a write with its names resolved.
type identityWrite struct {
	reconcile.IdentityWrite
	patch patch
}

// patch is the update of an account: name, domain and aliases in one, since a
// rename of the name alone leaves addresses behind that open the mailbox.
type patch struct {
	Name        string          `json:"name"`
	DomainID    string          `json:"domainId"`
	Aliases     *aliasList      `json:"aliases,omitempty"`
	Permissions json.RawMessage `json:"permissions,omitempty"`
}

// WriteIdentities sets names and addresses strictly in the order given; an
// account may come several times (a cycle goes through a temporary name). As
// many writes as possible go out in one request, up to 50: a caller that must
// not have a group torn apart calls once for each group. The errors stand in the
// order of the writes, nil for what is done: PrimaryKeyViolationError,
// NotFoundError, InvalidNameError, InvalidDomainError, ForbiddenError,
// ConflictError and RefusedError were not done; UncertainError is not known;
// NotSentError was not tried. A refused write does not stop those after it. The
// second error says why it stopped early, nil if every write has an answer.
//
// An alias that the account has already stays as it is (enabled or not, with its
// description); a new one is enabled.
func (s *jmapServer) WriteIdentities(ctx context.Context, writes []reconcile.IdentityWrite) ([]error, error) {
	results := make([]error, len(writes))
	resolved, err := s.resolve(ctx, writes)
	if err != nil {
		return notSent(results, 0, err), fmt.Errorf("write identities: %w", err)
	}
	size := min(writeBatch, s.limits.maxObjectsInSet)
	for begin := 0; begin < len(resolved); {
		end := batchEnd(resolved, begin, size, s.limits.maxCallsInRequest)
		if err := s.writeBatch(ctx, resolved[begin:end], results[begin:end]); err != nil {
			notSent(results, end, err)
			return results, fmt.Errorf("write identities: %w", err)
		}
		begin = end
	}
	return results, nil
}

// notSent marks the results from an index on.
func notSent(results []error, from int, cause error) []error {
	for i := from; i < len(results); i++ {
		results[i] = &NotSentError{Cause: cause}
	}
	return results
}

// resolve checks all writes and builds their patches before anything is sent.
func (s *jmapServer) resolve(ctx context.Context, writes []reconcile.IdentityWrite) ([]identityWrite, error) {
	if !s.info.Can.Rename {
		return nil, &ForbiddenError{Permission: "sysAccountUpdate"}
	}
	var keeping []reconcile.AccountID
	for _, w := range writes {
		if _, err := idNumber(w.Account); err != nil {
			return nil, err
		}
		if len(w.Addresses) > 0 && !w.KeepAddresses && !slices.Contains(keeping, w.Account) {
			keeping = append(keeping, w.Account)
		}
	}
	current, err := s.getAccounts(ctx, keeping)
	if err != nil {
		return nil, err
	}
	resolved := make([]identityWrite, len(writes))
	for i, w := range writes {
		p, err := s.patchFor(ctx, w, current[string(w.Account)].Aliases)
		if err != nil {
			return nil, err
		}
		resolved[i] = identityWrite{w, p}
	}
	return resolved, nil
}

// patchFor builds the update of one write.
func (s *jmapServer) patchFor(ctx context.Context, w reconcile.IdentityWrite, current map[string]alias) (patch, error) {
	name, err := s.splitAddress(ctx, w.Name)
	if err != nil {
		return patch{}, err
	}
	p := patch{Name: name.local, DomainID: name.domainID}
	if w.KeepAddresses {
		return p, nil
	}
	was := make(map[mailbox]alias, len(current))
	for _, a := range current {
		was[mailbox{a.Name, a.DomainID}] = a
	}
	list := aliasList{}
	seen := map[mailbox]bool{name: true} // the server accepts its own name as alias; nothing needs it
	for _, address := range w.Addresses {
		m, err := s.splitAddress(ctx, address)
		if err != nil {
			return patch{}, err
		}
		if seen[m] {
			continue
		}
		seen[m] = true
		a, had := was[m]
		if !had {
			a = alias{Enabled: true, Name: m.local, DomainID: m.domainID}
		}
		list = append(list, a)
	}
	p.Aliases = &list
	return p, nil
}

// batchEnd gives the end of the writes from begin that fit into one request.
func batchEnd(writes []identityWrite, begin, size, maxCalls int) int {
	calls := 1
	inCall := map[reconcile.AccountID]bool{}
	for i := begin; i < len(writes); i++ {
		if inCall[writes[i].Account] {
			calls++
			clear(inCall)
		}
		if i-begin >= size || calls > maxCalls {
			return i
		}
		inCall[writes[i].Account] = true
	}
	return len(writes)
}

// updateCalls puts writes into consecutive calls, and gives the call that each
// write is in. Few writes get a call each: a concurrent change then spoils only
// one. Of many, several share a call, in which the server keeps the order of the
// members; the same account again opens the next call.
func updateCalls(writes []identityWrite, maxCalls int) (calls []call, callOf []int) {
	var update ordered
	flush := func() { calls = append(calls, call{"x:Account/set", args{"update": update}}) }
	for i, w := range writes {
		alone := i > 0 && len(writes) <= maxCalls
		if alone || slices.ContainsFunc(update, func(m member) bool { return m.key == string(w.Account) }) {
			flush()
			update = nil
		}
		update = append(update, member{string(w.Account), w.patch})
		callOf = append(callOf, len(calls))
	}
	flush()
	return calls, callOf
}

// writeBatch sends one request, and again those writes that ran into a
// concurrent change. Its error stops all that would come after.
func (s *jmapServer) writeBatch(ctx context.Context, writes []identityWrite, results []error) error {
	open := make([]int, len(writes))
	for i := range open {
		open[i] = i
	}
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = s.http.pause
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		if err := s.sendWrites(ctx, writes, open, results); err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		var err error
		if open, err = s.stillOpen(ctx, writes, open, results); err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		if len(open) > 0 {
			return struct{}{}, errUnavailable
		}
		return struct{}{}, nil
	}, backoff.WithBackOff(policy), backoff.WithMaxTries(s.http.tries))
	// Whatever ended it: what is still marked was read again and is not done.
	for _, i := range open {
		if errors.Is(results[i], errUnavailable) {
			results[i] = &ConflictError{}
		}
	}
	if errors.Is(err, errUnavailable) {
		return nil
	}
	return err
}

// sendWrites sends the open writes in one request and notes their outcomes.
func (s *jmapServer) sendWrites(ctx context.Context, writes []identityWrite, open []int, results []error) error {
	batch := make([]identityWrite, len(open))
	for i, w := range open {
		batch[i] = writes[w]
	}
	calls, callOf := updateCalls(batch, s.limits.maxCallsInRequest)
	answers, err := s.do(ctx, true, calls...)
	if err != nil {
		for _, i := range open {
			results[i] = err
		}
		return err
	}
	for i, w := range open {
		results[w] = s.updateOutcome(answers[callOf[i]], writes[w].Account, writes[w].Name)
	}
	return nil
}
