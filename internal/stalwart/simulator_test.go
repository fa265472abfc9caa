package stalwart

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// simulate starts a simulated server and connects to it with its API key.
func simulate(t *testing.T, o stalwarttest.Options) (*stalwarttest.Server, *jmapServer) {
	t.Helper()
	sim := stalwarttest.New(o)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	s, err := dial(t.Context(), Options{
		URL: srv.URL, APIKey: func() (string, error) { return sim.APIKey(), nil }, Rate: 10000, Timeout: 10 * time.Second,
	}.withDefaults())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(s.Close)
	s.http.pause, s.poll = time.Millisecond, 5*time.Millisecond
	return sim, s
}

func add(sim *stalwarttest.Server, address string, aliases ...string) reconcile.AccountID {
	return reconcile.AccountID(sim.AddAccount(stalwarttest.AccountSpec{Address: address, Aliases: aliases}))
}

func get(t *testing.T, s *jmapServer, id reconcile.AccountID) reconcile.Account {
	t.Helper()
	found, _, err := s.Get(t.Context(), []reconcile.AccountID{id})
	if err != nil || len(found) != 1 {
		t.Fatalf("get %s: %v, %v", id, found, err)
	}
	return found[0]
}

func TestSimulatorListsAll(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	want := map[string]bool{}
	for range 1100 {
		// Names do not matter here, IDs do.
		id := add(sim, "u"+string(rune('a'+len(want)%26))+strings.Repeat("x", len(want)/26)+"@example.org")
		want[string(id)] = true
	}
	got := map[string]bool{}
	ids, err := listIDs(t, s, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		got[id] = true
	}
	for id := range want {
		if !got[id] {
			t.Errorf("%s is not listed", id)
		}
	}
	later := add(sim, "later@example.org")
	if ids, err := listIDs(t, s, reconcile.AccountID(ids[len(ids)-1])); err != nil || !cmp.Equal(ids, []string{string(later)}) {
		t.Errorf("after the last: %v, %v", ids, err)
	}
}

func TestSimulatorSwapKeepsMailWithItsOwner(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	a, b := add(sim, "a@example.org", "a2@example.org"), add(sim, "b@example.org")
	sim.AddMail(stalwarttest.AccountID(a), stalwarttest.Message{Subject: "of a"})
	before := sim.Requests()
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write(string(a), "tmp-"+string(a)+"@example.org"), write(string(b), "a@example.org", "a2@example.org"), write(string(a), "b@example.org"),
	})
	if err != nil || errors.Join(results...) != nil {
		t.Fatalf("%v, %v", results, err)
	}
	if n := sim.Requests() - before; n != 2 { // one to read the aliases of b
		t.Errorf("%d requests", n)
	}
	if got := get(t, s, a); got.Name != "b@example.org" || len(got.Addresses) != 0 {
		t.Errorf("a is %+v", got)
	}
	if got := get(t, s, b); got.Name != "a@example.org" || !cmp.Equal(got.Addresses, []string{"a2@example.org"}) {
		t.Errorf("b is %+v", got)
	}
	if m := sim.Messages(stalwarttest.AccountID(a)); len(m) != 1 {
		t.Errorf("a has %d mails", len(m))
	}
}

func TestSimulatorTwinAside(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	real, twin := add(sim, "old@example.org"), add(sim, "new@example.org")
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{write(string(real), "new@example.org")})
	if p, ok := errors.AsType[*PrimaryKeyViolationError](results[0]); !ok || p.Owner != twin || err != nil {
		t.Fatalf("taken: %v, %v", results, err)
	}
	results, err = s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write(string(twin), "twin-"+string(twin)+"@example.org"), write(string(real), "new@example.org"),
	})
	if err != nil || errors.Join(results...) != nil {
		t.Fatalf("%v, %v", results, err)
	}
	c, err := s.Contents(t.Context(), twin)
	if err != nil || !c.Empty() {
		t.Errorf("the twin holds %+v, %v", c, err)
	}
}

