package nvd

import (
	"bytes"

	"github.com/open-postmarket/postmarket/feeds"
)

// DecodePage says what is wrong with a page that was asked for at start.
func DecodePage(body []byte, start, perPage int) (records, total int, err error) {
	p, err := decodePage(body, start, perPage)
	return len(p.elements), p.total, err
}

// DecodeMeta returns the digest that a .meta file tells.
func DecodeMeta(body []byte) (string, error) {
	m, err := decodeMeta(bytes.NewReader(body))
	return m.sha256, err
}

// Known reads a cursor of an address and writes it again.
func Known(since feeds.Cursor, url string) (again feeds.Cursor, begins bool) {
	c := known(since, url)
	return c.text(), c.begins()
}
