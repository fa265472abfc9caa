package ldaptest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"
)

// TB is what New needs of a testing.T.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// Server is a running server. All methods may be called concurrently.
type Server struct {
	opts     Options
	listener net.Listener
	closed   chan struct{}
	wait     sync.WaitGroup

	mu      sync.Mutex
	nodes   []*node
	lastSeq int
	conns   map[net.Conn]bool
	onPage  func(page int)
	binds   int
	pages   int
}

// New starts a server and stops it with the test.
func New(t TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("start the LDAP server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server with the suffix and ou=people in it.
func Start(o Options) (*Server, error) {
	network, address := "tcp", "127.0.0.1:0"
	if o.Socket != "" {
		network, address = "unix", o.Socket
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), network, address)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, listener: listener, closed: make(chan struct{}), conns: map[net.Conn]bool{}}
	suffix := map[string][]string{"objectClass": {"domain"}}
	if o.Vendor == OpenLDAP && o.CSN != "" {
		suffix["contextCSN"] = []string{o.CSN}
	}
	s.Add(Suffix, suffix)
	s.Add(People, map[string][]string{"objectClass": {"organizationalUnit"}})
	s.wait.Go(s.accept)
	return s, nil
}

func (s *Server) accept() {
	for {
		socket, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[socket] = true
		s.mu.Unlock()
		s.wait.Go(func() {
			defer s.forget(socket)
			s.serve(socket)
		})
	}
}

func (s *Server) forget(socket net.Conn) {
	_ = socket.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, socket)
}

// URL is how to reach the server.
func (s *Server) URL() string {
	switch {
	case s.opts.Socket != "":
		return "ldapi://" + url.QueryEscape(s.opts.Socket)
	case s.opts.LDAPS:
		return "ldaps://" + s.listener.Addr().String()
	}
	return "ldap://" + s.listener.Addr().String()
}

// Close stops the server and waits until nothing of it runs.
func (s *Server) Close() {
	select {
	case <-s.closed:
		return
	default:
	}
	close(s.closed)
	_ = s.listener.Close()
	s.Break()
	s.wait.Wait()
}

// Break cuts every connection, now. The server goes on.
func (s *Server) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for socket := range s.conns {
		_ = socket.Close()
	}
}

// Change changes the options of a running server; those that concern listening
// have no effect any more.
func (s *Server) Change(change func(o *Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.opts)
	for _, n := range s.nodes {
		if n.dn == Suffix && s.opts.Vendor == OpenLDAP && s.opts.CSN != "" {
			n.attrs = []attr{{"contextCSN", []string{s.opts.CSN}}, {"objectClass", []string{"domain"}}}
		}
	}
}

// OnPage calls f before a page is answered, with its number from 1 in its
// search. f may change the tree.
func (s *Server) OnPage(f func(page int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onPage = f
}

// options gives the options as they are now.
func (s *Server) options() Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts
}

// Binds and Pages count what was asked so far.
func (s *Server) Binds() int { s.mu.Lock(); defer s.mu.Unlock(); return s.binds }

// Pages counts the searches below the suffix that were answered so far.
func (s *Server) Pages() int { s.mu.Lock(); defer s.mu.Unlock(); return s.pages }

// fault gives the fault of a kind that strikes at a page.
func (s *Server) fault(kind FaultKind, page int) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.opts.Faults {
		if f.Kind == kind && (f.Page == 0 || f.Page == page) {
			return f, true
		}
	}
	return Fault{}, false
}

func (s *Server) has(kind FaultKind, page int) bool {
	_, ok := s.fault(kind, page)
	return ok
}

// stall waits until the server stops or the client goes away.
func (s *Server) stall(socket net.Conn) {
	gone := make(chan struct{})
	s.wait.Go(func() {
		defer close(gone)
		buffer := make([]byte, 512)
		for {
			if _, err := socket.Read(buffer); err != nil {
				return
			}
		}
	})
	select {
	case <-s.closed:
	case <-gone:
	}
	_ = socket.Close()
}

// errDone ends a connection.
var errDone = errors.New("done with this connection")

// handshake brings up TLS.
func (s *Server) handshake(socket net.Conn) (net.Conn, error) {
	if s.has(StallTLS, 0) {
		s.stall(socket)
		return nil, errDone
	}
	secured := tls.Server(socket, s.opts.TLS)
	if err := socket.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if err := secured.HandshakeContext(context.Background()); err != nil {
		return nil, err
	}
	return secured, socket.SetDeadline(time.Time{})
}
