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

// generations are the versions that the recordings and the issue name.
var generations = []string{"0.6", "0.7.0", "0.7.2", "0.8.0", "0.8.5", "0.9.4", "0.10.0", "0.10.7", "0.11.8", "0.13.4", "0.15.5"}

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

func TestOldGenerationsAreDetected(t *testing.T) {
	for generation, want := range map[string]struct {
		label, version string
		can            Abilities
	}{
		"0.5.2":  {"rest-0.5", "0.5.2", Abilities{List: true, Rename: true, Delete: true, Purge: true, Twin: true, Export: true}},
		"0.6":    {"rest-0.6", "0.6.0", Abilities{List: true, Rename: true, Delete: true, Purge: true, Twin: true, Export: true}},
		"0.7.0":  {"rest-0.7-0.8", "0.7.0 to 0.8.4", Abilities{List: true, Delete: true, Purge: true, Twin: true, Export: true}},
		"0.8.5":  {"rest-0.8", "0.8.5", Abilities{List: true, Delete: true, Purge: true, Twin: true, Export: true}},
		"0.9.4":  {"rest-0.9", "0.9", Abilities{List: true, Delete: true, Purge: true, Twin: true, Export: true}},
		"0.10.1": {"rest-0.10", "0.10.0 to 0.10.2", all()},
		"0.10.7": {"rest-0.10", "0.10.7", all()},
		"0.11.6": {"rest-0.11", "0.11.5 to 0.11.6", all()},
		"0.11.8": {"rest-0.11", "0.11.8", all()},
		"0.12.0": {"rest-0.12", "0.12.0 to 0.12.1", Abilities{List: true, Purge: true, Twin: true, Export: true}},
		"0.12.5": {"rest-0.12", "0.12.5", all()},
		"0.13.4": {"rest-0.13", "0.13.4", all()},
		"0.15.5": {"rest-0.15", "0.15.5", all()},
	} {
		t.Run(generation, func(t *testing.T) {
			s := simulateOld(t, generation, func(_ *Options, o *stalwarttest.Options) { o.AuthBanRate = 1 })
			info := s.Info()
			if info.Generation != want.label || info.Version != want.version {
				t.Errorf("%s, version %s; want %s, %s", info.Generation, info.Version, want.label, want.version)
			}
			if diff := cmp.Diff(want.can, info.Can); diff != "" {
				t.Errorf("abilities (-want +got):\n%s", diff)
			}
			if info.Self != "4294967295" || info.SelfName != "admin" || info.Fingerprint == "" || len(info.Missing) != 0 {
				t.Errorf("info %+v", info)
			}
			if !want.can.Rename && len(info.Warnings) == 0 {
				t.Error("nothing is said about the missing rename")
			}
			if n := len(s.sim.PrincipalNames("individual")); n != 0 {
				t.Errorf("the detection made %d accounts", n)
			}
		})
	}
}

