package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // time zones also where the system has none

	"github.com/spf13/cobra"
)

// Main is one call of the program with everything it takes from outside, so
// that tests can run it in their own process.
type Main struct {
	// Args are the arguments without the name of the program.
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Getenv reads the environment; nil is an empty one.
	Getenv func(string) string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Run carries the call out and gives the exit code. A cancelled context is an
// interruption.
func (m Main) Run(ctx context.Context) exitCode {
	g := newGlobals(m)
	root := newRoot(g) //nolint:contextcheck // commands get the context when they run
	root.SetArgs(append([]string{}, m.Args...))
	_, err := root.ExecuteContextC(ctx)
	if closeErr := g.closeOutput(ctx.Err() == nil); closeErr != nil && err == nil {
		err = closeErr
	}
	code := codeOf(ctx, err, g.started)
	g.printError(code, err)
	return code
}

// codeOf gives the exit code of an error. Whatever goes wrong before a command
// has started is wrong usage.
func codeOf(ctx context.Context, err error, started bool) exitCode {
	var coded *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		return coded.code
	case isConfigError(err) || !started:
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return exitInterrupted
	default:
		return exitFailed
	}
}

// signalContext is cancelled by the first SIGINT or SIGTERM. After it the
// signals have their own effect again, so that a second one ends the process.
func signalContext() (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// begin is called before every command: it checks the global flags and turns
// standard output into the file of --output.
func (g *globals) begin(cmd *cobra.Command, _ []string) error {
	if err := g.check(); err != nil {
		return err
	}
	if err := g.openOutput(); err != nil {
		return err
	}
	cmd.Root().SetOut(g.streams.out)
	g.started = true
	return nil
}
