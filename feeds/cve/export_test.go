package cve

import (
	"bytes"

	"github.com/open-postmarket/postmarket/feeds"
)

// Few is how many records are asked for one by one.
const Few = few

// ReadLog returns the places of the records that a log lists.
func ReadLog(body []byte) (places []string, err error) {
	log, err := readLog(bytes.NewReader(body))
	for _, c := range log.since(log.oldest) {
		places = append(places, place(c.id))
	}
	return places, err
}

// ReadRelease is readRelease.
func ReadRelease(body []byte) (string, error) { return readRelease(body) }

// Known reads a cursor of an address and writes it again.
func Known(since feeds.Cursor, address string) feeds.Cursor { return known(since, address).text() }
