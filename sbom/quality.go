package sbom

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// QualityOptions change what [Quality] takes for granted. Nil means none of them.
type QualityOptions struct {
	// Aliases is the table that CPE names are held against. Nil means the one
	// that comes with the library.
	Aliases *Aliases
	// Lists say what is no answer. Nil means those that come with the library.
	Lists *QualityLists
	// At is the instant for which support is judged ended; zero means that
	// nothing is.
	At time.Time
}

// A QualityReport says what an SBOM states and what it leaves open: counts, and
// the components that make them. The root is what is described and is not
// counted; nested components are. It gives no mark and sets no limit.
type QualityReport struct {
	// Product is the name and version of the root, as written.
	Product string `json:"product,omitempty"`
	// Components is how many there are, nested ones included.
	Components int `json:"components"`
	// Elements are the minimum elements in NTIA's order.
	Elements []Element `json:"elements"`
	// Matchable counts the components that records can be held against: an
	// identifier that can be used, and a version.
	Matchable Ratio `json:"matchable"`
	// Unmatchable are the others, each with its reasons.
	Unmatchable []Place `json:"unmatchable,omitempty"`
	// Doubtful are matchable by nothing but a suspected CPE or a purl of no
	// registry: looking them up may find nothing although there is something.
	Doubtful []Place `json:"doubtful,omitempty"`
	// Reasons counts, by reason, what keeps components from being matched; a
	// component may have several.
	Reasons []Count `json:"reasons,omitempty"`
	// Duplicates are groups of components that are the same by coordinate and
	// version.
	Duplicates []Duplicate `json:"duplicates,omitempty"`
	// SameRef are the references that more than one component bears.
	SameRef []Duplicate `json:"same_ref,omitempty"`
	// Dangling are dependency edges to or from what the document does not hold.
	Dangling []Dangling `json:"dangling,omitempty"`
	// Cycles are rings of dependencies: refs, each ring beginning at the least.
	Cycles [][]string `json:"cycles,omitempty"`
	// Placeholders are components whose version says nothing.
	Placeholders []Place `json:"placeholders,omitempty"`
	// Suspected are CPE names that look guessed. The signs are ours: none of them
	// proves anything.
	Suspected []Place        `json:"suspected,omitempty"`
	Support   SupportQuality `json:"support"`
}

// An Element is one of NTIA's minimum elements (The Minimum Elements for a
// Software Bill of Materials, 2021-07-12, "data fields"; FDA asks for them in
// its premarket guidance of 2026, V.A.4).
type Element struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Ratio
	// Missing are the components without it; for the author and the time stamp,
	// which belong to the document, there is none.
	Missing []Place `json:"missing,omitempty"`
}

// A Ratio is a part of a whole. One of nothing has no percentage.
type Ratio struct {
	Have int `json:"have"`
	Of   int `json:"of"`
}

// Percent returns Have in 100 of Of; ok is false when Of is 0.
func (r Ratio) Percent() (percent float64, ok bool) {
	if r.Of == 0 {
		return 0, false
	}
	return 100 * float64(r.Have) / float64(r.Of), true
}

