package csaf

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// buildMetadata is 6.2.4: no revision number has build metadata.
func (c *checker) buildMetadata() {
	for i, r := range c.doc.Document.Tracking.RevisionHistory {
		if v, _, ok := parseVersion(r.Number); ok && v.Metadata() != "" {
			c.wrong(c.revision(i).key("number"), "is %s, with build metadata", brief(r.Number))
		}
	}
}

// initialRelease is 6.2.5: the initial release is no older than the first revision.
func (c *checker) initialRelease() {
	h := c.past()
	at, err := c.doc.Document.Tracking.InitialReleaseDate.Time()
	if err == nil && h.ok && at.Before(h.sorted[0].at) {
		c.wrong(atTracking.key("initial_release_date"), "is older than the first revision, of %s", At(h.sorted[0].at))
	}
}

// currentRelease is 6.2.6: the current release is no older than the last revision.
func (c *checker) currentRelease() {
	h := c.past()
	at, err := c.doc.Document.Tracking.CurrentReleaseDate.Time()
	if last := len(h.sorted) - 1; err == nil && h.ok && at.Before(h.sorted[last].at) {
		c.wrong(atTracking.key("current_release_date"), "is older than the last revision, of %s", At(h.sorted[last].at))
	}
}

// undatedInvolvements is 6.2.7: an involvement says when.
func (c *checker) undatedInvolvements() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		for i, n := range v.Involvements {
			if n.Date == "" {
				c.wrong(at.key("involvements").at(i), "has no date")
			}
		}
	})
}

// missingLabel is 6.2.10: the document has a TLP label.
func (c *checker) missingLabel() {
	switch d := c.doc.Document.Distribution; {
	case d == nil:
		c.wrong(atDocument, "has no distribution and so no TLP label")
	case d.TLP == nil:
		c.wrong(atDocument.key("distribution"), "has no tlp")
	case d.TLP.Label == "":
		c.wrong(atDocument.key("distribution").key("tlp"), "has no label")
	case !d.TLP.Label.Valid():
		c.wrong(atDocument.key("distribution").key("tlp").key("label"), "is %s, which is no label", brief(string(d.TLP.Label)))
	}
}

// canonicalURL is 6.2.11: a reference to the document itself begins with https
// and ends with the name of its file.
func (c *checker) canonicalURL() {
	d := &c.doc.Document
	name := Filename(d.Tracking.ID)
	if d.Tracking.ID != "" && slices.ContainsFunc(d.References, func(r Reference) bool {
		return r.Category == ReferenceSelf && strings.HasPrefix(r.URL, "https://") && strings.HasSuffix(r.URL, name)
	}) {
		return
	}
	if len(d.References) == 0 {
		c.wrong(atDocument, "has no references and so no canonical URL")
		return
	}
	c.wrong(atDocument.key("references"), "has none of category self whose URL begins with https:// and ends with %s", brief(name))
}

// missingLanguage is 6.2.12: the document says its language.
func (c *checker) missingLanguage() {
	if c.doc.Document.Lang == "" {
		c.wrong(atDocument, "has no lang")
	}
}

// unsorted is 6.2.13: the members of each object stood in alphabetical order. A
// document that was not read is in order.
func (c *checker) unsorted() {
	for _, at := range c.doc.Unsorted {
		c.failures = append(c.failures, Failure{c.test, at, "has members that are not in alphabetical order"})
	}
}

// privateLanguage is 6.2.14: no subtag is one for private use.
func (c *checker) privateLanguage() {
	for _, l := range c.langs() {
		if t, err := parseLang(l.tag); err == nil {
			if s := t.forPrivateUse(); s != "" {
				c.wrong(l.at, "is %s, and %s is for private use", brief(l.tag), brief(s))
			}
		}
	}
}

// defaultLanguage is 6.2.15: no language is i-default.
func (c *checker) defaultLanguage() {
	for _, l := range c.langs() {
		if strings.EqualFold(l.tag, "i-default") {
			c.wrong(l.at, "is the default language")
		}
	}
}

// misplacedCVEs is 6.2.17: a CVE id stands in cve, not in ids.
func (c *checker) misplacedCVEs() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		for i, id := range v.IDs {
			if cveForm.MatchString(id.Text) {
				c.wrong(at.key("ids").at(i), "is %s, which belongs into cve", id.Text)
			}
		}
	})
}

// additional is 6.2.20: there are no members but those of the standard.
func (c *checker) additional() {
	extras(document(), reflect.ValueOf(c.doc).Elem(), nil, func(at *place, _ json.RawMessage) bool {
		c.wrong(at, "is no member that the standard defines")
		return true
	})
}
