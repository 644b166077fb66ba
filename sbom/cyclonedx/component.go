package cyclonedx

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

func (t *translation) component(c *cdx.Component, path, parent string) sbom.Component {
	own := sbom.Component{
		Ref: t.ref(c.BOMRef, path), Parent: parent, Path: path, Type: sbom.Type(c.Type),
		Group: c.Group, Name: c.Name, Version: c.Version, VersionRange: c.VersionRange,
		External: c.IsExternal != nil && *c.IsExternal,
		PURL:     c.PackageURL, CPE: c.CPE, Description: c.Description, Scope: string(c.Scope),
		Manufacturer: organization(c.Manufacturer), Publisher: c.Publisher,
		Authors:  appendText(nil, c.Author),
		Hashes:   hashes(c.Hashes),
		Licenses: licenses(c.Licenses), Links: links(c.ExternalReferences), Properties: properties(c.Properties),
	}
	own.Supplier = first(organization(c.Supplier), own.Manufacturer, own.Publisher)
	for _, a := range list(c.Authors) {
		own.Authors = appendText(own.Authors, person(a))
	}
	if own.Name == "" {
		t.problem(path, "has no name")
	}
	t.check(func() string { return path + ".purl" }, "purl", own.PURL)
	t.check(func() string { return path + ".cpe" }, "cpe", own.CPE)
	if c.SWID != nil {
		t.also(&own, "swid", c.SWID.TagID, path, "swid")
	}
	for _, id := range list(c.SWHID) {
		t.also(&own, "swhid", id, path, "swhid")
	}
	for _, id := range list(c.OmniborID) {
		t.also(&own, "gitoid", id, path, "omniborId")
	}
	if c.Evidence != nil {
		t.evidence(&own, c.Evidence, path)
	}
	if len(own.Properties) > 0 {
		t.identified(&own, path)
		own.Support = t.support(own.Properties, path)
	}
	own.Pedigree = t.pedigree(c, path)
	own.ModelCard = t.raw(c.ModelCard != nil, c.ModelCard, path+".modelCard")
	own.Datasets = t.raw(len(list(c.Data)) > 0, c.Data, path+".data")
	return own
}

// check tells of an identifier that cannot be used, and returns why.
func (t *translation) check(path func() string, kind, text string) (why string) {
	var err error
	switch {
	case text == "":
		return ""
	case kind == "purl":
		if _, err = packageurl.FromString(strings.TrimSpace(text)); err != nil {
			err = fmt.Errorf("purl: %q: %w", short(text), err)
		}
	case kind == "cpe":
		_, err = cpe.Parse(strings.TrimSpace(text))
	}
	if err == nil {
		return ""
	}
	t.problem(path(), "%v", err)
	return err.Error()
}

// also adds a further identifier, unless the component has it already.
func (t *translation) also(own *sbom.Component, kind, text, path, from string) {
	if text == "" || kind == "purl" && text == own.PURL || kind == "cpe" && text == own.CPE {
		return
	}
	for _, id := range own.More[:min(len(own.More), maxCompared)] {
		if id.Kind == kind && id.Text == text {
			return
		}
	}
	own.More = append(own.More, sbom.Identifier{Kind: kind, Text: text, From: from, Problem: t.check(func() string { return path + "." + from }, kind, text)})
}

// maxCompared is among how many further identifiers one that comes again is found.
const maxCompared = 100

// kinds are the identifiers among the fields of an identity.
var kinds = map[cdx.EvidenceIdentityFieldType]string{
	"purl": "purl", "cpe": "cpe", "swid": "swid", "swhid": "swhid", "omniborId": "gitoid",
}

func (t *translation) evidence(own *sbom.Component, e *cdx.Evidence, path string) {
	trace := func(one sbom.Trace) { own.Evidence = append(own.Evidence, one) }
	for i, id := range identities(e.Identity) {
		if id.ConcludedValue != "" || id.Confidence != nil || len(list(id.Methods)) == 0 {
			trace(sbom.Trace{Field: string(id.Field), Value: id.ConcludedValue, Confidence: confidence(id.Confidence)})
		}
		for _, m := range list(id.Methods) {
			trace(sbom.Trace{Field: string(id.Field), Value: m.Value, Technique: string(m.Technique), Confidence: confidence(m.Confidence)})
		}
		if kind, ok := kinds[id.Field]; ok {
			t.also(own, kind, id.ConcludedValue, path, at("evidence.identity", i))
		}
	}
	for _, o := range list(e.Occurrences) {
		trace(sbom.Trace{Field: "occurrence", Value: place(o)})
	}
	if e.Callstack != nil {
		for _, f := range list(e.Callstack.Frames) {
			where := words(first(f.FullFilename, f.Package, f.Module), f.Function)
			if f.Line != nil {
				where += ":" + strconv.Itoa(*f.Line)
			}
			trace(sbom.Trace{Field: "callstack", Value: where})
		}
	}
	for _, l := range licenses(e.Licenses) {
		trace(sbom.Trace{Field: "license", Value: l})
	}
	for _, c := range list(e.Copyright) {
		trace(sbom.Trace{Field: "copyright", Value: c.Text})
	}
}

