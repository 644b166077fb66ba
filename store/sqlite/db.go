package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/open-postmarket/postmarket/store"
)

// A DB keeps a ledger, a vault and a mirror in one SQLite database. It is safe
// for use by many goroutines.
type DB struct {
	db     *sql.DB
	owned  bool
	closed atomic.Bool
}

var (
	_ store.Driver = (*DB)(nil)
	_ store.Vault  = (*DB)(nil)
)

// Open opens the file at path, makes it if it is not there, and brings its
// tables up to date. Its folder must exist. The file is kept in WAL mode with
// full synchronization: what Commit returned survives a loss of power.
//
// A database in memory (":memory:", an empty path) is refused: that is package
// memory.
func Open(path string) (*DB, error) {
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, fmt.Errorf("sqlite: open %q: a path to a file is needed; to keep nothing use package memory", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	if err := look(abs); err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	// Readers go on while a writer writes, and see the file as it was (WAL); what
	// Commit or Keep returned is on the disk (synchronous); who waits for another
	// writer waits ten seconds; what Erase or an update frees is filled with zeros
	// (secure_delete); a page that is needed again is mostly among the last 16 MB
	// of each connection.
	//
	// On Windows a path begins with a drive; in a URI, with a slash.
	u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(abs), "/"), RawQuery: url.Values{
		"_txlock": {"immediate"},
		"_pragma": { // the order matters
			"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)",
			"recursive_triggers(on)", "secure_delete(on)", "foreign_keys(on)", "cache_size(-16000)",
		},
	}.Encode()}
	pool, err := driver.Open(u.String())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %q: %w", path, err)
	}
	if err := migrate(patiently(pool.Begin)); err != nil {
		pool.Close()
		return nil, fmt.Errorf("sqlite: open %q: %w", path, explain(err))
	}
	return &DB{db: pool, owned: true}, nil
}

// patience is how long a busy database is waited for.
const patience = 10 * time.Second

// patiently tries to begin until others let go: where several open a new file at
// once, SQLite refuses to change its journal mode without waiting.
func patiently(begin func() (*sql.Tx, error)) func() (*sql.Tx, error) {
	return func() (*sql.Tx, error) {
		for waited := time.Duration(0); ; {
			tx, err := begin()
			if err == nil || !errors.Is(err, sqlite3.BUSY) || waited >= patience {
				return tx, err
			}
			pause := 5*time.Millisecond + waited/10
			time.Sleep(pause)
			waited += pause
		}
	}
}

// look finds what SQLite would only call "unable to open".
func look(path string) error {
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("the folder must exist: %w", err)
	}
	if !dir.IsDir() {
		return fmt.Errorf("%q is not a folder", filepath.Dir(path))
	}
	file, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !file.Mode().IsRegular() {
		return fmt.Errorf("%q is not a file", path)
	}
	return nil
}

// New uses a caller's database, whose tables must be up to date: if they are
// not the error is a *SchemaError, and Migrate helps. New changes nothing, and
// Close leaves db open. Synchronization, waiting when busy and journal mode are
// the caller's to set (WAL and a busy timeout are advised). With a single
// connection, a use while the caller himself reads rows from db waits until its
// context ends.
func New(db *sql.DB) (*DB, error) {
	if db == nil {
		return nil, errors.New("sqlite: no database")
	}
	have, err := version(db)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", explain(err))
	}
	if want := len(steps()); have != want {
		return nil, &SchemaError{Have: have, Want: want}
	}
	return &DB{db: db}, nil
}

// Close ends every later use with store.ErrClosed. It closes the database
// that Open opened, and leaves alone the one that New was given.
func (d *DB) Close() error {
	if d.closed.Swap(true) || !d.owned {
		return nil
	}
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("sqlite: close: %w", err)
	}
	return nil
}

// ready says why d cannot be used.
func (d *DB) ready(ctx context.Context) error {
	if d.closed.Load() {
		return fmt.Errorf("sqlite: %w", store.ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	return nil
}

// fail makes err say what is promised: SQLite calls an ended context
// "interrupted", and database/sql has its own word for closed.
func (d *DB) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if d.closed.Load() && !errors.Is(err, store.ErrClosed) {
		return fmt.Errorf("sqlite: %w: %w", store.ErrClosed, err)
	}
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		return fmt.Errorf("sqlite: %w: %w", end, err)
	}
	if said := explain(err); said != err {
		return fmt.Errorf("sqlite: %w", said)
	}
	return err
}

// explain adds to SQLite's short words what a reader can do.
func explain(err error) error {
	switch {
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT):
		return fmt.Errorf("this is not a sound SQLite file: %w", err)
	case errors.Is(err, sqlite3.READONLY):
		return fmt.Errorf("the file or its folder cannot be written to: %w", err)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("another program holds the database: %w", err)
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("the disk is full: %w", err)
	}
	return err
}

// write runs fn in a transaction that is alone among writers from its first
// statement on, those of other processes included. It is all or nothing, and
// once it is decided ctx no longer counts.
func (d *DB) write(ctx context.Context, fn func(*sql.Conn) error) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return d.fail(ctx, err)
	}
	defer conn.Close()
	return d.fail(ctx, transact(ctx, conn, fn))
}

func transact(ctx context.Context, conn *sql.Conn, fn func(*sql.Conn) error) error {
	if err := begin(ctx, conn); err != nil {
		return err
	}
	err := fn(conn)
	if err == nil {
		err = ctx.Err()
	}
	whole := context.WithoutCancel(ctx)
	if err == nil {
		if _, err = conn.ExecContext(whole, "COMMIT"); err == nil {
			return nil
		}
	}
	if _, undo := conn.ExecContext(whole, "ROLLBACK"); undo != nil {
		// Nobody may go on in a transaction that is half done.
		conn.Raw(func(any) error { return sqldriver.ErrBadConn })
	}
	return err
}

// begin waits for other writers, at least as long as a busy timeout that a
// caller may have forgotten.
func begin(ctx context.Context, conn *sql.Conn) error {
	for waited := time.Duration(0); ; {
		_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		if err == nil || !errors.Is(err, sqlite3.BUSY) || waited >= patience {
			return err
		}
		pause := 5*time.Millisecond + waited/10
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
			waited += pause
		}
	}
}

// rows reads a whole result and lets the connection go.
func rows[T any](ctx context.Context, d *DB, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	return gather(ctx, d, d.db.QueryContext, scan, query, args...)
}

// gather is rows on any connection.
func gather[T any](ctx context.Context, d *DB, ask func(context.Context, string, ...any) (*sql.Rows, error),
	scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rs, err := ask(ctx, query, args...)
	if err != nil {
		return nil, d.fail(ctx, err)
	}
	defer rs.Close()
	var out []T
	for rs.Next() {
		v, err := scan(rs.Scan)
		if err != nil {
			return nil, d.fail(ctx, err)
		}
		out = append(out, v)
	}
	return out, d.fail(ctx, rs.Err())
}

// one scans a single column.
func one[T any](scan func(...any) error) (v T, err error) {
	err = scan(&v)
	return v, err
}
