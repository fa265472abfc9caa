package stalwart

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// generations are the versions that the recordings and the issue name, and one of each other minor version.
var generations = []string{
	"0.5.3", "0.6", "0.7.0", "0.7.2", "0.8.0", "0.8.5", "0.9.4", "0.10.0", "0.10.7", "0.11.8", "0.12.5", "0.13.4", "0.14.1", "0.15.5",
}

// old tells what a test needs to know of a generation.
type oldServer struct {
	*restServer
	sim       *stalwarttest.Server
	directory *stalwarttest.MapDirectory
}

func simulateOld(t *testing.T, generation string, change ...func(*Options, *stalwarttest.Options)) oldServer {
	t.Helper()
	directory := &stalwarttest.MapDirectory{}
	simOptions := stalwarttest.Options{Generation: generation, Directory: directory}
	o := Options{
		Username: "admin", Password: func() (string, error) { return "admin", nil },
		Rate: 100000, Timeout: 10 * time.Second, DeleteTimeout: 20 * time.Second,
	}
	for _, c := range change {
		c(&o, &simOptions)
	}
	sim := stalwarttest.New(simOptions)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	o.URL = srv.URL
	if o.Username == "" {
		o.APIKey, o.Password = func() (string, error) { return sim.APIKey(), nil }, nil
	}
	s, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatalf("dial %s: %v", generation, err)
	}
	t.Cleanup(s.Close)
	r, ok := s.(*restServer)
	if !ok {
		t.Fatalf("%s: not taken for an older server", generation)
	}
	r.http.pause, r.http.limitPause = time.Millisecond, 5*time.Millisecond
	return oldServer{r, sim, directory}
}

// user makes a person with a mailbox and one mail in it.
func (o oldServer) user(t *testing.T, name string, addresses ...string) reconcile.AccountID {
	t.Helper()
	o.directory.Put(stalwarttest.Record{Name: name, Secret: "pw", Aliases: addresses})
	id, err := o.sim.Login(name, "pw")
	if err != nil {
		t.Fatalf("login %s: %v", name, err)
	}
	o.sim.AddMail(id, stalwarttest.Message{Subject: "of " + name})
	return reconcile.AccountID(stalwarttest.Decimal(id))
}

// subjects are the mails of an account.
func (o oldServer) subjects(id reconcile.AccountID) string {
	n, _ := number(id)
	return strings.Join(o.sim.Subjects(stalwarttest.AccountID(jmapID(n))), ",")
}

func (o oldServer) one(t *testing.T, id reconcile.AccountID) reconcile.Account {
	t.Helper()
	found, _, err := o.Get(t.Context(), []reconcile.AccountID{id})
	if err != nil || len(found) != 1 {
		t.Fatalf("get %s: %v, %v", id, found, err)
	}
	return found[0]
}

func TestOldServersCarryOutALife(t *testing.T) {
	for _, generation := range generations {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			v := s.version
			alice, bob := s.user(t, "alice", "alice@example.org"), s.user(t, "bob", "bob@example.org")
			var names []string
			if err := s.Accounts(t.Context(), "", func(a reconcile.Account) error { names = append(names, a.Name); return nil }); err != nil {
				t.Fatal(err)
			}
			if len(names) != 2 {
				t.Fatalf("listed %v", names)
			}
			a := s.one(t, alice)
			if a.Name != "alice" || a.Kind != reconcile.KindIndividual || !a.Created.IsZero() || a.UsedBytes < 1 {
				t.Errorf("alice is %+v", a)
			}
			if want := []string{"alice@example.org"}; v.since(10, 0) && !cmp.Equal(a.Addresses, want) {
				t.Errorf("addresses %v", a.Addresses)
			}
			results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: alice, Name: "alicia"}})
			if renames := s.Info().Can.Rename; renames != (err == nil && results[0] == nil) {
				t.Fatalf("rename: %v, %v", results, err)
			} else if renames && s.one(t, alice).Name != "alicia" {
				t.Errorf("after the rename: %+v", s.one(t, alice))
			} else if !renames && !is[*UnsupportedError](err) {
				t.Errorf("rename: %v", err)
			}
			results, err = s.Destroy(t.Context(), []reconcile.AccountID{bob})
			if err != nil || results[0] != nil {
				t.Fatalf("destroy: %v, %v", results, err)
			}
			states, err := s.AwaitDestroyed(t.Context(), []reconcile.AccountID{alice, bob})
			if err != nil || states[bob].State != DestroyDone || states[alice].State != DestroyNot {
				t.Errorf("states %v, %v", states, err)
			}
			if results, _ := s.Destroy(t.Context(), []reconcile.AccountID{bob}); !is[*NotFoundError](results[0]) {
				t.Errorf("destroyed twice: %v", results)
			}
			checkPurge(t, s)
			if s.subjects(alice) != "of alice" || s.sim.BulkDeletes() != 0 || s.sim.AccountPurges() != 0 {
				t.Errorf("alice has %q", s.subjects(alice))
			}
		})
	}
}

