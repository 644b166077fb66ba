package cyclonedx

import (
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/vex"
)

// Format is the word in [vex.Original] for what came from CycloneDX.
const Format = "cyclonedx"

// Statements says what v says: one statement for all that it affects, and one
// more for each group of versions that it speaks of apart. An entry without
// analysis gives statements without a status. Versions said to be unaffected
// are so whatever the state, and those said to be affected are not fixed by a
// state of resolved.
func Statements(v *cdx.Vulnerability) []vex.Statement {
	base := vex.Statement{
		Vulnerability: v.ID,
		Aliases:       aliases(v),
		Original:      vex.Original{Format: Format},
		Action:        join(v.Recommendation, v.Workaround),
	}
	if a := v.Analysis; a != nil {
		base.Original.State = string(a.State)
		base.Original.Justification = string(a.Justification)
		if a.Response != nil {
			for _, r := range *a.Response {
				base.Original.Responses = append(base.Original.Responses, string(r))
			}
		}
		base.Status, _ = Status(string(a.State))
		if base.Status == vex.NotAffected {
			base.Justification, _ = Justification(string(a.Justification))
		}
		base.Impact = a.Detail
		base.Issued, base.Updated = stamp(a.FirstIssued), stamp(a.LastUpdated)
	}
	var out []vex.Statement
	whole := base
	if v.Affects != nil {
		for _, target := range *v.Affects {
			if target.Range == nil || len(*target.Range) == 0 {
				whole.Products = append(whole.Products, target.Ref)
				continue
			}
			out = append(out, byVersion(base, target)...)
		}
	}
	if len(whole.Products) > 0 || len(out) == 0 {
		out = append([]vex.Statement{whole}, out...)
	}
	return out
}

// byVersion makes one statement for each status that target gives to versions,
// in the order in which they first come.
func byVersion(base vex.Statement, target cdx.Affects) []vex.Statement {
	var out []vex.Statement
	at := map[cdx.VulnerabilityStatus]int{}
	for _, r := range *target.Range {
		text := r.Version
		if text == "" {
			text = r.Range
		}
		i, seen := at[r.Status]
		if !seen {
			one := base
			one.Products = []string{target.Ref}
			one.Original.Version = string(r.Status)
			if one.Status = apart(base.Status, r.Status); one.Status != vex.NotAffected {
				one.Justification = ""
			}
			i = len(out)
			at[r.Status] = i
			out = append(out, one)
		}
		out[i].Versions = append(out[i].Versions, text)
	}
	return out
}

// apart is the status of versions of which was is said while the state stands
// for s. It never claims more than was said: resolved does not speak of the
// versions still called affected, and nothing is cleared that is unknown (our
// convention).
func apart(s vex.Status, was cdx.VulnerabilityStatus) vex.Status {
	cleared := s == vex.NotAffected || s == vex.Fixed
	switch {
	case was == cdx.VulnerabilityStatusNotAffected && !cleared:
		return vex.NotAffected
	case was == cdx.VulnerabilityStatusAffected && s == vex.Fixed:
		return vex.Affected
	case was == cdx.VulnerabilityStatusUnknown && cleared:
		return ""
	}
	return s
}

// aliases are the ids of the same vulnerability elsewhere.
func aliases(v *cdx.Vulnerability) []string {
	var out []string
	if v.References != nil {
		for _, r := range *v.References {
			if r.ID != "" && r.ID != v.ID {
				out = append(out, r.ID)
			}
		}
	}
	return out
}

func join(texts ...string) string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, "\n\n")
}

func stamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
