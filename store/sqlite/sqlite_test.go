package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

type note struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

func (n note) Key() string { return n.ID }

const notes store.Kind[note] = "host.note"

var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

var by = store.By{Who: "u-17", Why: "test"}

func put(t *testing.T, l *store.Ledger, ns ...note) {
	t.Helper()
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		for _, n := range ns {
			if err := notes.Put(tx, n); err != nil {
				return err
			}
		}
		return nil
	}))
}

// raw opens the file past this package.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite3", "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// five makes a ledger of five entries and closes it.
func five(t *testing.T) (path string, known store.Checkpoint) {
	t.Helper()
	path = fresh(t)
	db := open(t, path)
	l := store.New(db, nil)
	signed := by
	signed.Sign = func(context.Context, [32]byte) (store.Signature, error) {
		return store.Signature{KeyID: "k", Algorithm: "test", Bytes: []byte("s")}, nil
	}
	put(t, l, note{ID: "a"}, note{ID: "b"})
	require.NoError(t, l.Do(t.Context(), signed, func(tx *store.Tx) error {
		ref := store.Ref{System: "qms", ID: "1"}
		return errors.Join(notes.Put(tx, note{ID: "a", N: 1}, ref), notes.Put(tx, note{ID: "c"}, ref))
	}))
	put(t, l, note{ID: "d"})
	known, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Verify(t.Context(), known))
	require.NoError(t, db.Close())
	return path, known
}

func TestTheDatabaseRefusesToChangeAnEntry(t *testing.T) {
	t.Parallel()
	path, known := five(t)
	pool := raw(t, path) // a foreign connection: no recursive_triggers, no pragma of ours
	row := `(3, 3, 1, 'w', 'y', 'host.note', 'a', 1, x'7b7d', NULL, NULL, x'00', x'00')`
	for _, statement := range []string{
		`UPDATE pm_entry SET who = 'x' WHERE seq = 3`,
		`UPDATE pm_entry SET seq = 9 WHERE seq = 5`,
		`DELETE FROM pm_entry WHERE seq = 5`,
		`DELETE FROM pm_entry`,
		`INSERT INTO pm_entry VALUES ` + row,
		`INSERT OR REPLACE INTO pm_entry VALUES ` + row,
		`INSERT OR IGNORE INTO pm_entry VALUES ` + row,
		`REPLACE INTO pm_entry VALUES ` + row,
		`INSERT INTO pm_entry VALUES ` + row + ` ON CONFLICT (seq) DO UPDATE SET who = 'x'`,
		`INSERT INTO pm_entry VALUES ` + strings.Replace(row, "(3,", "(7,", 1),
		`INSERT INTO pm_entry VALUES ` + strings.Replace(row, "(3,", "(NULL,", 1),
		`INSERT INTO pm_entry VALUES ` + strings.Replace(row, "(3,", "(0,", 1),
	} {
		_, err := pool.ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, "pm_entry: an entry", statement)
	}
	require.NoError(t, store.New(open(t, path), nil).Verify(t.Context(), known))
}

func TestTamperingPastTheGuardsIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string
		seq       int64
	}{
		"act":           {`UPDATE pm_entry SET act = 1 WHERE seq = 3`, 3},
		"at":            {`UPDATE pm_entry SET at = at + 1 WHERE seq = 3`, 3},
		"who":           {`UPDATE pm_entry SET who = 'u-1' WHERE seq = 3`, 3},
		"why":           {`UPDATE pm_entry SET why = why || ' ' WHERE seq = 3`, 3},
		"kind":          {`UPDATE pm_entry SET kind = 'host.other' WHERE seq = 3`, 3},
		"key":           {`UPDATE pm_entry SET key = 'z' WHERE seq = 3`, 3},
		"version":       {`UPDATE pm_entry SET version = 2 WHERE seq = 3`, 3},
		"body":          {`UPDATE pm_entry SET body = CAST('{"id":"a","n":2}' AS BLOB) WHERE seq = 3`, 3},
		"refs":          {`UPDATE pm_entry SET refs = NULL WHERE seq = 3`, 3},
		"refs not JSON": {`UPDATE pm_entry SET refs = 'x' WHERE seq = 3`, 3},
		"more in refs":  {`UPDATE pm_entry SET refs = '[{"system":"qms","id":"1","note":"forged text"}]' WHERE seq = 3`, 3},
		"spaces":        {`UPDATE pm_entry SET refs = ' ' || refs WHERE seq = 3`, 3},
		"refs of none":  {`UPDATE pm_entry SET refs = '[]' WHERE seq = 2`, 2},
		"junk as refs":  {`UPDATE pm_entry SET refs = 'forged' WHERE seq = 2`, 2},
		"more signed":   {`UPDATE pm_entry SET signature = replace(signature, '}', ',"note":"forged"}') WHERE seq = 3`, 3},
		"no signature":  {`UPDATE pm_entry SET signature = 'null' WHERE seq = 2`, 2},
		"a long hash":   {`UPDATE pm_entry SET hash = CAST(hash || x'00' AS BLOB) WHERE seq = 3`, 3},
		"no first prev": {`UPDATE pm_entry SET prev = x'' WHERE seq = 1`, 1},
		"signature":     {`UPDATE pm_entry SET signature = NULL WHERE seq = 3`, 3},
		"prev":          {`UPDATE pm_entry SET prev = zeroblob(32) WHERE seq = 3`, 3},
		"hash":          {`UPDATE pm_entry SET hash = zeroblob(32) WHERE seq = 3`, 3},
		"a short hash":  {`UPDATE pm_entry SET hash = x'' WHERE seq = 3`, 3},
		"seq":           {`UPDATE pm_entry SET seq = 9 WHERE seq = 5`, 5},
		"a gap":         {`DELETE FROM pm_entry WHERE seq = 3`, 3},
		"no beginning":  {`DELETE FROM pm_entry WHERE seq = 1`, 1},
		"no end":        {`DELETE FROM pm_entry WHERE seq > 3`, 4},
		"nothing":       {`DELETE FROM pm_entry`, 1},
		"another order": {`UPDATE pm_entry SET seq = 10 WHERE seq = 1; UPDATE pm_entry SET seq = 1 WHERE seq = 2; UPDATE pm_entry SET seq = 2 WHERE seq = 10`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, known := five(t)
			pool := raw(t, path)
			_, err := pool.ExecContext(t.Context(), `DROP TRIGGER pm_entry_no_update; DROP TRIGGER pm_entry_no_delete; DROP TRIGGER pm_entry_no_overwrite;`+c.statement)
			require.NoError(t, err)
			var te *store.TamperError
			require.ErrorAs(t, store.New(open(t, path), nil).Verify(t.Context(), known), &te)
			require.Equal(t, c.seq, te.Seq, te.Why)
		})
	}
}

