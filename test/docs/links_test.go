package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
)

// TestLinks follows every relative link of every page, from the README on: none
// is dead, and no page of docs/ is left that nobody can find.
func TestLinks(t *testing.T) {
	root := filepath.Join("..", "..")
	reached := map[string]bool{"README.md": true}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		for _, target := range linksOf(t, root, queue[0]) {
			info, err := os.Stat(filepath.Join(root, target))
			if err != nil {
				t.Errorf("%s: dead link to %s", queue[0], target)
				continue
			}
			if info.IsDir() || reached[target] || path.Ext(target) != ".md" {
				continue
			}
			reached[target] = true
			queue = append(queue, target)
		}
	}
	if len(reached) < 100 {
		t.Errorf("only %d pages were followed", len(reached))
	}
	err := fs.WalkDir(os.DirFS(root), "docs", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".md" && !reached[name] {
			t.Errorf("%s: no page leads to it", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// linksOf gives the files that a page links to, relative to the root, sorted.
func linksOf(t *testing.T, root, page string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, link := range markdownLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(text), ""), -1) {
		target, _, _ := strings.Cut(link[1], "#")
		if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		out = append(out, path.Join(path.Dir(page), target))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
