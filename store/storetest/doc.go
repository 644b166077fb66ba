// Package storetest holds the promises of a store as tests. Whoever implements
// store.Driver or store.Vault runs it and needs no other test of what a store
// means.
//
// It owns the Suite. It does not test how fast a store is, nor what happens
// when its disk fails.
//
//	func TestDriver(t *testing.T) {
//		storetest.Run(t, storetest.Suite{Place: func() (storetest.Opener, error) {
//			path := filepath.Join(t.TempDir(), "ledger.db")
//			return func() (store.Driver, error) { return mydb.Open(path) }, nil
//		}})
//	}
package storetest
