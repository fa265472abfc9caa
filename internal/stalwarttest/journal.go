package stalwarttest

import (
	"encoding/json"
	"slices"
)

// Write is one write operation that reached the server: one object of a /set, import or copy.
type Write struct {
	Request int64 // number of the HTTP request
	By      AccountID
	Object  string // "Account", "Task", "Action", "AppPassword", "Email" …
	Op      string // create, update, destroy, import, copy
	Account AccountID
	ID      string // id, or creation id
	Value   json.RawMessage
	Error   string // type of the SetError; "" = done
}

// journal counts what was done, so that tests can prove "exactly once" and "nothing to anybody else".
type journal struct {
	writes        []Write
	renames       map[uint64]int
	destroys      map[uint64]int
	purges        int
	invalidations int
	deadAccesses  int
	taskFailures  int
	taskFailure   string
}

func (j *journal) renamed(id uint64) {
	j.renames[id]++
}

func (j *journal) destroyed(id uint64) {
	j.destroys[id]++
}

func (j *journal) takeTaskFailure() string {
	if j.taskFailures <= 0 {
		return ""
	}
	j.taskFailures--
	return j.taskFailure
}

func (c *call) record(object, op, id string, value json.RawMessage, fail map[string]any) {
	kind, _ := fail["type"].(string)
	c.s.log.writes = append(c.s.log.writes, Write{
		Request: c.r.n, By: AccountID(FormatID(c.who.id())), Object: object,
		Op: op, Account: AccountID(FormatID(c.account)), ID: id, Value: slices.Clone(value), Error: kind,
	})
}

// Writes gives all write operations in the order in which they were executed, refused ones included.
func (s *Server) Writes() []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log.writes)
}

// Requests gives the number of HTTP requests seen.
func (s *Server) Requests() int64 { return s.requests.Load() }

// Renames tells how often the name or domain of an account really changed by x:Account/set, also after its destroy.
func (s *Server) Renames(id AccountID) int {
	return s.counter(id, func(j *journal) map[uint64]int { return j.renames })
}

// Destroys tells how often an account was destroyed (0 or 1, ids being unique).
func (s *Server) Destroys(id AccountID) int {
	return s.counter(id, func(j *journal) map[uint64]int { return j.destroys })
}

func (s *Server) counter(id AccountID, which func(*journal) map[uint64]int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := ParseID(string(id))
	return which(&s.log)[n]
}

// Purges tells how many blob purges ran to their end; look at [Server.Writes] for those that were queued.
func (s *Server) Purges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.purges
}

// Invalidations tells how often InvalidateCaches was done.
func (s *Server) Invalidations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.invalidations
}
