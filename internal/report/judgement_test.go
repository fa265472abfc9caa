package report

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
)

// judgement is the table of cases, decisions and the tests that show them.
const judgement = "../../docs/reference/judgement.md"

var (
	testName = regexp.MustCompile("`((?:[a-z]+\\.Test|script:)[^`]+)`")
	codeRow  = regexp.MustCompile("^\\| \\[`([a-z0-9-]+)`\\]\\(\\.\\./holds/([a-z0-9-]+)\\.md\\) \\| (.+) \\|$")
)

// shown gives the text of the file that has a test, or the script; with a row,
// only if the row is in it. "" if there is no such test.
func shown(t *testing.T, name string) string {
	t.Helper()
	if script, ok := strings.CutPrefix(name, "script:"); ok {
		text, err := os.ReadFile(filepath.Join("../../cmd/syncagent/testdata/script", script+".txt"))
		if err != nil {
			return ""
		}
		return string(text)
	}
	pkg, test, _ := strings.Cut(name, ".")
	test, row, rows := strings.Cut(test, "/")
	files, err := filepath.Glob(filepath.Join("../../internal", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+test+"(t *testing.T)") && (!rows || strings.Contains(string(text), `"`+row+`"`)) {
			return string(text)
		}
	}
	return ""
}

// TestJudgement: every test that the table names exists, and every code in it.
func TestJudgement(t *testing.T) {
	text, err := os.ReadFile(judgement)
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.TrimSpace(line), " | ")
		last := cells[len(cells)-1]
		names := testName.FindAllStringSubmatch(last, -1)
		if len(names) == 0 && !strings.Contains(last, "Shown by") && !strings.HasPrefix(line, "| Code |") {
			t.Errorf("nothing shows: %s", line)
		}
		for _, m := range names {
			named++
			if shown(t, m[1]) == "" {
				t.Errorf("there is no %s", m[1])
			}
		}
		if len(cells) == 4 {
			for _, m := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(cells[2], -1) {
				if _, ok := reconcile.CodeInfo(m[1]); !ok {
					t.Errorf("%s is no code", m[1])
				}
			}
		}
	}
	if named < 150 {
		t.Errorf("only %d tests are named", named)
	}
}

// TestJudgementShowsEveryCode: no hold, block or unusable source without a test
// that expects it.
func TestJudgementShowsEveryCode(t *testing.T) {
	text, err := os.ReadFile(judgement)
	if err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadFile("../reconcile/codes_names.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if m := codeRow.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[1] == m[2] {
			rows[m[1]] = m[3]
		}
	}
	for _, c := range reconcile.Codes() {
		if c.Class == reconcile.ClassNotice {
			continue
		}
		constant := ""
		if m := regexp.MustCompile(`(?m)^\t([A-Za-z0-9]+) += "` + c.Code + `"`).FindSubmatch(names); m != nil {
			constant = string(m[1])
		}
		expected := false
		for _, m := range testName.FindAllStringSubmatch(rows[c.Code], -1) {
			file := shown(t, m[1])
			inText := regexp.MustCompile(`(^|[^a-z-])` + c.Code + `($|[^a-z-])`).MatchString(file)
			expected = expected || inText || constant != "" && regexp.MustCompile(`\b`+constant+`\b`).MatchString(file)
		}
		if !expected {
			t.Errorf("no test of the table expects %s", c.Code)
		}
		delete(rows, c.Code)
	}
	for code := range rows {
		t.Errorf("%s is no hold, block or unusable source", code)
	}
}
