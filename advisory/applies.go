package advisory

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/open-postmarket/postmarket/csaf"
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
// and its version, and clears every entry of its vulnerabilities for it. An entry that
// says nothing of status, or of which something cannot be read, clears nothing. What
// contradicts (a UDI-DI of another product beside the right model), is only like what
// the document names, is narrowed in a way that an inventory cannot show, or has no
// version or more than one, cannot be told. The version of a part (firmware on
// hardware without a version) may be what the inventory says, and clears nothing.
// Scores and prose are not judged: titles of products, notes, remediations. A document
// that is a draft, or does not say that it is none, is an error.
func Applies(doc *csaf.Document, inventory []Device) ([]Answer, error) {
	if doc == nil {
		return nil, errors.New("advisory: no document")
	}
	switch t := doc.Document.Tracking; t.Status {
	case csaf.StatusFinal, csaf.StatusInterim:
	case csaf.StatusDraft:
		return nil, fmt.Errorf("advisory: %q is a draft, which says nothing yet", t.ID)
	default:
		return nil, fmt.Errorf("advisory: %q has the status %q, which may be that of a draft", t.ID, t.Status)
	}
	_, each, err := vexcsaf.ReadEach(doc)
	if err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	entries := make([]entry, len(each))
	for i, list := range each {
		entries[i] = entry{name(&doc.Vulnerabilities[i], i), list}
	}
	out := make([]Answer, len(inventory))
	known := map[Device]Answer{} // many devices of an inventory are alike
	for i, d := range inventory {
		like := Device{
			UDIDI: strings.TrimSpace(d.UDIDI), Model: strings.TrimSpace(d.Model),
			Version: strings.TrimSpace(d.Version), Serial: strings.TrimSpace(d.Serial),
		}
		a, ok := known[like]
		if !ok {
			a = answer(entries, like)
			known[like] = a
		}
		a.Device = d
		out[i] = a
	}
	return out, nil
}

// An entry is what the document says of one vulnerability: nothing, if it has no
// statements. Two entries are two, whatever their names.
type entry struct {
	name       string
	statements []vex.Statement
}

// name is the CVE of v, or its first id with the system that gave it.
func name(v *csaf.Vulnerability, i int) string {
	switch {
	case v.CVE != "":
		return v.CVE
	case len(v.IDs) > 0 && v.IDs[0].Text != "":
		return strings.TrimSpace(v.IDs[0].SystemName + " " + v.IDs[0].Text)
	case v.Title != "":
		return v.Title
	}
	return fmt.Sprintf("vulnerability %d", i+1)
}

func answer(entries []entry, d Device) Answer {
	a := Answer{Verdict: IsNot, Why: "every vulnerability of the document is cleared for this version"}
	for _, e := range entries {
		x, named := applied(e, d)
		a.Named = a.Named || named
		a.Of = append(a.Of, x)
		if rank[x.Verdict] > rank[a.Verdict] {
			a.Verdict, a.Why = x.Verdict, x.Vulnerability+": "+x.Why
		}
	}
	switch {
	case len(entries) == 0:
		a.Verdict, a.Why = CannotTell, "the document speaks of no vulnerability"
	case d.UDIDI == "" && d.Model == "":
		a.Verdict, a.Why = CannotTell, "the inventory has neither UDI-DI nor model"
	case !a.Named && a.Verdict == CannotTell:
		a.Why = "the document does not name this device"
	}
	return a
}

var rank = map[Verdict]int{IsNot: 1, CannotTell: 2, IsAffected: 3}

