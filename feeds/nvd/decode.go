package nvd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Name is the name of the feed.
const Name = "nvd"

// limits: a year of NVD has 100 to 200 MB, its largest record about 3 MB.
var limits = fetch.Limits{Document: 4 << 30, Element: 32 << 20}

// list is the member of a page that holds its records.
const list = "vulnerabilities"

// others are the members by which the pages of NVD's other services are known.
var others = []string{"matchStrings", "cveChanges", "products", "sources"}

// Decode reads one document: a page {"vulnerabilities": [{"cve": {…}}]}, one
// {"cve": {…}}, or a bare CVE object. Of a page one record is held at a time, and
// one that cannot be read is a *feeds.RecordError and the others go on. Any
// other error is the last thing yielded: the document is empty or cut off, holds
// no CVE records (fetch.ErrOther when it is a page of another NVD service), or has
// a record of more than 32 MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		rest := fetch.Members{}
		for e, err := range fetch.Elements(r, list, rest, limits) {
			if err != nil {
				yield(feeds.Update{}, err)
				return
			}
			record, err := element(e)
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
		if _, page := rest[list]; !page {
			record, err := single(rest)
			if err != nil {
				record = feeds.Record{}
			}
			yield(feeds.Update{Record: record}, err)
		}
	}
}

// element reads one element of a page, or tells by a *feeds.RecordError what is
// wrong with it.
func element(e fetch.Element) (feeds.Record, error) {
	record, err := wrapped(e.Raw)
	if err == nil {
		return record, nil
	}
	bad := &feeds.RecordError{Source: Name, Item: record.Item, Digest: fetch.Digest(e.Raw), Err: err}
	if bad.Item == "" {
		bad.Item = e.Place
	}
	return feeds.Record{}, bad
}

// wrapped reads one {"cve": {…}}. The record's Item is set with the error,
// too, as far as it could be read.
func wrapped(raw json.RawMessage) (feeds.Record, error) {
	var w struct {
		CVE *cve `json:"cve"`
	}
	err := json.Unmarshal(raw, &w)
	switch {
	case w.CVE != nil:
		return w.CVE.record(raw, err)
	case err != nil:
		return feeds.Record{}, err
	}
	return feeds.Record{}, errors.New("has no cve")
}

// single reads a document that is no page.
func single(rest fetch.Members) (feeds.Record, error) {
	if len(rest) == 0 {
		return feeds.Record{}, errors.New("an empty object")
	}
	for _, name := range others {
		if _, ok := rest[name]; ok {
			return feeds.Record{}, fmt.Errorf("a list of %s, not of CVE records: %w", name, fetch.ErrOther)
		}
	}
	if raw, ok := rest["cve"]; ok {
		return object(raw)
	}
	if _, ok := rest["CVE_Items"]; ok {
		return feeds.Record{}, errors.New("a JSON 1.1 feed: only the 2.0 form is read")
	}
	if _, ok := rest["id"]; !ok {
		return feeds.Record{}, errors.New("not a CVE record of NVD: it has no id")
	}
	return object(rest.Object())
}
