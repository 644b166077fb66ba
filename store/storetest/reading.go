package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/open-postmarket/postmarket/store"
)

// plenty is more than a driver would read in one go.
const plenty = 1200

// fill commits plenty of records, a few acts.
func fill(ctx context.Context, d store.Driver) error {
	for i := 0; i < plenty; i += 100 {
		a := act("fill")
		for j := range 100 {
			a.Writes = append(a.Writes, write("test.note", fmt.Sprintf("k%05d", i+j), "1"))
		}
		if _, err := d.Commit(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// readings are the two ways to read much.
func readings(ctx context.Context, d store.Driver) map[string]iter.Seq2[store.Entry, error] {
	return map[string]iter.Seq2[store.Entry, error]{
		"Scan":          d.Scan(ctx, "test.note", ""),
		"Trail":         d.Trail(ctx, 0),
		"Trail of kind": d.Trail(ctx, 0, store.Name{Kind: "test.note"}),
	}
}

func writeWhileReading(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		if err := fill(ctx, d); err != nil {
			return err
		}
		for name, all := range readings(ctx, d) {
			n := 0
			for e, err := range all {
				if err != nil {
					return fmt.Errorf("%s, after %d entries: %w", name, n, err)
				}
				if n++; n%97 != 1 {
					continue
				}
				if _, err := d.Latest(ctx, e.Kind, e.Key); err != nil {
					return fmt.Errorf("%s: Latest in the loop: %w", name, err)
				}
				if _, err := d.Commit(ctx, act("in the loop", write("test.log", name, fmt.Sprint(n)))); err != nil {
					return fmt.Errorf("%s: Commit in the loop: %w", name, err)
				}
			}
			if n < plenty {
				return fmt.Errorf("%s: %d entries of %d", name, n, plenty)
			}
		}
		return nil
	})
}

func oneMoment(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		if err := fill(ctx, d); err != nil {
			return err
		}
		for name, all := range readings(ctx, d) {
			// The moment is that of the range, not that of the call.
			made, err := commit(ctx, d, act("before", write("test.note", "k00003", "before "+name)))
			if err != nil {
				return err
			}
			head := made[0].Seq
			n, newest, last := 0, false, false
			for e, err := range all {
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if n++; n == 2 {
					// One record that is yet to come changes, one is new.
					if _, err := d.Commit(ctx, act("meanwhile",
						write("test.note", "k00999", "meanwhile"), write("test.note", "k01000a", "new"))); err != nil {
						return err
					}
				}
				if e.Seq > head {
					return fmt.Errorf("%s told of entry %d, written after it began at %d", name, e.Seq, head)
				}
				newest = newest || e.Seq == head
				last = last || e.Key == "k00999"
			}
			if !newest {
				return fmt.Errorf("%s did not tell of an entry written before it began", name)
			}
			if !last {
				return fmt.Errorf("%s lost a record because it changed meanwhile", name)
			}
		}
		// Stopping early is fine, and each range starts anew.
		all := d.Trail(ctx, 0)
		for range 2 {
			n := 0
			for e, err := range all {
				if err != nil {
					return err
				}
				if n++; e.Seq != int64(n) {
					return fmt.Errorf("a second range began at entry %d", e.Seq)
				}
				if n == 3 {
					break
				}
			}
		}
		return nil
	})
}

func callers(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		a := act("keep", write("test.note", "a", "body"))
		a.Writes[0].Refs = []store.Ref{{System: "qms", ID: "C-1"}}
		a.Signature = &store.Signature{KeyID: "k", Algorithm: "test", Bytes: []byte("sig")}
		want, err := store.Seal(store.Entry{}, a)
		if err != nil {
			return err
		}
		spoil := func(e store.Entry) {
			for i := range e.Body {
				e.Body[i] = 'X'
			}
			for i := range e.Refs {
				e.Refs[i].ID = "X"
			}
			if e.Signature != nil {
				e.Signature.KeyID = "X"
				clear(e.Signature.Bytes)
			}
		}
		made, err := commit(ctx, d, a)
		if err != nil {
			return err
		}
		a.Writes[0].Body[0], a.Writes[0].Refs[0].ID, a.Signature.Bytes[0] = 'X', "X", 'X'
		spoil(made[0])
		look := map[string]func() (store.Entry, error){
			"Latest": func() (store.Entry, error) { return d.Latest(ctx, "test.note", "a") },
			"Head":   func() (store.Entry, error) { return d.Head(ctx) },
			"Scan":   func() (store.Entry, error) { return only(d.Scan(ctx, "test.note", "")) },
			"Trail":  func() (store.Entry, error) { return only(d.Trail(ctx, 0)) },
		}
		for name, get := range look {
			for range 2 {
				e, err := get()
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if err := same(e, want[0]); err != nil {
					return fmt.Errorf("%s, after a caller changed what was his: %w", name, err)
				}
				spoil(e)
			}
		}
		return nil
	})
}