// checkPurge purges, and looks whether the blobs of the deleted account go.
func checkPurge(t *testing.T, s oldServer) {
	t.Helper()
	before, _ := s.sim.Blobs()
	result, err := s.Purge(t.Context())
	want := "requested"
	if !s.version.since(8, 1) && s.sim.Purges() == 1 {
		want = "done"
	}
	if err != nil || result.State != want {
		t.Errorf("purge: %+v, %v; want %s", result, err, want)
	}
	if want == "requested" {
		if _, err := s.FindByName(t.Context(), "nobody"); err != nil {
			t.Error(err)
		}
	}
	if after, _ := s.sim.Blobs(); after >= before || s.sim.Purges() != 1 {
		t.Errorf("%d blobs before, %d after, %d purges", before, after, s.sim.Purges())
	}
}

func TestOldServersSwapNamesAndAddresses(t *testing.T) {
	for _, generation := range []string{"0.10.7", "0.11.8", "0.13.4", "0.15.5"} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			a, b := s.user(t, "alice", "alice@example.org"), s.user(t, "bob", "bob@example.org")
			writes := []reconcile.IdentityWrite{
				{Account: a, Name: "syncagent-tmp-1"},
				{Account: b, Name: "alice", Addresses: []string{"alice@example.org"}},
				{Account: a, Name: "bob", Addresses: []string{"bob@example.org"}},
			}
			results, err := s.WriteIdentities(t.Context(), writes)
			if err != nil || errors.Join(results...) != nil {
				t.Fatalf("%v, %v", results, err)
			}
			if got := s.one(t, a); got.Name != "bob" || !cmp.Equal(got.Addresses, []string{"bob@example.org"}) {
				t.Errorf("a is %+v", got)
			}
			for _, name := range []string{"alice", "bob"} {
				if _, err := s.sim.Login(name, "pw"); err != nil {
					t.Errorf("%s is locked out: %v", name, err)
				}
			}
			if s.subjects(a) != "of alice" || s.subjects(b) != "of bob" {
				t.Errorf("mail moved: %s, %s", s.subjects(a), s.subjects(b))
			}
		})
	}
}

func TestOldServersTellWhoOwnsWhatIsTaken(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	a, b := s.user(t, "alice", "alice@example.org"), s.user(t, "bob", "bob@example.org")
	for _, w := range []reconcile.IdentityWrite{
		{Account: a, Name: "bob"}, {Account: a, Name: "alicia", Addresses: []string{"bob@example.org"}},
	} {
		results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{w})
		taken, ok := errors.AsType[*PrimaryKeyViolationError](results[0])
		if err != nil || !ok || taken.Owner != b {
			t.Errorf("%+v: %v, %v", w, results, err)
		}
	}
	if s.one(t, a).Name != "alice" {
		t.Error("a refused change was half done")
	}
	// A domain that the server does not know yet is left to the next login.
	results, _ := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: a, Name: "x", Addresses: []string{"al@example.org", "x@unknown.test"}}})
	if got := s.one(t, a); results[0] != nil || got.Name != "x" || !cmp.Equal(got.Addresses, []string{"al@example.org"}) {
		t.Errorf("unknown domain: %v, %+v", results, got)
	}
}

