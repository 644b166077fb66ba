package feedtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
)

// reading is what one range over Updates yielded.
type reading struct {
	updates  []feeds.Update
	rejected []*feeds.RecordError
	// behind says that a record came after a rejected one.
	behind bool
	// whole says that the source told all it holds; err is what it ended in.
	whole bool
	err   error
}

// most is more steps than any suite's publisher has.
const most = 1_000_000

// read ranges once over what source tells after since. The second error is a
// break of the rules that hold for every reading.
func read(ctx context.Context, source feeds.Source, since feeds.Cursor) (r reading, broken error) {
	steps := 0
	source.Updates(ctx, since)(func(u feeds.Update, err error) bool {
		if steps++; steps > most {
			broken = fmt.Errorf("does not end: %d steps and more", most)
			return false
		}
		if r.err != nil {
			broken = fmt.Errorf("goes on after its last error (%w)", r.err)
			return false
		}
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			r.rejected = append(r.rejected, bad)
		case err != nil:
			r.err = err
		default:
			r.behind = r.behind || len(r.rejected) > 0 && u.Record.Item != ""
			r.whole = r.whole || u.Whole
			r.updates = append(r.updates, u)
		}
		return true
	})
	return r, broken
}

// told are the newest records of a reading, by item.
func (r reading) told() map[string]feeds.Record {
	out := map[string]feeds.Record{}
	for _, u := range r.updates {
		if u.Record.Item != "" {
			out[u.Record.Item] = u.Record
		}
	}
	return out
}

// next is the cursor a complete reading ends with.
func (r reading) next() feeds.Cursor {
	if len(r.updates) == 0 {
		return ""
	}
	return r.updates[len(r.updates)-1].Next
}

// all reads what the publisher holds from the beginning, without a fault.
func (s Suite) all(ctx context.Context, held fs.FS) (reading, error) {
	return s.from(ctx, s.world(held), "")
}

// from reads from w, which has no fault.
func (s Suite) from(ctx context.Context, w *world, since feeds.Cursor) (reading, error) {
	r, err := read(ctx, s.Open(w.publisher()), since)
	switch {
	case err != nil:
		return r, err
	case r.err != nil:
		return r, fmt.Errorf("reading an honest publisher: %w", r.err)
	case len(r.rejected) > 0:
		return r, fmt.Errorf("reading an honest publisher: %w", r.rejected[0])
	}
	return r, nil
}

// missing lists what have lacks of want, or has in another version.
func missing(have, want map[string]feeds.Record) []string {
	var out []string
	for item, r := range want {
		if h, ok := have[item]; !ok || h.Digest() != r.Digest() {
			out = append(out, item)
		}
	}
	slices.Sort(out)
	return out
}
