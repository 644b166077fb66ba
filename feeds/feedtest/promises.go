package feedtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/golden"
)

func nameIsStable(ctx context.Context, s Suite) error {
	if err := feeds.CheckName(s.Name); err != nil {
		return err
	}
	source := s.Open(s.world(s.Before).publisher())
	is := func(when, name string) error {
		if name != s.Name {
			return fmt.Errorf("%s it is %q, not %q", when, name, s.Name)
		}
		return nil
	}
	if err := is("of a new source", source.Name()); err != nil {
		return err
	}
	var amid error
	source.Updates(ctx, "")(func(u feeds.Update, _ error) bool {
		amid = is("amid a reading", source.Name())
		if u.Record.Item != "" {
			amid = errors.Join(amid, is("in record "+u.Record.Item, u.Record.Source), u.Record.Validate())
		}
		return amid == nil
	})
	again := s.Open(s.world(s.After).publisher())
	errs := []error{amid, is("after a reading", source.Name()), is("of another new source", again.Name())}
	if s.Bad != nil {
		r, _ := read(ctx, s.Open(s.world(s.Bad).publisher()), "")
		for _, bad := range r.rejected {
			errs = append(errs, is(fmt.Sprintf("in the *feeds.RecordError of %q", bad.Item), bad.Source))
		}
	}
	return errors.Join(errs...)
}

// manyNexts is how many cursors of one reading are gone on from.
const manyNexts = 100

func nothingMissed(ctx context.Context, s Suite) error {
	before, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	after, err := s.all(ctx, s.After)
	if err != nil {
		return err
	}
	if n := len(before.told()); n < 3 {
		return fmt.Errorf("the suite's Before tells %d records: too few to show anything", n)
	}
	for _, held := range []struct {
		what string
		s    reading
		w    *world
	}{{"the same", before, s.world(s.Before)}, {"After", after, s.world(s.After)}} {
		for _, garbage := range []feeds.Cursor{"", "\x00 no cursor of yours", "{}", "-1"} {
			r, err := s.from(ctx, held.w, garbage)
			if err != nil {
				return fmt.Errorf("from the cursor %q: %w", garbage, err)
			}
			if lost := missing(r.told(), held.s.told()); len(lost) > 0 {
				return fmt.Errorf("from the cursor %q, which means from the beginning, %v are missing", garbage, lost)
			}
			if r.whole && len(r.told()) < len(held.s.told()) {
				return fmt.Errorf("from the cursor %q it is said to be Whole and is not", garbage)
			}
		}
		seen := map[feeds.Cursor]bool{}
		kept := map[string]feeds.Record{}
		for i, u := range before.updates {
			if u.Record.Item != "" {
				kept[u.Record.Item] = u.Record
			}
			if seen[u.Next] || len(seen) > manyNexts {
				continue
			}
			seen[u.Next] = true
			r, err := s.from(ctx, held.w, u.Next)
			if err != nil {
				return fmt.Errorf("from step %d, cursor %q: %w", i+1, u.Next, err)
			}
			have := maps.Clone(kept)
			maps.Copy(have, r.told())
			if lost := missing(have, held.s.told()); len(lost) > 0 {
				return fmt.Errorf("gone on from step %d of %d, cursor %q, when the publisher holds %s: %v are missing",
					i+1, len(before.updates), u.Next, held.what, lost)
			}
			if last := u.Next == before.next(); last && r.whole && len(r.told()) < len(held.s.told()) {
				return fmt.Errorf("from the last cursor %q it is said to be Whole and tells %d of %d", u.Next, len(r.told()), len(held.s.told()))
			}
		}
	}
	return nil
}

