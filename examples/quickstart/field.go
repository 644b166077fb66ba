package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/store"
)

// stationRule is the compensating control that hospitals were asked for when the
// device was put up.
const stationRule = "station-rule"

// The sites are pseudonyms. Each belongs to another customer.
const (
	siteA = "site-a" // has the rule
	siteB = "site-b" // has said nothing: it is assumed to have it
	siteC = "site-c" // has not: its switches cannot
)

// fleet is where the six devices are. That at site-c is updated by a technician.
func fleet() []patch.Place {
	n := func(n int) *int { return &n }
	return []patch.Place{
		{Customer: "customer-1", Site: siteA, Ring: "pilot", Units: n(3)},
		{Customer: "customer-2", Site: siteB, Ring: "wide", Units: n(2)},
		{Customer: "customer-3", Site: siteC, Ring: "wide", Units: n(1), Visit: true},
	}
}

// lines are all that the invented maker sells: each is a question when something
// is found in one of them.
func lines() []device.Line {
	market := []device.Market{{Place: "US", Class: "II"}, {Place: "EU", Class: "IIb"}}
	return []device.Line{
		{ID: "therapy", Name: "Example bedside therapy device", Manufacturer: product().Manufacturer,
			Variants: []device.Variant{{Model: product().Model, UDIDI: product().UDIDI, Products: []string{product().ID}, Markets: market}}},
		{ID: "station", Name: "Example central station", Manufacturer: product().Manufacturer,
			Variants: []device.Variant{{Model: "EX-20", Markets: market}}},
	}
}

// day is the beginning of the day, in UTC, some days from at.
func day(at time.Time, days int) time.Time {
	return at.UTC().Truncate(24*time.Hour).AddDate(0, 0, days)
}

