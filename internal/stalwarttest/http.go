package stalwarttest

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"
)

// request is one HTTP request on its way through the server.
type request struct {
	http  *http.Request
	body  []byte
	n     int64
	ip    string
	who   *token
	fault *activeFault
}

// response is what will be written.
type response struct {
	status int
	header http.Header
	body   []byte
}

// sessionState is constant here: the real one changes with settings only, and no client may depend on it.
const sessionState = "2c689bff"

func jsonResponse(body any) response {
	data, err := json.Marshal(body)
	if err != nil {
		return problem(http.StatusInternalServerError, map[string]any{"title": "Internal Server Error", "detail": err.Error()})
	}
	return response{http.StatusOK, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, data}
}

// problem makes an application/problem+json answer; status is filled in, and type unless given.
func problem(status int, body map[string]any) response {
	body["status"] = status
	if body["type"] == nil {
		body["type"] = "about:blank"
	}
	r := jsonResponse(body)
	r.status = status
	r.header.Set("Content-Type", "application/problem+json")
	return r
}

func unauthorized() response {
	r := problem(http.StatusUnauthorized, map[string]any{"title": "Unauthorized", "detail": "You have to authenticate first."})
	r.header["Www-Authenticate"] = []string{
		`Bearer realm="Stalwart Server", resource_metadata="/.well-known/oauth-protected-resource"`,
		`Basic realm="Stalwart Server"`,
	}
	return r
}

func pathNotFound() response {
	return problem(http.StatusNotFound, map[string]any{
		"title":  "Not Found",
		"detail": "The requested resource does not exist on this server.",
	})
}

func redirect(status int, location string) response {
	return response{status: status, header: http.Header{"Location": {location}}}
}

// ServeHTTP answers one request. A fault that drops the connection panics with [http.ErrAbortHandler], which an HTTP
// server turns into a closed connection without an answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, in.Body, 64<<20))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); !ok {
			return // the client went away
		}
	}
	r := &request{http: in, body: body, n: s.requests.Add(1), ip: s.clientIP(in)}
	r.fault = s.faults.pick(seen(r))
	r.fault.before()
	if out, answered := r.fault.instead(); answered {
		write(w, out)
		return
	}
	out := s.handle(r) //nolint:contextcheck // the context of the request is in r
	out = r.fault.after(out)
	write(w, out)
	r.fault.answered(w)
}

func write(w http.ResponseWriter, out response) {
	maps.Copy(w.Header(), out.header)
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // the client may have gone away: nothing to do about it
}

func (s *Server) clientIP(in *http.Request) string {
	if forwarded := in.Header.Get("X-Forwarded-For"); s.opt.TrustForwarded && forwarded != "" {
		return forwarded
	}
	host, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		return in.RemoteAddr
	}
	return host
}

// exempt tells whether an address is free of limits and bans: loopback is on a real server. Here it counts unless
// addresses can be told apart, because tests come from nowhere else.
func (s *Server) exempt(ip string) bool { return s.opt.TrustForwarded && net.ParseIP(ip).IsLoopback() }

// handle does the work of a request.
func (s *Server) handle(r *request) response {
	s.mu.Lock()
	s.advance()
	banned := s.limits.banned[r.ip]
	s.mu.Unlock()
	if banned {
		if s.rest != nil && !s.opt.TrustForwarded {
			panic(http.ErrAbortHandler) // the connection is closed at once
		}
		return problem(http.StatusForbidden, map[string]any{"title": "Forbidden", "detail": "Forbidden"})
	}
	if s.rest != nil {
		return s.handleREST(r)
	}
	path := r.http.URL.Path
	switch {
	case path == "/healthz/live" || path == "/healthz/ready":
		return problem(http.StatusOK, map[string]any{"title": "OK", "detail": "OK"})
	case path == "/.well-known/jmap":
		return redirect(http.StatusTemporaryRedirect, "/jmap/session")
	case path == "/jmap/session" && r.http.Method == http.MethodGet:
		return s.authenticated(r, true, s.session)
	case (path == "/jmap" || path == "/jmap/") && r.http.Method == http.MethodPost:
		return s.authenticated(r, false, s.limitConcurrency)
	case strings.HasPrefix(path, "/jmap/download/") && r.http.Method == http.MethodGet:
		return s.authenticated(r, false, s.download)
	case strings.HasPrefix(path, "/jmap/upload/") && r.http.Method == http.MethodPost:
		return s.authenticated(r, false, s.upload)
	case path == "/api/account" && r.http.Method == http.MethodGet:
		return s.authenticated(r, false, s.apiAccount)
	case path == "/api/schema" && r.http.Method == http.MethodGet:
		return s.authenticated(r, false, func(*request) response {
			return redirect(http.StatusFound, "/api/schema/25gnm1_xB9bPk-puX9VTFMP1W5V-1muUWuK964-_uEw")
		})
	}
	s.scanned(path, r.ip)
	return unknownPath(path)
}

// unknownPath sends a single path segment to the same with a slash; everything else is not found, also below /api/ and
// without credentials.
func unknownPath(path string) response {
	if segment := strings.TrimPrefix(path, "/"); segment != "" && !strings.Contains(segment, "/") {
		return redirect(http.StatusFound, path+"/")
	}
	return pathNotFound()
}

// authenticated runs next with r.who set, which is nil only when anonymous requests are allowed.
func (s *Server) authenticated(r *request, anonymous bool, next func(*request) response) response {
	who, refused := s.authenticate(r)
	if refused != nil {
		return *refused
	}
	s.mu.Lock()
	var limited response
	over, allowed := false, true
	switch {
	case who != nil: // the counter belongs to the account, whatever key is used
		if !s.exempt(r.ip) {
			limited, over = s.limits.count("account "+FormatID(who.id()), s.opt.RequestsPerMinute)
			over = over && !who.may("unlimitedRequests")
		}
		allowed = who.may("authenticate")
	case !anonymous && !s.exempt(r.ip):
		limited, over = s.limits.count("ip "+r.ip, s.opt.AnonymousRequests)
	}
	s.mu.Unlock()
	switch {
	case over:
		return limited
	case !allowed:
		return problem(http.StatusForbidden, map[string]any{
			"title":  "Forbidden",
			"detail": "You do not have enough permissions to access this resource.",
		})
	case who == nil && !anonymous:
		return unauthorized()
	}
	r.who = who
	return next(r)
}

// limitConcurrency refuses a fifth request of one account at the same time, unless it has unlimitedRequests.
func (s *Server) limitConcurrency(r *request) response {
	id := r.who.id()
	s.mu.Lock()
	limited := !r.who.may("unlimitedRequests") && s.limits.running[id] >= maxConcurrentRequests
	if !limited {
		s.limits.running[id]++
	}
	s.mu.Unlock()
	if limited {
		out := limitProblem("maxConcurrentRequests", "The request exceeds the maximum number of concurrent requests.")
		out.header.Set("RateLimit-Policy", `"concurrent-requests";q=4;qu="concurrent-requests"`)
		out.header.Set("RateLimit", `"concurrent-requests";r=0`)
		return out
	}
	defer func() {
		s.mu.Lock()
		s.limits.running[id]--
		s.mu.Unlock()
	}()
	return s.execute(r)
}

func sleep(r *request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.http.Context().Done():
	}
}
