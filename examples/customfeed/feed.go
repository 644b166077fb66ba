package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// house is the bulletins of a house that publishes for itself, as a feeds.Source.
type house struct{ files fs.FS }

const name = "house"

func (h house) Name() string { return name }

// Updates leaves walking, bad files and the end of the context to fetch.Files.
func (h house) Updates(ctx context.Context, _ feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return fetch.Files{Source: name, FS: h.files, Paths: []string{"."}, Ext: ".txt", Decode: decode}.Updates(ctx)
}

// ending is the last line of a file. One without it was cut off.
const ending = "That was all.\n"

// decode reads one file: bulletins of "Key: value" lines, with an empty line after each.
func decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		body, err := fetch.Document(r, 1<<20)
		text, whole := strings.CutSuffix(string(body), ending)
		if err == nil && !whole {
			err = errors.New("cut off: the last line is missing")
		}
		if err != nil {
			yield(feeds.Update{}, err)
			return
		}
		for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
			record, err := bulletin(block)
			if err != nil { // this one only: its id if it is known, else its place
				bad := &feeds.RecordError{Source: name, Item: record.Item, Digest: fetch.Digest([]byte(block)), Err: err}
				if bad.Item == "" {
					bad.Item = fmt.Sprintf("bulletin[%d]", i)
				}
				record, err = feeds.Record{}, bad
			}
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
	}
}

// bulletin reads one bulletin: what is not understood is an error, never a guess.
func bulletin(block string) (feeds.Record, error) {
	r := feeds.Record{Source: name, Mark: tlp.Marked(tlp.Amber, name)}
	line := map[string]string{}
	for text := range strings.Lines(block) {
		key, value, ok := strings.Cut(strings.TrimSpace(text), ": ")
		if !ok {
			return r, fmt.Errorf("%q is no line of a bulletin", text)
		}
		line[key] = value
	}
	r.Item, r.Title = line["Bulletin"], line["Title"]
	day, err := time.Parse(time.DateOnly, line["Day"])
	if err != nil {
		return r, err
	}
	r.Published, r.Names = day, []feeds.ID{feeds.CleanID(line["About"])}
	r.Packages = []feeds.Package{{Ecosystem: line["Registry"], Name: line["Package"], Ranges: []feeds.Range{{
		Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: line["Fixed"]}},
	}}}}
	if line["Package"] == "" || line["Fixed"] == "" || !r.Names[0].CVE() {
		return r, errors.New("a package, the version that fixes it and a CVE id are needed")
	}
	return r, r.Validate()
}