// deployed is the device with the control as it was verified: as the ledger has it,
// or verified anew when that is none or has expired.
func (r *run) deployed() (device.Product, error) {
	p, at := product(), r.now()
	kept, _, err := device.Products.Latest(r.ctx, r.program.Ledger(), p.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	p.Deployment.Controls = kept.Deployment.Controls
	if len(p.Deployment.Controls) == 1 {
		if ok, _ := p.Deployment.Controls[0].InForce(at); ok {
			return p, nil
		}
	}
	p.Deployment.Controls = []device.Control{{
		ID: stationRule, What: "a rule of the network segment lets only the clinicians' stations reach the settings port",
		Operator: device.HealthSite, Verification: "port scan from the ward network at the site of reference (invented)",
		By: technician, At: day(at, -14), Expires: day(at, 365),
		Adds: "a station that is replaced cannot set therapy until it is in the rule",
	}}
	return p, nil
}

// file keeps what is known of the field: the maker's lines, how many devices are at
// which site, and what the sites say of the rule. What is kept already stays.
func (r *run) file() error {
	l := r.program.Ledger()
	if err := l.Do(r.ctx, store.By{Who: quality, Why: "the product lines of the maker (invented)"}, func(tx *store.Tx) error {
		for _, line := range lines() {
			if err := fresh(tx, device.Lines, line); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	at := r.now()
	attested := func(site string, h device.Holds, how string) device.Attestation {
		a := device.Attestation{Product: r.device.ID, Site: site, Control: stationRule, Holds: h, By: "biomed-" + site, How: how, At: day(at, -7)}
		if h == device.Has {
			a.Expires = day(at, 180)
		}
		return a
	}
	return l.Do(r.ctx, store.By{Who: technician, Why: "devices counted, and sites asked for the station rule (invented)"}, func(tx *store.Tx) error {
		for _, place := range fleet() {
			f := device.Fielded{Product: r.device.ID, Site: place.Site, Units: place.Units, AsOf: day(at, -7), How: "service log"}
			if err := fresh(tx, device.Counts, f); err != nil {
				return err
			}
		}
		return errors.Join(
			fresh(tx, device.Attestations, attested(siteA, device.Has, "firewall listing of the ward")),
			fresh(tx, device.Attestations, attested(siteC, device.HasNot, "the switches of the ward cannot filter")),
		)
	})
}

// checked is what can be kept and checked.
type checked interface {
	store.Keyed
	Validate() error
}

// fresh keeps v unless there is such a record already.
func fresh[T checked](tx *store.Tx, k store.Kind[T], v T) error {
	if _, err := k.Get(tx, v.Key()); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := v.Validate(); err != nil {
		return err
	}
	return k.Put(tx, v)
}

// next is the device with version 2.2.
func (r *run) next() device.Product {
	p := r.device
	p.ID, p.Version = "therapy-2.2", "2.2"
	return p
}

// recount files version 2.2 with its SBOM, looks for what is known of it, and counts
// the devices anew by what was reported of the rollout.
func (r *run) recount() error {
	text, err := r.nextSBOM()
	if err != nil {
		return err
	}
	bom, err := read.Read(bytes.NewReader(text), nil)
	if err != nil {
		return err
	}
	if err := r.program.Add(r.ctx, store.By{Who: quality, Why: "release 2.2 is in the field (invented)"}, r.next(), bom); err != nil {
		return err
	}
	if _, err := r.program.Check(r.ctx); err != nil {
		return err
	}
	looks, out, err := r.curve()
	if err != nil {
		return err
	}
	now := looks[len(looks)-1]
	var before []device.Fielded
	for f, err := range device.Counts.All(r.ctx, r.program.Ledger(), "") {
		if err != nil {
			return err
		}
		before = append(before, f)
	}
	return r.program.Ledger().Do(r.ctx, store.By{Who: technician, Why: "devices counted anew by the reports of the rollout"}, func(tx *store.Tx) error {
		for _, f := range out.Fielded(now.Progress, r.next().ID, "installation reports", before...) {
			if _, err := device.Counts.PutIfChanged(tx, f); err != nil {
				return err
			}
		}
		line, err := device.Lines.Get(tx, "therapy")
		if err != nil || slices.Contains(line.Products(), r.next().ID) {
			return err
		}
		line.Variants[0].Products = append(line.Variants[0].Products, r.next().ID)
		return device.Lines.Put(tx, line)
	})
}

// sites prints what the determination of a comes to at each site that had devices
// with it, when it was determined and now, as the ledger has it.
func (r *run) sites(a assess.Assessment) error {
	l := r.program.Ledger()
	var counts []device.Fielded
	for e, err := range l.Trail(r.ctx, 0, store.Name{Kind: string(device.Counts)}) {
		if err != nil {
			return err
		}
		f, err := device.Counts.Decode(e)
		if err != nil {
			return err
		}
		counts = append(counts, f)
	}
	var attested []device.Attestation
	for one, err := range device.Attestations.All(r.ctx, l, a.Product+" @") {
		if err != nil {
			return err
		}
		attested = append(attested, one)
	}
	for _, look := range []struct {
		when string
		at   time.Time
	}{{"when it was determined", a.Instants.Determined}, {"now", r.now()}} {
		list, err := a.Sites(nil, r.device.Deployment, counts, attested, look.at)
		if err != nil {
			return err
		}
		var bad []string
		for _, s := range list {
			if s.Risk == assess.Uncontrolled {
				bad = append(bad, inWords(s))
			}
		}
		r.say("    %s: uncontrolled at %d of %d sites with %s", look.when, len(bad), len(list), a.Product)
		for _, s := range bad {
			r.say("      %s", s)
		}
	}
	return nil
}

// inWords is one site in words.
func inWords(s assess.SiteRisk) string {
	units := "an unknown number of units"
	if s.Units != nil {
		units = fmt.Sprintf("units: %d", *s.Units)
	}
	text := fmt.Sprintf("%s, %s, exploitability %s", s.Site, units, s.Exploitability)
	for _, why := range s.Why {
		text += "; " + why
	}
	if len(s.Assumed) > 0 {
		text += "; ASSUMED there: the site has said nothing of " + strings.Join(s.Assumed, ", ")
	}
	return text
}