func canceled(ctx context.Context, place func() (Opener, error)) error {
	return with(place, func(d store.Driver) error {
		if err := fill(ctx, d); err != nil {
			return err
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		for name, err := range verbs(gone, d) {
			if !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %v, which is not context.Canceled", name, err)
			}
		}
		for name := range readings(ctx, d) {
			mid, cancel := context.WithCancel(ctx)
			n := 0
			var end error
			for _, err := range readings(mid, d)[name] {
				if err != nil {
					end = err
					break
				}
				n++
				cancel()
			}
			cancel()
			if !errors.Is(end, context.Canceled) {
				return fmt.Errorf("%s, canceled after one entry: went on for %d, error %v", name, n, end)
			}
		}
		if _, err := d.Commit(ctx, act("go on", write("test.note", "z", "1"))); err != nil {
			return fmt.Errorf("commit after canceled work: %w", err)
		}
		return nil
	})
}

// verbs tries everything a driver can do once.
func verbs(ctx context.Context, d store.Driver) map[string]error {
	errs := map[string]error{}
	_, errs["Commit"] = d.Commit(ctx, act("try", write("test.note", "k00001", "2")))
	_, errs["Latest"] = d.Latest(ctx, "test.note", "k00001")
	_, errs["Latest of the absent"] = d.Latest(ctx, "test.note", "absent")
	_, errs["Head"] = d.Head(ctx)
	for name, all := range readings(ctx, d) {
		_, errs[name] = gather(all)
	}
	_, errs["Trail of none"] = gather(d.Trail(ctx, 1<<40))
	return errs
}

func closed(ctx context.Context, place func() (Opener, error)) error {
	open, err := place()
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	d, err := open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := fill(ctx, d); err != nil {
		return err
	}
	before := d.Trail(ctx, 0)
	if err := d.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	for name, err := range verbs(ctx, d) {
		if !errors.Is(err, store.ErrClosed) {
			return fmt.Errorf("%s of a closed store: %v, which is not ErrClosed", name, err)
		}
	}
	if _, err := gather(before); !errors.Is(err, store.ErrClosed) {
		return fmt.Errorf("a reading begun after Close: %v, which is not ErrClosed", err)
	}
	if err := d.Close(); err != nil {
		return fmt.Errorf("a second Close: %w", err)
	}
	return nil
}

func reopened(ctx context.Context, place func() (Opener, error)) error {
	open, err := place()
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	var want []store.Entry
	for round := range 3 {
		d, err := open()
		if err != nil {
			return fmt.Errorf("open, time %d: %w", round+1, err)
		}
		got, err := gather(d.Trail(ctx, 0))
		if err == nil {
			err = sameEntries(got, want)
		}
		if err != nil {
			d.Close()
			return fmt.Errorf("opened again, time %d: %w", round, err)
		}
		for _, a := range awkward() {
			made, err := commit(ctx, d, a)
			if err != nil {
				d.Close()
				return err
			}
			want = append(want, made...)
		}
		if err := store.New(d, nil).Verify(ctx); err != nil {
			d.Close()
			return err
		}
		if err := d.Close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	return nil
}

// gather reads to the end.
func gather(all iter.Seq2[store.Entry, error]) ([]store.Entry, error) {
	var es []store.Entry
	var end error
	for e, err := range all {
		if end != nil {
			return es, fmt.Errorf("something came after the error %w", end)
		}
		if err != nil {
			end = err
			continue
		}
		es = append(es, e)
	}
	return es, end
}

// only is the one entry of all.
func only(all iter.Seq2[store.Entry, error]) (store.Entry, error) {
	es, err := gather(all)
	if err == nil && len(es) != 1 {
		err = fmt.Errorf("%d entries, not one", len(es))
	}
	if err != nil {
		return store.Entry{}, err
	}
	return es[0], nil
}

// hasLast wants w among all, as the last of its record.
func hasLast(all iter.Seq2[store.Entry, error], w store.Entry) error {
	es, err := gather(all)
	if err != nil {
		return err
	}
	for i := len(es) - 1; i >= 0; i-- {
		if es[i].Name == w.Name {
			return same(es[i], w)
		}
	}
	var keys []string
	for _, e := range es {
		keys = append(keys, e.Name.String())
	}
	return fmt.Errorf("no %s among %s", w.Name, strings.Join(keys, ", "))
}