func TestSimulatorContents(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	for name, fill := range map[string]func(stalwarttest.AccountID){
		"mail":    func(id stalwarttest.AccountID) { sim.AddMail(id, stalwarttest.Message{Subject: "x"}) },
		"contact": func(id stalwarttest.AccountID) { sim.AddContact(id, "x") },
		"event":   func(id stalwarttest.AccountID) { sim.AddEvent(id, "x", "2026-12-01T10:00:00") },
		"file":    func(id stalwarttest.AccountID) { sim.AddFile(id, "x", []byte("y")) },
		"script":  func(id stalwarttest.AccountID) { sim.AddSieve(id, "x", "keep;", true) },
	} {
		id := add(sim, name+"@example.org")
		fill(stalwarttest.AccountID(id))
		c, err := s.Contents(t.Context(), id)
		if sum := c.Messages + c.Contacts + c.Events + c.Files + c.Scripts; err != nil || !c.Known || c.Empty() || sum != 1 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if _, err := s.Contents(t.Context(), "zzzz"); !is[*NotFoundError](err) {
		t.Errorf("no such account: %v", err)
	}
	if n := sim.DeadAccesses(); n != 0 {
		t.Errorf("%d looks into accounts that do not exist", n)
	}
	id := add(sim, "unread@example.org")
	sim.Inject(stalwarttest.Fault{FailMethod: "FileNode/query", FailType: "forbidden", Times: -1})
	c, err := s.Contents(t.Context(), id)
	if err != nil || c.Known || c.Empty() || !strings.Contains(c.MissingWhy, "files") {
		t.Errorf("files unreadable: %+v, %v", c, err)
	}
}

func TestSimulatorDestroyAwaitPurge(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{TaskDelay: 500 * time.Millisecond})
	gone, kept := add(sim, "gone@example.org"), add(sim, "kept@example.org")
	sim.AddMail(stalwarttest.AccountID(gone), stalwarttest.Message{Subject: "x", Body: strings.Repeat("y", 5000)})
	ctx := t.Context()
	results, err := s.Destroy(ctx, []reconcile.AccountID{gone})
	if err != nil || results[0] != nil {
		t.Fatalf("%v, %v", results, err)
	}
	states, err := s.AwaitDestroyed(ctx, []reconcile.AccountID{gone, kept})
	want := map[reconcile.AccountID]Destruction{gone: {State: DestroyDone}, kept: {State: DestroyNot}}
	if diff := cmp.Diff(want, states); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if r, err := s.Purge(ctx); err != nil || r.State != "requested" {
		t.Fatalf("purge: %+v, %v", r, err)
	}
	if r, err := s.Purge(ctx); err != nil || r.State != "skipped" {
		t.Errorf("a second purge: %+v, %v", r, err)
	}
	if r, err := s.AwaitPurge(ctx); err != nil || r.State != "done" || sim.Purges() != 1 {
		t.Errorf("await: %+v, %v, %d purges after the writes %v", r, err, sim.Purges(), sim.Writes())
	}
	if results, err := s.Destroy(ctx, []reconcile.AccountID{gone}); err != nil || !is[*NotFoundError](results[0]) {
		t.Errorf("again: %v, %v", results, err)
	}
	if sim.Destroys(stalwarttest.AccountID(kept)) != 0 {
		t.Error("the wrong account was destroyed")
	}
}

func TestSimulatorFailedArchivedAndSlowDestroys(t *testing.T) {
	ctx := t.Context()
	destroy := func(o stalwarttest.Options, fail bool) map[reconcile.AccountID]Destruction {
		sim, s := simulate(t, o)
		if fail {
			sim.FailDestroyTasks(1, "disk full")
		}
		id := add(sim, "x@example.org")
		if results, err := s.Destroy(ctx, []reconcile.AccountID{id}); err != nil || results[0] != nil {
			t.Fatal(results, err)
		}
		s.deleteTimeout = 3 * time.Second
		if o.TaskDelay > time.Minute {
			s.deleteTimeout = 50 * time.Millisecond
		}
		states, err := s.AwaitDestroyed(ctx, []reconcile.AccountID{id})
		if err != nil {
			t.Fatal(err)
		}
		return map[reconcile.AccountID]Destruction{"x": states[id]}
	}
	if d := destroy(stalwarttest.Options{TaskDelay: 20 * time.Millisecond}, true)["x"]; d.State != DestroyFailed || d.Reason != "disk full" {
		t.Errorf("failed: %+v", d)
	}
	if d := destroy(stalwarttest.Options{Archiving: 30 * 24 * time.Hour}, false)["x"]; d.State != DestroyArchiving || time.Until(d.Due) < 29*24*time.Hour {
		t.Errorf("archiving: %+v", d)
	}
	if d := destroy(stalwarttest.Options{TaskDelay: time.Hour}, false)["x"]; d.State != DestroyPending {
		t.Errorf("slow: %+v", d)
	}
}

