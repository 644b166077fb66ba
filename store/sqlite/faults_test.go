package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// editions is a source of pages: all its records, then all of them again changed.
// The cursor is the next page.
type editions struct{ pages, size int }

func (e editions) Name() string { return "nvd" }

func (e editions) Updates(_ context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		page, _ := strconv.Atoi(string(since))
		for ; page < 2*e.pages; page++ {
			rs := bulk(page%e.pages*e.size, e.size, fmt.Sprint("edition ", page/e.pages))
			for i, r := range rs {
				u := feeds.Update{Record: r, Next: feeds.Cursor(strconv.Itoa(page))}
				if i == len(rs)-1 {
					u.Next = feeds.Cursor(strconv.Itoa(page + 1))
				}
				if !yield(u, nil) {
					return
				}
			}
		}
	}
}

// noteEach syncs and writes a note into the ledger after each batch, the newest in
// place of the last. What said is called with is kept.
func noteEach(ctx context.Context, db *sqlite.DB, e editions, said func(string)) (feeds.Synced, error) {
	l := store.New(db, nil)
	var failed error
	done, err := feeds.Sync(ctx, e, db, &feeds.SyncOptions{At: noon, Batch: e.size, Progress: func(p feeds.Progress) {
		if failed != nil {
			return
		}
		failed = l.Do(ctx, by, func(tx *store.Tx) error {
			n, err := notes.Get(tx, "batches")
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return notes.Put(tx, note{ID: "batches", N: n.N + 1})
		})
		if failed == nil {
			said("noted")
		}
	}})
	return done, errors.Join(err, failed)
}

// told is all that a mirror of editions tells.
type told struct {
	standing               feeds.Standing
	changes, history, live int
	all                    [sha256.Size]byte // of every change and record
	rows                   map[string]int
}

func tellAll(t *testing.T, path string) told {
	t.Helper()
	db, err := sqlite.Open(path)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, store.New(db, nil).Verify(t.Context()))
	var out told
	all := sha256.New()
	out.standing, err = db.Standing(t.Context(), "nvd")
	require.NoError(t, err)
	out.standing.Turn = 0 // one may have ended a second time
	var ids []feeds.ID
	for c, err := range db.Changed(t.Context(), 0) {
		require.NoError(t, err)
		out.changes++
		fmt.Fprintln(all, c)
		ids = append(ids, feeds.ID(c.Item))
	}
	for r, err := range db.Named(t.Context(), ids...) {
		require.NoError(t, err)
		out.live++
		fmt.Fprintln(all, r.Item, r.Digest())
	}
	for c, err := range db.History(t.Context(), ids...) {
		require.NoError(t, err)
		out.history++
		fmt.Fprintln(all, c)
	}
	all.Sum(out.all[:0])
	require.NoError(t, db.Close())
	out.rows = rowsOf(t, path)
	delete(out.rows, "pm_entry") // as many as notes were written
	delete(out.rows, "sqlite_sequence")
	return out
}

// undisturbed is what a mirror tells after a sync that nothing disturbed.
func undisturbed(t *testing.T, e editions) told {
	t.Helper()
	path := fresh(t)
	db, err := sqlite.Open(path)
	require.NoError(t, err)
	_, err = noteEach(t.Context(), db, e, func(string) {})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	out := tellAll(t, path)
	require.Equal(t, e.pages*e.size, out.standing.Records)
	require.Equal(t, e.pages*e.size, out.changes)
	require.Equal(t, e.pages*e.size, out.live)
	require.Equal(t, 2*e.pages*e.size, out.history)
	return out
}

// seeded is a source of chance whose seed is told and can be set.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("POSTMARKET_TEST_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("POSTMARKET_TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func TestAFullDiskLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	e := editions{pages: 20, size: 8}
	want := undisturbed(t, e)
	for name, mode := range map[string]string{"wal": "journal_mode(wal)", "rollback journal": "journal_mode(delete)"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chance := seeded(t)
			path := fresh(t)
			disk, vfsName := newTap(nil)
			pool, err := throughTap(path, vfsName, mode, "synchronous(full)")
			require.NoError(t, err)
			defer pool.Close()
			require.NoError(t, sqlite.Migrate(t.Context(), pool))
			db, err := sqlite.New(pool)
			require.NoError(t, err)
			fulls := 0
			for {
				before, err := db.Standing(t.Context(), "nvd")
				require.NoError(t, err)
				disk.left.Store(chance.Int64N(200_000))
				done, err := noteEach(t.Context(), db, e, func(string) {})
				disk.left.Store(1 << 50) // somebody made room
				if err == nil {
					break
				}
				fulls++
				require.ErrorIs(t, err, sqlite3.FULL)
				require.ErrorContains(t, err, "the disk is full")
				after, err := db.Standing(t.Context(), "nvd")
				require.NoError(t, err)
				require.Equal(t, done.Cursor, after.Cursor, "what Sync says is kept is kept")
				require.GreaterOrEqual(t, after.Turn, before.Turn)
				require.Zero(t, after.Failures, "not the source's fault")
				require.NoError(t, store.New(db, nil).Verify(t.Context()))
				require.Less(t, fulls, 1000)
			}
			require.Positive(t, fulls)
			require.NoError(t, pool.Close())
			require.Equal(t, want, tellAll(t, path))
		})
	}
}

