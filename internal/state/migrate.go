package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/sqlite/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. Migrations are never edited after a
// release: their checksums stand in every ledger.
type migration struct {
	version  int
	name     string
	text     string
	checksum string
}

// migrations gives the embedded migrations in order.
func migrations() ([]migration, error) {
	files, err := fs.Glob(migrationFiles, "migrations/sqlite/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]migration, 0, len(files))
	for i, file := range files {
		text, err := fs.ReadFile(migrationFiles, file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(file), ".sql")
		version, err := strconv.Atoi(name[:4])
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: number %d expected", name, i+1)
		}
		sum := sha256.Sum256(text)
		list = append(list, migration{version, name, string(text), hex.EncodeToString(sum[:])})
	}
	return list, nil
}

// migrate brings the schema up to date, each migration in its own
// transaction. It gives the schema of before, 0 if the database was no ledger:
// one without any table is what a full disk at the very first run leaves, and is
// new.
func migrate(ctx context.Context, db *sql.DB, now func() time.Time) (int, error) {
	applied, err := appliedMigrations(ctx, db)
	if err != nil {
		return 0, err
	}
	return len(applied), applyMissing(ctx, db, now, applied)
}

// applyMissing applies the migrations that a database has not seen.
func applyMissing(ctx context.Context, db *sql.DB, now func() time.Time, applied []migration) error {
	known, err := migrations()
	if err != nil {
		return err
	}
	if len(applied) > len(known) {
		return fmt.Errorf("%w (its schema is %d, this version knows %d)", ErrNewer, len(applied), len(known))
	}
	for i, a := range applied {
		if a.version != known[i].version || a.checksum != known[i].checksum {
			return fmt.Errorf("%w: migration %s has another checksum", ErrTampered, known[i].name)
		}
	}
	for _, m := range known[len(applied):] {
		if err := applyMigration(ctx, db, m, now()); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}

// appliedMigrations reads which migrations a database has seen.
func appliedMigrations(ctx context.Context, db *sql.DB) ([]migration, error) {
	var tables, ours int
	err := db.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN name = 'schema_migrations' THEN 1 END)
		FROM sqlite_master WHERE type = 'table'`).Scan(&tables, &ours)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	if ours == 0 {
		if tables > 0 {
			return nil, fmt.Errorf("%w (it has no schema_migrations table: not a ledger)", ErrCorrupt)
		}
		return nil, nil
	}
	rows, err := db.QueryContext(ctx, "SELECT version, name, checksum FROM schema_migrations ORDER BY version")
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var applied []migration
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.version, &m.name, &m.checksum); err != nil {
			return nil, err
		}
		applied = append(applied, m)
	}
	if len(applied) == 0 && rows.Err() == nil {
		return nil, fmt.Errorf("%w (its schema_migrations table is empty)", ErrCorrupt)
	}
	return applied, rows.Err()
}

// applyMigration runs one migration. Another process may have done it in the
// meantime: the transaction holds the write lock, so that it is looked at once
// more.
func applyMigration(ctx context.Context, db *sql.DB, m migration, now time.Time) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, rollback(tx))
		}
	}()
	_, err = tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
		version integer NOT NULL PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied bigint NOT NULL)`)
	if err != nil {
		return err
	}
	var done int
	if err = tx.QueryRowContext(ctx, "SELECT count(*) FROM schema_migrations WHERE version = ?", m.version).Scan(&done); err != nil {
		return err
	}
	if done == 0 {
		if _, err = tx.ExecContext(ctx, m.text); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO schema_migrations (version, name, checksum, applied) VALUES (?, ?, ?, ?)",
			m.version, m.name, m.checksum, now.UnixNano())
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
