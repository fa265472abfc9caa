package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
)

// TestRunWeb: health, metrics and status page, also after the address changed.
func TestRunWeb(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	blocked := func(context.Context, agent.Options, string) (*agent.Report, error) {
		return &agent.Report{Result: reconcile.RunResult{Plan: reconcile.Plan{
			Sources: []reconcile.SourcePlan{{Name: "staff", Complete: true, Entries: 3}},
			Actions: []reconcile.Action{{Seq: 1, Kind: reconcile.ActRename}},
			Verdict: reconcile.Verdict{
				Blocked: true, Stages: map[reconcile.Stage]reconcile.StageVerdict{reconcile.StageRemove: reconcile.StageBlocked},
				Reasons: []reconcile.BlockReason{{Code: reconcile.BlockDrop, Stage: reconcile.StageRemove, Source: "staff", Message: "secret.name@example.org"}},
			},
		}, Results: []reconcile.Result{{Seq: 1, Outcome: reconcile.OutcomeDone}}}}, nil
	}
	h := startDaemon(t, "@yearly", "127.0.0.1:0", blocked)
	h.signals <- syscall.SIGUSR1 // taken by the loop: the server listens
	deadline := time.Now().Add(30 * time.Second)
	for h.manager.heard("status") == 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	base := "http://" + h.daemon.web.addr()
	for path, wants := range map[string][]string{
		"/healthz": {"ok"}, "/readyz": {"ok"},
		"/metrics": {
			`syncagent_runs_total{exit_code="4",trigger="signal"} 1`, `syncagent_source_entries{source="staff"} 3`,
			`syncagent_blocked{stage="remove"} 1`, `syncagent_actions_total{kind="rename",outcome="done"} 1`,
			"syncagent_lease_holder 1", "syncagent_next_run_timestamp_seconds", "syncagent_audit_position",
		},
		"/": {"Blocked, waiting for a person", "drop"},
	} {
		body := get(t, base+path)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, body)
			}
		}
		if strings.Contains(body, "secret.name") {
			t.Errorf("%s tells the name of a person", path)
		}
	}
	writeRunConfig(t, h.file, "@yearly", false, "")
	h.signals <- syscall.SIGHUP
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(h.log.String(), `"listen":""`) {
		t.Errorf("still listening:\n%s", h.log)
	}
	http.DefaultClient.CloseIdleConnections()
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if closeErr := res.Body.Close(); err != nil || closeErr != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %v\n%s", url, res.StatusCode, err, closeErr, body)
	}
	return string(body)
}
