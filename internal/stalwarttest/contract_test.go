package stalwarttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recording is one file of test/transcripts/stalwart-0.16.18: exchanges with a real server.
type recording struct {
	Exchanges []exchange
}

type exchange struct {
	Name    string
	Before  []string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// replay sends the requests of one recording to a simulator that was brought into the same state, account ids
// included: they are a plain counter, so they can be compared literally.
type replay struct {
	t         *testing.T
	s         *Server
	directory *MapDirectory
	secrets   map[string]string // by label of the recording: a whole Authorization header
	users     map[int]string    // login name of an exchange, where the recording does not tell it
	user      string            // whom the directory was last told about
	ids       map[string]string // long ids (tasks, blobs) of the recording and here
}

const transcripts = "../../test/transcripts/stalwart-0.16.18"

// password is the one of every directory user in a replay.
const password = "pw"

func load(t *testing.T, name string) recording {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(transcripts, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// newReplay makes the server of the recordings: two domains, the agent with its limited key as account b.
func newReplay(t *testing.T, c contract) *replay {
	directory := &MapDirectory{LDAP: c.ldap}
	opt := Options{
		Directory: directory, AdvertisedURL: "http://127.0.0.1:8080", TrustForwarded: true,
		Domains:  []Domain{{Name: "example.test"}, {Name: "example.net"}},
		AgentKey: APIKey{Permissions: AgentPermissions},
	}
	if !c.noDomainAlias {
		opt.Domains[0].Aliases = []string{"alias.example.test"}
	}
	if c.options != nil {
		c.options(&opt)
	}
	r := &replay{t: t, s: New(opt), directory: directory, users: c.users, ids: map[string]string{}}
	r.secrets = map[string]string{
		"Bearer <apikey>":                 "Bearer " + r.s.APIKey(),
		"Basic <admin>":                   basic("admin", "admin"),
		"Bearer <invalid apikey>":         "Bearer API_nonsense",
		"Bearer <garbage>":                "Bearer garbage",
		"Basic <agent with its password>": basic("dirsync@example.test", "internal"),
	}
	r.key("<apikey with all permissions of its administrator>", nil)
	r.key("<apikey with the agent's permissions plus all 244 of the user role>", slices.Concat(AgentPermissions, userRole))
	if c.prepare != nil {
		c.prepare(r)
	}
	return r
}

func basic(name, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
}

// key gives the agent account another key under a label of the recording.
func (r *replay) key(label string, permissions []string) {
	r.secrets["Bearer "+label] = "Bearer " + r.s.AddAPIKey(r.s.AgentID(), APIKey{Permissions: permissions})
}

// next makes the next account get this id.
func (r *replay) next(id string) {
	n, _ := ParseID(id)
	r.s.nextID = n - 1
}

// have makes an account that the recording had before its first exchange: a directory user who has logged in.
func (r *replay) have(id, addr string, aliases ...string) AccountID {
	r.next(id)
	r.directory.Put(r.userRecord(addr, aliases))
	got := mustLogin(r.t, r.s, addr, password)
	if string(got) != id {
		r.t.Fatalf("prepared %s as %s, want %s", addr, got, id)
	}
	return got
}

// group makes a group.
func (r *replay) group(id, addr string) {
	r.next(id)
	r.s.AddAccount(AccountSpec{Address: addr, Group: true})
}

func (r *replay) userRecord(addr string, aliases []string) Record {
	local, _, _ := strings.Cut(addr, "@")
	title := wordStart.ReplaceAllStringFunc(local, func(word string) string { return strings.ToUpper(word[:1]) + word[1:] })
	return Record{Name: addr, Secret: password, Aliases: aliases, Description: title + " Test"}
}

func TestContract(t *testing.T) {
	for _, c := range contracts {
		t.Run(c.file, func(t *testing.T) {
			r := newReplay(t, c)
			for i, e := range load(t, c.file).Exchanges {
				for _, line := range e.Before {
					r.before(line)
				}
				if hook := c.hooks[i]; hook != nil {
					hook(r)
				}
				if _, skipped := c.skip[i]; skipped {
					continue
				}
				r.exchange(i, e)
			}
		})
	}
}

// exchange replays one request and compares the answers.
func (r *replay) exchange(i int, e exchange) {
	r.t.Helper()
	request := httptest.NewRequestWithContext(r.t.Context(), e.Request.Method, r.translate(e.Request.Path),
		strings.NewReader(r.translate(requestBody(e))))
	for name, value := range e.Request.Headers {
		if name == "Authorization" {
			value = r.authorization(i, value)
		}
		request.Header.Set(name, value)
	}
	request.RemoteAddr = "127.0.0.1:40000"
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, request)
	got := w.Result()
	defer func() { _ = got.Body.Close() }()

	if got.StatusCode != e.Response.Status {
		r.t.Errorf("exchange %d (%s): status %d, recorded %d; body %s", i, e.Name, got.StatusCode, e.Response.Status, w.Body)
		return
	}
	r.compareHeaders(i, e, got.Header)
	recorded, actual := decode(e.Response.Body), decode(w.Body.Bytes())
	recorded, actual = normalise(recorded, ""), normalise(actual, "")
	recorded = r.unify(recorded, actual)
	if diff := cmp.Diff(recorded, actual); diff != "" {
		r.t.Errorf("exchange %d (%s): answer (-recorded +simulated):\n%s", i, e.Name, diff)
	}
}

// requestBody gives the bytes that were sent; the recording stores JSON parsed and other text as a string.
func requestBody(e exchange) string {
	if string(e.Request.Body) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(e.Request.Body, &text) == nil {
		if strings.HasPrefix(text, "<10 000 012 bytes") {
			return `{"using":[],"methodCalls":[]` + strings.Repeat(" ", 10_000_000) + "}"
		}
		return text
	}
	return string(e.Request.Body)
}

func (r *replay) compareHeaders(i int, e exchange, got http.Header) {
	r.t.Helper()
	for name, want := range e.Response.Headers {
		have := strings.Join(got.Values(name), ", ")
		if name == "retry-after" || name == "ratelimit" { // seconds depend on the moment
			want, have = seconds.ReplaceAllString(want, "${1}n"), seconds.ReplaceAllString(have, "${1}n")
		}
		if want != have {
			r.t.Errorf("exchange %d (%s): header %s is %q, recorded %q", i, e.Name, name, have, want)
		}
	}
}

var wordStart = regexp.MustCompile(`[A-Za-z]+`)

var seconds = regexp.MustCompile(`(^|t=)\d+`)

// authorization turns a label of the recording into a real header. Labels of users tell only their role: the name is
// that of the user whom the directory was last told about, unless the table says otherwise.
func (r *replay) authorization(i int, label string) string {
	if header, known := r.secrets[label]; known {
		return header
	}
	name := r.user
	if r.users[i] != "" {
		name = r.users[i]
	}
	switch {
	case strings.Contains(label, "wrong password"):
		return basic(name, "wrong")
	case strings.HasPrefix(label, "Basic <removed user>"), strings.HasPrefix(label, "Basic <suspended user>"),
		strings.HasPrefix(label, "Basic <user by old address>"):
		return basic(name+" ", password) // a header never seen before; blanks are trimmed
	case strings.HasPrefix(label, "Basic <"):
		return basic(name, password)
	}
	r.t.Fatalf("exchange %d: nothing is known about the credentials %q", i, label)
	return ""
}

func decode(data []byte) any {
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || string(trimmed) == "null" {
		return nil
	}
	var value any
	if json.Unmarshal(data, &value) != nil {
		return string(data)
	}
	return value
}

var (
	stampPattern = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	longID       = regexp.MustCompile(`^[a-z792013]{8,}$`)
)

// volatile members depend on what the server did before, or on its clock; only their type is compared.
var volatile = []string{"state", "oldState", "newState", "queryState", "sessionState", "usedDiskQuota", "size", "existingId",
	"dnsZoneFile", "accountCapabilities"}

// normalise replaces what cannot be equal: times, states, sizes, omitted parts; and sorts what has no order.
func normalise(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if v["type"] == "urn:ietf:params:jmap:error:notRequest" {
			v["detail"] = "<echo of the body>"
		}
		out := map[string]any{}
		for member, item := range v {
			switch {
			case slices.Contains(volatile, member):
				out[member] = "<volatile>"
			case name == "capabilities" && member != "urn:ietf:params:jmap:core":
				out[member] = "<omitted>"
			default:
				out[member] = normalise(item, member)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, normalise(item, name))
		}
		if name == "permissions" || name == "notFound" {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(toText(a), toText(b)) })
		}
		if len(out) == 3 && out[0] == "Mailbox/get" { // mailboxes have no order
			if body, ok := out[1].(map[string]any); ok {
				sortByID(body["list"])
			}
		}
		return out
	case string:
		switch {
		case stampPattern.MatchString(v):
			return "<time>"
		case name == "description" && strings.HasPrefix(v, "invalid "):
			return "<what the parser says>"
		}
	}
	return value
}

