package patch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/store"
)

// Reports is the drawer of the ledger that holds them, each a record of its own.
const Reports store.Kind[Report] = "patch.report"

// Uptake is how far one unit is with a release. The zero value is not said.
type Uptake string

// What a report can say of a unit. Failed is an attempt after which the unit does
// not run the release.
const (
	Offered     Uptake = "offered"
	Accepted    Uptake = "accepted"
	Updated     Uptake = "installed"
	Confirmed   Uptake = "verified"
	Declined    Uptake = "declined"
	Unreachable Uptake = "unreachable"
	Failed      Uptake = "failed"
)

var uptakes = []Uptake{Offered, Accepted, Updated, Confirmed, Declined, Unreachable, Failed}

// Valid reports whether u is one of them; the zero value is not.
func (u Uptake) Valid() bool { return slices.Contains(uptakes, u) }

// A Report is what was said of one unit at one instant.
type Report struct {
	// Release is the key of the Release.
	Release string `json:"release"`
	// Unit and Site are pseudonyms, or a serial number; never a name.
	Unit   string    `json:"unit"`
	Site   string    `json:"site"`
	Uptake Uptake    `json:"state"`
	At     time.Time `json:"at"`
	// Visit says that a person was there.
	Visit bool `json:"visit,omitempty"`
	// How says how it is known ("telemetry", "service report"); required.
	How string `json:"how"`
	Why string `json:"why,omitempty"`
}

// Key returns what tells r from every other report. A report that comes twice is
// one record.
func (r Report) Key() string {
	return fmt.Sprintf("%s %s %s %s %s", r.Release, r.Unit, r.Site, r.At.UTC().Format("2006-01-02T15:04:05.000000Z"), r.Uptake)
}

// Check says what is missing or wrong in r, all at once, or nil. Nothing is
// reported from after at.
func (r Report) Check(at time.Time) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if blank(r.Release) || blank(r.How) {
		fail("the release, or how it is known, is missing")
	}
	if !pseudonym(r.Unit) || !pseudonym(r.Site) {
		fail("unit %q or site %q is empty or looks like a name or an address", r.Unit, r.Site)
	}
	if !r.Uptake.Valid() {
		fail("state %q is not known", r.Uptake)
	}
	if r.At.IsZero() {
		fail("when it was is missing")
	} else if r.At.After(at) {
		fail("%s is after %s", r.At.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339))
	}
	return errors.Join(errs...)
}

// pseudonym refuses what cannot stand for a thing without naming it, as
// device.Fielded does.
func pseudonym(s string) bool {
	return s != "" && len(s) <= 200 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '@' || r == ',' || r == 0x7f })
}

// Progress is how far a rollout is at one instant.
type Progress struct {
	At    time.Time `json:"at"`
	Total Counts    `json:"total"`
	// Rings, Customers and Sites are by their names; Visit are the units that need
	// one, Remote the others. Surplus units of no site of the fleet are in Total
	// only.
	Rings     map[string]Counts `json:"rings"`
	Customers map[string]Counts `json:"customers"`
	Sites     map[string]Counts `json:"-"`
	Visit     Counts            `json:"visit"`
	Remote    Counts            `json:"remote"`
}

// Seen is what somebody knows who has seen p.
func (p Progress) Seen() *Seen { return &Seen{At: p.At, Total: p.Total, Rings: p.Rings} }

// String returns the progress in one line, with the unknown share.
func (p Progress) String() string {
	s, exact := p.Total.UnknownShare()
	least := ""
	if !exact {
		least = "at least "
	}
	return fmt.Sprintf("%s: %d of %d have it, %d verified; unknown %s%.1f %%", p.At.Format(time.DateOnly), p.Total.Done(), p.Total.Units, p.Total.Verified, least, 100*s)
}

// unit is what matters of the reports of one unit. Instants are microseconds, 0 is
// never.
type unit struct {
	site                               string
	placed                             int64 // when the site was told
	offered, installed, verified, fail int64
	other                              int64 // accepted, declined, unreachable
	what                               Uptake
}

