package main

import "os"

func main() { os.Exit(int(run())) }

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
