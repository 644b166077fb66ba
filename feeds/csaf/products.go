package csaf

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/vex"
)

type tree struct {
	Branches      []branch       `json:"branches"`
	Names         []fullName     `json:"full_product_names"`
	Relationships []relationship `json:"relationships"` // 2.0
	Paths         []productPath  `json:"product_paths"` // 2.1
}

type branch struct {
	Category string    `json:"category"`
	Name     string    `json:"name"`
	Branches []branch  `json:"branches"`
	Product  *fullName `json:"product"`
}

type fullName struct {
	ID     string `json:"product_id"`
	Name   string `json:"name"`
	Helper helper `json:"product_identification_helper"`
}

type helper struct {
	CPE     string   `json:"cpe"`
	PURL    string   `json:"purl"`  // 2.0
	PURLs   []string `json:"purls"` // 2.1
	Models  []string `json:"model_numbers"`
	SKUs    []string `json:"skus"`
	Serials []string `json:"serial_numbers"`
}

type relationship struct {
	Category  string   `json:"category"`
	Full      fullName `json:"full_product_name"`
	Component string   `json:"product_reference"`
	On        string   `json:"relates_to_product_reference"`
}

type productPath struct {
	Beginning string   `json:"beginning_product_reference"`
	Full      fullName `json:"full_product_name"`
	Subpaths  []struct {
		Category string `json:"category"`
		Next     string `json:"next_product_reference"`
	} `json:"subpaths"`
}

// product is one product id of the tree: what it is, and which of its versions.
type product struct {
	feeds.Product
	spans  []feeds.Span // without a status
	unread []string
	// whole says that no word limits it to some of its versions.
	whole bool
	key   string // the same for two ids of one product
}

// maxDepth is how deep branches may be nested, and maxChain how many relationships
// may stand on each other; both are ours. A product beyond is not defined, and told of
// as such.
const (
	maxDepth = 100
	maxChain = 10
)

// products are all that the tree defines, by id.
func (t tree) products() map[string]product {
	out := map[string]product{}
	for _, n := range t.Names {
		out[n.ID] = place{}.product(n)
	}
	for _, b := range t.Branches {
		place{}.walk(b, out)
	}
	// A relationship may stand on one that comes after it.
	for pass := range maxChain {
		for _, r := range t.Relationships {
			part, known := out[r.Component]
			other, both := out[r.On]
			if _, done := out[r.Full.ID]; known && (both || pass == maxChain-1) && !done {
				out[r.Full.ID] = part.on(r.Full, other, r.On)
			}
		}
	}
	for _, p := range t.Paths {
		part, known := out[p.Beginning]
		if !known {
			continue
		}
		for _, s := range p.Subpaths {
			part = part.on(p.Full, out[s.Next], s.Next)
		}
		out[p.Full.ID] = part
	}
	for id, p := range out {
		body, err := json.Marshal(p.Product)
		if err != nil {
			body = []byte(p.Name) // a product of text always can be written
		}
		p.key = string(body)
		out[id] = p
	}
	return out
}

// on is p as a part of, or beside, another product, with what the tree says of the
// two together.
func (p product) on(both fullName, other product, id string) product {
	name := strings.TrimSpace(strings.Join([]string{other.Vendor, other.Name}, " "))
	if name == "" {
		name = other.Family
	}
	if name == "" {
		name = id
	}
	p.Platforms = append(slices.Clone(p.Platforms), name)
	p.identify(both.Helper)
	return p
}

// identify adds the identifiers of a helper.
func (p *product) identify(h helper) {
	add := func(to []string, more ...string) []string {
		to = slices.Clone(to)
		for _, m := range more {
			if m = strings.TrimSpace(m); m != "" && !slices.Contains(to, m) {
				to = append(to, m)
			}
		}
		return to
	}
	p.CPEs = add(p.CPEs, h.CPE)
	p.PURLs = add(add(p.PURLs, h.PURL), h.PURLs...)
	p.Models = add(add(p.Models, h.Models...), h.SKUs...)
}

// place is where in the tree a product stands: the names above it.
type place struct {
	vendor, family, name, version string
	platforms                     []string
	depth                         int
}

// walk reads a branch and all below it.
func (at place) walk(b branch, out map[string]product) {
	at = at.below(b)
	if b.Product != nil {
		out[b.Product.ID] = at.product(*b.Product)
	}
	if at.depth++; at.depth > maxDepth {
		return
	}
	for _, deeper := range b.Branches {
		at.walk(deeper, out)
	}
}

func (at place) below(b branch) place {
	joined := func(have, more string) string { return strings.TrimSpace(have + " " + more) }
	switch b.Category {
	case "vendor":
		at.vendor = b.Name
	case "product_family":
		at.family = joined(at.family, b.Name)
	case "product_version", "product_version_range", "service_pack", "patch_level":
		at.version = joined(at.version, b.Name)
	case "architecture", "platform", "host_name", "specification", "language":
		at.platforms = append(slices.Clone(at.platforms), b.Name)
	default: // product_name, legacy, and words of their own
		at.name = joined(at.name, b.Name)
	}
	return at
}

