package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Each file is one step from a version of the tables to the next, in the order
// of their names. A file that was released never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// beyond is what a step does that SQL cannot, after its file and in the same
// transaction. When records come to stand where they did not (feeds.Record.Coordinates
// says more than it did), a step has to say so of those that are kept: an equal body
// is not looked at again.
var beyond = map[string]func(*sql.Tx) error{"0004_compact.sql": compact}

// A SchemaError says that the tables are of another version than this program
// needs. Have 0 means that there are none. Lower than Want: call Migrate.
// Higher: a newer program has been here, and only that one may go on.
type SchemaError struct{ Have, Want int }

func (e *SchemaError) Error() string {
	switch {
	case e.Have == 0:
		return fmt.Sprintf("sqlite: the database has no tables of ours; Migrate makes those of version %d", e.Want)
	case e.Have < e.Want:
		return fmt.Sprintf("sqlite: the tables are of version %d; Migrate brings them to %d", e.Have, e.Want)
	}
	return fmt.Sprintf("sqlite: the tables are of version %d, made by a newer program; this one knows %d", e.Have, e.Want)
}

// Migrate makes the tables, whose names begin with pm_, or brings them up to
// date, in one transaction. It touches no other table. A *SchemaError means
// that a newer program made them.
func Migrate(ctx context.Context, db *sql.DB) error {
	err := migrate(func() (*sql.Tx, error) { return db.BeginTx(ctx, nil) })
	if end := ctx.Err(); err != nil && end != nil && !errors.Is(err, end) {
		return fmt.Errorf("sqlite: migrate: %w: %w", end, err)
	}
	if err != nil {
		return fmt.Errorf("sqlite: migrate: %w", explain(err))
	}
	return nil
}

// steps are the migrations in order.
func steps() []string {
	files, _ := fs.Glob(migrations, "migrations/*.sql") // sorted, and the pattern is good
	return files
}

func migrate(begin func() (*sql.Tx, error)) error {
	files := steps()
	tx, err := begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	have, err := version(tx)
	if err != nil {
		return err
	}
	if have > len(files) {
		return &SchemaError{Have: have, Want: len(files)}
	}
	for i, name := range files[have:] {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(string(script)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if more := beyond[path.Base(name)]; more != nil {
			if err := more(tx); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if _, err := tx.Exec(`INSERT INTO pm_schema (version) VALUES (?)`, have+i+1); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return tx.Commit()
}

// version is that of the tables; 0 if there are none.
func version(q interface {
	QueryRow(query string, args ...any) *sql.Row
}) (int, error) {
	var n int
	if err := q.QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'pm_schema'`).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	err := q.QueryRow(`SELECT coalesce(max(version), 0) FROM pm_schema`).Scan(&n)
	return n, err
}