// applied is what the document says of d for one vulnerability, and whether it
// names it there.
func applied(e entry, d Device) (Applied, bool) {
	out := Applied{Vulnerability: e.name}
	named, sure := false, false // sure: the reason is of what names the device
	say := func(v Verdict, why string, is bool) {
		if rank[v] > rank[out.Verdict] || rank[v] == rank[out.Verdict] && is && !sure {
			out.Verdict, out.Why, sure = v, why, is
		}
	}
	for _, s := range e.statements {
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
	case len(e.statements) == 0:
		out.Why = "the document does not say what is affected, in a way that can be read"
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
	for _, q := range chain[:len(chain)-1] {
		if is, _ := identity(q, d); is == yes && same == no {
			same, doubt = maybe, "the document names it as a part of another, or by what a relationship adds"
		}
	}
	if same == no {
		return noneApplies, "", false
	}
	named = same == yes
	own := holder // whose version the inventory would say
	for i := len(chain) - 1; i > 0 && own.Version == "" && own.Range == ""; i-- {
		own = chain[i-1]
	}
	version, vague := versions(own, d)
	if own != holder && version == no {
		version, vague = maybe, fmt.Sprintf("the version %q may be that of the device or of a part of it", d.Version)
	}
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
		fit, what := narrow(q, d)
		switch {
		case fit == no && q == holder:
			return noneApplies, "", named
		case fit != yes:
			return CannotTell, what, named
		case q != holder && s.Status.Clears() && apart(q, d):
			return CannotTell, "it is cleared for a part or devices with another model number, serial number or UDI-DI", named
		case q != holder && s.Status.Clears():
			return CannotTell, "it is cleared for a part of the device, and not for the device", named
		}
	}
	switch s.Status {
	case vex.Affected:
		return IsAffected, fmt.Sprintf("listed as affected: %s", p.String()), named
	case vex.NotAffected, vex.Fixed:
		switch {
		case holder.Version == "" && holder.Range == "":
			return CannotTell, "it is cleared without a version of the device", named
		case d.Version == "":
			return CannotTell, "the inventory does not say the version", named
		}
		return IsNot, fmt.Sprintf("listed as %s: %s", strings.ReplaceAll(string(s.Status), "_", " "), p.String()), named
	case vex.UnderInvestigation:
		return CannotTell, "under investigation", named
	}
	return CannotTell, "the document does not say the status in a way that can be read", named
}

const modelNumber = "model_number"

// identity reports whether p is the device of d, by UDI-DI and model. What is like
// it and not equal (the name of a product that has a model number, a model with other
// signs or more words, the UDI-DI of a package) is maybe.
func identity(p *vex.Product, d Device) (truth, string) {
	udi, model, near := maybe, maybe, false
	if dis := udis(p); len(dis) > 0 && d.UDIDI != "" {
		udi = no
		for _, x := range dis {
			udi = max(udi, sameUDI(x, d.UDIDI))
		}
		near = udi == maybe
	}
	patterns := models(p)
	named := strings.EqualFold(strings.TrimSpace(p.Name), d.Model)
	switch {
	case d.Model == "":
	case len(patterns) > 0:
		model = no
		for _, x := range patterns {
			model = max(model, sameModel(x, d.Model))
		}
		if model == no && named {
			model = maybe
		}
		near = near || model == maybe
	case named:
		model = yes // it has no model number: its name is all there is
	}
	switch {
	case udi == yes && model != no, model == yes && udi != no:
		return yes, ""
	case near:
		return maybe, "its UDI-DI or model is like one of the document, and not the same"
	case udi == maybe && model == maybe:
		return maybe, "the document and the inventory do not identify devices in the same way"
	case udi == yes || model == yes:
		return maybe, "its UDI-DI and its model are not of one product of the document"
	}
	return no, ""
}

// apart reports whether p, a component or what a relationship made, has a model
// number, serial number or UDI-DI that is not d's: its own or that of the devices with
// it, which the document does not say.
func apart(p *vex.Product, d Device) bool {
	m, u := models(p), udis(p)
	return len(m) > 0 && !slices.ContainsFunc(m, func(x string) bool { return d.Model != "" && sameModel(x, d.Model) == yes }) ||
		len(u) > 0 && !slices.ContainsFunc(u, func(x string) bool { return sameUDI(x, d.UDIDI) == yes }) ||
		slices.ContainsFunc(p.Only, func(o vex.ID) bool { return o.Kind == "serial_number" })
}

