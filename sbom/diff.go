package sbom

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

// ChangeKind is what became of a component between two SBOMs. The zero value is
// not said.
type ChangeKind string

// The kinds. One component may have several.
const (
	Added          ChangeKind = "added"
	Removed        ChangeKind = "removed"
	Upgraded       ChangeKind = "upgraded"
	Downgraded     ChangeKind = "downgraded"
	Changed        ChangeKind = "changed"         // another version that does not compare, the same written otherwise, or one version with other content
	Reidentified   ChangeKind = "re-identified"   // the same thing under other identifiers
	SupportChanged ChangeKind = "support changed" // level or end-of-support date
)

// Valid reports whether k is one of the kinds; the zero value is not.
func (k ChangeKind) Valid() bool {
	return slices.Contains([]ChangeKind{Added, Removed, Upgraded, Downgraded, Changed, Reidentified, SupportChanged}, k)
}

// A Change is one change. Old is nil for what was added, New for what was removed.
type Change struct {
	Kind ChangeKind `json:"kind"`
	Name string     `json:"name"`
	Old  *Component `json:"old,omitempty"`
	New  *Component `json:"new,omitempty"`
	// Why says how the two were compared, or why they do not compare.
	Why string `json:"why,omitempty"`
}

// Inverted is the change read backwards.
func (c Change) Inverted() Change {
	c.Old, c.New = c.New, c.Old
	if c.New != nil {
		c.Name = c.New.Name
	}
	switch c.Kind {
	case Added:
		c.Kind = Removed
	case Removed:
		c.Kind = Added
	case Upgraded:
		c.Kind = Downgraded
	case Downgraded:
		c.Kind = Upgraded
	}
	return c
}

