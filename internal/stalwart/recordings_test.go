package stalwart

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// recorded is one file of exchanges with a real server.
type recorded struct {
	t         *testing.T
	Exchanges []recordedExchange `json:"exchanges"`
}

type recordedExchange struct {
	Name    string `json:"name"`
	Request struct {
		Method string          `json:"method"`
		Path   string          `json:"path"`
		Body   json.RawMessage `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"response"`
}

var (
	recordingsMu sync.Mutex
	recordings   = map[string]recorded{}
)

// recording reads a file of the 0.16.18 recordings, or "version/file".
func recording(t *testing.T, name string) recorded {
	t.Helper()
	recordingsMu.Lock()
	defer recordingsMu.Unlock()
	if r, ok := recordings[name]; ok {
		return r
	}
	path := filepath.Join("..", "..", "test", "transcripts", "stalwart-0.16.18", name+".json")
	if version, file, ok := strings.Cut(name, "/"); ok {
		path = filepath.Join("..", "..", "test", "transcripts", "stalwart-"+version, file+".json")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read recording: %v", err)
	}
	r := recorded{t: t}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("recording %s: %v", name, err)
	}
	recordings[name] = r
	return r
}

// exchange finds an exchange by its name.
func (r recorded) exchange(name string) recordedExchange {
	for _, e := range r.Exchanges {
		if e.Name == name {
			return e
		}
	}
	r.t.Fatalf("no exchange %q", name)
	return recordedExchange{}
}

// reply sends the recorded response.
func (e recordedExchange) reply(w http.ResponseWriter) {
	for k, v := range e.Response.Headers {
		w.Header().Set(k, v)
	}
	w.WriteHeader(e.Response.Status)
	if string(e.Response.Body) == "null" {
		return
	}
	var text string
	if json.Unmarshal(e.Response.Body, &text) == nil {
		_, _ = w.Write([]byte(text))
		return
	}
	_, _ = w.Write(e.Response.Body)
}

// calls gives the recorded method calls.
func (e recordedExchange) calls(t *testing.T) []sent {
	t.Helper()
	return parseCalls(t, e.Request.Body, "methodCalls")
}

// answers gives the recorded answers: method names ("error" for errors) and
// arguments.
func (e recordedExchange) answers(t *testing.T) []sent {
	t.Helper()
	return parseCalls(t, e.Response.Body, "methodResponses")
}

func parseCalls(t *testing.T, body json.RawMessage, key string) []sent {
	t.Helper()
	var doc map[string]json.RawMessage
	var list [][3]json.RawMessage
	if json.Unmarshal(body, &doc) != nil || json.Unmarshal(doc[key], &list) != nil {
		t.Fatalf("no %s in %.80s", key, body)
	}
	var out []sent
	for _, c := range list {
		s := sent{Raw: c[1]}
		_ = json.Unmarshal(c[0], &s.Method)
		_ = json.Unmarshal(c[1], &s.Args)
		out = append(out, s)
	}
	return out
}
