package stalwart

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDialAgainstTheRecordedServer(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	srv, err := Dial(t.Context(), f.options())
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	info := srv.Info()
	if info.Generation != "jmap-0.16" || info.Version != "0.16.18" || info.Edition != "oss" || info.Self != "b" ||
		info.SelfName != "dirsync@example.test" {
		t.Errorf("info %+v", info)
	}
	// The recorded agent may do all but suspend.
	want := Abilities{
		List: true, Rename: true, Delete: true, Purge: true, Export: true, Twin: true, Credentials: true, InvalidateCaches: true,
	}
	if diff := cmp.Diff(want, info.Can); diff != "" {
		t.Errorf("abilities (-want +got):\n%s", diff)
	}
	wantMissing := []MissingPermissions{
		{"restore", []string{
			"jmapAddressBookCreate", "jmapCalendarCreate", "jmapCalendarEventCreate", "jmapContactCardCreate", "jmapFileNodeCreate",
			"jmapIdentityCreate", "jmapIdentityUpdate", "jmapSieveScriptCreate", "jmapSieveScriptUpdate", "jmapVacationResponseUpdate",
		}},
		{"suspend", []string{"sysRoleGet"}},
	}
	if diff := cmp.Diff(wantMissing, info.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(info.Fingerprint, "sha256:") || info.Skew.Abs() > time.Minute || len(info.Warnings) != 0 {
		t.Errorf("fingerprint %q, skew %s, warnings %v", info.Fingerprint, info.Skew, info.Warnings)
	}
	wantRequests := []string{
		"GET /jmap/session anonymous", "GET /jmap/session", "GET /api/account", "GET /api/schema", "POST /jmap", "POST /jmap", "POST /jmap",
	}
	if diff := cmp.Diff(wantRequests, f.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if again := f.dial(); again.info.Fingerprint != info.Fingerprint {
		t.Errorf("the fingerprint changed from %s to %s", info.Fingerprint, again.info.Fingerprint)
	}
}

func TestDialKeepsKeysOf016FromOlderServers(t *testing.T) {
	for _, tc := range []struct {
		version   string
		principal int // status of the old listing without credentials
	}{{"0.8.5", 401}, {"0.11.8", 401}, {"0.13.4", 401}, {"0.15.5", 401}} {
		t.Run(tc.version, func(t *testing.T) {
			f := newFake(t, nil)
			f.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Authorization") != "" {
					t.Error("the secret was sent")
				}
				if r.URL.Path != pathSession {
					w.WriteHeader(tc.principal)
					return true
				}
				for _, e := range recording(t, tc.version+"/detection").Exchanges {
					if e.Request.Path == pathSession {
						e.reply(w) // the first one is without credentials
						return true
					}
				}
				t.Error("no session is recorded")
				return false
			})
			_, err := Dial(t.Context(), f.options())
			if wrong, ok := errors.AsType[*OptionsError](err); !ok || wrong.Option != "server.api_key" || HintOf(err) == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDialTakesA016WithoutTheNewCapability(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	f.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == pathSession && r.Header.Get("Authorization") == "":
			_, _ = w.Write([]byte(`{"capabilities":{"urn:ietf:params:jmap:core":{}},"primaryAccounts":{}}`))
		case r.URL.Path == pathPrincipal:
			recording(t, "old-client").exchange("list principals as agent").reply(w)
		default:
			return false
		}
		return true
	})
	s := f.dial()
	if s.info.Self != "b" {
		t.Errorf("self %q", s.info.Self)
	}
}

