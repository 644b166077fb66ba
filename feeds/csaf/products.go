package csaf

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	standard "github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/vex"
)

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
func products(t *standard.ProductTree) map[string]product {
	out := map[string]product{}
	if t == nil {
		return out
	}
	for i := range t.FullProductNames {
		n := &t.FullProductNames[i]
		out[n.ID] = place{}.product(n)
	}
	for i := range t.Branches {
		place{}.walk(&t.Branches[i], out)
	}
	// A relationship may stand on one that comes after it.
	for pass := range maxChain {
		for i := range t.Relationships {
			r := &t.Relationships[i]
			part, known := out[r.ProductReference]
			other, both := out[r.RelatesToProductReference]
			if _, done := out[r.FullProductName.ID]; known && (both || pass == maxChain-1) && !done {
				out[r.FullProductName.ID] = part.on(&r.FullProductName, other, r.RelatesToProductReference)
			}
		}
	}
	for i := range t.ProductPaths {
		p := &t.ProductPaths[i]
		part, known := out[p.BeginningProductReference]
		if !known {
			continue
		}
		for _, s := range p.Subpaths {
			part = part.on(&p.FullProductName, out[s.NextProductReference], s.NextProductReference)
		}
		out[p.FullProductName.ID] = part
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
func (p product) on(both *standard.Product, other product, id string) product {
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
func (p *product) identify(h *standard.Helper) {
	if h == nil {
		return
	}
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
	p.Models = add(add(p.Models, h.ModelNumbers...), h.SKUs...)
}

// place is where in the tree a product stands: the names above it.
type place struct {
	vendor, family, name, version string
	platforms                     []string
	depth                         int
}

// walk reads a branch and all below it.
func (at place) walk(b *standard.Branch, out map[string]product) {
	at = at.below(b)
	if b.Product != nil {
		out[b.Product.ID] = at.product(b.Product)
	}
	if at.depth++; at.depth > maxDepth {
		return
	}
	for i := range b.Branches {
		at.walk(&b.Branches[i], out)
	}
}

func (at place) below(b *standard.Branch) place {
	joined := func(have, more string) string { return strings.TrimSpace(have + " " + more) }
	switch b.Category {
	case standard.BranchVendor:
		at.vendor = b.Name
	case standard.BranchProductFamily:
		at.family = joined(at.family, b.Name)
	case standard.BranchProductVersion, standard.BranchProductVersionRange, standard.BranchServicePack, standard.BranchPatchLevel:
		at.version = joined(at.version, b.Name)
	case standard.BranchArchitecture, standard.BranchPlatform, standard.BranchHostName, standard.BranchSpecification, standard.BranchLanguage:
		at.platforms = append(slices.Clone(at.platforms), b.Name)
	default: // product_name, legacy, and words of their own
		at.name = joined(at.name, b.Name)
	}
	return at
}

// product is what stands at this place.
func (at place) product(n *standard.Product) product {
	p := product{Product: feeds.Product{Vendor: at.vendor, Family: at.family, Name: at.name, Platforms: at.platforms}}
	p.identify(n.Helper)
	identified, exact := purlVersion(n.Helper)
	if p.Name == "" {
		p.Name = identified
	}
	text := strings.TrimSpace(at.version)
	switch {
	case exact != "":
		p.spans = []feeds.Span{{From: exact, Text: text}}
	case text != "":
		p.spans, p.unread = feeds.ReadVersionsOf(text, at.name, joinedName(at.vendor, at.name), n.Name)
	case cpeVersion(n.Helper) != "":
		p.spans = []feeds.Span{{From: cpeVersion(n.Helper)}}
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
	if n.Helper != nil && len(n.Helper.SerialNumbers) > 0 {
		// Some units only: no version is as a whole what is said of them.
		p.unread = append([]string{strings.TrimSpace(text + " serial numbers " + strings.Join(n.Helper.SerialNumbers, ", "))}, p.unread...)
		p.spans, p.whole = nil, false
	}
	return p
}

func joinedName(vendor, name string) string { return strings.TrimSpace(vendor + " " + name) }

// purlVersion is the name and version that the package URLs of h agree on; empty
// when they do not say.
func purlVersion(h *standard.Helper) (name, version string) {
	if h == nil {
		return "", ""
	}
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
func cpeVersion(h *standard.Helper) string {
	if h == nil {
		return ""
	}
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

// join is what the record says of each product: one entry for all ids that are the
// same product in other versions, in the order in which they come.
func join(s *standard.ProductStatus, products map[string]product) []feeds.Product {
	if s == nil {
		return nil
	}
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
		{s.FirstFixed, vex.Fixed}, {s.Fixed, vex.Fixed}, {s.KnownNotAffected, vex.NotAffected},
		{s.UnderInvestigation, vex.UnderInvestigation}, {s.Unknown, ""},
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
