package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"
)

// outputFile is the file of --output. It appears only when the command is
// over, complete; a failure leaves the old file, or none.
type outputFile struct {
	path    string
	temp    *os.File
	written bool
	direct  bool // a device or a pipe: it is written to, never replaced
}

func (o *outputFile) Write(data []byte) (int, error) {
	o.written = o.written || len(data) > 0
	return o.temp.Write(data)
}

func (g *globals) openOutput() error {
	if g.output == "" || g.output == "-" {
		return nil
	}
	if info, err := os.Stat(g.output); err == nil && !info.Mode().IsRegular() {
		return g.openDevice()
	}
	temp, err := os.CreateTemp(filepath.Dir(g.output), ".syncagent-*")
	if err != nil {
		return fail(exitUsage, fmt.Errorf("--output %s: %w", g.output, withoutPath(err)), "")
	}
	g.file = &outputFile{path: g.output, temp: temp}
	g.streams.out = g.file
	return nil
}

// openDevice opens what is no file: renaming a file over /dev/null would take
// it away from the whole machine.
func (g *globals) openDevice() error {
	file, err := os.OpenFile(g.output, os.O_WRONLY, 0)
	if err != nil {
		return fail(exitUsage, fmt.Errorf("--output %s: %w", g.output, withoutPath(err)), "")
	}
	g.file = &outputFile{path: g.output, temp: file, direct: true}
	g.streams.out = g.file
	return nil
}

// closeOutput puts the finished file in its place if there is a result.
func (g *globals) closeOutput(complete bool) error {
	if g.file == nil {
		return nil
	}
	err := g.file.temp.Close()
	if g.file.direct {
		return err
	}
	name := g.file.temp.Name()
	if err != nil || !complete || !g.file.written {
		return errors.Join(err, os.Remove(name))
	}
	if err := os.Chmod(name, 0o640); err != nil { //nolint:gosec // plans are read by a group of administrators
		return fmt.Errorf("--output: %w", err)
	}
	if err := os.Rename(name, g.file.path); err != nil {
		return errors.Join(fmt.Errorf("--output: %w", err), os.Remove(name))
	}
	return nil
}

func withoutPath(err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// isTerminal tells whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// useColor tells whether what is written to a stream may be coloured.
func (g *globals) useColor(w io.Writer) bool {
	switch g.color {
	case "always":
		return true
	case "never":
		return false
	default:
		return isTerminal(w) && g.getenv("NO_COLOR") == "" && g.getenv("TERM") != "dumb"
	}
}