func TestDialFailures(t *testing.T) {
	detection := recording(t, "detection")
	suspend := recording(t, "suspend")
	limits := recording(t, "limits")
	for _, tc := range []struct {
		name  string
		path  string // of the request with credentials that gets the answer
		reply func(w http.ResponseWriter)
		check func(error) bool
	}{
		{"wrong key", pathSession, detection.exchange("session with an invalid API key").reply, is[*UnauthorizedError]},
		{"wrong key later", pathAccount, detection.exchange("api/account with a wrong password").reply, is[*UnauthorizedError]},
		{"session without accounts", pathSession, detection.exchange("session without credentials: 200, no accounts").reply, is[*UnauthorizedError]},
		{"may not log in", pathSession, suspend.exchange("session by API key").reply, is[*ForbiddenError]},
		{"banned", pathSession, limits.exchange("valid key from the banned address").reply, is[*BannedError]},
		{"just banned", pathSession, limits.exchange("wrong API key, attempt 6 (authBanRate lowered to 5 per day)").reply, is[*BannedError]},
		{"second factor", pathSession, status(http.StatusPaymentRequired), is[*UnauthorizedError]},
		{"redirect", pathSession, func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example/jmap/session?k=v")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, is[*MalformedError]},
		{"old session", pathSession, recording(t, "0.15.5/detection").exchange(sessionName(t, "0.15.5")).reply, is[*WrongGenerationError]},
		{"no session", pathSession, status(404), is[*WrongGenerationError]},
		{"no account", pathAccount, status(404), is[*WrongGenerationError]},
		{"a web page", pathSession, func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) }, is[*MalformedError]},
		{"down", pathSession, status(503), is[*UnreachableError]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t, (&world{}).answer)
			asked := 0
			f.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != tc.path || r.Header.Get("Authorization") == "" {
					return false
				}
				asked++
				tc.reply(w)
				return true
			})
			_, err := Dial(t.Context(), f.options())
			if err == nil || !tc.check(err) {
				t.Fatalf("got %v", err)
			}
			if HintOf(err) == "" {
				t.Errorf("no hint in %v", err)
			}
			if strings.Contains(err.Error(), testKey) || strings.Contains(err.Error(), "k=v") {
				t.Errorf("shows too much: %v", err)
			}
			if Stopped(err) && asked != 1 {
				t.Errorf("asked %d times after a refusal", asked)
			}
		})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

// sessionName finds the recorded session with credentials.
func sessionName(t *testing.T, version string) string {
	t.Helper()
	list := recording(t, version+"/detection").Exchanges
	for _, e := range slices.Backward(list) {
		if e.Request.Path == pathSession && e.Response.Status == 200 {
			return e.Name
		}
	}
	t.Fatal("no session is recorded")
	return ""
}

func TestOptionsAreChecked(t *testing.T) {
	key := func() (string, error) { return testKey, nil }
	for name, o := range map[string]Options{
		"no url":            {APIKey: key},
		"no scheme":         {URL: "mail.example.org", APIKey: key},
		"a password in it":  {URL: "https://u:hunter2@mail.example.org", APIKey: key},
		"a query":           {URL: "https://mail.example.org/?a=b", APIKey: key},
		"plain http":        {URL: "http://mail.example.org", APIKey: key},
		"no login":          {URL: "https://mail.example.org"},
		"both":              {URL: "https://mail.example.org", APIKey: key, Password: key, Username: "u"},
		"password only":     {URL: "https://mail.example.org", Password: key},
		"bad authority":     {URL: "https://mail.example.org", APIKey: key, TLS: TLSOptions{CAFile: "doc.go"}},
		"unreadable client": {URL: "https://mail.example.org", APIKey: key, TLS: TLSOptions{ClientCert: "doc.go", ClientKey: "doc.go"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Dial(t.Context(), o)
			if !is[*OptionsError](err) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := Dial(t.Context(), Options{URL: "https://mail.example.org", APIKey: key, Generation: "0.11.8"})
	if !is[*OptionsError](err) {
		t.Errorf("an API key for generation 0.11.8: %v", err)
	}
	for _, secret := range []string{"", " \n", "a\nb"} {
		_, err := Dial(t.Context(), Options{URL: "https://mail.example.org", APIKey: func() (string, error) { return secret, nil }})
		if err == nil || !strings.Contains(err.Error(), "API key") {
			t.Errorf("secret %q: %v", secret, err)
		}
	}
}

func TestAFixedGenerationSkipsTheDetection(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	o := f.options()
	o.Generation = "0.16.18"
	srv, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if slices.ContainsFunc(f.requests, func(r string) bool { return strings.Contains(r, "anonymous") }) {
		t.Errorf("requests %q", f.requests)
	}
}
