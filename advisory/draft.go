package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/tlp"
)

// An Input is all that Draft makes an advisory of.
type Input struct {
	ID    string
	Kind  Kind
	Lang  string
	Maker Maker
	// By is who drafts; another person signs off.
	By string
	// Mark is what the maker chose. Nothing unmarked can be rendered.
	Mark tlp.Mark
	// Fleet gives the versions: every one that was distributed of the models that
	// the assessments are about, supported or not. See Fleet.Versions. Products are
	// further ones. A version that no assessment and no statement speaks of is under
	// investigation. A product with nearly the name of one of them has to be given, or
	// be Excluded: see Fleet.Near.
	Fleet    *Fleet
	Products []device.Product
	// NoFleet says to readers why there is no Fleet, and the versions are the
	// Products alone. One of the two is required.
	NoFleet string
	// Excluded are products of which it does not speak on purpose.
	Excluded []Exclusion
	// Audience, Needs and Eased are as in Advisory.
	Audience []tlp.Audience
	Needs    []string
	Eased    string
	// Learned is when the maker learned of it. The assessments' own instants count
	// too: the earliest holds.
	Learned time.Time
	// TranslatedFrom is the text that this one translates; nil for an original.
	TranslatedFrom *Translation
	// Cites are records that a person's words rest on, beside those that all of it
	// rests on. See Citing.
	Cites []Cite
	// Assessments may be of any state; only what was approved counts as
	// determined.
	Assessments []assess.Assessment
	// Findings are those of the assessments as they are now, where that is known: what
	// they say of exploitation and of published scores is told in place of what the
	// assessments were judged on.
	Findings []match.Finding
	// Matrix is the one that they are judged by. Nil means assess.DefaultMatrix.
	Matrix *assess.Matrix
	// Plans are for these assessments. Only an approved plan can be told to
	// customers.
	Plans []patch.Plan
	// Releases are those of the ledger (patch.Releases) that carry changes for these
	// assessments: what they carry is fixed in their version since they were made.
	Releases []patch.Release
	// Stated are what a person says of versions that were not assessed.
	Stated []Statement
	// Vulnerabilities are the words about each, in the order of the advisory.
	Vulnerabilities []VulnerabilityText
	// Instructions and Remedies are added to those of the plans. Their Versions
	// are keys of products here. Both of their lists may be empty: all
	// vulnerabilities and, for a remedy, all affected versions.
	Instructions []Instruction
	Remedies     []Remedy
	Texts
	// Action is what a correction or a field safety notice says beside; see
	// KindRules. Kinds are the rules. Nil means DefaultKinds.
	Action *FieldAction
	Kinds  *Kinds
	// Earlier are the revisions already issued, Change says what is new in this
	// one; it may be empty for the first.
	Earlier []Revision
	Change  string
}

// A VulnerabilityText holds a person's words about one vulnerability.
type VulnerabilityText struct {
	ID           feeds.ID // any of its ids; the CVE id when it shares the others
	Title        string
	Description  string // required, in the maker's own words
	CWE          string // such as CWE-787
	Exploitation string
	// ClinicalImpact may be empty when the assessments say it; what they say is
	// taken then.
	ClinicalImpact string
}

// A Statement says of a version that was not assessed that it is not affected
// or fixed. It cannot overrule an assessment.
//
// That a version is fixed follows from approved plans and from releases; a person
// who states it says why, and names a record that says so.
type Statement struct {
	Product       string // the key of one of the products
	Vulnerability feeds.ID
	Status        VersionStatus
	Justification string // a VEX token; it or Why is required for NotAffected
	Why           string
	// From are records of the ledger that say so; required for Fixed, with Why. See
	// Resting.
	From []Basis
}

