package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"syncagent/internal/demo"
)

func TestDemoCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder")
	var out, errs bytes.Buffer
	call := Main{Args: []string{"demo", "--users", "50", "--json", "--dir", dir}, Stdout: &out, Stderr: &errs}
	if code := call.Run(t.Context()); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, errs.String())
	}
	var sum demo.Summary
	if err := json.Unmarshal(out.Bytes(), &sum); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if sum.Users != 50 || sum.Dir != dir || sum.Deleted != 2 || len(sum.Steps) < 10 {
		t.Errorf("summary: %+v", sum)
	}
	out.Reset()
	if code := call.Run(t.Context()); code != exitUsage || !strings.Contains(errs.String(), "not empty") {
		t.Errorf("the second time in the same folder: exit code %d\n%s", code, errs.String())
	}
}

func TestDemoOfAnOlderServer(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"demo", "--server", "rest", "--users", "50", "--json", "--dir", filepath.Join(t.TempDir(), "d")}
	if code := (Main{Args: args, Stdout: &out, Stderr: &errs}).Run(t.Context()); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, errs.String())
	}
	var sum demo.Summary
	if err := json.Unmarshal(out.Bytes(), &sum); err != nil || sum.Renamed != 8 || sum.Deleted != 2 || sum.Purges != 1 {
		t.Errorf("%v, summary: %+v", err, sum)
	}
}

func TestDemoUsage(t *testing.T) {
	for args, want := range map[string]string{
		"--server imap":  "is not known",
		"--users 3":      "use 50 to 20000",
		"--format html":  "has no format html",
		"--users notany": "invalid argument",
	} {
		var errs bytes.Buffer
		code := Main{Args: append([]string{"demo"}, strings.Fields(args)...), Stdout: &bytes.Buffer{}, Stderr: &errs}.Run(t.Context())
		if code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %s", args, code, errs.String())
		}
	}
}
