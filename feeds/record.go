package feeds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/tlp"
)

// An ID names a vulnerability in somebody's numbering: CVE-…, GHSA-…, GO-…
type ID string

// CVE reports whether id is a CVE id in its canonical spelling: the year in four
// digits, the number in 4 to 19.
func (id ID) CVE() bool {
	if len(id) < len("CVE-2026-0001") || len(id) > len("CVE-2026-")+19 || id[:4] != "CVE-" || id[8] != '-' {
		return false
	}
	for i := 4; i < len(id); i++ {
		if (id[i] < '0' || id[i] > '9') && i != 8 {
			return false
		}
	}
	return true
}

// CleanID trims text and, when it is a CVE id in another case, spells it in
// capitals. Other ids stay as their publishers spell them.
func CleanID(text string) ID {
	id := strings.TrimSpace(text)
	if up := strings.ToUpper(id); ID(up).CVE() {
		return ID(up)
	}
	return ID(id)
}

// A Record is one statement of one source: a full advisory, or a single fact
// about a vulnerability, with different fields filled. Its key is (Source, Item).
// Times are UTC; the zero time means not said.
type Record struct {
	Source string `json:"source"`
	// Item is the publisher's own id for this statement.
	Item string `json:"item"`
	// Names are the vulnerabilities the record speaks of, its own id first; none
	// for a bulletin. A record with several CVE ids speaks of each of them.
	Names []ID `json:"names,omitempty"`
	// State is the publisher's own word for the state of the record ("Analyzed",
	// "Deferred", "Rejected"); empty when it has none.
	State     string    `json:"state,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	// Withdrawn is when the publisher took the statement back. Rejected says so
	// without a time. Either way it no longer matches.
	Withdrawn  time.Time   `json:"withdrawn,omitzero"`
	Rejected   bool        `json:"rejected,omitempty"`
	Title      string      `json:"title,omitempty"`
	Text       string      `json:"text,omitempty"`
	Scores     []Score     `json:"scores,omitempty"`
	Weaknesses []string    `json:"weaknesses,omitempty"` // CWE-…
	References []Reference `json:"references,omitempty"`
	// Packages say what is affected by package and version range (OSV).
	Packages []Package `json:"packages,omitempty"`
	// Configurations say it by CPE names joined with AND and OR (NVD). One of
	// them is enough.
	Configurations []Configuration `json:"configurations,omitempty"`
	// Products say it in the publisher's words, with identifiers where it gives them
	// (CVE records, CSAF).
	Products []Product `json:"products,omitempty"`
	// Remedies are what the publisher says can be done.
	Remedies []Remedy `json:"remedies,omitempty"`
	// Exploited is set when the record says that it is being exploited (KEV).
	Exploited *Exploited `json:"exploited,omitempty"`
	// Probability is set by a source of EPSS scores, SSVC by one of such decisions.
	Probability *Probability `json:"probability,omitempty"`
	SSVC        *SSVC        `json:"ssvc,omitempty"`
	// Mark is the source's label: how far this record may travel.
	Mark tlp.Mark `json:"mark,omitzero"`
}

// A Score is a CVSS vector, and who gave it.
type Score struct {
	// Vector is the vector as published, with its header where its version has one.
	Vector string `json:"vector"`
	// Base is the score as published; 0 when none was.
	Base float64 `json:"base,omitempty"`
	// By is who scored ("nvd@nist.gov"); Primary says that the source counts it first.
	By      string `json:"by,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// A Reference is a link, with the publisher's words for what is behind it.
type Reference struct {
	URL  string   `json:"url"`
	Tags []string `json:"tags,omitempty"`
}

// A Package is one affected package, as OSV states it.
type Package struct {
	// Ecosystem is the OSV ecosystem with its release, if any ("Debian:12").
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	PURL      string `json:"purl,omitempty"`
	// Ranges and Versions: a version in either is affected.
	Ranges   []Range  `json:"ranges,omitempty"`
	Versions []string `json:"versions,omitempty"`
}

// A Range is a line of events along the versions of a package.
type Range struct {
	Type   RangeType `json:"type"`
	Repo   string    `json:"repo,omitempty"`
	Events []Event   `json:"events,omitempty"`
}

// RangeType says how the versions of a range are ordered.
type RangeType string

// The types of the OSV schema.
const (
	SemVer    RangeType = "SEMVER"
	Ecosystem RangeType = "ECOSYSTEM"
	Git       RangeType = "GIT"
)

// An Event is a place on the line where something changes; one field is set.
type Event struct {
	Introduced   string `json:"introduced,omitempty"` // "0" is before every version
	Fixed        string `json:"fixed,omitempty"`
	LastAffected string `json:"last_affected,omitempty"`
	Limit        string `json:"limit,omitempty"`
}

// A Configuration is one tree of CPE criteria. A Node, too, may hold nodes.
type Configuration struct {
	// Operator joins the nodes: "AND" or "OR"; empty is OR.
	Operator string `json:"operator,omitempty"`
	Negate   bool   `json:"negate,omitempty"`
	Nodes    []Node `json:"nodes,omitempty"`
}

// A Node joins criteria, and nodes below it, by its operator.
type Node struct {
	Operator string      `json:"operator,omitempty"`
	Negate   bool        `json:"negate,omitempty"`
	Criteria []Criterion `json:"criteria,omitempty"`
	Nodes    []Node      `json:"nodes,omitempty"`
}

// A Criterion is one leaf: a CPE name and, when its version is open, bounds.
type Criterion struct {
	CPE string `json:"cpe"`
	// Vulnerable says that what matches is affected. A criterion without it only
	// says where ("running on").
	Vulnerable     bool   `json:"vulnerable,omitempty"`
	StartIncluding string `json:"start_including,omitempty"`
	StartExcluding string `json:"start_excluding,omitempty"`
	EndIncluding   string `json:"end_including,omitempty"`
	EndExcluding   string `json:"end_excluding,omitempty"`
}

// String returns the criterion as one readable line.
func (c Criterion) String() string {
	text := c.CPE
	if c.StartIncluding != "" {
		text += " >= " + c.StartIncluding
	}
	if c.StartExcluding != "" {
		text += " > " + c.StartExcluding
	}
	if c.EndIncluding != "" {
		text += " <= " + c.EndIncluding
	}
	if c.EndExcluding != "" {
		text += " < " + c.EndExcluding
	}
	return text
}

// Exploited says that a vulnerability is exploited in the wild.
type Exploited struct {
	// Added is the day it was listed; Due the date the list asks its own
	// addressees to act by, which is never the maker's deadline.
	Added time.Time `json:"added,omitzero"`
	Due   time.Time `json:"due,omitzero"`
	// Ransomware says that use in ransomware campaigns is known.
	Ransomware bool `json:"ransomware,omitempty"`
	// Vendor and Product are names as the list writes them, not identifiers.
	Vendor  string `json:"vendor,omitempty"`
	Product string `json:"product,omitempty"`
	// Action is what the list tells its addressees to do.
	Action string `json:"action,omitempty"`
}

// Live reports whether the record still stands.
func (r Record) Live() bool { return r.Withdrawn.IsZero() && !r.Rejected }

// Validate reports what keeps r from being kept: no source, no item, a time
// that cannot be written.
func (r Record) Validate() error {
	if err := CheckName(r.Source); err != nil {
		return err
	}
	if strings.TrimSpace(r.Item) == "" {
		return fmt.Errorf("feeds: a record of %s has no item", r.Source)
	}
	for _, t := range []time.Time{r.Published, r.Modified, r.Withdrawn} {
		if y := t.Year(); y < 0 || y > 9999 {
			return fmt.Errorf("feeds: record %s %q has a date in the year %d", r.Source, r.Item, y)
		}
	}
	return nil
}

// Coordinates returns every coordinate at which r may speak of a component, each
// once, sorted: its packages, their ecosystems and repositories, its CPE criteria (a criterion that is not a
// CPE name has none), its products by every identifier and by their words, the product name of a list of
// exploited vulnerabilities, and for a record that says nothing of what is affected the words of its text.
func (r Record) Coordinates() []sbom.Coordinate {
	set := map[sbom.Coordinate]bool{}
	for _, p := range r.Products {
		r.productCoordinates(p, set)
	}
	for _, p := range r.Packages {
		for _, g := range p.Ranges {
			if at, ok := sbom.RepoCoordinate(g.Repo); ok && g.Type == Git {
				set[at] = true
				set[sbom.RouteCoordinate(r.Source, sbom.ByPackage)] = true
			}
		}
		if p.Ecosystem != "" && p.Name != "" {
			set[sbom.PackageCoordinate(p.Ecosystem, p.Name)] = true
			set[sbom.EcosystemCoordinate(r.Source, p.Ecosystem)] = true
			set[sbom.RouteCoordinate(r.Source, sbom.ByPackage)] = true
		}
	}
	for c := range r.Criteria() {
		if n, err := cpe.Parse(c.CPE); err == nil {
			set[sbom.CPECoordinate(n)] = true
			set[sbom.RouteCoordinate(r.Source, sbom.ByCPE)] = true
		}
	}
	if r.Exploited != nil && r.Exploited.Product != "" {
		set[sbom.NameCoordinate(r.Exploited.Product)] = true
	}
	if r.Mute() {
		for _, w := range sbom.Mentions(r.Title + "\n" + r.Text) {
			set[sbom.MentionCoordinate(w)] = true
		}
	}
	out := make([]sbom.Coordinate, 0, len(set))
	for at := range set {
		out = append(out, at)
	}
	slices.Sort(out)
	return out
}

func (r Record) productCoordinates(p Product, set map[sbom.Coordinate]bool) {
	for _, text := range p.CPEs {
		if n, err := cpe.Parse(text); err == nil {
			set[sbom.CPECoordinate(n)] = true
			set[sbom.RouteCoordinate(r.Source, sbom.ByCPE)] = true
		}
	}
	for _, text := range p.PURLs {
		named := sbom.Component{PURL: text}
		pkg, err := named.Package()
		if err != nil {
			continue
		}
		set[named.Coordinate()] = true
		set[sbom.RouteCoordinate(r.Source, sbom.ByPackage)] = true
		if e, _, ok := pkg.Ecosystem(); ok {
			set[sbom.EcosystemCoordinate(r.Source, e)] = true
		}
	}
	if at, ok := sbom.RepoCoordinate(p.Repo); ok {
		set[at] = true
	}
	vendors := sbom.VendorNames(p.Vendor)
	for _, name := range append([]string{p.Name}, p.Models...) {
		for _, s := range sbom.Spellings(name, vendors) {
			set[sbom.SpellingCoordinate(s)] = true
			set[sbom.RouteCoordinate(r.Source, sbom.ByName)] = true
		}
	}
	for _, v := range vendors {
		set[sbom.VendorCoordinate(v)] = true
		set[sbom.RouteCoordinate(r.Source, sbom.ByName)] = true
	}
}

// Claims reports whether r says of anything that it is affected, or not, in any form.
func (r Record) Claims() bool {
	return len(r.Packages)+len(r.Configurations)+len(r.Products) > 0
}

// Mute reports whether r stands, names a vulnerability and says in no form that
// can be compared what is affected: a record of NVD that awaits its analysis, or
// will get none. A fact about a vulnerability (KEV, EPSS) is not mute.
func (r Record) Mute() bool {
	if !r.Live() || len(r.Names) == 0 || r.Exploited != nil || r.Probability != nil || len(r.Packages)+len(r.Configurations) > 0 {
		return false
	}
	for _, p := range r.Products {
		if p.Name != "" || p.Vendor != "" || p.Repo != "" || len(p.CPEs)+len(p.PURLs)+len(p.Models) > 0 {
			return false
		}
	}
	return true
}

// Criteria yields every criterion of every configuration, in order.
func (r Record) Criteria() func(yield func(Criterion) bool) {
	return func(yield func(Criterion) bool) {
		for _, c := range r.Configurations {
			if !eachCriterion(c.Nodes, yield) {
				return
			}
		}
	}
}

func eachCriterion(nodes []Node, yield func(Criterion) bool) bool {
	for _, n := range nodes {
		for _, c := range n.Criteria {
			if !yield(c) {
				return false
			}
		}
		if !eachCriterion(n.Nodes, yield) {
			return false
		}
	}
	return true
}

// compareRecords orders records by source and item.
func compareRecords(a, b Record) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Item, b.Item))
}
