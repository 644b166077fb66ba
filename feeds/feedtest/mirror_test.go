package feedtest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

func TestMemoryKeepsThePromisesOfAMirror(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(testing.TB) feeds.Mirror { return memory.New() })
}

func TestSQLiteKeepsThePromisesOfAMirror(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(tb testing.TB) feeds.Mirror {
		db, err := sqlite.Open(filepath.Join(tb.TempDir(), "mirror.db"))
		require.NoError(tb, err)
		tb.Cleanup(func() { require.NoError(tb, db.Close()) })
		return db
	})
}
