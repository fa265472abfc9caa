//go:build bench

package bench

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"syncagent/internal/archive"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/stalwarttest"
)

// TestExportOfALargeMailbox measures export, verification and restore, each in
// a process of its own, so that the memory of the simulator does not count.
func TestExportOfALargeMailbox(t *testing.T) {
	if os.Getenv("BENCH_CHILD") != "" {
		child(t)
		return
	}
	messages := number(t, "BENCH_MESSAGES", 100_000)
	generation := os.Getenv("BENCH_GENERATION")
	directory := &stalwarttest.MapDirectory{}
	sim := stalwarttest.New(stalwarttest.Options{Generation: generation, Directory: directory})
	web := httptest.NewServer(sim)
	defer web.Close()
	account := func(address string) (inSim stalwarttest.AccountID, id string) {
		directory.Put(stalwarttest.Record{Name: address, Secret: "pw", Aliases: []string{address}})
		if generation == "" {
			inSim = sim.AddAccount(stalwarttest.AccountSpec{Address: address})
			return inSim, string(inSim)
		}
		inSim = sim.AddPrincipal(stalwarttest.PrincipalSpec{Name: address, Emails: []string{address}})
		return inSim, stalwarttest.Decimal(inSim)
	}
	from, fromID := account("large@example.org")
	to, toID := account("new@example.org")
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range messages {
		sim.AddMail(from, stalwarttest.Message{
			Subject: fmt.Sprintf("mail %d", i), Body: strings.Repeat("a line of text\r\n", 20+i%200), Received: at.Add(time.Duration(i) * time.Minute),
		})
	}
	dir := t.TempDir()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte(key.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := []string{
		"BENCH_URL=" + web.URL, "BENCH_KEY=" + sim.APIKey(), "BENCH_DIR=" + filepath.Join(dir, "archive"), "BENCH_FROM=" + fromID,
		"BENCH_TO=" + toID, "BENCH_IDENTITY=" + filepath.Join(dir, "key"), "BENCH_RECIPIENT=" + key.Recipient().String(),
	}
	steps := []string{"export", "verify"}
	if os.Getenv("BENCH_RESTORE") != "" {
		steps = append(steps, "restore")
	}
	for _, step := range steps {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestExportOfALargeMailbox$", "-test.timeout", "60m")
		cmd.Env = append(append(os.Environ(), environment...), "BENCH_CHILD="+step)
		s := measure(t, cmd)
		t.Logf("%s: %d messages in %.1f s, %.0f a second, CPU %.1f s, peak memory %d MiB", step, messages, s.wall.Seconds(),
			float64(messages)/s.wall.Seconds(), s.cpu.Seconds(), s.memory>>10)
	}
	if n := len(sim.Messages(to)); os.Getenv("BENCH_RESTORE") != "" && n != messages {
		t.Errorf("%d messages were restored", n)
	}
}

// child does one step in a process of its own.
func child(t *testing.T) {
	t.Helper()
	o := stalwart.Options{URL: os.Getenv("BENCH_URL"), Rate: 1e6, Timeout: 2 * time.Minute}
	if os.Getenv("BENCH_GENERATION") == "" {
		o.APIKey = func() (string, error) { return os.Getenv("BENCH_KEY"), nil }
	} else {
		o.Username, o.Password = "admin", func() (string, error) { return "admin", nil }
	}
	dialed, err := stalwart.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Close()
	server, ok := dialed.(archive.Server)
	if !ok {
		t.Fatal("the client cannot export")
	}
	dir := os.Getenv("BENCH_DIR")
	options := archive.ExportOptions{Dir: dir, Account: reconcile.AccountID(os.Getenv("BENCH_FROM")), Server: "bench"}
	if os.Getenv("BENCH_SEALED") != "" {
		options.Recipients = []string{os.Getenv("BENCH_RECIPIENT")}
	}
	if os.Getenv("BENCH_CHILD") == "export" {
		if _, err := archive.Export(t.Context(), server, options); err != nil {
			t.Fatal(err)
		}
		return
	}
	stored, err := archive.Stores(dir)
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if os.Getenv("BENCH_CHILD") == "verify" {
		_, err = archive.VerifyWith(stored[0].Path, os.Getenv("BENCH_IDENTITY"))
	} else {
		_, err = archive.Restore(t.Context(), server, archive.RestoreOptions{
			Archive: stored[0].Path, Account: reconcile.AccountID(os.Getenv("BENCH_TO")), Identity: os.Getenv("BENCH_IDENTITY"),
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}
