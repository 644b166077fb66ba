package patch

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"
)

// Counts are how far some units are. Every unit is in one of the states or unknown:
// Units is their sum.
type Counts struct {
	Units int `json:"units"`
	// Unknown are units of which nobody has said anything.
	Unknown     int `json:"unknown"`
	Offered     int `json:"offered,omitempty"`
	Accepted    int `json:"accepted,omitempty"`
	Installed   int `json:"installed,omitempty"`
	Verified    int `json:"verified,omitempty"`
	Declined    int `json:"declined,omitempty"`
	Unreachable int `json:"unreachable,omitempty"`
	Failed      int `json:"failed,omitempty"`
	// Tried are the units that were ever installed, verified or failed, EverFailed
	// those of them that ever failed.
	Tried      int `json:"tried,omitempty"`
	EverFailed int `json:"ever_failed,omitempty"`
	// Sites is how many sites they are at; Uncounted how many of these do not say
	// how many units they have, so that more are unknown than Unknown says.
	Sites     int `json:"sites"`
	Uncounted int `json:"uncounted,omitempty"`
	// Surplus are units that reported beyond the count of their site, or from a site
	// that is not in the fleet. They are in Units too.
	Surplus int `json:"surplus,omitempty"`
}

// Done are the units that have the release.
func (c Counts) Done() int { return c.Installed + c.Verified }

// DoneShare is Done by Units, 0 for no units.
func (c Counts) DoneShare() float64 { return share(c.Done(), c.Units) }

// UnknownShare is the share of units of which nothing is known. exact is false when
// sites do not say how many they have, or there are none: then it is at least that.
func (c Counts) UnknownShare() (s float64, exact bool) {
	return share(c.Unknown, c.Units), c.Uncounted == 0 && c.Units > 0
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// check says whether c adds up.
func (c Counts) check() error {
	sum := 0
	for _, n := range []int{c.Unknown, c.Offered, c.Accepted, c.Installed, c.Verified, c.Declined, c.Unreachable, c.Failed} {
		if n < 0 || n > math.MaxInt-sum {
			return errors.New("patch: a count is negative or too great")
		}
		sum += n
	}
	if sum != c.Units || c.EverFailed > c.Tried || c.Tried > c.Units || min(c.Tried, c.EverFailed, c.Sites, c.Uncounted, c.Surplus) < 0 {
		return errors.New("patch: counts do not add up")
	}
	return nil
}

// tried says whether c adds up, and counts as tried what was.
func (c Counts) tried() bool {
	return c.check() == nil && c.Failed <= c.EverFailed && c.Installed+c.Verified+c.Failed <= c.Tried
}

func (c *Counts) add(o Counts) { c.plus(o, 1) }

func (c *Counts) sub(o Counts) { c.plus(o, -1) }

func (c *Counts) plus(o Counts, sign int) {
	for _, p := range []struct {
		to *int
		n  int
	}{
		{&c.Units, o.Units}, {&c.Unknown, o.Unknown}, {&c.Offered, o.Offered}, {&c.Accepted, o.Accepted}, {&c.Installed, o.Installed},
		{&c.Verified, o.Verified}, {&c.Declined, o.Declined}, {&c.Unreachable, o.Unreachable}, {&c.Failed, o.Failed}, {&c.Tried, o.Tried},
		{&c.EverFailed, o.EverFailed}, {&c.Sites, o.Sites}, {&c.Uncounted, o.Uncounted}, {&c.Surplus, o.Surplus},
	} {
		*p.to += sign * p.n
	}
}

// A Follow is a site that still has units without a verified update after day 60.
type Follow struct {
	Place
	Counts Counts `json:"counts"`
	// Last is when it was followed up last, zero is never; Due by when next.
	Last time.Time `json:"last,omitzero"`
	Due  time.Time `json:"due"`
}

// Follows lists the sites to follow up as of p.At, those due first: none before
// day 60, and a site drops out only when every unit of a known number is verified.
// What is declined stays open: the risk is still there.
func (r Rollout) Follows(p Progress) []Follow {
	if r.Day60.IsZero() || !p.At.After(r.Day60) {
		return nil
	}
	last := map[string]time.Time{}
	for _, s := range r.Steps {
		if f := s.Followed; f != nil && f.When.After(r.Day60) && !f.When.After(p.At) && f.When.After(last[f.Site]) {
			last[f.Site] = f.When
		}
	}
	var out []Follow
	for _, place := range r.Fleet {
		c := p.Sites[place.Site]
		if c.Uncounted == 0 && c.Verified == c.Units {
			continue
		}
		f := Follow{Place: place, Counts: c, Last: last[place.Site], Due: r.Day60}
		if !f.Last.IsZero() {
			f.Due = f.Last.AddDate(0, 0, r.FollowUp)
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Follow) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Site, b.Site)) })
	return out
}
