// Package sqlworld is a database for the conformance suite of sources: a table
// of people that tests change, and a source that reads it. It serves SQLite,
// PostgreSQL and MariaDB; the databases themselves come from the caller.
package sqlworld

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
	"syncagent/internal/sqlsrc"
)

// Flavour is what differs between databases and kinds of ID.
type Flavour struct {
	// Driver is the source's driver, Writer the name of the database/sql driver
	// that the tests write with.
	Driver, Writer string
	// IDType is the SQL type of the ID column, ID its n-th value and its canonical
	// form.
	IDType string
	ID     func(n int) (value any, id reconcile.StableID)
	// TextType is the SQL type of text columns, FlagType that of flags.
	TextType, FlagType string
	// SecondQuery keeps the addresses in a table of their own.
	SecondQuery bool
	// Suffix ends CREATE TABLE.
	Suffix string
}

// World is a table of people.
type World struct {
	Flavour
	t    testing.TB
	db   *sql.DB
	dsn  string
	ids  map[string]int
	next int
}

// New makes the tables. admin is a data source name that may write, sync the
// one that the source reads with.
func New(t testing.TB, f Flavour, admin, sync string) *World {
	t.Helper()
	db, err := sql.Open(f.Writer, admin)
	if err != nil {
		t.Fatalf("open %s: %v", f.Driver, err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &World{Flavour: f, t: t, db: db, dsn: sync, ids: map[string]int{}}
	text := f.TextType
	w.Exec("CREATE TABLE people (pk " + text + ", id " + f.IDType + ", login " + text + ", mail " + text + ", alias " + text +
		", type " + text + ", active " + f.FlagType + ", scope " + text + ")" + f.Suffix)
	w.Exec("CREATE TABLE emails (person " + f.IDType + ", address " + text + ")" + f.Suffix)
	return w
}

// Exec runs one statement with ? as placeholder.
func (w *World) Exec(statement string, args ...any) {
	w.t.Helper()
	if err := w.try(statement, args...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func (w *World) try(statement string, args ...any) error {
	if w.Driver == sqlsrc.Postgres {
		for n := 1; strings.Contains(statement, "?"); n++ {
			statement = strings.Replace(statement, "?", "$"+strconv.Itoa(n), 1)
		}
	}
	_, err := w.db.ExecContext(w.t.Context(), statement, args...)
	return err
}

// DB is the connection that may write.
func (w *World) DB() *sql.DB { return w.db }

// Number is the number behind the ID of a person.
func (w *World) Number(key string) int {
	if _, known := w.ids[key]; !known {
		w.next++
		w.ids[key] = w.next
	}
	return w.ids[key]
}

func (w *World) value(key string) any {
	v, _ := w.Flavour.ID(w.Number(key))
	return v
}

// ID implements sourcetest.World.
func (w *World) ID(key string) reconcile.StableID {
	_, id := w.Flavour.ID(w.Number(key))
	return id
}

// Put implements sourcetest.World.
func (w *World) Put(p sourcetest.Person) error { return w.put(p, "in") }

// PutOutside implements sourcetest.Outsider.
func (w *World) PutOutside(p sourcetest.Person) {
	w.t.Helper()
	if err := w.put(p, "out"); err != nil {
		w.t.Fatalf("put %s outside: %v", p.Key, err)
	}
}

func (w *World) put(p sourcetest.Person, scope string) error {
	w.Remove(p.Key)
	kind := map[reconcile.Kind]string{
		reconcile.KindIndividual: "user", reconcile.KindGroup: "group", reconcile.KindAdmin: "root",
	}[p.Kind]
	columns := [2]any{}
	if !w.SecondQuery {
		for i, a := range p.Addresses {
			columns[i] = a
		}
	}
	err := w.try("INSERT INTO people (pk, id, login, mail, alias, type, active, scope) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		p.Key, w.value(p.Key), p.Name, columns[0], columns[1], kind, !p.Disabled, scope)
	if err != nil || !w.SecondQuery {
		return err
	}
	for _, a := range p.Addresses {
		if err := w.try("INSERT INTO emails (person, address) VALUES (?, ?)", w.value(p.Key), a); err != nil {
			return err
		}
	}
	return nil
}

// Remove implements sourcetest.World.
func (w *World) Remove(key string) {
	w.t.Helper()
	w.Exec("DELETE FROM emails WHERE person = ?", w.value(key))
	w.Exec("DELETE FROM people WHERE pk = ?", key)
}

// DuplicateID implements sourcetest.Duplicator.
func (w *World) DuplicateID(key string) {
	w.t.Helper()
	w.Exec("INSERT INTO people SELECT 'copy', id, login, mail, alias, type, active, scope FROM people WHERE pk = ?", key)
}

// PutWithoutID implements sourcetest.Nameless.
func (w *World) PutWithoutID() {
	w.t.Helper()
	w.Exec("INSERT INTO people (pk, login, type, scope) VALUES ('none', 'none', 'user', 'in')")
}

// Options are the source's settings for this world.
func (w *World) Options() sqlsrc.Options {
	const columns = "SELECT id, login, mail, alias, type, active FROM people"
	parameter := map[string]string{sqlsrc.Postgres: "$1"}[w.Driver]
	if parameter == "" {
		parameter = "?"
	}
	o := sqlsrc.Options{
		Name: "people", Driver: w.Driver,
		DSN:    func() (string, error) { return w.dsn, nil },
		Query:  columns + " WHERE scope = 'in'",
		Lookup: columns + " WHERE id = " + parameter + ";",
		Map: mapping.Spec{
			ID: "ID", Name: "{login}",
			Addresses: []mapping.AddressSpec{{Attribute: "mail"}, {Attribute: "alias"}},
			Kind:      mapping.KindSpec{Attribute: "type", Values: map[string]string{"user": "individual", "root": "admin"}},
			Enabled:   mapping.EnabledSpec{Attribute: "Active"},
		},
	}
	if w.SecondQuery {
		o.Addresses = "SELECT person, address FROM emails"
		o.Map.Addresses = nil
	}
	return o
}

// Source opens a source with these settings.
func (w *World) Source(o sqlsrc.Options) *sqlsrc.Source {
	w.t.Helper()
	s, err := sqlsrc.New(o)
	if err != nil {
		w.t.Fatalf("sqlsrc.New: %v", err)
	}
	return s
}

// Open implements sourcetest.World.
func (w *World) Open() sourcetest.Source {
	w.t.Helper()
	return sourcetest.Adapt(w.Source(w.Options()))
}

// Integer is an ID function for integer columns.
func Integer(n int) (any, reconcile.StableID) {
	return n, reconcile.StableID(strconv.Itoa(n))
}

// UUID is an ID function for columns with UUIDs as text.
func UUID(n int) (any, reconcile.StableID) {
	id := fmt.Sprintf("018f0000-0000-7000-8000-%012x", n)
	return id, reconcile.StableID(id)
}

// UpperUUID is the same in upper case.
func UpperUUID(n int) (any, reconcile.StableID) {
	v, id := UUID(n)
	return strings.ToUpper(fmt.Sprint(v)), id
}

// UUIDBytes is an ID function for columns with UUIDs as 16 bytes.
func UUIDBytes(n int) (any, reconcile.StableID) {
	_, id := UUID(n)
	b, err := mapping.UUIDBytes(string(id))
	if err != nil {
		panic(err)
	}
	return b, id
}

// Bytes is an ID function for columns with other bytes.
func Bytes(n int) (any, reconcile.StableID) {
	b := []byte(fmt.Sprintf("\xff\x00'%04d", n))
	return b, reconcile.StableID(mapping.Hex(b))
}

// Text is an ID function for text columns.
func Text(n int) (any, reconcile.StableID) {
	id := fmt.Sprintf("O'Key %d", n)
	return id, reconcile.StableID(id)
}
