package match

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/tlp"
)

// A Finding says that one vulnerability affects one component of one product,
// in each of the places where the component stands. Its lists may be shared with
// other findings and are not to be changed.
type Finding struct {
	// Product is the key of the device.Product; empty when a BOM was matched
	// by itself.
	Product string `json:"product,omitempty"`
	// Coordinate names the component without a version.
	Coordinate sbom.Coordinate `json:"coordinate"`
	// Vulnerability is the CVE id, or the least id when there is none.
	Vulnerability feeds.ID `json:"vulnerability"`
	// IDs are all ids of the vulnerability, sorted; at most one is a CVE id.
	IDs []feeds.ID `json:"ids"`
	// Sources are those whose records matched, sorted.
	Sources []string `json:"sources"`
	// Instances are the affected places, in the BOM's order.
	Instances []Instance `json:"instances"`
	// Title is a record's title, else the beginning of its text.
	Title string `json:"title,omitempty"`
	// Scores are those that any record of the vulnerability gives.
	Scores []Score `json:"scores,omitempty"`
	// Exploited is set when a loaded source says it is exploited in the wild.
	Exploited *feeds.Exploited `json:"exploited,omitempty"`
	// Probability is the EPSS score, SSVC a decision record, where a loaded source has
	// them. Exploits are links to exploits that records give, sorted.
	Probability *feeds.Probability   `json:"probability,omitempty"`
	SSVC        *feeds.SSVC          `json:"ssvc,omitempty"`
	Exploits    []string             `json:"exploits,omitempty"`
	linked      map[string]time.Time // by when a link was known, where a record says
	// Remedied says that a publisher of one of the records tells of a fix.
	Remedied bool `json:"remedied,omitempty"`
	// Published is the earliest publication any record states, and by whom;
	// zero when none does.
	Published   time.Time `json:"published,omitzero"`
	PublishedBy string    `json:"published_by,omitempty"`
	// Mirrored is when the first of the records was first kept in our mirror, Seen
	// when this finding was first seen on this product. Zero until the caller
	// that keeps mirror and state fills them in.
	Mirrored time.Time `json:"mirrored,omitzero"`
	Seen     time.Time `json:"seen,omitzero"`
	// Mark joins the labels of all records of the vulnerability.
	Mark tlp.Mark `json:"mark,omitzero"`
}

// A Score is a published CVSS vector and the record it stands in.
type Score struct {
	Source string `json:"source"`
	feeds.Score
}

// Key names the finding among all others: product, coordinate and
// vulnerability, each without spaces, joined by spaces.
func (f Finding) Key() string {
	return Key(f.Product, f.Coordinate, f.Vulnerability)
}

// dense takes the spaces out of a part of a key.
var dense = strings.NewReplacer("%", "%25", " ", "%20")

// Key is the key that a finding of this product, component and vulnerability
// has. With an empty id it is what all keys of the component begin with.
func Key(product string, at sbom.Coordinate, id feeds.ID) string {
	return dense.Replace(product) + " " + dense.Replace(string(at)) + " " + dense.Replace(string(id))
}

// Digest is the lower-case hex SHA-256 of what the finding rests on: which
// components are affected and the evidence of each. How often one stands in the BOM and under
// which reference does not count: a build that makes new references changes nothing.
func (f Finding) Digest() string {
	var parts []string
	for _, i := range f.Instances {
		i.Component.Ref, i.Ruling = "", nil
		body, err := json.Marshal(i)
		if err != nil { // strings only: cannot happen
			body = []byte(fmt.Sprint(i))
		}
		parts = append(parts, string(body))
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(parts), "\n")))
	return hex.EncodeToString(sum[:])
}

// Severity is the highest rating that any record's base score gives; None when there
// is no score.
func (f Finding) Severity() cvss.Severity {
	worst := cvss.None
	for _, s := range f.Scores {
		if rated := s.rate(); ratingOrder(rated) > ratingOrder(worst) {
			worst = rated
		}
	}
	return worst
}

// rate rates the vector, else the published score by the scale of CVSS 3.
func (s Score) rate() cvss.Severity {
	if v, err := cvss.Parse(s.Vector); err == nil {
		return v.Severity()
	}
	return cvss.SeverityOf(s.Base)
}

var severities = []cvss.Severity{cvss.None, cvss.Low, cvss.Medium, cvss.High, cvss.Critical}

func ratingOrder(s cvss.Severity) int { return slices.Index(severities, s) }

