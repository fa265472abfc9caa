package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// SavedPlan is the plan of a blocked run, kept so that it can be approved.
type SavedPlan struct {
	// Hash is the plan's hash with its "sha256:".
	Hash    string
	Created time.Time
	Expires time.Time
	// Result is the JSON of a reconcile.RunResult.
	Result json.RawMessage
}

// hashScheme begins every plan hash; people may leave it out.
const hashScheme = "sha256:"

// minHashPrefix is the least that must be given of a plan's hash.
const minHashPrefix = 6

// SavePlan keeps a plan; one of the same hash is renewed. Plans that have
// expired are forgotten. result is marshalled to JSON.
func (l *Ledger) SavePlan(ctx context.Context, hash string, result any, created, expires time.Time) error {
	text, err := json.Marshal(result)
	if err != nil {
		return wrap("save plan", err)
	}
	return l.inTx(ctx, "save plan", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM plans WHERE expires < ?", nanos(l.now())); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO plans (hash, created, expires, result) VALUES (?, ?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET created = excluded.created, expires = excluded.expires, result = excluded.result`,
			hash, nanos(created), nanos(expires), string(text))
		return err
	})
}

// Plan gives the saved plan of a hash, or of a unique beginning of one of at
// least six hexadecimal digits; expired or not. Errors: ErrNotFound,
// ErrAmbiguous.
func (l *Ledger) Plan(ctx context.Context, hash string) (SavedPlan, error) {
	digits := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(hash), hashScheme))
	if len(digits) < minHashPrefix {
		return SavedPlan{}, fmt.Errorf("plan %q: %w: give at least %d digits of its hash", hash, ErrAmbiguous, minHashPrefix)
	}
	full := hashScheme + digits
	var found []SavedPlan
	err := each(ctx, l.read, `SELECT hash, created, expires, result FROM plans
		WHERE substr(hash, 1, length(?)) = ? ORDER BY hash LIMIT 2`, []any{full, full}, func(rows *sql.Rows) error {
		var p SavedPlan
		var created, expires int64
		var result string
		err := rows.Scan(&p.Hash, &created, &expires, &result)
		p.Created, p.Expires, p.Result = instant(created), instant(expires), json.RawMessage(result)
		found = append(found, p)
		return err
	})
	switch {
	case err != nil:
		return SavedPlan{}, wrap("read plan", err)
	case len(found) == 0:
		return SavedPlan{}, fmt.Errorf("plan %s: %w", hash, ErrNotFound)
	case len(found) > 1:
		return SavedPlan{}, fmt.Errorf("plan %s: %w", hash, ErrAmbiguous)
	}
	return found[0], nil
}
