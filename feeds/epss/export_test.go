package epss

import "github.com/open-postmarket/postmarket/feeds"

// Known reads a cursor of an address and writes it again.
func Known(since feeds.Cursor, address string) feeds.Cursor { return known(since, address).text() }
