package csaf

import (
	"slices"
	"strings"
	"unicode"
)

func (c *checker) profile(of ...string) bool { return slices.Contains(of, c.doc.Document.Category) }

// translator is 6.1.15: a translator names the language of the original.
func (c *checker) translator() {
	if c.doc.Document.Publisher.Category == PublisherTranslator && c.doc.Document.SourceLang == "" {
		c.wrong(atDocument, "has no source_lang, although its publisher is a translator")
	}
}

// translation is 6.1.28: a translation is in another language.
func (c *checker) translation() {
	d := c.doc.Document
	if d.Lang != "" && strings.EqualFold(d.Lang, d.SourceLang) {
		c.wrong(atDocument.key("source_lang"), "is %s, the language of the document itself", brief(d.SourceLang))
	}
}

// categoryName is 6.1.26: free text does not look like a profile.
func (c *checker) categoryName() {
	category := c.doc.Document.Category
	if c.profile(ProfileBase, ProfileIncidentResponse, ProfileInformational, ProfileSecurityAdvisory, ProfileVEX) {
		return
	}
	at := atDocument.key("category")
	if strings.HasPrefix(strings.ToLower(category), "csaf_") {
		c.wrong(at, "is %s; names that begin with csaf_ are the standard's", brief(category))
		return
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '_' {
			return -1
		}
		return unicode.ToLower(r)
	}, category)
	switch strings.TrimPrefix(bare, "csaf") {
	case "securityincidentresponse", "informationaladvisory", "securityadvisory", "vex":
		c.wrong(at, "is %s, too like the name of a profile", brief(category))
	}
}

func (c *checker) profileNotes() {
	if c.profile(ProfileIncidentResponse, ProfileInformational) &&
		!slices.ContainsFunc(c.doc.Document.Notes, func(n Note) bool {
			return n.Category == NoteDescription || n.Category == NoteDetails || n.Category == NoteGeneral || n.Category == NoteSummary
		}) {
		c.wrong(atDocument, "has no note that is a description, details, general or a summary")
	}
}

func (c *checker) profileReferences() {
	if c.profile(ProfileIncidentResponse, ProfileInformational) &&
		!slices.ContainsFunc(c.doc.Document.References, func(r Reference) bool { return r.Category == ReferenceExternal }) {
		c.wrong(atDocument, "has no reference that says it is external")
	}
}

func (c *checker) profileNoVulnerabilities() {
	if c.profile(ProfileInformational) && len(c.doc.Vulnerabilities) > 0 {
		c.wrong(atVulns, "has no place in an informational advisory")
	}
}

func (c *checker) profileProductTree() {
	if c.profile(ProfileSecurityAdvisory, ProfileVEX) && c.doc.ProductTree == nil {
		c.wrong(nil, "has no product_tree")
	}
}

func (c *checker) profileVulnerabilities() {
	if c.profile(ProfileSecurityAdvisory, ProfileVEX) && len(c.doc.Vulnerabilities) == 0 {
		c.wrong(nil, "has no vulnerabilities")
	}
}

func (c *checker) profileVulnerabilityNotes() {
	if c.profile(ProfileSecurityAdvisory, ProfileVEX) {
		c.vulnerabilities(func(at *place, v *Vulnerability) {
			if len(v.Notes) == 0 {
				c.wrong(at, "has no notes")
			}
		})
	}
}

func (c *checker) profileProductStatus() {
	if c.profile(ProfileSecurityAdvisory) {
		c.vulnerabilities(func(at *place, v *Vulnerability) {
			if v.ProductStatus == nil {
				c.wrong(at, "has no product_status")
			}
		})
	}
}

func (c *checker) vexStatus() {
	if c.profile(ProfileVEX) {
		c.vulnerabilities(func(at *place, v *Vulnerability) {
			if s := v.ProductStatus; s == nil {
				c.wrong(at, "has no product_status")
			} else if len(s.Fixed)+len(s.KnownAffected)+len(s.KnownNotAffected)+len(s.UnderInvestigation) == 0 {
				c.wrong(at.key("product_status"), "has none of fixed, known_affected, known_not_affected and under_investigation")
			}
		})
	}
}

func (c *checker) vexID() {
	if c.profile(ProfileVEX) {
		c.vulnerabilities(func(at *place, v *Vulnerability) {
			if v.CVE == "" && len(v.IDs) == 0 {
				c.wrong(at, "has neither cve nor ids")
			}
		})
	}
}

// vexImpact is 6.1.27.9: who is not affected is told why, by a flag or by a
// threat of category impact. Groups are resolved.
func (c *checker) vexImpact() {
	if !c.profile(ProfileVEX) {
		return
	}
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		if v.ProductStatus == nil {
			return
		}
		told := covered{}
		for _, f := range v.Flags {
			told.add(c, f.ProductIDs, f.GroupIDs)
		}
		for _, t := range v.Threats {
			if t.Category == ThreatImpact {
				told.add(c, t.ProductIDs, t.GroupIDs)
			}
		}
		for i, id := range v.ProductStatus.KnownNotAffected {
			if !told[id] {
				c.wrong(at.key("product_status").key("known_not_affected").at(i), "has no impact statement: neither a flag nor a threat of category impact")
			}
		}
	})
}

// vexAction is 6.1.27.10: who is affected is told what to do.
func (c *checker) vexAction() {
	if !c.profile(ProfileVEX) {
		return
	}
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		if v.ProductStatus == nil {
			return
		}
		told := covered{}
		for _, r := range v.Remediations {
			told.add(c, r.ProductIDs, r.GroupIDs)
		}
		for i, id := range v.ProductStatus.KnownAffected {
			if !told[id] {
				c.wrong(at.key("product_status").key("known_affected").at(i), "has no action statement: no remediation names it")
			}
		}
	})
}
