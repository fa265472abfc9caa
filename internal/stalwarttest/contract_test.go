package stalwarttest

import (
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
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
