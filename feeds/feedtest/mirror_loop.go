package feedtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// ranges are the ways to read much. Each has to yield plenty.
func (k *kept) ranges(at []sbom.Coordinate) map[string]func() iter.Seq2[string, error] {
	return map[string]func() iter.Seq2[string, error]{
		"Items":      func() iter.Seq2[string, error] { return k.Items(k.ctx, "a") },
		"Quarantine": func() iter.Seq2[string, error] { return texts(k.Quarantine(k.ctx, "a")) },
		"About":      func() iter.Seq2[string, error] { return texts(k.About(k.ctx, at...)) },
		"Named":      func() iter.Seq2[string, error] { return texts(k.Named(k.ctx, "CVE-2024-1000")) },
		"Changed":    func() iter.Seq2[string, error] { return texts(k.Changed(k.ctx, 0)) },
		"History":    func() iter.Seq2[string, error] { return texts(k.History(k.ctx, "CVE-2024-1000")) },
	}
}

func texts[T any](seq iter.Seq2[T, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		// Called, not ranged over: a mirror that goes on when stopped must not panic here.
		seq(func(v T, err error) bool { return yield(fmt.Sprint(v), err) })
	}
}

func writesWhileReading(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	at, err := m.fill()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	m.ctx = ctx
	for name, start := range m.ranges(at) {
		n := 0
		for _, err := range start() {
			if err != nil {
				return fmt.Errorf("%s, after %d: %w", name, n, err)
			}
			if n++; n%211 != 1 {
				continue
			}
			if err := m.keep("w", feeds.Cursor(fmt.Sprint(name, n)), record("w", name, "CVE-2024-9999")); err != nil {
				return fmt.Errorf("%s: Keep in the loop: %w", name, err)
			}
			if _, err := m.named("CVE-2024-9999"); err != nil {
				return fmt.Errorf("%s: Named in the loop: %w", name, err)
			}
		}
		if n < plenty {
			return fmt.Errorf("%s yields %d of %d when written to in the loop", name, n, plenty)
		}
	}
	return nil
}

func readerStops(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	at, err := m.fill()
	if err != nil {
		return err
	}
	for name, start := range m.ranges(at) {
		seq := start()
		for _, stop := range []int{1, 2, plenty - 1} {
			n := 0
			seq(func(string, error) bool { n++; return n < stop })
			if n != stop {
				return fmt.Errorf("%s: stopped at %d, it goes on to %d", name, stop, n)
			}
		}
		again, err := all(seq)
		if err != nil || len(again) < plenty {
			return fmt.Errorf("%s: ranged over again it yields %d of %d (%v)", name, len(again), plenty, err)
		}
		// Whoever stopped holds nothing that a writer would wait for.
		if err := m.keep("w", feeds.Cursor(name), record("w", name)); err != nil {
			return err
		}
	}
	return nil
}

func sourcesApart(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	// One source's name begins with the other's, and both use one item.
	if err := errors.Join(m.keep("csaf", "1", record("csaf", "I", "CVE-2024-1001")), m.keep("csaf/cisa", "2", record("csaf/cisa", "I", "CVE-2024-1001"))); err != nil {
		return err
	}
	if err := m.batch(feeds.Batch{Source: "csaf", Next: "3", Gone: []string{"I"}}); err != nil {
		return err
	}
	got, err := m.named("CVE-2024-1001")
	if err := same("an item gone in one source", got, err, "csaf/cisa I"); err != nil {
		return err
	}
	items, err := all(m.Items(ctx, "csaf/cisa"))
	if err := same("items of the other", items, err, "I"); err != nil {
		return err
	}
	st, err := m.Standing(ctx, "csaf/cisa")
	if err != nil || st.Cursor != "2" || st.Records != 1 {
		return fmt.Errorf("the other stands so: %+v (%v)", st, err)
	}
	return nil
}

func keepingAtOnce(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	const sources, batches = 4, 25
	errs := make(chan error, sources+1)
	for s := range sources {
		go func() {
			name := fmt.Sprintf("s%d", s)
			k := &kept{Mirror: m.Mirror, ctx: ctx, at: noon}
			for b := range batches {
				item := fmt.Sprintf("I-%03d", b)
				if err := k.keep(name, feeds.Cursor(item), record(name, item, "CVE-2024-1001")); err != nil {
					errs <- fmt.Errorf("%s, batch %d: %w", name, b, err)
					return
				}
			}
			errs <- nil
		}()
	}
	// A follower of positions never sees one appear below what it has seen.
	done := make(chan struct{})
	seen := map[int64]bool{}
	go func() {
		var top int64
		for {
			last := false
			select {
			case <-done:
				last = true
			default:
			}
			changes, err := m.changes(0)
			for _, c := range changes {
				if !seen[c.Position] && c.Position < top {
					err = errors.Join(err, fmt.Errorf("position %d is seen after position %d", c.Position, top))
				}
				seen[c.Position] = true
			}
			if len(changes) > 0 {
				top = changes[len(changes)-1].Position
			}
			if err != nil || last {
				errs <- err
				return
			}
		}
	}()
	var joined error
	for range sources {
		joined = errors.Join(joined, <-errs)
	}
	close(done)
	if joined = errors.Join(joined, <-errs); joined != nil {
		return joined
	}
	got, err := m.named("CVE-2024-1001")
	if err != nil || len(got) != sources*batches {
		return fmt.Errorf("%d of %d records are there (%v)", len(got), sources*batches, err)
	}
	changes, err := m.changes(0)
	if err != nil || len(changes) != sources*batches {
		return fmt.Errorf("%d of %d changes are told (%v)", len(changes), sources*batches, err)
	}
	return nil
}

func mirrorCanceled(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	at, err := m.fill()
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := m.Keep(ended, feeds.Batch{Source: "a", At: noon, From: "1", Next: "2"}); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("keep: %v", err)
	}
	if _, err := m.Standing(ended, "a"); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("standing: %v", err)
	}
	if st, err := m.Standing(ctx, "a"); err != nil || st.Cursor != "1" {
		return fmt.Errorf("a canceled Keep moved the cursor to %q (%v)", st.Cursor, err)
	}
	before := *m
	m.ctx = ended
	for name, start := range m.ranges(at) {
		if got, err := all(start()); !errors.Is(err, context.Canceled) || len(got) > 0 {
			return fmt.Errorf("%s: %d yielded, and then %v", name, len(got), err)
		}
	}
	for name := range before.ranges(at) {
		amid, cancel := context.WithCancel(ctx)
		m.ctx = amid
		n := 0
		var end error
		m.ranges(at)[name]()(func(_ string, err error) bool {
			n++
			cancel()
			end = err
			return true
		})
		cancel()
		// What was fetched before may still come, in the end the reader is told.
		if !errors.Is(end, context.Canceled) {
			return fmt.Errorf("%s canceled at the first: it ends after %d in %v", name, n, end)
		}
	}
	return nil
}
