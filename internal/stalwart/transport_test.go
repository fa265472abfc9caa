package stalwart

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syncagent/internal/reconcile"
)

// oneWrite sends one write and gives its error.
func oneWrite(t *testing.T, s *jmapServer) error {
	t.Helper()
	results, _ := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{write("d", "x@example.test")})
	return results[0]
}

// oneRead reads one account.
func oneRead(t *testing.T, s *jmapServer) error {
	t.Helper()
	_, _, err := s.Get(t.Context(), []reconcile.AccountID{"d"})
	return err
}

// upset makes the next requests to the API go wrong, and counts all of them.
func upset(f *fake, times int32, how func(w http.ResponseWriter)) func() int32 {
	var n atomic.Int32
	f.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != pathAPI || n.Add(1) > times {
			return false
		}
		how(w)
		return true
	})
	return n.Load
}

func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func halfAnswer(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"methodResponses":`))
}

func TestAWriteOfUnknownOutcomeIsNeverRepeated(t *testing.T) {
	for name, how := range map[string]func(http.ResponseWriter){
		"cut":             cut,
		"half an answer":  halfAnswer,
		"502":             status(502),
		"500":             status(500),
		"not JSON":        func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) },
		"too few answers": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"methodResponses":[]}`)) },
		"another answer":  func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"methodResponses":[["x:Task/set",{},"0"]]}`)) },
		"too large":       func(w http.ResponseWriter) { _, _ = w.Write(bytes.Repeat([]byte(" "), 300_000)) },
		"server failed": func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"methodResponses":[["error",{"type":"serverPartialFail"},"0"]]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, (&world{more: accept, accounts: []map[string]any{person("d", "a")}}).answer)
			s := f.dial()
			s.http.maxResponse = 200_000
			n := upset(f, 1, how)
			if err := oneWrite(t, s); !is[*UncertainError](err) || HintOf(err) == "" {
				t.Errorf("write: %v", err)
			}
			if n() != 1 {
				t.Errorf("%d requests", n())
			}
		})
	}
}

func TestAWriteThatWasNotDoneIsNotUncertain(t *testing.T) {
	limits, envelope := recording(t, "limits"), recording(t, "envelope")
	for name, tc := range map[string]struct {
		how   func(http.ResponseWriter)
		check func(error) bool
	}{
		"401":        {status(401), is[*UnauthorizedError]},
		"banned":     {limits.exchange("valid key from the banned address").reply, is[*BannedError]},
		"notRequest": {envelope.exchange("JSON but not a request").reply, is[*MalformedError]},
		"too large":  {envelope.exchange("body over maxSizeRequest (10 000 012 bytes)").reply, is[*TooLargeError]},
		"missing":    {status(404), is[*MalformedError]},
		"redirect":   {status(302), is[*MalformedError]},
		"forbidden": {func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"methodResponses":[["error",{"type":"forbidden"},"0"]]}`))
		}, is[*ForbiddenError]},
		"bad request": {func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"methodResponses":[["error",{"type":"invalidArguments","description":"secret echo"},"0"]]}`))
		}, is[*RefusedError]},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, (&world{more: accept}).answer)
			s := f.dial()
			n := upset(f, 1, tc.how)
			err := oneWrite(t, s)
			if is[*UncertainError](err) || !tc.check(err) || n() != 1 {
				t.Errorf("%v after %d requests", err, n())
			}
			if strings.Contains(err.Error(), "echo") || strings.Contains(err.Error(), "foo") {
				t.Errorf("shows the answer: %v", err)
			}
		})
	}
}

func TestAfterARefusalNothingIsSent(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	s := f.dial()
	n := upset(f, 100, status(401))
	first, second := oneRead(t, s), oneWrite(t, s)
	if !Stopped(first) || !Stopped(second) || n() != 1 {
		t.Errorf("%v, %v after %d requests", first, second, n())
	}
}

func TestReadsAreTriedAgain(t *testing.T) {
	for name, how := range map[string]func(http.ResponseWriter){
		"cut": cut, "503": status(503), "half": halfAnswer,
		"busy": recording(t, "limits").exchange("fifth concurrent request: agent key without unlimitedRequests").reply,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, (&world{accounts: []map[string]any{person("d", "a")}}).answer)
			s := f.dial()
			upset(f, 2, how)
			if err := oneRead(t, s); err != nil {
				t.Errorf("after two failures: %v", err)
			}
			n := upset(f, 100, how)
			err := oneRead(t, s)
			if err == nil || n() < 4 || n() > 6 { // net/http itself repeats a read on a connection that had been idle
				t.Errorf("%v after %d requests", err, n())
			}
			if !is[*UnreachableError](err) && !is[*RateLimitedError](err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestABusyServerIsAskedAgainForWritesToo(t *testing.T) {
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	upset(f, 2, recording(t, "limits").exchange("fifth concurrent request: user").reply)
	if err := oneWrite(t, s); err != nil {
		t.Error(err)
	}
}

func TestRateLimit(t *testing.T) {
	wait := func(seconds string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", seconds)
			w.WriteHeader(429)
		}
	}
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	n := upset(f, 1, wait("1"))
	begin := time.Now()
	if err := oneWrite(t, s); err != nil || n() != 2 || time.Since(begin) < time.Second {
		t.Errorf("%v after %d requests and %s", err, n(), time.Since(begin))
	}
	upset(f, 1, recording(t, "limits").exchange("user over the limit: request").reply)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := s.Get(ctx, []reconcile.AccountID{"d"})
	if limited, ok := errors.AsType[*RateLimitedError](err); !ok || limited.RetryAfter != 23*time.Second {
		t.Errorf("a pause of 23 s within 10 s: %v", err)
	}
	upset(f, 1, wait("4000"))
	if err := oneRead(t, s); !is[*RateLimitedError](err) {
		t.Errorf("more than an hour: %v", err)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	release := make(chan struct{})
	f.intercept(func(http.ResponseWriter, *http.Request) bool { <-release; return false })
	defer close(release)
	s.http.timeout, s.http.tries = 50*time.Millisecond, 1
	if err := oneWrite(t, s); !is[*UncertainError](err) || !is[*UnreachableError](err) {
		t.Errorf("write: %v", err)
	}
	if err := oneRead(t, s); !is[*UnreachableError](err) || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("read: %v", err)
	}
	s.http.timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	results, err := s.WriteIdentities(ctx, []reconcile.IdentityWrite{write("d", "x@example.test")})
	if !is[*UncertainError](results[0]) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in flight: %v, %v", results, err)
	}
	results, err = s.WriteIdentities(ctx, []reconcile.IdentityWrite{write("d", "x@example.test")})
	if is[*UncertainError](results[0]) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v, %v", results, err)
	}
}

func TestNoConnectionMeansNotDone(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	s := f.dial()
	s.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	s.http.base.Host = strings.TrimPrefix(gone.URL, "http://")
	gone.Close()
	if err := oneWrite(t, s); is[*UncertainError](err) || !is[*UnreachableError](err) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	followed := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer other.Close()
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	upset(f, 100, func(w http.ResponseWriter) {
		w.Header().Set("Location", other.URL+"/jmap")
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	for _, err := range []error{oneRead(t, s), oneWrite(t, s)} {
		if !is[*MalformedError](err) || !strings.Contains(err.Error(), other.URL) {
			t.Errorf("got %v", err)
		}
	}
	if followed != 0 {
		t.Error("a redirect was followed")
	}
}

func TestSecretsNeverAppear(t *testing.T) {
	echo := `the key ` + testKey + ` is wrong`
	basic := base64.StdEncoding.EncodeToString([]byte("admin:" + testKey))
	for _, creds := range []credentials{{secret: testKey}, {username: "admin", secret: testKey}} {
		if got := creds.redact(echo + " " + basic + "\nnext"); strings.Contains(got, testKey) || strings.Contains(got, "\n") ||
			(creds.username != "" && strings.Contains(got, basic)) {
			t.Errorf("redacted: %s", got)
		}
	}
	f := newFake(t, (&world{more: func(c sent) any {
		if c.Method == "x:Account/set" {
			return args{"notUpdated": args{"d": args{"type": "validationFailed", "description": echo}}}
		}
		return nil
	}}).answer)
	var seen []Call
	o := f.options()
	o.Observe = func(c Call) { seen = append(seen, c) }
	s, err := dial(t.Context(), o.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = oneWrite(t, s)
	if err == nil || strings.Contains(err.Error(), testKey) || !strings.Contains(err.Error(), "***") {
		t.Errorf("error: %v", err)
	}
	if len(seen) < 6 {
		t.Fatalf("saw %d calls", len(seen))
	}
	for _, c := range seen {
		if strings.Contains(c.Curl, testKey) || !strings.HasPrefix(c.Curl, "curl ") || c.Status == 0 {
			t.Errorf("call %+v", c)
		}
	}
	last := seen[len(seen)-1]
	want := `curl -sS -H "Authorization: Bearer $STALWART_API_KEY" -X POST -H 'Content-Type: application/json' --data ` +
		`'{"using":["urn:ietf:params:jmap:core","urn:stalwart:jmap"],"methodCalls":[["x:Account/set",` +
		`{"update":{"d":{"name":"x","domainId":"b","aliases":{}}}},"0"]]}' '` + f.url + `/jmap'`
	if last.Curl != want || len(last.Methods) != 1 || last.Methods[0] != "x:Account/set" {
		t.Errorf("curl\n got %s\nwant %s", last.Curl, want)
	}
}

