package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/store"
)

// promises are those of a store.Driver, in the order they are tested.
var promises = []promise[Opener]{
	{"any bytes round-trip", anyBytes},
	{"missing is ErrNotFound", missing},
	{"entries come in order and only those asked for", order},
	{"the chain holds", chain},
	{"a failed act leaves no trace", noTrace},
	{"of two writers one wins and none is lost", writers},
	{"acts on different records do not conflict", strangers},
	{"a reader may write while it reads, on one connection", writeWhileReading},
	{"a reader sees one moment", oneMoment},
	{"what is returned is the caller's", callers},
	{"a canceled context ends the work", canceled},
	{"closed means closed", closed},
	{"open again and it is all there", reopened},
}

func anyBytes(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		var head store.Entry
		for i, a := range awkward() {
			want, err := store.Seal(head, a)
			if err != nil {
				return fmt.Errorf("the suite's own act %d: %w", i, err)
			}
			got, err := d.Commit(ctx, a)
			if err != nil {
				return fmt.Errorf("act %d (%s): %w", i, a.Why, err)
			}
			if err := sameEntries(got, want); err != nil {
				return fmt.Errorf("act %d (%s), returned by Commit: %w", i, a.Why, err)
			}
			for _, w := range want {
				e, err := d.Latest(ctx, w.Kind, w.Key)
				if err != nil {
					return fmt.Errorf("act %d (%s), Latest: %w", i, a.Why, err)
				}
				if err := same(e, w); err != nil {
					return fmt.Errorf("act %d (%s), Latest: %w", i, a.Why, err)
				}
				if err := hasLast(d.Scan(ctx, w.Kind, w.Key), w); err != nil {
					return fmt.Errorf("act %d (%s), Scan: %w", i, a.Why, err)
				}
				if err := hasLast(d.Trail(ctx, head.Seq, w.Name), w); err != nil {
					return fmt.Errorf("act %d (%s), Trail: %w", i, a.Why, err)
				}
			}
			head = want[len(want)-1]
			if e, err := d.Head(ctx); err != nil {
				return fmt.Errorf("act %d (%s), Head: %w", i, a.Why, err)
			} else if err := same(e, head); err != nil {
				return fmt.Errorf("act %d (%s), Head: %w", i, a.Why, err)
			}
		}
		return nil
	})
}

func missing(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		if _, err := d.Head(ctx); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("head of an empty ledger: %v", err)
		}
		look := func(when string) error {
			for _, n := range []store.Name{{Kind: "test.note", Key: "absent"}, {Kind: "test.other", Key: "there"}, {Kind: "test.note", Key: "ther"}, {Kind: "test.note", Key: "There"}} {
				if e, err := d.Latest(ctx, n.Kind, n.Key); !errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("%s: Latest of the absent %s: entry %d, error %v", when, n, e.Seq, err)
				}
				if es, err := gather(d.Trail(ctx, 0, n)); err != nil || len(es) != 0 {
					return fmt.Errorf("%s: Trail of the absent %s: %d entries, error %v", when, n, len(es), err)
				}
			}
			if es, err := gather(d.Scan(ctx, "test.other", "")); err != nil || len(es) != 0 {
				return fmt.Errorf("%s: Scan of an absent kind: %d entries, error %v", when, len(es), err)
			}
			return nil
		}
		if err := look("empty"); err != nil {
			return err
		}
		if _, err := d.Commit(ctx, act("put", write("test.note", "there", "1"))); err != nil {
			return err
		}
		return look("not empty")
	})
}

