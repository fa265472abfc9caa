package stalwarttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// restReplay sends the management requests of one recording to a simulator of the same version.
type restReplay struct {
	t         *testing.T
	name      string
	s         *Server
	directory *MapDirectory
	passwords map[string]string
	ids       map[float64]float64 // of the recording and here
	back      map[float64]float64
	compared  int
}

var restVersions = []string{"0.8.5", "0.9.4", "0.10.7", "0.11.8", "0.13.4", "0.15.5"}

func TestRESTContract(t *testing.T) {
	for _, version := range restVersions {
		files, err := filepath.Glob("../../test/transcripts/stalwart-" + version + "/*.json")
		if err != nil || len(files) < 15 {
			t.Fatalf("%d recordings of %s, %v", len(files), version, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			if restExcluded[name] != "" || restExcluded[version+"/"+name] != "" {
				continue
			}
			t.Run(version+"/"+name, func(t *testing.T) {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var r recording
				if err := json.Unmarshal(data, &r); err != nil {
					t.Fatal(err)
				}
				replayREST(t, version, name, r)
			})
		}
	}
}

func replayREST(t *testing.T, version, name string, rec recording) {
	t.Helper()
	directory := &MapDirectory{LDAP: strings.HasSuffix(name, "_ldap") || name == "directory_down"}
	r := &restReplay{t: t, name: name, directory: directory, passwords: map[string]string{}, ids: map[float64]float64{}, back: map[float64]float64{}}
	for _, user := range []string{"alice", "bob", "carol", "dave", "erin"} {
		r.put(user, user+"@example.test")
	}
	if strings.HasPrefix(name, "mixed_case") {
		directory.Remove("dave")
		r.put("Dave", "dave@example.test")
	}
	o := Options{
		Generation: version, Directory: directory, Domains: []Domain{{Name: "example.test"}}, TrustForwarded: true,
		AdvertisedURL: "http://mail.example.test:18000",
	}
	if name == "auto_ban" {
		o.AuthBanRate = 5
	}
	r.s = New(o)
	if strings.HasPrefix(name, "swap_names") {
		for _, user := range []string{"alice", "bob"} { // as the description of the recording says
			r.httpLogin(basic(user, r.password(user)))
			if err := r.s.Deliver(user+"@example.test", Message{Subject: "of " + user}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, e := range rec.Exchanges {
		for _, line := range e.Before {
			if !r.before(line) {
				t.Fatalf("exchange %d: nobody knows how to replay %q", i, line)
			}
		}
		if isManagement(e) {
			r.exchange(i, e)
		} else if e.Request.Path == "/jmap" && strings.HasPrefix(e.Request.Headers["Authorization"], "Basic <user:") && e.Response.Status == 200 {
			r.login(e.Request.Headers["Authorization"]) // it makes the row, too
		}
	}
	if r.compared == 0 {
		t.Error("nothing was compared")
	}
}

// isManagement tells whether an exchange is about what is simulated for the old versions: not mail, tokens, or the
// user's own settings.
func isManagement(e exchange) bool {
	path := e.Request.Path
	for _, prefix := range []string{
		"/api/principal", "/api/store/purge", "/api/store/maintenance", "/api/oauth", "/.well-known/jmap", "/jmap/session",
		"/api/does-not-exist", "/healthz/",
	} {
		if strings.HasPrefix(path, prefix) {
			return !strings.Contains(e.Request.Headers["Authorization"], "access-token")
		}
	}
	return false
}

func (r *restReplay) put(user string, addresses ...string) {
	if r.passwords[user] == "" {
		r.passwords[user] = "pw-" + user
	}
	r.directory.Put(Record{Name: user, Secret: r.passwords[user], Aliases: addresses, Description: user + " Test"})
}

func (r *restReplay) exchange(i int, e exchange) {
	r.t.Helper()
	request := &http.Request{
		Method: e.Request.Method, RequestURI: e.Request.Path, URL: &url.URL{Path: "/"}, Header: http.Header{},
		Body: http.NoBody, RemoteAddr: "127.0.0.1:40000",
	}
	request = request.WithContext(r.t.Context())
	if body := requestBody(e); body != "" {
		request.Body = readCloser{bytes.NewReader([]byte(body))}
	}
	for name, value := range e.Request.Headers {
		if name == "Authorization" {
			value = r.header(value)
		}
		request.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, request)
	r.compared++
	if w.Code != e.Response.Status {
		r.t.Errorf("exchange %d (%s %s): status %d, recorded %d; body %s", i, e.Request.Method, e.Request.Path, w.Code, e.Response.Status, w.Body)
		return
	}
	for _, header := range []string{"Www-Authenticate", "Location"} {
		want := e.Response.Headers[strings.ToLower(header)]
		if got := w.Header().Get(header); got != want {
			r.t.Errorf("exchange %d (%s): header %s is %q, recorded %q", i, e.Request.Path, header, got, want)
		}
	}
	recorded, actual := decode(e.Response.Body), decode(w.Body.Bytes())
	if e.Request.Method == http.MethodHead {
		return
	}
	r.unifyIDs(recorded, actual)
	if diff := cmp.Diff(r.plain(recorded, ""), r.plain(actual, "")); diff != "" {
		r.t.Errorf("exchange %d (%s %s %s): answer (-recorded +simulated):\n%s", i, e.Request.Method, e.Request.Path, e.Request.Body, diff)
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
