package sqlsrc_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
	"syncagent/internal/sourcetest"
	"syncagent/internal/sqlsrc"
	"syncagent/test/sql/sqlworld"
)

func withPeople(t testing.TB, f sqlworld.Flavour, names ...string) *sqlworld.World {
	t.Helper()
	w := sqliteWorld(t, f)
	for _, n := range names {
		if err := w.Put(sourcetest.Person{Key: n, Name: n, Kind: reconcile.KindIndividual}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func onlyReason(t *testing.T, e reconcile.Evidence, code string) reconcile.Reason {
	t.Helper()
	if e.Complete || len(e.Reasons) != 1 || e.Reasons[0].Code != code {
		t.Fatalf("complete %v, reasons %+v, want %s alone", e.Complete, e.Reasons, code)
	}
	if e.Reasons[0].Hint == "" {
		t.Errorf("no hint: %+v", e.Reasons[0])
	}
	return e.Reasons[0]
}

func TestMissingFileIsAnErrorAndStaysMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	w := withPeople(t, sqliteFlavour())
	for _, dsn := range []string{path, "file:" + path, ":memory:", "", filepath.Dir(path), "file:" + path + "?mode=rwc"} {
		o := w.Options()
		o.DSN = func() (string, error) { return dsn, nil }
		_, e, err := read(t, w.Source(o))
		if !errors.Is(err, sqlsrc.ErrUnusable) || e.Complete {
			t.Errorf("%q: complete %v, %v", dsn, e.Complete, err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there now: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	noise := filepath.Join(t.TempDir(), "noise.db")
	if err := os.WriteFile(noise, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dsn := range []string{empty, noise} {
		o := w.Options()
		o.DSN = func() (string, error) { return dsn, nil }
		if _, e, err := read(t, w.Source(o)); err == nil || e.Complete {
			t.Errorf("%s: complete %v, %v", filepath.Base(dsn), e.Complete, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a")
	o := w.Options()
	o.Query, o.Count = "WITH x AS (SELECT 1) DELETE FROM people RETURNING id, login, mail, alias, type, active", "SELECT 1"
	if _, e, err := read(t, w.Source(o)); err == nil || e.Complete {
		t.Errorf("a query that deletes: complete %v, %v", e.Complete, err)
	}
	if entries, _, err := read(t, w.Source(w.Options())); len(entries) != 1 || err != nil {
		t.Errorf("afterwards %d people, %v", len(entries), err)
	}
}

func TestMissingColumnIsNamed(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a")
	for query, want := range map[string]string{
		"SELECT id, login, type, active FROM people":                                                   `does not return the column "alias" that map uses; it returns id, login, type, active`,
		"SELECT id, login, mail, alias, type, active, login AS LOGIN FROM people":                      `two columns with the name "login"`,
		"SELECT login, mail, alias, type, active FROM people":                                          `does not return the column "ID"`,
		"SELECT pk AS id, login, mail, alias, type, active, scope AS place FROM people WHERE nope = 1": `no such column: nope`,
	} {
		o := w.Options()
		o.Query, o.Count = query, "SELECT count(*) FROM people"
		_, e, err := read(t, w.Source(o))
		if err == nil || e.Complete || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: complete %v, %v, want %q", query, e.Complete, err, want)
		}
		if missing := strings.Contains(want, "does not return"); missing && (len(e.Reasons) != 1 || e.Reasons[0].Code != reconcile.UnusableColumnMissing) {
			t.Errorf("%s: reasons %+v", query, e.Reasons)
		}
	}
}

func TestBadIDsNameThePlace(t *testing.T) {
	f := sqliteFlavour()
	f.IDType = ""
	for value, code := range map[any]string{
		nil: reconcile.UnusableNoID, "": reconcile.UnusableNoID, "  ": reconcile.UnusableNoID, 1.5: reconcile.UnusableBadID,
		strings.Repeat("x", 256): reconcile.UnusableBadID, "nul\x00": reconcile.UnusableBadID, 1: reconcile.UnusableDuplicateID,
	} {
		w := withPeople(t, f, "a")
		w.Exec("INSERT INTO people (pk, id, login, type, scope) VALUES ('x', ?, 'broken', 'user', 'in')", value)
		entries, e, err := read(t, w.Source(w.Options()))
		if err != nil || len(entries) != 1 {
			t.Errorf("%.20v: %d entries, %v", value, len(entries), err)
		}
		if r := onlyReason(t, e, code); !strings.Contains(r.Message, "row 2 (broken)") {
			t.Errorf("%.20v: %q does not name the place", value, r.Message)
		}
	}
}

func TestCountDiffers(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a", "b")
	o := w.Options()
	o.Count = "SELECT 3"
	_, e, err := read(t, w.Source(o))
	if err != nil {
		t.Fatal(err)
	}
	onlyReason(t, e, reconcile.UnusableCountDiffers)
	o.Count = "SELECT 'many'"
	if _, e, err = read(t, w.Source(o)); err == nil || e.Complete {
		t.Errorf("a count that is no number: %v", err)
	}
	o.Count = "SELECT 1 WHERE 1 = 0"
	if _, e, err = read(t, w.Source(o)); err == nil || e.Complete {
		t.Errorf("a count without a row: %v", err)
	}
}

func TestChangeProbeAndLeavers(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a", "b")
	w.Exec("UPDATE people SET scope = 'left' WHERE pk = 'b'")
	o := w.Options()
	o.Query = "SELECT id, login, mail, alias, type, active, scope AS status FROM people;"
	o.Lookup = "SELECT id, login, mail, alias, type, active, scope AS status FROM people WHERE id = ? -- by ID"
	o.ChangeProbe = "SELECT max(id) FROM people"
	o.Map.Leaver = mapping.LeaverSpec{Column: "Status", Is: []string{"LEFT"}}
	o.Map.IDNeverReused = true
	s := w.Source(o)
	entries, e, err := read(t, s)
	if err != nil || !e.Complete || e.IDReusable {
		t.Fatalf("%+v, %v", e, err)
	}
	key := ""
	for key = range e.Positions {
	}
	if len(e.Positions) != 1 || e.Positions[key] != "2" || !strings.HasPrefix(key, reconcile.ProbePrefix) {
		t.Errorf("positions %v", e.Positions)
	}
	// The same statement has the same key however it is laid out, another one
	// another key; NULL is no position, but that it was asked for is told.
	for probe, want := range map[string]string{"SELECT  max(id)\n\tFROM people": "2", "SELECT max(id) + 1 FROM people": "3", "SELECT NULL": ""} {
		other := o
		other.ChangeProbe = probe
		_, e2, err := read(t, w.Source(other))
		value, same := e2.Positions[key]
		if err != nil || len(e2.Positions) != 1 || same != (want == "2") || same && value != want {
			t.Errorf("%q: positions %v, %v", probe, e2.Positions, err)
		}
		for _, value := range e2.Positions {
			if value != want {
				t.Errorf("%q gives %q, want %q", probe, value, want)
			}
		}
	}
	if len(entries) != 2 || entries[0].Leaver || !entries[1].Leaver || entries[1].Label != "ID=2" {
		t.Errorf("entries %+v", entries)
	}
	if r := lookup(t, s, reconcile.LookupRequest{Control: "1", ID: "2"}); r.ID != reconcile.PresenceFound || !r.Leaver {
		t.Errorf("look-up of the leaver: %+v", r)
	}
	gone := reconcile.LookupRequest{Control: "1", Outside: "2", ID: "99"}
	if r := lookup(t, s, gone); r.ID != reconcile.PresenceAbsent {
		t.Errorf("the known leaver is found, and still the ID is not absent: %+v", r)
	}
	if r := lookup(t, s, reconcile.LookupRequest{Control: "1", ID: "2", Names: []string{"b"}}); r.Identity != reconcile.PresenceAbsent {
		t.Errorf("a leaver's own row keeps the name in use: %+v", r)
	}
	o.Lookup = "SELECT id, login, mail, alias, type, active, scope AS status FROM people WHERE id = ? AND scope <> 'left'"
	if r := lookup(t, w.Source(o), gone); r.ID != reconcile.PresenceUnknown || !strings.Contains(r.Reason, "leaver") {
		t.Errorf("a look-up that does not see leavers proves an absence: %+v", r)
	}
}

func TestWithoutLookupNobodyIsAbsent(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a", "b")
	w.Remove("b")
	o := w.Options()
	o.Lookup = ""
	r := lookup(t, w.Source(o), reconcile.LookupRequest{Control: "1", ID: "2", Names: []string{"b"}})
	if r.ID != reconcile.PresenceUnknown || r.Identity != reconcile.PresenceAbsent || !strings.Contains(r.Reason, "sql.lookup") {
		t.Errorf("%+v", r)
	}
	if r = lookup(t, w.Source(o), reconcile.LookupRequest{Control: "1", ID: "1"}); r.ID != reconcile.PresenceFound {
		t.Errorf("who is in the query: %+v", r)
	}
}

// A look-up that returns the wrong rows must not make anybody absent.
func TestBrokenLookupStatements(t *testing.T) {
	const columns = "SELECT id, login, mail, alias, type, active FROM people "
	w := withPeople(t, sqliteFlavour(), "a", "b", "c")
	w.Remove("b")
	for _, statement := range []string{
		columns + "WHERE id = -1 AND id <> ?",    // finds nobody
		columns + "WHERE id <> ?",                // finds others
		columns + "WHERE ? IS NOT NULL LIMIT 1",  // always finds the first
		columns + "WHERE login = ? AND id > 100", // another column
	} {
		o := w.Options()
		o.Lookup = statement
		for _, control := range []reconcile.StableID{"1", "3"} {
			if r := lookup(t, w.Source(o), reconcile.LookupRequest{Control: control, ID: "2"}); r.ID != reconcile.PresenceUnknown || r.Reason == "" {
				t.Errorf("%s, control %s: %+v", statement, control, r)
			}
			if r := lookup(t, w.Source(o), reconcile.LookupRequest{Control: control, ID: "3"}); r.ID != reconcile.PresenceFound {
				t.Errorf("%s: who is in the query is not found: %+v", statement, r)
			}
		}
	}
}

// Letters whose lower case is ASCII although they are not, blanks, and letters
// that SQLite's lower() leaves alone.
func TestLookupComparesAsTheMailServerDoes(t *testing.T) {
	for _, second := range []bool{false, true} {
		f := sqliteFlavour()
		f.SecondQuery = second
		w := withPeople(t, f, "control@x.org")
		for i, c := range []struct{ stored, asked string }{
			{"\u212aelvin@x.org", "kelvin@X.ORG"},
			{"D\u0130ana@x.org", "diana@x.org"},
			{"  blank@x.org ", "blank@x.org"},
			{"ÉMILE@x.org", "émile@x.org"},
			{"émile2@x.org", "ÉMILE2@x.org"},
		} {
			p := sourcetest.Person{Key: fmt.Sprint("k", i), Name: c.stored, Addresses: []string{"other" + c.stored}, Kind: reconcile.KindIndividual}
			p.Addresses[0] = strings.ReplaceAll(p.Addresses[0], " ", "")
			if err := w.Put(p); err != nil {
				t.Fatal(err)
			}
			s := w.Source(w.Options())
			for _, q := range []reconcile.LookupRequest{{Names: []string{c.asked}}, {Addresses: []string{"OTHER" + c.asked}}} {
				q.Control = w.ID("control@x.org")
				if r := lookup(t, s, q); r.Identity != reconcile.PresenceFound || len(r.Holders) != 1 || r.Holders[0].ID != w.ID(p.Key) {
					t.Errorf("second query %v: %q asked as %+v: %+v", second, c.stored, q, r)
				}
			}
		}
	}
}

func TestStrayAddressesWarn(t *testing.T) {
	f := sqliteFlavour()
	f.SecondQuery = true
	w := withPeople(t, f, "a")
	w.Exec("INSERT INTO emails VALUES (1, 'z@x.org'), (1, 'b@x.org'), (1, 'B@X.org'), (1, NULL), (1, 'nodomain'), (99, 'q@x.org'), (NULL, 'r@x.org')")
	s := w.Source(w.Options())
	entries, e, err := read(t, s)
	if err != nil || !e.Complete {
		t.Fatalf("%+v, %v", e, err)
	}
	if d := cmp.Diff([]string{"B@X.org", "z@x.org"}, entries[0].Addresses); d != "" {
		t.Errorf("addresses (-want +got):\n%s", d)
	}
	var codes []string
	for _, w := range e.Warnings {
		codes = append(codes, w.Code)
	}
	if d := cmp.Diff([]string{mapping.WarnAddressNoDomain, sqlsrc.WarnAddressOwner}, codes); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
	r := lookup(t, s, reconcile.LookupRequest{Control: "1", ID: "1", Addresses: []string{"q@x.org"}})
	if r.Identity != reconcile.PresenceFound || len(r.Holders) != 1 || r.Holders[0].ID != "99" {
		t.Errorf("an address of an unknown ID: %+v", r)
	}
	if d := cmp.Diff([]string{"B@X.org", "z@x.org"}, r.Entry.Addresses); d != "" {
		t.Errorf("addresses of the look-up (-want +got):\n%s", d)
	}
	w.Exec("DELETE FROM emails")
	if r = lookup(t, s, reconcile.LookupRequest{Control: "1", Addresses: []string{"gone@x.org"}}); r.Identity != reconcile.PresenceUnknown {
		t.Errorf("an empty table of addresses proves something: %+v", r)
	}
}

func TestWriterInTheMiddleIsNotSeen(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a", "b", "c")
	w.Exec("PRAGMA journal_mode = WAL")
	s := w.Source(w.Options())
	_, before, err := read(t, s)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	during, err := s.Snapshot(deadline(t), func(reconcile.Entry) error {
		if n++; n == 1 {
			w.Exec("UPDATE people SET login = 'changed' WHERE pk = 'c'")
		}
		return nil
	})
	if err != nil || !during.Complete || during.Digest != before.Digest {
		t.Errorf("complete %v, same digest %v, %v", during.Complete, during.Digest == before.Digest, err)
	}
	if _, after, err := read(t, s); err != nil || after.Digest == before.Digest {
		t.Errorf("afterwards: same digest %v, %v", after.Digest == before.Digest, err)
	}
}

func TestLockedDatabaseTimesOut(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a")
	conn, err := w.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	o := w.Options()
	o.Timeout = 300 * time.Millisecond
	_, e, err := read(t, w.Source(o))
	if err == nil {
		t.Fatal("a locked database is read")
	}
	onlyReason(t, e, reconcile.UnusableTimeout)
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
}

func TestSlowQueryTimesOut(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a")
	o := w.Options()
	o.Query = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 'x' AS login, '' AS mail, '' AS alias, 'user' AS type, 1 AS active FROM n WHERE id < 0"
	o.Count, o.Timeout = "SELECT 0", 300*time.Millisecond
	_, e, err := read(t, w.Source(o))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	onlyReason(t, e, reconcile.UnusableTimeout)
}

func TestProbe(t *testing.T) {
	w := withPeople(t, sqliteFlavour(), "a", "b")
	statuses := func(o sqlsrc.Options) (list []string) {
		for _, c := range w.Source(o).Probe(deadline(t)) {
			list = append(list, c.Name+" "+string(c.Status))
		}
		return list
	}
	if d := cmp.Diff([]string{"snapshot ok", "stable ID warning", "look-up ok"}, statuses(w.Options())); d != "" {
		t.Errorf("a good source (-want +got):\n%s", d)
	}
	o := w.Options()
	o.Lookup += " AND 1 = 0"
	if d := cmp.Diff([]string{"snapshot ok", "stable ID warning", "look-up failure"}, statuses(o)); d != "" {
		t.Errorf("a broken look-up (-want +got):\n%s", d)
	}
	o = w.Options()
	o.Query = "SELECT nope FROM people"
	if d := cmp.Diff([]string{"snapshot failure"}, statuses(o)); d != "" {
		t.Errorf("a broken query (-want +got):\n%s", d)
	}
}

// BenchmarkSnapshot100k reads 100,000 people from SQLite.
func BenchmarkSnapshot100k(b *testing.B) {
	w := withPeople(b, sqliteFlavour())
	fill(b, w.DB(), 100000)
	s := w.Source(w.Options())
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		e, err := s.Snapshot(b.Context(), func(reconcile.Entry) error { n++; return nil })
		if err != nil || !e.Complete || n != 100000 {
			b.Fatalf("%d entries, complete %v, %v", n, e.Complete, err)
		}
	}
}

func fill(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), `WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ?)
		INSERT INTO people (pk, id, login, mail, alias, type, active, scope)
		SELECT 'b' || i, i, 'user' || i || '@example.org', 'user' || i || '@example.org', 'alias' || i || '@example.org', 'user', 1, 'in' FROM s`, n)
	if err != nil {
		t.Fatal(err)
	}
}
