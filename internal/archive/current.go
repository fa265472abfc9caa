package archive

import (
	"context"
	"errors"
	"fmt"
)

// Current tells whether an account is still as an archive of it says: it
// exists, is called the same, and every list has its number of objects and its
// state. It reads nothing but lists. When in doubt the answer is no: then the
// account is exported again. Errors are those of the server.
func Current(ctx context.Context, server Reader, m Manifest) (bool, error) {
	there := func() (bool, error) {
		name, record, err := server.Record(ctx, m.Account)
		if err != nil {
			return false, fmt.Errorf("look the account up: %w", err)
		}
		return record != nil && name == m.Name, nil
	}
	// The mail methods answer for a dead ID as well, so it is looked up on both
	// sides of them.
	if ok, err := there(); err != nil || !ok {
		return false, err
	}
	for _, p := range parts {
		ids, state, err := server.List(ctx, m.Account, p.kind)
		if o, ok := errors.AsType[omitted](err); ok {
			if m.omits(p.kind, o) {
				continue
			}
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("list %s: %w", p.kind, err)
		}
		count, counted := m.Counts[p.kind]
		if !counted || count != len(ids) || state == "" || state != m.States[p.kind] {
			return false, nil
		}
	}
	return there()
}
