package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

const writeWhileReading = "a reader may write while it reads, on one connection"

// faults are ways in which real stores fail, and the promise that must notice.
var faults = []struct {
	name, promise string
	fault         func(*faulty)
}{
	{"loses the last write of an act", "any bytes round-trip", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			if n := len(a.Writes); n > 1 {
				a.Writes = a.Writes[:n-1]
			}
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"forgets an act and says it kept it", "any bytes round-trip", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			head, _ := f.Driver.Head(ctx)
			return store.Seal(head, a)
		}
	}},
	{"tells of the first entry as the latest", "of two writers one wins and none is lost", func(f *faulty) {
		f.latest = func(ctx context.Context, kind, key string) (store.Entry, error) {
			for e, err := range f.Driver.Trail(ctx, 0, store.Name{Kind: kind, Key: key}) {
				return e, err
			}
			return f.Driver.Latest(ctx, kind, key)
		}
	}},
	{"keeps bodies as text", "any bytes round-trip", changed(func(e *store.Entry) { e.Body = bytes.ToValidUTF8(e.Body, []byte("?")) })},
	{"trims bodies", "any bytes round-trip", changed(func(e *store.Entry) { e.Body = bytes.TrimSpace(e.Body) })},
	{"ends bodies at NUL", "any bytes round-trip", changed(func(e *store.Entry) { e.Body, _, _ = bytes.Cut(e.Body, []byte{0}) })},
	{"keeps times as seconds", "any bytes round-trip", changed(func(e *store.Entry) { e.At = e.At.Truncate(time.Second) })},
	{"tells times in a local zone", "any bytes round-trip", changed(func(e *store.Entry) { e.At = e.At.In(time.FixedZone("x", 3600)) })},
	{"drops references", "any bytes round-trip", changed(func(e *store.Entry) { e.Refs = nil })},
	{"drops signatures", "any bytes round-trip", changed(func(e *store.Entry) { e.Signature = nil })},
	{"drops empty signatures", "any bytes round-trip", changed(func(e *store.Entry) {
		if e.Signature != nil && len(e.Signature.Bytes) == 0 {
			e.Signature = nil
		}
	})},
	{"normalizes keys", "any bytes round-trip", changed(func(e *store.Entry) { e.Key = strings.TrimSpace(e.Key) })},
	{"breaks the chain", "the chain holds", changed(func(e *store.Entry) { e.Prev = store.Hash{} })},
	{"numbers acts on its own", "the chain holds", changed(func(e *store.Entry) { e.Act = 1 })},
	{"finds records whatever the case", "missing is ErrNotFound", func(f *faulty) {
		f.latest = func(ctx context.Context, kind, key string) (store.Entry, error) {
			return f.Driver.Latest(ctx, kind, strings.ToLower(key))
		}
	}},
	{"gives a zero entry for what is missing", "missing is ErrNotFound", func(f *faulty) {
		f.latest = func(ctx context.Context, kind, key string) (store.Entry, error) {
			e, err := f.Driver.Latest(ctx, kind, key)
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			return e, err
		}
	}},
	{"gives a zero head for an empty ledger", "missing is ErrNotFound", func(f *faulty) {
		f.head = func(ctx context.Context) (store.Entry, error) {
			e, err := f.Driver.Head(ctx)
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			return e, err
		}
	}},
	{"scans in the order of writing", "entries come in order and only those asked for", func(f *faulty) {
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return sorted(f.Driver.Scan(ctx, kind, prefix), func(a, b store.Entry) int { return int(a.Seq - b.Seq) })
		}
	}},
	{"scans in the order of a language", "entries come in order and only those asked for", func(f *faulty) {
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return sorted(f.Driver.Scan(ctx, kind, prefix), func(a, b store.Entry) int {
				return strings.Compare(strings.ToLower(a.Key), strings.ToLower(b.Key))
			})
		}
	}},
	{"takes a prefix for a pattern", "entries come in order and only those asked for", func(f *faulty) {
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return f.Driver.Scan(ctx, kind, strings.TrimRight(prefix, "%_"))
		}
	}},
	{"begins a trail one too early", "entries come in order and only those asked for", func(f *faulty) {
		f.trail = func(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
			return f.Driver.Trail(ctx, after-1, of...)
		}
	}},
	{"tells a trail of all", "entries come in order and only those asked for", func(f *faulty) {
		f.trail = func(ctx context.Context, after int64, _ ...store.Name) iter.Seq2[store.Entry, error] {
			return f.Driver.Trail(ctx, after)
		}
	}},
	{"tells of named records one after another", "entries come in order and only those asked for", func(f *faulty) {
		f.trail = func(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
			if len(of) < 2 {
				return f.Driver.Trail(ctx, after, of...)
			}
			return func(yield func(store.Entry, error) bool) {
				for _, n := range of {
					for e, err := range f.Driver.Trail(ctx, after, n) {
						if !yield(e, err) {
							return
						}
					}
				}
			}
		}
	}},
	{"ignores what was seen", "of two writers one wins and none is lost", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			a.Seen = nil
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"looks first and writes later", "of two writers one wins and none is lost", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			for _, s := range a.Seen {
				if e, _ := f.Driver.Latest(ctx, s.Kind, s.Key); e.Seq != s.Seq {
					return nil, store.ErrConflict
				}
			}
			time.Sleep(time.Millisecond)
			a.Seen = nil
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"calls every stale look not found", "of two writers one wins and none is lost", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			es, err := f.Driver.Commit(ctx, a)
			if errors.Is(err, store.ErrConflict) {
				err = store.ErrNotFound
			}
			return es, err
		}
	}},
	{"leaves rows of a failed act", "a failed act leaves no trace", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			es, err := f.Driver.Commit(ctx, a)
			if err != nil && len(a.Writes) > 0 {
				a.Seen, a.Writes = nil, a.Writes[:1]
				f.Driver.Commit(context.WithoutCancel(ctx), a)
			}
			return es, err
		}
	}},
	{"burns numbers of failed acts", "a failed act leaves no trace", func(f *faulty) {
		var gap atomic.Int64
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			es, err := f.Driver.Commit(ctx, a)
			if err != nil {
				gap.Add(1)
			}
			for i := range es {
				es[i].Seq += gap.Load()
			}
			return es, err
		}
	}},
	{"takes an act of nobody", "a failed act leaves no trace", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			if a.Who == "" {
				return nil, nil
			}
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"conflicts whenever anything happened", "acts on different records do not conflict", func(f *faulty) {
		var mu sync.Mutex
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			head, _ := f.Driver.Head(ctx)
			for _, s := range a.Seen {
				if s.Seq != 0 && s.Seq < head.Seq {
					return nil, store.ErrConflict
				}
			}
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"refuses an act that began earlier", "acts on different records do not conflict", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			if head, err := f.Driver.Head(ctx); err == nil && a.At.Before(head.At) {
				return nil, store.ErrConflict
			}
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"holds its lock while the reader thinks", writeWhileReading, func(f *faulty) {
		var mu sync.RWMutex
		held := func(all iter.Seq2[store.Entry, error]) iter.Seq2[store.Entry, error] {
			return func(yield func(store.Entry, error) bool) {
				mu.RLock()
				defer mu.RUnlock()
				for e, err := range all {
					if !yield(e, err) {
						return
					}
				}
			}
		}
		f.trail = func(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
			return held(f.Driver.Trail(ctx, after, of...))
		}
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			return f.Driver.Commit(ctx, a)
		}
	}},
	{"reads on as others write", "a reader sees one moment", func(f *faulty) {
		f.trail = func(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
			return func(yield func(store.Entry, error) bool) {
				for more := true; more; {
					more = false
					for e, err := range f.Driver.Trail(ctx, after, of...) {
						if !yield(e, err) || err != nil {
							return
						}
						after, more = e.Seq, true
					}
				}
			}
		}
	}},
	{"tells of the moment it was asked", "a reader sees one moment", func(f *faulty) {
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return sorted(f.Driver.Scan(ctx, kind, prefix), nil)
		}
	}},
	{"skips what changed meanwhile", "a reader sees one moment", func(f *faulty) {
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return func(yield func(store.Entry, error) bool) {
				for e, err := range f.Driver.Scan(ctx, kind, prefix) {
					if now, _ := f.Driver.Latest(ctx, kind, e.Key); err == nil && now.Seq != e.Seq {
						continue
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}
	}},
	{"hands out its own memory", "what is returned is the caller's", func(f *faulty) {
		kept := map[string]store.Entry{}
		var mu sync.Mutex
		f.latest = func(ctx context.Context, kind, key string) (store.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			e, ok := kept[kind+key]
			if ok {
				return e, nil
			}
			e, err := f.Driver.Latest(ctx, kind, key)
			if err == nil {
				kept[kind+key] = e
			}
			return e, err
		}
	}},
	{"commits although canceled", "a canceled context ends the work", func(f *faulty) {
		f.commit = func(ctx context.Context, a store.Act) ([]store.Entry, error) {
			return f.Driver.Commit(context.WithoutCancel(ctx), a)
		}
	}},
	{"reads on although canceled", "a canceled context ends the work", func(f *faulty) {
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return f.Driver.Scan(context.WithoutCancel(ctx), kind, prefix)
		}
	}},
	{"says interrupted", "a canceled context ends the work", func(f *faulty) {
		f.head = func(ctx context.Context) (store.Entry, error) {
			e, err := f.Driver.Head(ctx)
			if errors.Is(err, context.Canceled) {
				err = errors.New("interrupted")
			}
			return e, err
		}
	}},
	{"stays open", "closed means closed", func(f *faulty) { f.close = func() error { return nil } }},
	{"cannot be closed twice", "closed means closed", func(f *faulty) {
		n := 0
		f.close = func() error {
			if n++; n > 1 {
				return store.ErrClosed
			}
			return f.Driver.Close()
		}
	}},
	{"is empty once closed", "closed means closed", func(f *faulty) {
		f.trail = func(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
			return func(yield func(store.Entry, error) bool) {
				for e, err := range f.Driver.Trail(ctx, after, of...) {
					if errors.Is(err, store.ErrClosed) || !yield(e, err) {
						return
					}
				}
			}
		}
	}},
}

// sorted gathers at once, not at the range, and sorts if less is given.
func sorted(all iter.Seq2[store.Entry, error], less func(a, b store.Entry) int) iter.Seq2[store.Entry, error] {
	type pair struct {
		e   store.Entry
		err error
	}
	var ps []pair
	for e, err := range all {
		ps = append(ps, pair{e, err})
	}
	if less != nil {
		slices.SortStableFunc(ps, func(a, b pair) int { return less(a.e, b.e) })
	}
	return func(yield func(store.Entry, error) bool) {
		for _, p := range ps {
			if !yield(p.e, p.err) {
				return
			}
		}
	}
}