// Diff returns what changed from old to new, by name, then kind. The order of
// components, their refs and their nesting do not count; the roots are not
// compared. Components are taken for the same thing when they share their
// coordinate; what then is left over, when they share group, name and version, a
// further identifier, or at last group and name alone, as long as it is clear
// which is which; packages of two registries are never one by their name. Of several with one coordinate, equal versions meet first, the
// rest in the order of their text.
func Diff(old, new BOM) []Change {
	d := differ{old: sides(old), new: sides(new)}
	d.meet(func(s side) string { return s.whole })
	d.meet(func(s side) string { return s.key + "\x00" + s.version })
	d.meetOne(func(s side) []string { return []string{s.key + "\x00" + s.name} })
	d.meet(func(s side) string { return s.key })
	d.meet(d.apart(func(s side) string { return s.name + "\x00" + s.version }))
	d.meetOne(func(s side) []string { return s.identity })
	byName := d.apart(func(s side) string { return s.name })
	d.meetOne(func(s side) []string { return []string{byName(s)} })
	for _, s := range d.old {
		d.out = append(d.out, Change{Kind: Removed, Name: s.c.Name, Old: &s.c})
	}
	for _, s := range d.new {
		d.out = append(d.out, Change{Kind: Added, Name: s.c.Name, New: &s.c})
	}
	labels := map[[2]*Component]string{}
	label := func(c Change) string {
		at := [2]*Component{c.Old, c.New}
		l, ok := labels[at]
		if !ok {
			l = c.label()
			labels[at] = l
		}
		return l
	}
	slices.SortStableFunc(d.out, func(a, b Change) int {
		return cmp.Or(strings.Compare(label(a), label(b)), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return d.out
}

// label sorts a change by what does not depend on its direction.
func (c Change) label() string {
	var both []string
	for _, x := range []*Component{c.Old, c.New} {
		if x != nil {
			v, _ := x.Stated()
			both = append(both, FoldName(x.Name)+"\x00"+string(x.Coordinate())+"\x00"+v)
		}
	}
	slices.Sort(both)
	return strings.Join(both, "\x00")
}

// A side is a component as it is compared.
type side struct {
	c        Component
	key      string // its coordinate
	name     string // group and name, folded
	version  string
	identity []string // all its coordinates but names, sorted
	registry string   // the type of its purl
	purl     string   // the version its purl states
	cpe      string   // the version its CPE states
	hashes   []string // sorted
	whole    string   // all that is compared, as one text
}

func sides(b BOM) []side {
	out := make([]side, 0, len(b.Components))
	for _, c := range b.Components {
		s := side{c: c, key: string(c.Coordinate()), name: FoldName(c.Group + "/" + c.Name)}
		s.version, _ = c.Stated()
		for _, at := range c.Coordinates() {
			if !at.Hint() && !strings.Contains(string(at), ":*") {
				s.identity = append(s.identity, string(at))
			}
		}
		slices.Sort(s.identity)
		if p, err := c.Package(); err == nil {
			s.registry, s.purl = p.Type, p.Version
		}
		if n, err := c.CPEName(); err == nil && n.Version.Literal() {
			s.cpe = n.Version.Text()
		}
		for _, h := range c.Hashes {
			s.hashes = append(s.hashes, h.text())
		}
		slices.Sort(s.hashes)
		s.whole = strings.Join([]string{
			s.key, s.name, s.version, strings.Join(s.identity, "\x01"), supportText(c), s.purl, s.cpe, strings.Join(s.hashes, "\x01"),
		}, "\x00")
		out = append(out, s)
	}
	// The order decides who meets whom among equals: it must not depend on the
	// document's. What is equal in whole is told apart by the rest of its content.
	rest := func(c Component) string {
		c.Ref, c.Parent, c.Path = "", "", ""
		data, err := json.Marshal(c)
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
	slices.SortStableFunc(out, func(a, b side) int {
		if c := strings.Compare(a.whole, b.whole); c != 0 {
			return c
		}
		return strings.Compare(rest(a.c), rest(b.c))
	})
	return out
}

func supportText(c Component) string {
	if c.Support == nil {
		return ""
	}
	ends := ""
	if !c.Support.Ends.IsZero() {
		ends = c.Support.Ends.UTC().Format("2006-01-02")
	}
	return trim(string(c.Support.Level) + " " + ends)
}

type differ struct {
	old, new []side // those that have not met yet
	out      []Change
}

// apart is key, with the registry added where what has one key, on either side,
// is of more than one.
func (d *differ) apart(key func(side) string) func(side) string {
	first, mixed := map[string]string{}, map[string]bool{}
	for _, s := range slices.Concat(d.old, d.new) {
		k := key(s)
		switch had := first[k]; {
		case s.registry == "":
		case had == "":
			first[k] = s.registry
		case had != s.registry:
			mixed[k] = true
		}
	}
	return func(s side) string {
		if k := key(s); !mixed[k] {
			return k
		}
		return key(s) + "\x00" + s.registry
	}
}

// meet pairs what has the same key on both sides, in order.
func (d *differ) meet(key func(side) string) {
	waiting := map[string][]int{}
	for i, s := range d.new {
		waiting[key(s)] = append(waiting[key(s)], i)
	}
	d.pair(func(_ int, s side) (int, bool) {
		k := key(s)
		if len(waiting[k]) == 0 {
			return 0, false
		}
		i := waiting[k][0]
		waiting[k] = waiting[k][1:]
		return i, true
	})
}

// meetOne pairs by keys that exactly one on either side has.
func (d *differ) meetOne(keys func(side) []string) {
	count := func(list []side) (map[string]int, map[string]int) {
		n, at := map[string]int{}, map[string]int{}
		for i, s := range list {
			for _, k := range slices.Compact(slices.Clone(keys(s))) {
				n[k]++
				at[k] = i
			}
		}
		return n, at
	}
	olds, oldAt := count(d.old)
	news, newAt := count(d.new)
	var clear []string
	for k, n := range olds {
		if n == 1 && news[k] == 1 {
			clear = append(clear, k)
		}
	}
	slices.Sort(clear)
	to, taken := map[int]int{}, map[int]bool{}
	for _, k := range clear {
		if _, met := to[oldAt[k]]; !met && !taken[newAt[k]] {
			to[oldAt[k]] = newAt[k]
			taken[newAt[k]] = true
		}
	}
	d.pair(func(i int, _ side) (int, bool) {
		j, ok := to[i]
		return j, ok
	})
}

// pair compares each old side with the new one that find names, and keeps the rest.
func (d *differ) pair(find func(i int, s side) (int, bool)) {
	met := map[int]bool{}
	var rest []side
	for i, s := range d.old {
		j, ok := find(i, s)
		if !ok {
			rest = append(rest, s)
			continue
		}
		met[j] = true
		d.compare(s, d.new[j])
	}
	var left []side
	for i, s := range d.new {
		if !met[i] {
			left = append(left, s)
		}
	}
	d.old, d.new = rest, left
}

func (d *differ) compare(a, b side) {
	add := func(k ChangeKind, why string) {
		d.out = append(d.out, Change{Kind: k, Name: b.c.Name, Old: &a.c, New: &b.c, Why: why})
	}
	if a.version != b.version {
		add(compareVersions(a, b))
	} else if why := otherwise(a, b); why != "" {
		add(Changed, why)
	}
	if !slices.Equal(a.identity, b.identity) {
		add(Reidentified, "")
	}
	if supportText(a.c) != supportText(b.c) {
		add(SupportChanged, "")
	}
}

// otherwise says in what two of one version differ that should not, or nothing.
func otherwise(a, b side) string {
	differ := func(v, w string) bool { return v != "" && w != "" && plainVersion(v) != plainVersion(w) }
	switch {
	case differ(a.purl, b.purl):
		return "the same version, but its purl states another"
	case differ(a.cpe, b.cpe):
		return "the same version, but its CPE states another"
	case otherHashes(a.hashes, b.hashes):
		return "the same version with another hash"
	}
	return ""
}

// otherHashes reports whether both have hashes of one algorithm and share none.
func otherHashes(a, b []string) bool {
	both := map[string]bool{} // algorithm → one is shared
	for _, h := range a {
		for _, g := range b {
			alg, _, _ := strings.Cut(h, ":")
			if with, _, _ := strings.Cut(g, ":"); alg == with {
				both[alg] = both[alg] || h == g
			}
		}
	}
	for _, shared := range both {
		if !shared {
			return true
		}
	}
	return false
}

// compareVersions orders by the registry both are of, else by the rules for
// firmware.
func compareVersions(a, b side) (ChangeKind, string) {
	if a.version == "" || b.version == "" {
		return Changed, "one states no version"
	}
	scheme := vers.Generic
	if e, f := ecosystem(a.c), ecosystem(b.c); e != "" && e == f {
		scheme = vers.Scheme(e)
	}
	// Asked both ways round, so that the answer cannot depend on the direction.
	c, err := vers.Compare(scheme, a.version, b.version)
	back, err2 := vers.Compare(scheme, b.version, a.version)
	switch {
	case err != nil || err2 != nil || c != -back:
		return Changed, "the versions do not compare as " + string(scheme) + " versions"
	case c < 0:
		return Upgraded, "by the order of " + string(scheme) + " versions"
	case c > 0:
		return Downgraded, "by the order of " + string(scheme) + " versions"
	}
	return Changed, "the same version, written otherwise"
}

func ecosystem(c Component) string {
	p, err := c.Package()
	if err != nil {
		return ""
	}
	e, _, _ := p.Ecosystem()
	return e
}
