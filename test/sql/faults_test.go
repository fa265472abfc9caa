//go:build realservers

package sqltest

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
	"syncagent/internal/sqlsrc"
	"syncagent/test/sql/sqlworld"
)

// bulk fills the table with n people whose rows are so wide that no buffer
// holds all of them. Only the smallest part is written by the tests' client.
func bulk(t *testing.T, w *world, n int) {
	t.Helper()
	w.Exec("INSERT INTO people (pk, id, login, mail, alias, type, active, scope) VALUES ('b0', 0, 'b0', ?, ?, 'user', true, 'in')",
		strings.Repeat("m", 200)+"@example.org", strings.Repeat("a", 200)+"@example.org")
	series := "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ?) SELECT i FROM s) AS n"
	if w.Driver == sqlsrc.MySQL {
		series = "(SELECT seq AS i FROM seq_1_to_" + strconv.Itoa(n-1) + " WHERE seq < ?) AS n"
		n++
	}
	w.Exec("INSERT INTO people (pk, id, login, mail, alias, type, active, scope) "+
		"SELECT concat('b', n.i), n.i, concat('b', n.i), p.mail, p.alias, 'user', true, 'in' FROM people p, "+series+" WHERE p.pk = 'b0'", n-1)
}

func TestKilledInTheMiddleIsNeverComplete(t *testing.T) {
	const people = 100000
	each(t, func(t *testing.T, s server) {
		w := s.world(t)
		bulk(t, w, people)
		source := w.Source(w.Options())
		n, evidence, err := read(t, source, func(n int) {
			if n == 1000 {
				w.Break()
			}
		})
		if evidence.Complete || err == nil || n >= people {
			t.Fatalf("killed: complete %v after %d entries, %v", evidence.Complete, n, err)
		}
		t.Logf("%d entries, then %v; reasons %+v", n, err, evidence.Reasons)
		if len(evidence.Reasons) == 0 || evidence.Reasons[0].Code != reconcile.UnusableConnectionLost {
			t.Errorf("reasons %+v, want connection-lost", evidence.Reasons)
		}
		if n, evidence, err = read(t, source, nil); err != nil || !evidence.Complete || n != people {
			t.Errorf("the next snapshot: complete %v, %d entries, %v", evidence.Complete, n, err)
		}
	})
}

func TestSnapshotSeesOneMoment(t *testing.T) {
	const people = 50000
	each(t, func(t *testing.T, s server) {
		w := s.world(t)
		bulk(t, w, people)
		source := w.Source(w.Options())
		_, before, err := read(t, source, nil)
		if err != nil {
			t.Fatal(err)
		}
		n, evidence, err := read(t, source, func(n int) {
			if n == 10 { // a rename, a swap of names, a removal and a new person, far from what was read
				w.Exec("UPDATE people SET login = 'renamed' WHERE id = 49999")
				w.Exec("UPDATE people SET login = CASE id WHEN 49990 THEN 'b49991' ELSE 'b49990' END WHERE id IN (49990, 49991)")
				w.Exec("DELETE FROM people WHERE id = 49980")
				if err := w.Put(sourcetest.Person{Key: "new", Name: "new", Kind: reconcile.KindIndividual}); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
		if err != nil || !evidence.Complete || n != people || evidence.Counted != people || evidence.Digest != before.Digest {
			t.Errorf("changed in the middle: complete %v, %d entries, counted %d, same digest %v, %v",
				evidence.Complete, n, evidence.Counted, evidence.Digest == before.Digest, err)
		}
		// The new person took the ID 1, so the snapshot after it has a duplicate.
		_, after, err := read(t, source, nil)
		if err != nil || after.Complete || after.Digest == before.Digest || after.Reasons[0].Code != reconcile.UnusableDuplicateID {
			t.Errorf("afterwards: %+v, %v", after, err)
		}
	})
}

func TestTimeouts(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		w := s.world(t)
		o := w.Options()
		o.Query, o.Count, o.Timeout = s.slow, "SELECT 1", time.Second
		start := time.Now()
		_, evidence, err := read(t, w.Source(o), nil)
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("a slow query was given up after %v", took)
		}
		if evidence.Complete || err == nil || len(evidence.Reasons) == 0 || evidence.Reasons[0].Code != reconcile.UnusableTimeout {
			t.Errorf("a slow query: complete %v, %v, reasons %+v", evidence.Complete, err, evidence.Reasons)
		}
	})
}

