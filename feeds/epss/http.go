package epss

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// cursor is what a feeds.Cursor holds, as JSON: which address told which day.
type cursor struct {
	URL          string `json:"url"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"modified,omitempty"`
	// Day is that of the scores ("2026-01-31"); empty when they did not say.
	Day string `json:"day,omitempty"`
	// Digest is that of the file.
	Digest string `json:"digest,omitempty"`
}

// known reads a cursor; one that cannot be read, or that is of another address, knows
// nothing.
func known(since feeds.Cursor, address string) cursor {
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.URL != address {
		return cursor{URL: address}
	}
	return c
}

func (c cursor) text() feeds.Cursor {
	text, _ := json.Marshal(c) // strings always can be written
	return feeds.Cursor(text)
}

// mediaTypes are those that publishers and mirrors give the scores.
var mediaTypes = []string{
	"text/csv", "application/csv", "text/plain", "application/gzip", "application/x-gzip", "application/json", "text/json",
	"application/octet-stream", "binary/octet-stream",
}

// address is where the scores are, and whether it is an API.
func (f *Feed) address() (address string, api bool, err error) {
	address = f.opts.From
	if address == "" {
		address = Publisher + "/"
	}
	at, err := url.Parse(address)
	if err != nil {
		return "", false, err
	}
	day := ""
	if !f.opts.Day.IsZero() {
		day = f.opts.Day.Format(time.DateOnly)
	}
	switch ext := strings.ToLower(path.Ext(at.Path)); {
	case strings.Trim(at.Path, "/") == "", strings.HasSuffix(at.Path, "/"):
		name := "current"
		if day != "" {
			name = day
		}
		return at.JoinPath("epss_scores-" + name + ".csv.gz").String(), false, nil
	case ext == ".gz" || ext == ".csv" || ext == ".json":
		if day != "" && !strings.Contains(path.Base(at.Path), day) {
			return "", false, fmt.Errorf("the address %q is not of the day %s", address, day)
		}
		return address, false, nil
	}
	if day != "" {
		query := at.Query()
		query.Set("date", day)
		at.RawQuery = query.Encode()
	}
	return at.String(), true, nil
}

// request reads over HTTP.
func (f *Feed) request(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		address, api, err := f.address()
		if err == nil {
			r := reading{Feed: f, ctx: ctx, yield: yield, since: since, at: known(since, address)}
			if api {
				err = r.api()
			} else {
				err = r.file()
			}
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feeds.Update{}, fmt.Errorf("%s: %w", Name, err))
		}
	}
}

// reading is one range over Updates.
type reading struct {
	*Feed
	ctx   context.Context
	yield func(feeds.Update, error) bool
	since feeds.Cursor
	at    cursor
	told  int
	day   time.Time
}

func (r *reading) get(address string, known fetch.Validators) (fetch.Answer, error) {
	return fetch.Get(r.ctx, address, known, &fetch.Options{Client: r.opts.Client, MaxBytes: maxBytes, Types: mediaTypes, Limit: r.limit})
}

// same is the end of a reading in which nothing is new.
func (r *reading) same() error {
	r.yield(feeds.Update{Next: r.since}, nil)
	return nil
}

// file reads the file of a day, or of the newest.
func (r *reading) file() error {
	answer, err := r.get(r.at.URL, fetch.Validators{ETag: r.at.ETag, LastModified: r.at.LastModified})
	if err != nil {
		return err
	}
	next := cursor{URL: r.at.URL, ETag: answer.ETag, LastModified: answer.LastModified, Digest: fetch.Digest(answer.Body)}
	switch {
	case answer.Unchanged:
		return r.same()
	case next.Digest == r.at.Digest:
		next.Day = r.at.Day
		r.yield(feeds.Update{Next: next.text()}, nil)
		return nil
	}
	whole := false
	if err := r.tell(Decode(bytes.NewReader(answer.Body)), func() { whole = true }); err != nil {
		return stated(r.at.URL, err)
	}
	return r.end(next, whole)
}

