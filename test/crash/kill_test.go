package crash

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"syncagent/internal/stalwarttest"
)

// moments are those of one request at which the program can die.
var moments = []struct {
	name  string
	fault func(kill func(stalwarttest.Seen)) stalwarttest.Fault
}{
	{"killed before the work", func(kill func(stalwarttest.Seen)) stalwarttest.Fault {
		return stalwarttest.Fault{Before: kill, Drop: stalwarttest.DropFirst}
	}},
	{"killed after the work", func(kill func(stalwarttest.Seen)) stalwarttest.Fault {
		return stalwarttest.Fault{After: kill, Drop: stalwarttest.DropLast}
	}},
	{"killed after the answer", func(kill func(stalwarttest.Seen)) stalwarttest.Fault {
		return stalwarttest.Fault{Answered: kill}
	}},
}

// TestKilledAtRequest kills the run at every request, before the server's work,
// after it, and after the answer.
func TestKilledAtRequest(t *testing.T) {
	playAll(t, func(ref *reference) []scene {
		var scenes []scene
		for n := 1; n <= ref.requests; n++ {
			for i, m := range moments {
				if !ref.writing(n) && !sample(n+i, 17) {
					continue
				}
				scenes = append(scenes, scene{
					name: numbered(n, m.name, ref.calls[n-1]), runs: 1, exact: true,
					play: func(ctx context.Context, l *life) error {
						fault := m.fault(func(stalwarttest.Seen) { l.kill() })
						fault.Nth = n
						return l.runKilled(ctx, fault)
					},
				})
			}
		}
		return scenes
	})
}

// runKilled makes a run that the fault kills.
func (l *life) runKilled(ctx context.Context, fault stalwarttest.Fault) error {
	defer l.server.Inject(fault)()
	l.killed.Store(false)
	r := l.run(ctx, "sync")
	if !l.killed.Load() || r.code != -1 && r.code != 0 {
		return fmt.Errorf("the run was not killed: %s", r)
	}
	counts.add(&counts.kills)
	return nil
}

// TestKilledAtRecord kills the run after every record of the audit log, and
// after every growth of the ledger's journal: what happens between two
// requests.
func TestKilledAtRecord(t *testing.T) {
	playAll(t, func(ref *reference) []scene {
		var scenes []scene
		for n := range ref.linesAt - ref.lines {
			if sample(n, 6) {
				scenes = append(scenes, scene{
					name: fmt.Sprintf("killed after audit record %d", n+1), runs: 1, exact: true,
					play: func(ctx context.Context, l *life) error {
						return l.runCut(ctx, filepath.Join("audit", "audit.jsonl"), n+1)
					},
				})
			}
		}
		for n := range 60 {
			if sample(n, 8) {
				scenes = append(scenes, scene{
					name: fmt.Sprintf("killed after write %d of the ledger", n+1), runs: 1, exact: true,
					play: func(ctx context.Context, l *life) error {
						return l.runCut(ctx, filepath.Join("state", "state.db-wal"), n+1)
					},
				})
			}
		}
		return scenes
	})
}

// runCut makes a run and kills it as soon as a file has grown so many times.
// A run that ended before is not counted.
func (l *life) runCut(ctx context.Context, name string, times int) error {
	size := func() int64 {
		info, err := os.Stat(filepath.Join(l.dir, name))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	stop, watched := make(chan struct{}), make(chan struct{})
	last := size()
	go func() {
		defer close(watched)
		for grown := 0; ; {
			select {
			case <-stop:
				return
			default:
			}
			if now := size(); now != last {
				last, grown = now, grown+1
				if grown >= times {
					if p := l.process.Load(); p != nil && p.Kill() == nil {
						l.killed.Store(true)
					}
					return
				}
			}
			time.Sleep(20 * time.Microsecond)
		}
	}()
	r := l.run(ctx, "sync")
	close(stop)
	<-watched
	if r.code != -1 && r.code != 0 {
		return fmt.Errorf("the run was not killed: %s", r)
	}
	if r.code == -1 {
		counts.add(&counts.cuts)
	}
	return nil
}
