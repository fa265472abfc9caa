package stalwarttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// client sends requests to a server without a network.
type client struct {
	t    *testing.T
	s    *Server
	auth string
}

func newClient(t *testing.T, s *Server) client { return client{t, s, "Bearer " + s.APIKey()} }

func (c client) do(method, path, body string) *http.Response {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, bytes.NewBufferString(body))
	r.Header.Set("Content-Type", "application/json")
	if c.auth != "" {
		r.Header.Set("Authorization", c.auth)
	}
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, r)
	return w.Result()
}

// reply is one decoded method response.
type reply struct {
	Name string
	Body map[string]any
}

const using = `["urn:ietf:params:jmap:core","urn:stalwart:jmap","urn:ietf:params:jmap:mail","urn:ietf:params:jmap:sieve",` +
	`"urn:ietf:params:jmap:vacationresponse","urn:ietf:params:jmap:submission","urn:ietf:params:jmap:contacts",` +
	`"urn:ietf:params:jmap:calendars","urn:ietf:params:jmap:blob","urn:ietf:params:jmap:quota","urn:ietf:params:jmap:filenode"]`

// call sends method calls, given as JSON triples, and gives their answers.
func (c client) call(calls string) []reply {
	c.t.Helper()
	response := c.do(http.MethodPost, "/jmap/", `{"using":`+using+`,"methodCalls":`+calls+`}`)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("POST /jmap/ of %s: status %d, %v: %s", calls, response.StatusCode, err, data)
	}
	var envelope struct{ MethodResponses [][]json.RawMessage }
	if err := json.Unmarshal(data, &envelope); err != nil {
		c.t.Fatal(err)
	}
	var out []reply
	for _, raw := range envelope.MethodResponses {
		var r reply
		if err := json.Unmarshal(raw[0], &r.Name); err != nil {
			c.t.Fatal(err)
		}
		if err := json.Unmarshal(raw[1], &r.Body); err != nil {
			c.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}
