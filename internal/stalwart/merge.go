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

// mergePasses is how often a merge begins again because mail came meanwhile.
const mergePasses = 3

// needMerge are the permissions for Merge.
var needMerge = []string{
	"impersonate", "jmapEmailCopy", "jmapEmailGet", "jmapEmailImport", "jmapEmailQuery", "jmapMailboxCreate", "jmapMailboxGet",
}

// Merged counts what a merge found and did.
type Merged struct {
	// Messages are in the account that was read, Copied of them were brought over
	// by this call; the others were there already.
	Messages, Copied int
}

// NotMergedError says why the mail of an account could not all be brought into
// another one. Both accounts have all that they had.
type NotMergedError struct {
	Reason string
	cause  error
}

func (e *NotMergedError) Error() string {
	if e.cause == nil {
		return "the mail could not all be copied: " + e.Reason
	}
	return fmt.Sprintf("the mail could not all be copied: %s: %v", e.Reason, e.cause)
}

func (e *NotMergedError) Unwrap() error { return e.cause }

// Hint says what to do.
func (e *NotMergedError) Hint() string {
	return "look into the second mailbox; syncagent export and restore can move its mail"
}

// CanMerge tells whether the permissions allow Merge: nil, or a ForbiddenError
// with what is missing.
func (s *jmapServer) CanMerge() error {
	if lacking := lackingOf(s.permissions, needMerge); len(lacking) > 0 {
		return &ForbiddenError{Permission: strings.Join(lacking, ", ")}
	}
	return nil
}

// Merge copies every message of an account into another one and returns only if
// each of them is proven to be there: read back, and equal byte for byte (by
// SHA-256). Mailboxes are found by role, then by path, and made where missing;
// keywords and the time of receipt come along. It removes nothing. What is there
// already is not copied again, so it can be repeated after whatever interrupted
// it. Other data than mail is not looked at.
//
// Errors: NotMergedError, ForbiddenError, NotFoundError, and those of requests;
// after an UncertainError some messages may have been copied.
func (s *jmapServer) Merge(ctx context.Context, from, into reconcile.AccountID) (Merged, error) {
	if err := errors.Join(s.CanMerge(), differ(from, into), s.bothLive(ctx, from, into)); err != nil {
		return Merged{}, err
	}
	m := &merge{s: s, from: from, into: into}
	for range mergePasses {
		again, err := m.pass(ctx)
		if err != nil {
			return m.did, fmt.Errorf("merge account %q into %q: %w", string(from), string(into), err)
		}
		if !again {
			return m.did, s.bothLive(ctx, from, into)
		}
	}
	return m.did, &NotMergedError{Reason: "mail keeps coming into the account that is to go"}
}

func differ(from, into reconcile.AccountID) error {
	if from == into {
		return &NotMergedError{Reason: "it is the same account"}
	}
	return nil
}

// bothLive looks both accounts up: the mail methods answer for an account that
// does not exist as if it were empty.
func (s *jmapServer) bothLive(ctx context.Context, ids ...reconcile.AccountID) error {
	for _, id := range ids {
		if _, err := s.getAccount(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// merge is one call of Merge.
type merge struct {
	s          *jmapServer
	from, into reconcile.AccountID
	did        Merged
}

// pass brings over what is missing and proves it. again is true if the source
// changed meanwhile.
func (m *merge) pass(ctx context.Context) (again bool, err error) {
	ids, state, err := m.s.List(ctx, m.from, "Email")
	if err != nil {
		return false, err
	}
	mails, missing, err := m.read(ctx, m.from, ids)
	if err != nil || missing > 0 {
		return missing > 0, err
	}
	m.did.Messages = len(mails)
	wanted, err := m.sums(ctx, m.from, mails)
	if err != nil {
		return false, err
	}
	present, err := m.present(ctx, wanted)
	if err != nil {
		return false, err
	}
	if err := m.bring(ctx, wanted, present); err != nil {
		return false, err
	}
	if present, err = m.present(ctx, wanted); err != nil {
		return false, err
	}
	for _, sum := range slices.SortedFunc(maps.Keys(wanted), compareSums) {
		if !present[sum] {
			return false, &NotMergedError{Reason: "a message that the server said it copied is not there"}
		}
	}
	after, now, err := m.s.List(ctx, m.from, "Email")
	return now != state || !slices.Equal(after, ids), err
}
