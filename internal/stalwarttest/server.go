package stalwarttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a simulated Stalwart 0.16.18. Make one with [New]. All methods may be called concurrently, also from
// the callbacks of a [Fault]. Each method call of a JMAP request is one critical section, as on the real server
// nothing is held across the calls of a request.
type Server struct {
	mu       sync.Mutex
	opt      Options
	requests atomic.Int64 // HTTP requests seen, for Fault and Write numbering

	domains    []*domain
	nextDomain uint64

	accounts map[uint64]*account
	order    []uint64 // ids of living accounts, ascending
	nextID   uint64
	keys     map[address]owner // who owns a (local part, domain): names and aliases of accounts, groups and lists
	ghosts   map[uint64]*ghost // what the caches of a destroyed account still show

	lists    map[uint64]*mailingList
	nextList uint64

	writers map[string]int64 // accounts being written, by the number of the request

	tasks    []*task
	nextTask uint64

	tokens  map[string]tokenRef    // secrets of API keys and OAuth tokens
	headers map[string]cachedLogin // HTTP credential cache by Authorization header
	blobs   blobStore

	limits  limiter
	faults  faultList
	log     journal
	secrets uint64 // counter behind generated secrets
	agent   uint64
	key     string
	rest    *restStore // of a server before 0.16; nil otherwise
}

// New makes a server with its domains, the agent account and its API key.
func New(opt Options) *Server {
	opt.setDefaults()
	s := &Server{
		opt:      opt,
		accounts: map[uint64]*account{},
		keys:     map[address]owner{},
		ghosts:   map[uint64]*ghost{},
		lists:    map[uint64]*mailingList{},
		writers:  map[string]int64{},
		tokens:   map[string]tokenRef{},
		headers:  map[string]cachedLogin{},
		blobs:    newBlobStore(),
		limits:   newLimiter(),
		log:      journal{renames: map[uint64]int{}, destroys: map[uint64]int{}},
	}
	if opt.Generation != "" {
		s.startREST()
		return s
	}
	for _, d := range opt.Domains {
		s.AddDomain(d.Name, d.Aliases...)
	}
	agent := s.AddAccount(AccountSpec{Address: opt.Agent + "@" + opt.Domains[0].Name, Admin: true, Password: "internal"})
	s.agent, _ = ParseID(string(agent))
	s.key = s.AddAPIKey(agent, opt.AgentKey)
	return s
}

// APIKey gives the secret of the agent's API key, for an Authorization header of the kind Bearer. Before 0.16 the key
// is made when it is first asked for.
func (s *Server) APIKey() string {
	if s.rest != nil {
		return s.restKey()
	}
	return s.key
}

// AgentID gives the id of the agent's own account, "b" on a fresh server.
func (s *Server) AgentID() AccountID { return AccountID(FormatID(s.agent)) }

// Admin gives the recovery administrator's credentials, for Basic authentication.
func (s *Server) Admin() Credentials { return s.opt.Admin }

// Start serves on a free loopback port and gives the base URL. stop ends all connections and waits.
func (s *Server) Start() (url string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen on a loopback port: %w", err)
	}
	url, stop = s.Serve(listener)
	return url, stop, nil
}

// Serve serves on a listener of the caller's choice, which it closes at the end. stop ends all connections and waits.
func (s *Server) Serve(listener net.Listener) (url string, stop func()) {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return // the listener was closed by somebody else: nothing is left to serve
		}
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close() // closing ends connections on purpose; their errors do not matter
		<-done
	}
}

func (s *Server) now() string { return stamp(s.opt.Now()) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
