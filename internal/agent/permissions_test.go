package agent_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/stalwarttest"
)

// keyed is a world of 0.15.5 in which we have an API key with few permissions.
func keyed(t *testing.T, policy string, permissions ...string) *world {
	t.Helper()
	w := newWorld(t, policy, "0.15.5")
	w.server = stalwarttest.New(stalwarttest.Options{
		Generation: "0.15.5", AgentKey: stalwarttest.APIKey{Permissions: permissions}, Now: func() time.Time { return w.now },
		Directory: stalwarttest.NewSQLDirectory(w.db, `SELECT mail AS name, secret, description FROM people WHERE mail = ?1`,
			`SELECT address FROM aliases JOIN people USING (id) WHERE mail = ?1`),
	})
	url, stop, err := w.server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w.file("api-key", w.server.APIKey())
	w.file("syncagent.yaml", fmt.Sprintf(`
server: { url: %s, api_key: { file: api-key }, rate: 10000 }
sources:
  - name: staff
    sql:
      driver: sqlite
      dsn: %s
      query: SELECT id, mail FROM people
      lookup: SELECT id, mail FROM people WHERE id = ?
    map: { id: id, id_never_reused: true, name: "{mail}" }
    expect: { max_drop: 50%% }
policy:
%s
state: { dir: state }
audit: { file: audit.jsonl }
`, url, filepath.Join(w.dir, "people.sqlite"), policy))
	w.reload()
	for i := range 10 {
		mail, id := fmt.Sprintf("u%02d@example.org", i), fmt.Sprintf("p%02d", i)
		w.hire(id, mail)
		w.signIn(mail, id)
	}
	return w
}

// TestAnAPIKeyBefore016 does the main job with the least set of permissions, and names what is missing without them.
func TestAnAPIKeyBefore016(t *testing.T) {
	least := []string{
		"authenticate", "authenticate-oauth", "individual-list", "individual-get", "individual-update", "individual-delete", "purge-blob-store",
	}
	w := keyed(t, deleting, least...)
	w.sync()
	w.leave("p03")
	w.rename("p01", "new@example.org")
	for range 4 {
		w.sync()
	}
	if names := fmt.Sprint(w.server.PrincipalNames("individual")); strings.Contains(names, "u03@") || !strings.Contains(names, "new@") {
		t.Errorf("with the least set: %s", names)
	}
	w = keyed(t, deleting, least[:4]...)
	w.sync()
	w.rename("p01", "new@example.org")
	text := strings.Join(told(w.sync()), "\n")
	if !strings.Contains(text, "rename-unsupported") || !strings.Contains(text, "it lacks individual-update") {
		t.Errorf("without individual-update: %s", text)
	}
	var lines []string
	err := agent.New(agent.Options{Config: w.cfg}).Doctor(t.Context(), func(c agent.Check) { lines = append(lines, c.Message+" "+c.Hint) })
	all := strings.Join(lines, "\n")
	for _, want := range []string{"individual-update", "individual-delete", "purge-blob-store", "can list; cannot rename, delete, purge, suspend, export, look"} {
		if err != nil || !strings.Contains(all, want) {
			t.Errorf("doctor does not tell %q (%v):\n%s", want, err, all)
		}
	}
}

// TestARequiredExportWithAnAPIKey: it can never work, so nothing is begun.
func TestARequiredExportWithAnAPIKey(t *testing.T) {
	w := keyed(t, "  missing: delete\n", "authenticate", "authenticate-oauth", "individual-list", "individual-get")
	for _, dry := range []bool{true, false} {
		rep, err := w.try(agent.RunOptions{DryRun: dry})
		if err == nil || rep.ExitCode(err) != agent.ExitUsage || !strings.Contains(err.Error(), "API keys cannot read mail on Stalwart 0.15.5") {
			t.Errorf("dry %v: exit %d, %v", dry, rep.ExitCode(err), err)
		}
	}
	if w.cfg.Sources[0].Policy.Missing != config.MissingDelete {
		t.Error("the test is about deletes")
	}
	if n := len(w.server.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
}