// String returns "3 of 4 (75.0 %)".
func (r Ratio) String() string {
	p, ok := r.Percent()
	if !ok {
		return fmt.Sprintf("%d of %d", r.Have, r.Of)
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", r.Have, r.Of, p)
}

// A Place points at a component, with the reasons why it is pointed at.
type Place struct {
	Ref     string   `json:"ref"`
	Name    string   `json:"name"`
	Version string   `json:"version,omitempty"`
	Why     []string `json:"why,omitempty"`
}

// A Count is how often something was met.
type Count struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// A Duplicate is what several components share, and their refs.
type Duplicate struct {
	What string   `json:"what"`
	Refs []string `json:"refs"`
}

// A Dangling is an edge whose From or To names nothing in the document.
type Dangling struct {
	From    string `json:"from"`
	To      string `json:"to,omitempty"`
	Missing string `json:"missing"`
}

// SupportQuality counts what is said of support (FDA, premarket guidance of
// 2026, V.A.4: level of support, end-of-support date, and a justification of
// what cannot be given).
type SupportQuality struct {
	// Level counts the components whose level is stated and not "unknown", Ends
	// those with an end-of-support date, Both those with both.
	Level Ratio `json:"level"`
	Ends  Ratio `json:"ends"`
	Both  Ratio `json:"both"`
	// Justified are components that lack one and say why; Missing those that do not.
	Justified []Place `json:"justified,omitempty"`
	Missing   []Place `json:"missing,omitempty"`
	// Ended are components whose support had ended at the instant of the options.
	Ended []Place `json:"ended,omitempty"`
}

// Quality reads b for what it states and what it leaves open. An error means
// that the lists of the library or of the options cannot be read.
func Quality(b BOM, opts *QualityOptions) (QualityReport, error) {
	var o QualityOptions
	if opts != nil {
		o = *opts
	}
	var err error
	if o.Lists == nil {
		if o.Lists, err = DefaultQualityLists(); err != nil {
			return QualityReport{}, err
		}
	}
	if o.Aliases == nil {
		if o.Aliases, err = DefaultAliases(); err != nil {
			return QualityReport{}, err
		}
	}
	r := QualityReport{Product: trim(b.Root.Name + " " + b.Root.Version), Components: len(b.Components)}
	r.Elements = elements(b, o.Lists)
	r.matchable(b, o.Lists)
	r.same(b)
	r.Dangling, r.Cycles = dangling(b), cycles(b)
	not := map[string]bool{}
	for _, p := range r.Unmatchable {
		not[p.Ref] = true
	}
	for _, c := range b.Components {
		if v, where := c.Stated(); v != "" && o.Lists.Placeholder(v) {
			r.Placeholders = append(r.Placeholders, c.place(fmt.Sprintf("%q in its %s", v, where)))
		}
		why := suspect(c, o.Aliases, o.Lists)
		if len(why) > 0 {
			r.Suspected = append(r.Suspected, c.place(why...))
		}
		if d := c.doubts(len(why) > 0); len(d) > 0 && !not[c.Ref] {
			r.Doubtful = append(r.Doubtful, c.place(d...))
		}
	}
	r.Support = supportQuality(b, o.At)
	return r, nil
}

func (c Component) place(why ...string) Place {
	v, _ := c.Stated()
	return Place{Ref: c.Ref, Name: c.Name, Version: v, Why: why}
}

// elements counts the seven fields. A dependency relationship is an edge from or
// to the component, or its nesting in another: both say how it is included.
func elements(b BOM, lists *QualityLists) []Element {
	related := map[string]bool{}
	for _, e := range b.Edges {
		related[e.From] = true
		for _, to := range e.To {
			related[to] = true
		}
	}
	out := []Element{
		{ID: "supplier", Title: "Supplier name"},
		{ID: "name", Title: "Component name"},
		{ID: "version", Title: "Version of the component"},
		{ID: "identifiers", Title: "Other unique identifiers"},
		{ID: "dependency", Title: "Dependency relationship"},
		{ID: "author", Title: "Author of SBOM data"},
		{ID: "timestamp", Title: "Timestamp"},
	}
	for _, c := range b.Components {
		version, _ := c.Stated()
		_, unusable := c.usable()
		for i, has := range []bool{
			lists.answers(c.Supplier), lists.answers(c.Name), lists.answers(version),
			unusable == nil, related[c.Ref] || c.Parent != "",
		} {
			out[i].Of++
			if has {
				out[i].Have++
			} else {
				out[i].Missing = append(out[i].Missing, c.place())
			}
		}
	}
	for i, has := range map[int]bool{5: slices.ContainsFunc(b.Authors, lists.answers), 6: !b.Created.IsZero()} {
		out[i].Of = 1
		if has {
			out[i].Have = 1
		}
	}
	return out
}

// usable says by which kinds of identifier c can be looked up ("purl", "cpe"), or
// why by none.
func (c Component) usable() (kinds, problems []string) {
	for _, i := range c.Identities() {
		if _, err := i.Package(); err == nil {
			kinds = append(kinds, "purl")
		} else if trim(i.PURL) != "" {
			problems = append(problems, "its purl cannot be read")
		}
		n, err := i.CPEName()
		switch {
		case err == nil && n.Names():
			kinds = append(kinds, "cpe")
		case err == nil:
			problems = append(problems, "its CPE leaves part, vendor or product open")
		case trim(i.CPE) != "":
			problems = append(problems, "its CPE cannot be read")
		}
	}
	if len(kinds) > 0 {
		return kinds, nil
	}
	if len(problems) == 0 {
		problems = []string{"it has no purl and no CPE"}
	}
	return nil, slices.Compact(problems)
}

// doubts says why none of the identifiers c can be looked up by is sure, or
// nothing when one is. suspected speaks of its first CPE.
func (c Component) doubts(suspected bool) []string {
	var out []string
	for _, i := range c.Identities() {
		if p, err := i.Package(); err == nil {
			if _, _, ok := p.Ecosystem(); ok {
				return nil
			}
			out = append(out, "its purl names no registry")
		}
		if n, err := i.CPEName(); err == nil && n.Names() {
			if i.CPE != c.CPE || !suspected {
				return nil
			}
			out = append(out, "its CPE looks guessed")
		}
	}
	return out
}

func (r *QualityReport) matchable(b BOM, lists *QualityLists) {
	counts := map[string]int{}
	for _, c := range b.Components {
		r.Matchable.Of++
		_, why := c.usable()
		switch v, _ := c.Stated(); {
		case v == "":
			why = append(why, "it states no version")
		case lists.Placeholder(v):
			why = append(why, "its version is a placeholder")
		}
		if len(why) == 0 {
			r.Matchable.Have++
			continue
		}
		r.Unmatchable = append(r.Unmatchable, c.place(why...))
		for _, w := range why {
			counts[w]++
		}
	}
	for what, n := range counts {
		r.Reasons = append(r.Reasons, Count{what, n})
	}
	slices.SortFunc(r.Reasons, func(a, b Count) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.What, b.What)
	})
}

