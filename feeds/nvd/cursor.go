package nvd

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

// version is that of the cursor's form. A cursor of another one means from the
// beginning.
const version = 1

// cursor is what a feeds.Cursor holds, as JSON: how far which address was read.
type cursor struct {
	Version int    `json:"v"`
	URL     string `json:"url"`
	// Years are the digests of the year files that were told, by name; Since is when
	// the oldest of them was made.
	Years map[string]string `json:"years,omitempty"`
	Since time.Time         `json:"since,omitzero"`
	// From is where the window begins that is being read, by the instant at which
	// records were modified. Zero is the listing of all records, or year files.
	From time.Time `json:"from,omitzero"`
	// Begun is the publisher's time when the first page of the window was read,
	// Index the place in it to go on from, Last the record just before that place, Total
	// how many the window held.
	Begun time.Time `json:"begun,omitzero"`
	Index int       `json:"index,omitempty"`
	Last  string    `json:"last,omitempty"`
	Total int       `json:"total,omitempty"`
}

// known reads a cursor; one that cannot be read, or that is of another address,
// is a beginning.
func known(since feeds.Cursor, url string) cursor {
	begin := cursor{Version: version, URL: url}
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.Version != version || c.URL != url || c.Index < 0 || c.Total < 0 {
		return begin
	}
	if (c.Index > 0) != (c.Last != "" && !c.Begun.IsZero()) {
		return begin
	}
	return c
}

func (c cursor) text() feeds.Cursor {
	text, err := json.Marshal(c)
	if err != nil {
		return "" // an instant outside the years 0 to 9999: from the beginning
	}
	return feeds.Cursor(text)
}

// begins reports whether nothing was read yet.
func (c cursor) begins() bool { return c.Index == 0 && c.From.IsZero() && len(c.Years) == 0 }

// to is where the window ends; zero for the listing.
func (c cursor) to() time.Time {
	if c.From.IsZero() {
		return time.Time{}
	}
	return c.From.Add(maxWindow)
}

// again is c at the beginning of its window.
func (c cursor) again() cursor {
	c.Begun, c.Index, c.Last, c.Total = time.Time{}, 0, "", 0
	return c
}

// lap is by how much a window begins before the end of the one before: what NVD
// lists later than it says it was modified is found by that. Our convention.
const lap = 2 * time.Hour

// next is c at the beginning of the window after its own, and whether that one
// already lies behind. A window that reaches beyond the publisher's present is
// not over: the next begins at the present, as it was when the first page was
// read.
func (c cursor) next() (next cursor, more bool) {
	end := c.Begun
	if to := c.to(); !to.IsZero() && !to.After(c.Begun) {
		end, more = to, true
	}
	if c.From.IsZero() {
		more = true
	}
	next = c.again()
	// A window always moves on, whatever the publisher's clock says.
	if next.From = end.Add(-lap); !next.From.After(c.From) {
		next.From, more = c.From, false
	}
	return next, more
}

func (c cursor) String() string {
	if c.From.IsZero() {
		return fmt.Sprintf("the listing at %d", c.Index)
	}
	return fmt.Sprintf("the window from %s at %d", c.From.Format(time.RFC3339), c.Index)
}
