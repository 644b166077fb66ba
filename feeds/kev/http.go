package kev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// cursor is what a feeds.Cursor holds, as JSON: which address sent which catalog.
type cursor struct {
	URL          string `json:"url"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"modified,omitempty"`
}

// mediaTypes are those that publishers and mirrors give the catalog.
var mediaTypes = []string{"application/json", "text/json", "text/plain", "text/csv", "application/csv", "application/octet-stream", "binary/octet-stream"}

// request reads the catalog over HTTP.
func (f *Feed) request(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		address := f.opts.From
		if address == "" {
			address = Publisher
		}
		if len(f.opts.More) > 0 {
			yield(feeds.Update{}, fmt.Errorf("%s: More names files beside the address %q", Name, address))
			return
		}
		answer, err := fetch.Get(ctx, address, known(since, address), &fetch.Options{
			Client: f.opts.Client, MaxBytes: limits.Document, Types: mediaTypes,
		})
		if err == nil && answer.Unchanged {
			yield(feeds.Update{Next: since}, nil)
			return
		}
		if err != nil {
			yield(feeds.Update{}, fmt.Errorf("%s: %w", Name, err))
			return
		}
		f.catalog(ctx, answer, since, address, yield)
	}
}

// catalog tells what is in an answer. Until the end it is safe only to go on from
// since: the catalog can be had as a whole or not at all.
func (f *Feed) catalog(ctx context.Context, answer fetch.Answer, since feeds.Cursor, address string, yield func(feeds.Update, error) bool) {
	told, whole := 0, false
	read := Decode
	if isCSV(address) {
		read = DecodeCSV
	}
	for u, err := range read(bytes.NewReader(answer.Body)) {
		var bad *feeds.RecordError
		switch {
		case ctx.Err() != nil:
			yield(feeds.Update{}, fmt.Errorf("%s: %w", Name, ctx.Err()))
			return
		case err != nil && !errors.As(err, &bad):
			yield(feeds.Update{}, fmt.Errorf("%s: %s: %w", Name, address, err))
			return
		case u.Whole:
			whole = true
			continue
		case err == nil:
			told++
		}
		u.Next = since
		if !yield(u, err) {
			return
		}
	}
	last := feeds.Update{Next: since, Whole: whole}
	switch {
	case told == 0:
		yield(feeds.Update{}, fmt.Errorf("%s: %s: %w", Name, address, feeds.ErrNothing))
		return
	case whole, isCSV(address):
		last.Next = next(address, answer.Validators)
	}
	yield(last, nil)
}

// known reads a cursor; one that cannot be read, or that is of another address,
// knows nothing.
func known(since feeds.Cursor, address string) fetch.Validators {
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.URL != address {
		return fetch.Validators{}
	}
	return fetch.Validators{ETag: c.ETag, LastModified: c.LastModified}
}

func next(address string, v fetch.Validators) feeds.Cursor {
	if v == (fetch.Validators{}) {
		return ""
	}
	text, _ := json.Marshal(cursor{URL: address, ETag: v.ETag, LastModified: v.LastModified}) // strings always can be written
	return feeds.Cursor(text)
}
