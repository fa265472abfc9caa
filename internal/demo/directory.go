package demo

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the directory of the demonstration
)

// directory is the company's directory: a table of people, and the view of it
// that the mail server and syncagent may read.
type directory struct{ db *sql.DB }

const tables = `
CREATE TABLE people (id TEXT PRIMARY KEY, mail TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, secret TEXT NOT NULL);
CREATE TABLE aliases (id TEXT NOT NULL, address TEXT NOT NULL);
CREATE INDEX people_mail ON people (mail);
CREATE INDEX aliases_address ON aliases (address);
CREATE VIEW directory AS SELECT * FROM people;`

func openDirectory(ctx context.Context, path string) (*directory, error) {
	// Only a demonstration: the file need not survive a power failure.
	name := (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(5000)&_pragma=synchronous(off)"}).String()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open the directory: %w", err)
	}
	d := &directory{db}
	if err := d.do(ctx, tables); err != nil {
		return nil, fmt.Errorf("make the directory: %w", firstError(err, db.Close()))
	}
	return d, nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (d *directory) close() error { return d.db.Close() }

// do runs statements in one transaction, so that nobody sees half of a change.
func (d *directory) do(ctx context.Context, statements string, args ...any) error {
	_, err := d.db.ExecContext(ctx, statements, args...)
	return err
}

// add enters people.
func (d *directory) add(ctx context.Context, people ...*Person) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("enter people: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	for _, p := range people {
		_, err := tx.ExecContext(ctx, `INSERT INTO people (id, mail, name, kind, secret) VALUES (?, ?, ?, ?, ?)`, p.ID, p.Login, p.Name, p.Kind, p.secret)
		if err == nil && p.alias != "" {
			_, err = tx.ExecContext(ctx, `INSERT INTO aliases (id, address) VALUES (?, ?)`, p.ID, p.alias)
		}
		if err != nil {
			return fmt.Errorf("enter %s: %w", p.ID, err)
		}
		p.Absent = false
	}
	return tx.Commit()
}

// rename gives a person another name and address.
func (d *directory) rename(ctx context.Context, p *Person, name, local string) error {
	p.Name, p.Login = name, local+"@"+domain
	if err := d.do(ctx, `UPDATE people SET mail = ?, name = ? WHERE id = ?`, p.Login, p.Name, p.ID); err != nil {
		return fmt.Errorf("rename %s: %w", p.ID, err)
	}
	return nil
}

// remove takes people out of the directory.
func (d *directory) remove(ctx context.Context, people ...*Person) error {
	for _, p := range people {
		p.Absent = true
		if err := d.do(ctx, `DELETE FROM people WHERE id = ?`, p.ID); err != nil {
			return fmt.Errorf("remove %s: %w", p.ID, err)
		}
	}
	return nil
}

// show lets the view show the people that a condition admits.
func (d *directory) show(ctx context.Context, condition string) error {
	if err := d.do(ctx, "BEGIN; DROP VIEW directory; CREATE VIEW directory AS SELECT * FROM people WHERE "+condition+"; COMMIT"); err != nil {
		return fmt.Errorf("change the view: %w", err)
	}
	return nil
}

// What the simulated mail server asks the directory.
const (
	loginQuery = `SELECT mail AS name, secret, name AS description FROM directory
WHERE mail = lower(?1) OR id IN (SELECT id FROM aliases WHERE address = lower(?1))`
	aliasQuery = `SELECT address FROM aliases JOIN directory USING (id) WHERE mail = ?1`
)
