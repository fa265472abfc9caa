package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"syncagent/internal/reconcile"
)

// maxPlan is the largest plan file that is read, in bytes: far above a plan with
// an action for each of a million people.
const maxPlan = 1 << 30

// ErrPlanVersion is wrapped by ParsePlan's error for a plan of another version.
var ErrPlanVersion = errors.New("this plan has another version")

// ParsePlan reads a saved plan, as plan --out wrote it, and also what a dry run
// prints with --json. It is strict: unknown or repeated fields, values that do
// not belong together, and anything after the plan are errors that name the
// place. A plan of another version gives ErrPlanVersion.
//
// The hash cannot be checked against the file alone, because it also covers how
// the accounts were found; whoever applies a plan compares its actions and its
// hash with those of the plan computed then.
func ParsePlan(r io.Reader) (reconcile.RunResult, error) {
	var run reconcile.RunResult
	data, err := io.ReadAll(io.LimitReader(r, maxPlan+1))
	if err != nil {
		return run, fmt.Errorf("read plan: %w", err)
	}
	if len(data) > maxPlan {
		return run, fmt.Errorf("read plan: it is longer than %d bytes", maxPlan)
	}
	if err := checkVersion(data); err != nil {
		return run, err
	}
	if err := checkFields(data); err != nil {
		return run, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&run); err != nil {
		return reconcile.RunResult{}, fmt.Errorf("read plan: %w", placed(data, err))
	}
	if err := checkPlan(run); err != nil {
		return reconcile.RunResult{}, fmt.Errorf("read plan: %w", err)
	}
	return run, nil
}

// checkVersion comes first, so that a newer plan is named as such and not by its
// first unknown field.
func checkVersion(data []byte) error {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("read plan: %w", placed(data, err))
	}
	if head.Version == nil {
		return errors.New("read plan: version: missing, so this is not a saved plan")
	}
	if *head.Version != reconcile.PlanVersion {
		return fmt.Errorf("%w: it is %d, this syncagent reads %d; make the plan anew", ErrPlanVersion, *head.Version, reconcile.PlanVersion)
	}
	return nil
}

// placed adds line and column, or the field, to an error of encoding/json.
func placed(data []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := position(data, syntax.Offset-1) // it counts the byte at fault
		return fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		line, column := position(data, kind.Offset)
		return fmt.Errorf("line %d, column %d: %s: a %s does not fit", line, column, or(kind.Field, "the plan"), kind.Value)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("it ends too early")
	}
	return err
}

// position is the line and column, from 1, of a byte offset.
func position(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line = 1 + bytes.Count(before, []byte{'\n'})
	return line, len(before) - bytes.LastIndexByte(before, '\n')
}
