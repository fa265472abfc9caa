package stalwarttest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Seen is a request as a [Fault] sees it.
type Seen struct {
	N      int64 // number of the HTTP request, from 1
	Method string
	Path   string
	Calls  []Call // of POST /jmap, if it could be read
}

// Has tells whether the request contains a call of this method.
func (s Seen) Has(method string) bool {
	return slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Name == method })
}

// OnMethod matches requests that contain a call of this method.
func OnMethod(method string) func(Seen) bool { return func(s Seen) bool { return s.Has(method) } }

// OnPath matches requests whose path begins with prefix.
func OnPath(prefix string) func(Seen) bool {
	return func(s Seen) bool { return strings.HasPrefix(s.Path, prefix) }
}

// OnDestroy matches requests that destroy something by this /set method.
func OnDestroy(method string) func(Seen) bool {
	return func(s Seen) bool {
		return slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Name == method && c.Args["destroy"] != nil })
	}
}

// Drop says when a connection is cut without an answer.
type Drop int

// The moments at which a connection can be cut.
const (
	NoDrop    Drop = iota
	DropFirst      // before doing any work
	DropLast       // after the work was done
)

// Fault makes the server misbehave for some requests. Callbacks run without the server's lock, so they may use the
// server (a login in between), kill a client process, or block.
type Fault struct {
	Match func(Seen) bool // which requests count; nil = all
	Nth   int             // act from the n-th matching request on; 0 or 1 = the first
	Times int             // for how many matching requests in a row; 0 = one, negative = for ever

	Before       func(Seen)                 // before any work
	BetweenCalls func(next Call, index int) // before each method call of the request
	After        func(Seen)                 // the work is done, nothing is answered yet
	Answered     func(Seen)                 // the answer was sent

	Delay time.Duration // before the work
	Drop  Drop

	Status   int         // answer this HTTP status instead of the real answer …
	SkipWork bool        // … without doing the work first
	Header   http.Header // headers of that answer, for example Retry-After
	Body     string      // its body; a problem document if empty

	FailMethod string // calls of this method get a method error, and are not done …
	FailType   string // … of this type; serverUnavailable if empty
}

// Inject adds a fault. Faults are looked at in the order in which they were added; the first that is due acts.
// It gives a function that removes the fault; what callbacks that have returned wrote can be read after it.
func (s *Server) Inject(f Fault) (remove func()) {
	entry := &faultEntry{Fault: f}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, entry)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		s.faults.list = slices.DeleteFunc(s.faults.list, func(e *faultEntry) bool { return e == entry })
	}
}

type faultEntry struct {
	Fault
	matched int
	acted   int
}

type faultList struct {
	mu   sync.Mutex
	list []*faultEntry
}

// activeFault is the fault that acts on one request; a nil one does nothing.
type activeFault struct {
	Fault
	seen Seen
	r    *request
	list *faultList
}

func seen(r *request) (Seen, *request) {
	s := Seen{N: r.n, Method: r.http.Method, Path: r.http.URL.Path}
	if s.Method == http.MethodPost && strings.HasPrefix(s.Path, "/jmap") {
		_, s.Calls, _ = parseRequest(r.body)
	}
	return s, r
}

func (l *faultList) pick(s Seen, r *request) *activeFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	var due *activeFault
	for _, e := range l.list {
		if e.Match != nil && !e.Match(s) {
			continue
		}
		e.matched++
		times := max(e.Times, 1)
		if due != nil || e.matched < e.Nth || e.Times >= 0 && e.acted >= times {
			continue
		}
		e.acted++
		due = &activeFault{Fault: e.Fault, seen: s, r: r, list: l}
	}
	return due
}

// call runs a callback. The lock afterwards orders what it wrote before the return of remove: a connection that is cut
// without an answer orders nothing.
func (f *activeFault) call(callback func(Seen)) {
	if callback == nil {
		return
	}
	defer func() {
		f.list.mu.Lock()
		defer f.list.mu.Unlock()
	}()
	callback(f.seen)
}

func (f *activeFault) before() {
	if f == nil {
		return
	}
	f.call(f.Before)
	if f.Delay > 0 {
		sleep(f.r, f.Delay)
	}
	if f.Drop == DropFirst {
		panic(http.ErrAbortHandler)
	}
}

// instead gives the answer of a fault that does no work.
func (f *activeFault) instead() (response, bool) {
	if f == nil || f.Status == 0 || !f.SkipWork {
		return response{}, false
	}
	return f.answer(), true
}

func (f *activeFault) answer() response {
	out := problem(f.Status, map[string]any{"title": http.StatusText(f.Status), "detail": "Injected."})
	if f.Body != "" {
		out.header.Set("Content-Type", "application/json; charset=utf-8")
		out.body = []byte(f.Body)
	}
	maps.Copy(out.header, f.Header)
	return out
}

func (f *activeFault) after(out response) response {
	if f == nil {
		return out
	}
	f.call(f.After)
	if f.Drop == DropLast {
		panic(http.ErrAbortHandler)
	}
	if f.Status != 0 {
		return f.answer()
	}
	return out
}

func (f *activeFault) answered(w http.ResponseWriter) {
	if f == nil || f.Answered == nil {
		return
	}
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	f.call(f.Answered)
}

func (f *activeFault) betweenCalls(next Call, index int) {
	if f != nil && f.BetweenCalls != nil {
		f.BetweenCalls(next, index)
	}
}

func (f *activeFault) failCall(method string) *methodError {
	if f == nil || f.FailMethod != method {
		return nil
	}
	if f.FailType == "" || f.FailType == errUnavailable.kind {
		return errUnavailable
	}
	return &methodError{f.FailType, "Injected."}
}
