package demo

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/stalwarttest"
)

// span is how long the story takes by its own clock, which ends at the present.
const span = 18 * day

const day = 24 * time.Hour

// world is everything that the demonstration plays with.
type world struct {
	opts   Options
	dir    string
	cast   cast
	people []*Person
	byID   map[string]*Person
	direct *directory
	server *stalwarttest.Server
	mail   mailUse
	stop   func()
	cfg    *config.Config
	behind atomic.Int64 // how far the clock of the story is behind the real one
	tell   *teller
	sum    *Summary
}

func newWorld(ctx context.Context, o Options, dir string) (*world, error) {
	w := &world{opts: o, dir: dir, byID: map[string]*Person{}, sum: &Summary{Users: o.Users, Dir: dir}}
	w.behind.Store(int64(span))
	w.tell = &teller{out: o.Out, color: o.Color, short: o.Short}
	w.cast, w.people = crowd(o.Users)
	for _, p := range append([]*Person{w.cast.alexander}, w.people...) {
		w.byID[p.ID] = p
	}
	var err error
	if w.direct, err = openDirectory(ctx, filepath.Join(dir, "directory.sqlite")); err != nil {
		return w, err
	}
	w.server = stalwarttest.New(stalwarttest.Options{
		Generation: w.version(),
		Domains:    []stalwarttest.Domain{{Name: domain}},
		Directory:  stalwarttest.NewSQLDirectory(w.direct.db, loginQuery, aliasQuery),
		Now:        w.clock,
	})
	w.mail = w.server
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return w, fmt.Errorf("start the simulated mail server: %w", firstError(err, w.direct.close()))
	}
	url, stop := w.server.Serve(listener)
	w.stop = stop
	if err := w.configure(url); err != nil {
		return w, firstError(err, w.close())
	}
	return w, nil
}

func (w *world) configure(url string) error {
	files := map[string]string{}
	if w.opts.Older {
		files["password"] = w.server.Admin().Password + "\n"
		files["syncagent.yaml"] = configuration(url, "username: admin\n  password: { file: password }")
	} else {
		files["api-key"] = w.server.APIKey() + "\n"
		files["syncagent.yaml"] = configuration(url, "api_key: { file: api-key }")
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	cfg, err := config.Load(filepath.Join(w.dir, "syncagent.yaml"))
	if err != nil {
		return fmt.Errorf("load the configuration: %w", err)
	}
	w.cfg = cfg
	return nil
}

// version is the generation of the simulated mail server, empty for 0.16.
func (w *world) version() string {
	if w.opts.Older {
		return OlderVersion
	}
	return ""
}

// clock is the clock of the demonstration: it goes as the real one does, and
// the story lets it jump ahead.
func (w *world) clock() time.Time { return w.opts.Now().UTC().Add(-time.Duration(w.behind.Load())) }

func (w *world) later(d time.Duration) { w.behind.Add(-int64(d)) }

func (w *world) close() error {
	w.stop()
	return w.direct.close()
}

// run makes one run, as "syncagent sync" does.
func (w *world) run(ctx context.Context, o agent.RunOptions) (*agent.Report, int, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	o.Trigger, o.Command = "command", "syncagent demo"
	rep, err := agent.New(agent.Options{Config: w.cfg, Log: w.opts.Log, Now: w.clock}).Run(ctx, o)
	if err != nil {
		return rep, rep.ExitCode(err), err
	}
	return rep, rep.ExitCode(nil), nil
}
