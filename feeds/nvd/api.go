package nvd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// pageBytes bounds a page: 2,000 records have about 10 MB.
const pageBytes = 64 << 20

// restarts is how often in one reading a window is read again from its beginning
// because its pages did not fit together.
const restarts = 3

// api reads from the API, after the year files if there are any to read.
func (f *Feed) api(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		address := f.opts.From
		if address == "" {
			address = Publisher
		}
		r := reading{Feed: f, ctx: ctx, yield: yield, at: known(since, address), size: maxPage}
		if f.opts.Bootstrap != "" && r.at.From.IsZero() && r.at.Index == 0 {
			if !r.shelved(f.shelf(f.opts.Bootstrap)) {
				return
			}
			r.at = cursor{Version: version, URL: address, From: r.at.Since.Add(-lap)}
			if !r.step() {
				return
			}
		}
		r.at.Years, r.at.Since = nil, time.Time{}
		r.whole = r.at.begins()
		r.windows()
	}
}

// reading is one range over Updates. Its methods that return a bool report whether to go on.
type reading struct {
	*Feed
	ctx   context.Context
	yield func(feeds.Update, error) bool
	// at is the last safe place.
	at cursor
	// whole says that the listing is told from its beginning to its end.
	whole          bool
	told, rejected int
	// size is how many records the publisher sends at once, when it cannot send as
	// many as it is asked for.
	size int
}

func (r *reading) fail(err error) bool {
	r.yield(feeds.Update{}, fmt.Errorf("%s: %w", Name, err))
	return false
}

// step tells that all before r.at was told.
func (r *reading) step() bool { return r.yield(feeds.Update{Next: r.at.text()}, nil) }

// windows reads one window after the other, up to the publisher's present.
func (r *reading) windows() {
	for {
		listing := r.at.From.IsZero()
		if !r.window() {
			return
		}
		if listing && r.told == 0 && r.whole {
			err := feeds.ErrNothing
			if r.rejected > 0 {
				err = fmt.Errorf("%w: %d rejected", err, r.rejected)
			}
			r.fail(fmt.Errorf("%q: %w", r.at.URL, err))
			return
		}
		next, more := r.at.next()
		r.at = next
		if !more {
			r.yield(feeds.Update{Next: r.at.text(), Whole: r.whole}, nil)
			return
		}
		if !r.step() {
			return
		}
	}
}

// window reads the pages of the window at r.at, to its end.
//
// Pages are asked for by their place, and places move: a record that is modified
// while a window is read leaves it, and all behind it move up by one, over the
// edge between two pages. So each page begins a little before the place to go on
// from, and has to hold the record that was told last: what follows that record is
// what was not told yet, wherever it stands now. When that record is not there,
// the window is read again.
func (r *reading) window() bool {
	for again := 0; ; {
		start := max(0, r.at.Index-overlap(min(r.opts.PerPage, r.size)))
		p, err := r.page(start)
		if err != nil {
			return r.fail(fmt.Errorf("%s: %w", r.at, err))
		}
		first, fits := 0, r.at.Index == 0
		for i, e := range p.elements {
			if !fits && e.key == r.at.Last {
				first, fits = i+1, true
			}
		}
		if !fits {
			if again++; again > restarts {
				return r.fail(fmt.Errorf("%s: %d times its pages did not fit together: it changes faster than it can be read", r.at, again))
			}
			// It is read anew, and what it tells then is all there is.
			r.whole = r.whole || r.at.From.IsZero()
			r.at = r.at.again()
			if !r.step() {
				return false
			}
			continue
		}
		end := start + len(p.elements)
		fresh := len(p.elements) - first
		if fresh == 0 && (end > r.at.Index && p.total <= r.at.Total || end <= r.at.Index && end < p.total) {
			return r.fail(fmt.Errorf("%s: a page of it tells only what was told before", r.at))
		}
		if !r.tell(p.elements[first:]) {
			return false
		}
		if r.at.Index == 0 {
			r.at.Begun = p.at
		}
		r.at.Index, r.at.Total = end, p.total
		if len(p.elements) > 0 {
			r.at.Last = p.elements[len(p.elements)-1].key
		}
		if end >= p.total {
			return true
		}
		r.size = len(p.elements)
		if !r.step() {
			return false
		}
	}
}

// overlap is by how many records a page begins before the place to go on from: so many
// may leave a window between two of its pages.
func overlap(perPage int) int { return max(1, min(50, perPage/2)) }

