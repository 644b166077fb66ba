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
	_, all, err := r.pages(ctx, objects, "", r.take)
	if err != nil || all.last.IsZero() {
		return position{}, err
	}
	if !all.first.IsZero() {
		// A cache between that mixes up pages has shown another one as the first.
		query := url.Values{"match[type]": {strings.Join(stix21.Types(), ",")}, "limit": {"1"}}
		_, begin, err := r.get(ctx, objects+"?"+query.Encode(), limits.Document)
		if err != nil {
			return position{}, err
		}
		if !begin.first.IsZero() && !begin.first.Equal(all.first) {
			return position{}, fmt.Errorf("%s: what was sent begins at %s, and the collection at %s: %w", objects, all.first.Format(stamp), begin.first.Format(stamp), errApart)
		}
	}
	at.After = last(all)
	// What was added meanwhile comes with it.
	at.Heard, _, err = r.pages(ctx, objects, at.After, r.take)
	return at, err
}

// last is just before the newest object was added.
func last(a added) string {
	return a.last.Truncate(time.Microsecond).Add(-time.Microsecond).Format(stamp)
}

// errApart says that pages are not parts of one list: the collection changed in a way that shows, or
// something between mixes them up. The next reading begins anew.
var errApart = errors.New("pages that do not hold together")

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
// what was read, whatever its order, and when its objects were added.
//
// A page is asked for by the time at which the newest object of the one before was added, so that it
// begins with that object: then nothing fell between them, also when objects before were changed and
// so moved to the end. By its number, which the server calls next, it is asked for when times do not do.
func (r *reading) pages(ctx context.Context, objects, after string, take func([]element) error) (heard string, all added, err error) {
	set := map[string]bool{}
	query := url.Values{"match[type]": {strings.Join(stix21.Types(), ",")}}
	if after != "" {
		query.Set("added_after", after)
	}
	var begins time.Time // when the first object of the page has to have been added
	for n := 0; ; n++ {
		if n == maxPages {
			return "", all, fmt.Errorf("%s: more than %d pages", objects, maxPages)
		}
		p, err := r.page(ctx, objects+"?"+query.Encode())
		if err != nil {
			return "", all, err
		}
		switch {
		case n > 0 && p.bare:
			return "", all, fmt.Errorf("%s: page %d was announced and is not there", objects, n+1)
		case after == "" && p.bare && !p.last.IsZero():
			return "", all, fmt.Errorf("%s: nothing is sent, and the last of it was added at %s", objects, p.last.Format(stamp))
		case !begins.IsZero() && !p.first.Equal(begins):
			return "", all, fmt.Errorf("%s: page %d begins at %s, and the one before ends at %s: %w", objects, n+1, p.first.Format(stamp), begins.Format(stamp), errApart)
		}
		for _, e := range p.elements {
			if e.digest != "" {
				set[e.digest] = true
			}
		}
		if n == 0 {
			all.first = p.first
		}
		moved := p.last.After(all.last)
		if moved {
			all.last = p.last
		}
		if take != nil {
			if err := take(p.elements); err != nil {
				return "", all, err
			}
		}
		if !p.More {
			return digest(set), all, nil
		}
		begins = time.Time{}
		switch {
		case moved && !p.first.IsZero() && p.first.Before(p.last):
			begins = p.last
			query.Del("next")
			query.Set("added_after", last(all))
		case p.Next != "" && p.Next == query.Get("next"):
			return "", all, fmt.Errorf("%s: page %d names itself as the next", objects, n+1)
		case p.Next != "":
			query.Set("next", p.Next)
		case moved:
			// Without a next page to ask for, the time of the last object has to do.
			query.Set("added_after", last(all))
		default:
			return "", all, fmt.Errorf("%s: page %d says there is more, and not where", objects, n+1)
		}
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
	added
	// bare says that it is an empty object, which is how a server says that there
	// is nothing.
	bare bool
}

func (r *reading) page(ctx context.Context, address string) (page, error) {
	body, at, err := r.get(ctx, address, limits.Document)
	if err != nil {
		return page{}, err
	}
	elements, rest, err := r.elements(bytes.NewReader(body))
	if err != nil {
		return page{}, fmt.Errorf("%s: %w", address, err)
	}
	p := page{elements: elements, added: at, bare: len(rest) == 0}
	if raw, ok := rest["more"]; ok {
		if err := json.Unmarshal(raw, &p.More); err != nil {
			return page{}, fmt.Errorf("%s: more: %w", address, err)
		}
	}
	if raw, ok := rest["next"]; ok {
		if err := json.Unmarshal(raw, &p.Next); err != nil {
			return page{}, fmt.Errorf("%s: next: %w", address, err)
		}
	}
	if _, ok := rest[list]; !ok && !p.bare && rest["more"] == nil {
		return page{}, fmt.Errorf("%s: no TAXII envelope: %w", address, fetch.ErrOther)
	}
	return p, nil
}
