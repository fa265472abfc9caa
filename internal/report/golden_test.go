package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and the pages of the codes anew")

// golden compares with a file in testdata, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	compareFile(t, filepath.Join("testdata", name), got)
}

func compareFile(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-file +now); if that is right, use -update:\n%s", path, diff)
	}
}

// goldens lists the views with the name of their files.
func goldens() map[string]View {
	return map[string]View{
		"quiet":           OfPlan(quietPlan()),
		"older-server":    OfPlan(olderPlan()),
		"first":           OfPlan(firstPlan()),
		"busy":            OfPlan(busyPlan()),
		"blocked":         OfPlan(blockedPlan()),
		"nasty":           OfPlan(nastyPlan()),
		"zero":            OfPlan(zeroPlan()),
		"saved":           OfRun(savedPlan()),
		"run":             OfRun(finishedRun()),
		"status":          statusView(),
		"status-new":      StatusView{},
		"history":         historyView(),
		"history-empty":   HistoryView{},
		"explain":         explainView(),
		"explain-unknown": ExplainView{Asked: "nobody@example.org"},
	}
}

func TestGoldenFiles(t *testing.T) {
	suffixes := map[Format]string{FormatText: ".txt", FormatJSON: ".json", FormatMarkdown: ".md", FormatHTML: ".html"}
	for name, view := range goldens() {
		t.Run(name, func(t *testing.T) {
			for format, suffix := range suffixes {
				golden(t, name+suffix, written(t, format, view, Options{}))
			}
			golden(t, name+".verbose.txt", written(t, FormatText, view, Options{Verbose: true, Width: 72}))
		})
	}
}

func TestColorsOnlyWhenAllowed(t *testing.T) {
	view := OfPlan(blockedPlan())
	golden(t, "blocked.color.txt", written(t, FormatText, view, Options{Color: true}))
	if bytes.ContainsRune(written(t, FormatText, view, Options{}), '\x1b') {
		t.Error("text without colours has an escape")
	}
}

func written(t *testing.T, format Format, v View, o Options) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, format, v, o); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
