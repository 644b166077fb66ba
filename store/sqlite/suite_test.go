package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/sqlite"
	"github.com/open-postmarket/postmarket/store/storetest"
)

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func fresh(t *testing.T) string { return filepath.Join(t.TempDir(), "ledger.db") }

func TestDriver(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Suite{Place: func() (storetest.Opener, error) {
		path := fresh(t)
		return func() (store.Driver, error) { return sqlite.Open(path) }, nil
	}})
}

func TestVault(t *testing.T) {
	t.Parallel()
	storetest.RunVault(t, storetest.VaultSuite{Place: func() (storetest.VaultOpener, error) {
		path := fresh(t)
		return func() (storetest.ClosingVault, error) { return sqlite.Open(path) }, nil
	}})
}

// own is a caller's database with one connection, as plain as can be, on which
// New works.
type own struct {
	*sqlite.DB
	pool *sql.DB
}

func (o own) Close() error {
	if err := o.DB.Close(); err != nil {
		return err
	}
	return o.pool.Close()
}

func openOwn(t *testing.T, path string) (own, error) {
	pool, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		return own{}, err
	}
	pool.SetMaxOpenConns(1)
	if err := sqlite.Migrate(t.Context(), pool); err != nil {
		return own{}, err
	}
	db, err := sqlite.New(pool)
	return own{db, pool}, err
}

func TestDriverOnACallersOneConnection(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Suite{Place: func() (storetest.Opener, error) {
		path := fresh(t)
		return func() (store.Driver, error) { return openOwn(t, path) }, nil
	}})
}

func TestVaultOnACallersOneConnection(t *testing.T) {
	t.Parallel()
	storetest.RunVault(t, storetest.VaultSuite{Place: func() (storetest.VaultOpener, error) {
		path := fresh(t)
		return func() (storetest.ClosingVault, error) { return openOwn(t, path) }, nil
	}})
}
