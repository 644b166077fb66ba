package manual

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/internal/strictjson"
)

// list is the member of a document of JSON that holds the entries.
const list = "bulletins"

// json reads a document of JSON.
func (d *desk) json(body []byte, yield func(feeds.Update, error) bool) error {
	rest := fetch.Members{}
	end := 0 // of the element before
	for e, err := range fetch.Elements(bytes.NewReader(body), list, rest, fetch.Limits{Document: maxDocument, Element: maxDocument}) {
		if err != nil {
			return err
		}
		start := end
		if at := bytes.Index(body[end:], e.Raw); at >= 0 {
			start = end + at
		}
		end = start + len(e.Raw)
		r := row{line: 1 + bytes.Count(body[:start], []byte("\n")), place: e.Place, raw: e.Raw}
		if err := d.element(r, yield); err != nil {
			return err
		}
	}
	_, listed := rest[list]
	switch {
	case len(rest) == 0:
		return errors.New("an empty object")
	case !listed:
		return fmt.Errorf("no bulletins, it has no %q: %w", list, fetch.ErrOther)
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if name != list && !yield(feeds.Update{}, d.reject(row{place: name}, errors.New("this member is not known and not read"))) {
			return errStopped
		}
	}
	return nil
}

// element reads one entry. What is not known in it is told, and the rest is read.
func (d *desk) element(r row, yield func(feeds.Update, error) bool) error {
	err := json.Unmarshal(r.raw, &r.entry)
	r.entry = r.entry.trimmed()
	if err == nil && string(bytes.TrimSpace(r.raw)) == "null" {
		err = errors.New("null is no bulletin")
	}
	if err != nil {
		if !yield(feeds.Update{}, d.reject(r, err)) {
			return errStopped
		}
		return nil
	}
	if err := strictjson.Decode(r.raw, &Entry{}); err != nil && r.entry.Supplier != example {
		if !yield(feeds.Update{}, d.reject(r, fmt.Errorf("read without what is not known: %w", err))) {
			return errStopped
		}
	}
	return d.tell(r, yield)
}
