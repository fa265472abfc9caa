package sourcetest

import (
	"context"
	"testing"

	"syncagent/internal/reconcile"
)

// Source is what every directory source offers.
type Source interface {
	Name() string
	Fingerprint() string
	Snapshot(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error)
	OpenLookup(ctx context.Context, avoid string) (Session, error)
}

// Session answers look-ups over one connection.
type Session interface {
	Lookup(ctx context.Context, request reconcile.LookupRequest) (reconcile.LookupResult, error)
	Close() error
}

// Concrete is a source whose OpenLookup returns a type of its own.
type Concrete[S Session] interface {
	Name() string
	Fingerprint() string
	Snapshot(ctx context.Context, yield func(reconcile.Entry) error) (reconcile.Evidence, error)
	OpenLookup(ctx context.Context, avoid string) (S, error)
}

// Adapt makes a Source of a source whose OpenLookup returns a type of its own.
func Adapt[S Session](source Concrete[S]) Source { return adapted[S]{source} }

type adapted[S Session] struct{ Concrete[S] }

func (a adapted[S]) OpenLookup(ctx context.Context, avoid string) (Session, error) {
	session, err := a.Concrete.OpenLookup(ctx, avoid)
	if err != nil {
		return nil, err
	}
	return session, nil
}

// Person is an entry as the suite wants it in the directory.
type Person struct {
	// Key names the person within a World for life; ASCII letters and digits. It is
	// not the stable ID and not a value that the mapping reads.
	Key string
	// Name is the whole account name: Entry.Names must be exactly this one.
	Name string
	// Addresses are all mail addresses, in any order.
	Addresses []string
	Kind      reconcile.Kind // individual, group or admin
	Disabled  bool
}

// World is one directory of a test, empty at first, and how to change it.
// Methods report their own failures through the testing.TB they were made with.
type World interface {
	// Put adds the person with this key, or changes all of it; the stable ID of a
	// person that is there stays. The error is the directory's refusal of a value
	// (only tests with hostile values accept one).
	Put(p Person) error
	Remove(key string)
	// ID is the canonical stable ID of a person that was put, also after Remove.
	ID(key string) reconcile.StableID
	// Open opens a source over the directory. Its snapshot takes the people that
	// were put.
	Open() Source
}

// Outsider is a World that can hold a person whom a snapshot does not take
// (outside the base or filter), but a look-up by ID finds.
type Outsider interface {
	PutOutside(p Person)
}

// Duplicator is a World in which two records can have the same stable ID.
type Duplicator interface {
	// DuplicateID adds a second record with the stable ID of the person.
	DuplicateID(key string)
}

// Nameless is a World in which a record can lack the stable ID.
type Nameless interface {
	// PutWithoutID adds a record that a snapshot takes, without a stable ID.
	PutWithoutID()
}

// Breaker is a World that can cut every connection of its sources, now.
type Breaker interface {
	Break()
}

// Fixture makes worlds for the suite.
type Fixture struct {
	// New makes an empty directory of its own and cleans it up with t.
	New func(t testing.TB) World
	// People is the number of people of larger checks; 0 is 40. Choose it larger
	// than a page.
	People int
	// Evidence, where set, checks what is special about the evidence of a complete
	// snapshot.
	Evidence func(t testing.TB, e reconcile.Evidence)
}

func (f Fixture) people() int {
	if f.People == 0 {
		return 40
	}
	return f.People
}
