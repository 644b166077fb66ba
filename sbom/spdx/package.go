package spdx

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/open-postmarket/postmarket/sbom"
)

// pack adds a package of SPDX 2, and returns its Ref.
func (d *document) pack(ref string, p *v2_3.Package, path string) string {
	c := sbom.Component{
		Ref: ref, Path: path, Name: p.PackageName, Version: p.PackageVersion,
		Type: purpose(p.PrimaryPackagePurpose), Description: p.PackageDescription,
	}
	if c.Description == "" {
		c.Description = p.PackageSummary
	}
	d.supplied(&c, p)
	for _, s := range p.PackageChecksums {
		c.Hashes = append(c.Hashes, sbom.Hash{Algorithm: string(s.Algorithm), Value: s.Value})
	}
	c.Licenses = licenses(p.PackageLicenseDeclared, p.PackageLicenseConcluded)
	if said(p.PackageSourceInfo) {
		c.Evidence = append(c.Evidence, sbom.Trace{Field: "sourceInfo", Value: p.PackageSourceInfo})
	}
	for _, l := range []sbom.Link{{Kind: "downloadLocation", URL: p.PackageDownloadLocation}, {Kind: "homepage", URL: p.PackageHomePage}} {
		if said(l.URL) {
			c.Links = append(c.Links, l)
		}
	}
	for i, r := range p.PackageExternalReferences {
		d.reference(&c, r, fmt.Sprintf("externalRefs[%d]", i))
	}
	if until := p.ValidUntilDate; until != "" {
		if ends := day(until); ends.IsZero() {
			d.problem(within(path, "validUntilDate"), "%q is not a date", until)
		} else {
			c.Support = &sbom.Support{Ends: ends, From: "validUntilDate"}
		}
	}
	if p.PackageDownloadLocation == "" {
		d.problem(within(path, "downloadLocation"), "is missing")
	}
	return d.component(c)
}

// supplied sets c's supplier. A contact address behind the name becomes a link.
func (d *document) supplied(c *sbom.Component, p *v2_3.Package) {
	kind, name := "", ""
	if s := p.PackageSupplier; s != nil {
		kind, name = s.SupplierType, s.Supplier
		if kind == "" {
			d.problem(within(c.Path, "supplier"), "%q does not say Person or Organization", name)
		}
	}
	if o := p.PackageOriginator; name == "" && o != nil {
		name = o.Originator
		if o.OriginatorType == "" {
			d.problem(within(c.Path, "originator"), "%q does not say Person or Organization", name)
		}
	}
	name, address := contact(name)
	c.Supplier = name
	if address != "" {
		c.Links = append(c.Links, sbom.Link{Kind: "supplier", URL: "mailto:" + address})
	}
}

// supplier reads the one-line form; nil when it is absent or not asserted. One
// of no known kind is kept whole, without a kind.
func supplier(line string) *common.Supplier {
	if !said(line) {
		return nil
	}
	kind, name := agent(line)
	return &common.Supplier{Supplier: name, SupplierType: kind}
}

func originator(line string) *common.Originator {
	if !said(line) {
		return nil
	}
	kind, name := agent(line)
	return &common.Originator{Originator: name, OriginatorType: kind}
}

// agent splits "Organization: Acme" into its kind and name. Text of another
// form is a name of no kind.
func agent(line string) (kind, name string) {
	kind, name, ok := strings.Cut(line, ":")
	switch kind = strings.TrimSpace(kind); {
	case ok && (kind == "Person" || kind == "Organization" || kind == "Tool"):
		name = strings.TrimSpace(name)
		if !said(name) {
			return kind, ""
		}
		return kind, name
	}
	return "", strings.TrimSpace(line)
}

// contact splits "Acme (psirt@acme.example)" into name and address. Empty
// parentheses, which the tools write for no address, are dropped.
func contact(name string) (who, address string) {
	open := strings.LastIndexByte(name, '(')
	if open < 0 || !strings.HasSuffix(name, ")") {
		return name, ""
	}
	inner := strings.TrimSpace(name[open+1 : len(name)-1])
	if inner != "" && (!strings.Contains(inner, "@") || strings.ContainsAny(inner, " \t")) {
		return name, ""
	}
	return strings.TrimSpace(name[:open]), inner
}

// said reports whether a field says something: NOASSERTION and NONE do not.
func said(s string) bool {
	switch strings.TrimSpace(s) {
	case "", "NOASSERTION", "NONE":
		return false
	}
	return true
}

// licenses are those that are said, each once.
func licenses(all ...string) []string {
	var out []string
	for _, l := range all {
		if said(l) && (len(out) == 0 || out[len(out)-1] != l) {
			out = append(out, l)
		}
	}
	return out
}

// purpose is the CycloneDX word for a purpose of either generation; what has
// none keeps its own, in lower case.
func purpose(p string) sbom.Type {
	switch p = strings.ToLower(strings.ReplaceAll(p, "_", "-")); p {
	case "operatingsystem":
		return sbom.OperatingSystem
	case "model":
		return sbom.Model
	case "devicedriver":
		return "device-driver"
	case "noassertion":
		return ""
	}
	return sbom.Type(p)
}

// reference keeps an external reference: as an identifier when it names the
// package, else as a link.
func (d *document) reference(c *sbom.Component, r *v2_3.PackageExternalReference, from string) {
	if r == nil || r.Locator == "" {
		d.problem(within(c.Path, from), "has no locator")
		return
	}
	kind := r.RefType
	// The listed types may be written as URIs (2.3, annex F).
	if rest, ok := strings.CutPrefix(kind, "http://spdx.org/rdf/references/"); ok {
		kind = rest
	}
	// One of the document's own is written with its namespace, or without.
	if at := strings.LastIndex(kind, "#LocationRef-"); at >= 0 {
		kind = kind[at+1:]
	}
	locator := strings.TrimSpace(r.Locator)
	switch strings.ToLower(kind) {
	case "purl", "package-url", "packageurl":
		d.identify(c, "purl", locator, from)
		return
	case "cpe23type", "cpe22type", "cpe23", "cpe22":
		d.identify(c, "cpe", locator, from)
		return
	case "swid", "gitoid":
		d.identify(c, strings.ToLower(kind), locator, from)
		return
	case "swh", "swhid":
		d.identify(c, "swhid", locator, from)
		return
	}
	switch strings.ReplaceAll(strings.ToUpper(r.Category), "_", "-") {
	case common.CategoryPackageManager, common.CategoryPersistentId:
		d.identify(c, kind, locator, from)
	case common.CategorySecurity, common.CategoryOther:
		c.Links = append(c.Links, sbom.Link{Kind: kind, URL: locator})
	default:
		d.problem(within(c.Path, from), "has the category %q, which is not known", r.Category)
		if u, err := url.Parse(locator); err == nil && u.IsAbs() {
			c.Links = append(c.Links, sbom.Link{Kind: kind, URL: locator})
		} else {
			d.identify(c, kind, locator, from)
		}
	}
}