func order(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		// Byte order, and characters that patterns of databases would take for more.
		keys := []string{"b", "B", "a%", "a_", "ab", "a", "aa", "é", "e", "z\U0010ffff", "z", "a\x01", "10", "9"}
		for round := range 3 {
			for i, k := range keys {
				ws := []store.Write{write("test.note", k, fmt.Sprintf("%d/%d", round, i))}
				if i%3 == 0 {
					ws = append(ws, write("test.other", k, "x"))
				}
				if _, err := d.Commit(ctx, act("fill", ws...)); err != nil {
					return err
				}
			}
		}
		// More of two records than is read in one go, turn by turn.
		turns := act("turns")
		for i := range plenty {
			turns.Writes = append(turns.Writes, write("test.note", keys[i%2], fmt.Sprint(i)))
		}
		if _, err := d.Commit(ctx, turns); err != nil {
			return err
		}
		all, err := gather(d.Trail(ctx, 0))
		if err != nil {
			return err
		}
		for i, e := range all {
			if e.Seq != int64(i+1) {
				return fmt.Errorf("trail: entry %d in place %d", e.Seq, i+1)
			}
		}
		if want := 3*(len(keys)+(len(keys)+2)/3) + plenty; len(all) != want {
			return fmt.Errorf("trail: %d entries of %d", len(all), want)
		}
		for _, prefix := range []string{"", "a", "a%", "a_", "z", "é", "none", "B"} {
			last := map[string]store.Entry{}
			for _, e := range all {
				if e.Kind == "test.note" && strings.HasPrefix(e.Key, prefix) {
					last[e.Key] = e
				}
			}
			var want []store.Entry
			for _, e := range last {
				want = append(want, e)
			}
			slices.SortFunc(want, func(a, b store.Entry) int { return strings.Compare(a.Key, b.Key) })
			got, err := gather(d.Scan(ctx, "test.note", prefix))
			if err != nil {
				return fmt.Errorf("scan %q: %w", prefix, err)
			}
			if err := sameEntries(got, want); err != nil {
				return fmt.Errorf("scan %q: %w", prefix, err)
			}
		}
		a, b := store.Name{Kind: "test.note", Key: "a"}, store.Name{Kind: "test.other", Key: "b"}
		first, second := store.Name{Kind: "test.note", Key: keys[0]}, store.Name{Kind: "test.note", Key: keys[1]}
		for _, of := range [][]store.Name{nil, {a}, {a, b}, {second, first}, {b, a, a}, {{Kind: "test.other"}}, {{Kind: "test.other"}, b, a}} {
			for _, after := range []int64{-1, 0, 1, 7, 20, int64(len(all)) - 1, int64(len(all)), int64(len(all)) + 5} {
				var want []store.Entry
				for _, e := range all {
					if e.Seq > after && (len(of) == 0 || slices.Contains(of, e.Name) || slices.Contains(of, store.Name{Kind: e.Kind})) {
						want = append(want, e)
					}
				}
				got, err := gather(d.Trail(ctx, after, of...))
				if err != nil {
					return fmt.Errorf("trail after %d of %v: %w", after, of, err)
				}
				if err := sameEntries(got, want); err != nil {
					return fmt.Errorf("trail after %d of %v: %w", after, of, err)
				}
			}
		}
		return nil
	})
}

func chain(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		l := store.New(d, nil)
		var known []store.Checkpoint
		for i := range 10 {
			a := act("link", write("test.note", "a", fmt.Sprint(i)), write("test.note", fmt.Sprint(i), "x"))
			if _, err := d.Commit(ctx, a); err != nil {
				return err
			}
			c, err := l.Checkpoint(ctx)
			if err != nil {
				return err
			}
			if c.Seq != int64(2*i+2) {
				return fmt.Errorf("head is entry %d after %d writes", c.Seq, 2*i+2)
			}
			known = append(known, c)
		}
		return l.Verify(ctx, known...)
	})
}

func noTrace(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		first, err := commit(ctx, d, act("begin", write("test.note", "a", "1"), write("test.note", "b", "1")))
		if err != nil {
			return err
		}
		stale := act("stale", write("test.note", "c", "1"), write("test.note", "a", "2"))
		stale.Seen = []store.Seen{{Name: first[1].Name, Seq: 2}, {Name: first[0].Name, Seq: 0}}
		future := act("seen before it was", write("test.note", "c", "1"))
		future.Seen = []store.Seen{{Name: first[0].Name, Seq: 99}}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		late := act("bad kind in the second write", write("test.note", "c", "1"), write("Not A Kind", "d", "1"))
		nobody := act("nobody", write("test.note", "c", "1"))
		nobody.Who = ""
		for _, c := range []struct {
			ctx  context.Context
			act  store.Act
			want error
		}{
			{ctx, stale, store.ErrConflict}, {ctx, future, store.ErrConflict}, {gone, act("canceled", write("test.note", "c", "1")), context.Canceled},
			{ctx, late, nil}, {ctx, nobody, nil}, {ctx, act("no writes"), nil},
		} {
			_, err := d.Commit(c.ctx, c.act)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				return fmt.Errorf("act %q: error %v, not %v", c.act.Why, err, c.want)
			}
			got, err := gather(d.Trail(ctx, 0))
			if err != nil {
				return err
			}
			if err := sameEntries(got, first); err != nil {
				return fmt.Errorf("after the failed act %q: %w", c.act.Why, err)
			}
			if _, err := d.Latest(ctx, "test.note", "c"); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("after the failed act %q its record is there: %v", c.act.Why, err)
			}
		}
		next, err := commit(ctx, d, act("go on", write("test.note", "c", "1")))
		if err != nil {
			return fmt.Errorf("a good act after failed ones: %w", err)
		}
		if next[0].Seq != 3 || next[0].Prev != first[1].Hash {
			return errors.New("a good act after failed ones does not follow the last good one")
		}
		return nil
	})
}

