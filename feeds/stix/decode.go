package stix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	stix21 "github.com/open-postmarket/postmarket/internal/stix"
)

// Name is the name of a feed that was given none.
const Name = "stix"

// limits bound a bundle or a page of a collection. Objects have a few kilobytes; a
// report that lists thousands of others some hundred.
var limits = fetch.Limits{Document: 64 << 20, Element: 4 << 20}

// list is the member of a bundle, and of a TAXII envelope, that holds the objects.
const list = "objects"

// Decode reads one bundle, whose objects may refer to each other in any order, and
// tells its vulnerabilities as records of the source "stix", the newest version of
// each. An object that cannot be read, or is not of STIX 2.1, is a
// *feeds.RecordError and the others go on; those come first. Any other error is the
// last thing yielded: the document is empty or cut off, is no bundle
// (fetch.ErrOther), or is larger than 64 MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		f := New(nil)
		var g stix21.Graph
		for _, err := range f.bundle(r, &g) {
			var bad *feeds.RecordError
			if err == nil {
				continue
			}
			if !yield(feeds.Update{}, err) || !errors.As(err, &bad) {
				return
			}
		}
		for record, err := range f.records(&g) {
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
	}
}

// element is one element of a list of objects, read.
type element struct {
	object stix21.Object // nil when it cannot be read
	bad    *feeds.RecordError
	// digest is of its bytes; empty for an object that is not needed.
	digest string
}

// elements reads a document with a list of objects, and returns its other members.
func (f *Feed) elements(r io.Reader) (out []element, rest fetch.Members, err error) {
	rest = fetch.Members{}
	for e, err := range fetch.Elements(r, list, rest, limits) {
		if err != nil {
			return nil, nil, err
		}
		out = append(out, f.element(e))
	}
	return out, rest, nil
}

func (f *Feed) element(e fetch.Element) element {
	object, err := stix21.Read(e.Raw)
	if err == nil {
		if _, other := object.(*stix21.Other); other {
			return element{object: object}
		}
		err = fetch.CheckText(e.Raw)
	}
	digest := fetch.Digest(e.Raw)
	if err == nil {
		return element{object: object, digest: digest}
	}
	bad := &feeds.RecordError{Source: f.Name(), Item: object.Head().ID, Digest: digest, Err: err}
	if bad.Item == "" {
		bad.Item = e.Place
	}
	return element{bad: bad, digest: digest}
}

// bundle reads one bundle into g. It yields a *feeds.RecordError for each object
// that cannot be read, and a record with nothing but its item for each that can.
func (f *Feed) bundle(r io.Reader, g *stix21.Graph) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		elements, rest, err := f.elements(r)
		if err == nil {
			err = isBundle(rest)
		}
		if err != nil {
			yield(feeds.Update{}, err)
			return
		}
		for _, e := range elements {
			if e.bad != nil {
				if !yield(feeds.Update{}, e.bad) {
					return
				}
				continue
			}
			g.Add(e.object)
			if !yield(feeds.Update{Record: feeds.Record{Source: f.Name(), Item: e.object.Head().Type}}, nil) {
				return
			}
		}
	}
}

func isBundle(rest fetch.Members) error {
	if len(rest) == 0 {
		return errors.New("an empty object")
	}
	if kind := text(rest["type"]); kind != "bundle" {
		return fmt.Errorf("no STIX bundle, its type is %q: %w", kind, fetch.ErrOther)
	}
	return nil
}

// text is a JSON string; empty when raw is none.
func text(raw json.RawMessage) string {
	var out string
	if json.Unmarshal(raw, &out) != nil {
		return ""
	}
	return out
}
