package advisory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
)

// The kinds of a Basis that is what is known of a vulnerability beside the evidence
// of its findings. They are no records of their own: the states of products say so.
const (
	exploitedKind = "advisory.exploitation" // whether it is listed as exploited, and used in ransomware
	ratedKind     = "advisory.rating"       // the highest rating of the published scores
)

func exploitation(exploited, ransomware bool) string {
	return digest(struct {
		Exploited  bool `json:"exploited"`
		Ransomware bool `json:"ransomware"`
	}{exploited, ransomware})
}

// heard is the Basis of what v says of exploitation, and that of its published scores
// where there are such.
func (v Vulnerability) heard() []Basis {
	ids := append([]feeds.ID{v.ID}, v.others()...)
	key := string(v.ID)
	if text, err := json.Marshal(ids); err == nil {
		key = string(text)
	}
	out := []Basis{{Kind: exploitedKind, Key: key, Digest: exploitation(v.Exploited != nil, v.Exploited != nil && v.Exploited.Ransomware)}}
	if len(v.Published) > 0 && v.Rated != "" {
		out = append(out, Basis{Kind: ratedKind, Key: key, Digest: digest(v.Rated)})
	}
	return out
}

// is reports whether v is the vulnerability with these ids: the same id, or one in
// common which is no CVE id and names no kind. Two CVE ids are never one vulnerability.
func (v Vulnerability) is(id feeds.ID, ids []feeds.ID) bool {
	if v.ID == id {
		return true
	}
	if v.ID.CVE() && id.CVE() {
		return false
	}
	return v.ID.CVE() && slices.Contains(ids, v.ID) || slices.ContainsFunc(v.IDs, func(x feeds.ID) bool {
		return !x.CVE() && !x.KindOnly() && (x == id || slices.Contains(ids, x))
	})
}

// held is what a ledger holds of all devices.
type held struct {
	assessments []assess.Assessment // without those that were carried over to another
	states      []match.State
	fleet       Fleet
}

func hold(ctx context.Context, l *store.Ledger) (held, error) {
	f, err := ReadFleet(ctx, l)
	if err != nil {
		return held{}, err
	}
	h := held{fleet: f}
	if h.assessments, err = all(ctx, l, assess.Assessments); err != nil {
		return held{}, err
	}
	if h.states, err = all(ctx, l, match.States); err != nil {
		return held{}, err
	}
	over := map[string]bool{}
	for _, a := range h.assessments {
		for _, key := range a.From {
			over[key] = true
		}
	}
	h.assessments = slices.DeleteFunc(h.assessments, func(a assess.Assessment) bool { return over[a.Finding] })
	return h, nil
}

// finding looks for a finding in the states of products.
func (h held) finding(key string) (string, string, error) {
	for _, s := range h.states {
		for _, f := range s.Findings {
			if f.FindingKey != key {
				continue
			}
			if !f.Gone.IsZero() {
				return gone, ": the finding was withdrawn on " + stamp(f.Gone), nil
			}
			return f.Digest, ": it rests on other evidence", nil
		}
	}
	return "", "", store.ErrNotFound
}

var ratings = []cvss.Severity{cvss.None, cvss.Low, cvss.Medium, cvss.High, cvss.Critical}

// hears is the digest of b, one of v's heard, as the states say it; empty when none of
// them does. Ratings are of the findings that the advisory rests on.
func (h held) hears(b Basis, v Vulnerability, rests func(finding string) bool) string {
	known, exploited, ransomware := false, false, false
	rated := cvss.Severity("")
	for _, s := range h.states {
		for _, f := range s.Findings {
			// A State of before such things were kept says nothing of them.
			if !f.Gone.IsZero() || !v.is(f.Vulnerability, f.IDs) || f.Severity == "" && !f.Exploited {
				continue
			}
			known = true
			exploited, ransomware = exploited || f.Exploited, ransomware || f.Ransomware
			if rests(f.FindingKey) && slices.Index(ratings, f.Severity) > slices.Index(ratings, rated) {
				rated = f.Severity
			}
		}
	}
	switch {
	case b.Kind == exploitedKind && known:
		return exploitation(exploited, ransomware)
	case b.Kind == ratedKind && rated != "":
		return digest(rated)
	}
	return ""
}

