package sqlsrc_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
	"syncagent/internal/sqlsrc"
	"syncagent/test/sql/sqlworld"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sqliteFlavour is a table with integer IDs.
func sqliteFlavour() sqlworld.Flavour {
	return sqlworld.Flavour{
		Driver: sqlsrc.SQLite, Writer: "sqlite", IDType: "INTEGER", ID: sqlworld.Integer, TextType: "TEXT", FlagType: "BOOLEAN",
	}
}

func sqliteWorld(t testing.TB, f sqlworld.Flavour) *sqlworld.World {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people with #?%.db")
	return sqlworld.New(t, f, "file:"+filepath.ToSlash(escaped.Replace(path))+"?_pragma=synchronous(0)", path)
}

func TestSQLiteConforms(t *testing.T) {
	for name, change := range map[string]func(*sqlworld.Flavour){
		"integer":       func(*sqlworld.Flavour) {},
		"uuid":          func(f *sqlworld.Flavour) { f.IDType, f.ID = "TEXT", sqlworld.UUID },
		"upper uuid":    func(f *sqlworld.Flavour) { f.IDType, f.ID = "TEXT", sqlworld.UpperUUID },
		"blob":          func(f *sqlworld.Flavour) { f.IDType, f.ID = "BLOB", sqlworld.Bytes },
		"text":          func(f *sqlworld.Flavour) { f.IDType, f.ID = "", sqlworld.Text },
		"second query":  func(f *sqlworld.Flavour) { f.SecondQuery = true },
		"text, 2 query": func(f *sqlworld.Flavour) { f.SecondQuery, f.IDType, f.ID = true, "TEXT", sqlworld.Text },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := sqliteFlavour()
			change(&f)
			sourcetest.Run(t, sourcetest.Fixture{
				New: func(t testing.TB) sourcetest.World { return sqliteWorld(t, f) },
				Evidence: func(t testing.TB, e reconcile.Evidence) {
					if e.Counted != e.Entries {
						t.Errorf("counted %d of %d", e.Counted, e.Entries)
					}
					if uuid := name == "uuid" || name == "upper uuid"; e.IDReusable == uuid {
						t.Errorf("IDReusable = %v", e.IDReusable)
					}
				},
			})
		})
	}
}
