package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
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
