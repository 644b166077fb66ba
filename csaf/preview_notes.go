package csaf

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A kind of note whose title has a meaning in 2.1.
type titled struct {
	category NoteCategory
	title    string
}

var (
	// documentNotes are those of section 3.2.2.8, vulnerabilityNotes those of 3.2.4.11.
	documentNotes = []titled{
		{NoteDescription, "Product Description"}, {NoteGeneral, "General Security Recommendations"}, {NoteLegalDisclaimer, "License"}, {NoteSummary, "Summary"},
	}
	vulnerabilityNotes = []titled{
		{NoteDescription, "CVE Description"}, {NoteDescription, "Preconditions"}, {NoteSummary, "Vulnerability Summary"},
	}
)

// notes binds to products those whose title goes on with the name of a product, a
// version or a family.
func (p *preview) notes(at *place, notes []Note, kinds []titled) {
	for i := range notes {
		n := &notes[i]
		for _, k := range kinds {
			rest, ok := strings.CutPrefix(n.Title, k.title)
			if n.Category != k.category || !ok || rest == "" {
				continue
			}
			name := strings.Trim(rest, " \t:,-_/()[]\u2013\u2014")
			for _, word := range []string{"for ", "of "} {
				name = strings.TrimSpace(strings.TrimPrefix(name, word))
			}
			ids := p.named(name)
			if len(ids) == 0 {
				p.warn(at.at(i), "has the title %s, which may be of some products: none of that name is known", brief(n.Title))
				continue
			}
			p.warn(at.at(i), "has the title %s and becomes a note of %s", brief(n.Title), some(ids))
			n.ProductIDs = ids
		}
	}
}

// named are the products that have that name, or stand below a branch that has.
func (p *preview) named(name string) []string {
	t := p.from.ProductTree
	if name == "" || t == nil {
		return nil
	}
	var out []string
	t.products(func(_ *place, prod *Product) bool {
		if strings.EqualFold(prod.Name, name) {
			out = append(out, prod.ID)
		}
		return true
	})
	var walk func(bs []Branch, in bool)
	walk = func(bs []Branch, in bool) {
		for _, b := range bs {
			here := in
			switch b.Category {
			case BranchProductName, BranchProductFamily, BranchProductVersion:
				here = here || strings.EqualFold(b.Name, name)
			}
			if b.Product != nil && here {
				out = append(out, b.Product.ID)
			}
			walk(b.Branches, here)
		}
	}
	walk(t.Branches, false)
	return once(out, func(id string) string { return id })
}

// licenses are SPDX identifiers that can be nothing else in a text: the ones that
// advisories and their data are under.
var licenses = strings.Fields("0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause CC-BY-3.0 CC-BY-4.0 CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 " +
	"CC0-1.0 CDLA-Permissive-2.0 EUPL-1.2 GFDL-1.3-only GFDL-1.3-or-later ODbL-1.0 ODC-By-1.0 PDDL-1.0")

var (
	licenseWord = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9.+\-]*[A-Za-z0-9+]`)
	joinsBefore = regexp.MustCompile(`\b(?:AND|OR)\s+\(*$`)
	joinsAfter  = regexp.MustCompile(`^\)*\s+(?:AND|OR|WITH)\b`)
)

// license takes over an SPDX identifier that a legal note names. Expressions of more
// than one are not read.
func (p *preview) license(m *Meta) {
	var found, where []string
	var at *place
	for i, n := range m.Notes {
		if n.Category != NoteLegalDisclaimer {
			continue
		}
		here := atDocument.key("notes").at(i)
		for _, in := range licenseWord.FindAllStringIndex(n.Text, -1) {
			word := n.Text[in[0]:in[1]]
			switch {
			case !slices.Contains(licenses, word):
				continue
			case joinsBefore.MatchString(n.Text[:in[0]]) || joinsAfter.MatchString(n.Text[in[1]:]):
				word = "more than " + word
			}
			at = here
			where = append(where, fmt.Sprintf("%s at %s", word, here))
			if !slices.Contains(found, word) {
				found = append(found, word)
			}
		}
	}
	switch {
	case len(found) == 0:
	case len(found) == 1 && strings.HasPrefix(found[0], "more than "):
		p.warn(at, "names an expression of %s, which is not read: it does not become the license of the document", found[0])
	case len(found) == 1:
		p.warn(at, "names the license %s, which becomes that of the document", found[0])
		m.LicenseExpression = found[0]
	default:
		p.warn(atDocument.key("notes"), "name several licenses, of which none becomes that of the document: %s", strings.Join(where, ", "))
	}
}
