package sqlsrc

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	mssql "github.com/microsoft/go-mssqldb"
	"pgregory.net/rapid"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

var uuidBytes = []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

const uuidText, guidText = "00010203-0405-0607-0809-0a0b0c0d0e0f", "03020100-0504-0706-0809-0a0b0c0d0e0f"

func TestCanonicalIDs(t *testing.T) {
	for _, c := range []struct {
		driver, kind string
		value        any
		want         reconcile.StableID
		uuid         bool
	}{
		{SQLite, "", int64(-7), "-7", false},
		{MySQL, "UNSIGNED BIGINT", uint64(1 << 63), "9223372036854775808", false},
		{Postgres, "UUID", uuidText, uuidText, true},
		{Postgres, "TEXT", strings.ToUpper(uuidText), uuidText, true},
		{Postgres, "TEXT", "00010203-0405-0607-0809-0A0b0c0d0e0f", "00010203-0405-0607-0809-0A0b0c0d0e0f", false},
		{Postgres, "BYTEA", uuidBytes, reconcile.StableID("hex:" + strings.ReplaceAll(uuidText, "-", "")), false},
		{Postgres, "TEXT", " Alice ", " Alice ", false},
		{MySQL, "CHAR", []byte(uuidText), uuidText, true},
		{MySQL, "VARCHAR", []byte("bob"), "bob", false},
		{MySQL, "BINARY", uuidBytes, uuidText, true},
		{MySQL, "BINARY", []byte{1, 2}, "hex:0102", false},
		{MySQL, "DECIMAL", []byte("12"), "12", false},
		{SQLServer, "UNIQUEIDENTIFIER", uuidBytes, guidText, true},
		{SQLServer, "VARBINARY", uuidBytes, reconcile.StableID("hex:" + strings.ReplaceAll(uuidText, "-", "")), false},
		{SQLServer, "NVARCHAR", "bob", "bob", false},
	} {
		got, uuid, err := dialects[c.driver].canonicalID(c.value, c.kind)
		if got != c.want || uuid != c.uuid || err != nil {
			t.Errorf("%s %s %v: %q, %v, %v, want %q, %v", c.driver, c.kind, c.value, got, uuid, err, c.want, c.uuid)
		}
	}
	for _, c := range []struct {
		value any
		want  error
	}{
		{nil, mapping.ErrIDEmpty},
		{"", mapping.ErrIDEmpty},
		{[]byte{}, mapping.ErrIDEmpty},
		{1.0, mapping.ErrIDForm},
		{true, mapping.ErrIDForm},
		{time.Now(), mapping.ErrIDForm},
		{make([]byte, 126), mapping.ErrIDTooLong},
		{strings.Repeat("x", 256), mapping.ErrIDTooLong},
		{"\xff", mapping.ErrIDText},
	} {
		if got, _, err := dialects[SQLite].canonicalID(c.value, ""); !errors.Is(err, c.want) || got != "" {
			t.Errorf("%v: %q, %v, want %v", c.value, got, err, c.want)
		}
	}
}

func TestIDParameters(t *testing.T) {
	for _, c := range []struct {
		driver, kind string
		id           reconcile.StableID
		want         []any
	}{
		{Postgres, "INT4", "7", []any{int64(7)}},
		{Postgres, "INT4", "07", nil},
		{Postgres, "INT4", "7 OR 1=1", nil},
		{Postgres, "UUID", "alice", nil},
		{Postgres, "UUID", uuidText, []any{uuidText}},
		{Postgres, "TEXT", "7", []any{"7"}},
		{Postgres, "TEXT", uuidText, []any{uuidText, strings.ToUpper(uuidText)}},
		{Postgres, "BYTEA", "hex:0102", []any{[]byte{1, 2}}},
		{Postgres, "BYTEA", "0102", nil},
		{Postgres, "TEXT", "nul\x00", nil},
		{MySQL, "UNSIGNED BIGINT", "9223372036854775808", []any{uint64(1 << 63)}},
		{MySQL, "INT", "alice", nil},
		{MySQL, "BINARY", uuidText, []any{uuidBytes}},
		{MySQL, "BINARY", "hex:0102", []any{[]byte{1, 2}}},
		{SQLServer, "UNIQUEIDENTIFIER", guidText, []any{guidText}},
		{SQLServer, "UNIQUEIDENTIFIER", "alice", nil},
		{SQLServer, "BIGINT", "7", []any{int64(7)}},
		{SQLite, "", "7", []any{"7", int64(7)}},
		{SQLite, "", "hex:0102", []any{"hex:0102", []byte{1, 2}}},
	} {
		if d := cmp.Diff(c.want, dialects[c.driver].idParams(c.id, c.kind)); d != "" {
			t.Errorf("%s %s %q (-want +got):\n%s", c.driver, c.kind, c.id, d)
		}
	}
}

