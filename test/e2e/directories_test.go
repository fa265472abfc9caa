//go:build realservers

package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

// directory is a real directory with generated people, as administrators
// change it.
type directory interface {
	// source is the source "staff" of the configuration; secrets go to h.
	source(h *home) string
	// rename gives a person another address.
	rename(t *testing.T, i int, address string)
	remove(t *testing.T, i int)
	// asked is the directory as the mail server asks it at a login.
	asked() stalwarttest.Directory
}

// slapdDirectory is OpenLDAP.
type slapdDirectory struct{ server *testserver.SlapdServer }

func (d slapdDirectory) source(h *home) string {
	o := usual(d.server.URL)
	return o.source(h)
}

func (d slapdDirectory) rename(t *testing.T, i int, address string) {
	t.Helper()
	dn := testserver.UserDN(i)
	if i%2 == 1 { // many directories have the login in the DN, and rename the entry
		d.server.ModRDN(t, dn, fmt.Sprintf("uid=renamed%d", i), "")
		dn = fmt.Sprintf("uid=renamed%d,%s", i, testserver.PeopleDN)
	}
	d.server.Modify(t, dn, "mail", address)
}

func (d slapdDirectory) remove(t *testing.T, i int) { d.server.Delete(t, testserver.UserDN(i)) }

func (d slapdDirectory) asked() stalwarttest.Directory { return askLDAP{d.server.URL} }

// askLDAP finds people by address and says their stable ID as the password.
type askLDAP struct{ url string }

func (d askLDAP) ByLogin(_ context.Context, name string) (stalwarttest.Record, bool, error) {
	c, err := ldap.DialURL(d.url)
	if err != nil {
		return stalwarttest.Record{}, false, err
	}
	defer func() { _ = c.Close() }()
	c.SetTimeout(patience)
	if err := c.Bind(testserver.SyncDN, testserver.SyncPassword); err != nil {
		return stalwarttest.Record{}, false, err
	}
	found, err := c.Search(ldap.NewSearchRequest(testserver.PeopleDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0,
		int(patience/time.Second), false, "(mail="+ldap.EscapeFilter(name)+")", []string{"mail", "entryUUID"}, nil))
	if err != nil || len(found.Entries) != 1 {
		return stalwarttest.Record{}, false, err
	}
	entry := found.Entries[0]
	return stalwarttest.Record{Name: entry.GetAttributeValue("mail"), Secret: secret(entry.GetAttributeValue("entryUUID"))}, true, nil
}

func (d askLDAP) ByAddress(ctx context.Context, address string) (stalwarttest.Record, bool, error) {
	return d.ByLogin(ctx, address)
}

// sqlDirectory is PostgreSQL or MariaDB.
type sqlDirectory struct {
	db     *sql.DB
	driver string // as the configuration says
	sync   string // data source name of the reader
	one    string // the first placeholder
	two    string
}

func newSQLDirectory(t *testing.T, kind string, people int) *sqlDirectory {
	t.Helper()
	d := &sqlDirectory{driver: kind, one: "?", two: "?"}
	admin, library := "", "mysql"
	switch kind {
	case "postgres":
		d.one, d.two, library = "$1", "$2", "pgx"
		admin, d.sync = postgres(t).NewDatabase(t)
		postgres(t).LoadUsers(t, admin, people)
	case "mysql":
		admin, d.sync = mariadb(t).NewDatabase(t)
		mariadb(t).LoadUsers(t, admin, people)
	}
	d.db = openSQL(t, library, admin)
	return d
}

func openSQL(t *testing.T, library, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(library, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (d *sqlDirectory) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	result, err := d.db.ExecContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

func (d *sqlDirectory) source(h *home) string {
	h.write("dsn", d.sync)
	return fmt.Sprintf(`
  - name: staff
    sql:
      driver: %s
      dsn: { file: dsn }
      query: SELECT id, email, type FROM accounts
      lookup: SELECT id, email, type FROM accounts WHERE id = %s
      count: SELECT count(*) FROM accounts
    map:
      id: id
      name: "{email}"
      addresses: [ email ]
      kind: { attribute: type, values: { user: individual, root: admin } }
`, d.driver, d.one)
}

func (d *sqlDirectory) rename(t *testing.T, i int, address string) {
	t.Helper()
	d.exec(t, "UPDATE accounts SET email = "+d.one+" WHERE id = "+d.two, address, testserver.UserUUID(i))
}

func (d *sqlDirectory) remove(t *testing.T, i int) {
	t.Helper()
	d.exec(t, "DELETE FROM accounts WHERE id = "+d.one, testserver.UserUUID(i))
}

func (d *sqlDirectory) asked() stalwarttest.Directory {
	return stalwarttest.NewSQLDirectory(d.db, "SELECT email, concat('pw-', id), name FROM accounts WHERE email = "+d.one, "")
}
