// Package sqlite is the store in one SQLite file: ledger, vault and mirror.
//
// It owns no noun; it implements those of store and feeds. Several goroutines
// and several processes of one machine may use one file at once; it is not for
// a file on a network drive, and not for a fleet (that is PostgreSQL's).
//
//	db, err := sqlite.Open("pump.db")
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	l := store.New(db, nil)
//
// The database itself refuses to update, delete or overwrite a ledger entry.
// Whoever can write the file can still take those guards away, which is what
// store.Ledger.Verify and checkpoints are for.
package sqlite
