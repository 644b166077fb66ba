package advisory

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/sbom/vers"
	"github.com/open-postmarket/postmarket/vex"
	vexcsaf "github.com/open-postmarket/postmarket/vex/csaf"
)

// A Verdict is what a published document says of one device. The zero value is not
// said.
type Verdict string

// The verdicts. Fixed is not affected; under investigation cannot be told.
const (
	IsAffected  Verdict = "affected"
	IsNot       Verdict = "not affected"
	CannotTell  Verdict = "cannot tell"
	noneApplies Verdict = ""
)

// An Answer is what a document says of one device of an inventory.
type Answer struct {
	Device  Device  `json:"device"`
	Verdict Verdict `json:"verdict"`
	// Named says that the document speaks of this device's model. A device that it
	// does not name is one of which it cannot be told whether it is affected: no
	// document lists what it does not know.
	Named bool   `json:"named"`
	Why   string `json:"why"`
	// Of are the answers for each vulnerability.
	Of []Applied `json:"of,omitempty"`
}

// Applied is the answer for one vulnerability.
type Applied struct {
	Vulnerability string  `json:"vulnerability"`
	Verdict       Verdict `json:"verdict"`
	Why           string  `json:"why"`
	// Action is what the document says to do, for an affected device.
	Action string `json:"action,omitempty"`
}

// Applies says for each device what doc, as it was published, says of it: for the
// facility that receives it. It needs nothing else and knows nothing else.
//
// It never says that a device is not affected unless doc names its model or UDI-DI
// and its version, and clears every vulnerability for it. What contradicts (a UDI-DI
// of another product beside the right model), is narrowed in a way that an inventory
// cannot show, or has no version, cannot be told. A draft is an error.
func Applies(doc *csaf.Document, inventory []Device) ([]Answer, error) {
	if doc == nil {
		return nil, errors.New("advisory: no document")
	}
	if doc.Document.Tracking.Status == csaf.StatusDraft {
		return nil, fmt.Errorf("advisory: %q is a draft, which says nothing yet", doc.Document.Tracking.ID)
	}
	read, err := vexcsaf.Read(doc)
	if err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	var ids []string
	for _, s := range read.Statements {
		if !slices.Contains(ids, s.Vulnerability) {
			ids = append(ids, s.Vulnerability)
		}
	}
	out := make([]Answer, len(inventory))
	known := map[Device]Answer{} // many devices of an inventory are alike
	for i, d := range inventory {
		like := d
		like.Line = 0
		a, ok := known[like]
		if !ok {
			a = answer(read.Statements, ids, d)
			known[like] = a
		}
		a.Device = d
		out[i] = a
	}
	return out, nil
}

func answer(statements []vex.Statement, ids []string, d Device) Answer {
	a := Answer{Verdict: IsNot, Why: "every vulnerability of the document is cleared for this version"}
	for _, id := range ids {
		x, named := applied(statements, id, d)
		a.Named = a.Named || named
		a.Of = append(a.Of, x)
		if rank[x.Verdict] > rank[a.Verdict] {
			a.Verdict, a.Why = x.Verdict, x.Vulnerability+": "+x.Why
		}
	}
	switch {
	case len(ids) == 0:
		a.Verdict, a.Why = CannotTell, "the document speaks of no vulnerability"
	case d.UDIDI == "" && d.Model == "":
		a.Verdict, a.Why = CannotTell, "the inventory has neither UDI-DI nor model"
	case !a.Named && a.Verdict == CannotTell:
		a.Why = "the document does not name this device"
	}
	return a
}

var rank = map[Verdict]int{IsNot: 1, CannotTell: 2, IsAffected: 3}

// applied is what the statements about one vulnerability say of d, and whether any
// names it.
func applied(statements []vex.Statement, id string, d Device) (Applied, bool) {
	out := Applied{Vulnerability: id}
	named, sure := false, false // sure: the reason is of what names the device
	say := func(v Verdict, why string, is bool) {
		if rank[v] > rank[out.Verdict] || rank[v] == rank[out.Verdict] && is && !sure {
			out.Verdict, out.Why, sure = v, why, is
		}
	}
	for _, s := range statements {
		if s.Vulnerability != id {
			continue
		}
		for i := range s.Products {
			v, why, is := spoken(s, &s.Products[i], d)
			named = named || is
			if v == noneApplies {
				continue
			}
			if v == IsAffected && !strings.Contains(out.Action, s.Action) {
				out.Action = strings.TrimSpace(out.Action + "\n\n" + s.Action)
			}
			say(v, why, is)
		}
	}
	if out.Verdict != noneApplies {
		return out, named
	}
	out.Verdict = CannotTell
	switch {
	case !named:
		out.Why = "the document does not name this device"
	case d.Version == "":
		out.Why = "the inventory does not say the version"
	default:
		out.Why = fmt.Sprintf("the document names the device and not its version %q", d.Version)
	}
	return out, named
}

