package spdx

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// pack adds a package of SPDX 3 as a component.
func (g *graph) pack(e *element, class string, raw []byte, path string) {
	c := sbom.Component{
		Ref: e.id(), Path: path, Name: e.Name.string, Version: e.Version.string,
		Type: purpose(e.Purpose.string), Description: e.Description.string,
	}
	if c.Description == "" {
		c.Description = e.Summary.string
	}
	switch class {
	case "AIPackage":
		c.Type, c.ModelCard = sbom.Model, card(raw, "ai_")
	case "DatasetPackage":
		c.Type, c.ModelCard = sbom.Data, card(raw, "dataset_")
	}
	c.Hashes = e.hashes()
	g.doc.odd(e.Version, path+".software_packageVersion")
	g.doc.identify(&c, "purl", strings.TrimSpace(e.PackageURL.string), "software_packageUrl")
	for _, x := range append(e.Identifiers, e.Identifier2...) {
		id := strings.TrimSpace(x.Identifier.string)
		switch kind := x.Type.string; strings.ToLower(kind) {
		case "packageurl", "purl":
			g.doc.identify(&c, "purl", id, "externalIdentifier")
		case "cpe23", "cpe22", "cpe23type", "cpe22type":
			g.doc.identify(&c, "cpe", id, "externalIdentifier")
		default:
			g.doc.identify(&c, strings.ToLower(kind), id, "externalIdentifier")
		}
	}
	for _, x := range e.ContentIDs {
		g.doc.identify(&c, x.Type.string, x.Value.string, "software_contentIdentifier")
	}
	for _, l := range []sbom.Link{{Kind: "downloadLocation", URL: e.Download.string}, {Kind: "homepage", URL: e.HomePage.string}} {
		if said(l.URL) {
			c.Links = append(c.Links, l)
		}
	}
	for _, r := range e.References {
		for _, at := range r.Locators {
			c.Links = append(c.Links, sbom.Link{Kind: r.RefType.string, URL: at.string})
		}
	}
	if said(e.SourceInfo.string) {
		c.Evidence = append(c.Evidence, sbom.Trace{Field: "sourceInfo", Value: e.SourceInfo.string})
	}
	c.Support = g.support(e, path)
	if from := slices.Concat(e.SuppliedBy.ids, e.Originators.ids); len(from) > 0 {
		g.suppliers[len(g.doc.components)] = from
	}
	g.doc.component(c)
}

func (e *element) hashes() []sbom.Hash {
	var out []sbom.Hash
	for _, h := range e.Hashes {
		if h.Value.string != "" {
			out = append(out, sbom.Hash{Algorithm: h.Algorithm.string, Value: h.Value.string})
		}
	}
	return out
}

// card keeps the properties of one profile, as they are written.
func card(raw []byte, profile string) json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	for key := range all {
		if !strings.HasPrefix(key, profile) {
			delete(all, key)
		}
	}
	out, err := json.Marshal(all)
	if err != nil || len(all) == 0 {
		return nil
	}
	return out
}

// levels are the support types of SPDX 3 in the words of FDA's guidance, where
// it has one; the others keep their own.
var levels = map[string]sbom.Level{
	"support":        sbom.Maintained,
	"deployed":       sbom.Maintained,
	"endOfSupport":   sbom.Unmaintained,
	"noSupport":      sbom.Unmaintained,
	"limitedSupport": "limited support",
	"development":    "development",
}

// support is what the element says of its support. Where it states several
// levels, the last that means something counts and all are told in From.
func (g *graph) support(e *element, path string) *sbom.Support {
	var s sbom.Support
	var from []string
	for _, l := range append(e.Support, e.Support2...) {
		token := l.string[strings.LastIndexAny(l.string, "/:")+1:]
		if token == "noAssertion" || token == "" {
			continue
		}
		level, known := levels[token]
		if !known {
			g.doc.problem(path+".supportLevel", "%q is not a level that is known", token)
			level = sbom.Level(token)
		}
		s.Level = level
		from = append(from, "supportLevel "+token)
	}
	if until := e.ValidUntil.string; until != "" {
		if s.Ends = day(until); s.Ends.IsZero() {
			g.doc.problem(path+".validUntilTime", "%q is not a date", until)
		} else {
			from = append(from, "validUntilTime")
		}
	}
	if len(from) == 0 {
		return nil
	}
	s.From = strings.Join(from, ", ")
	return &s
}

func (g *graph) file(e *element, path string) {
	g.doc.file(file{
		ref: e.id(), name: e.Name.string, path: path, kind: purpose(e.Purpose.string), hashes: e.hashes(),
		source: e.Purpose.string == "source", patch: e.Purpose.string == "patch",
	})
}

// resolve turns the relationships into those of the document, into licenses and
// into statements of VEX.
func (g *graph) resolve() {
	declared, concluded := map[string][]string{}, map[string][]string{}
	for _, l := range g.links {
		if l.vex != nil {
			g.state(l)
			continue
		}
		for _, to := range l.to {
			switch l.kind {
			case "hasDeclaredLicense":
				declared[l.from] = append(declared[l.from], g.license(to, 0))
			case "hasConcludedLicense":
				concluded[l.from] = append(concluded[l.from], g.license(to, 0))
			case "hasAssociatedVulnerability":
				g.associate(l.from, to)
			default:
				if kind := types3[l.kind]; kind != ignored {
					g.relate(l.from, kind, to)
				} else if kind := reversed3[l.kind]; kind != ignored {
					g.relate(to, kind, l.from)
				}
			}
		}
	}
	for i := range g.doc.components {
		c := g.doc.components[i]
		c.Licenses = licenses(append(declared[c.Ref], concluded[c.Ref]...)...)
	}
	for i := range g.doc.files {
		f := &g.doc.files[i]
		f.license = strings.Join(licenses(append(declared[f.ref], concluded[f.ref]...)...), " AND ")
	}
}

