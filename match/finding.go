package match

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/tlp"
)

// A Finding says that one vulnerability affects one component of one product,
// in each of the places where the component stands.
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
	Title     string     `json:"title,omitempty"`
	// Scores are those that any record of the vulnerability gives.
	Scores []Score `json:"scores,omitempty"`
	// Exploited is set when a loaded source says it is exploited in the wild.
	Exploited *feeds.Exploited `json:"exploited,omitempty"`
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

// Digest is the lower-case hex SHA-256 of what the finding rests on: the
// instances and their evidence. It changes when the evidence does.
func (f Finding) Digest() string {
	body, err := json.Marshal(f.Instances)
	if err != nil { // strings only: cannot happen
		body = []byte(fmt.Sprint(f.Instances))
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// An Instance is one place in the BOM where an affected component stands.
type Instance struct {
	Component Component  `json:"component"`
	Evidence  []Evidence `json:"evidence"`
	place     int        // in the BOM
}

// A Component names a component of a BOM. All text is as it stood there.
type Component struct {
	Ref     string `json:"ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	CPE     string `json:"cpe"`
}

func named(c sbom.Component) Component {
	return Component{Ref: c.Ref, Name: c.Name, Version: c.Version, PURL: c.PURL, CPE: c.CPE}
}

// Identifier says by what kind of identifier a component and a record met.
type Identifier string

// The identifiers that match.
const (
	ByPURL Identifier = "purl"
	ByCPE  Identifier = "cpe"
)

// Evidence is why one record affects one instance.
type Evidence struct {
	// Source, Item and Digest name the record in the form it had.
	Source string `json:"source"`
	Item   string `json:"item"`
	Digest string `json:"digest"`
	// Identifier is what met; Version the version that was tested and where it
	// was stated ("version", "purl" or "cpe"); empty when the leaf asks for none.
	Identifier  Identifier `json:"identifier"`
	Named       string     `json:"named"` // the purl or CPE that met, as the component has it
	Version     string     `json:"version,omitempty"`
	VersionFrom string     `json:"version_from,omitempty"`
	// Rule is how the leaf was tested: "range", "listed version", "exact version",
	// "version pattern", "all versions".
	Rule string `json:"rule"`
	// Leaf is the criterion or range that holds.
	Leaf string `json:"leaf"`
	// With are the other leaves of the same tree that hold, and for which
	// component.
	With []string `json:"with,omitempty"`
	// Assumed lists what the leaf asks and the component does not state
	// ("target_sw is wordpress"); it was taken to be so.
	Assumed []string `json:"assumed,omitempty"`
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
}

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