// addMany counts up one record.
func addMany(ctx context.Context, l *store.Ledger, times int) error {
	for range times {
		err := l.Do(ctx, by, func(tx *store.Tx) error {
			n, err := notes.Get(tx, "sum")
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return notes.Put(tx, note{ID: "sum", N: n.N + 1})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sum(t *testing.T, path string) int {
	t.Helper()
	l := store.New(open(t, path), nil)
	n, _, err := notes.Latest(t.Context(), l, "sum")
	require.NoError(t, err)
	require.NoError(t, l.Verify(t.Context()))
	return n.N
}

func TestOfManyWritersToOneRecordNoneIsLost(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	a, b := open(t, path), open(t, path) // two pools on one file
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			db := a
			if i%2 == 1 {
				db = b
			}
			if err := addMany(t.Context(), store.New(db, nil), 25); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 200, sum(t, path))
}

// TestMain lets the test program also be the second process.
func TestMain(m *testing.M) {
	if path := os.Getenv("POSTMARKET_TEST_SECOND_WRITER"); path != "" {
		db, err := sqlite.Open(path)
		if err == nil {
			err = errors.Join(addMany(context.Background(), store.New(db, nil), 40), db.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv("POSTMARKET_TEST_PUBLISHER"); dir != "" {
		records, err := strconv.Atoi(os.Getenv("POSTMARKET_TEST_RECORDS"))
		if err == nil {
			err = publish(dir, records)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if path := os.Getenv("POSTMARKET_TEST_KILLED"); path != "" {
		room, err := strconv.ParseInt(os.Getenv("POSTMARKET_TEST_BYTES"), 10, 64)
		if err == nil {
			err = beKilled(path, room)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTwoProcessesMayWriteAtOnce(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	self, err := os.Executable()
	require.NoError(t, err)
	second := exec.CommandContext(t.Context(), self)
	second.Env = append(os.Environ(), "POSTMARKET_TEST_SECOND_WRITER="+path)
	var out bytes.Buffer
	second.Stderr = &out
	require.NoError(t, second.Start())
	require.NoError(t, addMany(t.Context(), store.New(db, nil), 40))
	require.NoError(t, second.Wait(), out.String())
	require.Equal(t, 80, sum(t, path))
}

func TestAWriterThatWaitsCanBeCanceled(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	other, err := raw(t, path).Conn(t.Context())
	require.NoError(t, err)
	defer other.Close()
	_, err = other.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err = store.New(db, nil).Do(ctx, by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: "a"}) })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 5*time.Second)
	_, err = other.ExecContext(t.Context(), `ROLLBACK`)
	require.NoError(t, err)
	put(t, store.New(db, nil), note{ID: "a"})
}

func TestErasedBytesAreNotInTheFiles(t *testing.T) {
	t.Parallel()
	needle := []byte("Dr. Needle, Haystack Road 1")
	for name, openIt := range map[string]func(string) (storeAndVault, error){
		"opened here": func(path string) (storeAndVault, error) { return sqlite.Open(path) },
		"a caller's database": func(path string) (storeAndVault, error) {
			o, err := openOwn(t, path)
			return o, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := fresh(t)
			db, err := openIt(path)
			require.NoError(t, err)
			t.Cleanup(func() { db.Close() })
			long := bytes.Repeat(append(needle, ' '), 5000) // more than a page
			require.NoError(t, db.Put(t.Context(), "r1", needle))
			require.NoError(t, db.Put(t.Context(), "r2", long))
			require.NoError(t, db.Put(t.Context(), "r2", append(long, long...)))
			require.NoError(t, db.Put(t.Context(), "r3", []byte("stays")))
			// Enough for the pages of the table to be split and joined.
			var many []string
			for round := range 2 {
				for i := range 60 {
					id := fmt.Sprintf("many %d", i)
					require.NoError(t, db.Put(t.Context(), id, bytes.Repeat(needle, 1+(i*7+round*31)%60)))
					if round == 0 {
						many = append(many, id)
					}
				}
			}
			require.NotZero(t, inFiles(t, path, needle), "the test looks in the right place")
			require.NoError(t, db.Erase(t.Context(), "r1"))
			require.NoError(t, db.Erase(t.Context(), "r2"))
			for _, id := range many {
				require.NoError(t, db.Erase(t.Context(), id))
			}
			require.Zero(t, inFiles(t, path, needle))
			require.Zero(t, inFiles(t, path, needle[:12]))
			got, err := db.Get(t.Context(), "r3")
			require.NoError(t, err)
			require.Equal(t, "stays", string(got))
		})
	}
}

type storeAndVault interface {
	store.Driver
	store.Vault
}

// inFiles counts what in the database and the files beside it.
func inFiles(t *testing.T, path string, what []byte) (n int) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		n += bytes.Count(b, what)
	}
	return n
}

func TestAnEraseThatAReaderHindersIsAnError(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db, err := openOwn(t, path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.pool.ExecContext(t.Context(), `PRAGMA journal_mode = wal; PRAGMA busy_timeout = 50`)
	require.NoError(t, err)
	require.NoError(t, db.Put(t.Context(), "r1", []byte("Dr. Needle")))
	reader, err := raw(t, path).BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRowContext(t.Context(), `SELECT count(*) FROM pm_vault`).Scan(&n))
	require.ErrorContains(t, db.Erase(t.Context(), "r1"), "erase again")
	require.NoError(t, reader.Rollback())
	require.NoError(t, db.Erase(t.Context(), "r1"))
	require.Zero(t, inFiles(t, path, []byte("Dr. Needle")))
}

func TestAJournalThatStaysHindersErasing(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db, err := openOwn(t, path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.pool.ExecContext(t.Context(), `PRAGMA journal_mode = persist`)
	require.NoError(t, err)
	require.NoError(t, db.Put(t.Context(), "r1", []byte("Dr. Needle")))
	require.ErrorContains(t, db.Erase(t.Context(), "r1"), "journal mode persist")
	got, err := db.Get(t.Context(), "r1")
	require.NoError(t, err, "nothing was done")
	require.Equal(t, "Dr. Needle", string(got))
	for _, mode := range []string{"delete", "truncate", "wal"} {
		id := "in " + mode
		_, err = db.pool.ExecContext(t.Context(), `PRAGMA journal_mode = `+mode)
		require.NoError(t, err)
		require.NoError(t, db.Put(t.Context(), id, []byte("Mr. Pin")))
		require.NoError(t, db.Erase(t.Context(), id), mode)
		require.Zero(t, inFiles(t, path, []byte("Mr. Pin")), mode)
	}
	require.NoError(t, db.Erase(t.Context(), "r1"))
	require.Zero(t, inFiles(t, path, []byte("Dr. Needle")))
}

func BenchmarkCommit(b *testing.B) {
	for b.Loop() {
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "b.db"))
		if err != nil {
			b.Fatal(err)
		}
		l := store.New(db, nil)
		for i := range 1000 {
			if err := l.Do(b.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: fmt.Sprint(i)}) }); err != nil {
				b.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAQueryUnderWayCanBeCanceled(t *testing.T) {
	t.Parallel()
	db, err := openOwn(t, fresh(t))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	// In place of a table, a question without end.
	_, err = db.pool.ExecContext(t.Context(), `DROP TABLE pm_vault; CREATE VIEW pm_vault (id, data) AS
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'x', i FROM n WHERE i < 0`)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = db.Get(ctx, "x")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = db.Get(ctx, "x")
	require.ErrorIs(t, err, context.Canceled)
	put(t, store.New(db, nil), note{ID: "a"})
}
