package cve

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// change is one record as the log of changes lists it.
type change struct {
	id             string
	batch, updated time.Time
}

// behind reports whether a record is older than the log says. A bad record, and one that does
// not say when it was modified, is not.
func (c change) behind(modified time.Time) bool {
	return !modified.IsZero() && !c.updated.IsZero() && modified.Before(c.updated.Truncate(time.Second))
}

// changes is what a log of changes tells: each record once, as the newest batch lists it.
type changes struct {
	changed        []change
	oldest, newest time.Time
	// failed says that the publisher could not read something itself.
	failed bool
}

// since are the changes of the batch of that instant, which may have grown, and later.
func (c changes) since(at time.Time) (out []change) {
	for _, x := range c.changed {
		if !x.batch.Before(at) {
			out = append(out, x)
		}
	}
	return out
}

// batch is one entry of the log.
type batch struct {
	Fetched string `json:"fetchTime"`
	New     []row  `json:"new"`
	Updated []row  `json:"updated"`
	Failed  []any  `json:"error"`
}

type row struct {
	ID      string `json:"cveId"`
	Updated string `json:"dateUpdated"`
}

// readLog reads a deltaLog.json: an array of batches.
func readLog(r io.Reader) (changes, error) {
	var out changes
	places := map[string]int{}
	for e, err := range fetch.List(r, "batches", fetch.Limits{Document: maxLog, Element: maxLog}) {
		if err != nil {
			return changes{}, err
		}
		var b batch
		if err := json.Unmarshal(e.Raw, &b); err != nil {
			return changes{}, fmt.Errorf("%s: %w", e.Place, err)
		}
		at, err := time.Parse(time.RFC3339, b.Fetched)
		if err != nil || at.Year() < 1 || at.UTC().Year() > 9999 {
			return changes{}, fmt.Errorf("%s: fetchTime %q is no time", e.Place, b.Fetched)
		}
		at = at.UTC()
		if out.oldest.IsZero() || at.Before(out.oldest) {
			out.oldest = at
		}
		if at.After(out.newest) {
			out.newest = at
		}
		out.failed = out.failed || len(b.Failed) > 0
		for _, in := range append(b.New, b.Updated...) {
			id := feeds.CleanID(in.ID)
			if !id.CVE() {
				return changes{}, fmt.Errorf("%s: %q is no CVE id", e.Place, in.ID)
			}
			c := change{id: string(id), batch: at}
			if in.Updated != "" {
				if c.updated, err = instant("dateUpdated", in.Updated); err != nil {
					return changes{}, fmt.Errorf("%s: %s: %w", e.Place, id, err)
				}
			}
			i, again := places[c.id]
			switch {
			case !again:
				places[c.id] = len(out.changed)
				out.changed = append(out.changed, c)
			case out.changed[i].batch.Before(c.batch):
				out.changed[i] = c
			}
		}
	}
	if out.newest.IsZero() {
		return changes{}, feeds.ErrNothing
	}
	return out, nil
}
