package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/store"
)

// A Store keeps a ledger, a vault and a mirror in memory. It is safe for use
// by many goroutines. Use New to make one.
type Store struct {
	mu      sync.RWMutex
	closed  bool
	entries []store.Entry        // entry seq is at seq-1; never changed once there
	records map[store.Name][]int // the indexes in entries, ascending
	vault   map[string][]byte    // nil = erased
	mirror  mirror
}

var (
	_ store.Driver = (*Store)(nil)
	_ store.Vault  = (*Store)(nil)
)

// New returns an empty Store.
func New() *Store {
	return &Store{records: map[store.Name][]int{}, vault: map[string][]byte{}, mirror: newMirror()}
}

// Close makes every later use give store.ErrClosed and lets the data go.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.entries, s.records, s.vault, s.mirror = nil, nil, nil, mirror{}
	return nil
}

// ready says why s cannot be used. The caller holds the lock.
func (s *Store) ready(ctx context.Context) error {
	if s.closed {
		return fmt.Errorf("memory: %w", store.ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	return nil
}

// Commit implements store.Driver.
func (s *Store) Commit(ctx context.Context, a store.Act) ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	for _, seen := range a.Seen {
		if last := s.last(seen.Name); last.Seq != seen.Seq {
			return nil, fmt.Errorf("memory: %s is at entry %d, was read at %d: %w", seen.Name, last.Seq, seen.Seq, store.ErrConflict)
		}
	}
	var head store.Entry
	if n := len(s.entries); n > 0 {
		head = s.entries[n-1]
	}
	sealed, err := store.Seal(head, a)
	if err != nil {
		return nil, err
	}
	for _, e := range sealed {
		s.records[e.Name] = append(s.records[e.Name], len(s.entries))
		s.entries = append(s.entries, e)
	}
	return clones(sealed), nil
}

// Latest implements store.Driver.
func (s *Store) Latest(ctx context.Context, kind, key string) (store.Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.ready(ctx); err != nil {
		return store.Entry{}, err
	}
	n := store.Name{Kind: kind, Key: key}
	e := s.last(n)
	if e.Seq == 0 {
		return store.Entry{}, fmt.Errorf("memory: %s: %w", n, store.ErrNotFound)
	}
	return e.Clone(), nil
}

// last is the last entry of n, or the zero Entry. The caller holds the lock.
func (s *Store) last(n store.Name) store.Entry {
	at := s.records[n]
	if len(at) == 0 {
		return store.Entry{}
	}
	return s.entries[at[len(at)-1]]
}

// Head implements store.Driver.
func (s *Store) Head(ctx context.Context) (store.Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.ready(ctx); err != nil {
		return store.Entry{}, err
	}
	if len(s.entries) == 0 {
		return store.Entry{}, fmt.Errorf("memory: an empty ledger has no head: %w", store.ErrNotFound)
	}
	return s.entries[len(s.entries)-1].Clone(), nil
}

// Scan implements store.Driver.
func (s *Store) Scan(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
	return s.moment(ctx, func() []int {
		var at []int
		for n, all := range s.records {
			if n.Kind == kind && strings.HasPrefix(n.Key, prefix) {
				at = append(at, all[len(all)-1])
			}
		}
		slices.SortFunc(at, func(a, b int) int { return strings.Compare(s.entries[a].Key, s.entries[b].Key) })
		return at
	})
}

// Trail implements store.Driver.
func (s *Store) Trail(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
	after = max(after, 0)
	of = slices.Clone(of)
	return s.moment(ctx, func() []int {
		var at []int
		if len(of) == 0 {
			for i := int(min(after, int64(len(s.entries)))); i < len(s.entries); i++ {
				at = append(at, i)
			}
			return at
		}
		add := func(all []int) {
			from, _ := slices.BinarySearch(all, int(min(after, int64(len(s.entries)))))
			at = append(at, all[from:]...)
		}
		for _, n := range of {
			if n.Key != "" {
				add(s.records[n])
				continue
			}
			for other, all := range s.records {
				if other.Kind == n.Kind {
					add(all)
				}
			}
		}
		slices.Sort(at)
		return slices.Compact(at)
	})
}

// moment yields the entries that choose names by index, as they are when the
// range begins. No lock is held while the loop body runs: entries never change
// once they are there.
func (s *Store) moment(ctx context.Context, choose func() []int) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		s.mu.RLock()
		err := s.ready(ctx)
		var at []int
		if err == nil {
			at = choose()
		}
		entries := s.entries
		s.mu.RUnlock()
		for _, i := range at {
			if err = s.still(ctx); err != nil {
				break
			}
			if !yield(entries[i].Clone(), nil) {
				return
			}
		}
		if err != nil {
			yield(store.Entry{}, err)
		}
	}
}

// still is ready for a caller without the lock.
func (s *Store) still(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ready(ctx)
}

func clones(es []store.Entry) []store.Entry {
	out := make([]store.Entry, len(es))
	for i, e := range es {
		out[i] = e.Clone()
	}
	return out
}

// Put implements store.Vault.
func (s *Store) Put(ctx context.Context, id string, data []byte) error {
	if err := store.CheckID(id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	old, ok := s.vault[id]
	if ok && old == nil {
		return fmt.Errorf("memory: %q: %w", id, store.ErrErased)
	}
	clear(old)
	s.vault[id] = append([]byte{}, data...)
	return nil
}

// Get implements store.Vault.
func (s *Store) Get(ctx context.Context, id string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	data, ok := s.vault[id]
	switch {
	case !ok:
		return nil, fmt.Errorf("memory: %q: %w", id, store.ErrNotFound)
	case data == nil:
		return nil, fmt.Errorf("memory: %q: %w", id, store.ErrErased)
	}
	return bytes.Clone(data), nil
}

// Erase implements store.Vault.
func (s *Store) Erase(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	data, ok := s.vault[id]
	if !ok {
		return fmt.Errorf("memory: %q: %w", id, store.ErrNotFound)
	}
	clear(data)
	s.vault[id] = nil
	return nil
}