// tell tells the records of a page. Until its end it is safe only to go on from its beginning.
func (r *reading) tell(elements []told) bool {
	for _, e := range elements {
		if err := r.ctx.Err(); err != nil {
			return r.fail(err)
		}
		if e.err != nil {
			r.rejected++
		} else {
			r.told++
		}
		if !r.yield(feeds.Update{Record: e.record, Next: r.at.text()}, e.err) {
			return false
		}
	}
	if err := r.ctx.Err(); err != nil {
		return r.fail(err)
	}
	return true
}

// page is one page of a window.
type page struct {
	total    int
	at       time.Time
	elements []told
}

// told is one record of a page, or what is wrong with it. Its key knows it again.
type told struct {
	key    string
	record feeds.Record
	err    error
}

// page asks for the page that begins at start.
func (r *reading) page(start int) (page, error) {
	u, err := url.Parse(r.at.URL)
	if err != nil {
		return page{}, err
	}
	q := u.Query()
	q.Set("startIndex", strconv.Itoa(start))
	q.Set("resultsPerPage", strconv.Itoa(r.opts.PerPage))
	if !r.at.From.IsZero() {
		const layout = "2006-01-02T15:04:05.000Z"
		q.Set("lastModStartDate", r.at.From.UTC().Format(layout))
		q.Set("lastModEndDate", r.at.to().UTC().Format(layout))
	}
	u.RawQuery = q.Encode()
	opts := r.request(pageBytes)
	opts.Limit = r.limit
	answer, err := fetch.Get(r.ctx, u.String(), fetch.Validators{}, opts)
	if status := (*fetch.StatusError)(nil); errors.As(err, &status) && status.Status == http.StatusNotFound && r.opts.Key != "" {
		err = fmt.Errorf("%w (NVD says so, too, to a key it does not know)", err)
	}
	if err != nil {
		return page{}, err
	}
	p, err := decodePage(answer.Body, start, r.opts.PerPage)
	if err != nil {
		return page{}, fmt.Errorf("%s: %w", u, err)
	}
	if p.at.IsZero() {
		p.at = time.Now().UTC() // a mirror that does not say what time it is
	}
	return p, nil
}

// decodePage reads a page and holds it against what it says of itself, before
// anything of it is told: the place asked for, and as many records as it counts.
func decodePage(body []byte, start, perPage int) (page, error) {
	rest := fetch.Members{}
	var p page
	for e, err := range fetch.Elements(bytes.NewReader(body), list, rest, limits) {
		if err != nil {
			return page{}, err
		}
		var t told
		t.record, t.err = element(e)
		// By its id also when it cannot be read: it may be mended meanwhile.
		if t.key = t.record.Item; t.key == "" {
			t.key = fetch.Digest(e.Raw)
			if bad := (*feeds.RecordError)(nil); errors.As(t.err, &bad) && bad.Item != e.Place {
				t.key = bad.Item
			}
		}
		p.elements = append(p.elements, t)
	}
	if _, ok := rest[list]; !ok {
		if _, err := single(rest); err != nil {
			return page{}, fmt.Errorf("no page of CVE records: %w", err)
		}
		return page{}, errors.New("no page of CVE records")
	}
	said := struct{ start, total, per int }{-1, -1, perPage}
	for name, to := range map[string]*int{"startIndex": &said.start, "totalResults": &said.total, "resultsPerPage": &said.per} {
		if raw, ok := rest[name]; ok {
			if err := json.Unmarshal(raw, to); err != nil || *to < 0 {
				return page{}, fmt.Errorf("%s %q is no count", name, raw)
			}
		}
	}
	var stamp string
	if err := json.Unmarshal(rest["timestamp"], &stamp); err == nil {
		if p.at, err = instant("timestamp", stamp); err != nil {
			return page{}, err
		}
	}
	p.total = said.total
	due := min(said.per, said.total-start)
	switch n := len(p.elements); {
	case said.total < 0:
		return page{}, errors.New("a page that does not say how many records there are in all")
	case said.start != start:
		return page{}, fmt.Errorf("a page from place %d, asked for %d", said.start, start)
	case n == 0 && start < said.total:
		return page{}, fmt.Errorf("an empty page at %d of %d", start, said.total)
	case n < due:
		return page{}, fmt.Errorf("a page of %d records that says it has %d", n, due)
	case n > max(due, 0):
		return page{}, fmt.Errorf("a page of %d records where %d are left", n, max(due, 0))
	}
	return p, nil
}