func TestOptionsNameEveryProblem(t *testing.T) {
	_, err := New(Options{
		Driver: "oracle", Query: "DROP TABLE people", Count: "UPDATE x", Timeout: -1,
		Map: mapping.Spec{ID: "auto", Kind: mapping.KindSpec{Values: map[string]string{"a": "b"}}},
	})
	if err == nil {
		t.Fatal("New accepts broken options")
	}
	for _, key := range []string{"sql.driver:", "sql.dsn:", "sql.query:", "sql.count:", "sql.timeout:", "map.id:", "map.name:", "map.kind.attribute:"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("no problem at %s in:\n%v", key, err)
		}
	}
	good := Options{
		Driver: Postgres, DSN: func() (string, error) { return "", nil }, Query: "-- people\nSELECT id, login FROM p;",
		Lookup: "SELECT id, login FROM p WHERE id = $1", Map: mapping.Spec{ID: "id", Name: "{login}"},
	}
	if _, err := New(good); err != nil {
		t.Errorf("good options: %v", err)
	}
	bad := good
	bad.Lookup = "SELECT id, login FROM p WHERE id = $10"
	if _, err := New(bad); err == nil || !strings.Contains(err.Error(), "sql.lookup: has no parameter $1") {
		t.Errorf("a look-up without parameter: %v", err)
	}
	bad = good
	bad.Driver, bad.Lookup, bad.Query = SQLServer, "", "WITH p AS (SELECT 1 AS id, 'a' AS login) SELECT * FROM p"
	if _, err := New(bad); err == nil || !strings.Contains(err.Error(), "sql.count:") {
		t.Errorf("SQL Server cannot count WITH: %v", err)
	}
	bad.Count = "SELECT 1"
	if _, err := New(bad); err != nil {
		t.Errorf("SQL Server with a count: %v", err)
	}
}

func TestFingerprintFollowsTheMeaning(t *testing.T) {
	base := Options{
		Name: "a", Driver: SQLite, DSN: func() (string, error) { return "x", nil }, Query: "SELECT id, login FROM p",
		Map: mapping.Spec{ID: "id", Name: "{login}"},
	}
	fingerprint := func(change func(*Options)) string {
		o := base
		change(&o)
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		return s.Fingerprint()
	}
	first := fingerprint(func(*Options) {})
	for name, change := range map[string]func(*Options){
		"name": func(o *Options) { o.Name = "b" }, "lookup": func(o *Options) { o.Lookup = "SELECT ?" },
		"semicolon": func(o *Options) { o.Query += " ;\n" }, "timeout": func(o *Options) { o.Timeout = time.Hour },
	} {
		if fingerprint(change) != first {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	for name, change := range map[string]func(*Options){
		"query": func(o *Options) { o.Query += " WHERE active" }, "addresses": func(o *Options) { o.Addresses = "SELECT 1, 2" },
		"name template": func(o *Options) { o.Map.Name = "{login}@x" }, "ID": func(o *Options) { o.Map.ID = "uid" },
	} {
		if fingerprint(change) == first {
			t.Errorf("%s does not change the fingerprint", name)
		}
	}
}

func TestServersAndCommandsHoldNoSecret(t *testing.T) {
	const secret = "s3cret/p@ss"
	for driver, c := range map[string]struct{ dsn, server, directory, command string }{
		Postgres: {
			"postgres://sync:s3cret%2Fp%40ss@db.example.org:5433/people?sslmode=disable", "postgres://db.example.org:5433/people", "postgres:people",
			"psql -h db.example.org -p 5433 -U sync -d people -c 'SELECT '\\''x'\\'' AS id'",
		},
		MySQL: {
			"sync:" + secret + "@tcp(db.example.org:3307)/people", "mysql://db.example.org:3307/people", "mysql:people",
			"mysql -h db.example.org -P 3307 -u sync -p people -e 'SELECT '\\''x'\\'' AS id'",
		},
		SQLServer: {
			"sqlserver://sync:s3cret%2Fp%40ss@db.example.org:1434?database=people", "sqlserver://db.example.org:1434/people", "sqlserver:people",
			"sqlcmd -S db.example.org,1434 -d people -U sync -Q 'SELECT '\\''x'\\'' AS id'",
		},
	} {
		d := dialects[driver]
		target, err := d.open(c.dsn, time.Minute)
		if err != nil {
			t.Fatalf("%s: %v", driver, err)
		}
		defer target.db.Close()
		if target.server != c.server || target.directory != c.directory {
			t.Errorf("%s: server %q, directory %q", driver, target.server, target.directory)
		}
		if got := d.command(c.dsn, "SELECT 'x' AS id"); got != c.command {
			t.Errorf("%s: command\n%s, want\n%s", driver, got, c.command)
		}
		text := scrub(target, "cannot reach "+c.dsn+" with password="+secret+" or "+secret)
		for _, leak := range []string{secret, "s3cret", "p%40ss"} {
			if strings.Contains(text, leak) {
				t.Errorf("%s: %q leaks", driver, text)
			}
		}
		for _, broken := range []string{"postgres://u:" + secret + "@%zz", "u:" + secret + "@tcp(", "sqlserver://u:" + secret + "@%zz", "host=x port=" + secret} {
			opened, err := d.open(broken, time.Minute)
			if err == nil { // some drivers take nearly everything
				_ = opened.db.Close()
			} else if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: %v leaks", driver, err)
			}
		}
	}
}

func TestScrubNeverLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9/@:?# ]{6,20}`).Draw(t, "secret")
		text := rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "before") + secret + rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "after")
		if got := scrub(&target{secrets: []string{secret}}, text); strings.Contains(got, secret) {
			t.Fatalf("scrub(%q) = %q still holds %q", text, got, secret)
		}
	})
}

