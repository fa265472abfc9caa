package stalwarttest

import (
	"time"
)

// task is an x:Task: the background work of the server, seen from outside.
type task struct {
	id          uint64
	kind        string // DestroyAccount, StoreMaintenance or AccountMaintenance
	maintenance string // maintenanceType
	shard       *int
	account     *account // of a DestroyAccount or AccountMaintenance
	accountID   uint64
	created     string
	due         string
	queued      time.Time // by the real clock
	request     int64     // number of the HTTP request that queued it
	archived    bool      // a DestroyAccount that waits for the end of an archiving period
	failing     string    // reason with which it will fail
	status      string    // Pending, Retry, Failed
	failedAt    string
}

// purgeShards is the number of shard tasks that one purgeBlob task becomes.
const purgeShards = 256

func (s *Server) queue(t *task) *task {
	s.nextTask++
	// Task ids are snowflakes on the real server: large, growing.
	t.id = 0x4bfc17_0000_0000_00 + s.nextTask
	t.created = s.now()
	if t.due == "" {
		t.due = t.created
	}
	t.queued = time.Now()
	t.request = s.requests.Load()
	t.status = "Pending"
	s.tasks = append(s.tasks, t)
	return t
}

func (s *Server) queueDestroy(a *account) {
	t := &task{kind: "DestroyAccount", account: a, accountID: a.id}
	if s.opt.Archiving > 0 {
		t.due = stamp(s.opt.Now().Add(s.opt.Archiving))
		t.archived = true
	}
	t.failing = s.log.takeTaskFailure()
	s.queue(t)
}

// FailDestroyTasks makes the next n DestroyAccount tasks fail: each becomes Retry, then, after as much time again, Failed
// with this reason; it stays for ever and the data stays too.
func (s *Server) FailDestroyTasks(n int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.taskFailures, s.log.taskFailure = n, reason
}

// Tasks gives the number of tasks of this kind that are still there (any status).
func (s *Server) Tasks(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.tasks {
		if t.kind == kind {
			n++
		}
	}
	return n
}

// advance does the background work that is due. It runs at the start of each request, before any method call.
func (s *Server) advance() {
	request := s.requests.Load()
	if s.rest != nil && s.rest.purgeAfter < request {
		s.finishRESTPurge()
	}
	var left []*task
	for _, t := range s.tasks {
		left = append(left, s.step(t, request)...)
	}
	s.tasks = left
}

// step moves one task on and gives what remains of it.
func (s *Server) step(t *task, request int64) []*task {
	age := time.Since(t.queued)
	waiting := t.request == request || age < s.opt.TaskDelay || t.archived
	switch {
	case t.status == "Failed":
		return []*task{t}
	case t.failing != "":
		return []*task{s.stepFailing(t, request, age)}
	case t.maintenance == "purgeBlob" && t.shard == nil:
		if t.request == request || age < s.opt.TaskDelay/4 {
			return []*task{t}
		}
		return s.split(t)
	case waiting && t.shard != nil && t.request != request && s.opt.TaskDelay > 0:
		// The shards of a purge run one after another over the rest of the delay.
		if time.Duration(*t.shard)*s.opt.TaskDelay/purgeShards > age {
			return []*task{t}
		}
	case waiting:
		return []*task{t}
	}
	s.finish(t)
	return nil
}

func (s *Server) stepFailing(t *task, request int64, age time.Duration) *task {
	switch {
	case t.request == request || age < s.opt.TaskDelay:
	case t.status == "Pending":
		t.status, t.request, t.queued = "Retry", request, time.Now()
	default:
		t.status, t.failedAt = "Failed", s.now()
	}
	return t
}

// split turns a purgeBlob into its shard tasks.
func (s *Server) split(parent *task) []*task {
	shards := make([]*task, 0, purgeShards)
	queued := s.tasks
	for i := range purgeShards {
		shard := s.queue(&task{kind: parent.kind, maintenance: parent.maintenance, shard: &i})
		shard.queued = parent.queued
		shards = append(shards, shard)
	}
	s.tasks = queued
	return shards
}

func (s *Server) finish(t *task) {
	switch {
	case t.kind == "DestroyAccount":
		s.blobs.unlink(t.accountID)
	case t.shard != nil && *t.shard == purgeShards-1:
		s.blobs.purge(s.opt.Now())
		s.log.purges++
	}
}

// Settle finishes all background work that is pending now, however long it would take, except archived and failed tasks.
func (s *Server) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rest != nil {
		s.finishRESTPurge()
	}
	for _, t := range s.tasks {
		if t.maintenance == "purgeBlob" && t.shard == nil {
			s.tasks = append(s.tasks, s.split(t)...)
		}
	}
	var left []*task
	for _, t := range s.tasks {
		switch {
		case t.archived || t.status == "Failed":
			left = append(left, t)
		case t.failing != "":
			t.status, t.failedAt = "Failed", s.now()
			left = append(left, t)
		default:
			s.finish(t)
		}
	}
	s.tasks = left
}