// product is what stands at this place.
func (at place) product(n fullName) product {
	p := product{Product: feeds.Product{Vendor: at.vendor, Family: at.family, Name: at.name, Platforms: at.platforms}}
	p.identify(n.Helper)
	identified, exact := n.Helper.purlVersion()
	if p.Name == "" {
		p.Name = identified
	}
	text := strings.TrimSpace(at.version)
	switch {
	case exact != "":
		p.spans = []feeds.Span{{From: exact, Text: text}}
	case text != "":
		p.spans, p.unread = feeds.ReadVersionsOf(text, at.name, joinedName(at.vendor, at.name), n.Name)
	case n.Helper.cpeVersion() != "":
		p.spans = []feeds.Span{{From: n.Helper.cpeVersion()}}
	default:
		// Nothing above says it, so the name may.
		name, words := cutVersions(n.Name)
		if p.Name == "" {
			p.Name = name
		}
		if p.whole = words == ""; p.whole {
			p.spans = []feeds.Span{{From: "0", Open: true}}
		} else {
			p.spans, p.unread = feeds.ReadVersions(words)
		}
	}
	if p.Name == "" {
		p.Name = strings.TrimSpace(n.Name)
	}
	if len(n.Helper.Serials) > 0 {
		// Some units only: no version is as a whole what is said of them.
		p.unread = append([]string{strings.TrimSpace(text + " serial numbers " + strings.Join(n.Helper.Serials, ", "))}, p.unread...)
		p.spans, p.whole = nil, false
	}
	return p
}

func joinedName(vendor, name string) string { return strings.TrimSpace(vendor + " " + name) }

// purlVersion is the name and version that the package URLs of h agree on; empty
// when they do not say.
func (h helper) purlVersion() (name, version string) {
	for _, text := range append([]string{h.PURL}, h.PURLs...) {
		pkg, err := sbom.Component{PURL: text}.Package()
		switch {
		case err != nil:
		case name == "":
			name, version = pkg.Name, pkg.Version
		case pkg.Version != version:
			version = ""
		}
	}
	return name, version
}

// cpeVersion is the version of the CPE name of h, with its update.
func (h helper) cpeVersion() string {
	n, err := cpe.Parse(h.CPE)
	if err != nil {
		return ""
	}
	version, update := literal(n.Version), literal(n.Update)
	if version != "" && update != "" {
		version += " " + update
	}
	return version
}

// literal is a CPE attribute as text; empty for one that means any value or none.
func literal(v cpe.Value) string {
	var b strings.Builder
	escaped := false
	for _, r := range string(v) {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
			continue
		case r == '*' || r == '?':
			return ""
		}
		b.WriteRune(r)
	}
	if b.String() == string(cpe.NA) {
		return ""
	}
	return b.String()
}

// beginsVersions is how words about versions begin behind the name of a product.
var beginsVersions = regexp.MustCompile(`[\s:,(]\s*((?i:[<>=≤≥*]|all versions|(?:firmware |software )?(?:versions?|ver\.?)\s|prior to |before |up to |vers:|v\.?\s?[0-9]|[0-9]+(?:\.[0-9]+)+))`)

// cutVersions cuts what a product's name says of versions off its end. What may be
// such words and is not understood is given beside the whole name; a name that holds
// none has no words.
func cutVersions(text string) (name, words string) {
	text = strings.TrimSpace(text)
	first := ""
	for _, m := range beginsVersions.FindAllStringSubmatchIndex(text, -1) {
		head, tail := strings.TrimRight(text[:m[2]], " \t:,("), text[m[2]:]
		if head == "" {
			continue
		}
		if inner, ok := strings.CutSuffix(tail, ")"); ok && text[m[0]] == '(' && !strings.Contains(inner, ")") {
			tail = inner
		}
		if spans, _ := feeds.ReadVersions(tail); len(spans) > 0 {
			return head, tail
		}
		if first == "" {
			first = tail
		}
	}
	return text, first
}

// status lists product ids by what is known of them.
type status struct {
	FirstAffected   []string `json:"first_affected"`
	KnownAffected   []string `json:"known_affected"`
	LastAffected    []string `json:"last_affected"`
	FirstFixed      []string `json:"first_fixed"`
	Fixed           []string `json:"fixed"`
	NotAffected     []string `json:"known_not_affected"`
	Investigated    []string `json:"under_investigation"`
	UnknownAffected []string `json:"unknown"` // 2.1
}

// join is what the record says of each product: one entry for all ids that are the
// same product in other versions, in the order in which they come.
func (s status) join(products map[string]product) []feeds.Product {
	var out []feeds.Product
	known := map[string]int{}
	told := map[string]bool{}
	fresh := func(parts ...string) bool {
		key := strings.Join(parts, "\x00")
		old := told[key]
		told[key] = true
		return !old
	}
	for _, list := range []struct {
		ids []string
		is  vex.Status
	}{
		{s.FirstAffected, vex.Affected}, {s.KnownAffected, vex.Affected}, {s.LastAffected, vex.Affected},
		{s.FirstFixed, vex.Fixed}, {s.Fixed, vex.Fixed}, {s.NotAffected, vex.NotAffected},
		{s.Investigated, vex.UnderInvestigation}, {s.UnknownAffected, ""},
	} {
		for _, id := range list.ids {
			p, defined := products[id]
			if !defined {
				p.unread = []string{fmt.Sprintf("product id %q, which the document does not define", id)}
			}
			if p.whole && list.is == vex.Fixed {
				// Fixed in some version, and nothing says in which.
				p.spans, p.unread = nil, []string{"in a version that is not said"}
			}
			i, seen := known[p.key]
			if !seen {
				i = len(out)
				known[p.key] = i
				out = append(out, p.Product)
			}
			key := strconv.Itoa(i)
			for _, span := range p.spans {
				span.Status = list.is
				if fresh(key, span.String(), span.Type, span.From, span.After, span.Below, span.UpTo) {
					out[i].Spans = append(out[i].Spans, span)
				}
			}
			for _, words := range p.unread {
				if list.is != vex.Affected && list.is != "" {
					words = string(list.is) + ": " + words
				}
				if fresh(key, "unread", words) {
					out[i].Unread = append(out[i].Unread, words)
				}
			}
		}
	}
	return out
}
