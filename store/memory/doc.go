// Package memory is the store that forgets everything when the program ends:
// for tests, for trying things out, and for one look at one device.
//
// It owns no noun; it implements those of store and feeds with plain maps and
// a lock. It is not a cache in front of another store.
//
//	l := store.New(memory.New(), nil)
package memory
