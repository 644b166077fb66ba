package csaf

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
)

// repeatedScores is 6.1.7: one score of each CVSS version for a product.
func (c *checker) repeatedScores() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		type key struct{ product, version string }
		seen := map[key]int{}
		for i, s := range v.Scores {
			var versions []string
			if s.CVSSv2 != nil && s.CVSSv2.Version != "" {
				versions = append(versions, s.CVSSv2.Version)
			}
			if s.CVSSv3 != nil && s.CVSSv3.Version != "" {
				versions = append(versions, s.CVSSv3.Version)
			}
			for j, id := range s.Products {
				for _, version := range versions {
					if other, ok := seen[key{id, version}]; ok && other != i {
						c.wrong(at.key("scores").at(i).key("products").at(j), "gives %s another score of CVSS %s", brief(id), version)
					}
					seen[key{id, version}] = i
				}
			}
		}
	})
}

// scores is 6.1.9: scores and severities are what the vector computes to.
func (c *checker) scores() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		for i, s := range v.Scores {
			here := at.key("scores").at(i)
			if d := s.CVSSv2; d != nil && d.VectorString != "" {
				c.score(here.key("cvss_v2"), d.VectorString, "2.0", &d.BaseScore, "", d.TemporalScore, "", d.EnvironmentalScore, "")
			}
			d := s.CVSSv3
			if d == nil || d.VectorString == "" || !strings.HasPrefix(d.VectorString, "CVSS:"+d.Version+"/") {
				continue // 6.1.8 has said so
			}
			c.score(here.key("cvss_v3"), d.VectorString, d.Version, &d.BaseScore, d.BaseSeverity,
				d.TemporalScore, d.TemporalSeverity, d.EnvironmentalScore, d.EnvironmentalSeverity)
		}
	})
}

func (c *checker) score(at *place, text, version string, base *float64, baseSeverity string,
	temporal *float64, temporalSeverity string, environmental *float64, environmentalSeverity string) {
	vector, err := cvss.Parse(text)
	if err == nil && vector.Version() != version {
		err = fmt.Errorf("is of version %s", vector.Version())
	}
	if err != nil {
		c.wrong(at.key("vectorString"), "cannot be computed: %v", err)
		return
	}
	c.computed(at, "base", base, baseSeverity, vector.Base())
	c.computed(at, "temporal", temporal, temporalSeverity, vector.Temporal())
	c.computed(at, "environmental", environmental, environmentalSeverity, vector.Environmental())
}

func (c *checker) computed(at *place, kind string, score *float64, severity string, want float64) {
	if score != nil && *score != want {
		c.wrong(at.key(kind+"Score"), "is %v, but the vector computes to %v", *score, want)
	}
	if word := strings.ToUpper(string(cvss.SeverityOf(want))); severity != "" && severity != word {
		c.wrong(at.key(kind+"Severity"), "is %s, but the vector computes to %s", brief(severity), word)
	}
}

// vectors is 6.1.10: a metric that is written out agrees with the vector.
func (c *checker) vectors() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		for i, s := range v.Scores {
			here := at.key("scores").at(i)
			if d := s.CVSSv2; d != nil {
				c.consistent(here.key("cvss_v2"), d.VectorString, v2Metrics, reflect.ValueOf(d).Elem())
			}
			if d := s.CVSSv3; d != nil {
				_, metrics, _ := strings.Cut(d.VectorString, "/")
				c.consistent(here.key("cvss_v3"), metrics, v3Metrics, reflect.ValueOf(d).Elem())
			}
		}
	})
}

func (c *checker) consistent(at *place, vector string, metrics []vectorMetric, v reflect.Value) {
	p := plans()[v.Type()]
	for _, part := range strings.Split(vector, "/") {
		key, short, _ := strings.Cut(part, ":")
		m, ok := findMetric(metrics, key)
		if !ok {
			continue
		}
		have := v.Field(p.members[p.byName[m.member]].field).String()
		for _, value := range m.values {
			if value.short == short && have != "" && have != value.long {
				c.wrong(at.key(m.member), "is %s, but the vector says %s", brief(have), part)
			}
		}
	}
}
