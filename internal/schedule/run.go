package schedule

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// The triggers of a run that the runner itself gives. Callers of [Runner.Trigger] choose their own names.
const (
	TriggerTimetable = "timetable"
	TriggerCatchUp   = "catch-up"
)

// RunFunc does one run. When ctx is cancelled it has to finish the call in flight, record it, and return.
type RunFunc func(ctx context.Context, trigger string) error

// Result tells how a run ended.
type Result struct {
	Trigger    string
	Start, End time.Time
	Err        error // of the run; a *PanicError if it panicked
}

// PanicError is the error of a run that panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("the run panicked: %v", e.Value) }

// do runs once and turns a panic into an error, so that one bad run does not end the daemon.
func do(ctx context.Context, trigger string, run RunFunc) (res Result) {
	res = Result{Trigger: trigger, Start: time.Now()}
	defer func() {
		if v := recover(); v != nil {
			res.Err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		res.End = time.Now()
	}()
	res.Err = run(ctx, trigger)
	return res
}
