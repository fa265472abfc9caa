package reconcile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// constantsOfCodes reads the values of the constants in codes_names.go.
func constantsOfCodes(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes_names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("%s is not a literal", spec.Names[0].Name)
		}
		value, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		found[spec.Names[0].Name] = value
		return true
	})
	return found
}

func TestEveryConstantIsRegisteredOnceUnderItsClass(t *testing.T) {
	classes := map[string]CodeClass{
		"Hold": ClassHold, "Block": ClassBlock, "Unusable": ClassUnusable, "Notice": ClassNotice,
	}
	seen := map[string]string{}
	for name, value := range constantsOfCodes(t) {
		if other, twice := seen[value]; twice {
			t.Errorf("%s and %s are both %q", name, other, value)
		}
		seen[value] = name
		info, ok := CodeInfo(value)
		if !ok {
			t.Errorf("%s = %q is not in the registry", name, value)
			continue
		}
		prefix := regexp.MustCompile(`^[A-Z][a-z]+`).FindString(name)
		if info.Class != classes[prefix] {
			t.Errorf("%s has class %q, want %q", name, info.Class, classes[prefix])
		}
	}
	for _, c := range Codes() {
		if _, ok := seen[strings.TrimSuffix(c.Code, weekSuffix)]; !ok {
			t.Errorf("code %q has no constant", c.Code)
		}
	}
}

func TestNoListRepeatsACode(t *testing.T) {
	lists := [][]Code{
		holdCodes, addressCodes, removalCodes, accountCodes,
		orderCodes, blockCodes, limitPages(), unusableCodes, noticeCodes, readingCodes, serverCodes,
	}
	if got, want := len(slices.Concat(lists...)), len(Codes()); got != want {
		t.Errorf("the lists have %d codes, the registry %d", got, want)
	}
}

func TestCodesAreSortedAndComplete(t *testing.T) {
	shape := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	codes := Codes()
	if !slices.IsSortedFunc(codes, func(a, b Code) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("Codes is not sorted")
	}
	for _, c := range codes {
		if !shape.MatchString(c.Code) {
			t.Errorf("%q is not lower case with hyphens", c.Code)
		}
		if c.Title == "" || strings.HasSuffix(c.Title, ".") {
			t.Errorf("%s: the title %q is empty or ends with a full stop", c.Code, c.Title)
		}
		for what, text := range map[string]string{"meaning": c.Meaning, "hint": c.Hint} {
			if !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
				t.Errorf("%s: the %s is not one paragraph of sentences: %q", c.Code, what, text)
			}
		}
	}
}

func TestLimitCode(t *testing.T) {
	if got := LimitCode(ActDelete, false); got != BlockLimitDelete {
		t.Errorf("delete: got %q", got)
	}
	if got := LimitCode(ActDestroyTwin, true); got != "limit-twin-week" {
		t.Errorf("destroy-twin over a week: got %q", got)
	}
	for _, kind := range []ActionKind{ActResume, ActClaim, ActExport, ActPurge} {
		if got := LimitCode(kind, true); got != "" {
			t.Errorf("%s has the limit %q, want none", kind, got)
		}
	}
	for kind := range limitCodes {
		for _, week := range []bool{false, true} {
			if _, ok := CodeInfo(LimitCode(kind, week)); !ok {
				t.Errorf("%s (week %v) has no page", kind, week)
			}
		}
	}
}
