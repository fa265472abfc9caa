package sourcetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
)

// memory is a directory in memory with a correct source; tests break one
// behaviour at a time to prove that the suite notices.
type memory struct {
	people  []reconcile.Entry
	outside map[reconcile.StableID]bool
	bugs    map[string]bool
}

func (m *memory) ID(key string) reconcile.StableID { return reconcile.StableID("id-" + key) }
func (m *memory) Open() Source                     { return &memorySource{world: m} }

func (m *memory) Remove(key string) {
	m.people = slices.DeleteFunc(m.people, func(e reconcile.Entry) bool { return e.ID == m.ID(key) })
}

func (m *memory) Put(p Person) error {
	m.Remove(p.Key)
	m.people = append(m.people, reconcile.Entry{
		ID: m.ID(p.Key), Names: []string{p.Name}, Addresses: p.Addresses, AddressesMapped: true,
		Kind: p.Kind, Enabled: map[bool]reconcile.Enabled{true: reconcile.EnabledNo, false: reconcile.EnabledYes}[p.Disabled], Label: p.Key,
	})
	return nil
}

func (m *memory) PutOutside(p Person) {
	_ = m.Put(p)
	m.outside = map[reconcile.StableID]bool{m.ID(p.Key): true}
}

func (m *memory) DuplicateID(key string) {
	i := slices.IndexFunc(m.people, func(e reconcile.Entry) bool { return e.ID == m.ID(key) })
	m.people = append(m.people, m.people[i])
}

func (m *memory) PutWithoutID() { m.people = append(m.people, reconcile.Entry{Names: []string{"x"}}) }

type memorySource struct{ world *memory }

func (s *memorySource) Name() string        { return "memory" }
func (s *memorySource) Fingerprint() string { return "fingerprint" }

func (s *memorySource) Snapshot(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error) {
	e := reconcile.Evidence{Counted: -1, Server: "memory:", Directory: "memory", IDAttribute: "id"}
	bugs := s.world.bugs
	var ids []string
	for i, p := range slices.Clone(s.world.people) {
		switch {
		case ctx.Err() != nil && bugs["ignores cancel"]:
			e.Complete = true
			return e, nil
		case ctx.Err() != nil:
			return reconcile.Evidence{}, ctx.Err()
		case s.world.outside[p.ID], bugs["drops the last"] && i == len(s.world.people)-1:
			continue
		case p.ID == "" || slices.Contains(ids, fmt.Sprint(p.ID)+" "):
			if !bugs["ignores bad IDs"] {
				e.Reasons = append(e.Reasons, reconcile.Reason{Code: "bad-id"})
			}
			continue
		}
		ids = append(ids, fmt.Sprint(p.ID)+" ", fmt.Sprintf("%v", p))
		if err := yield(p); err != nil && !bugs["ignores yield"] {
			return reconcile.Evidence{}, err
		}
		e.Entries++
	}
	if ctx.Err() != nil {
		return reconcile.Evidence{}, ctx.Err()
	}
	if !bugs["ordered digest"] {
		slices.Sort(ids)
	}
	e.Digest = strings.Join(ids, "|") + "."
	e.Complete = len(e.Reasons) == 0
	return e, nil
}

func (s *memorySource) OpenLookup(context.Context, string) (Session, error) {
	return &memorySession{world: s.world, frozen: slices.Clone(s.world.people)}, nil
}

type memorySession struct {
	world  *memory
	frozen []reconcile.Entry
	closed bool
}

func (s *memorySession) Close() error { s.closed = true; return nil }

func (s *memorySession) Lookup(ctx context.Context, q reconcile.LookupRequest) (reconcile.LookupResult, error) {
	r := reconcile.LookupResult{Server: "memory:"}
	bugs := s.world.bugs
	if err := cmp.Or(ctx.Err(), map[bool]error{true: errors.New("closed")}[s.closed]); err != nil && !bugs["absent on error"] {
		return r, err
	}
	people := s.world.people
	if bugs["stale session"] {
		people = s.frozen
	}
	has := func(id reconcile.StableID) *reconcile.Entry {
		for _, p := range people {
			if p.ID == id && id != "" {
				return &p
			}
		}
		return nil
	}
	if has(q.Control) == nil && !bugs["no control"] {
		r.Reason = "the control is not there"
		return r, nil
	}
	r.ID, r.Identity = reconcile.PresenceAbsent, reconcile.PresenceAbsent
	if r.Entry = has(q.ID); r.Entry != nil {
		r.ID = reconcile.PresenceFound
	}
	for _, p := range people {
		if carries(p, q, bugs) {
			r.Identity, r.Holders = reconcile.PresenceFound, append(r.Holders, p)
		}
	}
	return r, nil
}

func carries(p reconcile.Entry, q reconcile.LookupRequest, bugs map[string]bool) bool {
	same := func(a, b string) bool {
		if bugs["case counts"] {
			return a == b
		}
		return strings.EqualFold(a, b) || bugs["wildcards"] && b == "*"
	}
	for _, n := range q.Names {
		if slices.ContainsFunc(p.Names, func(v string) bool { return same(v, n) }) {
			return true
		}
	}
	for _, a := range q.Addresses {
		if slices.ContainsFunc(p.Addresses, func(v string) bool { return same(v, a) }) {
			return true
		}
	}
	return false
}

func TestSuitePassesForACorrectSource(t *testing.T) {
	Run(t, Fixture{New: func(testing.TB) World { return &memory{} }})
}

// recorder notes whether a check failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Logf(string, ...any)   {}
func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; panic(r) }
func (r *recorder) Fatal(...any)          { r.failed = true; panic(r) }
func (r *recorder) Skip(...any)           { panic(r) }

func fails(t *testing.T, c check, f Fixture) bool {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		c.run(r, f)
	}()
	return r.failed
}

func TestSuiteNoticesEveryBug(t *testing.T) {
	for _, bug := range []string{
		"drops the last", "ignores cancel", "ignores bad IDs", "ignores yield", "ordered digest",
		"absent on error", "stale session", "no control", "case counts", "wildcards",
	} {
		f := Fixture{New: func(testing.TB) World { return &memory{bugs: map[string]bool{bug: true}} }}
		noticed := false
		for _, c := range checks {
			noticed = noticed || fails(t, c, f)
		}
		if !noticed {
			t.Errorf("no check notices a source that %s", bug)
		}
	}
}
