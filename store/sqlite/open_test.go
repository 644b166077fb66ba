package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	require.NoError(t, os.WriteFile(junk, bytes.Repeat([]byte("not a database. "), 300), 0o600))
	short := filepath.Join(dir, "short.db")
	require.NoError(t, os.WriteFile(short, []byte("hello"), 0o600))
	for path, want := range map[string]string{
		"":                                 "package memory",
		":memory:":                         "package memory",
		"file::memory:?cache=shared":       "package memory",
		filepath.Join(dir, "none", "x.db"): "folder must exist",
		filepath.Join(junk, "x.db"):        "is not a folder",
		dir:                                "is not a file",
		junk:                               "not a sound SQLite file",
		short:                              "not a sound SQLite file",
	} {
		db, err := sqlite.Open(path)
		require.ErrorContains(t, err, want, "%q", path)
		require.ErrorContains(t, err, "sqlite: open", "%q", path)
		require.Nil(t, db)
	}
	b, err := os.ReadFile(short)
	require.NoError(t, err)
	require.Equal(t, "hello", string(b), "what is not ours stays as it is")
}

func TestAnyFileNameWillDo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"with space.db", "50%41.db", "a?b=c.db", "a#b.db", "ü&=;.db", "file:x.db"} {
		path := filepath.Join(t.TempDir(), name)
		put(t, store.New(open(t, path), nil), note{ID: "a"})
		_, err := os.Stat(path)
		require.NoError(t, err, "%q", name)
	}
}

func TestAFileThatCannotBeWrittenSaysSo(t *testing.T) {
	t.Parallel()
	path, _ := five(t)
	pool, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	db, err := sqlite.New(pool)
	require.NoError(t, err)
	l := store.New(db, nil)
	require.NoError(t, l.Verify(t.Context()), "it can still be read")
	err = l.Do(t.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: "x"}) })
	require.ErrorContains(t, err, "cannot be written to")

	if os.Geteuid() == 0 {
		return // to root every file can be written to
	}
	require.NoError(t, os.Chmod(path, 0o400))
	_, err = sqlite.Open(path)
	require.ErrorContains(t, err, "cannot be written to")
}

func TestNewNeverMigrates(t *testing.T) {
	t.Parallel()
	pool := raw(t, fresh(t))
	_, err := pool.ExecContext(t.Context(), `CREATE TABLE theirs (x)`)
	require.NoError(t, err)
	_, err = sqlite.New(pool)
	var se *sqlite.SchemaError
	require.ErrorAs(t, err, &se)
	require.Zero(t, se.Have)
	require.Positive(t, se.Want)
	require.Equal(t, []string{"theirs"}, tables(t, pool))

	require.NoError(t, sqlite.Migrate(t.Context(), pool))
	require.NoError(t, sqlite.Migrate(t.Context(), pool), "a second time changes nothing")
	for _, name := range tables(t, pool) {
		require.True(t, name == "theirs" || name == "sqlite_sequence" || strings.HasPrefix(name, "pm_"), name)
	}
	db, err := sqlite.New(pool)
	require.NoError(t, err)
	put(t, store.New(db, nil), note{ID: "a"})
	require.NoError(t, db.Close())
	require.NoError(t, pool.PingContext(t.Context()), "what New was given stays open")

	_, err = pool.ExecContext(t.Context(), `INSERT INTO pm_schema (version) VALUES (99)`)
	require.NoError(t, err)
	_, err = sqlite.New(pool)
	require.ErrorAs(t, err, &se)
	require.Equal(t, 99, se.Have)
	require.ErrorContains(t, err, "newer program")
	require.ErrorAs(t, sqlite.Migrate(t.Context(), pool), &se)
	_, err = sqlite.New(nil)
	require.Error(t, err)
}

func tables(t *testing.T, pool *sql.DB) (names []string) {
	t.Helper()
	rs, err := pool.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	require.NoError(t, err)
	defer rs.Close()
	for rs.Next() {
		var name string
		require.NoError(t, rs.Scan(&name))
		names = append(names, name)
	}
	return names
}

func TestManyMayOpenANewFileAtOnce(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			db, err := sqlite.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			err = store.New(db, nil).Do(t.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: fmt.Sprint(i)}) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, store.New(open(t, path), nil).Verify(t.Context()))
}

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(filepath.Join(dir, "pump.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	l := store.New(db, nil)
	err = l.Do(ctx, store.By{Who: "u-17", Why: "first look"}, func(tx *store.Tx) error {
		return notes.Put(tx, note{ID: "n1", N: 1})
	})
	fmt.Println(err, l.Verify(ctx))
	// Output: <nil> <nil>
}

func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	pool, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "host.db")) // the host's own database
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	_, err = sqlite.New(pool)
	var old *sqlite.SchemaError
	if errors.As(err, &old) {
		fmt.Println("tables of version", old.Have)
		err = sqlite.Migrate(ctx, pool)
	}
	if err == nil {
		_, err = sqlite.New(pool)
	}
	fmt.Println(err)
	// Output:
	// tables of version 0
	// <nil>
}
