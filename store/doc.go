// Package store keeps the ledger: who changed what, when and why.
//
// It owns the Entry, one change to one record. Entries are only ever added,
// each carries the digest of the one before, and what a record says now is its
// newest entry. Programs hold a *Ledger; those who bring a database implement
// Driver, and package storetest tells them whether they did it right.
//
// It is not a place for bulk data that can be fetched again (that is
// feeds.Mirror), nor for names, addresses and the texts of reporters: an entry
// can never be taken back, so those go into a Vault and the entry holds a
// Pseudonym.
//
//	const Notes store.Kind[Note] = "host.note"
//
//	l := store.New(memory.New(), nil)
//	err := l.Do(ctx, store.By{Who: "u-17", Why: "first look"}, func(tx *store.Tx) error {
//		return Notes.Put(tx, Note{ID: "n1", Text: "checked"})
//	})
package store