func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		driver string
		err    error
		want   string
	}{
		{Postgres, &pgconn.PgError{Code: "28P01"}, reconcile.UnusableLoginRefused},
		{Postgres, &pgconn.PgError{Code: "57014"}, reconcile.UnusableTimeout},
		{Postgres, &pgconn.PgError{Code: "57P01"}, reconcile.UnusableConnectionLost},
		{Postgres, &pgconn.PgError{Code: "42P01"}, reconcile.UnusableQueryFailed},
		{Postgres, fmt.Errorf("x: %w", io.ErrUnexpectedEOF), reconcile.UnusableConnectionLost},
		{MySQL, &mysql.MySQLError{Number: 1045}, reconcile.UnusableLoginRefused},
		{MySQL, &mysql.MySQLError{Number: 1969}, reconcile.UnusableTimeout},
		{MySQL, &mysql.MySQLError{Number: 1927}, reconcile.UnusableConnectionLost},
		{MySQL, mysql.ErrInvalidConn, reconcile.UnusableConnectionLost},
		{SQLServer, mssql.Error{Number: 18456}, reconcile.UnusableLoginRefused},
		{SQLServer, mssql.Error{Number: 3952}, reconcile.UnusableQueryFailed},
		{SQLServer, errDSN, reconcile.UnusableUnreachable},
	} {
		s := &Source{dialect: dialects[c.driver]}
		err := s.failed(t.Context(), nil, "read", c.err)
		var u *UnusableError
		if !errors.As(err, &u) || u.Reason.Code != c.want || u.Reason.Hint == "" {
			t.Errorf("%s %v: %+v, want %s and a hint", c.driver, c.err, u, c.want)
		}
		if _, ok := errors.AsType[*pgconn.PgError](err); ok {
			t.Errorf("%v: the driver's own error leaves the package", c.err)
		}
	}
}

func TestSQLServerTexts(t *testing.T) {
	d := dialects[SQLServer]
	for query, want := range map[string]bool{
		"SELECT id FROM p": true, "-- x\n/* y */ WITH p AS (SELECT 1) SELECT * FROM p": false, "SELECT id FROM p ORDER  BY id": false,
		"SELECT id, border FROM withdrawals": true,
	} {
		if got := d.canWrap(query); got != want {
			t.Errorf("canWrap(%q) = %v", query, got)
		}
	}
	if got := d.quote("a]b"); got != "[a]]b]" {
		t.Errorf("quote: %s", got)
	}
	if got := d.fold("q.[a]", true); !strings.HasSuffix(got, "COLLATE Latin1_General_CI_AS") || !strings.Contains(got, "N'"+kelvin+"'") {
		t.Errorf("fold: %s", got)
	}
}

func TestValuesAsText(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))
	for _, c := range []struct {
		value any
		kind  string
		want  string
		ok    bool
	}{
		{nil, "TEXT", "", false},
		{"x", "TEXT", "x", true},
		{[]byte("x"), "VARCHAR", "x", true},
		{[]byte{1}, "BIT", "1", true},
		{[]byte{0}, "BIT", "0", true},
		{[]byte{1, 2}, "BIT", "258", true},
		{uuidBytes, "UNIQUEIDENTIFIER", guidText, true},
		{int64(-1), "INT", "-1", true},
		{uint64(1), "", "1", true},
		{1.5, "", "1.5", true},
		{float32(0.1), "", "0.1", true},
		{true, "BOOL", "true", true},
		{at, "", "2026-01-02T02:04:05.0000006Z", true},
		{time.Time{}, "", "", false},
	} {
		if got, ok := text(c.value, c.kind); got != c.want || ok != c.ok {
			t.Errorf("text(%v, %s) = %q, %v, want %q, %v", c.value, c.kind, got, ok, c.want, c.ok)
		}
	}
}
