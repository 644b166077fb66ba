package osv

import (
	"bytes"

	"github.com/open-postmarket/postmarket/feeds"
)

// Few is how many records are asked for one by one.
const Few = few

// DecodeIndex returns the ids an index lists.
func DecodeIndex(body []byte) (ids []string, err error) {
	rows, err := decodeIndex(bytes.NewReader(body))
	for _, r := range rows {
		ids = append(ids, r.id)
	}
	return ids, err
}

// DecodeAnswer returns how many questions were answered, and the ids found.
func DecodeAnswer(body []byte) (answers int, ids []string, err error) {
	results, err := decodeAnswer(body)
	for _, r := range results {
		for _, v := range r.Vulns {
			ids = append(ids, v.ID)
		}
	}
	return len(results), ids, err
}

// Known reads a cursor of an address and writes it again.
func Known(since feeds.Cursor, address string) feeds.Cursor { return known(since, address).text() }