func TestADatabaseThatMayNotGrowSaysTheDiskIsFull(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	pool, err := throughTap(path, "", "journal_mode(wal)", "max_page_count(60)")
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, sqlite.Migrate(t.Context(), pool))
	db, err := sqlite.New(pool)
	require.NoError(t, err)
	e := editions{pages: 20, size: 50}
	done, err := feeds.Sync(t.Context(), e, db, &feeds.SyncOptions{At: noon, Batch: e.size})
	require.ErrorIs(t, err, sqlite3.FULL)
	require.ErrorContains(t, err, "feeds: keep nvd: sqlite: the disk is full: ")
	st, err := db.Standing(t.Context(), "nvd")
	require.NoError(t, err)
	require.Equal(t, done.Cursor, st.Cursor)
	require.Equal(t, done.Records, st.Records)
	require.NoError(t, pool.Close())
	_, err = noteEach(t.Context(), open(t, path), e, func(string) {})
	require.NoError(t, err, "with room it goes on")
}

// beKilled is the second process of the test below: it syncs, and the disk kills it
// after so many bytes.
func beKilled(path string, bytes int64) error {
	disk, name := newTap(func() {
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
		select {}
	})
	pool, err := throughTap(path, name, "journal_mode(wal)", "synchronous(full)")
	if err != nil {
		return err
	}
	if err := sqlite.Migrate(context.Background(), pool); err != nil {
		return err
	}
	db, err := sqlite.New(pool)
	if err != nil {
		return err
	}
	disk.left.Store(bytes)
	_, err = noteEach(context.Background(), db, killed, func(what string) { _, _ = fmt.Fprintln(os.Stdout, what) })
	return errors.Join(err, pool.Close())
}

// killed has small batches, so that many a byte is near the end of a transaction.
var killed = editions{pages: 20, size: 8}

func TestAKilledProcessLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	rounds := 5
	if long() {
		rounds = 50
	}
	chance := seeded(t)
	want := undisturbed(t, killed)
	self, err := os.Executable()
	require.NoError(t, err)
	kills, ends := 0, 0
	for path, noted := fresh(t), 0; kills < rounds || ends == 0; {
		child := exec.CommandContext(t.Context(), self)
		// By turns it dies at a byte and, some time after its first word, at a
		// moment; once there were kills enough it comes to its end.
		room, moment := int64(1<<40), time.Duration(0)
		switch {
		case kills >= rounds:
		case kills%2 == 0:
			room = chance.Int64N(600_000)
		default:
			moment = time.Duration(chance.Int64N(int64(60 * time.Millisecond)))
		}
		child.Env = append(os.Environ(), "POSTMARKET_TEST_KILLED="+path, fmt.Sprint("POSTMARKET_TEST_BYTES=", room))
		var failed bytes.Buffer
		child.Stderr = &failed
		out, pipeErr := child.StdoutPipe()
		require.NoError(t, pipeErr)
		require.NoError(t, child.Start())
		for words := bufio.NewScanner(out); words.Scan(); noted++ {
			if moment > 0 {
				time.AfterFunc(moment, func() { _ = child.Process.Kill() })
				moment = 0
			}
		}
		err := child.Wait()
		require.Empty(t, failed.String())
		db, openErr := sqlite.Open(path)
		require.NoError(t, openErr)
		l := store.New(db, nil)
		require.NoError(t, l.Verify(t.Context()))
		n, _, latestErr := notes.Latest(t.Context(), l, "batches")
		if noted > 0 {
			require.NoError(t, latestErr)
		}
		require.GreaterOrEqual(t, n.N, noted, "what the ledger said was written is there")
		require.LessOrEqual(t, n.N, noted+1, "what was written before the word of it")
		noted = n.N
		st, standErr := db.Standing(t.Context(), "nvd")
		require.NoError(t, standErr)
		page, _ := strconv.Atoi(string(st.Cursor))
		require.Equal(t, min(page, killed.pages)*killed.size, st.Records, "records and cursor are kept together")
		require.NoError(t, db.Close())
		rowsOf(t, path)
		if err != nil {
			kills++
			continue
		}
		require.Equal(t, want, tellAll(t, path))
		ends++
		path, noted = filepath.Join(t.TempDir(), "next.db"), 0
	}
	t.Logf("%d kills, %d loads came to their end", kills, ends)
}