func TestSimulatorRefusesItsOwnAccount(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	other, own := add(sim, "other@example.org"), s.info.Self
	ctx := t.Context()
	results, err := s.Destroy(ctx, []reconcile.AccountID{other, own})
	if !is[*OwnAccountError](err) || !is[*NotSentError](results[0]) || !is[*NotSentError](results[1]) {
		t.Errorf("destroy: %v, %v", results, err)
	}
	if _, err := s.Suspend(ctx, own); !is[*OwnAccountError](err) {
		t.Errorf("suspend: %v", err)
	}
	if _, err := s.Park(ctx, write(string(own), "x@example.org"), true); !is[*OwnAccountError](err) {
		t.Errorf("park: %v", err)
	}
	for _, bad := range [][]reconcile.AccountID{{other, other}, {"A!"}, {""}} {
		if results, err := s.Destroy(ctx, bad); err == nil || !is[*NotSentError](results[0]) {
			t.Errorf("%q: %v, %v", bad, results, err)
		}
	}
	if results, err := s.Destroy(ctx, nil); err != nil || len(results) != 0 {
		t.Errorf("nothing: %v, %v", results, err)
	}
	if sim.Destroys(stalwarttest.AccountID(other)) != 0 {
		t.Error("something was destroyed")
	}
}

func TestSimulatorSuspendAndResume(t *testing.T) {
	dir := &stalwarttest.MapDirectory{}
	dir.Put(stalwarttest.Record{Name: "x@example.org", Secret: "pw"})
	sim, s := simulate(t, stalwarttest.Options{Directory: dir})
	if !s.info.Can.Suspend {
		t.Fatalf("missing %v", s.info.Missing)
	}
	id := add(sim, "x@example.org")
	ctx := t.Context()
	before, err := s.Suspend(ctx, id)
	if err != nil || !strings.Contains(before, "Inherit") {
		t.Fatalf("before %q, %v", before, err)
	}
	if _, err := sim.Login("x@example.org", "pw"); !errors.Is(err, stalwarttest.ErrSuspended) || !get(t, s, id).Suspended {
		t.Errorf("suspended: %v", err)
	}
	if err := sim.Deliver("x@example.org", stalwarttest.Message{Subject: "still delivered"}); err != nil {
		t.Error(err)
	}
	if again, err := s.Suspend(ctx, id); err != nil || !strings.Contains(again, "authenticate") {
		t.Errorf("twice: %q, %v", again, err)
	}
	if err := s.Resume(ctx, id, before); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Login("x@example.org", "pw"); err != nil || get(t, s, id).Access != before {
		t.Errorf("resumed: %v, access %q", err, get(t, s, id).Access)
	}
	for _, bad := range []string{"", "{}", `{"@type":"Magic"}`, "null"} {
		if err := s.Resume(ctx, id, bad); err == nil {
			t.Errorf("resume with %q", bad)
		}
	}
	if _, err := s.Suspend(ctx, "zzzz"); !is[*NotFoundError](err) {
		t.Errorf("no such account: %v", err)
	}
}

func TestSimulatorDoesNotSuspendWithoutAProvenUndo(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{AgentKey: stalwarttest.APIKey{Permissions: stalwarttest.AgentPermissions}})
	id := add(sim, "x@example.org")
	if s.info.Can.Suspend {
		t.Error("says that it can")
	}
	if err := s.CanSuspend(t.Context(), id); !is[*ForbiddenError](err) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Suspend(t.Context(), id); !is[*ForbiddenError](err) || get(t, s, id).Suspended {
		t.Errorf("got %v", err)
	}
	// With the rights to look, but not those of users, the missing ones are named.
	more := append([]string{"sysRoleGet"}, stalwarttest.AgentPermissions...)
	sim, s = simulate(t, stalwarttest.Options{AgentKey: stalwarttest.APIKey{Permissions: more}})
	id = add(sim, "x@example.org")
	err := s.CanSuspend(t.Context(), id)
	if f, ok := errors.AsType[*ForbiddenError](err); !ok || !strings.Contains(f.Permission, "more") || s.info.Can.Suspend {
		t.Errorf("got %v", err)
	}
	i := slices.IndexFunc(s.info.Missing, func(m MissingPermissions) bool { return m.Ability == "suspend" })
	if i < 0 || len(s.info.Missing[i].Permissions) < 150 {
		t.Errorf("missing %v", s.info.Missing)
	}
}

