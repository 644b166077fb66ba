package sqlite_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/stretchr/testify/require"
)

// A tap is a disk that takes so many bytes and then no more: the write that goes
// beyond stops amid its bytes.
type tap struct {
	vfs.VFS
	left atomic.Int64
	shut func() // called when it is shut; nil gives SQLite "full"
}

var taps atomic.Int64

// newTap makes one and returns the name under which SQLite knows it.
func newTap(shut func()) (*tap, string) {
	t := &tap{VFS: vfs.Find(""), shut: shut}
	t.left.Store(1 << 50)
	name := fmt.Sprintf("tap%d", taps.Add(1))
	vfs.Register(name, t)
	return t, name
}

func (t *tap) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := vfsutil.WrapOpen(t.VFS, name, flags)
	return t.file(f), out, err
}

func (t *tap) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := vfsutil.WrapOpenFilename(t.VFS, name, flags)
	return t.file(f), out, err
}

func (t *tap) file(f vfs.File) vfs.File {
	if f == nil {
		return nil
	}
	return tapped{f, t}
}

type tapped struct {
	vfs.File
	tap *tap
}

func (f tapped) SharedMemory() vfs.SharedMemory {
	if s, ok := f.File.(vfs.FileSharedMemory); ok {
		return s.SharedMemory()
	}
	return nil
}

func (f tapped) WriteAt(p []byte, at int64) (int, error) {
	n := len(p)
	if left := f.tap.left.Add(-int64(n)); left < 0 {
		n = int(max(0, int64(n)+left))
	}
	if n == len(p) {
		return f.File.WriteAt(p, at)
	}
	if n > 0 {
		if n, err := f.File.WriteAt(p[:n], at); err != nil {
			return n, err
		}
	}
	if f.tap.shut != nil {
		f.tap.shut()
	}
	return n, sqlite3.FULL
}

// throughTap opens the file as a caller's own database behind a tap.
func throughTap(path, name string, pragmas ...string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{
		"vfs": {name}, "_txlock": {"immediate"}, "_pragma": append([]string{"busy_timeout(10000)"}, pragmas...),
	}.Encode()}
	return sql.Open("sqlite3", u.String())
}

// rowsOf counts what stands in each table, and sees that the file is sound.
func rowsOf(t *testing.T, path string) map[string]int {
	t.Helper()
	pool := raw(t, path)
	defer pool.Close()
	var sound string
	require.NoError(t, pool.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&sound))
	require.Equal(t, "ok", sound)
	out := map[string]int{}
	for _, name := range tables(t, pool) {
		var n int
		require.NoError(t, pool.QueryRowContext(t.Context(), `SELECT count(*) FROM `+name).Scan(&n))
		out[name] = n
	}
	return out
}
