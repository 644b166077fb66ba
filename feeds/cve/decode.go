package cve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Name is the name of the feed.
const Name = "cve"

// limits: the largest records, of kernels and routers, have a few megabytes.
var limits = fetch.Limits{Document: 4 << 30, Element: 32 << 20}

// list is how the places of an array of records are called.
const list = "records"

// Decode reads one record, or an array of them, of which one is held at a time and
// one that cannot be read is a *feeds.RecordError and the others go on. Any other error is
// the last thing yielded: the document is empty or cut off, is not UTF-8, is no
// CVE record (fetch.ErrOther when it is a list of changes), or has a record of more than 32
// MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		b := bufio.NewReaderSize(r, 4<<10)
		if head, _ := b.Peek(512); !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), []byte("[")) {
			record, err := single(b)
			if err != nil {
				record = feeds.Record{}
			}
			yield(feeds.Update{Record: record}, err)
			return
		}
		for e, err := range fetch.List(b, list, limits) {
			if err != nil {
				yield(feeds.Update{}, err)
				return
			}
			record, err := decode(e.Raw)
			if errors.Is(err, fetch.ErrOther) {
				yield(feeds.Update{}, err)
				return
			}
			if err != nil {
				bad := &feeds.RecordError{Source: Name, Item: record.Item, Digest: fetch.Digest(e.Raw), Err: err}
				if bad.Item == "" {
					bad.Item = e.Place
				}
				record, err = feeds.Record{}, bad
			}
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
	}
}

// single reads a document that is one record.
func single(r io.Reader) (feeds.Record, error) {
	body, err := fetch.Document(r, limits.Element)
	if err != nil {
		return feeds.Record{}, err
	}
	record, err := decode(body)
	return record, fetch.Placed(err, body)
}

// decode reads one record. The record's Item is set with the error, too, as far as
// it could be read.
func decode(raw json.RawMessage) (feeds.Record, error) {
	var d document
	err := json.Unmarshal(raw, &d)
	id := feeds.CleanID(d.Metadata.ID)
	if !id.CVE() {
		switch {
		case err != nil:
		case d.FetchTime != nil:
			err = fmt.Errorf("a list of changes, not a CVE record: %w", fetch.ErrOther)
		case d.Old != nil:
			err = errors.New("a JSON 4 record: only the 5 form is read")
		case d.Metadata.ID == "":
			err = errors.New("not a CVE record: it has no cveMetadata.cveId")
		default:
			err = fmt.Errorf("not a CVE record: cveId %q is no CVE id", d.Metadata.ID)
		}
		return feeds.Record{}, err
	}
	failed := feeds.Record{Item: string(id)}
	if err != nil {
		return failed, err
	}
	if err := fetch.CheckText(raw); err != nil {
		return failed, err
	}
	record, err := d.record(id)
	if err == nil {
		err = record.Validate()
	}
	if err != nil {
		return failed, err
	}
	return record, nil
}