func writers(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		// One wins: all saw the same moment.
		const many, each = 8, 10
		n := store.Name{Kind: "test.note", Key: "prize"}
		won := 0
		for _, err := range atOnce(many, func(int) error {
			a := act("win", store.Write{Name: n, Version: 1, Body: []byte("x")})
			a.Seen = []store.Seen{{Name: n}}
			_, err := d.Commit(ctx, a)
			return err
		}) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, store.ErrConflict):
				return fmt.Errorf("a writer that came too late: %w", err)
			}
		}
		if won != 1 {
			return fmt.Errorf("%d of %d writers won", won, many)
		}
		// None is lost: each reads, adds one, and tries until it goes through.
		n.Key = "sum"
		if err := errors.Join(atOnce(many, func(int) error {
			for range each {
				if err := addOne(ctx, d, n); err != nil {
					return err
				}
			}
			return nil
		})...); err != nil {
			return err
		}
		e, err := d.Latest(ctx, n.Kind, n.Key)
		if err != nil {
			return err
		}
		if len(e.Body) != many*each {
			return fmt.Errorf("%d additions left %d", many*each, len(e.Body))
		}
		return store.New(d, nil).Verify(ctx)
	})
}

// addOne makes the record's body one byte longer.
func addOne(ctx context.Context, d store.Driver, n store.Name) error {
	for {
		e, err := d.Latest(ctx, n.Kind, n.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		a := act("add", store.Write{Name: n, Version: 1, Body: append(bytes.Clone(e.Body), '1')})
		a.Seen = []store.Seen{{Name: n, Seq: e.Seq}}
		if _, err = d.Commit(ctx, a); !errors.Is(err, store.ErrConflict) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("conflicts without end: %w", err)
		}
	}
}

func strangers(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		if _, err := d.Commit(ctx, act("begin", write("test.note", "a", "1"), write("test.note", "b", "1"))); err != nil {
			return err
		}
		a := act("one", write("test.note", "a", "2"))
		a.Seen = []store.Seen{{Name: store.Name{Kind: "test.note", Key: "a"}, Seq: 1}}
		b := act("other", write("test.note", "b", "2"))
		b.Seen = []store.Seen{{Name: store.Name{Kind: "test.note", Key: "b"}, Seq: 2}}
		b.At = a.At.Add(-1e9) // began earlier, is kept later
		for _, x := range []store.Act{a, b} {
			if _, err := d.Commit(ctx, x); err != nil {
				return fmt.Errorf("act %q: %w", x.Why, err)
			}
		}
		errs := atOnce(8, func(i int) error {
			n := store.Name{Kind: "test.note", Key: fmt.Sprint("own", i)}
			var at int64
			for range 5 {
				x := act("own", store.Write{Name: n, Version: 1})
				x.Seen = []store.Seen{{Name: n, Seq: at}}
				es, err := commit(ctx, d, x)
				if err != nil {
					return err
				}
				at = es[0].Seq
			}
			return nil
		})
		return errors.Join(append(errs, store.New(d, nil).Verify(ctx))...)
	})
}

// with opens a new place, and closes it again.
func with(place func() (Opener, error), use func(store.Driver) error) error {
	open, err := place()
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	d, err := open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	err = use(d)
	if end := d.Close(); end != nil {
		err = errors.Join(err, fmt.Errorf("close: %w", end))
	}
	return err
}

// atOnce runs f n times side by side.
func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

// commit is d.Commit, which must return an entry a write.
func commit(ctx context.Context, d store.Driver, a store.Act) ([]store.Entry, error) {
	es, err := d.Commit(ctx, a)
	if err == nil && len(es) != len(a.Writes) {
		err = fmt.Errorf("act %q has %d writes, and Commit returned %d entries", a.Why, len(a.Writes), len(es))
	}
	return es, err
}