func toText(v any) string { s, _ := v.(string); return s }

func sortByID(list any) {
	items, _ := list.([]any)
	key := func(v any) string {
		m, _ := v.(map[string]any)
		return toText(m["id"]) + toText(m["name"])
	}
	slices.SortFunc(items, func(a, b any) int { return strings.Compare(key(a), key(b)) })
}

// unify learns which long id here stands for which one of the recording, by their places, and replaces them in the
// recorded answer. An id that was learnt before must come again.
func (r *replay) unify(recorded, actual any) any {
	switch v := recorded.(type) {
	case map[string]any:
		a, ok := actual.(map[string]any)
		if !ok {
			return recorded
		}
		for name, item := range v {
			v[name] = r.unify(item, a[name])
		}
	case []any:
		a, ok := actual.([]any)
		if !ok || len(a) != len(v) {
			return recorded
		}
		for i, item := range v {
			v[i] = r.unify(item, a[i])
		}
	case string:
		a, ok := actual.(string)
		if !ok || !longID.MatchString(v) && len(v) != 7 {
			return recorded
		}
		if have, known := r.ids[v]; known {
			return have
		}
		if longID.MatchString(v) && longID.MatchString(a) || strings.HasPrefix(v, "bvqi") {
			r.ids[v] = a
			return a
		}
	}
	return recorded
}

var anyLongID = regexp.MustCompile(`[a-z792013]{8,}`)

// translate replaces the long ids of the recording in a request.
func (r *replay) translate(text string) string {
	return anyLongID.ReplaceAllStringFunc(text, func(id string) string {
		if have, known := r.ids[id]; known {
			return have
		}
		return id
	})
}
