package advisory

import (
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
)

// The fixed words of every rendering, in English and ours.

const (
	draftBanner         = "DRAFT – not for distribution"
	demonstrationBanner = "DEMONSTRATION"
	withdrawnBanner     = "WITHDRAWN"
	draftText           = "This is a draft. Nobody has released it. It must not be passed on."
	takenBackText       = "Nothing is said of any version any more. Each counts as under investigation."
	noFixText           = "A fix is not available yet."
	noChangeText        = "The risk is controlled and acceptable to leave; no change is planned for it."
	demonstrationText   = "The sign-off below was made by an example program, not by a person. Devices, makers and hospitals are invented. Do not act on this text."
)

var kindWords = map[Kind]string{
	SecurityNotice:    "Security notice",
	Correction:        "Correction of a medical device (21 CFR Part 806)",
	FieldSafetyNotice: "Field safety notice (EU)",
}

var statusWords = map[VersionStatus]string{
	Affected: "affected", NotAffected: "not affected", Fixed: "fixed", UnderInvestigation: "under investigation",
}

var partyWords = map[patch.Party]string{
	patch.Manufacturer: "Manufacturer", patch.Facility: "Facility", patch.User: "User",
}

var remedyWords = map[patch.RemedyKind]string{
	patch.Patch: "Fix", patch.CompensatingControl: "Compensating control",
	patch.FeatureDisable: "Function to switch off", patch.Workaround: "Workaround",
}

// riskWords say what FDA's two words mean (Postmarket Management of
// Cybersecurity in Medical Devices, IV), in our words.
var riskWords = map[assess.Risk]string{
	assess.Controlled:   "Controlled risk: the remaining risk of harm to the patient was judged sufficiently low (acceptable).",
	assess.Uncontrolled: "Uncontrolled risk: the remaining risk of harm to the patient was judged unacceptable, because present mitigations and compensating controls are not enough.",
	assess.NoRisk:       "Not affected: there is no risk to determine.",
	"":                  "Not determined yet.",
}

var justificationWords = map[csaf.FlagLabel]string{
	csaf.FlagComponentNotPresent:                         "the component is not part of this version",
	csaf.FlagInlineMitigationsAlreadyExist:               "built-in mitigations that nobody can switch off prevent it",
	csaf.FlagVulnerableCodeCannotBeControlledByAdversary: "an attacker cannot control the vulnerable code",
	csaf.FlagVulnerableCodeNotInExecutePath:              "the vulnerable code is never executed",
	csaf.FlagVulnerableCodeNotPresent:                    "the vulnerable code is not part of this version",
}

// risk is what was determined of one version.
func (d Disposition) risk() string {
	if d.Status == Fixed {
		return "Fixed in this version."
	}
	return riskWords[d.Risk]
}

// left reports whether a version stays as it is: nothing is planned for its risk.
func (d Disposition) left() bool {
	return d.Status == Affected && d.Class == patch.NoChange && d.Risk == assess.Controlled
}

// why says why a version is not affected.
func (d Disposition) why() string {
	var parts []string
	if w := justificationWords[csaf.FlagLabel(d.Justification)]; w != "" {
		parts = append(parts, strings.ToUpper(w[:1])+w[1:]+".")
	}
	if !blank(d.Why) {
		parts = append(parts, d.Why)
	}
	return strings.Join(parts, " ")
}

// exploitation says what is known of attacks, as of when it was drafted.
func (v Vulnerability) exploitation(at time.Time) string {
	var parts []string
	switch x := v.Exploited; {
	case x == nil:
		parts = append(parts, fmt.Sprintf("As of %s, none of the records that this advisory rests on lists it as exploited in the wild.", day(at)))
	case x.Added.IsZero():
		parts = append(parts, "It is listed as exploited in the wild.")
	default:
		parts = append(parts, fmt.Sprintf("It is listed as exploited in the wild since %s.", day(x.Added)))
	}
	if v.Exploited != nil && v.Exploited.Ransomware {
		parts = append(parts, "Use in ransomware campaigns is known.")
	}
	if !blank(v.Exploitation) {
		parts = append(parts, v.Exploitation)
	}
	return strings.Join(parts, " ")
}

func (p PublishedScore) words() string {
	s := p.Vector
	if p.Base > 0 {
		s = fmt.Sprintf("%.1f, %s", p.Base, p.Vector)
	}
	if p.By != "" && p.By != p.Source {
		return fmt.Sprintf("%s, given by %s, as published by %s", s, p.By, p.Source)
	}
	return fmt.Sprintf("%s, as published by %s", s, p.Source)
}