func changedComesAgain(ctx context.Context, s Suite) error {
	w := s.world(s.Before)
	source := s.Open(w.publisher())
	before, err := read(ctx, source, "")
	if err = errors.Join(err, before.err); err != nil {
		return err
	}
	after, err := s.all(ctx, s.After)
	if err != nil {
		return err
	}
	was, is := before.told(), after.told()
	old := 0
	for item, r := range is {
		if h, ok := was[item]; ok && h.Digest() != r.Digest() && item != lastItem(before) {
			old++
		}
	}
	if old == 0 {
		return errors.New("the suite's After changes no record of Before but the last")
	}
	w.turn(s.After, fault{})
	// The source that read before, and one that was started anew.
	for i, source := range []feeds.Source{source, s.Open(w.publisher())} {
		r, err := read(ctx, source, before.next())
		if err = errors.Join(err, r.err); err != nil {
			return err
		}
		have := maps.Clone(was)
		maps.Copy(have, r.told())
		if lost := missing(have, is); len(lost) > 0 {
			return fmt.Errorf("reading %d from %q: %v changed or are new and do not come", i+1, before.next(), lost)
		}
		for item := range was {
			if _, ok := is[item]; !ok && !r.whole {
				return fmt.Errorf("reading %d: %s is gone, and nothing says so: no Whole", i+1, item)
			}
		}
	}
	return nil
}

func lastItem(r reading) string {
	for _, u := range slices.Backward(r.updates) {
		if u.Record.Item != "" {
			return u.Record.Item
		}
	}
	return ""
}

func mayStopEarly(ctx context.Context, s Suite) error {
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	for stop := 1; stop <= min(len(full.updates), 20); stop++ {
		w := s.world(s.Before)
		updates := s.Open(w.publisher()).Updates(ctx, "")
		if n := len(w.requests()); n > 0 {
			return fmt.Errorf("%d requests were made before the first range", n)
		}
		steps := 0
		updates(func(feeds.Update, error) bool { steps++; return steps < stop })
		if steps > stop {
			return fmt.Errorf("stopped at step %d, it goes on to step %d", stop, steps)
		}
		if err := w.left(); err != nil {
			return fmt.Errorf("stopped at step %d: %w", stop, err)
		}
		var again reading
		updates(func(u feeds.Update, err error) bool {
			again.updates, again.err = append(again.updates, u), err
			return err == nil
		})
		if again.err != nil {
			return fmt.Errorf("stopped at step %d and ranged over again: %w", stop, again.err)
		}
		if lost := missing(again.told(), full.told()); len(lost) > 0 {
			return fmt.Errorf("stopped at step %d and ranged over again, it does not start anew: %v are missing", stop, lost)
		}
		if err := w.left(); err != nil {
			return fmt.Errorf("read to the end: %w", err)
		}
	}
	return nil
}

func badHidesNothing(ctx context.Context, s Suite) error {
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	r, err := read(ctx, s.Open(s.world(s.Bad).publisher()), "")
	if err != nil {
		return err
	}
	if r.err != nil {
		return fmt.Errorf("the reading ends: %w", r.err)
	}
	want := full.told()
	for _, item := range s.Damaged {
		if _, ok := want[item]; !ok {
			return fmt.Errorf("the suite's Damaged names %s, which Before does not tell", item)
		}
		delete(want, item)
		if _, ok := r.told()[item]; ok {
			return fmt.Errorf("%s is damaged and told as if it were not", item)
		}
	}
	if lost := missing(r.told(), want); len(lost) > 0 {
		return fmt.Errorf("%v are sound and do not come", lost)
	}
	if len(r.rejected) < len(s.Damaged) {
		return fmt.Errorf("%d records are damaged, and %d *feeds.RecordError tell of it", len(s.Damaged), len(r.rejected))
	}
	if !r.behind {
		return errors.New("no record comes after the bad one: the suite damages the last, or they are held back")
	}
	for _, bad := range r.rejected {
		if bad.Item == "" || bad.Err == nil {
			return fmt.Errorf("%#v says not which record is bad, or not why", bad)
		}
	}
	return nil
}

