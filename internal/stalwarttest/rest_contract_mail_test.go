package stalwarttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// restMailSkipped are methods and exchanges that are not replayed, with the reason.
var restMailSkipped = map[string]string{
	"EmailSubmission/query": "not simulated: nothing reads it", "Principal/get": "no client may use it", "Principal/query": "no client may use it",
	"Mailbox/query":               "not simulated: read only for accounts with more than 500 mailboxes",
	"0.11.8 VacationResponse/get": "up to 0.11 a disabled response is not told, and its script has no name; here it is as later",
	"0.11.8 SieveScript/get":      "as VacationResponse/get",
}

// TestRESTMailContract replays what the recordings of older servers have about mail by id: before and after the user
// left, after a restart, into ids without an account, and WebDAV.
func TestRESTMailContract(t *testing.T) {
	for version, least := range map[string]map[string]int{
		"0.15.5": {"export_by_id": 70, "export_by_id_ldap": 70, "restore_by_id": 30, "jmap_after_delete": 9},
		"0.11.8": {"export_by_id": 15, "restore_by_id": 30, "jmap_after_delete": 6},
	} {
		for name, want := range least {
			t.Run(version+"/"+name, func(t *testing.T) {
				data, err := os.ReadFile("../../test/transcripts/stalwart-" + version + "/" + name + ".json")
				if err != nil {
					t.Fatal(err)
				}
				var rec recording
				if err := json.Unmarshal(data, &rec); err != nil {
					t.Fatal(err)
				}
				if n := replayMail(t, version, name, rec); n < want {
					t.Errorf("only %d exchanges were compared", n)
				}
			})
		}
	}
}

// mailReplay also knows which id, blob or file name here stands for which one of the recording.
type mailReplay struct {
	*restReplay
	version string
	known   map[string]string
}

func replayMail(t *testing.T, version, name string, rec recording) int {
	t.Helper()
	directory := &MapDirectory{LDAP: strings.HasSuffix(name, "_ldap")}
	r := &mailReplay{
		restReplay: &restReplay{
			t: t, name: name, directory: directory, passwords: map[string]string{}, ids: map[float64]float64{}, back: map[float64]float64{},
		},
		version: version, known: map[string]string{},
	}
	for _, user := range []string{"alice", "bob"} {
		r.put(user, user+"@example.test")
	}
	r.s = New(Options{Generation: version, Directory: directory, Domains: []Domain{{Name: "example.test"}}, TrustForwarded: true})
	for i, e := range rec.Exchanges {
		for _, line := range e.Before {
			if !r.before(line) {
				t.Fatalf("exchange %d: nobody knows how to replay %q", i, line)
			}
		}
		if i == 0 {
			r.prepare(rec)
		}
		switch path := e.Request.Path; {
		case isManagement(e):
			if e.Request.Method == http.MethodDelete {
				r.exchange(i, e) // the answers of the others are compared elsewhere
			}
		case strings.HasPrefix(path, "/jmap") || strings.HasPrefix(path, "/dav/"):
			r.mail(i, e)
		}
	}
	return r.compared
}

var accountPattern = regexp.MustCompile(`"accountId":\s*"([a-z0-9]+)"|/jmap/(?:upload|download)/([a-z0-9]+)/`)

// prepare makes what the recording made before its first exchange, and finds out the ids of its accounts.
func (r *mailReplay) prepare(rec recording) {
	var users []string
	for _, e := range rec.Exchanges {
		for _, m := range accountPattern.FindAllStringSubmatch(e.Request.Path+string(e.Request.Body), -1) {
			id := m[1] + m[2]
			if !slices.Contains(users, id) && id != "d333333" && id != "zzz" && id != "jyp" && id != "htb" {
				users = append(users, id)
			}
		}
	}
	for i, id := range users {
		r.known[id] = FormatID(r.s.rest.rows[[]string{"alice", "bob"}[i]].id)
	}
	if !strings.HasPrefix(r.name, "export_by_id") {
		return
	}
	row := r.s.rest.rows["alice"]
	id, st := AccountID(FormatID(row.id)), &row.account.store
	st.mails[0].subject = "delivered one"
	r.s.AddMailbox(id, "Projekte Ü", "")
	header := "From: sender@sender.test\r\nTo: x@example.test\r\nSubject: "
	rest := "\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\nMessage-ID: <i1@sender.test>\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
	first, _ := parseStamp("2020-02-03T04:05:06Z")
	r.s.AddMail(id, Message{Raw: header + "imported one" + rest, Received: first, Mailboxes: []string{"Projekte Ü"}, Keywords: []string{"$seen", "$flagged"}})
	r.s.AddMail(id, Message{Raw: header + "imported two ü" + rest, Received: st.mails[0].received.Add(1e9), Mailboxes: []string{"Inbox", "Projekte Ü"}})
	r.s.AddSieve(id, "rules", "require \"fileinto\";\r\nif header :contains \"subject\" \"x\" { fileinto \"INBOX\"; }\r\n", true)
	r.s.AddSieve(id, "vacation", "vacation", false)
	r.s.SetVacation(id, false, "away", "I am away")
	r.s.AddContact(id, "Sarah Connor")
	r.s.AddEvent(id, "Meeting", "2026-11-02T10:00:00")
	r.s.AddFile(id, "note.txt", []byte("hello file"))
	card, event := st.items["ContactCard"][0].value, st.items["CalendarEvent"][0].value
	delete(card, "kind")
	card["uid"] = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
	delete(event, "updated")
	event["uid"] = "ev-1"
}

