package config

import (
	"regexp"
	"strings"
)

var placeholders = map[Driver]*regexp.Regexp{
	DriverSQLite:    regexp.MustCompile(`\?|[:@$][A-Za-z0-9]`),
	DriverPostgres:  regexp.MustCompile(`\$1\b`),
	DriverMySQL:     regexp.MustCompile(`\?`),
	DriverSQLServer: regexp.MustCompile(`(?i)@p1\b`),
}

func (v *validator) sql(path string, s *SQL) {
	v.require(path+".driver", s.Driver != "", "sqlite, postgres, mysql or sqlserver")
	if s.Driver != "" {
		oneOf(v, path+".driver", s.Driver, DriverSQLite, DriverPostgres, DriverMySQL, DriverSQLServer)
	}
	v.require(path+".dsn", !s.DSN.IsZero(), secretHint+", or a text without a password")
	if s.DSN.plain != "" && hasPassword(s.Driver, s.DSN.plain) {
		v.refuse(path+".dsn", "put the whole text into a file: dsn: { file: PATH }", "contains a password")
	}
	v.require(path+".query", s.Query != "", "such as SELECT id, login, email FROM accounts")
	v.positive(path+".timeout", s.Timeout)
	v.statements(path, s)
	if s.Leavers != nil {
		v.require(path+".leavers.column", s.Leavers.Column != "", "")
		v.require(path+".leavers.is", len(s.Leavers.Is) > 0, "")
	}
}

// writingWord finds statements that are no questions. The read-only
// transaction stops them too; here they are told before the first run.
var writingWord = regexp.MustCompile(`(?i)^\s*(insert|update|delete|merge|replace|drop|alter|create|truncate|grant|call|exec)\b`)

func (v *validator) statements(path string, s *SQL) {
	for _, statement := range []struct{ key, text string }{
		{"query", s.Query},
		{"lookup", s.Lookup},
		{"addresses", s.Addresses},
		{"count", s.Count},
		{"change_probe", s.ChangeProbe},
	} {
		at := path + "." + statement.key
		text := strings.TrimSpace(statement.text)
		if writingWord.MatchString(text) {
			v.refuse(at, "only SELECT is ever needed", "would change the database")
		}
		if strings.Contains(strings.TrimSuffix(text, ";"), ";") && !strings.ContainsAny(text, `'"`) {
			v.refuse(at, "", "must be one statement")
		}
		if text == "" && v.isSet(at) {
			v.refuse(at, "", "must not be empty")
		}
	}
	form, known := placeholders[s.Driver]
	if s.Lookup != "" && known && !form.MatchString(s.Lookup) {
		v.refuse(path+".lookup", "$1 for postgres, ? for sqlite and mysql, @p1 for sqlserver", "asks for no ID: the parameter is lacking")
	}
}