// spoken is what s says of d if p is d: nothing when it is another device or
// version.
func spoken(s vex.Statement, p *vex.Product, d Device) (v Verdict, why string, named bool) {
	chain := p.Chain()
	holder := chain[len(chain)-1] // a component is named with the device that holds it
	same, doubt := identity(holder, d)
	if same == no {
		return noneApplies, "", false
	}
	named = same == yes
	version, vague := versions(holder, d)
	switch {
	case version == no:
		return noneApplies, "", named
	case same == maybe && s.Status.Clears():
		return noneApplies, "", named // of what may be another device, nothing is cleared
	case same == maybe:
		return CannotTell, doubt, named
	case version == maybe:
		return CannotTell, vague, named
	}
	for _, q := range chain {
		switch fit, what := narrow(q, d); fit {
		case no:
			return noneApplies, "", named
		case maybe:
			return CannotTell, what, named
		}
	}
	switch s.Status {
	case vex.Affected:
		return IsAffected, fmt.Sprintf("listed as affected: %s", p.String()), named
	case vex.NotAffected, vex.Fixed:
		if holder.Version == "" && holder.Range == "" {
			return CannotTell, "it is cleared without a version", named
		}
		return IsNot, fmt.Sprintf("listed as %s: %s", strings.ReplaceAll(string(s.Status), "_", " "), p.String()), named
	case vex.UnderInvestigation:
		return CannotTell, "under investigation", named
	}
	return CannotTell, "the document does not say the status in a way that can be read", named
}

// truth has three values.
type truth int

const (
	no truth = iota
	maybe
	yes
)

// identity reports whether p is the device of d, by UDI-DI and model.
func identity(p *vex.Product, d Device) (truth, string) {
	udi, model := maybe, maybe
	if dis := udis(p); len(dis) > 0 && d.UDIDI != "" {
		udi = truthOf(slices.Contains(dis, gtin(d.UDIDI)))
	}
	var patterns []string
	for _, o := range p.Only {
		if o.Kind == "model_number" {
			patterns = append(patterns, o.Value)
		}
	}
	switch {
	case d.Model == "":
	case len(patterns) > 0:
		model = truthOf(slices.ContainsFunc(patterns, func(x string) bool { return glob(strings.ToLower(x), strings.ToLower(d.Model)) }))
	case strings.EqualFold(strings.TrimSpace(p.Name), d.Model):
		model = yes // it has no model number: its name is all there is
	}
	switch {
	case udi == yes && model != no, model == yes && udi != no:
		return yes, ""
	case udi == maybe && model == maybe:
		return maybe, "the document and the inventory do not identify devices in the same way"
	case udi == yes || model == yes:
		return maybe, "its UDI-DI and its model are not of one product of the document"
	}
	return no, ""
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// udis are the GTINs of p, from GS1 Digital Link URIs.
func udis(p *vex.Product) []string {
	var out []string
	for _, id := range p.IDs {
		_, rest, ok := strings.Cut(id.Value, "/01/")
		if !ok || len(rest) < 14 || strings.Trim(rest[:14], "0123456789") != "" {
			continue
		}
		out = append(out, rest[:14])
	}
	return out
}

// comparison is a range as advisories commonly write it: one comparison.
var comparison = regexp.MustCompile(`^\s*(<=|>=|<|>)\s*v?([0-9][A-Za-z0-9.+_\-]*)\s*$`)

// versions reports whether p is of d's version.
func versions(p *vex.Product, d Device) (truth, string) {
	switch {
	case p.Version == "" && p.Range == "":
		return yes, ""
	case d.Version == "":
		return maybe, "the inventory does not say the version"
	case p.Version != "":
		return truthOf(plain(p.Version) == plain(d.Version)), ""
	}
	text := p.Range
	if m := comparison.FindStringSubmatch(text); m != nil {
		text = "vers:generic/" + m[1] + m[2]
	}
	r, err := vers.ReadRange(text)
	if err != nil {
		return maybe, fmt.Sprintf("the versions %q of the document cannot be read", p.Range)
	}
	in, err := r.Contains(strings.TrimSpace(d.Version))
	if err != nil {
		return maybe, fmt.Sprintf("version %q cannot be compared with %q", d.Version, p.Range)
	}
	return truthOf(in), ""
}

// narrow reports whether d is among what p is narrowed to.
func narrow(p *vex.Product, d Device) (truth, string) {
	kinds := map[string][]string{}
	for _, o := range p.Only {
		kinds[o.Kind] = append(kinds[o.Kind], o.Value)
	}
	delete(kinds, "model_number")
	serials, listed := kinds["serial_number"]
	delete(kinds, "serial_number")
	for kind := range kinds {
		return maybe, fmt.Sprintf("it holds for some by %s, which the inventory does not say", strings.ReplaceAll(kind, "_", " "))
	}
	switch {
	case !listed:
		return yes, ""
	case d.Serial == "":
		return maybe, "it holds for some serial numbers, and the inventory does not say the device's"
	}
	return truthOf(slices.ContainsFunc(serials, func(x string) bool { return glob(x, d.Serial) })), ""
}

// glob reports whether text is of the pattern: ? is one character, * any number of
// them, and \ takes that from the next (CSAF 2.0, 3.1.3.3.5). It takes time in
// proportion to both lengths at the most.
func glob(pattern, text string) bool {
	type piece struct {
		r    rune
		kind byte // 'l', '?', '*'
	}
	var p []piece
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			p, escaped = append(p, piece{r, 'l'}), false
		case r == '\\':
			escaped = true
		case r == '?' || r == '*':
			p = append(p, piece{r, byte(r)})
		default:
			p = append(p, piece{r, 'l'})
		}
	}
	t := []rune(text)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && (p[i].kind == '?' || p[i].kind == 'l' && p[i].r == t[j]):
			i, j = i+1, j+1
		case i < len(p) && p[i].kind == '*':
			star, mark = i, j
			i++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i].kind == '*' {
		i++
	}
	return i == len(p)
}
