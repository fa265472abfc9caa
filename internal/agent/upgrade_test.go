package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// old015 is a settled world of 0.15.5: 40 people, half of them with a bare login
// name, half with an address.
func old015(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, deleting, "0.15.5")
	for i := range 5 { // what the next server uses for itself
		w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: fmt.Sprintf("spare%d", i), Type: "list"})
	}
	for i := range 40 {
		name, id := fmt.Sprintf("u%02d", i), fmt.Sprintf("p%02d", i)
		if i%2 == 1 {
			name += "@example.org"
		}
		w.hire(id, name)
		w.alias(id, fmt.Sprintf("alias%02d@example.org", i))
		w.signIn(name, id)
	}
	if rep := w.sync(); rep.Result.Counts.Linked != 40 {
		t.Fatalf("adopted %d: %v", rep.Result.Counts.Linked, told(rep))
	}
	return w
}

// upgrade puts a server of 0.16 in the place of the old one: the same IDs, and
// names that became addresses. change may alter an account; false leaves it out.
func (w *world) upgrade(change func(spec *stalwarttest.AccountSpec) bool) {
	w.t.Helper()
	names := w.server.PrincipalNames("individual")
	w.exec(`UPDATE people SET mail = mail || '@example.org' WHERE mail NOT LIKE '%@%'`)
	w.generation = ""
	w.server = stalwarttest.New(stalwarttest.Options{
		Domains: []stalwarttest.Domain{{Name: "example.org"}, {Name: "example.net"}},
		Directory: stalwarttest.NewSQLDirectory(w.db,
			`SELECT mail AS name, secret, description FROM people WHERE lower(mail) = lower(?1) OR id IN (SELECT id FROM aliases WHERE address = lower(?1))`,
			`SELECT address FROM aliases JOIN people USING (id) WHERE mail = ?1`),
		Now: func() time.Time { return w.now },
	})
	for id, name := range names {
		if !strings.Contains(name, "@") {
			name += "@example.org"
		}
		spec := stalwarttest.AccountSpec{Address: name, ID: id, Created: w.now.Add(time.Hour)}
		if change == nil || change(&spec) {
			w.server.AddAccount(spec)
		}
	}
	url, stop, err := w.server.Start()
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
	w.file("api-key", w.server.APIKey())
	text, err := os.ReadFile(filepath.Join(w.dir, "syncagent.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^server: .*$`)
	w.file("syncagent.yaml", line.ReplaceAllString(string(text), "server: { url: "+url+", api_key: { file: api-key }, rate: 10000 }"))
	w.reload()
}

func TestAnUpgradeTo016IsCarriedOverOnce(t *testing.T) {
	w := old015(t)
	w.leave("p07")
	rep := w.sync()
	if rep.Result.Counts.Missing != 1 {
		t.Fatalf("the leaver: %v", told(rep))
	}
	left := ""
	w.upgrade(func(spec *stalwarttest.AccountSpec) bool {
		if spec.Address == "u07@example.org" {
			left = string(spec.ID)
		}
		return true
	})
	if _, err := agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }}).Orphans(t.Context()); err == nil || !strings.Contains(err.Error(), "another generation") {
		t.Errorf("orphans, with IDs of another form: %v", err)
	}
	dry, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil || dry.Result.Verdict.Blocked || len(dry.Result.Actions) != 0 || !upgraded(dry) {
		t.Fatalf("dry run: %v, %v, notices %v", err, told(dry), dry.Result.Notices)
	}
	rep = w.sync()
	if rep.Result.Verdict.Blocked || len(rep.Result.Actions) != 0 || len(rep.Result.Holds) != 0 || !upgraded(rep) {
		t.Fatalf("first run after the upgrade: %v, notices %v", told(rep), rep.Result.Notices)
	}
	if m := rep.Result.Missing; len(m) != 1 || string(m[0].Account) != left || m[0].Misses != 1 {
		t.Errorf("the leaver of before the upgrade is %+v, not account %s", m, left)
	}
	audit, err := os.ReadFile(w.cfg.Audit.File)
	if err != nil || strings.Count(string(audit), `"event":"upgrade","phase":"done"`) != 1 {
		t.Errorf("the audit log has not exactly one record of the upgrade: %v", err)
	}
	// Life goes on: a rename, and the end of the leaver's grace.
	w.rename("p02", "new02@example.org")
	rep = w.sync()
	want := []string{"rename p02 u02@example.org>new02@example.org done", "delete p07 u07@example.org> done"}
	if upgraded(rep) || !slices.Equal(told(rep), want) {
		t.Errorf("afterwards: %v, want %v", told(rep), want)
	}
	rep = w.sync()
	if len(rep.Result.Actions) != 0 || len(w.server.Accounts()) != 39+1 {
		t.Errorf("at last: %v, %d accounts", told(rep), len(w.server.Accounts()))
	}
}

// TestAStrangerOfBeforeTheUpgradeStaysAStranger: all accounts look as if they were made at the upgrade, but the
// carried listing knows better.
func TestAStrangerOfBeforeTheUpgradeStaysAStranger(t *testing.T) {
	w := old015(t)
	w.server.AddPrincipal(stalwarttest.PrincipalSpec{Name: "orphan@example.org"})
	w.sync()
	w.upgrade(nil)
	w.hire("p99", "orphan@example.org")
	for range 2 {
		rep := w.sync()
		for _, a := range rep.Result.Actions {
			if a.Kind != reconcile.ActPark || a.From != "orphan@example.org" {
				t.Errorf("action %+v", a)
			}
		}
		if rep.Result.Counts.Linked != 0 {
			t.Errorf("the mailbox of somebody else was linked: %v", told(rep))
		}
	}
}

func TestAnotherServerIsNoUpgrade(t *testing.T) {
	for name, change := range map[string]func(spec *stalwarttest.AccountSpec) bool{
		"other IDs": func(spec *stalwarttest.AccountSpec) bool {
			n, _ := stalwarttest.ParseID(string(spec.ID))
			spec.ID = stalwarttest.AccountID(stalwarttest.FormatID(n + 100))
			return true
		},
		"a third is gone": func(spec *stalwarttest.AccountSpec) bool {
			n, _ := stalwarttest.ParseID(string(spec.ID))
			return n%3 > 0
		},
		"other names": func(spec *stalwarttest.AccountSpec) bool {
			if n, _ := stalwarttest.ParseID(string(spec.ID)); n%8 == 0 {
				spec.Address = "other" + spec.Address
			}
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := old015(t)
			w.upgrade(change)
			w.leave("p01")
			for range 4 {
				rep := w.sync()
				code := rep.ExitCode(nil)
				if code != agent.ExitBlocked || len(rep.Result.Actions) != 0 || upgraded(rep) ||
					len(rep.Result.Verdict.Reasons) == 0 || rep.Result.Verdict.Reasons[0].Code != reconcile.BlockServerChanged {
					t.Fatalf("exit %d: %v", code, told(rep))
				}
			}
		})
	}
}

func upgraded(rep *agent.Report) bool {
	return slices.ContainsFunc(rep.Result.Notices, func(n reconcile.Notice) bool { return n.Code == reconcile.NoticeServerUpgraded })
}