// Fixed lists the versions in which statements that the finding rests on end, each once,
// sorted: the fixes that are known.
func (f Finding) Fixed() []string {
	var out []string
	for _, i := range f.Instances {
		for _, e := range i.Evidence {
			if e.Fixed != "" {
				out = append(out, e.Fixed)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// An Instance is one place in the BOM where an affected component stands.
type Instance struct {
	Component Component  `json:"component"`
	Evidence  []Evidence `json:"evidence"`
	// Against are the records of the same vulnerability that speak of this very
	// component and do not hold it to be affected.
	Against []Against `json:"against,omitempty"`
	// Ruling is what decisions say of it; nil until [Decide] has held them against it, and
	// when none is about it.
	Ruling *Ruling `json:"ruling,omitempty"`
	place  int     // in the BOM
}

// A Component names a component of a BOM. All text is as it stood there.
type Component struct {
	Ref     string `json:"ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	CPE     string `json:"cpe"`
}

func named(c *sbom.Component) Component {
	return Component{Ref: c.Ref, Name: c.Name, Version: c.Version, PURL: c.PURL, CPE: c.CPE}
}

// Identifier says by what a component and a record met.
type Identifier string

// What matches, the surest first.
const (
	ByPURL       Identifier = "purl"
	ByCPE        Identifier = "cpe"
	ByRepository Identifier = "repository" // the source repository that a purl or a record names
	ByWords      Identifier = "words"      // vendor and product in words, both equal
)

// Evidence is why one record affects one instance.
type Evidence struct {
	// Source, Item and Digest name the record in the form it had. By is who says
	// it within the record, where it has several authors.
	Source string `json:"source"`
	Item   string `json:"item"`
	Digest string `json:"digest"`
	By     string `json:"by,omitempty"`
	// Identifier is what met; Version the version that was tested and where it
	// was stated ("version", "purl" or "cpe"); empty when the leaf asks for none.
	Identifier  Identifier `json:"identifier"`
	Named       string     `json:"named"` // the purl or CPE that met, as the component has it
	Version     string     `json:"version,omitempty"`
	VersionFrom string     `json:"version_from,omitempty"`
	// Rule is how the leaf was tested: "range", "listed version", "exact version",
	// "version pattern", "all versions", "commit range", "stated versions", "default status", "before the fix".
	Rule string `json:"rule"`
	// Leaf is the criterion or range that holds.
	Leaf string `json:"leaf"`
	// Fixed is the version in which the statement ends; empty when it does not say.
	Fixed string `json:"fixed,omitempty"`
	// With are the other leaves of the same tree that hold, and for which
	// component.
	With []string `json:"with,omitempty"`
	// Assumed lists what the leaf asks and the component does not state
	// ("target_sw is wordpress"); it was taken to be so.
	Assumed []string `json:"assumed,omitempty"`
	// Alias is set when the component does not bear the identifier itself.
	Alias *Alias `json:"alias,omitempty"`
	// Files are the source files that the flaw is in, where the record says so.
	Files []string `json:"files,omitempty"`
}

// An Alias says whence an identifier is that the component does not bear.
type Alias struct {
	// For is the name of the thing in the table of aliases; Source and Certainty are
	// those of its row.
	For       string `json:"for"`
	Source    string `json:"source"`
	Certainty string `json:"certainty"`
	Former    bool   `json:"former,omitempty"`
	// Named says that the thing was found by a bare name: it may be another.
	Named bool `json:"named,omitempty"`
}

func (a *Alias) assumed() []string {
	return []string{fmt.Sprintf("the component is %s, known by other identifiers (%s)", a.For, a.Certainty)}
}

// Against is a record of the same vulnerability that says otherwise.
type Against struct {
	Source string `json:"source"`
	Item   string `json:"item"`
	Digest string `json:"digest"`
	Leaf   string `json:"leaf,omitempty"`
	Why    string `json:"why"`
	// Open says that the record has no answer, rather than another one.
	Open bool `json:"open,omitempty"`
}

// A Candidate is a component that a record speaks of and does not affect, or
// for which that could not be decided.
type Candidate struct {
	Component     Component       `json:"component"`
	Coordinate    sbom.Coordinate `json:"coordinate"`
	Vulnerability feeds.ID        `json:"vulnerability"`
	IDs           []feeds.ID      `json:"ids"`
	Source        string          `json:"source"`
	Item          string          `json:"item"`
	Digest        string          `json:"digest"`
	// Leaf is the leaf that failed, or that has no answer; Why says how.
	Leaf string `json:"leaf,omitempty"`
	Why  string `json:"why"`
	// Ask says of what kind the question is; empty for a candidate that was rejected.
	Ask   Ask `json:"ask,omitempty"`
	place int
}

// Ask is a kind of question that only a person can answer.
type Ask string

// The kinds.
const (
	AskVersion  Ask = "version"  // which version is it?
	AskOrder    Ask = "order"    // where does its version stand?
	AskPlatform Ask = "platform" // what does the device run on?
	AskIdentity Ask = "identity" // is it this product?
	AskRecord   Ask = "record"   // what does the record mean?
)

// A Lead is a hint for a person: a list of exploited vulnerabilities names a
// product as a component is named. Equal names are no identity.
type Lead struct {
	Component Component  `json:"component"`
	IDs       []feeds.ID `json:"ids"`
	Source    string     `json:"source"`
	Item      string     `json:"item"`
	Digest    string     `json:"digest"`
	// Name is the name that is equal, as the component has it.
	Name      string          `json:"name"`
	Exploited feeds.Exploited `json:"exploited"`
}

// A Question is what a person has to answer about one component, for all
// vulnerabilities of which the answer decides.
type Question struct {
	Component  Component       `json:"component"`
	Coordinate sbom.Coordinate `json:"coordinate"`
	Ask        Ask             `json:"ask"`
	// Why is the reason of the first; IDs are the vulnerabilities, sorted.
	Why string     `json:"why"`
	IDs []feeds.ID `json:"ids"`
}

// Questions groups what is undecided: one question for each component and kind, however
// many vulnerabilities hang on it.
func (r Result) Questions() []Question {
	type about struct {
		place int
		ask   Ask
	}
	at := map[about]int{}
	var out []Question
	for _, c := range r.Undecided {
		key := about{c.place, c.Ask}
		k, known := at[key]
		if !known {
			k = len(out)
			at[key] = k
			out = append(out, Question{Component: c.Component, Coordinate: c.Coordinate, Ask: c.Ask, Why: c.Why})
		}
		if !slices.Contains(out[k].IDs, c.Vulnerability) {
			out[k].IDs = append(out[k].IDs, c.Vulnerability)
		}
	}
	for k := range out {
		slices.Sort(out[k].IDs)
	}
	return out
}
