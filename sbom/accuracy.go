package sbom

import (
	"slices"
	"strings"
)

// An AccuracyReport holds an SBOM against the manifest of the build it stands for.
type AccuracyReport struct {
	Build string `json:"build,omitempty"`
	// Precision is how many components of the SBOM went into the build; Recall
	// how many items of the build the SBOM names. Either may be one of nothing.
	Precision Ratio `json:"precision"`
	Recall    Ratio `json:"recall"`
	// Drift lists what does not agree, in the manifest's order, then the SBOM's.
	Drift []Drift `json:"drift,omitempty"`
}

// DriftKind says how an SBOM and a build differ. The zero value is not said.
type DriftKind string

// The kinds of drift.
const (
	NotInSBOM       DriftKind = "not in the sbom"
	NotInBuild      DriftKind = "not in the build"
	VersionDiffers  DriftKind = "version differs"
	ContentDiffers  DriftKind = "content differs" // the same name and version, another hash
	IdentityDiffers DriftKind = "identity differs"
)

// A Drift is one disagreement.
type Drift struct {
	Kind DriftKind `json:"kind"`
	// Ref is that of the component; empty when there is none. Item is what the
	// build says; nil when it says nothing.
	Ref     string `json:"ref,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Item    *Item  `json:"item,omitempty"`
}

// Accuracy matches each item of m with one component of b: by hash, else by purl
// and version, else by name and version. One match is one agreement. What is left
// and shares a package or a name with another version, hash or package is listed
// as one drift and counts as an agreement on neither side. Components that the
// document excludes (scope "excluded", external) are left out.
func Accuracy(b BOM, m Manifest) AccuracyReport {
	r := AccuracyReport{Build: m.Build}
	var components []Component
	for _, c := range b.Components {
		if c.Scope != "excluded" && !c.External {
			components = append(components, c)
		}
	}
	a := alignment{components: components, items: m.Items, of: make([]int, len(m.Items)), taken: make([]bool, len(components))}
	for i := range a.of {
		a.of[i] = -1
	}
	a.meet(func(it Item) []string { return some(it.hash()) }, func(c Component) []string {
		var out []string
		for _, h := range c.Hashes {
			out = append(out, h.text())
		}
		return out
	}, func(Item, Component) bool { return true })
	a.meet(itemPackage(true), componentPackage(true), sameContent)
	a.meet(itemName(true), componentName(true), func(it Item, c Component) bool { return sameContent(it, c) && samePackage(it, c) })
	agreed := slices.Clone(a.of)
	a.meet(itemPackage(false), componentPackage(false), nil)
	a.meet(itemName(false), componentName(false), nil)

	r.Precision.Of, r.Recall.Of = len(components), len(m.Items)
	for i := range m.Items {
		it := &m.Items[i]
		switch at := a.of[i]; {
		case agreed[i] >= 0:
			r.Precision.Have++
			r.Recall.Have++
		case at < 0:
			r.Drift = append(r.Drift, Drift{Kind: NotInSBOM, Name: it.Name, Version: it.Version, Item: it})
		default:
			c := components[at]
			v, _ := c.Stated()
			r.Drift = append(r.Drift, Drift{Kind: drifted(*it, c), Ref: c.Ref, Name: c.Name, Version: v, Item: it})
		}
	}
	for i, c := range components {
		if !a.taken[i] {
			v, _ := c.Stated()
			r.Drift = append(r.Drift, Drift{Kind: NotInBuild, Ref: c.Ref, Name: c.Name, Version: v})
		}
	}
	return r
}

func drifted(it Item, c Component) DriftKind {
	v, _ := it.component().Stated()
	w, _ := c.Stated()
	switch {
	case plainVersion(v) != plainVersion(w):
		return VersionDiffers
	case !sameContent(it, c):
		return ContentDiffers
	}
	return IdentityDiffers
}

// alignment says which component each item is: -1 for none yet.
type alignment struct {
	components []Component
	items      []Item
	of         []int
	taken      []bool
}

// meet gives each item that has none the first free component that shares a key
// with it and that fits. A nil fits means that any does.
func (a *alignment) meet(itemKeys func(Item) []string, componentKeys func(Component) []string, fits func(Item, Component) bool) {
	free := map[string][]int{}
	for i, c := range a.components {
		if !a.taken[i] {
			for _, k := range componentKeys(c) {
				free[k] = append(free[k], i)
			}
		}
	}
	for i, it := range a.items {
		if a.of[i] >= 0 {
			continue
		}
	keys:
		for _, k := range itemKeys(it) {
			for _, at := range free[k] {
				if !a.taken[at] && (fits == nil || fits(it, a.components[at])) {
					a.of[i], a.taken[at] = at, true
					break keys
				}
			}
		}
	}
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// plainVersion drops what does not tell versions apart: a leading v, and case.
func plainVersion(v string) string {
	v = strings.ToLower(trim(v))
	if len(v) > 1 && v[0] == 'v' && '0' <= v[1] && v[1] <= '9' {
		return v[1:]
	}
	return v
}

func withVersion(key string, c Component, want bool) []string {
	if !want {
		return []string{key}
	}
	v, _ := c.Stated()
	return []string{key + "\x00" + plainVersion(v)}
}

func itemPackage(version bool) func(Item) []string {
	of := componentPackage(version)
	return func(it Item) []string { return of(it.component()) }
}

func componentPackage(version bool) func(Component) []string {
	return func(c Component) []string {
		var out []string
		for _, i := range c.Identities() {
			if _, err := i.Package(); err == nil {
				out = append(out, withVersion(string(Component{PURL: i.PURL}.Coordinate()), c, version)...)
			}
		}
		return out
	}
}

func itemName(version bool) func(Item) []string {
	of := componentName(version)
	return func(it Item) []string { return of(it.component()) }
}

// componentName gives the name alone and, where there is a group, with it: builds
// write either.
func componentName(version bool) func(Component) []string {
	return func(c Component) []string {
		out := withVersion(FoldName(c.Name), c, version)
		if trim(c.Group) != "" {
			for _, sep := range []string{"/", ":", "."} {
				out = append(out, withVersion(FoldName(c.Group+sep+c.Name), c, version)...)
			}
		}
		return out
	}
}

// sameContent is false when both state a hash of one algorithm and they differ.
func sameContent(it Item, c Component) bool {
	alg, _, ok := strings.Cut(it.hash(), ":")
	if !ok {
		return true
	}
	differs := false
	for _, h := range c.Hashes {
		if squash(h.Algorithm) == alg {
			if h.text() == it.hash() {
				return true
			}
			differs = true
		}
	}
	return !differs
}

// samePackage is false when both state a package and they are not one.
func samePackage(it Item, c Component) bool {
	a, b := itemPackage(false)(it), componentPackage(false)(c)
	return len(a) == 0 || len(b) == 0 || slices.Contains(b, a[0])
}
