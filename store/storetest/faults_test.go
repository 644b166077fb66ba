package storetest_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/storetest"
)

// faulty is a good driver with some verbs replaced.
type faulty struct {
	store.Driver
	commit func(context.Context, store.Act) ([]store.Entry, error)
	latest func(context.Context, string, string) (store.Entry, error)
	head   func(context.Context) (store.Entry, error)
	scan   func(context.Context, string, string) iter.Seq2[store.Entry, error]
	trail  func(context.Context, int64, ...store.Name) iter.Seq2[store.Entry, error]
	close  func() error
}

func (f *faulty) Commit(ctx context.Context, a store.Act) ([]store.Entry, error) {
	if f.commit != nil {
		return f.commit(ctx, a)
	}
	return f.Driver.Commit(ctx, a)
}

func (f *faulty) Latest(ctx context.Context, kind, key string) (store.Entry, error) {
	if f.latest != nil {
		return f.latest(ctx, kind, key)
	}
	return f.Driver.Latest(ctx, kind, key)
}

func (f *faulty) Head(ctx context.Context) (store.Entry, error) {
	if f.head != nil {
		return f.head(ctx)
	}
	return f.Driver.Head(ctx)
}

func (f *faulty) Scan(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
	if f.scan != nil {
		return f.scan(ctx, kind, prefix)
	}
	return f.Driver.Scan(ctx, kind, prefix)
}

func (f *faulty) Trail(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
	if f.trail != nil {
		return f.trail(ctx, after, of...)
	}
	return f.Driver.Trail(ctx, after, of...)
}

func (f *faulty) Close() error {
	if f.close != nil {
		return f.close()
	}
	return f.Driver.Close()
}

// changed is a fault in what is told of each entry.
func changed(change func(*store.Entry)) func(*faulty) {
	each := func(all iter.Seq2[store.Entry, error]) iter.Seq2[store.Entry, error] {
		return func(yield func(store.Entry, error) bool) {
			for e, err := range all {
				change(&e)
				if !yield(e, err) {
					return
				}
			}
		}
	}
	return func(f *faulty) {
		d := f.Driver
		f.latest = func(ctx context.Context, kind, key string) (store.Entry, error) {
			e, err := d.Latest(ctx, kind, key)
			change(&e)
			return e, err
		}
		f.head = func(ctx context.Context) (store.Entry, error) {
			e, err := d.Head(ctx)
			change(&e)
			return e, err
		}
		f.scan = func(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
			return each(d.Scan(ctx, kind, prefix))
		}
		f.trail = func(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
			return each(d.Trail(ctx, after, of...))
		}
	}
}

// plant makes a suite of stores with a fault.
func plant(fault func(*faulty)) storetest.Suite {
	return storetest.Suite{
		Patience: 10 * time.Second,
		Without:  map[string]string{"open again and it is all there": "memory forgets"},
		Place: func() (storetest.Opener, error) {
			return func() (store.Driver, error) {
				f := &faulty{Driver: memory.New()}
				if fault != nil {
					fault(f)
				}
				return f, nil
			}, nil
		},
	}
}

// caught lists the promises that err says were broken.
func caught(err error) []string {
	var out []string
	var walk func(error)
	walk = func(err error) {
		if p, ok := err.(*storetest.PromiseError); ok {
			out = append(out, p.Promise)
			return
		}
		if j, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range j.Unwrap() {
				walk(e)
			}
		}
	}
	walk(err)
	return out
}

func TestAGoodStoreKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	if err := storetest.Check(t.Context(), plant(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestEveryPlantedFaultIsCaught(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := plant(f.fault)
			s.Patience = 2 * time.Second // some of them hang
			if f.promise == writeWhileReading {
				s.Patience /= 4
			}
			broken := caught(storetest.Check(t.Context(), s))
			if !slices.Contains(broken, f.promise) {
				t.Errorf("%q did not notice; those that did: %q", f.promise, broken)
			}
		})
	}
}

func TestAStoreThatForgetsIsCaught(t *testing.T) {
	t.Parallel()
	s := plant(nil)
	s.Without = nil
	if got := caught(storetest.Check(t.Context(), s)); !slices.Equal(got, []string{"open again and it is all there"}) {
		t.Errorf("broken promises: %q", got)
	}
}

func TestAnUnknownSentenceInWithoutIsAnError(t *testing.T) {
	t.Parallel()
	s := plant(nil)
	s.Without = map[string]string{"the chian holds": "a typing error"}
	if err := storetest.Check(t.Context(), s); err == nil || !strings.Contains(err.Error(), "chian") {
		t.Errorf("error: %v", err)
	}
}