// skipped tells whether a request has a method that is not simulated.
func (r *mailReplay) skipped(e exchange) bool {
	if r.version == "0.11.8" && strings.Contains(e.Name, "Sieve script") {
		return true // its id was in an answer that is not replayed
	}
	var body struct{ MethodCalls [][]json.RawMessage }
	_ = json.Unmarshal(e.Request.Body, &body) // an upload is no JSON
	return slices.ContainsFunc(body.MethodCalls, func(c []json.RawMessage) bool {
		var method string
		_ = json.Unmarshal(c[0], &method) // it was sent to a real server
		return restMailSkipped[method] != "" || restMailSkipped[r.version+" "+method] != ""
	})
}

func (r *mailReplay) mail(i int, e exchange) {
	r.t.Helper()
	if r.skipped(e) {
		return
	}
	request := httptest.NewRequestWithContext(r.t.Context(), e.Request.Method, r.here(e.Request.Path), strings.NewReader(r.here(requestBody(e))))
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
		r.t.Errorf("exchange %d (%s): status %d, recorded %d; body %s", i, e.Name, w.Code, e.Response.Status, w.Body)
		return
	}
	recorded, actual := decode(e.Response.Body), decode(w.Body.Bytes())
	if strings.Contains(e.Name, "DAV") {
		recorded, actual = r.listing(toText(recorded)), r.listing(toText(actual))
	}
	r.learn(ordered(recorded), ordered(actual))
	if diff := cmp.Diff(blank(recorded, ""), blank(actual, "")); diff != "" {
		r.t.Errorf("exchange %d (%s): answer (-recorded +simulated):\n%s", i, e.Name, diff)
	}
}

var (
	anyWord   = regexp.MustCompile(`[A-Za-z0-9]{7,}`)
	shortID   = regexp.MustCompile(`("accountId":\s*"|"mailboxIds":\s*\{\s*"|^/jmap/(?:upload|download)/)([a-z0-9]+)`)
	davNumber = regexp.MustCompile(`&quot;\d+&quot;|<D:getcontentlength>\d+<| xmlns:[AB]="[^"]*"`)
	davItem   = regexp.MustCompile(`/default/([A-Za-z0-9]+)<`)
)

// here puts the ids of this server into a request.
func (r *mailReplay) here(text string) string {
	replace := func(id string) string {
		if have := r.known[id]; have != "" {
			return have
		}
		return id
	}
	text = anyWord.ReplaceAllStringFunc(text, replace)
	return shortID.ReplaceAllStringFunc(text, func(found string) string {
		m := shortID.FindStringSubmatch(found)
		return m[1] + replace(m[2])
	})
}

// listing makes an answer of WebDAV comparable: without names, sizes and tags, in order.
func (r *mailReplay) listing(text string) any {
	if !strings.HasPrefix(text, "<?xml") {
		return text
	}
	var name string
	if m := davItem.FindStringSubmatch(text); m != nil {
		name = m[1]
	}
	text = davItem.ReplaceAllString(davNumber.ReplaceAllString(text, "<…>"), "/default/<name><")
	parts := strings.Split(text, "<D:response>")
	slices.Sort(parts)
	out := []any{}
	for _, p := range parts {
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(p, "</D:multistatus>", ""), "<…>", ""))
	}
	return map[string]any{"id": name, "list": out}
}

// ordered sorts lists of objects by what is in them besides ids.
func ordered(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for _, item := range v {
			ordered(item)
		}
	case []any:
		for _, item := range v {
			ordered(item)
		}
		if len(v) > 0 {
			if _, objects := v[0].(map[string]any); objects {
				key := func(item any) string {
					text, _ := json.Marshal(blank(item, "")) // it came from JSON
					return string(text)
				}
				slices.SortFunc(v, func(a, b any) int { return strings.Compare(key(a), key(b)) })
			}
		}
	}
	return value
}

// learn notes, once, ids that stand in the same places.
func (r *mailReplay) learn(recorded, actual any) {
	switch v := recorded.(type) {
	case map[string]any:
		a, _ := actual.(map[string]any)
		for name, item := range v {
			want, have := toText(item), toText(a[name])
			if slices.Contains(idMembers, name) && want != "" && have != "" {
				if r.known[want] == "" { // two that are the same in every byte cannot be told apart
					r.known[want] = have
				}
			}
			r.learn(item, a[name])
		}
	case []any:
		a, _ := actual.([]any)
		for i, item := range v {
			if i < len(a) {
				r.learn(item, a[i])
			}
		}
	}
}

var (
	idMembers   = []string{"id", "blobId"}
	mailUnequal = []string{"state", "oldState", "newState", "queryState", "sessionState", "size", "accountId", "id", "blobId", "threadId"}
)

// blank removes ids, states and sizes.
func blank(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if name == "mailboxIds" || name == "addressBookIds" || name == "calendarIds" {
			return len(v)
		}
		out := map[string]any{}
		for member, item := range v {
			if slices.Contains(mailUnequal, member) {
				out[member] = "<some>"
				continue
			}
			out[member] = blank(item, member)
		}
		return out
	case []any:
		if name == "ids" || name == "notFound" {
			return len(v)
		}
		out := []any{}
		for _, item := range v {
			out = append(out, blank(item, name))
		}
		return out
	case string:
		if name == "receivedAt" && !strings.HasPrefix(v, "2020") && !strings.HasPrefix(v, "2019") {
			return "<now>"
		}
	}
	return value
}
