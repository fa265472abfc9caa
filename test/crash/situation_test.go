package crash

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"syncagent/internal/stalwarttest"

	_ "modernc.org/sqlite"
)

// person is one row of the directory.
type person struct {
	id, mail string
	aliases  []string
	// disabled is who may not log in from the run under test on.
	disabled bool
}

// directory is a state of the directory, by ID.
type directory map[string]person

const staff = 48

// before is the directory as it was adopted.
func before() directory {
	d := directory{}
	for i := range staff {
		id := fmt.Sprintf("p%02d", i)
		d[id] = person{id: id, mail: fmt.Sprintf("u%02d@example.org", i)}
	}
	d.alias("p01", "keeps01@example.org")
	d.alias("p14", "handed14@example.org")
	d.alias("p16", "left16@example.org")
	d.alias("p20", "left20@example.org")
	return d
}

// leavers are missing from the directory for as long as grace lasts.
var leavers = []string{"p13", "p16", "p20", "p21", "p22", "p23"}

// disabled are cut off by the run under test.
var disabled = []string{"p24", "p25"}

// parked is the leaver whose name a newcomer has.
const parked, newcomer = "p13", "n13"

func withLeavers() directory {
	d := before()
	for _, id := range leavers {
		delete(d, id)
	}
	return d
}

// renames are all changes of names: plain ones, one with an address that goes
// along, a chain of three, a swap, a cycle of three, and two whose new owner
// came before the run did (twins).
var renames = map[string]string{
	"p00": "new00@example.org", "p01": "new01@example.net",
	"p03": "u04@example.org", "p04": "u05@example.org", "p05": "new05@example.org",
	"p06": "u07@example.org", "p07": "u06@example.org",
	"p08": "u09@example.org", "p09": "u10@example.org", "p10": "u08@example.org",
	"p11": "new11@example.org", "p12": "new12@example.org",
}

// twins logged in under their new name before the run; the value is mail that
// came for it.
var twins = map[string]string{"p11": "", "p12": "came to the twin of p12"}

// after is the directory that the run under test finds.
func after() directory {
	d := withLeavers()
	for id, mail := range renames {
		p := d[id]
		p.mail = mail
		d[id] = p
	}
	for _, id := range disabled {
		p := d[id]
		p.disabled = true
		d[id] = p
	}
	d[newcomer] = person{id: newcomer, mail: "u13@example.org"}
	d["n30"] = person{id: "n30", mail: "n30@example.org"} // new, without an account
	d.unalias("p14")
	d.alias("p15", "handed14@example.org") // from the living p14
	d.alias("p17", "left16@example.org")   // from p16, who has left
	return d
}

func (d directory) alias(id, address string) {
	p := d[id]
	p.aliases = append(p.aliases, address)
	d[id] = p
}

func (d directory) unalias(id string) {
	p := d[id]
	p.aliases = nil
	d[id] = p
}

func secret(id string) string { return "pw-" + id }

// mailOf is the subject of the mail that a person got before the run.
func mailOf(id string) string { return "for " + id }

// write makes the directory the contents of an SQLite database.
func (d directory) write(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing to undo after a commit
	const schema = `CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, mail TEXT, type TEXT, active INTEGER);
		CREATE TABLE IF NOT EXISTS aliases (id TEXT, address TEXT); DELETE FROM people; DELETE FROM aliases;`
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	for _, p := range d {
		if _, err := tx.ExecContext(ctx, `INSERT INTO people VALUES (?, ?, 'individual', ?)`, p.id, p.mail, !p.disabled); err != nil {
			return err
		}
		for _, address := range p.aliases {
			if _, err := tx.ExecContext(ctx, `INSERT INTO aliases VALUES (?, ?)`, p.id, address); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// records makes the directory what the mail server asks.
func (d directory) records() *stalwarttest.MapDirectory {
	m := &stalwarttest.MapDirectory{}
	for _, p := range d {
		m.Put(stalwarttest.Record{Name: p.mail, Aliases: p.aliases, Secret: secret(p.id), Description: p.id})
	}
	return m
}

// changing is a directory whose contents can be exchanged.
type changing struct{ *stalwarttest.MapDirectory }

// mailServer makes the mail server of the situation. The accounts of adopted
// people are from early; the twins were made late, after the last run.
func mailServer(early, late time.Time) (*stalwarttest.Server, error) {
	clock := early
	dir := &changing{before().records()}
	s := stalwarttest.New(stalwarttest.Options{
		Domains:   []stalwarttest.Domain{{Name: "example.org"}, {Name: "example.net"}},
		Directory: dir,
		AgentKey:  stalwarttest.APIKey{Secret: apiKey},
		Now: func() time.Time {
			if clock.IsZero() {
				return time.Now()
			}
			return clock
		},
	})
	people := before()
	for i := range staff {
		id := fmt.Sprintf("p%02d", i)
		if _, err := s.Login(people[id].mail, secret(id)); err != nil {
			return nil, fmt.Errorf("login of %s: %w", id, err)
		}
		if err := s.Deliver(people[id].mail, stalwarttest.Message{From: "x@example.com", To: people[id].mail, Subject: mailOf(id)}); err != nil {
			return nil, fmt.Errorf("deliver to %s: %w", id, err)
		}
	}
	dir.MapDirectory = after().records()
	clock = late
	for _, id := range []string{"p11", "p12"} {
		if _, err := s.Login(renames[id], secret(id)); err != nil {
			return nil, fmt.Errorf("login of the twin of %s: %w", id, err)
		}
		if subject := twins[id]; subject != "" {
			if err := s.Deliver(renames[id], stalwarttest.Message{From: "x@example.com", To: renames[id], Subject: subject}); err != nil {
				return nil, fmt.Errorf("deliver to the twin of %s: %w", id, err)
			}
		}
	}
	clock = time.Time{}
	return s, nil
}

// apiKey is made up.
const apiKey = "API_crash-test-key-of-the-simulator"
