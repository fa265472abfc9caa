package stalwarttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	o := Options{Generation: version, Directory: directory, Domains: []Domain{{Name: "example.test"}}, TrustForwarded: true,
		AdvertisedURL: "http://mail.example.test:18000"}
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
	for _, prefix := range []string{"/api/principal", "/api/store/purge", "/api/store/maintenance", "/api/oauth", "/.well-known/jmap", "/jmap/session",
		"/api/does-not-exist", "/healthz/"} {
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

// password is the one of a user, also in another case.
func (r *restReplay) password(user string) string {
	if secret := r.passwords[user]; secret != "" {
		return secret
	}
	return r.passwords[strings.ToLower(user)]
}

func (r *restReplay) exchange(i int, e exchange) {
	r.t.Helper()
	request := &http.Request{Method: e.Request.Method, RequestURI: e.Request.Path, URL: &url.URL{Path: "/"}, Header: http.Header{},
		Body: http.NoBody, RemoteAddr: "127.0.0.1:40000"}
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

// unifyIDs learns which id here stands for which one of the recording; both directions must stay the same.
func (r *restReplay) unifyIDs(recorded, actual any) {
	switch v := recorded.(type) {
	case map[string]any:
		a, _ := actual.(map[string]any)
		for name, item := range v {
			want, isNumber := item.(float64)
			got, alsoNumber := a[name].(float64)
			if (name == "id" || name == "data") && isNumber && alsoNumber {
				have, known := r.ids[want]
				other, taken := r.back[got]
				if known && have != got || taken && other != want {
					r.t.Errorf("id %v of the recording is %v here, but was %v before", want, got, have)
				}
				r.ids[want], r.back[got] = got, want
				v[name], a[name] = "<id>", "<id>"
				continue
			}
			r.unifyIDs(item, a[name])
		}
	case []any:
		a, _ := actual.([]any)
		for i, item := range v {
			if i < len(a) {
				r.unifyIDs(item, a[i])
			}
		}
	}
}

// byIDReads are recordings in which tokens or JMAP by id read the row anew in between, which changes the addresses that
// are shown; only management requests are replayed here.
var byIDReads = map[string]bool{"suspend": true, "export_by_id": true, "restore_by_id": true}

// onlyAppPasswords tells whether a list has nothing else; these are not simulated for the old versions.
func onlyAppPasswords(list any) bool {
	items, _ := list.([]any)
	return len(items) > 0 && !slices.ContainsFunc(items, func(item any) bool { return !strings.HasPrefix(toText(item), "$app$") })
}

// plain replaces what cannot be equal: sizes, permissions, what the parser says; and sorts lists without order.
func (r *restReplay) plain(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if capabilities, ok := v["capabilities"].(map[string]any); ok {
			return map[string]any{"capabilities": sortedNames(capabilities), "sieve": capabilities["urn:ietf:params:jmap:sieve"],
				"named": v["username"] != ""} // a cached login still shows the old name
		}
		out := map[string]any{}
		for member, item := range v {
			switch {
			case member == "secrets" && onlyAppPasswords(item):
			case member == "emails" && byIDReads[r.name]:
			case member == "usedQuota" && item != 0.0, member == "permissions", member == "code":
				out[member] = "<some>"
			case member == "detail" && strings.HasPrefix(toText(item), "Failed to deserialize JSON"):
				out[member] = "Failed to deserialize JSON"
			default:
				out[member] = r.plain(item, member)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			if name == "secrets" && strings.HasPrefix(toText(item), "$app$") {
				continue // app passwords are not simulated for these versions
			}
			out = append(out, r.plain(item, name))
		}
		if slices.Contains([]string{"emails", "secrets", "roles", "disabledPermissions", "enabledPermissions", "members", "lists"}, name) {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(toText(a), toText(b)) })
		}
		return out
	}
	return value
}

var labelPattern = regexp.MustCompile(`^(Basic|Bearer) <(?:user:([^>]*)|(.*))>$`)

// header turns a label of the recording into a real header.
func (r *restReplay) header(label string) string {
	m := labelPattern.FindStringSubmatch(label)
	switch {
	case m == nil:
		return label // sent as it is: "Digest x", "Basic !!!"
	case m[2] != "":
		return basic(m[2], r.password(m[2]))
	case m[3] == "admin":
		return basic("admin", "admin")
	case strings.HasPrefix(m[3], "admin (sent as"):
		return basic(" ADMIN ", "admin")
	case strings.HasPrefix(m[3], "apikey:"):
		return r.keyHeader(m[1], strings.TrimPrefix(m[3], "apikey:"))
	case m[3] == "api_nokey:x":
		return "Bearer api_" + strings.TrimPrefix(basic("nokey", "x"), "Basic ")
	case m[1] == "Bearer":
		return "Bearer " + m[3]
	}
	name, secret, _ := strings.Cut(m[3], ":")
	return basic(name, "wrong-"+secret)
}

func (r *restReplay) keyHeader(scheme, name string) string {
	secrets := map[string]string{"syncagent": "syncagent:key-secret", "syncagent(new)": "syncagent:new-secret", "exporter": "exporter:s",
		"noauth": "noauth:s", "wrong-secret": "syncagent:wrong"}
	user, secret, _ := strings.Cut(secrets[name], ":")
	if scheme == "Basic" {
		return basic(user, secret)
	}
	return "Bearer api_" + strings.TrimPrefix(basic(user, secret), "Basic ")
}

func (r *restReplay) login(label string) {
	if m := labelPattern.FindStringSubmatch(label); m != nil {
		r.httpLogin(basic(m[2], r.password(m[2]))) // what came of it shows in the next answers
	}
}

// loginLike compares a login of the recording with one here.
func (r *restReplay) loginLike(name, told string) {
	secret := r.password(name)
	if name == "carol" && strings.Contains(r.t.Name(), "login_creates_row") {
		secret = "wrong" // to show that a failed login makes no row
	}
	_, err := r.s.Login(name, secret)
	var taken *addressTaken
	got := "NO [AUTHENTICATIONFAILED]"
	switch {
	case strings.HasPrefix(r.name, "suspend") && strings.HasPrefix(told, got):
		return // an app password, which is not simulated for these versions
	case err == nil:
		got = "OK"
	case errors.Is(err, ErrDirectoryDown):
		got = "NO [CONTACTADMIN]"
	case errors.Is(err, ErrSuspended):
		got = "connection closed"
	case errors.As(err, &taken):
		got = "NO Already exists"
	}
	if !strings.HasPrefix(told, got) {
		r.t.Errorf("login as %s: %s, recorded %s", name, got, told)
	}
}
