package sbom

import (
	"fmt"
	"strings"
)

// Markdown returns the report as a page of Markdown: the same numbers and the
// same components, most useful first.
func (r QualityReport) Markdown() string {
	var p page
	title := "SBOM quality"
	if r.Product != "" {
		title += ": " + cell(r.Product)
	}
	p.line("# %s", title)
	p.line("")
	p.line("%d components. Counts only: what is enough is for the maker to say.", r.Components)
	p.line("")
	p.line("## Minimum elements (NTIA 2021)")
	p.line("")
	p.line("| element | stated |")
	p.line("|---|---|")
	for _, e := range r.Elements {
		p.line("| %s | %s |", cell(e.Title), e.Ratio)
	}
	for _, e := range r.Elements {
		if len(e.Missing) > 0 {
			p.line("")
			p.line("Without %s: %s.", lowerFirst(e.Title), names(e.Missing))
		}
	}
	p.line("")
	p.line("## What records can be held against")
	p.line("")
	p.line("Matchable (an identifier and a version): %s.", r.Matchable)
	if len(r.Reasons) > 0 {
		p.line("")
		p.line("| reason | components |")
		p.line("|---|---|")
		for _, c := range r.Reasons {
			p.line("| %s | %d |", cell(c.What), c.N)
		}
	}
	p.places("Not matchable", r.Unmatchable)
	p.places("Matchable, but by nothing sure", r.Doubtful)
	p.places("Placeholder versions", r.Placeholders)
	p.places("CPE names that look guessed (signs are ours; suspected, not proven)", r.Suspected)
	p.line("")
	p.line("## Support")
	p.line("")
	p.line("| stated | components |")
	p.line("|---|---|")
	p.line("| level of support | %s |", r.Support.Level)
	p.line("| end-of-support date | %s |", r.Support.Ends)
	p.line("| both | %s |", r.Support.Both)
	p.line("| neither or one, with a justification | %d |", len(r.Support.Justified))
	p.line("| neither or one, without | %d |", len(r.Support.Missing))
	p.places("Support has ended", r.Support.Ended)
	p.structure(r)
	return p.String()
}

func (p *page) structure(r QualityReport) {
	if len(r.Duplicates)+len(r.SameRef)+len(r.Dangling)+len(r.Cycles) == 0 {
		return
	}
	p.line("")
	p.line("## Structure")
	p.line("")
	for _, d := range r.Duplicates {
		p.line("- listed %d times: %s (%s)", len(d.Refs), cell(d.What), cell(strings.Join(d.Refs, ", ")))
	}
	for _, d := range r.SameRef {
		p.line("- the reference %s is borne %d times", cell(d.What), len(d.Refs))
	}
	for _, d := range r.Dangling {
		p.line("- a dependency of %s names %s, which is not there", cell(d.From), cell(d.Missing))
	}
	for _, ring := range r.Cycles {
		p.line("- a ring of dependencies: %s", cell(strings.Join(ring, ", ")))
	}
}

// page gathers lines.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

func (p *page) places(title string, list []Place) {
	if len(list) == 0 {
		return
	}
	p.line("")
	p.line("### %s (%d)", title, len(list))
	p.line("")
	p.line("| component | version | why |")
	p.line("|---|---|---|")
	for _, c := range list {
		p.line("| %s | %s | %s |", cell(c.Name), cell(c.Version), cell(strings.Join(c.Why, "; ")))
	}
}

// cell makes text safe to stand in a table: a document's own text must not make
// markup.
func cell(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "`", "'", "*", `\*`, "[", `\[`, "]", `\]`).Replace(s)
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// names lists components; beyond 60 it says how many more.
func names(list []Place) string {
	const most = 60
	var out []string
	for _, c := range list[:min(len(list), most)] {
		out = append(out, cell(trim(c.Name+" "+c.Version)))
	}
	if n := len(list) - most; n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, ", ")
}
