package stalwart

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

func TestOldGenerationsAreDetected(t *testing.T) {
	for generation, want := range map[string]struct {
		label, version string
		can            Abilities
	}{
		"0.5.2":  {"rest-0.5", "0.5.2", Abilities{List: true, Rename: true, Delete: true, Purge: true, Twin: true, Export: true, Restore: true}},
		"0.6":    {"rest-0.6", "0.6.0", Abilities{List: true, Rename: true, Delete: true, Purge: true, Twin: true, Export: true, Restore: true}},
		"0.7.0":  {"rest-0.7-0.8", "0.7.0 to 0.8.4", Abilities{List: true, Delete: true, Purge: true, Twin: true, Export: true, Restore: true}},
		"0.8.5":  {"rest-0.8", "0.8.5", Abilities{List: true, Delete: true, Purge: true, Twin: true, Export: true, Restore: true}},
		"0.9.4":  {"rest-0.9", "0.9", Abilities{List: true, Delete: true, Purge: true, Twin: true, Export: true, Restore: true}},
		"0.10.1": {"rest-0.10", "0.10.0 to 0.10.2", all()},
		"0.10.7": {"rest-0.10", "0.10.7", all()},
		"0.11.6": {"rest-0.11", "0.11.5 to 0.11.6", all()},
		"0.11.8": {"rest-0.11", "0.11.8", all()},
		"0.12.0": {"rest-0.12", "0.12.0 to 0.12.1", Abilities{List: true, Purge: true, Twin: true, Export: true, Restore: true}},
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
	return Abilities{List: true, Rename: true, Delete: true, Purge: true, Suspend: true, Twin: true, Export: true, Restore: true}
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
	// Before 0.13 keys never work with an external directory: none is shown to it, not even by detection.
	for _, generation := range []string{"0.6", "0.8.5", "0.11.8", "0.12.0", "0.12.4", "0.12.5"} {
		sim := stalwarttest.New(stalwarttest.Options{Generation: generation, AuthBanRate: 1})
		shown := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				shown++
			}
			sim.ServeHTTP(w, r)
		}))
		_, err := Dial(t.Context(), Options{URL: srv.URL, APIKey: func() (string, error) { return "name:secret", nil }})
		srv.Close()
		if !is[*OptionsError](err) || shown != 0 {
			t.Errorf("%s: %v, and the key was sent %d times", generation, err, shown)
		}
	}
}
