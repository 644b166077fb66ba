package patch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
)

// Tables is the drawer of the ledger that holds them.
const Tables store.Kind[Table] = "patch.table"

// maxTable bounds a Table: 16 MiB.
const maxTable = 16 << 20

// A Table is a table of installation reports as it came in, word for word, with what
// of it could not be read and which units it does not tell apart. ReadTable makes it,
// SaveTable keeps it with its reports.
type Table struct {
	// Name is the host's own, and its key.
	Name string `json:"name"`
	// Release is the key of the Release that is reported on.
	Release string `json:"release"`
	// Format is "csv" or "json".
	Format string `json:"format"`
	Text   string `json:"text"`
	// At is when it was read, and Read how many reports that gave.
	At        time.Time  `json:"at"`
	Read      int        `json:"read"`
	Bad       []BadRow   `json:"bad,omitempty"`
	Conflicts []Conflict `json:"conflicts,omitempty"`
}

// A BadRow is a row that could not be read, by the line on which it begins.
type BadRow struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// Key returns the name.
func (t Table) Key() string { return t.Name }

// ReadTable reads text in the format csv or json, at at, and returns it as a table
// with its reports. What ends the reading is an error: see ReadReportsCSV.
func ReadTable(name, release, format, text string, at time.Time) (Table, []Report, error) {
	t := Table{Name: name, Release: release, Format: format, Text: text, At: instant(at)}
	if blank(name) || blank(release) || len(text) > maxTable {
		return t, nil, fmt.Errorf("patch: table %q: its name or release is missing, or it has more than %d bytes", name, maxTable)
	}
	var rows iter.Seq2[Report, error]
	switch format {
	case "csv":
		rows = ReadReportsCSV(strings.NewReader(text), release, t.At)
	case "json":
		rows = ReadReportsJSON(strings.NewReader(text), release, t.At)
	default:
		return t, nil, fmt.Errorf("patch: table %q: the format %q is not csv or json", name, format)
	}
	var reports []Report
	for one, err := range rows {
		var bad *RowError
		switch {
		case errors.As(err, &bad):
			t.Bad = append(t.Bad, BadRow{Line: bad.Line, Why: bad.Err.Error()})
		case err != nil:
			return t, nil, fmt.Errorf("table %q: %w", name, err)
		default:
			reports = append(reports, one)
		}
	}
	h := hearing{}
	for _, one := range reports {
		h.hear(one)
	}
	t.Read, t.Conflicts = len(reports), h.conflicts()
	return t, reports, nil
}

// SaveTable keeps t in its drawer and its reports in theirs, in one act. t is what
// ReadTable makes of its text, and was not read after the act. A table that is kept
// already with another content is ErrRewritten.
func SaveTable(ctx context.Context, l *store.Ledger, by store.By, t Table, refs ...store.Ref) error {
	again, reports, err := ReadTable(t.Name, t.Release, t.Format, t.Text, t.At)
	if err != nil {
		return err
	}
	if !equal(again, t) {
		return fmt.Errorf("patch: table %q: that is not what its text says", t.Name)
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		if t.At.After(tx.At()) {
			return fmt.Errorf("patch: table %q is read after it is written", t.Name)
		}
		before, err := Tables.Get(tx, t.Key())
		if err == nil && !equal(before, t) {
			return fmt.Errorf("%w: table %q", ErrRewritten, t.Name)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if _, err := Tables.PutIfChanged(tx, t, refs...); err != nil {
			return err
		}
		return putReports(tx, reports)
	})
}

// Fielded returns how many units are where that the reports behind p imply: those
// that have the release, as product to, and those that are left as the product that
// was there before. A host files them as device.Counts. how says how they are known.
//
// before are the counts of the field that say which products are at a site; one that
// is later than p stays as it is. A number that the reports do not give is left open (nil): how many
// are left of each at a site of several products, and how many there are at one that
// never said how many it has, or is not in the fleet. Of such a site nothing is told
// until a unit of it has the release. The same is told however often it is asked.
func (r Rollout) Fielded(p Progress, to, how string, before ...device.Fielded) []device.Fielded {
	last := map[string]device.Fielded{}
	for _, f := range before {
		if had, ok := last[f.Key()]; !ok || f.AsOf.After(had.AsOf) {
			last[f.Key()] = f
		}
	}
	left := map[string][]string{} // products by site
	for _, f := range last {
		if f.Product != to && (f.Units == nil || *f.Units > 0 || f.How == how) {
			left[f.Site] = append(left[f.Site], f.Product)
		}
	}
	var out []device.Fielded
	add := func(product, site string, units *int) {
		if had, ok := last[device.Fielded{Product: product, Site: site}.Key()]; ok && had.AsOf.After(p.At) {
			return
		}
		out = append(out, device.Fielded{Product: product, Site: site, Units: units, AsOf: p.At, How: how})
	}
	site := func(name string, c Counts, counted bool) {
		done, rest := c.Done(), c.Units-c.Done()
		switch {
		case counted:
			add(to, name, &done)
		case done > 0:
			add(to, name, nil) // at least those
		default:
			return // nothing is known to have changed
		}
		for _, product := range left[name] {
			if counted && (len(left[name]) == 1 || rest == 0) {
				add(product, name, &rest)
			} else {
				add(product, name, nil)
			}
		}
	}
	for _, place := range r.Fleet {
		site(place.Site, p.Sites[place.Site], place.Units != nil)
	}
	for name, c := range p.Elsewhere {
		site(name, c, false)
	}
	slices.SortFunc(out, func(a, b device.Fielded) int { return strings.Compare(a.Key(), b.Key()) })
	return out
}
