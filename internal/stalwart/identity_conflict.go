package stalwart

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// stillOpen finds the writes that have to be sent again after a call was
// refused with serverUnavailable (a concurrent change; members before the one
// concerned may be done). The accounts are read again: a write is done if its
// account looks as it or a later write of that account wanted. Of the others,
// those that were refused because a name was taken are open too, since an
// earlier open write may free it.
func (s *jmapServer) stillOpen(ctx context.Context, writes []identityWrite, open []int, results []error) ([]int, error) {
	first := slices.IndexFunc(open, func(i int) bool { return errors.Is(results[i], errUnavailable) })
	if first < 0 {
		return nil, nil
	}
	var ids []reconcile.AccountID
	for _, i := range open {
		if !slices.Contains(ids, writes[i].Account) {
			ids = append(ids, writes[i].Account)
		}
	}
	current, err := s.getAccounts(ctx, ids)
	if err != nil {
		for _, i := range open {
			if errors.Is(results[i], errUnavailable) {
				results[i] = &UncertainError{Cause: errUnavailable}
			}
		}
		return nil, fmt.Errorf("read accounts again after a concurrent change: %w", err)
	}
	settled := map[reconcile.AccountID]bool{} // a later write of the account is done
	again := map[int]bool{}
	for _, i := range slices.Backward(open) {
		w := writes[i]
		record, there := current[string(w.Account)]
		_, taken := errors.AsType[*PrimaryKeyViolationError](results[i])
		conflicted := errors.Is(results[i], errUnavailable)
		switch {
		case results[i] == nil, settled[w.Account]:
			if conflicted {
				results[i] = nil
			}
			settled[w.Account] = true
		case conflicted && !there:
			results[i] = &NotFoundError{Account: w.Account}
		case conflicted && w.patch.matches(record):
			results[i] = nil
			settled[w.Account] = true
		case conflicted, taken && slices.Index(open, i) > first:
			results[i] = errUnavailable
			again[i] = true
		}
	}
	return slices.Sorted(maps.Keys(again)), nil
}

// matches tells whether an account already looks as the patch wants it.
func (p patch) matches(a account) bool {
	if strings.ToLower(a.Name) != p.Name || a.DomainID != p.DomainID {
		return false
	}
	if p.Aliases == nil {
		return true
	}
	want := map[mailbox]bool{}
	for _, x := range *p.Aliases {
		want[mailbox{x.Name, x.DomainID}] = true
	}
	have := map[mailbox]bool{}
	for _, x := range a.Aliases {
		have[mailbox{strings.ToLower(x.Name), x.DomainID}] = true
	}
	return maps.Equal(want, have)
}
