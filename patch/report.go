package patch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
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
	// Unit and Site are pseudonyms, or a serial number; never a name. A unit is told
	// from others within its site: that another site has one of the same number does
	// not make them one.
	Unit string `json:"unit"`
	Site string `json:"site"`
	// From is the site that the unit was moved from, so that what was said of it there
	// is of the same unit; empty is not moved, or not known.
	From   string    `json:"from,omitempty"`
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
	if r.From != "" && (!pseudonym(r.From) || r.From == r.Site) {
		fail("the site %q it was moved from is that where it is, or looks like a name or an address", r.From)
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
	// Elsewhere are the surplus units of no site of the fleet, by where they reported
	// from.
	Elsewhere map[string]Counts `json:"-"`
	// Conflicts are the units that nobody can tell apart for sure.
	Conflicts []Conflict `json:"conflicts,omitempty"`
}

// A Conflict is a number of a unit that several sites use, without a report that says
// it was moved, or after one that did. Each site's is counted as a unit of its own
// until a report says where it came from.
type Conflict struct {
	Unit  string   `json:"unit"`
	Sites []string `json:"sites"`
	Why   string   `json:"why"`
}

// Conflicts lists those of reports, by unit. Ask when reports come in: later nobody
// knows any more which unit it was.
func Conflicts(reports iter.Seq2[Report, error]) ([]Conflict, error) {
	h := hearing{}
	for one, err := range reports {
		if err != nil {
			return nil, err
		}
		h.hear(one)
	}
	return h.conflicts(), nil
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
	last                               int64 // when anything was said
}

