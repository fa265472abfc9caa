package stalwarttest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLoginsOfARemovedUser is the table of observations in the recording removed-user: what each kind of credential
// answers after each step of a leaver's way out.
func TestLoginsOfARemovedUser(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw"})
	id := mustLogin(t, s, "ann@example.org", "pw")
	app := s.AddAppPassword(id, "phone")
	headers := []string{
		basic("ann@example.org", "pw"), // seen before, from the second step on
		"",                             // a header never seen before: made anew for each step
		basic("ann@example.org", app),
		"Bearer " + s.AddAPIKey(id, APIKey{}),
		"Bearer " + s.AddOAuthToken(id),
	}
	steps := []struct {
		name string
		do   func()
		want []int
	}{
		{"before", func() {}, []int{200, 200, 200, 200, 200}},
		{"removed", func() { directory.Remove("ann@example.org") }, []int{200, 401, 200, 200, 200}},
		{"caches invalidated", func() {
			newClient(t, s).call(`[["x:Action/set",{"create":{"i":{"@type":"InvalidateCaches"}}},"0"]]`)
		}, []int{401, 401, 200, 200, 200}},
		{"suspended", func() { s.Suspend(id, true) }, []int{401, 401, 403, 403, 403}},
		{
			"destroyed", func() { newClient(t, s).call(`[["x:Account/set",{"destroy":["c"]},"0"]]`) },
			[]int{401, 401, 401, 401, 401},
		},
	}
	for i, step := range steps {
		step.do()
		var got []int
		for _, header := range headers {
			if header == "" {
				header = basic("ann@example.org"+strings.Repeat(" ", i+1), "pw")
			}
			response := (client{t, s, header}).do("GET", "/jmap/session", "")
			_ = response.Body.Close()
			got = append(got, response.StatusCode)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: header seen before, new header, app password, API key, OAuth token (-recorded +simulated):\n%s", step.name, diff)
		}
	}
	if s.Invalidations() != 1 {
		t.Errorf("%d invalidations, want 1", s.Invalidations())
	}
}

// TestCachedHeaderAfterARename follows the recordings rename-effects and shadow: a header seen before keeps leading to
// its account, whatever that is called now, until InvalidateCaches.
func TestCachedHeaderAfterARename(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw"})
	old := client{t, s, basic("ann@example.org", "pw")}
	id := mustLogin(t, s, "ann@example.org", "pw")
	app := s.AddAppPassword(id, "phone")
	if got := old.do("GET", "/jmap/session", "").StatusCode; got != 200 {
		t.Fatalf("first login: %d", got)
	}
	s.Move(id, "new@example.org")
	directory.Update("ann@example.org", func(r *Record) { r.Name = "new@example.org" })
	if got := old.do("GET", "/jmap/session", "").StatusCode; got != 200 {
		t.Errorf("old login, header seen before: %d, recorded 200", got)
	}
	if _, err := s.Login("ann@example.org", app); err == nil {
		t.Error("app password works with the old login; recorded: only with the new one")
	}
	if got := mustLogin(t, s, "new@example.org", app); got != id {
		t.Errorf("app password with the new login opens %s, want %s", got, id)
	}
	if _, err := s.Execute(`[["x:Action/set",{"create":{"i":{"@type":"InvalidateCaches"}}},"0"]]`); err != nil {
		t.Fatal(err)
	}
	if got := old.do("GET", "/jmap/session", "").StatusCode; got != 401 {
		t.Errorf("old login after InvalidateCaches: %d, recorded 401", got)
	}
}

func TestByHand(t *testing.T) {
	s := New(Options{})
	id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
	s.Move(id, "ann.new@example.org", "ann@example.org")
	view, _ := s.AccountOf("ann@example.org")
	if view.ID != id || view.Address != "ann.new@example.org" || s.Renames(id) != 0 {
		t.Errorf("after Move: %+v, %d renames; what is done by hand does not count", view, s.Renames(id))
	}
	out, err := s.Execute(`[["x:Account/get",{"ids":["c"],"properties":["name"]},"0"]]`)
	if err != nil || !strings.Contains(out, `"ann.new"`) {
		t.Errorf("Execute: %s, %v", out, err)
	}
	s.Destroy(id)
	if _, found := s.Account(id); found || s.Destroys(id) != 0 {
		t.Errorf("after Destroy: found %v, %d destroys", found, s.Destroys(id))
	}
	if _, err := s.Execute(`nonsense`); err == nil {
		t.Error("Execute accepted nonsense")
	}
}