// relate leaves out what is said to be none, or not known.
func (g *graph) relate(from string, kind meaning, to string) {
	switch {
	case strings.HasSuffix(to, "/NoAssertionElement") || to == "NoAssertionElement":
	case strings.HasSuffix(to, "/NoneElement") || to == "NoneElement":
		g.doc.relate(from, kind, "NONE")
	default:
		g.doc.relate(from, kind, to)
	}
}

// license is the text of a license element; one that is not in the document is
// known by the end of its address, if it is of SPDX's list.
func (g *graph) license(ref string, depth int) string {
	if l, ok := g.licenses[ref]; ok && depth < 8 {
		if l.text != "" || len(l.members) == 0 {
			return l.text
		}
		var parts []string
		for _, m := range l.members {
			text := g.license(m, depth+1)
			if strings.Contains(text, " ") {
				text = "(" + text + ")"
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, l.join)
	}
	tail := ref[strings.LastIndexAny(ref, "/#_:")+1:]
	switch {
	case strings.HasPrefix(tail, "NoAssertion"), strings.HasPrefix(tail, "None"):
		return ""
	case strings.Contains(ref, "spdx.org/licenses/"):
		return ref[strings.LastIndexByte(ref, '/')+1:]
	}
	return ref
}

// assessment is what a relationship of the security profile says beside its ends.
type assessment struct {
	class         string
	Justification text `json:"security_justificationType"`
	Impact        text `json:"security_impactStatement"`
	Action        text `json:"security_actionStatement"`
	Notes         text `json:"security_statusNotes"`
	Published     text `json:"security_publishedTime"`
	Modified      text `json:"security_modifiedTime"`
	Withdrawn     text `json:"security_withdrawnTime"`
}

// statuses are the classes of the security profile that are VEX.
var statuses = map[string]vex.Status{
	"VexAffectedVulnAssessmentRelationship":           vex.Affected,
	"VexFixedVulnAssessmentRelationship":              vex.Fixed,
	"VexNotAffectedVulnAssessmentRelationship":        vex.NotAffected,
	"VexUnderInvestigationVulnAssessmentRelationship": vex.UnderInvestigation,
}

var justifications = map[string]vex.Justification{
	"componentNotPresent":                         vex.ComponentNotPresent,
	"vulnerableCodeNotPresent":                    vex.CodeNotPresent,
	"vulnerableCodeNotInExecutePath":              vex.CodeNotInExecutePath,
	"vulnerableCodeCannotBeControlledByAdversary": vex.CodeNotControllable,
	"inlineMitigationsAlreadyExist":               vex.InlineMitigationsHold,
}

// state adds a statement of VEX. One that was withdrawn states nothing: it is
// kept without a status.
func (g *graph) state(l link) {
	a := l.vex
	t := g.threat(l.from)
	s := vex.Statement{
		Vulnerability: t.id, Aliases: t.aliases, Products: vex.Refs(l.to...), Status: statuses[a.class],
		Impact: a.Impact.string, Action: a.Action.string,
		Original: vex.Original{Format: "spdx", State: a.class, Justification: a.Justification.string},
		Issued:   stamp(a.Published.string), Updated: stamp(a.Modified.string),
	}
	if s.Impact == "" {
		s.Impact = a.Notes.string
	}
	token := a.Justification.string
	if s.Status == vex.NotAffected && token != "" {
		token = token[strings.LastIndexAny(token, "/:")+1:]
		if s.Justification = justifications[token]; s.Justification == "" {
			g.doc.problem(l.from, "has the justification %q, which is not known", token)
		}
	}
	if a.Withdrawn.string != "" {
		s.Status, s.Justification = "", ""
		s.Original.State += " withdrawn " + a.Withdrawn.string
	}
	g.doc.bom.Statements = append(g.doc.bom.Statements, s)
}

// associate keeps that a vulnerability is told of a component, with no status.
func (g *graph) associate(component, threat string) {
	t := g.threat(threat)
	g.doc.bom.Statements = append(g.doc.bom.Statements, vex.Statement{
		Vulnerability: t.id, Aliases: t.aliases, Products: vex.Refs(component),
		Original: vex.Original{Format: "spdx", State: "hasAssociatedVulnerability"},
	})
}

// threat is the vulnerability of that reference; one that is not in the
// document is known by the end of the reference.
func (g *graph) threat(ref string) threat {
	if t := g.threats[ref]; t.id != "" {
		return t
	}
	return threat{id: ref[strings.LastIndexAny(ref, "/#")+1:]}
}

// threat reads the ids of a vulnerability: the CVE id first.
func (e *element) threat() threat {
	var t threat
	for _, x := range append(e.Identifiers, e.Identifier2...) {
		switch id := x.Identifier.string; {
		case id == "":
		case x.Type.string == "cve" && t.id == "":
			t.id = id
		default:
			t.aliases = append(t.aliases, id)
		}
	}
	if t.id == "" && e.Name.string != "" {
		t.id = e.Name.string
	}
	if t.id == "" && len(t.aliases) > 0 {
		t.id, t.aliases = t.aliases[0], t.aliases[1:]
	}
	return t
}
