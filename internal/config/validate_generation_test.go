package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatNeverWorksOnAGeneration looks for the problem with its place; "" means
// that there is none of this kind.
func TestWhatNeverWorksOnAGeneration(t *testing.T) {
	const key, password = "api_key: { file: k }", "username: admin\n  password: { file: p }"
	export := "  missing: delete\n"
	noExport := "  missing: delete\n  export: { required: false }\n"
	for _, c := range []struct{ generation, login, policy, want string }{
		{"0.15.5", key, export, "12:12: policy.missing: delete can never work here: export.required is true, and API keys cannot read mail on Stalwart 0.15.5"},
		{"0.13", key, export, "12:12: policy.missing: delete can never work here"},
		{"0.15.5", key, noExport, ""},
		{"0.15.5", password, export, ""},
		{"0.15.5", key, "  missing: report\n", ""},
		{"0.16.3", key, export, ""},
		{"auto", key, export, ""},
		{"0.11.8", key, noExport, "3:12: server.api_key: Stalwart 0.11.8 accepts API keys only without an external directory"},
		{"0.12.0", password, noExport, "13:12: policy.missing: nothing is ever deleted on Stalwart 0.12.0"},
		{"0.12.2", password, noExport, ""},
		{"0.8.5", password, "  missing: suspend\n", "13:12: policy.missing: suspend can never work: Stalwart 0.8.5 cannot cut"},
		{"0.10.7", password, "  missing: suspend\n  suspend: { runs: 2, time: 0s }\n", ""},
		{"0.9.4", password, "  disabled: suspend\n", "13:13: policy.disabled: suspend can never work"},
		{"0.4.2", password, "", "5:15: server.generation: Stalwart 0.4.2 is not managed: it destroys message bodies"},
		{"0.2.0", password, "", "5:15: server.generation: there is no Stalwart 0.2.0"},
	} {
		text := fmt.Sprintf(`server:
  url: https://mail.example.org
  %s
  generation: "%s"
sources:
  - name: staff
    sql: { driver: sqlite, dsn: x.sqlite, query: "SELECT id, mail FROM p", lookup: "SELECT id, mail FROM p WHERE id = ?" }
    map: { id: id, name: "{mail}" }
state: { dir: state }
audit: { file: audit.jsonl }
policy:
%s`, c.login, c.generation, c.policy)
		file := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var problems *ProblemsError
		if _, err := Load(file); err != nil && !errors.As(err, &problems) {
			t.Fatal(err)
		}
		var told []string
		if problems != nil {
			for _, p := range problems.Problems {
				if line := fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Path, p.Message); !strings.Contains(line, "this build") {
					told = append(told, line)
					if p.Hint == "" {
						t.Errorf("%s: without a hint", line)
					}
				}
			}
		}
		all := strings.Join(told, "\n")
		if (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
			t.Errorf("%s, %q:\n%s\nwant %s", c.generation, c.policy, all, c.want)
		}
	}
}

func TestOlderGenerations(t *testing.T) {
	for text, want := range map[string]bool{"0.15.5": true, "0.3": true, "0.16": false, "0.16.1": false, "auto": false, "1.0": false, "": false, "0.x": false} {
		if _, got := olderGeneration(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
