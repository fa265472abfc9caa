package health

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func run() RunStats {
	return RunStats{
		Trigger: "timetable", ExitCode: 4, Start: start, End: start.Add(90 * time.Second),
		Stages:  map[string]time.Duration{"read": 2 * time.Second},
		Sources: []SourceStats{{Name: "staff", Complete: true, Entries: 1000, Missing: 6}, {Name: "pupils", Entries: 12}},
		Blocked: map[string]bool{"rename": false, "remove": true},
		Actions: []ActionStats{{"rename", "done", 3}, {"rename", "failed", 1}},
		Holds:   map[string]int{"domain-unknown": 2},
	}
}

func scrape(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// samples keeps the product's own lines of a scrape.
func samples(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "syncagent_") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func serve(t *testing.T, m *Metrics, src Source) string {
	t.Helper()
	s, err := Listen(t.Context(), "127.0.0.1:0", m, src)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr()
}

func TestMetricsOfARun(t *testing.T) {
	m := NewMetrics("1.2.3")
	m.RunEnded(RunStats{Trigger: "catch-up", Start: start.Add(-time.Hour), End: start, Sources: []SourceStats{{Name: "gone", Entries: 5}}})
	m.RunEnded(run())
	m.AuditPosition(77)
	m.NextRun(start.Add(time.Hour))
	url := serve(t, m, Source{})
	_, text := scrape(t, url+"/metrics")
	want := []string{
		`syncagent_actions_total{kind="rename",outcome="done"} 3`,
		`syncagent_actions_total{kind="rename",outcome="failed"} 1`,
		`syncagent_audit_position 77`,
		`syncagent_blocked{stage="remove"} 1`,
		`syncagent_blocked{stage="rename"} 0`,
		`syncagent_build_info{version="1.2.3"} 1`,
		`syncagent_holds{code="domain-unknown"} 2`,
		`syncagent_last_run_duration_seconds 90`,
		`syncagent_last_run_exit_code 4`,
		`syncagent_last_run_stage_duration_seconds{stage="read"} 2`,
		`syncagent_last_run_timestamp_seconds 1.7723664e+09`,
		`syncagent_last_success_timestamp_seconds 1.7723628e+09`,
		`syncagent_lease_holder 0`,
		`syncagent_next_run_timestamp_seconds 1.77237e+09`,
		`syncagent_run_in_progress 0`,
		`syncagent_runs_total{exit_code="0",trigger="catch-up"} 1`,
		`syncagent_runs_total{exit_code="4",trigger="timetable"} 1`,
		`syncagent_source_complete{source="pupils"} 0`,
		`syncagent_source_complete{source="staff"} 1`,
		`syncagent_source_entries{source="pupils"} 12`,
		`syncagent_source_entries{source="staff"} 1000`,
		`syncagent_source_missing{source="pupils"} 0`,
		`syncagent_source_missing{source="staff"} 6`,
	}
	if diff := cmp.Diff(want, samples(text)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestEveryMetricIsInTheReference(t *testing.T) {
	b, err := os.ReadFile(filepath.FromSlash("../../docs/reference/metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, m := range Table {
		label := "–"
		if len(m.Labels) > 0 {
			label = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		rows = append(rows, "| `"+m.Name+"` | "+string(m.Kind)+" | "+label+" | "+m.Help+" |")
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "| `syncagent_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("docs/reference/metrics.md (-want +got):\n%s", diff)
	}
}

func TestMetricNamesFollowTheConventions(t *testing.T) {
	name := regexp.MustCompile(`^syncagent(_[a-z]+)+$`)
	seen := map[string]bool{}
	for _, m := range Table {
		if seen[m.Name] {
			t.Errorf("%s stands twice", m.Name)
		}
		seen[m.Name] = true
		if !name.MatchString(m.Name) || strings.HasSuffix(m.Name, "_total") != (m.Kind == Counter) || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s (%s): %q", m.Name, m.Kind, m.Help)
		}
	}
}

func TestProbesAndPage(t *testing.T) {
	var sick atomic.Bool
	url := serve(t, NewMetrics("1"), Source{
		Alive: func() error {
			if sick.Load() {
				return errors.New("the loop has not moved for 3m0s")
			}
			return nil
		},
		State: func() State {
			s := State{Version: "1<2", LastRun: start, LastExit: 4, Next: start.Add(time.Hour), Sources: run().Sources, Blocked: []string{"limit-delete: approve it"}}
			if sick.Load() {
				s.NotReady = []string{"the ledger is not open"}
			}
			return s
		},
	})
	tests := []struct {
		sick   bool
		path   string
		status int
		want   string
	}{
		{false, "/healthz", 200, "ok\n"},
		{true, "/healthz", 503, "the loop has not moved for 3m0s\n"},
		{false, "/readyz", 200, "ok\n"},
		{true, "/readyz", 503, "the ledger is not open\n"},
		{false, "/", 200, "1&lt;2"},
		{false, "/", 200, "2026-03-01 12:00:00 UTC, exit code 4"},
		{false, "/", 200, `<span class="bad">incomplete</span>`},
		{true, "/", 200, "the ledger is not open"},
		{false, "/other", 404, ""},
	}
	for _, tt := range tests {
		sick.Store(tt.sick)
		status, body := scrape(t, url+tt.path)
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s (sick: %v): %d %q; want %d with %q", tt.path, tt.sick, status, body, tt.status, tt.want)
		}
	}
}

func TestListenOnATakenPortSaysSo(t *testing.T) {
	url := serve(t, NewMetrics("1"), Source{})
	if _, err := Listen(t.Context(), strings.TrimPrefix(url, "http://"), NewMetrics("1"), Source{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
}

func TestSystemdMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "60000000")
	t.Setenv("WATCHDOG_PID", "")
	var s Systemd
	if got := s.BeatEvery(); got != 30*time.Second {
		t.Errorf("beat every %s, want 30s", got)
	}
	s.Ready("next run at 12:00")
	s.Reloading()
	s.Status("two\nREADY=1")
	s.Beat()
	s.Stopping("bye")
	want := []string{"READY=1\nSTATUS=next run at 12:00", "RELOADING=1\nMONOTONIC_USEC=", "STATUS=two READY=1", "WATCHDOG=1", "STOPPING=1\nSTATUS=bye"}
	buf := make([]byte, 1024)
	for _, w := range want {
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(buf[:n]); !strings.HasPrefix(got, w) {
			t.Errorf("got %q, want %q", got, w)
		}
	}
}

func TestWithoutSystemdNothingHappens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	var s Systemd
	s.Ready("ok")
	if got := s.BeatEvery(); got != 0 {
		t.Errorf("beat every %s without a watchdog", got)
	}
}
