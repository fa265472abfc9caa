package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Run is one run of the agent that wrote, or could have written.
type Run struct {
	ID      string
	Started time.Time
	// Finished is zero while the run goes on, or if it was killed.
	Finished time.Time
	// Trigger tells what started it: "schedule", "command", "signal" and the like.
	Trigger    string
	Command    string
	ConfigHash string
	// ExitCode is what a command would exit with; -1 while the run goes on.
	ExitCode int
	// Result is the JSON of a reconcile.RunResult, nil if there is none.
	Result json.RawMessage
	Error  string
}

// TriggerOrder is the trigger of runs that only carry a person's order out: they
// are no run of the schedule, and LastSuccess does not count them.
const TriggerOrder = "order"

// exitRunning marks a run that has no exit code yet.
const exitRunning = -1

const selectRuns = `SELECT id, started, finished, trigger_by, command, config_hash, exit_code, result, error FROM runs `

// BeginRun records that a run began; of r only ID, Started, Trigger, Command
// and ConfigHash are used.
func (l *Ledger) BeginRun(ctx context.Context, r Run) error {
	return l.inTx(ctx, "begin run "+r.ID, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO runs (id, started, finished, trigger_by, command, config_hash, exit_code, result, error)
			VALUES (?, ?, 0, ?, ?, ?, ?, '', '')`, r.ID, nanos(r.Started), r.Trigger, r.Command, r.ConfigHash, exitRunning)
		return err
	})
}

// FinishRun records how a run ended. result is marshalled to JSON; nil: none.
// ErrNotFound if the run never began.
func (l *Ledger) FinishRun(ctx context.Context, id string, result any, exitCode int, errorText string) error {
	text := ""
	if result != nil {
		b, err := json.Marshal(result)
		if err != nil {
			return wrap("finish run "+id, err)
		}
		text = string(b)
	}
	return l.inTx(ctx, "finish run "+id, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE runs SET finished = ?, exit_code = ?, result = ?, error = ? WHERE id = ?",
			nanos(l.now()), exitCode, text, errorText, id)
		return errors.Join(err, exactlyOne(res, err))
	})
}

// exactlyOne turns an update of nothing into ErrNotFound.
func exactlyOne(res sql.Result, err error) error {
	if err != nil {
		return nil //nolint:nilerr // The caller has it already.
	}
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		return ErrNotFound
	}
	return err
}

// Runs gives the newest runs first, at most limit of them, without Result.
func (l *Ledger) Runs(ctx context.Context, limit int) ([]Run, error) {
	runs, err := l.runs(ctx, "ORDER BY started DESC, id DESC LIMIT ?", limit)
	for i := range runs {
		runs[i].Result = nil
	}
	return runs, wrap("read runs", err)
}

// Run gives the run of an ID or of the unique beginning of one. Errors:
// ErrNotFound, ErrAmbiguous.
func (l *Ledger) Run(ctx context.Context, id string) (Run, error) {
	runs, err := l.runs(ctx, "WHERE id = ? OR (? <> '' AND substr(id, 1, length(?)) = ?) ORDER BY id LIMIT 2", id, id, id, id)
	switch {
	case err != nil:
		return Run{}, wrap("read run "+id, err)
	case len(runs) == 0:
		return Run{}, fmt.Errorf("run %s: %w", id, ErrNotFound)
	case len(runs) > 1 && runs[0].ID != id:
		return Run{}, fmt.Errorf("run %s: %w", id, ErrAmbiguous)
	}
	return runs[0], nil
}

// LastSuccess gives the newest run that ended with exit code 0, and whether
// there was one.
func (l *Ledger) LastSuccess(ctx context.Context) (Run, bool, error) {
	runs, err := l.runs(ctx, "WHERE exit_code = 0 AND trigger_by <> ? ORDER BY started DESC, id DESC LIMIT 1", TriggerOrder)
	if err != nil || len(runs) == 0 {
		return Run{}, false, wrap("read last successful run", err)
	}
	return runs[0], true, nil
}

func (l *Ledger) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	var found []Run
	err := each(ctx, l.read, selectRuns+where, args, func(rows *sql.Rows) error {
		var r Run
		var started, finished int64
		var result string
		err := rows.Scan(&r.ID, &started, &finished, &r.Trigger, &r.Command, &r.ConfigHash, &r.ExitCode, &result, &r.Error)
		r.Started, r.Finished = instant(started), instant(finished)
		if result != "" {
			r.Result = json.RawMessage(result)
		}
		found = append(found, r)
		return err
	})
	return found, err
}
