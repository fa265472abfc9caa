package main

import (
	"os"
	"runtime/debug"
)

// gcPercent trades a little CPU for memory: the first run keeps everybody in
// memory, and half of the usual slack is enough. GOGC overrides it.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(int(run()))
}

// run gives the exit code, so that everything deferred is done before the
// process ends.
func run() exitCode {
	ctx, stop := signalContext()
	defer stop()
	return Main{
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
	}.Run(ctx)
}
