package match

import (
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// written adds the CPE names that a component which states a name and a maker, and no
// identifier, would have if it were written as NVD writes names: vendor and product in
// lower case, spaces as underscores, firmware marked as such. A device that is listed as one
// component is its hardware and its firmware. Where a record stands under
// one, vendor and product are equal in words, as with a record that has words only.
func (it *item) written(c *sbom.Component, in *room) {
	if first := &it.ids[0]; first.pkg != nil || first.name != nil || len(it.ids) > 1 || strings.TrimSpace(c.Name) == "" {
		return
	}
	vendors := written(c.Vendors())
	if len(vendors) == 0 {
		return
	}
	for _, v := range vendors {
		for _, p := range products(c.Name, c.Vendors()) {
			if strings.HasSuffix(p, "_firmware") { // it is not the thing it runs on
				it.ids = append(it.ids, guessed(c, "o", v, p, in))
				continue
			}
			for _, part := range []cpe.Value{"a", "o", "h"} {
				it.ids = append(it.ids, guessed(c, part, v, p, in))
			}
			it.ids = append(it.ids, guessed(c, "o", v, p+"_firmware", in))
		}
	}
}

func guessed(c *sbom.Component, part cpe.Value, vendor, product string, in *room) identity {
	n := cpe.Name{
		Part: part, Vendor: cpe.Literal(vendor), Product: cpe.Literal(product), Version: cpe.Any, Update: cpe.Any, Edition: cpe.Any,
		Language: cpe.Any, SWEdition: cpe.Any, TargetSW: cpe.Any, TargetHW: cpe.Any, Other: cpe.Any,
	}
	id := identity{name: &n, cpe: n.String(), pkgErr: sbom.ErrNoPURL, in: in, at: sbom.CPECoordinates(n), alias: &Alias{
		For: c.Name, Source: "its name and its maker, written as a CPE name", Certainty: "ours",
	}}
	id.state(&sbom.Component{Name: c.Name, Version: c.Version})
	return id
}

// written are the ways in which a CPE name may write one of the vendors, which are folded:
// "wind river systems" is wind_river_systems, windriversystems, and by its beginnings
// wind_river, windriver and wind.
func written(vendors []string) []string {
	var out []string
	add := func(words []string) {
		for _, sep := range []string{"_", ""} {
			if v := strings.Join(words, sep); len(v) > 1 && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	for _, v := range vendors {
		words := strings.Fields(v)
		for n := min(len(words), 4); n > 0; n-- {
			add(words[:n])
		}
	}
	return out[:min(len(out), 8)]
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