func (u *unit) hear(r Report) {
	t := r.At.UnixMicro()
	u.last = max(u.last, t)
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

// join takes what was heard of o as of u: it is the same unit.
func (u *unit) join(o *unit) {
	if o.placed > u.placed || o.placed == u.placed && o.site > u.site {
		u.site, u.placed = o.site, o.placed
	}
	u.offered, u.installed, u.verified, u.fail = max(u.offered, o.offered), max(u.installed, o.installed), max(u.verified, o.verified), max(u.fail, o.fail)
	if o.other > u.other || o.other == u.other && slices.Index(uptakes, o.what) > slices.Index(uptakes, u.what) {
		u.other, u.what = o.other, o.what
	}
	u.last = max(u.last, o.last)
}

// spot is a unit at a site.
type spot struct{ unit, site string }

// move says that a unit came to a site from another at an instant.
type move struct {
	unit, from, to string
	at             int64
}

// hearing is what was said, by unit and site, and which units were moved.
type hearing struct {
	at    map[spot]*unit
	moves map[move]bool
}

func (h *hearing) hear(r Report) {
	if h.at == nil {
		h.at, h.moves = map[spot]*unit{}, map[move]bool{}
	}
	s := spot{r.Unit, r.Site}
	u := h.at[s]
	if u == nil {
		u = &unit{}
		h.at[s] = u
	}
	u.hear(r)
	if r.From != "" {
		h.moves[move{r.Unit, r.From, r.Site, r.At.UnixMicro()}] = true
	}
}

// roots says for every spot which one stands for the unit: that of the least site
// among those which moves join.
func (h hearing) roots() map[spot]spot {
	up := map[spot]spot{}
	var root func(spot) spot
	root = func(s spot) spot {
		if p, ok := up[s]; ok && p != s {
			up[s] = root(p)
			return up[s]
		}
		return s
	}
	for m := range h.moves {
		a, b := root(spot{m.unit, m.from}), root(spot{m.unit, m.to})
		up[spot{m.unit, max(a.site, b.site)}] = spot{m.unit, min(a.site, b.site)}
	}
	out := map[spot]spot{}
	for s := range h.at {
		out[s] = root(s)
	}
	return out
}

// units are the units, each once.
func (h hearing) units() iter.Seq[*unit] {
	if len(h.moves) == 0 {
		return maps.Values(h.at)
	}
	one := map[spot]*unit{}
	for s, root := range h.roots() {
		u := one[root]
		if u == nil {
			u = &unit{}
			one[root] = u
		}
		u.join(h.at[s])
	}
	return maps.Values(one)
}

func (h hearing) conflicts() []Conflict {
	first, sites, apart := map[string]string{}, map[string][]string{}, map[string]map[spot]bool{}
	for s := range h.at {
		if had, ok := first[s.unit]; !ok {
			first[s.unit] = s.site
		} else if sites[s.unit] == nil {
			sites[s.unit] = []string{had, s.site}
		} else {
			sites[s.unit] = append(sites[s.unit], s.site)
		}
	}
	if len(sites) == 0 {
		return nil // the usual case, and fleets are large
	}
	for s, root := range h.roots() {
		if sites[s.unit] == nil {
			continue
		}
		if apart[s.unit] == nil {
			apart[s.unit] = map[spot]bool{}
		}
		apart[s.unit][root] = true
	}
	why := map[string]string{}
	for name, all := range apart {
		if len(all) > 1 {
			why[name] = "several sites have a unit of this number, and no report says that it was moved"
		}
	}
	came := map[spot]int64{} // when it came there last
	for m := range h.moves {
		s := spot{m.unit, m.to}
		came[s] = max(came[s], m.at)
	}
	from := map[string]string{} // the least site that reports what it gave away
	for m := range h.moves {
		left := h.at[spot{m.unit, m.from}]
		back := came[spot{m.unit, m.from}] > m.at
		if had, ok := from[m.unit]; left != nil && sites[m.unit] != nil && left.last > m.at && !back && (!ok || m.from < had) {
			from[m.unit] = m.from
		}
	}
	for name, site := range from {
		if why[name] == "" {
			why[name] = fmt.Sprintf("it was moved from %q, which reports it still", site)
		}
	}
	var out []Conflict
	for _, name := range slices.Sorted(maps.Keys(why)) {
		slices.Sort(sites[name])
		out = append(out, Conflict{Unit: name, Sites: sites[name], Why: why[name]})
	}
	return out
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
// and more than once; those of other releases and from after at are left out. A unit
// of one number at two sites is two, and a conflict, unless a report says that it was
// moved. Of each site the units that nobody has reported are unknown. An error of
// reports is returned.
func (r Rollout) Tally(reports iter.Seq2[Report, error], at time.Time) (Progress, error) {
	h := hearing{}
	for one, err := range reports {
		if err != nil {
			return Progress{}, err
		}
		if one.Release != r.Release || one.At.After(at) || one.Check(at) != nil {
			continue
		}
		h.hear(one)
	}
	p := Progress{At: instant(at), Rings: map[string]Counts{}, Customers: map[string]Counts{}, Sites: map[string]Counts{}, Elsewhere: map[string]Counts{}, Conflicts: h.conflicts()}
	heard := map[string]Counts{}
	for u := range h.units() {
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
	for site, c := range heard {
		c.Sites, c.Surplus = 1, c.Units
		p.Elsewhere[site] = c
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
	return l.Do(ctx, by, func(tx *store.Tx) error { return putReports(tx, reports) })
}

func putReports(tx *store.Tx, reports []Report) error {
	var errs []error
	fresh := map[string]int64{}
	for _, r := range reports {
		if err := r.Check(tx.At()); err != nil {
			errs = append(errs, fmt.Errorf("patch: report on unit %q: %w", r.Unit, err))
			continue
		}
		r.At = instant(r.At)
		wrote, err := Reports.PutIfChanged(tx, r)
		if err != nil {
			return err
		}
		if wrote {
			fresh[r.Release]++
		}
	}
	for release, n := range fresh {
		c, err := received(tx, release)
		if err != nil {
			return err
		}
		c.Reports += n
		if err := tells.Put(tx, c); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// told is how often a report on a release was written: read in each act that opens
// a ring and written in each that brings reports, so that of two at once one is done
// anew and knows the other.
type told struct {
	Release string `json:"release"`
	Reports int64  `json:"reports"`
}

func (c told) Key() string { return c.Release }

const tells store.Kind[told] = "patch.received"

func received(tx *store.Tx, release string) (told, error) {
	c, err := tells.Get(tx, release)
	if errors.Is(err, store.ErrNotFound) {
		return told{Release: release}, nil
	}
	return c, err
}