// identities are those of a choice. The library keeps one that stands alone
// (1.5) apart from a list of one.
func identities(c *cdx.EvidenceIdentityChoice) []cdx.EvidenceIdentity {
	switch {
	case c == nil:
		return nil
	case c.Identity != nil:
		return []cdx.EvidenceIdentity{*c.Identity}
	}
	return list(c.Identities)
}

// place writes an occurrence as location:line#symbol.
func place(o cdx.EvidenceOccurrence) string {
	s := o.Location
	if o.Line != nil {
		s += ":" + strconv.Itoa(*o.Line)
	}
	if o.Symbol != "" {
		s += "#" + o.Symbol
	}
	return s
}

// confidence is the number as the document wrote it, which the library holds in
// fewer digits.
func confidence(f *float32) float64 {
	if f == nil {
		return 0
	}
	exact, err := strconv.ParseFloat(strconv.FormatFloat(float64(*f), 'g', -1, 32), 64)
	if err != nil {
		return float64(*f)
	}
	return exact
}

func (t *translation) pedigree(c *cdx.Component, path string) *sbom.Pedigree {
	modified := c.Modified != nil && *c.Modified
	if c.Pedigree == nil && !modified {
		return nil
	}
	out := &sbom.Pedigree{Modified: modified}
	p := c.Pedigree
	if p == nil {
		return out
	}
	out.Notes = p.Notes
	for i := range list(p.Ancestors) {
		here := at(path+".pedigree.ancestors", i)
		out.Ancestors = append(out.Ancestors, t.component(&(*p.Ancestors)[i], here, ""))
	}
	for _, c := range list(p.Commits) {
		out.Commits = appendText(out.Commits, first(c.UID, c.URL))
	}
	for _, one := range list(p.Patches) {
		own := sbom.Patch{Kind: string(one.Type)}
		if one.Diff != nil {
			own.Diff = one.Diff.URL
		}
		for _, issue := range list(one.Resolves) {
			own.Resolves = append(own.Resolves, issues(issue)...)
		}
		out.Patches = append(out.Patches, own)
	}
	return out
}

var cveID = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]{4,}`)

// issues are the id of one issue, and the CVE id in its name when the id is a
// tracker's own.
func issues(i cdx.Issue) []string {
	out := appendText(nil, first(i.ID, i.Name))
	if named := cveID.FindString(i.Name); named != "" && !strings.Contains(i.ID, named) && named != i.Name {
		out = append(out, named)
	} else if named != "" && i.ID != "" && i.ID != named {
		out = append(out, named)
	}
	return out
}

// raw is v as JSON, for what is kept as data.
func (t *translation) raw(there bool, v any, path string) json.RawMessage {
	if !there {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.problem(path, "is left out: %v", err)
		return nil
	}
	return text
}

func hashes(hs *[]cdx.Hash) []sbom.Hash {
	if len(list(hs)) == 0 {
		return nil
	}
	out := make([]sbom.Hash, len(*hs))
	for i, h := range *hs {
		out[i] = sbom.Hash{Algorithm: string(h.Algorithm), Value: h.Value}
	}
	return out
}

// licenses are ids, names or expressions; the URL of one that has none of them.
func licenses(ls *cdx.Licenses) []string {
	if ls == nil || len(*ls) == 0 {
		return nil
	}
	out := make([]string, 0, len(*ls))
	for _, l := range *ls {
		text := l.Expression
		if l.License != nil && text == "" {
			text = first(l.License.ID, l.License.Name, l.License.URL)
		}
		out = appendText(out, text)
	}
	return out
}

func links(rs *[]cdx.ExternalReference) []sbom.Link {
	if len(list(rs)) == 0 {
		return nil
	}
	out := make([]sbom.Link, len(*rs))
	for i, r := range *rs {
		out[i] = sbom.Link{Kind: string(r.Type), URL: r.URL}
	}
	return out
}

func properties(ps *[]cdx.Property) []sbom.Property {
	if len(list(ps)) == 0 {
		return nil
	}
	out := make([]sbom.Property, len(*ps))
	for i, p := range *ps {
		out[i] = sbom.Property{Name: p.Name, Value: p.Value}
	}
	return out
}
