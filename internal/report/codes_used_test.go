package report

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
)

// TestEveryCodeIsGivenSomewhere: a code with a page that nothing ever gives
// would promise a care that is not there.
func TestEveryCodeIsGivenSomewhere(t *testing.T) {
	constants, err := os.ReadFile("../reconcile/codes_names.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t([A-Za-z0-9]+) += "([a-z0-9-]+)"`).FindAllStringSubmatch(string(constants), -1) {
		names[m[2]] = m[1]
	}
	var source strings.Builder
	repository, err := os.OpenRoot("../..")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repository.Close() }()
	for _, root := range []string{"internal", "cmd"} {
		err := fs.WalkDir(repository.FS(), root, func(path string, d fs.DirEntry, err error) error {
			base := filepath.Base(path)
			if err != nil || d.IsDir() || !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") ||
				strings.HasPrefix(base, "codes") || strings.HasPrefix(base, "explain_codes") {
				return err
			}
			text, err := fs.ReadFile(repository.FS(), path)
			source.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	text := source.String()
	for _, c := range reconcile.Codes() {
		if strings.HasPrefix(c.Code, "limit-") && c.Class == reconcile.ClassBlock {
			continue // LimitCode gives them
		}
		name := names[c.Code]
		if !regexp.MustCompile(`\b`+name+`\b`).MatchString(text) && !strings.Contains(text, `"`+c.Code+`"`) {
			t.Errorf("nothing gives %s (%s)", c.Code, name)
		}
	}
}