// models are the patterns of p's model numbers.
func models(p *vex.Product) []string {
	var out []string
	for _, o := range p.Only {
		if o.Kind == modelNumber {
			out = append(out, o.Value)
		}
	}
	return out
}

func sameModel(pattern, model string) truth {
	pattern, model = strings.ToLower(pattern), strings.ToLower(model)
	if glob(pattern, model) {
		return yes
	}
	if glob(reduced(pattern, "*?"), reduced(model, "")) || listed.MatchString(pattern) ||
		slices.ContainsFunc(parts(model), func(w string) bool { return glob(pattern, w) }) || slices.Contains(parts(pattern), model) {
		return maybe
	}
	return no
}

// listed are signs that a model number is more than one.
var listed = regexp.MustCompile(`[,;<>|–]| (?:to|through|and|or|-) `)

// parts are the words of a model, each with the signs that a model number has.
func parts(model string) []string {
	return strings.FieldsFunc(model, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
	})
}

// sameUDI holds the GTIN of a document against that of an inventory. One for a
// package of it differs in the first and the last digit; what is no GTIN of 14 digits
// may be one that a spreadsheet changed.
func sameUDI(di, of string) truth {
	of = gtin(of)
	switch {
	case di == of:
		return yes
	case len(of) != 14 || strings.Trim(of, "0123456789") != "" || di[1:13] == of[1:13]:
		return maybe
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

// versions reports whether p is of d's version.
func versions(p *vex.Product, d Device) (truth, string) {
	text := p.Version
	if text == "" {
		text = p.Range
	}
	if text == "" {
		return yes, ""
	}
	fit := fits(text, d.Version)
	switch {
	case fit == yes: // also of all versions, where the device's is not known
		return yes, ""
	case d.Version == "":
		return maybe, "the inventory does not say the version"
	case fit == maybe:
		return maybe, fmt.Sprintf("it cannot be told whether version %q is of the versions %q", d.Version, text)
	}
	return no, ""
}

// narrow reports whether d is among what p is narrowed to, beside its model.
func narrow(p *vex.Product, d Device) (truth, string) {
	var serials []string
	for _, o := range p.Only {
		switch o.Kind {
		case modelNumber:
		case "serial_number":
			serials = append(serials, o.Value)
		default:
			return maybe, fmt.Sprintf("it holds for some by %s, which the inventory does not say", strings.ReplaceAll(o.Kind, "_", " "))
		}
	}
	switch {
	case len(serials) == 0:
		return yes, ""
	case d.Serial == "":
		return maybe, "it holds for some serial numbers, and the inventory does not say the device's"
	}
	fit := no
	for _, x := range serials {
		fit = max(fit, serial(x, d.Serial))
	}
	return fit, fmt.Sprintf("it cannot be told whether the serial number %q is meant", d.Serial)
}

// serial reports whether s is of the pattern, whatever its case and spaces; maybe
// where one is within the other but for signs, leading zeros and a word before it
// ("S/N AB-12"), and for a pattern that looks like a list or from one to another.
func serial(pattern, s string) truth {
	if glob(folded(pattern), folded(s)) {
		return yes
	}
	near := "*" + strings.TrimLeft(reduced(pattern, "*?"), "0") + "*"
	first, last, ranged := strings.Cut(folded(pattern), "-")
	if glob(near, reduced(s, "")) || strings.ContainsAny(strings.TrimSpace(pattern), " ,;/<>–") || ranged && len(first) > 1 && len(first) == len(last) {
		return maybe
	}
	return no
}

// folded is s in small letters, without spaces.
func folded(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), "") }

// reduced is s with nothing but small letters, digits and what is to be kept,
// without the words for a serial number.
func reduced(s, keep string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(keep, r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
	for _, w := range []string{"serialnumber", "serialno", "serial", "sn"} {
		if rest, ok := strings.CutPrefix(s, w); ok && rest != "" {
			return rest
		}
	}
	return s
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