func all() Abilities {
	return Abilities{List: true, Rename: true, Delete: true, Purge: true, Suspend: true, Twin: true, Export: true}
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
	results, _ := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: a, Name: "x", Addresses: []string{"x@unknown.test"}}})
	if domain, ok := errors.AsType[*InvalidDomainError](results[0]); !ok || domain.Domain != "unknown.test" {
		t.Errorf("unknown domain: %v", results)
	}
	if s.one(t, a).Name != "alice" {
		t.Error("a refused change was half done")
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

func TestOldServersAreNotAskedAgainAfterARefusal(t *testing.T) {
	for _, generation := range []string{"0.6", "0.8.5", "0.11.8", "0.15.5"} {
		sim := stalwarttest.New(stalwarttest.Options{Generation: generation, AuthBanRate: 1})
		srv := httptest.NewServer(sim)
		_, err := Dial(t.Context(), Options{URL: srv.URL, Username: "admin", Password: func() (string, error) { return "wrong", nil }})
		if !is[*UnauthorizedError](err) {
			t.Errorf("%s: %v", generation, err)
		}
		_, err = Dial(t.Context(), Options{URL: srv.URL, Username: "admin", Password: func() (string, error) { return "admin", nil }})
		if err != nil {
			t.Errorf("%s: one wrong login already banned us: %v", generation, err)
		}
		srv.CloseClientConnections()
		srv.Close()
	}
}

func TestAPIKeysBefore016(t *testing.T) {
	least := []string{"authenticate", "individual-list", "individual-get", "individual-update", "individual-delete", "purge-blob-store"}
	key := func(permissions ...string) func(*Options, *stalwarttest.Options) {
		return func(o *Options, sim *stalwarttest.Options) {
			o.Username, sim.AgentKey.Permissions = "", append(least, permissions...)
		}
	}
	s := simulateOld(t, "0.15.5", key("authenticate-oauth"))
	want := Abilities{List: true, Rename: true, Delete: true, Purge: true, Suspend: true}
	if diff := cmp.Diff(want, s.Info().Can); diff != "" {
		t.Errorf("abilities (-want +got):\n%s", diff)
	}
	a := s.user(t, "alice")
	if results, err := s.Destroy(t.Context(), []reconcile.AccountID{a}); err != nil || results[0] != nil {
		t.Errorf("destroy: %v, %v", results, err)
	}
	// Without authenticate-oauth neither version nor permissions can be read.
	s = simulateOld(t, "0.15.5", key())
	if can := s.Info().Can; can.Rename || can.Delete || !can.List || len(s.Info().Missing) == 0 {
		t.Errorf("without the probe: %+v, missing %v", can, s.Info().Missing)
	}
	s = simulateOld(t, "0.15.5", key(), func(o *Options, _ *stalwarttest.Options) { o.Generation = "0.15.5" })
	if can := s.Info().Can; !can.Rename || !can.Delete || s.Info().Generation != "rest-0.15" {
		t.Errorf("configured: %+v", s.Info())
	}
	for _, generation := range []string{"0.8.5", "0.11.8", "0.12.4"} {
		sim := stalwarttest.New(stalwarttest.Options{Generation: generation, AuthBanRate: 1})
		srv := httptest.NewServer(sim)
		_, err := Dial(t.Context(), Options{URL: srv.URL, APIKey: func() (string, error) { return "name:secret", nil }})
		srv.Close()
		if !is[*OptionsError](err) {
			t.Errorf("%s: %v", generation, err)
		}
	}
}

func TestOldServersRefuseWhatCannotBeSafe(t *testing.T) {
	s := simulateOld(t, "0.12.0")
	a := s.user(t, "alice")
	if results, err := s.Destroy(t.Context(), []reconcile.AccountID{a}); !is[*UnsupportedError](err) || results[0] == nil {
		t.Errorf("0.12.0: %v, %v", results, err)
	}
	if _, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: a, Name: "x"}}); !is[*UnsupportedError](err) {
		t.Errorf("0.12.0: %v", err)
	}
	for _, generation := range []string{"0.3.0", "0.4"} {
		_, err := Dial(t.Context(), Options{
			URL: "http://127.0.0.1:9", Generation: generation, Username: "a", Password: func() (string, error) { return "b", nil },
		})
		if !is[*WrongGenerationError](err) {
			t.Errorf("%s: %v", generation, err)
		}
	}
	s = simulateOld(t, "0.11.8")
	if err := s.Accounts(t.Context(), "5", func(reconcile.Account) error { return nil }); !is[*UnsupportedError](err) {
		t.Errorf("IDs in no order: %v", err)
	}
	sim := stalwarttest.New(stalwarttest.Options{Generation: "0.15.5"})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	_, err := Dial(t.Context(), Options{
		URL: srv.URL, Generation: "0.11.8", Username: "admin", Password: func() (string, error) { return "admin", nil },
	})
	if !is[*WrongGenerationError](err) {
		t.Errorf("another version than configured: %v", err)
	}
}

func TestOnlyOrdinaryUsersAreTouched(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	var ids []reconcile.AccountID
	for _, spec := range []stalwarttest.PrincipalSpec{
		{Name: "boss", Roles: []string{"admin"}}, {Name: "staff", Type: "group"}, {Name: "room", Type: "resource"},
		{Name: "helper", Permissions: []string{"individual-delete"}}, {Name: "custom", Roles: []string{"own-role"}},
	} {
		ids = append(ids, reconcile.AccountID(stalwarttest.Decimal(s.sim.AddPrincipal(spec))))
	}
	for _, id := range ids {
		results, _ := s.Destroy(t.Context(), []reconcile.AccountID{id})
		if !is[*NotThisAccountError](results[0]) && !is[*NotFoundError](results[0]) {
			t.Errorf("%s: %v", id, results)
		}
		if err := s.CanSuspend(t.Context(), id); err == nil {
			t.Errorf("%s can be suspended", id)
		}
	}
	results, err := s.Destroy(t.Context(), []reconcile.AccountID{"4294967295"})
	if !is[*OwnAccountError](err) || results[0] == nil {
		t.Errorf("own account: %v, %v", results, err)
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

func TestAnAccountThatMovedIsFoundAgain(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	a, b := s.user(t, "alice"), s.user(t, "bob")
	if err := s.list1(t); err != nil {
		t.Fatal(err)
	}
	other := simulateClient(t, s)
	for _, w := range []reconcile.IdentityWrite{{Account: a, Name: "x"}, {Account: b, Name: "alice"}, {Account: a, Name: "bob"}} {
		if results, err := other.WriteIdentities(t.Context(), []reconcile.IdentityWrite{w}); err != nil || results[0] != nil {
			t.Fatalf("%v %v", results, err)
		}
	}
	// s still remembers the old names.
	if results, err := s.Destroy(t.Context(), []reconcile.AccountID{a}); err != nil || results[0] != nil {
		t.Fatalf("%v %v", results, err)
	}
	if got := s.one(t, b); got.Name != "alice" || s.subjects(b) != "of bob" || s.subjects(a) != "" {
		t.Errorf("b is %+v", got)
	}
}

func (o oldServer) list1(t *testing.T) error {
	return o.Accounts(t.Context(), "", func(reconcile.Account) error { return nil })
}

// simulateClient connects once more to the same server.
func simulateClient(t *testing.T, o oldServer) Server {
	t.Helper()
	s, err := Dial(t.Context(), Options{URL: o.http.base.String(), Username: "admin", Password: func() (string, error) { return "admin", nil }, Rate: 10000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
