package stix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	stix21 "github.com/open-postmarket/postmarket/internal/stix"
)

// position is how far one collection has been read.
type position struct {
	// After is just before the newest object was added, so that others that were
	// added at the same instant come, too.
	After string `json:"after"`
	// Heard is the digest of what the server answers when asked for what was added
	// after that.
	Heard string `json:"heard"`
}

// positions is what a feeds.Cursor holds, as JSON: the position of each collection by
// the address of its objects.
type positions map[string]position

// stamp is the form of a timestamp of TAXII 2.1.
const stamp = "2006-01-02T15:04:05.000000Z"

// request reads over HTTP.
func (f *Feed) request(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		a, err := f.asker()
		if err == nil {
			r := reading{Feed: f, asker: a, since: since, yield: yield, told: map[string]bool{}, found: map[string]bool{}}
			err = r.all(ctx)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feeds.Update{}, fmt.Errorf("%s: %w", f.Name(), err))
		}
	}
}

var errStopped = errors.New("the reader stopped")

// reading is one range over Updates over HTTP.
type reading struct {
	*Feed
	*asker
	since feeds.Cursor
	yield func(feeds.Update, error) bool

	g stix21.Graph
	// told are the digests of the objects that were told to be unreadable.
	told map[string]bool
	// objects counts what could be read.
	objects int
	// found are the names of collections that were asked for and are there.
	found map[string]bool
}

func (r *reading) all(ctx context.Context) error {
	collections, err := r.find(ctx)
	if err != nil {
		return err
	}
	if same, err := r.unchanged(ctx, collections); err != nil {
		return err
	} else if same {
		r.yield(feeds.Update{Next: r.since}, nil)
		return nil
	}
	next := positions{}
	for _, c := range collections {
		at, err := r.collection(ctx, c)
		if err != nil {
			return err
		}
		if at.After != "" {
			next[c] = at
		}
	}
	switch {
	case r.objects == 0 && len(r.told) > 0:
		return fmt.Errorf("%s: %w: %d rejected", r.origin, feeds.ErrNothing, len(r.told))
	case r.objects == 0:
		return fmt.Errorf("%s: %w", r.origin, feeds.ErrNothing)
	}
	if !r.tell(ctx, &r.g, r.since, r.yield) {
		return errStopped
	}
	r.yield(feeds.Update{Next: next.cursor(len(collections)), Whole: true}, nil)
	return nil
}

// cursor is empty unless each collection has a position.
func (p positions) cursor(collections int) feeds.Cursor {
	if len(p) < max(collections, 1) {
		return ""
	}
	text, _ := json.Marshal(p) // strings always can be written
	return feeds.Cursor(text)
}

// unchanged reports whether the collections are those of the cursor, and each
// answers what it answered.
func (r *reading) unchanged(ctx context.Context, collections []string) (bool, error) {
	var known positions
	if err := json.Unmarshal([]byte(r.since), &known); err != nil || len(known) != len(collections) || len(known) == 0 {
		return false, nil
	}
	for _, c := range collections {
		at, ok := known[c]
		if _, err := time.Parse(stamp, at.After); !ok || err != nil {
			return false, nil
		}
		heard, _, err := r.pages(ctx, c, at.After, nil)
		if err != nil {
			return false, err
		}
		if heard != at.Heard {
			return false, nil
		}
	}
	return true, nil
}

// collection reads all objects of a collection.
func (r *reading) collection(ctx context.Context, objects string) (at position, err error) {
	_, last, err := r.pages(ctx, objects, "", r.take)
	if err != nil || last.IsZero() {
		return position{}, err
	}
	at.After = last.Truncate(time.Microsecond).Add(-time.Microsecond).Format(stamp)
	// What was added meanwhile comes with it.
	at.Heard, _, err = r.pages(ctx, objects, at.After, r.take)
	return at, err
}