// same finds components that are the same, and refs that are borne twice.
func (r *QualityReport) same(b BOM) {
	var things, refs groups
	for _, c := range b.Components {
		v, _ := c.Stated()
		things.add(trim(string(c.Coordinate())+" "+v), c.Ref)
		refs.add(c.Ref, c.Path)
	}
	r.Duplicates, r.SameRef = things.several(), refs.several()
}

// groups gathers members by a common text, in the order of first meeting.
type groups struct {
	order   []string
	members map[string][]string
}

func (g *groups) add(what, member string) {
	if g.members == nil {
		g.members = map[string][]string{}
	}
	if _, met := g.members[what]; !met {
		g.order = append(g.order, what)
	}
	g.members[what] = append(g.members[what], member)
}

func (g *groups) several() []Duplicate {
	var out []Duplicate
	for _, what := range g.order {
		if m := g.members[what]; len(m) > 1 {
			out = append(out, Duplicate{what, m})
		}
	}
	return out
}

func supportQuality(b BOM, at time.Time) SupportQuality {
	n := len(b.Components)
	q := SupportQuality{Level: Ratio{Of: n}, Ends: Ratio{Of: n}, Both: Ratio{Of: n}}
	for _, c := range b.Components {
		var s Support
		if c.Support != nil {
			s = *c.Support
		}
		level, ends := s.Level != "" && s.Level != UnknownLevel, !s.Ends.IsZero()
		var lacks []string
		if level {
			q.Level.Have++
		} else {
			lacks = append(lacks, "no level of support")
		}
		if ends {
			q.Ends.Have++
			if !at.IsZero() && !at.Before(s.Ends.AddDate(0, 0, 1)) {
				q.Ended = append(q.Ended, c.place("support ended on "+s.Ends.Format(time.DateOnly)))
			}
		} else {
			lacks = append(lacks, "no end-of-support date")
		}
		switch {
		case len(lacks) == 0:
			q.Both.Have++
		case trim(s.Why) != "":
			q.Justified = append(q.Justified, c.place(append(lacks, "because: "+trim(s.Why))...))
		default:
			q.Missing = append(q.Missing, c.place(lacks...))
		}
	}
	return q
}