func TestCountDiffers(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		w := s.world(t)
		if err := w.Put(sourcetest.Person{Key: "a", Name: "a", Kind: reconcile.KindIndividual}); err != nil {
			t.Fatal(err)
		}
		o := w.Options()
		o.Count = "SELECT count(*) + 1 FROM people"
		n, evidence, err := read(t, w.Source(o), nil)
		if err != nil || n != 1 || evidence.Complete || evidence.Counted != 2 || evidence.Reasons[0].Code != reconcile.UnusableCountDiffers {
			t.Errorf("%d entries, %+v, %v", n, evidence, err)
		}
	})
}

// A query can write in disguise; the transaction must not let it.
func TestReadsOnly(t *testing.T) {
	writing := map[string]string{
		"postgres": "WITH gone AS (DELETE FROM emails RETURNING person) SELECT p.* FROM people p, gone",
		"mariadb":  "SELECT id, login, mail, alias, type, sweep() AS active FROM people",
	}
	each(t, func(t *testing.T, s server) {
		admin, _ := s.database(t)
		w := sqlworld.New(t, s.flavour, admin, admin)
		if err := w.Put(sourcetest.Person{Key: "a", Name: "a", Kind: reconcile.KindIndividual}); err != nil {
			t.Fatal(err)
		}
		w.Exec("INSERT INTO emails (person, address) VALUES (1, 'a@example.org')")
		if s.name == "mariadb" {
			w.Exec("CREATE FUNCTION sweep() RETURNS INT BEGIN DELETE FROM emails; RETURN 1; END")
		}
		o := w.Options()
		o.Query, o.Count = writing[s.name], "SELECT 1"
		_, evidence, err := read(t, w.Source(o), nil)
		if err == nil || evidence.Complete {
			t.Error("a query that writes is no error")
		}
		var left int
		if err := w.DB().QueryRowContext(deadline(t), "SELECT count(*) FROM emails").Scan(&left); err != nil || left != 1 {
			t.Errorf("%d addresses are left, %v: %v", left, err, evidence.Reasons)
		}
	})
}

func TestRefusalsHaveHintsAndNoSecrets(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		w := s.world(t)
		const secret = "wr0ng-p%40ss"
		for name, c := range map[string]struct{ from, to, code string }{
			"password": {testPassword(w.sync), secret, reconcile.UnusableLoginRefused},
			"database": {"/test", "/nosuch", ""},
			"port":     {portOf(w.sync), ":1", reconcile.UnusableUnreachable},
		} {
			dsn := strings.Replace(w.sync, c.from, c.to, 1)
			if dsn == w.sync {
				t.Fatalf("%s: nothing replaced in the data source name", name)
			}
			o := w.Options()
			o.DSN = func() (string, error) { return dsn, nil }
			source := w.Source(o)
			_, evidence, err := read(t, source, nil)
			var u *sqlsrc.UnusableError
			if !errors.As(err, &u) || !errors.Is(err, sqlsrc.ErrUnusable) || evidence.Complete {
				t.Fatalf("%s: %v", name, err)
			}
			if c.code != "" && u.Reason.Code != c.code || u.Reason.Hint == "" {
				t.Errorf("%s: %+v, want code %s and a hint", name, u.Reason, c.code)
			}
			t.Logf("%s: %v (%s) %s", name, err, u.Reason.Code, u.Reason.Hint)
			_, lookupErr := source.OpenLookup(deadline(t), "")
			for _, text := range []string{err.Error(), u.Reason.Message, u.Reason.Hint, evidence.Server, lookupErr.Error(), strings.Join(source.Commands(), " ")} {
				for _, hidden := range []string{secret, "wr0ng-p@ss", testPassword(w.sync)} {
					if strings.Contains(text, hidden) {
						t.Errorf("%s: a secret in %q", name, text)
					}
				}
			}
		}
	})
}

// testPassword cuts the password out of a data source name.
func testPassword(dsn string) string {
	userinfo, _, _ := strings.Cut(strings.TrimPrefix(dsn, "postgres://"), "@")
	_, password, _ := strings.Cut(userinfo, ":")
	return password
}

func portOf(dsn string) string {
	_, rest, _ := strings.Cut(dsn, "127.0.0.1")
	return rest[:strings.IndexAny(rest, "/)")]
}
