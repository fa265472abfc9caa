package stalwarttest

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// Record is what an external directory tells Stalwart about one user or group. There is no stable id in it:
// that is why Stalwart cannot notice a rename.
type Record struct {
	Name        string   // primary address, also the login name
	Aliases     []string // further addresses
	Secret      string   // password in plain text
	Groups      []string // addresses of groups
	Description string   // display name
	Group       bool     // the record is a group
	NoMail      bool     // found by login, but not as a recipient (the recording's "active = 0")
	bind        bool     // the secret was checked by the directory and is not stored
}

// Directory is the external directory that a [Server] asks. found is false when there is no such record; an
// error means that the directory could not answer, which the server never treats as an absence.
// Both methods may be called concurrently and are called without the server's lock.
type Directory interface {
	ByLogin(ctx context.Context, name string) (record Record, found bool, err error)
	ByAddress(ctx context.Context, address string) (record Record, found bool, err error)
}

// MapDirectory is a [Directory] in memory. The zero value is ready to use. All methods may be called concurrently.
type MapDirectory struct {
	mu      sync.Mutex
	records []Record
	err     error

	// LDAP makes the directory behave like an LDAP server in bind mode with one attribute for all addresses: case is
	// ignored (SQL with `name = $1` does not, and the server always asks in lower case), an alias can log in too, and
	// the secret is not handed to the server. Set it before the first use.
	LDAP bool
}

// Put adds a record, or replaces the one with the same name.
func (d *MapDirectory) Put(record Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.records {
		if d.records[i].Name == record.Name {
			d.records[i] = record
			return
		}
	}
	d.records = append(d.records, record)
}

// Remove deletes the record with this name, if there is one.
func (d *MapDirectory) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = slices.DeleteFunc(d.records, func(r Record) bool { return r.Name == name })
}

// Update changes the record called name in place (also its name) and reports whether there was one.
func (d *MapDirectory) Update(name string, change func(*Record)) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.records {
		if d.records[i].Name == name {
			change(&d.records[i])
			return true
		}
	}
	return false
}

// Fail makes every look-up fail with err until it is called with nil.
func (d *MapDirectory) Fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// ByLogin finds a user by primary address, in LDAP mode also by alias.
func (d *MapDirectory) ByLogin(ctx context.Context, name string) (Record, bool, error) {
	if d.LDAP {
		return d.ByAddress(ctx, name)
	}
	return d.find(func(r Record) bool { return !r.Group && r.Name == name })
}

// ByAddress finds a user or group by primary address, else by alias.
func (d *MapDirectory) ByAddress(_ context.Context, address string) (Record, bool, error) {
	record, found, err := d.find(func(r Record) bool { return !r.NoMail && d.same(r.Name, address) })
	if found || err != nil {
		return record, found, err
	}
	return d.find(func(r Record) bool {
		return !r.NoMail && slices.ContainsFunc(r.Aliases, func(a string) bool { return d.same(a, address) })
	})
}

func (d *MapDirectory) same(a, b string) bool {
	return a == b || d.LDAP && strings.EqualFold(a, b)
}

func (d *MapDirectory) find(match func(Record) bool) (Record, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return Record{}, false, d.err
	}
	for _, r := range d.records {
		if match(r) {
			r.bind = d.LDAP
			r.Aliases, r.Groups = slices.Clone(r.Aliases), slices.Clone(r.Groups)
			return r, true, nil
		}
	}
	return Record{}, false, nil
}