func (s Score) words() string {
	return fmt.Sprintf("%.1f (%s), %s. Derived by the manufacturer for this device (%s).", s.Base, cvss.SeverityOf(s.Base), s.Vector, s.Label)
}

// words tell a remedy and what it is bound to.
func (r Remedy) words() string {
	parts := []string{r.Text}
	if r.Kind == patch.Patch {
		switch {
		case r.Available:
			parts = append(parts, fmt.Sprintf("In version %s, available since %s.", r.FixedIn, day(r.AvailableFrom)))
		case r.AvailableFrom.IsZero():
			parts = append(parts, fmt.Sprintf("Planned for version %s, which is not available yet.", r.FixedIn))
		default:
			parts = append(parts, fmt.Sprintf("Planned for version %s, expected from %s, not available yet.", r.FixedIn, day(r.AvailableFrom)))
		}
	}
	if !blank(r.SideEffects) {
		parts = append(parts, "It could affect: "+r.SideEffects)
	}
	return strings.Join(parts, " ")
}

func (n Next) words() string {
	var parts []string
	if on := n.On.String(); on != "" {
		parts = append(parts, fmt.Sprintf("By %s.", on))
	}
	if !blank(n.Text) {
		parts = append(parts, n.Text)
	}
	return strings.Join(parts, " ")
}

func (s SignOff) words() string {
	text := fmt.Sprintf("Signed off by %s (%s) on %s; %s.", s.By, s.Role, stamp(s.At), s.Identity)
	if s.Demonstration {
		text = demonstrationBanner + ": " + text + " This sign-off was made by an example program, not by a person."
	}
	return text
}

func (c Credit) words() string {
	who := strings.Join(c.Names, ", ")
	if c.Organization != "" {
		if who != "" {
			who += ", "
		}
		who += c.Organization
	}
	if !blank(c.Summary) {
		who += ": " + c.Summary
	}
	return who
}

func (v Version) words() string {
	return fmt.Sprintf("%s %s (model %s)", v.Name, v.Version, v.Model)
}

// status is the status of a version and what was determined, or why.
func (d Disposition) status() string {
	word := statusWords[d.Status]
	word = strings.ToUpper(word[:1]) + word[1:] + ". "
	switch d.Status {
	case Fixed:
		return strings.TrimSpace(d.risk() + " " + d.Why)
	case NotAffected:
		return word + d.why()
	}
	if d.left() {
		return word + d.risk() + " " + noChangeText
	}
	return word + d.risk()
}

// about names what something is for; empty when it is for all.
func (a Advisory) about(ids []feeds.ID, versions []string) string {
	parts := []string{list(ids)}
	if parts[0] == "" {
		parts = nil
	}
	if len(versions) > 0 {
		parts = append(parts, a.names(versions))
	}
	return strings.Join(parts, ", ")
}

func (a Advisory) names(versions []string) string {
	names := make([]string, len(versions))
	for i, id := range versions {
		v := a.version(id)
		names[i] = v.Name + " " + v.Version
	}
	return strings.Join(names, ", ")
}

func list(ids []feeds.ID) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = string(id)
	}
	return strings.Join(text, ", ")
}

// title is the title with what must be seen first.
func (a Advisory) title() string {
	title := a.Title
	if h := a.heading(); h != "" && !strings.HasPrefix(strings.ToUpper(title), h) {
		title = h + ": " + title
	}
	if a.Status != StatusFinal {
		title = draftBanner + ": " + title
	}
	if a.Withdrawn != nil {
		title = withdrawnBanner + ": " + title
	}
	if a.Demonstration() {
		title = demonstrationBanner + ": " + title
	}
	return title
}

func (w Withdrawal) words() string {
	text := "This advisory is withdrawn. " + w.Why
	if w.ReplacedBy != "" {
		text += " Advisory " + w.ReplacedBy + " holds in its place."
	}
	return text
}

// scope says why versions could be missing.
func (a Advisory) scope() []string {
	var out []string
	if !blank(a.NoFleet) {
		out = append(out, "The versions were not taken from the records of all devices in the field: "+a.NoFleet)
	}
	for _, x := range a.Excluded {
		out = append(out, fmt.Sprintf("This advisory does not speak of %s: %s", x.Name, x.Why))
	}
	return out
}

func (t Translation) words() string {
	return fmt.Sprintf("%s, revision %d (%s)", t.ID, t.Revision, t.Lang)
}

// support says what the maker does for a version.
func (v Version) support() string {
	switch {
	case v.Stage == "":
		return "not stated"
	case v.Ended != "":
		return fmt.Sprintf("%s (support ended on %s)", v.Stage, v.Ended)
	}
	return string(v.Stage)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
