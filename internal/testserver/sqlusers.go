package testserver

import (
	"fmt"
	"strings"
)

// AccountColumns are the columns of the table accounts besides id, in SQL that PostgreSQL, MariaDB and SQLite share.
const AccountColumns = `login varchar(64) NOT NULL UNIQUE, email varchar(255), name varchar(255),
	active boolean NOT NULL DEFAULT true, type varchar(16) NOT NULL DEFAULT 'user', status varchar(16) NOT NULL DEFAULT 'active'`

// UserRows returns INSERT statements for n generated users (id = [UserUUID], login = [UserName], email = [UserMail])
// into the table accounts, a thousand rows each.
func UserRows(n int) []string {
	const batch = 1000
	var out []string
	for start := 0; start < n; start += batch {
		var b strings.Builder
		b.WriteString("INSERT INTO accounts (id, login, email, name) VALUES ")
		for i := start; i < min(start+batch, n); i++ {
			if i > start {
				b.WriteByte(',')
			}
			given, sur := person(i)
			fmt.Fprintf(&b, "('%s','%s','%s','%s %s')", UserUUID(i), UserName(i), UserMail(i), given, sur)
		}
		out = append(out, b.String())
	}
	return out
}

func loadUsers(t TB, driver, dsn string, n int) { t.Helper(); execSQL(t, driver, dsn, UserRows(n)) }