func canceledEnds(ctx context.Context, s Suite) error {
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	for stop := range min(len(full.updates)-1, 5) {
		w := s.world(s.Before)
		ctx, cancel := context.WithCancel(ctx)
		if stop == 0 {
			cancel()
		}
		steps, late := 0, 0
		var end error
		s.Open(w.publisher()).Updates(ctx, "")(func(u feeds.Update, err error) bool {
			if steps++; steps > stop && err == nil {
				late++
			}
			if steps == stop {
				cancel()
			}
			end = err
			return true
		})
		cancel()
		switch {
		case !errors.Is(end, context.Canceled):
			return fmt.Errorf("canceled at step %d: it ends in %v, not in context.Canceled, %d steps later", stop, end, late)
		case late > 1:
			return fmt.Errorf("canceled at step %d: %d more steps come", stop, late)
		}
		if err := w.left(); err != nil {
			return fmt.Errorf("canceled at step %d: %w", stop, err)
		}
	}
	if s.URL == "" {
		return nil
	}
	return s.canceledWaiting(ctx)
}

// canceledWaiting cancels while the publisher does not answer, and while the
// source waits to ask again.
func (s Suite) canceledWaiting(ctx context.Context) error {
	for what, f := range map[string]fault{
		"while the publisher does not answer": {hang: true},
		"while it waits to ask again": {answer: func(int) (int, http.Header, error) {
			return 503, http.Header{"Retry-After": {"60"}}, nil
		}},
	} {
		w := s.world(s.Before)
		w.turn(s.Before, f)
		ctx, cancel := context.WithTimeoutCause(ctx, time.Second, errors.New("the suite's patience"))
		start := time.Now()
		r, err := read(ctx, s.Open(w.publisher()), "")
		cancel()
		switch {
		case err != nil:
			return err
		case r.err == nil:
			return fmt.Errorf("%s: it ends without an error", what)
		case w.stray:
			return fmt.Errorf("%s: the request is not made with the context", what)
		case time.Since(start) > 10*time.Second:
			return fmt.Errorf("%s: it ends %v later", what, time.Since(start))
		}
	}
	return nil
}

// readings numbers what noGoroutineLeft looks for.
var readings atomic.Int64

func noGoroutineLeft(ctx context.Context, s Suite) error {
	const key = "feedtest-reading"
	label := strconv.FormatInt(readings.Add(1), 10)
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	pprof.Do(ctx, pprof.Labels(key, label), func(ctx context.Context) {
		_, _ = read(ctx, s.Open(s.world(s.Before).publisher()), "")
		for stop := 1; stop <= min(len(full.updates), 3); stop++ {
			steps := 0
			s.Open(s.world(s.Before).publisher()).Updates(ctx, "")(func(feeds.Update, error) bool { steps++; return steps < stop })
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, _ = read(ended, s.Open(s.world(s.Before).publisher()), "")
		failing := s.world(s.Before)
		failing.turn(s.Before, fault{body: func(sent []byte) (io.Reader, int, error) { return bytes.NewReader(sent[:len(sent)/2]), -1, errCut }})
		_, _ = read(ctx, s.Open(failing.publisher()), "")
	})
	// What was started has a moment to end.
	var left string
	for range 50 {
		if left = labeled(key, label); left == "" {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("still there half a second later:\n%s", left)
}

// labeled returns the stacks of the goroutines that were started, at any depth,
// under a label.
func labeled(key, value string) string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		return err.Error()
	}
	var out []string
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, strconv.Quote(key)+":"+strconv.Quote(value)) {
			out = append(out, stack)
		}
	}
	return strings.Join(out, "\n\n")
}

func goldenMatches(ctx context.Context, s Suite) error {
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, u := range full.updates {
		if u.Record.Item == "" {
			continue
		}
		text, err := json.MarshalIndent(u.Record, "", "\t")
		if err != nil {
			return err
		}
		out.Write(append(text, '\n'))
	}
	return golden.Check(out.Bytes(), s.Golden)
}