// take keeps what a page holds.
func (r *reading) take(page []element) error {
	for _, e := range page {
		if e.bad == nil {
			r.g.Add(e.object)
			if e.digest != "" {
				r.objects++
			}
			continue
		}
		if r.told[e.digest] {
			continue
		}
		r.told[e.digest] = true
		if !r.yield(feeds.Update{Next: r.since}, e.bad) {
			return errStopped
		}
	}
	return nil
}

// maxPages is more pages than any collection has.
const maxPages = 10_000

// pages reads the objects of a collection that were added after an instant, all when
// it is empty, and hands each page to take, if that is set. It returns a digest of
// what was read, whatever its order, and when the newest object was added.
func (r *reading) pages(ctx context.Context, objects, after string, take func([]element) error) (heard string, last time.Time, err error) {
	set := map[string]bool{}
	query := url.Values{"match[type]": {strings.Join(stix21.Types(), ",")}}
	if after != "" {
		query.Set("added_after", after)
	}
	var before time.Time // when the newest object of the pages before was added
	for n := 0; ; n++ {
		if n == maxPages {
			return "", last, fmt.Errorf("%s: more than %d pages", objects, maxPages)
		}
		p, added, err := r.page(ctx, objects+"?"+query.Encode())
		if err != nil {
			return "", last, err
		}
		switch {
		case n > 0 && p.bare:
			return "", last, fmt.Errorf("%s: page %d was announced and is not there", objects, n+1)
		case after == "" && p.bare && !added.IsZero():
			return "", last, fmt.Errorf("%s: nothing is sent, and the last of it was added at %s", objects, added.Format(stamp))
		}
		for _, e := range p.elements {
			if e.digest != "" {
				set[e.digest] = true
			}
		}
		if added.After(last) {
			last = added
		}
		if take != nil {
			if err := take(p.elements); err != nil {
				return "", last, err
			}
		}
		if !p.More {
			return digest(set), last, nil
		}
		if p.Next != "" {
			if p.Next == query.Get("next") {
				return "", last, fmt.Errorf("%s: page %d names itself as the next", objects, n+1)
			}
			query.Set("next", p.Next)
			continue
		}
		// Without a next page to ask for, the time of the last object has to do.
		if !last.After(before) {
			return "", last, fmt.Errorf("%s: page %d says there is more, and not where", objects, n+1)
		}
		before = last
		query.Del("next")
		query.Set("added_after", last.Add(-time.Microsecond).Format(stamp))
	}
}

func digest(set map[string]bool) string {
	var all []string
	for d := range set {
		all = append(all, d)
	}
	slices.Sort(all)
	return fetch.Digest([]byte(strings.Join(all, "\n")))
}

// page is one answer for the objects of a collection.
type page struct {
	More     bool
	Next     string
	elements []element
	// bare says that it is an empty object, which is how a server says that there
	// is nothing.
	bare bool
}

func (r *reading) page(ctx context.Context, address string) (page, time.Time, error) {
	body, added, err := r.get(ctx, address, limits.Document)
	if err != nil {
		return page{}, added, err
	}
	elements, rest, err := r.elements(bytes.NewReader(body))
	if err != nil {
		return page{}, added, fmt.Errorf("%s: %w", address, err)
	}
	p := page{elements: elements, bare: len(rest) == 0}
	if raw, ok := rest["more"]; ok {
		if err := json.Unmarshal(raw, &p.More); err != nil {
			return page{}, added, fmt.Errorf("%s: more: %w", address, err)
		}
	}
	if raw, ok := rest["next"]; ok {
		if err := json.Unmarshal(raw, &p.Next); err != nil {
			return page{}, added, fmt.Errorf("%s: next: %w", address, err)
		}
	}
	if _, ok := rest[list]; !ok && !p.bare && rest["more"] == nil {
		return page{}, added, fmt.Errorf("%s: no TAXII envelope: %w", address, fetch.ErrOther)
	}
	return p, added, nil
}
