package archive

import (
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// GoneError says that the account is not on the server (any more). What was
// read of it proves nothing: the server answers for dead IDs, too.
type GoneError struct{ Account reconcile.AccountID }

func (e *GoneError) Error() string {
	return fmt.Sprintf("the mail server has no account with the ID %q", string(e.Account))
}

// Hint says what follows.
func (e *GoneError) Hint() string {
	return "it was deleted in the meantime; an older archive may exist"
}

// ChangingError says that the account changed faster than it could be read. The
// next export goes on where this one ended.
type ChangingError struct{ Rounds int }

func (e *ChangingError) Error() string {
	return fmt.Sprintf("the account was still changing after %d rounds, so the archive cannot be complete", e.Rounds)
}

// Hint says how to stop the changes.
func (e *ChangingError) Hint() string {
	return "suspend the account first, or try again at a quieter time"
}

// BrokenError says that an archive is not what its manifest says.
type BrokenError struct {
	Path     string
	Problems []string // sorted; at most maxProblems
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("the archive %s cannot be trusted: %s", e.Path, strings.Join(e.Problems, "; "))
}

// Hint says what to do.
func (e *BrokenError) Hint() string {
	return "nothing was restored from it or deleted because of it; use another copy, or export again"
}