// Draft makes a draft as of at. Everything that is missing or wrong is told at
// once, as by Validate.
func Draft(in Input, at time.Time) (Advisory, error) {
	d := &drafter{in: in, version: map[string]string{}, judged: map[string]assess.Assessment{}, fixes: map[string]map[string][]Basis{}}
	d.a = Advisory{
		Schema: Schema, ID: in.ID, Kind: in.Kind, Status: StatusDraft, Lang: in.Lang, Maker: in.Maker,
		Texts: in.Texts, Proposed: patch.Proposed{By: in.By, At: instant(at)},
		Audience: slices.Clone(in.Audience), Needs: slices.Clone(in.Needs), Eased: in.Eased, TranslatedFrom: in.TranslatedFrom, Cites: slices.Clone(in.Cites),
	}
	for _, one := range in.Assessments {
		if err := one.Lapsed(at); err != nil {
			d.errs = append(d.errs, fmt.Errorf("advisory: %w", err))
		}
	}
	d.learned()
	d.revisions()
	d.versions()
	d.vulnerabilities()
	d.releases()
	d.plans()
	d.statements()
	d.added()
	d.action()
	d.roads()
	d.fixed()
	d.mark()
	d.a.Rests = tidy(d.a.Rests)
	if err := errors.Join(errors.Join(d.errs...), d.a.Validate()); err != nil {
		return Advisory{}, err
	}
	if _, err := document(d.a); err != nil {
		return Advisory{}, err
	}
	return d.a, nil
}

type drafter struct {
	in      Input
	a       Advisory
	errs    []error
	version map[string]string // product key to version ID
	// products are those of the versions, in their order.
	products []device.Product
	judged   map[string]assess.Assessment // by finding
	// fixes are the records that say that a finding has a patch which can be had, by
	// finding and by the device version with the patch, spelled plainly.
	fixes map[string]map[string][]Basis
}

func (d *drafter) fail(format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("advisory: "+format, args...))
}

func (d *drafter) revisions() {
	for _, r := range d.in.Earlier {
		r.Date = instant(r.Date)
		d.a.Revisions = append(d.a.Revisions, r)
	}
	change := d.in.Change
	if blank(change) && len(d.in.Earlier) == 0 {
		change = "First version."
	}
	d.a.Revisions = append(d.a.Revisions, Revision{Number: len(d.in.Earlier) + 1, Summary: change})
}

func (d *drafter) versions() {
	for _, p := range d.in.Products {
		d.product(p)
	}
	d.a.NoFleet = d.in.NoFleet
	switch {
	case d.in.Fleet == nil && blank(d.in.NoFleet):
		d.fail("there is no fleet and no reason for that: versions could be left out without a word")
	case d.in.Fleet != nil && !blank(d.in.NoFleet):
		d.fail("there is a fleet and a reason why there is none: %q", d.in.NoFleet)
	}
	defer d.excluded()
	if d.in.Fleet == nil {
		return
	}
	var about []string
	for _, a := range d.in.Assessments {
		about = append(about, a.Product)
	}
	for _, s := range d.in.Stated {
		about = append(about, s.Product)
	}
	for _, p := range d.in.Products {
		about = append(about, p.ID)
	}
	fleet := *d.in.Fleet
	fleet.Products = slices.Clone(fleet.Products)
	for _, p := range d.in.Products {
		if !slices.ContainsFunc(fleet.Products, func(o device.Product) bool { return o.ID == p.ID }) {
			fleet.Products = append(fleet.Products, p)
		}
	}
	versions := fleet.Versions(about...)
	d.rest(fleetKind, fleetKey(about), fleetDigest(versions))
	for _, p := range versions {
		if _, given := d.version[p.ID]; !given && !d.isExcluded(p.ID) {
			d.product(p)
		}
	}
	for _, p := range fleet.Near(about...) {
		if _, given := d.version[p.ID]; !given && !d.isExcluded(p.ID) {
			d.fail("product %q (%s %s, model %q, of %q) is nearly one of those that it speaks of: give it, or exclude it with a reason",
				p.ID, p.Name, p.Version, p.Model, p.Manufacturer)
		}
	}
}

func (d *drafter) isExcluded(product string) bool {
	return slices.ContainsFunc(d.in.Excluded, func(x Exclusion) bool { return x.Product == product })
}

// excluded takes over the products that it does not speak of.
func (d *drafter) excluded() {
	for _, x := range d.in.Excluded {
		if d.in.Fleet != nil && blank(x.Name) {
			for _, p := range d.in.Fleet.Products {
				if p.ID == x.Product {
					x.Name = Version{Name: p.Name, Model: p.Model, Version: p.Version}.words()
				}
			}
		}
		d.a.Excluded = append(d.a.Excluded, x)
	}
}

