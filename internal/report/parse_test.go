package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestParsePlanReadsWhatJSONWrote(t *testing.T) {
	for name, run := range map[string]reconcile.RunResult{"saved": savedPlan(), "run": finishedRun(), "dry": {Plan: busyPlan()}} {
		t.Run(name, func(t *testing.T) {
			view := OfRun(run)
			if name == "dry" {
				view = OfPlan(run.Plan)
			}
			got, err := ParsePlan(bytes.NewReader(written(t, FormatJSON, view, Options{})))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wireRun(run), got); diff != "" {
				t.Errorf("round trip (-written +read):\n%s", diff)
			}
		})
	}
}

func TestParsePlanRefuses(t *testing.T) {
	good := string(written(t, FormatJSON, OfPlan(busyPlan()), Options{}))
	tests := []struct{ name, old, new, want string }{
		{"newer version", `"version": 1`, `"version": 2`, "it is 2, this syncagent reads 1"},
		{"no version", `"version": 1,`, ``, "version: missing"},
		{"unknown field", `"seq": 1,`, `"seq": 1, "force": true,`, `unknown field "force"`},
		{"repeated field", `"from": "bea@example.org",`, `"from": "bea@example.org", "From": "x",`, "actions[0].From: this field stands twice"},
		{"wrong type", `"seq": 3,`, `"seq": "3",`, "actions.seq: a string does not fit"},
		{"syntax", `"seq": 1,`, `"seq": 1;`, "column 15: invalid character ';'"},
		{"bad hash", someHash, "md5:00", `hash: "md5:00"`},
		{"bad kind", `"kind": "park"`, `"kind": "destroy"`, `actions[1].kind: "destroy" is not a kind`},
		{"wrong stage", `"stage": "remove"`, `"stage": "protect"`, `actions[10].stage: "protect" is not the stage of export`},
		{"seq twice", `"seq": 2,`, `"seq": 1,`, "actions[1].seq: 1 stands twice"},
		{"seq zero", `"seq": 1,`, `"seq": 0,`, "actions[0].seq: 0 is not positive"},
		{"after nobody", "\"after\": [\n        6\n      ]", `"after": [99]`, "actions[6].after[0]: there is no other action 99"},
		{"after itself", "\"after\": [\n        6\n      ]", `"after": [7]`, "actions[6].after[0]: there is no other action 7"},
		{"no account", `"account": "b"`, `"account": ""`, "actions[0].account: missing"},
		{"no source", "\"source\": \"staff\",\n      \"stable_id\": \"11\"", `"source": "", "stable_id": "11"`, "actions[0].source: missing"},
		{"long ID", `"stable_id": "11"`, `"stable_id": "` + strings.Repeat("x", 256) + `"`, "actions[0].stable_id: it is longer than 255 bytes"},
		{"bad verdict", `"protect": "ok"`, `"protect": "sure"`, `verdict.stages.protect: "sure"`},
		{"no verdict", `"protect": "ok",`, ``, `verdict.stages.protect: ""`},
		{"strange stage", `"protect": "ok",`, `"protect": "ok", "hurry": "ok",`, "verdict.stages: there is a stage"},
		{"cut short", "\n  }\n}\n", "", "unexpected end of JSON input"},
		{"more after it", "\n  }\n}\n", "\n  }\n}\n{}", "after top-level value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bad := strings.Replace(good, test.old, test.new, 1)
			if bad == good {
				t.Fatalf("the plan has no %q", test.old)
			}
			_, err := ParsePlan(strings.NewReader(bad))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
			if got, want := errors.Is(err, ErrPlanVersion), test.name == "newer version"; got != want {
				t.Errorf("is ErrPlanVersion: %v, want %v", got, want)
			}
		})
	}
}

func TestParsePlanRefusesAResultWithoutAnAction(t *testing.T) {
	run := finishedRun()
	run.Results[0].Seq = 77
	_, err := ParsePlan(bytes.NewReader(written(t, FormatJSON, OfRun(run), Options{})))
	if err == nil || !strings.Contains(err.Error(), "results[0].seq: there is no action 77") {
		t.Errorf("got %v", err)
	}
}

// TestJSONShape holds the wire form to the contract: no null but for times that
// are not known, times in UTC to the second.
func TestJSONShape(t *testing.T) {
	for name, view := range goldens() {
		doc := written(t, FormatJSON, view, Options{})
		var tree any
		if err := json.Unmarshal(doc, &tree); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.HasPrefix(name, "status") || strings.HasPrefix(name, "explain") {
			continue
		}
		if bytes.Contains(doc, []byte("null")) {
			t.Errorf("%s has a null", name)
		}
	}
	doc := written(t, FormatJSON, OfRun(savedPlan()), Options{})
	for _, want := range []string{`"created": "2026-11-23T19:00:00Z"`, `"expires": "2026-11-24T19:00:00Z"`} {
		if !bytes.Contains(doc, []byte(want)) {
			t.Errorf("the saved plan lacks %s", want)
		}
	}
}
