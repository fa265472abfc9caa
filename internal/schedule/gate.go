package schedule

import "sync"

// Answer tells what became of a trigger.
type Answer string

// The answers.
const (
	Accepted   Answer = "accepted"   // a run starts now
	Remembered Answer = "remembered" // a run is under way; one more follows it
	Waiting    Answer = "waiting"    // another trigger already waits; the run to come serves both
	Skipped    Answer = "skipped"    // a run is under way, and a timetable's trigger is not worth a second one
	Stopped    Answer = "stopped"    // the runner does not take triggers any more
)

// gate lets one run through at a time and remembers at most one more. It is safe for concurrent use.
type gate struct {
	mu      sync.Mutex
	running string // the trigger of the run under way
	pending string
	closed  bool
	wake    chan struct{}
}

func newGate() *gate { return &gate{wake: make(chan struct{}, 1)} }

// knock asks for a run. While one is under way, the wish is kept only if remember is set.
func (g *gate) knock(trigger string, remember bool) Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return Stopped
	case g.pending != "":
		return Waiting
	case g.running != "" && !remember:
		return Skipped
	}
	g.pending = trigger
	if g.running != "" {
		return Remembered
	}
	select {
	case g.wake <- struct{}{}:
	default: // a token that nobody has taken yet wakes the worker as well
	}
	return Accepted
}

// enter takes the pending trigger; ok is false if there is none.
func (g *gate) enter() (trigger string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.pending == "" {
		return "", false
	}
	g.running, g.pending = g.pending, ""
	return g.running, true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running = ""
}

// close forgets what is pending and lets nobody in any more.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed, g.pending = true, ""
}

func (g *gate) current() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running
}
