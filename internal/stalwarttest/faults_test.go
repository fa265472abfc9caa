package stalwarttest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// post sends method calls over a real connection.
func post(ctx context.Context, url, key, calls string) (status int, header http.Header, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/jmap/",
		strings.NewReader(`{"using":[],"methodCalls":`+calls+`}`))
	if err != nil {
		return 0, nil, "", err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	transport := &http.Transport{DisableKeepAlives: true} // otherwise a dropped request may be sent again
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, string(data), err
}

func start(t *testing.T, s *Server) string {
	t.Helper()
	url, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

const renameC = `[["x:Account/set",{"update":{"c":{"name":"renamed"}}},"0"]]`

func TestFaults(t *testing.T) {
	told := make(chan string, 3)
	note := func(what string) func(Seen) { return func(Seen) { told <- what } }
	cases := map[string]struct {
		fault   Fault
		dropped bool
		status  int
		text    string
		done    int // renames that happened
		told    string
	}{
		"drop before the work":   {fault: Fault{Drop: DropFirst}, dropped: true},
		"drop after the work":    {fault: Fault{Drop: DropLast}, dropped: true, done: 1},
		"500 after the work":     {fault: Fault{Status: 500}, status: 500, done: 1},
		"429 without the work":   {fault: Fault{Status: 429, SkipWork: true}, status: 429},
		"method error":           {fault: Fault{FailMethod: "x:Account/set"}, status: 200, text: "serverUnavailable"},
		"another method's error": {fault: Fault{FailMethod: "x:Task/set"}, status: 200, text: "updated", done: 1},
		"callbacks in order": {
			fault:  Fault{Before: note("before"), After: note("after"), Answered: note("answered")},
			status: 200, text: "updated", done: 1, told: "before after answered",
		},
		"not matching": {fault: Fault{Match: OnDestroy("x:Account/set"), Status: 500}, status: 200, done: 1},
		"second only":  {fault: Fault{Nth: 2, Status: 500}, status: 200, done: 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := New(Options{})
			id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
			url := start(t, s)
			s.Inject(c.fault)
			status, _, body, err := post(t.Context(), url, s.APIKey(), renameC)
			if (err != nil) != c.dropped || status != c.status || !strings.Contains(body, c.text) {
				t.Errorf("answer %d %q, error %v", status, body, err)
			}
			if got := s.Renames(id); got != c.done {
				t.Errorf("%d renames, want %d", got, c.done)
			}
			for want := range strings.FieldsSeq(c.told) { // the last callback runs after the client has its answer
				select {
				case got := <-told:
					if got != want {
						t.Errorf("callback %s, want %s", got, want)
					}
				case <-time.After(10 * time.Second):
					t.Fatalf("no callback %s", want)
				}
			}
		})
	}
}

func TestFaultActsAgainAsOftenAsAsked(t *testing.T) {
	s := New(Options{})
	url := start(t, s)
	remove := s.Inject(Fault{Nth: 2, Times: 2, Status: 429, SkipWork: true, Header: http.Header{"Retry-After": {"7"}}})
	want := []int{200, 429, 429, 200}
	for i, expected := range want {
		status, header, _, err := post(t.Context(), url, s.APIKey(), `[]`)
		if err != nil || status != expected || status == 429 && header.Get("Retry-After") != "7" {
			t.Errorf("request %d: status %d, Retry-After %q, error %v; want %d", i+1, status, header.Get("Retry-After"), err, expected)
		}
	}
	remove()
	forever := s.Inject(Fault{Times: -1, Status: 503})
	for range 3 {
		if status, _, _, _ := post(t.Context(), url, s.APIKey(), `[]`); status != 503 {
			t.Errorf("status %d, want 503", status)
		}
	}
	forever()
	if status, _, _, _ := post(t.Context(), url, s.APIKey(), `[]`); status != 200 {
		t.Errorf("status %d after removal, want 200", status)
	}
}

func TestLoginBetweenTwoCallsRecreatesTheShadow(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw"})
	real := mustLogin(t, s, "ann@example.org", "pw")
	directory.Update("ann@example.org", func(r *Record) { r.Name = "new@example.org" })
	shadow := mustLogin(t, s, "new@example.org", "pw")
	s.Inject(Fault{Match: OnMethod("x:Account/set"), BetweenCalls: func(_ Call, index int) {
		if index == 1 {
			if _, err := s.Login("new@example.org", "pw"); err != nil {
				t.Error(err)
			}
		}
	}})
	c := newClient(t, s)
	swap := func(shadow, aside string) []reply {
		return c.call(`[["x:Account/set",{"update":{"` + shadow + `":{"name":"` + aside + `"}}},"0"],` +
			`["x:Account/set",{"update":{"` + string(real) + `":{"name":"new"}}},"1"]]`)
	}
	replies := swap(string(shadow), "aside1")
	refused, _ := replies[1].Body["notUpdated"].(map[string]any)[string(real)].(map[string]any)
	if refused["type"] != "primaryKeyViolation" {
		t.Fatalf("second call: %v, want primaryKeyViolation", replies[1].Body)
	}
	again := refused["objectId"].(map[string]any)["id"].(string)
	if again == string(shadow) || again == string(real) {
		t.Fatalf("violated by %s, want a new shadow", again)
	}
	if replies := swap(again, "aside2"); replies[1].Body["updated"] == nil {
		t.Errorf("retry: %v", replies[1].Body)
	}
	if s.Renames(real) != 1 {
		t.Errorf("real account renamed %d times, want once", s.Renames(real))
	}
}

func TestServeOnAGivenListener(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{})
	url, stop := s.Serve(listener)
	if url != "http://"+listener.Addr().String() {
		t.Errorf("url %s, want that of the listener", url)
	}
	stop()
	if _, _, _, err := post(t.Context(), url, s.APIKey(), `[]`); err == nil {
		t.Error("the server still answers after stop")
	}
}

func TestDelayEndsWithTheClient(t *testing.T) {
	s := New(Options{})
	url := start(t, s)
	s.Inject(Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, _, err := post(ctx, url, s.APIKey(), `[]`); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the client's deadline", err)
	}
}

func TestOverlappingWritesOfOneAccountCollide(t *testing.T) {
	s := New(Options{})
	url := start(t, s)
	id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
	var inner string
	s.Inject(Fault{Match: OnMethod("x:Account/set"), BetweenCalls: func(_ Call, index int) {
		if index == 1 {
			_, _, inner, _ = post(t.Context(), url, s.APIKey(), renameC)
		}
	}})
	_, _, outer, err := post(t.Context(), url, s.APIKey(), `[["x:Account/set",{"update":{"c":{"name":"outer"}}},"0"],["x:Account/query",{},"1"]]`)
	if err != nil || !strings.Contains(outer, `"updated":{"c":null}`) || !strings.Contains(inner, "serverUnavailable") {
		t.Errorf("outer %s, inner %s, error %v", outer, inner, err)
	}
	if _, _, again, _ := post(t.Context(), url, s.APIKey(), renameC); !strings.Contains(again, "updated") || s.Renames(id) != 2 {
		t.Errorf("afterwards %s, renames %d", again, s.Renames(id))
	}
}