// product takes up one version, with what the fleet knows of it.
func (d *drafter) product(p device.Product) {
	if err := p.Validate(); err != nil {
		d.errs = append(d.errs, err)
	}
	if _, twice := d.version[p.ID]; twice {
		d.fail("product %q is given twice", p.ID)
		return
	}
	v := Version{Product: p.ID, Name: p.Name, Model: p.Model, Version: p.Version, Manufacturer: p.Manufacturer, UDIDI: p.UDIDI}
	d.rest(string(device.Products), p.ID, digest(told(settled(p))))
	if d.in.Fleet != nil {
		for _, l := range d.in.Fleet.Lives {
			if l.Product == p.ID {
				v.Stage, v.Ended = l.Stage, l.Ended
				d.rest(string(device.Lives), l.Key(), digest(settled(l)))
			}
		}
		for _, c := range d.in.Fleet.Counts {
			if c.Product == p.ID {
				d.rest(string(device.Counts), c.Key(), digest(settled(c)))
			}
		}
	}
	d.version[p.ID] = d.addVersion(v)
	d.products = append(d.products, p)
}

func (d *drafter) rest(kind, key, digest string) {
	d.a.Rests = append(d.a.Rests, Basis{Kind: kind, Key: key, Digest: digest})
}

// learned takes the earliest instant at which the maker learned.
func (d *drafter) learned() {
	d.a.Learned = d.in.Learned
	for _, a := range d.in.Assessments {
		if at := a.Instants.Learned; !at.IsZero() && (d.a.Learned.IsZero() || at.Before(d.a.Learned)) {
			d.a.Learned = at
		}
	}
	if !d.a.Learned.IsZero() {
		d.a.Learned = instant(d.a.Learned)
	}
}

func (d *drafter) addVersion(v Version) string {
	v.ID = fmt.Sprintf("CSAFPID-%04d", len(d.a.Versions)+1)
	if blank(v.Manufacturer) {
		v.Manufacturer = d.in.Maker.Name
	}
	d.a.Versions = append(d.a.Versions, v)
	for i := range d.a.Vulnerabilities {
		vuln := &d.a.Vulnerabilities[i]
		vuln.Dispositions = append(vuln.Dispositions, Disposition{Version: v.ID, Status: UnderInvestigation})
	}
	return v.ID
}

// vulnerabilities joins the assessments of each vulnerability.
func (d *drafter) vulnerabilities() {
	taken := map[string]bool{}
	for _, text := range d.in.Vulnerabilities {
		v := Vulnerability{
			ID: text.ID, IDs: []feeds.ID{text.ID}, Title: text.Title, Description: text.Description, CWE: text.CWE,
			ClinicalImpact: text.ClinicalImpact, Exploitation: text.Exploitation,
		}
		for _, version := range d.a.Versions {
			v.Dispositions = append(v.Dispositions, Disposition{Version: version.ID, Status: UnderInvestigation})
		}
		of := map[string][]assess.Assessment{} // by version
		var impacts []string
		for _, a := range d.in.Assessments {
			if taken[a.Finding] || !d.meant(text, a) {
				continue
			}
			taken[a.Finding] = true
			if err := a.Check(d.in.Matrix); err != nil {
				d.errs = append(d.errs, err)
			}
			id, ok := d.version[a.Product]
			if !ok {
				d.fail("the assessment %q is of product %q, which is not given", a.Finding, a.Product)
				continue
			}
			d.judged[a.Finding] = a
			of[id] = append(of[id], a)
			v.join(a, d.facts(a))
			if a.Impact != nil && !slices.Contains(impacts, a.Impact.Statement) {
				impacts = append(impacts, a.Impact.Statement)
			}
			d.a.Rests = append(d.a.Rests, Basis{Kind: string(assess.Assessments), Key: a.Finding, Digest: digest(settled(a))},
				Basis{Kind: findings, Key: a.Finding, Digest: a.Digest})
		}
		for i, x := range v.Dispositions {
			if list := of[x.Version]; len(list) > 0 {
				v.Dispositions[i] = disposition(x.Version, list)
			}
		}
		if blank(v.ClinicalImpact) {
			v.ClinicalImpact = strings.Join(impacts, "\n\n")
		}
		d.a.Vulnerabilities = append(d.a.Vulnerabilities, v)
	}
	for _, a := range d.in.Assessments {
		if !taken[a.Finding] {
			d.fail("no words are given for %q, which the assessment %q is about", a.Vulnerability, a.Finding)
		}
	}
	for _, f := range d.in.Findings {
		if !taken[f.Key()] {
			d.fail("the finding %q is of no given assessment", f.Key())
		}
	}
	seen := map[string]bool{}
	for _, a := range d.in.Assessments {
		if seen[a.Finding] {
			d.fail("the assessment %q is given twice", a.Finding)
		}
		seen[a.Finding] = true
	}
}

