package report

import (
	"fmt"
	"io"
)

// View is something that can be shown in every format: OfPlan, OfRun,
// StatusView, HistoryView or ExplainView. Views are values; showing one may be
// done concurrently.
type View interface {
	// layout arranges the view for people.
	layout(o Options) document
	// wire is the value that JSON encodes.
	wire() any
}

// Options say how much is shown to people, and how. The zero value is plain
// text of the default width.
type Options struct {
	// Color allows ANSI colours in Text.
	Color bool
	// Width is the number of terminal columns that Text may use; zero means 100,
	// fewer than 40 counts as 40.
	Width int
	// Verbose shows every item with its IDs instead of the first few of many.
	Verbose bool
}

// Format is a form of output, as in --format.
type Format string

// The formats.
const (
	FormatText     Format = "text"
	FormatJSON     Format = "json"
	FormatMarkdown Format = "markdown"
	FormatHTML     Format = "html"
)

// Write shows a view in the format. It returns an error of the writer, or one
// that names the formats if it is given another.
func Write(w io.Writer, format Format, v View, o Options) error {
	switch format {
	case FormatText:
		return Text(w, v, o)
	case FormatJSON:
		return JSON(w, v)
	case FormatMarkdown:
		return Markdown(w, v, o)
	case FormatHTML:
		return HTML(w, v, o)
	}
	return fmt.Errorf("unknown format %q: use text, json, markdown or html", format)
}
