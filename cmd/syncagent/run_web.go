package main

import (
	"context"

	"go.uber.org/zap"

	"syncagent/internal/health"
)

// webServer is health, metrics and status page while they are served; without
// an address it is nothing, and does nothing.
type webServer struct {
	server *health.Server
	done   chan struct{}
}

// listen opens an address and serves on it.
func (d *daemon) listen(ctx context.Context, addr string) (*webServer, error) {
	if addr == "" {
		return &webServer{}, nil
	}
	server, err := health.Listen(ctx, addr, d.metrics, health.Source{Alive: d.alive, State: d.state})
	if err != nil {
		return nil, err
	}
	w := &webServer{server: server, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		if err := server.Serve(); err != nil {
			_, log := d.current()
			log.Error("health and metrics are not served any more", zap.Error(err))
		}
	}()
	return w, nil
}

// addr is the address in use.
func (w *webServer) addr() string {
	if w.server == nil {
		return ""
	}
	return w.server.Addr()
}

// swap closes what is served and takes over another server's place.
func (w *webServer) swap(next *webServer) {
	_ = w.close() // it only ends connections
	*w = *next
}

func (w *webServer) close() error {
	if w.server == nil {
		return nil
	}
	err := w.server.Close()
	<-w.done
	return err
}
