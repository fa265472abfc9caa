package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
)

// pagesDir holds one page for each code.
const pagesDir = "../../docs/holds"

// byHand separates what is made from the registry from what a person wrote.
const byHand = "<!-- Above: from internal/reconcile (go test ./internal/report -update). Below: written by hand. -->\n"

// classWords say what the class of a code does to a run.
var classWords = map[reconcile.CodeClass]string{
	reconcile.ClassHold:     "This is a **hold**: one action is not taken for one account. Everything else in the run goes on, and the decision is made anew in every run.",
	reconcile.ClassBlock:    "This is a **block**: a whole stage of a source (protect, rename or remove) is not done. What is not blocked goes on. The run ends with exit code 4, or with the code that the page names.",
	reconcile.ClassUnusable: "This makes a **source unusable** for this run: nobody of it counts as missing, and nothing is done that might take a name or address it could own. Other sources go on. It cannot be approved; the run ends with exit code 5.",
	reconcile.ClassNotice:   "This is a **notice**: it holds nothing back.",
}

// generatedPage is the part of a code's page that is made from the registry.
func generatedPage(t *testing.T, c reconcile.Code) string {
	t.Helper()
	var b strings.Builder
	words := classWords[c.Class]
	if c.Code == reconcile.UnusableOlderSnapshot {
		words = strings.Replace(words, "It cannot be approved; the", "This one can be approved; until then the", 1)
	}
	fmt.Fprintf(&b, "# %s\n\nCode `%s`. %s\n\n", c.Title, c.Code, words)
	fmt.Fprintf(&b, "## What it means\n\n%s\n\n## What to do\n\n%s\n\n", c.Meaning, c.Hint)
	fmt.Fprintf(&b, "## In a report\n\n```text\n%s```\n\n", exampleOf(t, c))
	return b.String()
}

// exampleOf shows the code as a report does.
func exampleOf(t *testing.T, c reconcile.Code) string {
	t.Helper()
	p := basePlan()
	p.Hash = ""
	message := strings.ToLower(c.Title[:1]) + c.Title[1:]
	switch c.Class {
	case reconcile.ClassHold:
		p.Holds = []reconcile.Hold{{Code: c.Code, Source: "staff", Name: "alice@example.org", Message: message}}
	case reconcile.ClassBlock:
		p.Verdict.Blocked, p.Verdict.Stages[reconcile.StageRemove] = true, reconcile.StageBlocked
		p.Verdict.Reasons = []reconcile.BlockReason{{Code: c.Code, Stage: reconcile.StageRemove, Source: "staff", Message: message, Approvable: true}}
	case reconcile.ClassUnusable:
		p.Sources[0].Complete = false
		p.Sources[0].Reasons = []reconcile.Reason{{Code: c.Code, Message: message}}
	case reconcile.ClassNotice:
		p.Notices = []reconcile.Notice{{Code: c.Code, Name: "alice@example.org", Message: message}}
	}
	return string(written(t, FormatText, OfPlan(p), Options{Width: 78}))
}

func TestEveryCodeHasItsPage(t *testing.T) {
	for _, c := range reconcile.Codes() {
		path := filepath.Join(pagesDir, c.Code+".md")
		page := generatedPage(t, c) + byHand
		old, err := os.ReadFile(path)
		if err != nil && !*update {
			t.Errorf("%s has no page: %v (make it with -update)", c.Code, err)
			continue
		}
		if _, kept, ok := bytes.Cut(old, []byte(byHand)); ok {
			page += string(kept)
		}
		compareFile(t, path, []byte(page))
	}
}

func TestEveryPageHasItsCode(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(pagesDir, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in %s: %v", pagesDir, err)
	}
	for _, file := range files {
		code := strings.TrimSuffix(filepath.Base(file), ".md")
		if _, ok := reconcile.CodeInfo(code); !ok && code != "README" {
			t.Errorf("%s is about a code that does not exist", file)
		}
	}
}

func TestIndexOfPages(t *testing.T) {
	titles := []struct {
		class reconcile.CodeClass
		title string
	}{
		{reconcile.ClassHold, "Holds"},
		{reconcile.ClassBlock, "Blocks"},
		{reconcile.ClassUnusable, "Unusable sources"},
		{reconcile.ClassNotice, "Notices"},
	}
	var b strings.Builder
	b.WriteString("# Why the agent did not act\n\n" +
		"An error is never an absence: in doubt the agent does nothing and says why. Each reason has a code, which stands in reports, in JSON, in the audit log and in the metrics. This page lists them all; `syncagent explain NAME` shows those of one person.\n\n" +
		"This page is made from the code (`go test ./internal/report -update`).\n")
	for _, part := range titles {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Code | |\n|---|---|\n", part.title, classWords[part.class])
		for _, c := range reconcile.Codes() {
			if c.Class == part.class {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s |\n", c.Code, c.Code, c.Title)
			}
		}
	}
	compareFile(t, filepath.Join(pagesDir, "README.md"), []byte(b.String()))
}