func TestSimulatorPark(t *testing.T) {
	for _, tc := range []struct {
		name        string
		permissions []string
		suspended   bool
		notCut      []string
	}{
		{"with all rights", nil, true, []string{NotCutSessions}},
		{"with the agent's rights", stalwarttest.AgentPermissions, false, []string{NotCutAccess, NotCutSessions}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sim, s := simulate(t, stalwarttest.Options{AgentKey: stalwarttest.APIKey{Permissions: tc.permissions}})
			id := add(sim, "leaver@example.org", "alias@example.org")
			sim.AddAppPassword(stalwarttest.AccountID(id), "phone")
			sim.AddAPIKey(stalwarttest.AccountID(id), stalwarttest.APIKey{})
			r, err := s.Park(t.Context(), write(string(id), "parked-"+string(id)+"@example.org", "ignored@example.org"), true)
			if err != nil || !r.Moved || r.Suspended != tc.suspended || r.AppPasswords != 1 || r.APIKeys != 1 || !strings.Contains(r.Before, "Inherit") {
				t.Fatalf("%+v, %v", r, err)
			}
			var codes []string
			for _, n := range r.NotCut {
				codes = append(codes, n.Code)
			}
			if diff := cmp.Diff(tc.notCut, codes); diff != "" {
				t.Errorf("not cut:\n%s", diff)
			}
			view, _ := sim.Account(stalwarttest.AccountID(id))
			if len(view.Aliases) != 0 || view.Suspended != tc.suspended || view.Credentials != 0 || !strings.HasPrefix(view.Address, "parked-") {
				t.Errorf("account %+v", view)
			}
			if err := s.InvalidateCaches(t.Context()); err != nil || sim.Invalidations() != 1 {
				t.Errorf("caches: %v", err)
			}
			if _, err := s.Info(), s.http.isStopped(); err != nil {
				t.Errorf("stopped: %v", err)
			}
		})
	}
}

func TestSimulatorParkWithoutCutLeavesAccess(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	id := add(sim, "x@example.org", "y@example.org")
	sim.AddAppPassword(stalwarttest.AccountID(id), "phone")
	r, err := s.Park(t.Context(), write(string(id), "aside@example.org"), false)
	view, _ := sim.Account(stalwarttest.AccountID(id))
	if err != nil || !r.Moved || r.Suspended || len(r.NotCut) != 0 || view.Credentials != 1 || len(view.Aliases) != 0 {
		t.Errorf("%+v, %v, %+v", r, err, view)
	}
	taken := add(sim, "taken@example.org")
	if r, err := s.Park(t.Context(), write(string(id), "taken@example.org"), true); r.Moved || !is[*PrimaryKeyViolationError](err) {
		t.Errorf("to a taken name: %+v, %v", r, err)
	}
	if view, _ := sim.Account(stalwarttest.AccountID(id)); view.Credentials != 1 || view.Suspended {
		t.Errorf("a park that failed cut something: %+v", view)
	}
	if get(t, s, taken).Name != "taken@example.org" {
		t.Error("the other account was touched")
	}
}

func TestSimulatorUncertainDestroy(t *testing.T) {
	sim, s := simulate(t, stalwarttest.Options{})
	id := add(sim, "x@example.org")
	sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnDestroy("x:Account/set"), Drop: stalwarttest.DropLast})
	results, err := s.Destroy(t.Context(), []reconcile.AccountID{id})
	if !is[*UncertainError](results[0]) || !is[*UncertainError](err) || sim.Destroys(stalwarttest.AccountID(id)) != 1 {
		t.Errorf("%v, %v", results, err)
	}
	if _, gone, err := s.Get(t.Context(), []reconcile.AccountID{id}); err != nil || len(gone) != 1 {
		t.Errorf("asked again: %v, %v", gone, err)
	}
}
