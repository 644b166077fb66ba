package match

import (
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// written adds the CPE names that a component which states a name and a maker, and no
// identifier of a registry, would have if it were written as NVD writes names: vendor and product in
// lower case, spaces as underscores, firmware marked as such. A device that is listed as one
// component is its hardware and its firmware. Where a record stands under
// one, vendor and product are equal in words, as with a record that has words only.
func (it *item) written(c *sbom.Component, in *room) {
	first := it.ids[0]
	if first.name != nil || first.ecosystem != "" || it.distributed || len(it.ids) > 1 || strings.TrimSpace(c.Name) == "" {
		return
	}
	names := products(c.Name, c.Vendors())
	vendors := written(c.Vendors())
	if first.pkg != nil { // a repository, or a purl that names no registry
		if owner := strings.ToLower(first.pkg.Namespace); owner != "" && !strings.Contains(owner, "/") && !slices.Contains(vendors, owner) {
			vendors = append(vendors, owner)
		}
		if p := strings.ToLower(first.pkg.Name); !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	for _, v := range slices.Clone(vendors) {
		if slices.Contains(names, v) { // "the libmodbus project"
			vendors = append(vendors, v+"_project")
		}
	}
	version := c.Version
	if first.pkg != nil {
		version = cmpOr(version, tagVersion(first.pkg.Version, first.pkg.Name))
	}
	one := identity{name: &cpe.Name{}, alias: &Alias{
		For: c.Name, Source: "its name and its maker, written as a CPE name", Certainty: "ours",
	}}
	one.state(&sbom.Component{Name: c.Name, Version: version}, in)
	guess := func(part cpe.Value, vendor, product string) {
		n := cpe.Name{
			Part: part, Vendor: cpe.Literal(vendor), Product: cpe.Literal(product), Version: cpe.Any, Update: cpe.Any, Edition: cpe.Any,
			Language: cpe.Any, SWEdition: cpe.Any, TargetSW: cpe.Any, TargetHW: cpe.Any, Other: cpe.Any,
		}
		id := one // they share what they state
		id.name, id.cpe, id.at = &n, n.String(), sbom.CPECoordinates(n)[:1]
		it.ids = append(it.ids, id)
	}
	for _, v := range vendors {
		for _, p := range names {
			if strings.HasSuffix(p, "_firmware") { // it is not the thing it runs on
				guess("o", v, p)
				continue
			}
			for _, part := range []cpe.Value{"a", "o", "h"} {
				guess(part, v, p)
			}
			guess("o", v, p+"_firmware")
		}
	}
}

// written are the ways in which a CPE name may write one of the vendors, which are folded:
// "wind river systems" is wind_river_systems, windriversystems, windriver and wind.
func written(vendors []string) []string {
	var out []string
	for _, v := range vendors {
		words := strings.Fields(v)
		for _, w := range []string{strings.Join(words, "_"), strings.Join(words, ""), strings.Join(words[:min(2, len(words))], ""), words[0]} {
			if len(w) > 1 && len(out) < 6 && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}

// products are the ways in which a CPE name may write a product.
func products(name string, vendors []string) []string {
	var out []string
	add := func(s string) {
		s = strings.ToLower(strings.Join(strings.Fields(s), "_"))
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	bare := sbom.WithoutParentheses(name)
	add(bare)
	for _, v := range vendors {
		if lower := strings.ToLower(bare); strings.HasPrefix(lower, v+" ") {
			add(lower[len(v)+1:])
		}
	}
	return out
}
