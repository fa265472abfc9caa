package main

import (
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"syncagent": func() { os.Exit(int(runTested())) },
	})
}

// runTested is run with the clock of the script's world.
func runTested() exitCode {
	path := os.Getenv(clockVariable)
	if path == "" {
		return run()
	}
	ctx, stop := signalContext()
	defer stop()
	return Main{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: scriptClock(path),
	}.Run(ctx)
}

// TestScripts runs the sessions of testdata/script: what a person types and
// what comes back. With UPDATE_SCRIPTS=1 expected output is written anew.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "world": inWorld},
		Setup: func(env *testscript.Env) error {
			configs, err := os.Getwd()
			env.Values[worldKey{}] = new(*world)
			env.Setenv("CONFIGS", configs+"/../../configs")
			return err
		},
	})
}

// exits CODE PROGRAM ARG… runs a program and wants exactly this exit code:
// "! exec" would be content with any failure.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		coded, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = strconv.Itoa(coded.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit code is %s, want %s", got, args[0])
	}
}
