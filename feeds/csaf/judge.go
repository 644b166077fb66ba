package csaf

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	standard "github.com/open-postmarket/postmarket/csaf"
)

// used are the members that make a record: pointers without the places in lists, and
// branches within branches as one. What is wrong foreign in a document harms no
// record.
var used = func() map[string]bool {
	out := map[string]bool{}
	add := func(at string, names ...string) {
		for _, name := range names {
			// With all that hold it.
			for at := at + "/" + name; at != ""; at = at[:strings.LastIndexByte(at, '/')] {
				out[at] = true
			}
		}
	}
	product := func(at string) {
		add(at, "name", "product_id")
		add(at+"/product_identification_helper", "cpe", "purl", "purls", "model_numbers", "skus", "serial_numbers")
	}
	out[""] = true
	add("/document", "csaf_version", "title", "publisher/name")
	add("/document/distribution", "text", "tlp/label")
	add("/document/tracking", "id", "status", "initial_release_date", "current_release_date")
	add("/product_tree/branches", "category", "name")
	product("/product_tree/branches/product")
	product("/product_tree/full_product_names")
	add("/product_tree/relationships", "product_reference", "relates_to_product_reference")
	product("/product_tree/relationships/full_product_name")
	add("/product_tree/product_paths", "beginning_product_reference", "subpaths/next_product_reference")
	product("/product_tree/product_paths/full_product_name")
	add("/vulnerabilities", "cve", "ids/text", "title", "cwe/id", "cwes/id", "metrics/source")
	add("/vulnerabilities/remediations", "category", "date", "details", "url")
	add("/vulnerabilities/product_status", "first_affected", "known_affected", "last_affected", "first_fixed", "fixed", "known_not_affected", "under_investigation", "unknown")
	for _, at := range []string{"/document", "/vulnerabilities"} {
		add(at+"/notes", "category", "text")
		add(at+"/references", "category", "url")
	}
	for _, version := range []string{"cvss_v2", "cvss_v3", "cvss_v4"} {
		add("/vulnerabilities/scores/"+version, "vectorString", "baseScore")
		add("/vulnerabilities/metrics/content/"+version, "vectorString", "baseScore")
	}
	lower := make(map[string]bool, len(out))
	for at := range out {
		lower[strings.ToLower(at)] = true
	}
	return lower
}()

// uses reports whether what stands at that pointer makes a record, or holds what does,
// in whatever case it is written.
func uses(path string) bool {
	var b strings.Builder
	last := ""
	for _, name := range strings.Split(path, "/")[1:] {
		if _, err := strconv.Atoi(name); err == nil || name == "branches" && last == name {
			continue
		}
		last = name
		b.WriteString("/" + strings.ToLower(name))
	}
	return used[b.String()]
}

// foreign are the members that one version of CSAF has and another has not. Some
// publishers write them in both.
var foreign = map[string]bool{
	"cwe": true, "cwes": true, "scores": true, "metrics": true, "cvss_v4": true, "unknown": true,
	"purl": true, "purls": true, "relationships": true, "product_paths": true,
}

// judge notes what of the document is written so that a record would lack it, and is an
// error when all of them would. Null, nothing and what the standard does not know
// are no loss.
func (a *advisory) judge() error {
	var whole []error
	problem := func(path, why string) {
		err := fmt.Errorf("%s %s", path, why)
		if i, ok := ofVulnerability(path); ok && i < len(a.Vulnerabilities) {
			a.wrong[i] = errors.Join(a.wrong[i], err)
		} else {
			whole = append(whole, err)
		}
	}
	for _, f := range a.Mistyped {
		if uses(f.Path) {
			problem(f.Path, f.Message)
		}
	}
	mixed := false
	for path := range a.Extras() {
		if !uses(path) {
			continue
		}
		if foreign[path[strings.LastIndexByte(path, '/')+1:]] {
			mixed = true
		} else {
			problem(path, "is not spelled as the standard spells it")
		}
	}
	if mixed {
		a.mix(problem)
	}
	return errors.Join(whole...)
}

// ofVulnerability is the place of the vulnerability in which path is.
func ofVulnerability(path string) (int, bool) {
	rest, ok := strings.CutPrefix(path, "/vulnerabilities/")
	number, _, _ := strings.Cut(rest, "/")
	i, err := strconv.Atoi(number)
	return i, ok && err == nil
}

// mix reads the members of another version.
func (a *advisory) mix(problem func(path, why string)) {
	read := func(path string, from standard.Extra, name string, to any) {
		if raw, ok := from[name]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				problem(path+"/"+name, err.Error())
			}
		}
	}
	if t := a.ProductTree; t != nil {
		read("/product_tree", t.Extra, "relationships", &t.Relationships)
		read("/product_tree", t.Extra, "product_paths", &t.ProductPaths)
		for path, p := range t.Products() {
			if h := p.Helper; h != nil {
				read(path+"/product_identification_helper", h.Extra, "purl", &h.PURL)
				read(path+"/product_identification_helper", h.Extra, "purls", &h.PURLs)
			}
		}
	}
	for i := range a.Vulnerabilities {
		v, path := &a.Vulnerabilities[i], fmt.Sprintf("/vulnerabilities/%d", i)
		read(path, v.Extra, "cwe", &v.CWE)
		read(path, v.Extra, "cwes", &v.CWEs)
		read(path, v.Extra, "metrics", &v.Metrics)
		if s := v.ProductStatus; s != nil {
			read(path+"/product_status", s.Extra, "unknown", &s.Unknown)
		}
		var scored []standard.MetricContent // the scores of 2.0, which are before any metrics
		read(path, v.Extra, "scores", &scored)
		for j, s := range v.Scores {
			var c standard.MetricContent
			read(fmt.Sprintf("%s/scores/%d", path, j), s.Extra, "cvss_v4", &c.CVSSv4)
			scored = append(scored, c)
		}
		var metrics []standard.Metric
		for _, c := range scored {
			metrics = append(metrics, standard.Metric{Content: c})
		}
		v.Metrics = append(metrics, v.Metrics...)
	}
}
