package cyclonedx

import (
	"slices"
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
// state of resolved; nothing said means affected there, as the schema has it.
// When a target has no reference, what is spoken of apart no version, or the state
// is a word that CycloneDX has not, nothing of the entry is cleared: see
// [vex.Withhold].
func Statements(v *cdx.Vulnerability) []vex.Statement {
	base := vex.Statement{
		Vulnerability: v.ID,
		Aliases:       aliases(v),
		Original:      vex.Original{Format: Format},
		Action:        join(v.Recommendation, v.Workaround),
	}
	partly := false
	if a := v.Analysis; a != nil {
		base.Original.State = string(a.State)
		base.Original.Justification = string(a.Justification)
		if a.Response != nil {
			for _, r := range *a.Response {
				base.Original.Responses = append(base.Original.Responses, string(r))
			}
		}
		known := false
		if base.Status, known = Status(string(a.State)); a.State != "" && !known {
			partly = true
		}
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
			partly = partly || !readable(target)
			if strings.TrimSpace(target.Ref) == "" {
				continue
			}
			if target.Range == nil || len(*target.Range) == 0 {
				whole.Products = append(whole.Products, vex.Product{Ref: target.Ref})
				continue
			}
			out = append(out, byVersion(base, target)...)
		}
	}
	if len(whole.Products) > 0 || len(out) == 0 {
		out = append([]vex.Statement{whole}, out...)
	}
	if partly {
		out = vex.Withhold(out)
	}
	for i := range out {
		recall(&out[i], v)
	}
	return out
}

// readable reports whether it is said which target is meant, and which version
// wherever versions are spoken of.
func readable(target cdx.Affects) bool {
	if strings.TrimSpace(target.Ref) == "" {
		return false
	}
	return target.Range == nil || !slices.ContainsFunc(*target.Range, func(r cdx.AffectedVersions) bool { return spoken(r) == "" })
}

// spoken is the version or range that r speaks of; empty when there is none.
func spoken(r cdx.AffectedVersions) string {
	if strings.TrimSpace(r.Version) != "" {
		return r.Version
	}
	return strings.TrimSpace(r.Range)
}

// byVersion makes one statement for each status that target gives to versions,
// in the order in which they first come.
func byVersion(base vex.Statement, target cdx.Affects) []vex.Statement {
	var out []vex.Statement
	at := map[cdx.VulnerabilityStatus]int{}
	for _, r := range *target.Range {
		i, seen := at[r.Status]
		if !seen {
			one := base
			one.Products = vex.Refs(target.Ref)
			one.Original.Version = string(r.Status)
			if one.Status = apart(base.Status, r.Status); one.Status != vex.NotAffected {
				one.Justification = ""
			}
			i = len(out)
			at[r.Status] = i
			out = append(out, one)
		}
		if text := spoken(r); text != "" {
			out[i].Versions = append(out[i].Versions, text)
		}
	}
	return out
}

// apart is the status of versions of which was is said while the state stands
// for s. It never claims more than was said: resolved does not speak of the
// versions still called affected, which is what the schema presumes of those of
// which nothing is said, and nothing is cleared that is unknown or of which a word
// is said that is not defined (our convention).
func apart(s vex.Status, was cdx.VulnerabilityStatus) vex.Status {
	cleared := s == vex.NotAffected || s == vex.Fixed
	switch {
	case was == cdx.VulnerabilityStatusNotAffected && !cleared:
		return vex.NotAffected
	case (was == cdx.VulnerabilityStatusAffected || was == "") && s == vex.Fixed:
		return vex.Affected
	case was != cdx.VulnerabilityStatusNotAffected && was != cdx.VulnerabilityStatusAffected && was != "" && cleared:
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