func TestCurlQuotes(t *testing.T) {
	got := credentials{username: "o'neil@example.org", secret: "s"}.curl("POST", "http://h/jmap", []byte(`{"name":"o'neil"}`), false)
	want := `curl -sS -u 'o'\''neil@example.org:'"$STALWART_PASSWORD" -X POST -H 'Content-Type: application/json' ` +
		`--data '{"name":"o'\''neil"}' 'http://h/jmap'`
	if got != want {
		t.Errorf("got %s", got)
	}
	if got := (credentials{secret: "s"}).curl("GET", "http://h/x", nil, true); got != "curl -sS 'http://h/x'" {
		t.Errorf("got %s", got)
	}
}

func TestBasicLoginIsReadAtEachDial(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	password, headers := "first\n", []string{}
	f.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == pathAccount {
			user, pass, _ := r.BasicAuth()
			headers = append(headers, user+":"+pass)
		}
		return false
	})
	o := f.options()
	o.APIKey, o.Username, o.Password = nil, "admin", func() (string, error) { return password, nil }
	for range 2 {
		srv, err := Dial(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		srv.Close()
		password = "second"
	}
	if strings.Join(headers, " ") != "admin:first admin:second" {
		t.Errorf("sent %q", headers)
	}
}

func TestTLS(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	srv := httptest.NewTLSServer(f)
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		tls TLSOptions
		ok  bool
	}{
		"unknown authority": {TLSOptions{}, false},
		"own authority":     {TLSOptions{CAFile: ca}, true},
		"server name":       {TLSOptions{CAFile: ca, ServerName: "example.com"}, true},
		"another name":      {TLSOptions{CAFile: ca, ServerName: "mail.invalid"}, false},
		"not checked":       {TLSOptions{InsecureSkipVerify: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := f.options()
			o.URL, o.TLS, o.Timeout = srv.URL, tc.tls, 2*time.Second
			s, err := Dial(t.Context(), o)
			if (err == nil) != tc.ok {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				if !is[*UnreachableError](err) || !strings.Contains(HintOf(err), "ca_file") {
					t.Errorf("got %v, hint %q", err, HintOf(err))
				}
				return
			}
			defer s.Close()
			if warned := len(s.Info().Warnings) == 1; warned != tc.tls.InsecureSkipVerify {
				t.Errorf("warnings %v", s.Info().Warnings)
			}
		})
	}
}

func TestClockSkewIsTold(t *testing.T) {
	f := newFake(t, (&world{}).answer)
	f.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
		return false
	})
	s := f.dial()
	if s.info.Skew > -9*time.Minute || s.info.Skew < -11*time.Minute || len(s.info.Warnings) != 1 || s.info.Warnings[0].Code != "clock-skew" {
		t.Errorf("skew %s, warnings %v", s.info.Skew, s.info.Warnings)
	}
}

func TestLimitsMustBeTold(t *testing.T) {
	s := &jmapServer{}
	if err := s.readLimits(json.RawMessage(`{"maxObjectsInGet":500}`)); !is[*MalformedError](err) {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerOverTheLimitIsNotRead(t *testing.T) {
	f := newFake(t, (&world{accounts: []map[string]any{person("d", "a")}}).answer)
	s := f.dial()
	s.http.maxResponse = 100
	err := oneRead(t, s)
	if large, ok := errors.AsType[*TooLargeError](err); !ok || large.Limit != 100 {
		t.Errorf("got %v", err)
	}
}
