package stalwart

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const testKey = "API_topsecretvalue"

// sent is one method call that reached the fake server.
type sent struct {
	Method string
	Args   map[string]json.RawMessage
	Raw    json.RawMessage // the arguments as they came
}

// fake is a server that answers with recorded documents, and method calls with
// what a test says.
type fake struct {
	t   *testing.T
	url string
	mu  sync.Mutex
	// before may answer a request itself; it returns true then.
	before func(w http.ResponseWriter, r *http.Request) bool
	// answer gives the arguments of one answer; a methodError gives an error.
	answer   func(c sent) any
	requests []string // method, path and "anonymous"
	posts    [][]sent
}

func newFake(t *testing.T, answer func(c sent) any) *fake {
	t.Helper()
	f := &fake{t: t, answer: answer}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	line := r.Method + " " + r.URL.Path
	anonymous := r.Header.Get("Authorization") == ""
	if anonymous {
		line += " anonymous"
	}
	f.requests = append(f.requests, line)
	before := f.before
	f.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	detection := recording(f.t, "detection")
	switch {
	case r.URL.Path == pathSession && anonymous:
		detection.exchange("session without credentials: 200, no accounts").reply(w)
	case r.URL.Path == pathSession:
		detection.exchange("session as agent (API key)").reply(w)
	case r.URL.Path == pathAccount:
		detection.exchange("api/account as agent").reply(w)
	case r.URL.Path == pathSchema:
		detection.exchange("api/schema as agent: redirect").reply(w)
	case r.URL.Path == pathAPI && r.Method == "POST":
		f.serveCalls(w, r)
	default:
		http.NotFound(w, r)
	}
}

// serveCalls answers method by method.
func (f *fake) serveCalls(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in struct {
		Using       []string             `json:"using"`
		MethodCalls [][3]json.RawMessage `json:"methodCalls"`
	}
	if err := json.Unmarshal(body, &in); err != nil || !slices.Contains(in.Using, capCore) || !slices.Contains(in.Using, capRegistry) {
		f.t.Errorf("bad envelope: %s", body)
	}
	if r.Header.Get("Content-Type") != "application/json" {
		f.t.Errorf("Content-Type is %q", r.Header.Get("Content-Type"))
	}
	var post []sent
	var answers [][3]any
	for _, c := range in.MethodCalls {
		s := sent{Raw: c[1]}
		_ = json.Unmarshal(c[0], &s.Method)
		_ = json.Unmarshal(c[1], &s.Args)
		post = append(post, s)
	}
	f.mu.Lock()
	f.posts = append(f.posts, post)
	f.mu.Unlock()
	for i, s := range post {
		a := f.answer(s)
		if a == nil {
			f.t.Errorf("unexpected call %s %s", s.Method, s.Raw)
			a = methodError{Type: "unknownMethod"}
		}
		name := s.Method
		if _, failed := a.(methodError); failed {
			name = "error"
		}
		if m, failed := a.(methodError); failed {
			a = args{"type": m.Type, "description": m.Description}
		}
		answers = append(answers, [3]any{name, a, fmt.Sprint(i)})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"methodResponses": answers, "sessionState": "x"})
}

// intercept lets a function look at every request first.
func (f *fake) intercept(before func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = before
}

// writes gives the calls that were sent to change something.
func (f *fake) writes() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []sent
	for _, p := range f.posts {
		for _, c := range p {
			if strings.HasSuffix(c.Method, "/set") {
				out = append(out, c)
			}
		}
	}
	return out
}

func (f *fake) options() Options {
	return Options{URL: f.url, APIKey: func() (string, error) { return testKey, nil }, Rate: 10000, Timeout: 5 * time.Second}
}

// dial connects to the fake; all waits are short.
func (f *fake) dial() *jmapServer {
	f.t.Helper()
	s, err := dial(f.t.Context(), f.options().withDefaults())
	if err != nil {
		f.t.Fatalf("dial: %v", err)
	}
	f.t.Cleanup(s.Close)
	s.http.pause = time.Millisecond
	s.poll = time.Millisecond
	f.mu.Lock()
	f.requests, f.posts = nil, nil
	f.mu.Unlock()
	return s
}

// world is a small registry that answers reads of domains and accounts with
// records in the recorded form.
type world struct {
	accounts []map[string]any
	more     func(c sent) any // other calls, before the world looks at them
}

// person makes an account in the form that 0.16.18 gives.
func person(id, name string, change ...func(map[string]any)) map[string]any {
	a := map[string]any{
		"id": id, "@type": "User", "name": name, "domainId": "b", "emailAddress": name + "@example.test",
		"aliases": map[string]any{}, "createdAt": "2026-11-23T17:45:42Z", "usedDiskQuota": 0,
		"roles": map[string]any{"@type": "User"}, "permissions": json.RawMessage(`{"@type":"Inherit"}`),
	}
	for _, c := range change {
		c(a)
	}
	return a
}

func with(key string, value any) func(map[string]any) {
	return func(a map[string]any) { a[key] = value }
}

func (w *world) answer(c sent) any {
	if w.more != nil {
		if a := w.more(c); a != nil {
			return a
		}
	}
	switch c.Method {
	case "x:Domain/query":
		return queryReply([]string{"b", "c"}, c)
	case "x:Domain/get":
		return args{"accountId": "b", "notFound": []string{}, "list": []any{
			args{"id": "b", "name": "example.test", "aliases": args{"alias.example.test": true}, "createdAt": "2026-11-23T17:45:33Z"},
			args{"id": "c", "name": "example.net", "aliases": args{}, "createdAt": "2026-11-23T17:45:33Z"},
		}}
	case "x:Account/query":
		var ids []string
		for _, a := range w.accounts {
			ids = append(ids, a["id"].(string))
		}
		return queryReply(ids, c)
	case "x:Account/get":
		return w.get(c)
	}
	return nil
}

func (w *world) get(c sent) any {
	var ids []string
	if raw, ok := c.Args["ids"]; ok {
		_ = json.Unmarshal(raw, &ids)
	} else {
		for _, a := range w.accounts {
			ids = append(ids, a["id"].(string))
		}
	}
	list, gone := []any{}, []string{}
	for _, id := range ids {
		i := slices.IndexFunc(w.accounts, func(a map[string]any) bool { return a["id"] == id })
		if i < 0 {
			gone = append(gone, id)
			continue
		}
		list = append(list, w.accounts[i])
	}
	return args{"accountId": "b", "list": list, "notFound": gone}
}

// queryReply gives the IDs above the anchor, as the fast path does.
func queryReply(ids []string, c sent) any {
	reply := args{"accountId": "b", "queryState": "n", "canCalculateChanges": true, "position": 0}
	if _, ok := c.Args["calculateTotal"]; ok {
		reply["total"] = len(ids)
	}
	var anchor string
	if raw, ok := c.Args["anchor"]; ok {
		_ = json.Unmarshal(raw, &anchor)
	}
	page := []string{}
	for _, id := range ids {
		if anchor == "" || compareIDs(id, anchor) > 0 {
			page = append(page, id)
		}
	}
	reply["ids"] = page
	return reply
}
