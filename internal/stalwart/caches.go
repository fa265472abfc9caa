package stalwart

import (
	"context"
	"errors"
	"fmt"
)

// InvalidateCaches makes the server forget cached logins, so that old names and
// cut accounts stop working at once; every client logs in once more (one look
// into the directory each). Errors: ForbiddenError and those of requests.
func (s *jmapServer) InvalidateCaches(ctx context.Context) error {
	answers, err := s.do(ctx, true, call{"x:Action/set", args{"create": args{"i": args{"@type": "InvalidateCaches"}}}})
	if err != nil {
		return fmt.Errorf("invalidate caches: %w", err)
	}
	if err := s.creation(answers[0], "i", "sysActionCreate", "actionInvalidateCaches"); err != nil {
		return fmt.Errorf("invalidate caches: %w", err)
	}
	return nil
}

// creation tells whether a set created an object. The whole call can be refused
// for one permission, the item for another.
func (s *jmapServer) creation(a answer, key, callPermission, itemPermission string) error {
	var set setAnswer
	if err := s.decodeSet(a, callPermission, &set); errors.Is(err, errUnavailable) {
		return &ConflictError{}
	} else if err != nil {
		return err
	}
	if c, ok := set.Created[key]; ok && c.ID != "" {
		return nil
	}
	if e, ok := set.NotCreated[key]; ok {
		return s.typed(e, "", "", itemPermission)
	}
	return &UncertainError{Cause: &MalformedError{Reason: "the create is not answered"}}
}
