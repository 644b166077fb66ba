package advisory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/patch"
)

// vulnerability writes v with what is known of it in each version.
func vulnerability(a Advisory, v Vulnerability) csaf.Vulnerability {
	out := csaf.Vulnerability{Title: v.Title, Notes: vulnerabilityNotes(a, v)}
	for _, id := range v.IDs {
		if id.CVE() {
			out.CVE = string(id)
			continue
		}
		system, known := threat.System(id)
		if !known {
			system, _, _ = strings.Cut(string(id), "-")
		}
		if blank(system) {
			system = "other"
		}
		out.IDs = append(out.IDs, csaf.ID{SystemName: system, Text: string(id)})
	}
	if name, ok := csaf.CWEName(v.CWE); ok {
		out.CWE = &csaf.CWE{ID: v.CWE, Name: name}
	}
	out.ProductStatus = &csaf.ProductStatus{
		Fixed: v.with(Fixed), KnownAffected: v.with(Affected),
		KnownNotAffected: v.with(NotAffected), UnderInvestigation: v.with(UnderInvestigation),
	}
	if a.Withdrawn == nil {
		out.Threats = append(out.Threats, csaf.Threat{Category: csaf.ThreatExploitStatus, Details: v.exploitation(a.Proposed.At)})
	}
	if ids := v.with(Affected); len(ids) > 0 {
		out.Threats = append(out.Threats, csaf.Threat{Category: csaf.ThreatImpact, Details: v.ClinicalImpact, ProductIDs: ids})
	}
	for _, d := range v.Dispositions {
		if d.Status != NotAffected {
			continue
		}
		out.Threats = append(out.Threats, csaf.Threat{Category: csaf.ThreatImpact, Details: "Not affected: " + d.why(), ProductIDs: []string{d.Version}})
		if d.Justification == "" {
			continue
		}
		label := csaf.FlagLabel(d.Justification)
		if i := slices.IndexFunc(out.Flags, func(f csaf.Flag) bool { return f.Label == label }); i >= 0 {
			out.Flags[i].ProductIDs = append(out.Flags[i].ProductIDs, d.Version)
		} else {
			out.Flags = append(out.Flags, csaf.Flag{Label: label, ProductIDs: []string{d.Version}})
		}
	}
	out.Scores = scores(v)
	out.Remediations = remediations(a, v)
	return out
}

func vulnerabilityNotes(a Advisory, v Vulnerability) []csaf.Note {
	out := []csaf.Note{{Category: csaf.NoteDescription, Title: "Vulnerability", Text: v.Description}}
	if a.Withdrawn == nil {
		out = append(out, csaf.Note{Category: csaf.NoteDetails, Title: "Clinical impact", Text: v.ClinicalImpact})
	}
	add := func(title string, lines []string) {
		if len(lines) > 0 {
			out = append(out, csaf.Note{Category: csaf.NoteDetails, Title: title, Text: strings.Join(lines, "\n")})
		}
	}
	var risks, ours, others []string
	for _, d := range v.Dispositions {
		of := a.version(d.Version).words()
		if a.Withdrawn == nil {
			risks = append(risks, of+": "+d.risk())
		}
		if s := d.Score; s != nil {
			line := of + ": " + s.words()
			if s.Extended != "" {
				line += " Answers: " + s.Extended + "."
			}
			ours = append(ours, line)
		}
	}
	for _, p := range v.Published {
		others = append(others, p.words())
	}
	add("Risk determination", risks)
	add("Score derived for this device", ours)
	add("Scores published by others", others)
	if _, known := csaf.CWEName(v.CWE); v.CWE != "" && !known {
		add("Weakness", []string{v.CWE})
	}
	return out
}

// scores are those derived for the device: CSAF's scores speak of the product.
// Only base metrics are written, in plain CVSS; what others published, and the
// answers behind ours, stand in notes.
func scores(v Vulnerability) []csaf.Score {
	var out []csaf.Score
	for _, d := range v.Dispositions {
		if d.Score == nil {
			continue
		}
		vector := base(d.Score.Vector)
		if i := slices.IndexFunc(out, func(s csaf.Score) bool { return s.CVSSv3.VectorString == vector.String() }); i >= 0 {
			out[i].Products = append(out[i].Products, d.Version)
			continue
		}
		out = append(out, csaf.Score{
			CVSSv3: &csaf.CVSSv3{
				Version: vector.Version(), VectorString: vector.String(),
				BaseScore: vector.Base(), BaseSeverity: strings.ToUpper(string(vector.Severity())),
			},
			Products: []string{d.Version},
		})
	}
	return out
}

// base is v without temporal and environmental metrics.
func base(v cvss.Vector) cvss.Vector {
	for _, m := range []string{"E", "RL", "RC", "CR", "IR", "AR", "MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA"} {
		if w, err := v.With(m, "X"); err == nil {
			v = w
		}
	}
	return v
}

// remediations say what there is to do for the affected versions and by whom;
// those under investigation get what is to be done meanwhile. A patch that cannot
// be had yet is none_available: CSAF 2.0 has no word for a planned one.
func remediations(a Advisory, v Vulnerability) []csaf.Remediation {
	var out []csaf.Remediation
	add := func(r csaf.Remediation) {
		for i, x := range out {
			if x.Category == r.Category && x.Details == r.Details && x.Date == r.Date {
				out[i].ProductIDs = union(x.ProductIDs, r.ProductIDs)
				return
			}
		}
		out = append(out, r)
	}
	affected := v.with(Affected)
	for _, d := range v.Dispositions {
		if d.Status != Affected {
			continue
		}
		of := []string{d.Version}
		fixes := a.fixes(v, d.Version)
		available := false
		for _, r := range fixes {
			if r.Available {
				available = true
				add(csaf.Remediation{
					Category: csaf.RemediationVendorFix, Details: partyWords[r.Party] + ": " + r.words() + " " + a.Availability,
					Date: csaf.At(r.AvailableFrom), ProductIDs: of,
				})
			}
		}
		text := partyWords[patch.Manufacturer] + ": "
		switch {
		case available:
		case d.left() && len(fixes) == 0:
			add(csaf.Remediation{Category: csaf.RemediationNoFixPlanned, Details: text + noChangeText, ProductIDs: of})
		default:
			text += noFixText
			for _, r := range fixes {
				text += " " + r.words()
			}
			add(csaf.Remediation{Category: csaf.RemediationNoneAvailable, Details: text, ProductIDs: of})
		}
	}
	for _, r := range a.Remedies {
		of := intersect(r.Versions, affected)
		if r.Kind == patch.Patch || len(of) == 0 || !slices.ContainsFunc(r.For, v.has) {
			continue
		}
		category := csaf.RemediationWorkaround
		if r.Kind == patch.CompensatingControl {
			category = csaf.RemediationMitigation
		}
		add(csaf.Remediation{Category: category, Details: fmt.Sprintf("%s: %s: %s", partyWords[r.Party], remedyWords[r.Kind], r.words()), ProductIDs: of})
	}
	for _, i := range a.Instructions {
		of := v.with(Affected, UnderInvestigation)
		if len(i.Versions) > 0 {
			of = intersect(i.Versions, of)
		}
		if i.Party != patch.Manufacturer && len(of) > 0 && (len(i.For) == 0 || slices.ContainsFunc(i.For, v.has)) {
			add(csaf.Remediation{Category: csaf.RemediationMitigation, Details: partyWords[i.Party] + ": " + i.Text, ProductIDs: of})
		}
	}
	return out
}

func intersect(a, b []string) []string {
	var out []string
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}
