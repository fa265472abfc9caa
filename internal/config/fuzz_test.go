package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad: any bytes give a configuration or problems, never a panic; every
// problem says something and stands within the file.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "../../configs/ldap.yaml", "../../configs/sql.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("a: &a [ *a ]\nsources: &s [ *s ]\n")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := load(strings.NewReader(text), "fuzz", "/etc/syncagent")
		if err == nil {
			var out strings.Builder
			if err := cfg.Render(&out); err != nil {
				t.Fatal(err)
			}
			return
		}
		var problems *ProblemsError
		if !errors.As(err, &problems) || len(problems.Problems) == 0 {
			t.Fatalf("got %T: %v", err, err)
		}
		for _, p := range problems.Problems {
			if p.Message == "" || p.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+2 {
				t.Fatalf("a problem without a place or a message: %+v", p)
			}
		}
	})
}
