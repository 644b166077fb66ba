package feedtest_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store/memory"
)

// flawed is an honest mirror with something wrong in front of it.
type flawed struct {
	feeds.Mirror
	flaw    string
	serial  atomic.Int64
	busy    atomic.Int64
	reading atomic.Int64
	mu      sync.Mutex
	gone    []string
	digests map[string]string
}

func (f *flawed) Keep(ctx context.Context, b feeds.Batch) error {
	b.Records = slices.Clone(b.Records)
	switch f.flaw {
	case "loses the second record":
		if len(b.Records) > 1 {
			b.Records = slices.Delete(b.Records, 1, 2)
		}
	case "ignores From":
		st, err := f.Mirror.Standing(ctx, b.Source)
		if err != nil {
			return err
		}
		if b.From = st.Cursor; b.Failed != "" {
			b.Next = b.From
		}
	case "forgets the cursor":
		if b.Failed == "" {
			b.Next = b.From
		}
	case "lets everyone take a turn":
		b.Turn = 0
	case "counts no failed turn":
		if b.Failed != "" && b.Turn > 0 {
			return nil
		}
	case "takes every new body for a change":
		for i, r := range b.Records {
			if r.Probability != nil {
				b.Records[i].State += time.Duration(f.serial.Add(1)).String()
			}
		}
	case "drops a new body with an equal digest":
		f.mu.Lock()
		b.Records = slices.DeleteFunc(b.Records, func(r feeds.Record) bool { return f.digests[r.Item] == r.Digest() })
		if f.digests == nil {
			f.digests = map[string]string{}
		}
		for _, r := range b.Records {
			f.digests[r.Item] = r.Digest()
		}
		f.mu.Unlock()
	case "mends nothing":
		b.Mended = nil
	case "mends what is bad again":
		b.Rejected = slices.DeleteFunc(slices.Clone(b.Rejected), func(r feeds.Rejected) bool { return slices.Contains(b.Mended, r.Item) })
	case "forgets the digest of what is bad":
		b.Rejected = slices.Clone(b.Rejected)
		for i := range b.Rejected {
			b.Rejected[i].Digest = ""
		}
	case "keeps a batch in halves":
		if half := len(b.Records) / 2; half > 0 && b.Check() == nil {
			part := b
			part.Records, part.Next, part.Done, part.Gone, part.Rejected = b.Records[:half], b.From, false, nil, nil
			if err := f.Mirror.Keep(ctx, part); err != nil {
				return err
			}
			time.Sleep(2 * time.Millisecond)
			b.Records, b.Turn = b.Records[half:], 0
		}
	case "drops tombstones":
		b.Gone = nil
	case "keeps no failure":
		if b.Failed != "" {
			return nil
		}
	case "keeps the good part of a bad batch":
		if b.Check() == nil {
			break
		}
		for _, r := range b.Records {
			if r.Validate() == nil && r.Source == b.Source {
				part := b
				part.Records, part.Failed, part.Rejected, part.Next = []feeds.Record{r}, "", nil, b.From
				_ = f.Mirror.Keep(ctx, part)
			}
		}
	case "writes every body anew":
		for i := range b.Records {
			b.Records[i].State += time.Duration(f.serial.Add(1)).String()
		}
	case "forgets all names but the first":
		for i, r := range b.Records {
			b.Records[i].Names = r.Names[:min(1, len(r.Names))]
		}
	case "ends no reading":
		b.Done = false
	case "lets the first of a batch stand":
		slices.Reverse(b.Records)
	case "forgets the quarantine":
		b.Rejected = nil
	case "cannot be written while it is read":
		if f.reading.Load() > 0 {
			return errors.New("database is locked")
		}
	case "cannot be read while it is written":
		f.busy.Add(1)
		defer f.busy.Add(-1)
		time.Sleep(2 * time.Millisecond)
	case "loses what comes at once":
		defer f.busy.Add(-1)
		if f.busy.Add(1) > 1 {
			b.Records = nil
		}
		time.Sleep(time.Millisecond)
	case "takes one source for another":
		if b.Source == "csaf" && len(b.Gone) > 0 {
			st, _ := f.Mirror.Standing(ctx, "csaf/cisa")
			_ = f.Mirror.Keep(ctx, feeds.Batch{Source: "csaf/cisa", At: b.At, From: st.Cursor, Next: st.Cursor, Gone: b.Gone})
		}
	case "ignores its context":
		ctx = context.WithoutCancel(ctx)
	case "keeps items that are gone":
		f.mu.Lock()
		f.gone = append(f.gone, b.Gone...)
		f.mu.Unlock()
	}
	return f.Mirror.Keep(ctx, b)
}

func (f *flawed) Standing(ctx context.Context, source string) (feeds.Standing, error) {
	st, err := f.Mirror.Standing(ctx, source)
	switch f.flaw {
	case "is always midway":
		st.Midway = true
	case "is never midway":
		st.Midway = false
	case "counts a record too many":
		if st.Records > 0 {
			st.Records++
		}
	}
	return st, err
}

func (f *flawed) Quarantine(ctx context.Context, source string) iter.Seq2[feeds.Rejected, error] {
	seq := f.Mirror.Quarantine(ctx, source)
	switch f.flaw {
	case "sorts no quarantine":
		return reversed(seq)
	case "does not say since when":
		return func(yield func(feeds.Rejected, error) bool) {
			for r, err := range seq {
				r.At = time.Time{}
				if !yield(r, err) {
					return
				}
			}
		}
	}
	return through(f, seq)
}

