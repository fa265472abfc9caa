package stalwart

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// onMethod matches requests by their HTTP method.
func onMethod(method string) func(stalwarttest.Seen) bool {
	return func(s stalwarttest.Seen) bool { return s.Method == method }
}

func TestADeleteIsNotCutByACancel(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	a, b := s.user(t, "alice"), s.user(t, "bob")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.sim.Inject(stalwarttest.Fault{Match: onMethod("DELETE"), Before: func(stalwarttest.Seen) { cancel() }, Delay: 50 * time.Millisecond})
	results, err := s.Destroy(ctx, []reconcile.AccountID{a, b})
	if err == nil || results[0] != nil || !is[*NotSentError](results[1]) {
		t.Fatalf("%v, %v", results, err)
	}
	if left := s.sim.PrincipalNames("individual"); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestTheLongTimeoutIsForDeletesOnly(t *testing.T) {
	t.Parallel()
	short := func(o *Options, _ *stalwarttest.Options) { o.Timeout = time.Second }
	s := simulateOld(t, "0.13.4", short)
	a, b := s.user(t, "alice"), s.user(t, "bob")
	s.sim.Inject(stalwarttest.Fault{Match: onMethod("DELETE"), Delay: 1500 * time.Millisecond})
	if results, err := s.Destroy(t.Context(), []reconcile.AccountID{a}); err != nil || results[0] != nil {
		t.Errorf("a slow delete: %v, %v", results, err)
	}
	s.sim.Inject(stalwarttest.Fault{Match: onMethod("PATCH"), Delay: 10 * time.Second})
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: b, Name: "x"}, {Account: b, Name: "y"}})
	if err == nil || !is[*UncertainError](results[0]) || !is[*NotSentError](results[1]) {
		t.Errorf("a slow rename: %v, %v", results, err)
	}
}

func TestWritesAreNotRepeated(t *testing.T) {
	for name, fault := range map[string]stalwarttest.Fault{
		"cut before": {Drop: stalwarttest.DropFirst}, "cut after": {Drop: stalwarttest.DropLast}, "500 after": {Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulateOld(t, "0.11.8")
			a := s.user(t, "alice")
			var n atomic.Int32
			s.sim.Inject(stalwarttest.Fault{Match: func(seen stalwarttest.Seen) bool {
				if seen.Method == "PATCH" {
					n.Add(1)
				}
				return false
			}})
			fault.Match = onMethod("PATCH")
			s.sim.Inject(fault)
			results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: a, Name: "alicia"}})
			if err == nil || !is[*UncertainError](results[0]) || n.Load() != 1 {
				t.Errorf("%v, %v, %d requests", results, err, n.Load())
			}
		})
	}
}

func TestRateLimitsOfOldServersAreWaitedFor(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	a := s.user(t, "alice")
	s.sim.Inject(stalwarttest.Fault{Times: 2, Status: http.StatusTooManyRequests, SkipWork: true})
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{{Account: a, Name: "alicia"}})
	if err != nil || results[0] != nil || s.one(t, a).Name != "alicia" {
		t.Errorf("%v, %v", results, err)
	}
}

func TestABanEndsAllRequests(t *testing.T) {
	s := simulateOld(t, "0.15.5", func(_ *Options, o *stalwarttest.Options) { o.TrustForwarded = true })
	s.sim.Ban("127.0.0.1")
	before := s.sim.Requests()
	for range 3 {
		if _, err := s.FindByName(t.Context(), "alice"); !Stopped(err) {
			t.Errorf("got %v", err)
		}
	}
	if n := s.sim.Requests() - before; n != 1 {
		t.Errorf("%d requests after the ban", n)
	}
	// Without X-Forwarded-For the connection is closed at once.
	s = simulateOld(t, "0.11.8")
	s.sim.Ban("127.0.0.1")
	if _, err := s.FindByName(t.Context(), "alice"); !is[*UnreachableError](err) || !strings.Contains(HintOf(err), "banned") {
		t.Errorf("got %v, hint %q", err, HintOf(err))
	}
}

func TestForbiddenIsOnlyThisCall(t *testing.T) {
	s := simulateOld(t, "0.15.5", func(o *Options, sim *stalwarttest.Options) {
		o.Username, o.Generation = "", "0.15.5"
		sim.AgentKey.Permissions = []string{"authenticate", "individual-list", "individual-get"}
	})
	a := s.user(t, "alice")
	results, err := s.Destroy(t.Context(), []reconcile.AccountID{a})
	if f, ok := err.(interface{ Unwrap() error }); !ok || !is[*ForbiddenError](results[0]) || Stopped(f.Unwrap()) {
		t.Fatalf("%v, %v", results, err)
	}
	if s.one(t, a).Name != "alice" {
		t.Error("the client stopped for one missing permission")
	}
}

func TestFailuresThatComeAs200(t *testing.T) {
	s := simulateOld(t, "0.9.4")
	for body, want := range map[string]*restFailure{
		`{"data":null}`:                        nil,
		`{"error":"notFound","item":"x"}`:      {Tag: "notFound", Item: "x"},
		`{"error":"FieldAlreadyExists"}`:       {Tag: "fieldAlreadyExists"},
		`{"error":"other","details":5}`:        {Tag: "other"},
		`{"error":null}`:                       {Tag: "unknown"},
		`{"data":{"id":1},"error":"NotFound"}`: {Tag: "notFound"},
		`<html>`:                               nil,
	} {
		if diff := cmp.Diff(want, failure([]byte(body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	for _, body := range []string{`<html>`, `{}`, `null`, `[]`, `{"Data":null}`} {
		if data([]byte(body), nil) == nil {
			t.Errorf("%s is taken for success", body)
		}
	}
	a := s.user(t, "alice")
	s.sim.Inject(stalwarttest.Fault{Match: onMethod("GET"), Status: http.StatusOK})
	if results, _ := s.Destroy(t.Context(), []reconcile.AccountID{a}); !is[*MalformedError](results[0]) || len(s.sim.PrincipalNames("individual")) != 1 {
		t.Error("an answer without data was believed")
	}
}

func TestADeleteAlwaysNamesAPrincipal(t *testing.T) {
	s := simulateOld(t, "0.15.5")
	for _, r := range []request{
		{method: "DELETE", path: "/api/principal"},
		{method: "DELETE", path: "/api/principal", query: "type=individual&confirm=true"},
		{method: "DELETE", path: "/api/principal", segment: "x", query: "type=individual&confirm=true"},
	} {
		if _, err := s.http.exchange(t.Context(), r); !is[*OptionsError](err) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if s.sim.BulkDeletes() != 0 {
		t.Error("a bulk delete went out")
	}
}

func TestBothShapesOfLists(t *testing.T) {
	for body, want := range map[string]textOrTexts{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}, `[]`: {}, `null`: nil} {
		var got textOrTexts
		if err := got.UnmarshalJSON([]byte(body)); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	var got textOrTexts
	if got.UnmarshalJSON([]byte(`5`)) == nil {
		t.Error("a number is taken for a list")
	}
}

func TestIDsOfJMAP(t *testing.T) {
	for n, want := range map[uint64]reconcile.AccountID{0: "a", 5: "f", 31: "3", 32: "ba", 4294967295: recoveryAdmin} {
		if got := jmapID(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
		if back, err := idNumber(jmapID(n)); err != nil || back != n {
			t.Errorf("%d comes back as %d, %v", n, back, err)
		}
	}
}
