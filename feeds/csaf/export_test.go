package csaf

import (
	"errors"
	"net/url"

	"github.com/open-postmarket/postmarket/feeds"
)

// Reached reads a cursor and writes it again.
func Reached(since feeds.Cursor, from string) feeds.Cursor { return reached(since, from).text() }

// DecodeAll hands a body to each reader of what a provider publishes beside its documents, and
// returns the addresses that were found.
func DecodeAll(body []byte) (found []string) {
	origin := &url.URL{Scheme: "https", Host: "demo.example", Path: "/csaf/x.json"}
	a := &asker{origin: origin}
	add := func(at *url.URL) {
		if at != nil {
			found = append(found, at.String())
		}
	}
	if p, err := a.metadata(origin, body); err == nil {
		for _, l := range p.lists {
			found = append(found, l.address)
		}
	}
	if p, err := a.service(origin, body); err == nil {
		for _, l := range p.lists {
			found = append(found, l.address)
		}
	}
	if ps, err := a.providers(body); err == nil {
		for _, p := range ps {
			found = append(append(found, p.URL), p.Mirrors...)
			if err := feeds.CheckName(p.Source); err != nil {
				panic(err)
			}
		}
	}
	out := listing{}
	next, _ := a.page(origin, body, &out)
	add(next)
	for _, e := range out.entries {
		found = append(append(found, e.address), e.hashes...)
	}
	for _, text := range securityText(body) {
		at, _ := a.resolve(origin, text)
		add(at)
	}
	_, _ = readIndex(body)
	_, _ = readChanges(body)
	_ = checkHash(nil, body, "", "")
	if keys, err := readKeys(body); err == nil {
		_ = checkSignature(keys, nil, body, "")
	}
	_, _, _ = signed(body)
	return found
}

// ReadListing returns how many documents a ROLIE feed, an index.txt or a changes.csv names.
func ReadListing(kind string, body []byte) (int, error) {
	switch kind {
	case "index.txt":
		names, err := readIndex(body)
		return len(names), err
	case "changes.csv":
		changes, err := readChanges(body)
		return len(changes), err
	}
	a := &asker{origin: &url.URL{Scheme: "https", Host: "demo.example"}}
	out := listing{}
	_, err := a.page(a.origin, body, &out)
	return len(out.entries), errors.Join(append(out.wrong, err)...)
}

// CheckHash is checkHash.
func CheckHash(body, file []byte, name string) error { return checkHash(body, file, name, name) }

// CheckSignature is checkSignature with the keys of a file; empty is none.
func CheckSignature(keys, body, file []byte) error {
	if len(keys) == 0 {
		return checkSignature(nil, body, file, "")
	}
	ring, err := readKeys(keys)
	if err != nil {
		return err
	}
	return checkSignature(ring, body, file, "")
}
