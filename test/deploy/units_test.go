package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

const root = "../../deploy"

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// settings returns the lines of a section, without comments.
func settings(t *testing.T, unit, section string) []string {
	t.Helper()
	var out []string
	now := ""
	for line := range strings.Lines(unit) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			now = strings.Trim(line, "[]")
		case !strings.Contains(line, "="):
			t.Errorf("line %q is no setting", line)
		case now == section:
			out = append(out, line)
		}
	}
	return out
}

func TestBothServicesAreEquallyHardened(t *testing.T) {
	hardening := func(name string) []string {
		all := settings(t, read(t, name), "Service")
		i := slices.Index(all, "User=syncagent")
		if i < 0 {
			t.Fatalf("%s does not run as syncagent", name)
		}
		return all[i:]
	}
	daemon := hardening("systemd/syncagent.service")
	if diff := cmp.Diff(daemon, hardening("systemd/syncagent-sync.service")); diff != "" {
		t.Errorf("the services differ (-daemon +timer):\n%s", diff)
	}
	for _, want := range []string{
		"NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
		"StateDirectory=syncagent", "StateDirectoryMode=0700", "LogsDirectory=syncagent", "SystemCallFilter=@system-service", "UMask=0077",
	} {
		if !slices.Contains(daemon, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestDaemonSpeaksToSystemd(t *testing.T) {
	got := settings(t, read(t, "systemd/syncagent.service"), "Service")
	for _, want := range []string{"Type=notify", "WatchdogSec=3min", "ExecReload=/bin/kill -HUP $MAINPID", "RestartPreventExitStatus=8 64", "KillMode=mixed"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// systemd's own judgement, where there is a systemd. The units name a binary that is not installed here.
func TestSystemdAcceptsTheUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze on this machine; the other tests have parsed the units")
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, name := range []string{"syncagent.service", "syncagent-sync.service", "syncagent-sync.timer"} {
		path := filepath.Join(dir, name)
		text := strings.ReplaceAll(read(t, "systemd/"+name), "/usr/bin/syncagent", "/bin/true")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) { // a warning names the file
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

func TestKubernetesObjectsParse(t *testing.T) {
	dec := yaml.NewDecoder(strings.NewReader(read(t, "kubernetes/cronjob.yaml")))
	var kinds []string
	for range 3 {
		var o struct{ Kind string }
		if err := dec.Decode(&o); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, o.Kind)
	}
	if diff := cmp.Diff([]string{"CronJob", "PersistentVolumeClaim", "PersistentVolumeClaim"}, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}
