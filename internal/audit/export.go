package audit

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Format is a form of export.
type Format string

// The formats: JSON is one array of the records as they stand in the log, CSV
// one row each with all remaining fields in the last column.
const (
	JSON Format = "json"
	CSV  Format = "csv"
)

// columns are the fields that have a column of their own in CSV.
var columns = []string{"source", "stable_id", "account", "from", "to", "reason", "error"}

// Export writes the chosen records of the files. Errors as of Show, and those
// of w; a *BrokenError comes after everything that could be read was written.
func Export(ctx context.Context, w io.Writer, format Format, files []string, filter Filter) error {
	switch format {
	case JSON:
		return exportJSON(ctx, w, files, filter)
	case CSV:
		return exportCSV(ctx, w, files, filter)
	}
	return fmt.Errorf("export format %q: csv or json", format)
}

func exportJSON(ctx context.Context, w io.Writer, files []string, filter Filter) error {
	separator := "[\n"
	err := Show(ctx, files, filter, func(r Record) error {
		_, err := io.WriteString(w, separator+strings.TrimSuffix(string(r.line()), "\n"))
		separator = ",\n"
		return err
	})
	end := "\n]\n"
	if separator == "[\n" {
		end = "[]\n"
	}
	_, endErr := io.WriteString(w, end)
	return errors.Join(err, endErr)
}

func exportCSV(ctx context.Context, w io.Writer, files []string, filter Filter) error {
	out := csv.NewWriter(w)
	head := slices.Concat([]string{"seq", "time", "run", "event", "phase"}, columns, []string{"fields", "hash"})
	err := out.Write(head)
	if err == nil {
		err = Show(ctx, files, filter, func(r Record) error { return out.Write(row(r)) })
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// row is a record as cells.
func row(r Record) []string {
	cells := []string{strconv.FormatInt(r.Seq, 10), r.Time.UTC().Format(time.RFC3339Nano), cell(r.Run), cell(r.Event), cell(r.Phase)}
	for _, name := range columns {
		cells = append(cells, cell(fieldText(r.Fields[name])))
	}
	var rest []string
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		if !slices.Contains(columns, name) {
			rest = append(rest, name+"="+fieldText(r.Fields[name]))
		}
	}
	return append(cells, cell(strings.Join(rest, "; ")), r.Hash)
}

func fieldText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, " ")
	}
	return fmt.Sprint(value)
}

// cell keeps a spreadsheet from taking a text for a formula: names come from
// directories that others write to.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
