package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Source tells the server what to show. Its functions are called by several goroutines at once and must be quick.
type Source struct {
	// Alive returns an error if the daemon's loop hangs.
	Alive func() error
	State func() State
}

// Server serves /healthz, /readyz, /metrics and the status page.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen opens addr (host:port). Serve has to be called next.
func Listen(ctx context.Context, addr string, m *Metrics, src Source) (*Server, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("health and metrics: %w", err)
	}
	return &Server{listener: l, http: &http.Server{
		Handler:           handler(m, src),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
	}}, nil
}

// Addr is the address in use, which tells the port if ":0" was asked for.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until [Server.Close]; it returns nil after that.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("health and metrics: %w", err)
	}
	return nil
}

// Close ends the server, within a second at most.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

func handler(m *Metrics, src Source) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := src.Alive(); err != nil {
			answer(w, []string{err.Error()})
			return
		}
		answer(w, nil)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, src.State().NotReady) })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { servePage(w, src.State()) })
	return mux
}

// answer is 200 "ok", or 503 with one reason a line.
func answer(w http.ResponseWriter, problems []string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	text := "ok\n"
	if len(problems) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		text = strings.Join(problems, "\n") + "\n"
	}
	_, _ = w.Write([]byte(text)) // nobody is left to tell
}