// place is where a product stands in the advisory: the version with its key, else one
// that only a plan names and that is the same. What is about a BOM by itself has none.
func (h held) place(a Advisory, product string) int {
	if product == "" {
		return -1
	}
	if i := slices.IndexFunc(a.Versions, func(v Version) bool { return v.Product == product }); i >= 0 {
		return i
	}
	p, known := h.product(product)
	if !known {
		return -1
	}
	return slices.IndexFunc(a.Versions, func(v Version) bool {
		return v.Product == "" && v.alike(Version{Name: p.Name, Model: p.Model, Manufacturer: p.Manufacturer}, p.Version)
	})
}

func (h held) product(key string) (device.Product, bool) {
	i := slices.IndexFunc(h.fleet.Products, func(p device.Product) bool { return p.ID == key })
	if i < 0 {
		return device.Product{}, false
	}
	return h.fleet.Products[i], true
}

// concerns reports whether a reader would look for product in a: it is the maker's, or
// of a manufacturer that a speaks of, was distributed, and is not left out on purpose.
// One that no record describes counts.
func (h held) concerns(a Advisory, product string) bool {
	if product == "" || slices.ContainsFunc(a.Excluded, func(x Exclusion) bool { return x.Product == product }) {
		return false
	}
	p, known := h.product(product)
	if !known {
		return true
	}
	ours := likeMaker(p.Manufacturer, a.Maker.Name) != far ||
		slices.ContainsFunc(a.Versions, func(v Version) bool { return likeMaker(p.Manufacturer, v.Manufacturer) != far })
	return ours && h.fleet.distributed(product)
}

// otherwise adds what l knows otherwise than a says, beside the records that a rests on.
func (h held) otherwise(ctx context.Context, l *store.Ledger, a Advisory, add func(Stale, func(Claim) bool)) error {
	alike, err := h.near(a)
	if err != nil {
		return err
	}
	for _, x := range alike {
		add(x, func(c Claim) bool {
			return slices.ContainsFunc(c.From, func(b Basis) bool { return b.Kind == fleetKind })
		})
	}
	if a.Withdrawn != nil {
		return nil
	}
	src := a.sources()
	for _, v := range a.Vulnerabilities {
		for _, b := range v.heard() {
			rests := func(finding string) bool { return len(src.rests([]string{finding}, findings)) > 0 }
			if now := h.hears(b, v, rests); now != "" && now != b.Digest {
				add(Stale{Of: b, Why: heardWords[b.Kind]}, func(c Claim) bool { return slices.Contains(c.From, b) })
			}
		}
		for _, s := range h.unsaid(a, v) {
			from := src.vulnerability(v)
			stale := Stale{Of: s.of, Why: h.why(a, v, s)}
			if s.at >= 0 {
				from = src.disposition(v.Dispositions[s.at])
			} else {
				stale.Product = s.product
			}
			if _, how, err := current(ctx, l, s.of); err == nil && s.of.Kind != findings {
				stale.Why += "; written" + how
			}
			telling := func(b Basis) bool { return b != src.own && b.Kind != fleetKind }
			if !slices.ContainsFunc(from, telling) {
				from = src.vulnerability(v)
			}
			add(stale, func(c Claim) bool {
				return slices.ContainsFunc(from, func(b Basis) bool { return telling(b) && slices.Contains(c.From, b) })
			})
		}
	}
	return nil
}