// meant reports whether text is about a's vulnerability: it names it, or another
// of its ids when no text names it.
func (d *drafter) meant(text VulnerabilityText, a assess.Assessment) bool {
	if text.ID == a.Vulnerability {
		return true
	}
	return slices.Contains(a.IDs, text.ID) && !slices.ContainsFunc(d.in.Vulnerabilities, func(t VulnerabilityText) bool { return t.ID == a.Vulnerability })
}

// facts are those of the finding of a, as they are now when that is known.
func (d *drafter) facts(a assess.Assessment) assess.Facts {
	for _, f := range d.in.Findings {
		if f.Key() == a.Finding {
			a.Facts.Exploited, a.Facts.Scores = f.Exploited, f.Scores
		}
	}
	return a.Facts
}

// join adds what a's finding says about the vulnerability itself.
func (v *Vulnerability) join(a assess.Assessment, facts assess.Facts) {
	v.ID = a.Vulnerability // of two CVEs, Validate tells
	v.IDs = append(append(v.IDs, a.Vulnerability), a.IDs...)
	slices.Sort(v.IDs)
	v.IDs = slices.Compact(v.IDs)
	if x := facts.Exploited; x != nil && (v.Exploited == nil || x.Ransomware && !v.Exploited.Ransomware) {
		v.Exploited = x
	}
	if r := (match.Finding{Scores: facts.Scores}).Severity(); v.Rated == "" || slices.Index(ratings, r) > slices.Index(ratings, v.Rated) {
		v.Rated = r
	}
	for _, s := range facts.Scores {
		p := PublishedScore{Source: s.Source, By: s.By, Vector: s.Vector, Base: s.Base}
		if p.Vector != "" && !slices.Contains(v.Published, p) {
			v.Published = append(v.Published, p)
		}
	}
}

// disposition joins the assessments of one vulnerability in one version: any
// affected component makes the version affected, and it is not affected only
// when that was approved for every one.
func disposition(version string, of []assess.Assessment) Disposition {
	d := Disposition{Version: version, Status: NotAffected, Risk: assess.NoRisk}
	var whys []string
	for _, a := range of {
		d.Findings = append(d.Findings, a.Finding)
		status, risk := UnderInvestigation, a.Risk()
		switch {
		case risk == assess.NoRisk:
			status = NotAffected
			// One token for the version: several different ones are told in words.
			if t := a.Triage; t != nil {
				whys = append(whys, t.Why)
				if d.Justification == "" || d.Justification == t.Justification {
					d.Justification = t.Justification
				} else {
					d.Justification = "differ"
				}
			}
		case a.Triage != nil && a.Triage.Result == assess.Affected:
			status = Affected
		}
		if worse[status] > worse[d.Status] {
			d.Status = status
		}
		if worst[risk] > worst[d.Risk] {
			d.Risk = risk
		}
		if s := a.Score; s != nil && status == Affected && (d.Score == nil || s.Base > d.Score.Base) {
			d.Score = &Score{Vector: s.Vector, Base: s.Base, Extended: s.Extended, Label: s.Label}
		}
	}
	if d.Status != NotAffected || d.Justification == "differ" {
		d.Justification = ""
	}
	if d.Status == NotAffected {
		slices.Sort(whys)
		d.Why = strings.Join(slices.Compact(whys), "\n\n")
	}
	return d
}

var (
	worse = map[VersionStatus]int{NotAffected: 0, UnderInvestigation: 1, Affected: 2}
	worst = map[assess.Risk]int{assess.NoRisk: 0, assess.Controlled: 1, "": 2, assess.Uncontrolled: 3}
)

// mark joins what the maker chose with the marks of all that was relied on.
func (d *drafter) mark() {
	marks := []tlp.Mark{d.in.Mark}
	for _, a := range d.in.Assessments {
		marks = append(marks, a.Facts.Mark)
	}
	for _, f := range d.in.Findings {
		marks = append(marks, f.Mark)
	}
	d.a.Mark = tlp.Join(marks...)
}