func (u *unit) hear(r Report) {
	t := r.At.UnixMicro()
	if t > u.placed || t == u.placed && r.Site > u.site {
		u.site, u.placed = r.Site, t
	}
	switch r.Uptake {
	case Offered:
		u.offered = max(u.offered, t)
	case Updated:
		u.installed = max(u.installed, t)
	case Confirmed:
		u.verified = max(u.verified, t)
	case Failed:
		u.fail = max(u.fail, t)
	default:
		if t > u.other || t == u.other && slices.Index(uptakes, r.Uptake) > slices.Index(uptakes, u.what) {
			u.other, u.what = t, r.Uptake
		}
	}
}

// counts is the one unit. What was installed stays so until it failed: an offer
// that is sent again, or a site that does not answer any more, takes nothing away.
func (u *unit) counts() Counts {
	c := Counts{Units: 1}
	if u.installed > 0 || u.verified > 0 || u.fail > 0 {
		c.Tried = 1
	}
	if u.fail > 0 {
		c.EverFailed = 1
	}
	switch {
	case u.verified > u.fail:
		c.Verified = 1
	case u.installed > u.fail:
		c.Installed = 1
	case u.fail > 0:
		c.Failed = 1
	case u.what == Accepted:
		c.Accepted = 1
	case u.what == Declined:
		c.Declined = 1
	case u.what == Unreachable:
		c.Unreachable = 1
	default:
		c.Offered = 1
	}
	return c
}

// Tally works out how far r is as of at from reports, which may come in any order
// and more than once; those of other releases and from after at are left out. Of
// each site the units that nobody has reported are unknown. An error of reports is
// returned.
func (r Rollout) Tally(reports iter.Seq2[Report, error], at time.Time) (Progress, error) {
	units := map[string]*unit{}
	for one, err := range reports {
		if err != nil {
			return Progress{}, err
		}
		if one.Release != r.Release || one.At.After(at) || one.Check(at) != nil {
			continue
		}
		u := units[one.Unit]
		if u == nil {
			u = &unit{}
			units[one.Unit] = u
		}
		u.hear(one)
	}
	p := Progress{At: instant(at), Rings: map[string]Counts{}, Customers: map[string]Counts{}, Sites: map[string]Counts{}}
	heard := map[string]Counts{}
	for _, u := range units {
		into(heard, u.site, u.counts())
	}
	for _, g := range r.Rings {
		p.Rings[g.Name] = Counts{}
	}
	for _, place := range r.Fleet {
		c := heard[place.Site]
		delete(heard, place.Site)
		c.Sites = 1
		switch {
		case place.Units == nil:
			c.Uncounted = 1
		case *place.Units >= c.Units:
			c.Unknown = *place.Units - c.Units
			c.Units = *place.Units
		default:
			c.Surplus = c.Units - *place.Units
		}
		p.Sites[place.Site] = c
		p.Total.add(c)
		into(p.Rings, place.Ring, c)
		into(p.Customers, place.Customer, c)
		if place.Visit {
			p.Visit.add(c)
		} else {
			p.Remote.add(c)
		}
	}
	for _, c := range heard {
		c.Sites, c.Surplus = 1, c.Units
		p.Total.add(c)
	}
	return p, nil
}

func into(m map[string]Counts, name string, c Counts) {
	sum := m[name]
	sum.add(c)
	m[name] = sum
}

// Curve is the progress of r at each of the instants. reports is read once for
// each.
func (r Rollout) Curve(reports iter.Seq2[Report, error], at ...time.Time) ([]Progress, error) {
	out := make([]Progress, 0, len(at))
	for _, t := range at {
		p, err := r.Tally(reports, t)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// SaveReports keeps reports, in one act; those that are kept already are not
// written again. Thousands at a time are fine, a whole fleet is better kept in
// several acts. One that is wrong or lies after the act is an error, and nothing is
// kept.
func SaveReports(ctx context.Context, l *store.Ledger, by store.By, reports ...Report) error {
	return l.Do(ctx, by, func(tx *store.Tx) error {
		var errs []error
		for _, r := range reports {
			if err := r.Check(tx.At()); err != nil {
				errs = append(errs, fmt.Errorf("patch: report on unit %q: %w", r.Unit, err))
				continue
			}
			r.At = instant(r.At)
			if _, err := Reports.PutIfChanged(tx, r); err != nil {
				return err
			}
		}
		return errors.Join(errs...)
	})
}