// near are the products that have nearly the name of one that a was asked about, of
// which it neither speaks nor says that it does not.
func (h held) near(a Advisory) ([]Stale, error) {
	var out []Stale
	for _, b := range a.Rests {
		if b.Kind != fleetKind {
			continue
		}
		of, err := fleetOf(b.Key)
		if err != nil {
			return nil, err
		}
		for _, p := range h.fleet.Near(of...) {
			if h.place(a, p.ID) >= 0 || slices.ContainsFunc(a.Excluded, func(x Exclusion) bool { return x.Product == p.ID }) {
				continue
			}
			out = append(out, Stale{
				Of:  Basis{string(device.Products), p.ID, digest(told(settled(p)))},
				Why: fmt.Sprintf("is product %q, %s, which is nearly one of those that it speaks of, and of which it says nothing", p.ID, Version{Name: p.Name, Model: p.Model, Version: p.Version}.words()), Product: p.ID,
			})
		}
	}
	return out, nil
}

// A saying is a record about a vulnerability of an advisory that the advisory does not
// rest on.
type saying struct {
	of      Basis
	product string
	at      int // of the advisory's versions; -1 when it speaks of none
}

// unsaid are the records about v that a does not rest on and that say something else
// than it does: every assessment and every standing finding in one of its versions, and
// those in other products of the maker. A finding that nobody has assessed says no
// more than under investigation; one that decisions hide, or that was assessed as not
// affected, does not ask for a product that a does not speak of.
func (h held) unsaid(a Advisory, v Vulnerability) []saying {
	judged := map[string]assess.Assessment{}
	var out []saying
	rests := func(kind, key string) bool {
		return slices.ContainsFunc(a.Rests, func(b Basis) bool { return b.Kind == kind && b.Key == key })
	}
	for _, x := range h.assessments {
		if !v.is(x.Vulnerability, x.IDs) {
			continue
		}
		judged[x.Finding] = x
		if rests(string(assess.Assessments), x.Finding) {
			continue
		}
		at := h.place(a, x.Product)
		if at >= 0 || x.Risk() != assess.NoRisk && h.concerns(a, x.Product) {
			out = append(out, saying{Basis{string(assess.Assessments), x.Finding, digest(settled(x))}, x.Product, at})
		}
	}
	for _, s := range h.states {
		for _, f := range s.Findings {
			if !f.Gone.IsZero() || f.Ruling == "hidden" || !v.is(f.Vulnerability, f.IDs) || rests(findings, f.FindingKey) {
				continue
			}
			x, assessed := judged[f.FindingKey]
			at := h.place(a, s.Product)
			switch {
			case assessed && (x.Risk() != assess.NoRisk || at >= 0): // told of above
			case assessed && x.Digest == f.Digest:
			case at >= 0 && v.Dispositions[at].Status == UnderInvestigation:
			case at >= 0 || h.concerns(a, s.Product):
				out = append(out, saying{Basis{findings, f.FindingKey, f.Digest}, s.Product, at})
			}
		}
	}
	slices.SortFunc(out, func(x, y saying) int {
		return cmp.Or(cmp.Compare(x.of.Kind, y.of.Kind), cmp.Compare(x.of.Key, y.of.Key))
	})
	return out
}

// why says what a saying is about.
func (h held) why(a Advisory, v Vulnerability, s saying) string {
	if s.at >= 0 {
		return fmt.Sprintf("speaks of %s in %s, and it does not rest on that", v.ID, a.Versions[s.at].words())
	}
	name := "which no record describes"
	if p, known := h.product(s.product); known {
		name = Version{Name: p.Name, Model: p.Model, Version: p.Version}.words()
	}
	return fmt.Sprintf("speaks of %s in product %q, %s, of which it says nothing", v.ID, s.product, name)
}

// holds refuses an advisory that rests on a judgment which counts on a control that is
// not in force any more: an *assess.LapsedError. One that is withdrawn says nothing.
func holds(ctx context.Context, l *store.Ledger, a Advisory, at time.Time) error {
	if a.Withdrawn != nil {
		return nil
	}
	var errs []error
	for _, b := range a.Rests {
		if b.Kind != string(assess.Assessments) {
			continue
		}
		one, _, err := assess.Assessments.Latest(ctx, l, b.Key)
		if err == nil {
			err = one.Lapsed(at)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) { // what is not there Fresh tells
			errs = append(errs, fmt.Errorf("advisory: %q: %w", a.ID, err))
		}
	}
	return errors.Join(errs...)
}