// tell tells what was decoded. Until the end it is safe only to go on from since.
func (r *reading) tell(scores iter.Seq2[feeds.Update, error], whole func()) error {
	for u, err := range scores {
		var bad *feeds.RecordError
		switch {
		case r.ctx.Err() != nil:
			return r.ctx.Err()
		case err != nil && !errors.As(err, &bad):
			return err
		case u.Whole:
			whole()
			continue
		case err == nil:
			if err := r.dated(u.Record.Probability.Day); err != nil {
				return err
			}
			r.told++
		}
		u.Next = r.since
		if !r.yield(u, err) {
			return errStopped
		}
	}
	return nil
}

// dated notes of which day a score is. One of a day before the last that was read would
// take the scores back.
func (r *reading) dated(day time.Time) error {
	if day.IsZero() {
		return nil
	}
	if is := day.Format(time.DateOnly); is < r.at.Day {
		return fmt.Errorf("the scores are of %s, and those of %s were read already", is, r.at.Day)
	}
	if day.After(r.day) {
		r.day = day
	}
	return nil
}

func (r *reading) end(next cursor, whole bool) error {
	if r.told == 0 {
		return stated(r.at.URL, feeds.ErrNothing)
	}
	if !r.day.IsZero() {
		next.Day = r.day.Format(time.DateOnly)
	}
	r.yield(feeds.Update{Next: next.text(), Whole: whole}, nil)
	return nil
}

// stated says of which address an error is.
func stated(address string, err error) error {
	if errors.Is(err, errStopped) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w", address, err)
}

// perPage is the most that the API tells at once.
const perPage = 10_000

// api reads the pages of the API. It first asks of which day they are, and then
// for that day: the next one may be published meanwhile.
func (r *reading) api() error {
	first, err := r.page(url.Values{"limit": {"1"}}, func(feeds.Update, error) bool { return true })
	if err != nil {
		return err
	}
	if first.total < 0 {
		return fmt.Errorf("%s: it does not say how many scores there are", r.at.URL)
	}
	next := cursor{URL: r.at.URL}
	query := url.Values{"limit": {strconv.Itoa(perPage)}}
	if !first.newest.IsZero() {
		next.Day = first.newest.Format(time.DateOnly)
		query.Set("date", next.Day)
		// How many there are is part of it: some may be added to a day.
		next.Digest = fmt.Sprint(first.total)
		if next == r.at {
			return r.same()
		}
		if err := r.dated(first.newest); err != nil {
			return stated(r.at.URL, err)
		}
	}
	seen, total := 0, first.total
	for seen < total {
		query.Set("offset", strconv.Itoa(seen))
		var bad error
		p, err := r.page(query, func(u feeds.Update, err error) bool {
			bad = r.tell(func(yield func(feeds.Update, error) bool) { yield(u, err) }, func() {})
			return bad == nil
		})
		switch {
		case bad != nil:
			return stated(r.at.URL, bad)
		case err != nil:
			return err
		case p.total != total || p.offset != seen || p.rows == 0:
			return fmt.Errorf("%s: asked for those of %d from %d on, and got %d of %d from %d on", r.at.URL, total, seen, p.rows, p.total, p.offset)
		case !p.newest.IsZero() && !(p.oldest.Equal(first.newest) && p.newest.Equal(first.newest)):
			return fmt.Errorf("%s: asked for those of %s, and got others", r.at.URL, first.newest.Format(time.DateOnly))
		}
		seen += p.rows
	}
	if first.newest.IsZero() {
		next.Digest = "" // nobody knows whether they are the same the next time
	}
	return r.end(next, true)
}

// page is what one answer of the API says of itself.
type page struct {
	total, offset, rows int
	oldest, newest      time.Time
}

func (r *reading) page(query url.Values, yield func(feeds.Update, error) bool) (page, error) {
	at, err := url.Parse(r.at.URL)
	if err != nil {
		return page{}, err
	}
	all := at.Query()
	for name, values := range query {
		all[name] = values
	}
	at.RawQuery = all.Encode()
	answer, err := r.get(at.String(), fetch.Validators{})
	if err != nil {
		return page{}, err
	}
	d := &decoder{yield: func(u feeds.Update, err error) bool { return u.Whole || yield(u, err) }, seen: map[string]feeds.Probability{}}
	p, err := d.page(bytes.NewReader(answer.Body))
	if err != nil {
		return page{}, stated(at.String(), err)
	}
	return p, nil
}