func (f *flawed) Items(ctx context.Context, source string) iter.Seq2[string, error] {
	seq := f.Mirror.Items(ctx, source)
	switch f.flaw {
	case "sorts nothing":
		return reversed(seq)
	case "keeps items that are gone":
		return func(yield func(string, error) bool) {
			for item, err := range seq {
				if !yield(item, err) {
					return
				}
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, item := range f.gone {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
	return through(f, seq)
}

func (f *flawed) About(ctx context.Context, at ...sbom.Coordinate) iter.Seq2[feeds.Record, error] {
	if f.flaw == "asks for a thousand coordinates" {
		at = at[:min(len(at), 1000)]
	}
	return through(f, f.Mirror.About(ctx, at...))
}

func (f *flawed) Named(ctx context.Context, ids ...feeds.ID) iter.Seq2[feeds.Record, error] {
	if f.flaw == "tells of the first id only" {
		ids = ids[:min(len(ids), 1)]
	}
	return through(f, f.Mirror.Named(ctx, ids...))
}

func (f *flawed) Changed(ctx context.Context, after int64) iter.Seq2[feeds.Change, error] {
	seq := f.Mirror.Changed(ctx, after)
	switch f.flaw {
	case "sorts no changes":
		return reversed(seq)
	case "tells changes from the position on":
		return f.Mirror.Changed(ctx, after-1)
	case "forgets when a record was first":
		return func(yield func(feeds.Change, error) bool) {
			for c, err := range seq {
				c.First = c.At
				if !yield(c, err) {
					return
				}
			}
		}
	}
	return through(f, seq)
}

func (f *flawed) History(ctx context.Context, ids ...feeds.ID) iter.Seq2[feeds.Change, error] {
	seq := f.Mirror.History(ctx, ids...)
	if f.flaw == "tells the last change only" {
		return func(yield func(feeds.Change, error) bool) {
			var last feeds.Change
			for c, err := range seq {
				if err != nil {
					yield(c, err)
					return
				}
				last = c
			}
			if last.Position > 0 {
				yield(last, nil)
			}
		}
	}
	return through(f, seq)
}

// through is what all readings have wrong.
func through[T any](f *flawed, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		f.reading.Add(1)
		defer f.reading.Add(-1)
		if f.flaw == "cannot be read while it is written" && f.busy.Load() > 0 {
			var zero T
			yield(zero, errors.New("database is locked"))
			return
		}
		for v, err := range seq {
			if f.flaw == "ignores its context" && err != nil {
				return
			}
			if !yield(v, err) && f.flaw != "goes on when stopped" {
				return
			}
		}
	}
}

func reversed[T any](seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var all []T
		for v, err := range seq {
			if err != nil {
				yield(v, err)
				return
			}
			all = append(all, v)
		}
		for _, v := range slices.Backward(all) {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func TestAMirrorWithAPlantedFaultIsCaughtByThePromiseItBreaks(t *testing.T) {
	t.Parallel()
	for flaw, promise := range map[string]string{
		"loses the second record":               "any record comes back as it was",
		"keeps the good part of a bad batch":    "keep is one transaction",
		"ignores From":                          "of two writers at one cursor one wins",
		"writes every body anew":                "an equal body writes no record row and no change",
		"lets the first of a batch stand":       "the newest of a batch stands",
		"lets everyone take a turn":             "a batch out of turn is a conflict",
		"counts no failed turn":                 "a batch out of turn is a conflict",
		"takes every new body for a change":     "a new body with an equal digest is no change",
		"drops a new body with an equal digest": "a new body with an equal digest is no change",
		"forgets the digest of what is bad":     "the quarantine tells what is bad, why and since when",
		"does not say since when":               "the quarantine tells what is bad, why and since when",
		"sorts no quarantine":                   "the quarantine tells what is bad, why and since when",
		"mends nothing":                         "what is mended leaves the quarantine",
		"mends what is bad again":               "what is mended leaves the quarantine",
		"keeps a batch in halves":               "readers go on during a load and see no half batch",
		"cannot be read while it is written":    "readers go on during a load and see no half batch",
		"drops tombstones":                      "what is gone leaves a tombstone and may come back",
		"forgets when a record was first":       "what is gone leaves a tombstone and may come back",
		"keeps no failure":                      "a failed batch keeps the cursor and is counted",
		"is always midway":                      "midway is a cursor that moved in a reading that did not end",
		"is never midway":                       "midway is a cursor that moved in a reading that did not end",
		"forgets the cursor":                    "the standing counts and dates",
		"forgets the quarantine":                "the standing counts and dates",
		"counts a record too many":              "the standing counts and dates",
		"ends no reading":                       "the standing counts and dates",
		"asks for a thousand coordinates":       "about finds by every coordinate",
		"forgets all names but the first":       "named finds by every id",
		"tells of the first id only":            "named finds by every id",
		"sorts nothing":                         "items are sorted and without what is gone",
		"keeps items that are gone":             "items are sorted and without what is gone",
		"sorts no changes":                      "changes come by growing position",
		"tells changes from the position on":    "changes come by growing position",
		"tells the last change only":            "history tells every change",
		"cannot be written while it is read":    "a reader may write while it reads",
		"goes on when stopped":                  "a reader may stop early",
		"takes one source for another":          "sources do not touch each other",
		"loses what comes at once":              "keeping at once loses nothing",
		"ignores its context":                   "a cancelled context is context.Canceled",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			open := func() (feeds.Mirror, error) { return &flawed{Mirror: memory.New(), flaw: flaw}, nil }
			err := feedtest.CheckMirrorPromise(t.Context(), promise, open)
			require.Equal(t, []string{promise}, broken(err), "caught: %v", err)
		})
	}
}

func TestAMirrorThatCannotBeOpenedIsBroken(t *testing.T) {
	t.Parallel()
	why := errors.New("no disk")
	require.ErrorIs(t, feedtest.CheckMirror(t.Context(), func() (feeds.Mirror, error) { return nil, why }), why)
}
