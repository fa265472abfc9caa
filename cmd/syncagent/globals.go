package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncagent/internal/config"
)

// streams is where a command reads and writes. Results go to out, everything
// else to err.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// globals are the flags that every command has, and what comes from outside.
type globals struct {
	config    string
	json      bool
	format    string
	output    string
	logLevel  string
	logFormat string
	color     string
	quiet     bool
	verbose   bool

	streams streams
	getenv  func(string) string
	now     func() time.Time
	file    *outputFile
	// started is true once the flags are understood and a command begins.
	started bool
}

// The result formats of --format.
const (
	formatText     = "text"
	formatJSON     = "json"
	formatMarkdown = "markdown"
	formatHTML     = "html"
)

func newGlobals(m Main) *globals {
	g := &globals{
		streams: streams{in: m.Stdin, out: m.Stdout, err: m.Stderr},
		getenv:  m.Getenv,
		now:     m.Now,
	}
	if g.getenv == nil {
		g.getenv = func(string) string { return "" }
	}
	if g.now == nil {
		g.now = time.Now
	}
	return g
}

func (g *globals) addFlags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVarP(&g.config, "config", "c", "", "configuration `FILE`, or - for standard input "+
		"(default $SYNCAGENT_CONFIG, else "+config.DefaultPath+")")
	flags.BoolVar(&g.json, "json", false, "results as JSON, the same as --format json")
	flags.StringVar(&g.format, "format", "", "`FORMAT` of results: text, json, markdown or html (default text)")
	flags.StringVar(&g.output, "output", "", "write results into `FILE` instead of standard output")
	flags.StringVar(&g.logLevel, "log-level", "", "`LEVEL` of the log: debug, info, warn or error (default log.level)")
	flags.StringVar(&g.logFormat, "log-format", "", "`FORMAT` of the log: console or json (default log.format)")
	flags.StringVar(&g.color, "color", "auto", "`WHEN` to use colour: auto, always or never; auto honours NO_COLOR")
	flags.BoolVarP(&g.quiet, "quiet", "q", false, "log only warnings and errors")
	flags.BoolVarP(&g.verbose, "verbose", "v", false, "log details, the same as --log-level debug")
}

// check refuses values and combinations that make no sense.
func (g *globals) check() error {
	for _, flag := range []struct {
		name, value string
		words       []string
	}{
		{"format", g.format, []string{"", formatText, formatJSON, formatMarkdown, formatHTML}},
		{"log-level", g.logLevel, []string{"", "debug", "info", "warn", "error"}},
		{"log-format", g.logFormat, []string{"", "console", "json"}},
		{"color", g.color, []string{"auto", "always", "never"}},
	} {
		if !slices.Contains(flag.words, flag.value) {
			return usageError("", "--%s %q is not known: use %s", flag.name, flag.value,
				strings.Join(slices.DeleteFunc(flag.words, func(w string) bool { return w == "" }), ", "))
		}
	}
	switch {
	case g.json && g.format != "" && g.format != formatJSON:
		return usageError("", "--json and --format %s contradict each other", g.format)
	case g.quiet && g.verbose:
		return usageError("", "-q and -v contradict each other")
	}
	return nil
}

func (g *globals) wantsJSON() bool { return g.json || g.format == formatJSON }

// resultFormat gives the format of results, or a usage error if the command
// does not have it. The first one is the default.
func (g *globals) resultFormat(command string, known ...string) (string, error) {
	format := g.format
	if g.json {
		format = formatJSON
	}
	if format == "" {
		return known[0], nil
	}
	if !slices.Contains(known, format) {
		return "", usageError("", "%s has no format %s: use %s", command, format, strings.Join(known, ", "))
	}
	return format, nil
}

// configPath is the configuration that was asked for; explicit tells whether
// anybody named one.
func (g *globals) configPath() (path string, explicit bool) {
	if g.config != "" {
		return g.config, true
	}
	if path := g.getenv("SYNCAGENT_CONFIG"); path != "" {
		return path, true
	}
	return config.DefaultPath, false
}

// loadConfig reads and checks the configuration. Errors are
// *config.ProblemsError and end with code 64.
func (g *globals) loadConfig() (*config.Config, error) {
	path, _ := g.configPath()
	var cfg *config.Config
	var err error
	if path == "-" {
		cfg, err = config.LoadReader(g.streams.in, "standard input")
	} else {
		cfg, err = config.Load(path)
	}
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	return cfg, nil
}
