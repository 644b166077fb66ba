package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

func TestMirror(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(tb testing.TB) feeds.Mirror {
		db, err := sqlite.Open(filepath.Join(tb.TempDir(), "mirror.db"))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { db.Close() })
		return db
	})
}

func TestMirrorOnACallersOneConnection(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(tb testing.TB) feeds.Mirror {
		db, err := openOwn(t, filepath.Join(tb.TempDir(), "mirror.db"))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { db.Close() })
		return db
	})
}

func TestMirrorOnADatabaseOfAnotherEncoding(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(tb testing.TB) feeds.Mirror {
		pool, err := throughTap(filepath.Join(tb.TempDir(), "mirror.db"), "", "encoding('UTF-16le')", "journal_mode(wal)")
		if err == nil {
			tb.Cleanup(func() { pool.Close() })
			err = sqlite.Migrate(t.Context(), pool)
		}
		if err != nil {
			tb.Fatal(err)
		}
		db, err := sqlite.New(pool)
		if err != nil {
			tb.Fatal(err)
		}
		return db
	})
}

// bulkTables are those whose rows are many.
var bulkTables = []string{"pm_record", "pm_body", "pm_name", "pm_change", "pm_place", "pm_posting"}

// forbid makes the database refuse every write to a table.
func forbid(t *testing.T, path string, names ...string) {
	t.Helper()
	pool := raw(t, path)
	for _, name := range names {
		for _, verb := range []string{"INSERT", "UPDATE", "DELETE"} {
			_, err := pool.ExecContext(t.Context(), fmt.Sprintf(`CREATE TRIGGER no_%s_%s BEFORE %s ON %s
				BEGIN SELECT RAISE(ABORT, '%s on %s'); END`, verb, name, verb, name, verb, name))
			require.NoError(t, err)
		}
	}
}

func TestAnUnchangedSecondSyncWritesNoRecordRow(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	e := editions{pages: 3, size: 100}
	sync := func() error {
		var rs []feeds.Record
		for p := range e.pages {
			rs = append(rs, bulk(p*e.size, e.size, "one")...)
		}
		return db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: rs, Done: true})
	}
	require.NoError(t, sync())
	forbid(t, path, bulkTables...)
	require.NoError(t, sync())
	st, err := db.Standing(t.Context(), "nvd")
	require.NoError(t, err)
	require.Equal(t, int64(2), st.Turn)
	err = db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: bulk(0, 1, "two")})
	require.ErrorContains(t, err, "pm_", "the guards bite")
}

func TestANewBodyThatStandsWhereItStoodMovesNoPosting(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: bulk(0, 50, "one")}))
	forbid(t, path, "pm_place", "pm_posting")
	require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: bulk(0, 50, "two")}))
}

func TestReadersGoOnWhileAWriterIsAmidItsTransaction(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: bulk(0, 300, "one")}))
	writer, err := raw(t, path).Conn(t.Context())
	require.NoError(t, err)
	defer writer.Close()
	_, err = writer.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	require.NoError(t, err)
	for _, name := range bulkTables {
		_, err = writer.ExecContext(t.Context(), `DELETE FROM `+name)
		require.NoError(t, err)
	}
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for range 5 {
				n := 0
				for r, err := range db.About(ctx, "by:nvd:cpe", sbom.Coordinate(fmt.Sprint("cpe:a:vendor0:product", i))) {
					if err != nil || r.Title != "one" {
						t.Errorf("reader %d at %d: %q %v", i, n, r.Title, err)
						return
					}
					n++
				}
				if n != 300 {
					t.Errorf("reader %d sees %d of 300", i, n)
				}
			}
		})
	}
	readers.Wait()
	_, err = writer.ExecContext(t.Context(), `ROLLBACK`)
	require.NoError(t, err)
}

func TestTheFileIsLessThanHalfOfItsJSON(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	var page bytes.Buffer
	size := 0
	for from := 0; from < 2*perPage; from += perPage {
		page.Reset()
		require.NoError(t, writePage(&page, from, perPage, 2*perPage, 0))
		size += page.Len()
		var rs []feeds.Record
		for u, err := range nvd.Decode(&page) {
			require.NoError(t, err)
			rs = append(rs, u.Record)
		}
		require.Len(t, rs, perPage)
		require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: rs}))
	}
	require.NoError(t, db.Close())
	file, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, file.Size(), int64(size/2))
}

func TestABodyThatCannotBeCompressedComesBack(t *testing.T) {
	t.Parallel()
	db := open(t, fresh(t))
	chance := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte(chance.Uint64())
	}
	for i, text := range []string{"", "x", hex.EncodeToString(noise), strings.Repeat("A flaw. ", 1<<20)} {
		want := feeds.Record{Source: "osv", Item: fmt.Sprint(i), Names: []feeds.ID{feeds.ID(fmt.Sprint(i))}, Text: text}
		require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{want}}))
		for got, err := range db.Named(t.Context(), want.Names...) {
			require.NoError(t, err)
			require.Equal(t, want.Digest(), got.Digest())
		}
	}
}

func TestABodyThatWasDamagedIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := open(t, path)
	require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon, Records: bulk(0, 2, "one")}))
	_, err := raw(t, path).ExecContext(t.Context(), `UPDATE pm_body SET body = substr(body, 1, 20) WHERE record = 2`)
	require.NoError(t, err)
	var end error
	n := 0
	for _, err := range db.Named(t.Context(), "CVE-2021-000000", "CVE-2021-000001") {
		n++
		end = err
	}
	require.Equal(t, 2, n)
	require.ErrorContains(t, end, `sqlite: record nvd "CVE-2021-000001": `)
}

func TestADictionaryNeverChanges(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("dictionary/1.txt")
	require.NoError(t, err)
	sum := sha256.Sum256(b)
	require.Equal(t, "183eaf16cb24bdce7f736730dbbc274e855c4666190f9915f896c2dc8d66b8d3", hex.EncodeToString(sum[:]))
}

// third makes a database as the third migration left it, with a mirror in it.
func third(t *testing.T, path string) *sql.DB {
	t.Helper()
	pool := raw(t, path)
	do := func(query string, args ...any) {
		t.Helper()
		_, err := pool.ExecContext(t.Context(), query, args...)
		require.NoError(t, err)
	}
	for i, name := range []string{"0001_ledger", "0002_vault", "0003_mirror"} {
		script, err := os.ReadFile("migrations/" + name + ".sql")
		require.NoError(t, err)
		do(string(script))
		do(`INSERT INTO pm_schema (version) VALUES (?)`, i+1)
	}
	do(`INSERT INTO pm_source VALUES ('nvd', 'c7', 1, 2, 3, 0, 0, '')`)
	for i, r := range bulk(0, 3, "old") {
		body, err := json.Marshal(r)
		require.NoError(t, err)
		sum := sha256.Sum256(body)
		do(`INSERT INTO pm_record (id, source, item, first, digest, gone, sum, body) VALUES (?, 'nvd', ?, ?, ?, 0, ?, ?)`,
			i+1, r.Item, noon.UnixMicro(), r.Digest(), sum[:], body)
		do(`INSERT INTO pm_change (record, at, digest, gone) VALUES (?, ?, ?, 0)`, i+1, noon.UnixMicro(), r.Digest())
		do(`INSERT INTO pm_name VALUES (?, ?, 1)`, r.Item, i+1)
	}
	do(`UPDATE pm_record SET gone = 1, digest = '', sum = NULL, body = NULL WHERE id = 2`)
	do(`UPDATE pm_name SET now = 0 WHERE record = 2`)
	do(`INSERT INTO pm_change (record, at, digest, gone) VALUES (2, ?, '', 1)`, noon.Add(time.Hour).UnixMicro())
	return pool
}

func TestAMirrorOfTheThirdVersionIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	pool := third(t, path)
	_, err := sqlite.New(pool)
	var old *sqlite.SchemaError
	require.ErrorAs(t, err, &old, "New never migrates")
	require.Equal(t, 3, old.Have)
	require.NoError(t, pool.Close())

	db := open(t, path)
	st, err := db.Standing(t.Context(), "nvd")
	require.NoError(t, err)
	require.Equal(t, feeds.Cursor("c7"), st.Cursor)
	require.Equal(t, 2, st.Records)
	rs := bulk(0, 3, "old")
	var found []feeds.Record
	for r, err := range db.About(t.Context(), rs[0].Coordinates()...) {
		require.NoError(t, err)
		found = append(found, r)
	}
	require.Equal(t, []feeds.Record{rs[0], rs[2]}, found)
	var changes []feeds.Change
	for c, err := range db.Changed(t.Context(), 0) {
		require.NoError(t, err)
		changes = append(changes, c)
	}
	require.Equal(t, []feeds.Change{
		{Position: 1, Source: "nvd", Item: rs[0].Item, First: noon, At: noon, Digest: rs[0].Digest()},
		{Position: 3, Source: "nvd", Item: rs[2].Item, First: noon, At: noon, Digest: rs[2].Digest()},
		{Position: 4, Source: "nvd", Item: rs[1].Item, First: noon, At: noon.Add(time.Hour), Gone: true},
	}, changes)

	// What stands there is known: the same again is no news, another text is.
	require.NoError(t, db.Keep(t.Context(), feeds.Batch{Source: "nvd", At: noon.Add(2 * time.Hour), From: "c7", Next: "c8",
		Records: []feeds.Record{rs[0], bulk(2, 1, "new")[0]}}))
	var last []feeds.Change
	for c, err := range db.Changed(t.Context(), 4) {
		require.NoError(t, err)
		last = append(last, c)
	}
	require.Len(t, last, 1)
	require.Equal(t, int64(5), last[0].Position)
	require.Equal(t, rs[2].Item, last[0].Item)
	require.Equal(t, noon, last[0].First)
}
