package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and the reference anew")

// golden compares a text with a file, or writes the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is out of date; look at the difference, then run with -update (-want +got):\n%s", path, diff)
	}
}

// TestProblems loads each file of testdata/problems; the text beside it is what
// an administrator reads.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("found %d files (%v)", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			cfg, err := loadNamed(t, file, filepath.Base(file))
			if err != nil {
				text.WriteString(err.Error() + "\n")
			} else {
				for _, w := range cfg.Warnings {
					text.WriteString("warning: " + w.String() + "\n")
				}
			}
			if text.Len() == 0 {
				t.Fatal("no problem and no warning was found")
			}
			if strings.Contains(text.String(), "hunter2") {
				t.Errorf("the secret is shown:\n%s", text.String())
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", text.String())
		})
	}
}

func loadNamed(t *testing.T, file, name string) (*Config, error) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	return load(f, name, "/etc/syncagent")
}

// TestExamples: the shipped examples have neither problems nor warnings.
func TestExamples(t *testing.T) {
	for _, name := range []string{"minimal", "ldap", "sql"} {
		cfg, err := Load("../../configs/" + name + ".yaml")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range cfg.Warnings {
			t.Errorf("%s: warning: %s", name, w)
		}
	}
}

// TestRender: what is rendered loads again and renders to the same text.
func TestRender(t *testing.T) {
	var example strings.Builder
	if err := Example().Render(&example); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/defaults.golden.yaml", example.String())
	for _, name := range []string{"minimal", "ldap", "sql"} {
		cfg, err := Load("../../configs/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var first, second strings.Builder
		if err := cfg.Render(&first); err != nil {
			t.Fatal(err)
		}
		again, err := LoadReader(strings.NewReader(first.String()), "rendered")
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, first.String())
		}
		if err := again.Render(&second); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first.String(), second.String()); diff != "" {
			t.Errorf("%s renders differently (-first +second):\n%s", name, diff)
		}
		if got, want := again.Fingerprint(), cfg.Fingerprint(); got != want {
			t.Errorf("%s: fingerprint is %s, want %s", name, got, want)
		}
	}
}
