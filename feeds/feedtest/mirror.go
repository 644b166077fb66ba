package feedtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

// A Place opens a new, empty mirror. What it needs to be closed and removed is
// its own affair.
type Place func() (feeds.Mirror, error)

var mirrorPromises = []promise[Place]{
	{"any record comes back as it was", recordsComeBack},
	{"keep is one transaction", oneTransaction},
	{"of two writers at one cursor one wins", oneWriterWins},
	{"a batch out of turn is a conflict", turns},
	{"an equal body writes no record row and no change", equalWritesNothing},
	{"a new body with an equal digest is no change", equalDigest},
	{"the newest of a batch stands", newestStands},
	{"what is gone leaves a tombstone and may come back", tombstones},
	{"a failed batch keeps the cursor and is counted", failuresCount},
	{"midway is a cursor that moved in a reading that did not end", midway},
	{"the standing counts and dates", standing},
	{"the quarantine tells what is bad, why and since when", quarantineTells},
	{"what is mended leaves the quarantine", mendedLeaves},
	{"about finds by every coordinate", aboutFinds},
	{"named finds by every id", namedFinds},
	{"items are sorted and without what is gone", itemsSorted},
	{"changes come by growing position", changesGrow},
	{"history tells every change", historyTells},
	{"a reader may write while it reads", writesWhileReading},
	{"a reader may stop early", readerStops},
	{"readers go on during a load and see no half batch", readersGoOn},
	{"sources do not touch each other", sourcesApart},
	{"keeping at once loses nothing", keepingAtOnce},
	{"a cancelled context is context.Canceled", mirrorCanceled},
}

// RunMirror tests a mirror, one subtest a promise. Open makes a new, empty one and
// sees to its end by tb.Cleanup.
func RunMirror(t *testing.T, open func(tb testing.TB) feeds.Mirror) {
	t.Helper()
	for _, p := range mirrorPromises {
		t.Run(p.sentence, func(t *testing.T) {
			t.Parallel()
			place := func() (feeds.Mirror, error) { return open(t), nil }
			if err := p.holds(t.Context(), place); err != nil {
				t.Error(err)
			}
		})
	}
}

// CheckMirror tests a mirror without a *testing.T. Its error joins a
// *PromiseError for each promise broken.
func CheckMirror(ctx context.Context, open Place) error {
	var errs []error
	for _, p := range mirrorPromises {
		if err := p.holds(ctx, open); err != nil {
			errs = append(errs, &PromiseError{p.sentence, err})
		}
	}
	return errors.Join(errs...)
}

// noon is when the suite's batches are read.
var noon = time.Date(2026, 3, 29, 12, 0, 0, 123456000, time.UTC)

// kept is a mirror under test with what was kept in it.
type kept struct {
	feeds.Mirror
	ctx context.Context
	at  time.Time
}

func (open Place) mirror(ctx context.Context) (*kept, error) {
	m, err := open()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return &kept{Mirror: m, ctx: ctx, at: noon}, nil
}

// keep keeps records in a batch of their own that moves the cursor on to next,
// an hour after the last.
func (k *kept) keep(source string, next feeds.Cursor, records ...feeds.Record) error {
	return k.batch(feeds.Batch{Source: source, Next: next, Records: records})
}

// batch keeps b where its source stands, an hour after the last one.
func (k *kept) batch(b feeds.Batch) error {
	st, err := k.Standing(k.ctx, b.Source)
	if err != nil {
		return err
	}
	k.at = k.at.Add(time.Hour)
	b.At, b.From = k.at, st.Cursor
	if b.Failed != "" {
		b.Next = b.From
	}
	return k.Keep(k.ctx, b)
}

// all gathers what a mirror yields.
func all[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var out []T
	var end error
	seq(func(v T, err error) bool {
		if err != nil {
			end = err
			return true
		}
		if end != nil {
			end = fmt.Errorf("goes on after the error %w", end)
			return false
		}
		out = append(out, v)
		return true
	})
	return out, end
}

// keys are the sources and items of records, in order.
func keys(records []feeds.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Source+" "+r.Item)
	}
	return out
}

func record(source, item string, names ...feeds.ID) feeds.Record {
	return feeds.Record{Source: source, Item: item, Names: names, Text: "of " + item}
}

// same compares what a query gave with what it should.
func same[T comparable](what string, got []T, err error, want ...T) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case !slices.Equal(got, want):
		return fmt.Errorf("%s: %v, not %v", what, got, want)
	}
	return nil
}

// named are the keys of the records that name an id.
func (k *kept) named(ids ...feeds.ID) ([]string, error) {
	rs, err := all(k.Named(k.ctx, ids...))
	return keys(rs), err
}

// changes are the changes after a position.
func (k *kept) changes(after int64) ([]feeds.Change, error) {
	return all(k.Changed(k.ctx, after))
}
