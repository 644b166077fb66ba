package assess

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/device"
)

// A SiteRisk is what a decision comes to at one site.
type SiteRisk struct {
	// Site is a pseudonym; Units how many are there, nil when not known.
	Site  string `json:"site"`
	Units *int   `json:"units,omitempty"`
	// Risk is that at this site. Exploitability is the level there.
	Risk           Risk  `json:"risk"`
	Exploitability Level `json:"exploitability"`
	// Why says of every ground whether it holds there, and how that is known.
	Why []string `json:"why,omitempty"`
	// Assumed are the grounds of which the site has said nothing: they are taken to
	// hold there as the decision assumes.
	Assumed []string `json:"assumed,omitempty"`
}

// Sites returns what the determination of a comes to at each site that has or may
// have units of the product, by site. A ground that a site attests not to have, or
// of which it does not know, does not count there, and only there; nor does one
// that fell everywhere by d and at, unless the site itself attests it. Where all
// grounds hold, the risk is the one that was determined; else it is what m (nil is
// DefaultMatrix) says without those that do not, and never less.
func (a Assessment) Sites(m *Matrix, d device.Deployment, fielded []device.Fielded, attested []device.Attestation, at time.Time) ([]SiteRisk, error) {
	if a.State() != Determined || a.Determination.Verdict == nil {
		return nil, &StateError{From: a.State(), To: Determined, Why: "sites are told apart once a risk is determined"}
	}
	m, err := m.or()
	if err != nil {
		return nil, err
	}
	if m.digest != a.Exploitability.Matrix {
		return nil, fmt.Errorf("assess: sites: matrix %q is not the one it was judged by", m.Name())
	}
	j, err := a.judgment(m)
	if err != nil {
		return nil, err
	}
	last := map[string]device.Fielded{}
	for _, f := range fielded {
		if f.Product != a.Product || f.AsOf.After(at) {
			continue
		}
		if had, ok := last[f.Site]; !ok || f.AsOf.After(had.AsOf) {
			last[f.Site] = f
		}
	}
	var out []SiteRisk
	for _, f := range last {
		if f.Units != nil && *f.Units == 0 {
			continue
		}
		one, err := j.site(f, d, attested, at)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(x, y SiteRisk) int { return cmp.Compare(x.Site, y.Site) })
	return out, nil
}

// site judges one site.
func (j judgment) site(f device.Fielded, d device.Deployment, attested []device.Attestation, at time.Time) (SiteRisk, error) {
	a := j.a
	one := SiteRisk{Site: f.Site, Units: f.Units, Risk: a.Determination.Risk, Exploitability: a.Exploitability.Level}
	values := make([]string, len(j.facts))
	for i, fact := range j.facts {
		values[i] = fact.values[0]
	}
	fell := false
	for i, g := range a.grounds() {
		why, ok := g.stands(d, at)
		switch said := newest(attested, a.Product, f.Site, g.Name, at); said.State(at) {
		case device.Has:
			why, ok = fmt.Sprintf("%s attests %q: %s", said.By, g.Name, said.How), true
		case device.HasNot:
			why, ok = fmt.Sprintf("%s attests that the site has no %q: %s", said.By, g.Name, said.How), false
		case device.Unknown:
			why, ok = fmt.Sprintf("whether the site has %q is not known", g.Name), false
		default:
			one.Assumed = append(one.Assumed, g.Name)
		}
		one.Why = append(one.Why, why)
		if !ok {
			fell = true
			values[len(exploitMetrics)+2+i] = gone
		}
	}
	if !fell {
		return one, nil
	}
	v, err := j.verdict(values)
	if err != nil {
		return one, err
	}
	one.Exploitability = v.Exploitability
	if v.Risk == Uncontrolled {
		one.Risk = Uncontrolled
	}
	return one, nil
}

// newest is the last attestation of one control at one site that was given by at;
// of two of one instant, the one that leaves more open.
func newest(all []device.Attestation, product, site, control string, at time.Time) device.Attestation {
	var last device.Attestation
	for _, one := range all {
		if one.Product != product || one.Site != site || one.Control != control || one.At.After(at) || one.Validate() != nil {
			continue
		}
		if last.At.IsZero() || one.At.After(last.At) || one.At.Equal(last.At) && last.Holds == device.Has {
			last = one
		}
	}
	return last
}

// UncontrolledSites are those of list at which the risk is uncontrolled.
func UncontrolledSites(list []SiteRisk) []string {
	var out []string
	for _, one := range list {
		if one.Risk == Uncontrolled {
			out = append(out, one.Site)
		}
	}
	return out
}
