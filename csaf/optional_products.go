package csaf

import (
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
)

// unusedProducts is 6.2.1: every product that is defined is referred to.
func (c *checker) unusedProducts() {
	t := c.doc.ProductTree
	if t == nil || c.profile(ProfileInformational) {
		return
	}
	used := covered{}
	for _, g := range t.ProductGroups {
		used.add(c, g.ProductIDs, nil)
	}
	for _, r := range t.Relationships {
		used[r.ProductReference], used[r.RelatesToProductReference] = true, true
	}
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		v.spoken(at, func(_ *place, products, _ []string) { used.add(c, products, nil) })
	})
	t.products(func(at *place, p *Product) bool {
		if p.ID != "" && !used[p.ID] {
			c.wrong(at.key("product_id"), "defines %s, which nothing refers to", brief(p.ID))
		}
		return true
	})
}

// lacking reports the products in those status lists of v that are not covered.
func (c *checker) lacking(at *place, v *Vulnerability, by covered, says []string, what string) {
	for _, s := range v.ProductStatus.lists() {
		for i, id := range s.ids {
			for _, word := range says {
				if s.says == word && !by[id] {
					c.wrong(at.key("product_status").key(s.name).at(i), "is %s, for which there is no %s", brief(id), what)
				}
			}
		}
	}
}

// missingRemediations is 6.2.2: what is affected or under investigation has a
// remediation, be it that there is none. Groups are resolved.
func (c *checker) missingRemediations() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		by := covered{}
		for _, r := range v.Remediations {
			by.add(c, r.ProductIDs, r.GroupIDs)
		}
		c.lacking(at, v, by, []string{"affected", "under investigation"}, "remediation")
	})
}

// missingScores is 6.2.3: what is affected has a score.
func (c *checker) missingScores() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		by := covered{}
		for _, s := range v.Scores {
			by.add(c, s.Products, nil)
		}
		c.lacking(at, v, by, []string{"affected"}, "score")
	})
}

// onlyHash is 6.2.8 and 6.2.9: a weak digest is not alone.
func (c *checker) onlyHash(weak string) {
	c.doc.ProductTree.products(func(at *place, p *Product) bool {
		if p.Helper == nil {
			return true
		}
		for i, h := range p.Helper.Hashes {
			alone := len(h.FileHashes) > 0
			for _, f := range h.FileHashes {
				alone = alone && f.Algorithm == weak
			}
			if alone {
				c.wrong(at.key("product_identification_helper").key("hashes").at(i).key("file_hashes"), "has only %s", weak)
			}
		}
		return true
	})
}

// missingHelpers is 6.2.16: every product has an identification helper.
func (c *checker) missingHelpers() {
	c.doc.ProductTree.products(func(at *place, p *Product) bool {
		if p.Helper == nil {
			c.wrong(at, "has no product_identification_helper")
		}
		return true
	})
}

// versForm is the form that 6.2.18 takes for that of a version range specifier.
var versForm = regexp.MustCompile(`^vers:[a-z.\-+][a-z0-9.\-+]*/.+`)

// rangesWithoutVers is 6.2.18: a version range is a vers.
func (c *checker) rangesWithoutVers() {
	if c.doc.ProductTree != nil {
		c.branches(atTree.key("branches"), c.doc.ProductTree.Branches, func(at *place, b *Branch) {
			if b.Category == BranchProductVersionRange && (!strings.HasPrefix(b.Name, "vers:") || !versForm.MatchString(b.Name)) {
				c.wrong(at.key("name"), "is %s, which is no vers", brief(b.Name))
			}
		})
	}
}

// fixedScores is 6.2.19: where a product is fixed, the scores that speak of it
// have an environmental score of 0, as stated and as computed.
func (c *checker) fixedScores() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		if v.ProductStatus == nil || len(v.ProductStatus.Fixed)+len(v.ProductStatus.FirstFixed) == 0 {
			return
		}
		left := map[string][]string{} // what is not 0, by product
		for _, s := range v.Scores {
			why := ""
			if s.CVSSv2 != nil && !s.CVSSv2.harmless() {
				why = s.CVSSv2.VectorString
			}
			if s.CVSSv3 != nil && !s.CVSSv3.harmless() {
				why = s.CVSSv3.VectorString
			}
			if why != "" {
				for _, id := range s.Products {
					left[id] = append(left[id], why)
				}
			}
		}
		for _, s := range v.ProductStatus.lists() {
			if s.says != "fixed" {
				continue
			}
			for i, id := range s.ids {
				for _, why := range left[id] {
					c.wrong(at.key("product_status").key(s.name).at(i), "is %s, fixed, but the environmental score of %s is not 0", brief(id), brief(why))
				}
			}
		}
	})
}

// harmless reports whether the environmental score is 0: the stated one, if it
// is stated, and the one computed from the vector and the members it lacks.
func (d *CVSSv2) harmless() bool {
	vector := d.VectorString
	for _, m := range []struct{ key, word string }{
		{"E", d.Exploitability}, {"RL", d.RemediationLevel}, {"RC", d.ReportConfidence},
		{"CDP", d.CollateralDamagePotential}, {"TD", d.TargetDistribution},
		{"CR", d.ConfidentialityRequirement}, {"IR", d.IntegrityRequirement}, {"AR", d.AvailabilityRequirement},
	} {
		vector = withMetric(vector, v2Metrics, m.key, m.word)
	}
	return zero(d.EnvironmentalScore, vector, "2.0")
}

func (d *CVSSv3) harmless() bool {
	vector := d.VectorString
	for _, m := range []struct{ key, word string }{
		{"E", d.ExploitCodeMaturity}, {"RL", d.RemediationLevel}, {"RC", d.ReportConfidence},
		{"CR", d.ConfidentialityRequirement}, {"IR", d.IntegrityRequirement}, {"AR", d.AvailabilityRequirement},
		{"MAV", d.ModifiedAttackVector}, {"MAC", d.ModifiedAttackComplexity}, {"MPR", d.ModifiedPrivilegesRequired},
		{"MUI", d.ModifiedUserInteraction}, {"MS", d.ModifiedScope}, {"MC", d.ModifiedConfidentialityImpact},
		{"MI", d.ModifiedIntegrityImpact}, {"MA", d.ModifiedAvailabilityImpact},
	} {
		vector = withMetric(vector, v3Metrics, m.key, m.word)
	}
	return zero(d.EnvironmentalScore, vector, d.Version)
}

// withMetric adds a metric to a vector that lacks it, by its word in the JSON form.
func withMetric(vector string, of []vectorMetric, key, word string) string {
	m, _ := findMetric(of, key)
	for _, v := range m.values {
		if v.long == word && !strings.Contains("/"+vector, "/"+key+":") {
			return vector + "/" + key + ":" + v.short
		}
	}
	return vector
}

func zero(stated *float64, vector, version string) bool {
	if stated != nil && *stated != 0 {
		return false
	}
	v, err := cvss.Parse(vector)
	return err == nil && v.Version() == version && v.Environmental() == 0
}