func TestOldServersParkAndSuspend(t *testing.T) {
	for _, generation := range []string{"0.6", "0.10.7", "0.11.8", "0.13.4", "0.15.5"} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			a := s.user(t, "alice", "alice@example.org")
			cuts := s.Info().Can.Suspend
			if err := s.CanSuspend(t.Context(), a); (err == nil) != cuts {
				t.Fatalf("can suspend: %v", err)
			}
			if cuts {
				before, err := s.Suspend(t.Context(), a)
				if err != nil || before != "[]" || !s.one(t, a).Suspended {
					t.Fatalf("suspend: %q, %v", before, err)
				}
				if _, err := s.sim.Login("alice", "pw"); !errors.Is(err, stalwarttest.ErrSuspended) {
					t.Errorf("suspended, but: %v", err)
				}
				if again, err := s.Suspend(t.Context(), a); err != nil || again != `["authenticate"]` {
					t.Errorf("suspend again: %q, %v", again, err)
				}
				if err := s.Resume(t.Context(), a, before); err != nil || s.one(t, a).Suspended {
					t.Errorf("resume: %v", err)
				}
			}
			result, err := s.Park(t.Context(), reconcile.IdentityWrite{Account: a, Name: "parked-" + string(a)}, true)
			if err != nil || !result.Moved || result.Suspended != cuts || len(result.NotCut) == 0 {
				t.Fatalf("park: %+v, %v", result, err)
			}
			fresh, err := s.sim.Login("alice", "pw")
			if err != nil || stalwarttest.Decimal(fresh) == string(a) || s.sim.Messages(fresh) != nil && len(s.sim.Messages(fresh)) != 0 {
				t.Errorf("the newcomer got %s, %v", fresh, err)
			}
		})
	}
}

func TestACutDeleteIsFoundOut(t *testing.T) {
	for generation, want := range map[string]DestroyState{"0.13.4": DestroyNot, "0.15.5": DestroyFailed} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			a := s.user(t, "alice")
			s.sim.CutDeletes(1)
			results, _ := s.Destroy(t.Context(), []reconcile.AccountID{a})
			if uncertain := is[*UncertainError](results[0]); uncertain != (want == DestroyNot) {
				t.Errorf("destroy: %v", results)
			}
			states, err := s.AwaitDestroyed(t.Context(), []reconcile.AccountID{a})
			if err != nil || states[a].State != want || (states[a].Reason == "") != (want == DestroyNot) {
				t.Errorf("states %v, %v", states, err)
			}
		})
	}
}

func TestContentsOfOldServers(t *testing.T) {
	for _, generation := range []string{"0.6", "0.9.4", "0.11.8", "0.13.4", "0.15.5"} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation)
			full := s.user(t, "full")
			empty := reconcile.AccountID(stalwarttest.Decimal(s.sim.AddPrincipal(stalwarttest.PrincipalSpec{Name: "empty"})))
			c, err := s.Contents(t.Context(), full)
			if err != nil || c.Messages != 1 || c.UsedBytes < 1 || c.Empty() {
				t.Errorf("full: %+v, %v", c, err)
			}
			c, err = s.Contents(t.Context(), empty)
			if err != nil || c.Empty() != (generation != "0.13.4") {
				t.Errorf("empty: %+v, %v", c, err)
			}
			if _, err := s.Contents(t.Context(), "777777"); !is[*NotFoundError](err) {
				t.Errorf("no account: %v", err)
			}
			if s.sim.DeadAccesses() != 0 {
				t.Error("JMAP was asked about an account that does not exist")
			}
		})
	}
}
