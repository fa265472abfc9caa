//go:build realservers

package sqltest

import (
	"net/url"
	"testing"

	"syncagent/internal/sourcetest"
	"syncagent/test/sql/sqlworld"
)

func TestConformance(t *testing.T) {
	kinds := map[string]map[string]func(*sqlworld.Flavour){
		"postgres": {
			"integer": func(*sqlworld.Flavour) {},
			"uuid":    func(f *sqlworld.Flavour) { f.IDType, f.ID = "uuid", sqlworld.UUID },
			"numeric": func(f *sqlworld.Flavour) { f.IDType = "numeric(12)" },
			"char": func(f *sqlworld.Flavour) {
				f.IDType, f.ID, f.TextType = "char(36)", sqlworld.UpperUUID, "varchar(5300)"
			},
			"bytea":        func(f *sqlworld.Flavour) { f.IDType, f.ID = "bytea", sqlworld.Bytes },
			"text":         func(f *sqlworld.Flavour) { f.IDType, f.ID = "varchar(64)", sqlworld.Text },
			"second query": func(f *sqlworld.Flavour) { f.SecondQuery, f.IDType, f.ID = true, "uuid", sqlworld.UUID },
		},
		"mariadb": {
			"integer":      func(*sqlworld.Flavour) {},
			"decimal":      func(f *sqlworld.Flavour) { f.IDType = "decimal(12)" },
			"unsigned":     func(f *sqlworld.Flavour) { f.IDType = "bigint unsigned" },
			"uuid bytes":   func(f *sqlworld.Flavour) { f.IDType, f.ID = "binary(16)", sqlworld.UUIDBytes },
			"uuid text":    func(f *sqlworld.Flavour) { f.IDType, f.ID = "char(36)", sqlworld.UpperUUID },
			"uuid type":    func(f *sqlworld.Flavour) { f.IDType, f.ID = "uuid", sqlworld.UUID },
			"varbinary":    func(f *sqlworld.Flavour) { f.IDType, f.ID = "varbinary(32)", sqlworld.Bytes },
			"text":         func(f *sqlworld.Flavour) { f.IDType, f.ID = "varchar(64)", sqlworld.Text },
			"binary text":  func(f *sqlworld.Flavour) { f.TextType = "varchar(255) COLLATE utf8mb4_bin" },
			"second query": func(f *sqlworld.Flavour) { f.SecondQuery = true },
		},
	}
	each(t, func(t *testing.T, s server) {
		for name, change := range kinds[s.name] {
			t.Run(name, func(t *testing.T) {
				sourcetest.Run(t, sourcetest.Fixture{
					New: func(t testing.TB) sourcetest.World { return s.world(t, change) },
				})
			})
		}
	})
}

// A database in LATIN1 refuses statements with letters that it cannot hold.
func TestPostgresInLatin1(t *testing.T) {
	s := servers[0]
	s.database = func(t testing.TB) (string, string) {
		pg := postgres(t)
		admin, sync := pg.NewDatabase(t)
		at := func(dsn string) string {
			u, err := url.Parse(dsn)
			if err != nil {
				t.Fatal(err)
			}
			u.Path += "latin1"
			return u.String()
		}
		u, err := url.Parse(at(admin))
		if err != nil {
			t.Fatal(err)
		}
		pg.Exec(t, admin, "CREATE DATABASE "+u.Path[1:]+" ENCODING LATIN1 TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
		pg.Exec(t, at(admin), "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO sync")
		return at(admin), at(sync)
	}
	sourcetest.Run(t, sourcetest.Fixture{New: func(t testing.TB) sourcetest.World { return s.world(t) }})
}
