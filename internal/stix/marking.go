package stix

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Label is one of the five labels of TLP 2.0 without its prefix; empty is not
// said.
type Label string

// The labels, the least strict first.
const (
	Clear       Label = "CLEAR"
	Green       Label = "GREEN"
	Amber       Label = "AMBER"
	AmberStrict Label = "AMBER+STRICT"
	Red         Label = "RED"
)

var strictness = []Label{"", Clear, Green, Amber, AmberStrict, Red}

// Stricter returns the stricter of two labels; one that is said is stricter than
// one that is not.
func Stricter(a, b Label) Label {
	if slices.Index(strictness, a) >= slices.Index(strictness, b) {
		return a
	}
	return b
}

// tlp are the marking definitions with a meaning that was fixed by their publisher:
// TLP 1.0 by STIX 2.1 (OASIS, 10 June 2021, 7.2.1.4), TLP 2.0 by the extension
// definition of 1 October 2022 in the common objects of its committee.
var tlp = map[string]Label{
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Clear, // WHITE
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Green,
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Amber,
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Red,

	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Clear,
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Green,
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Amber,
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": AmberStrict,
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Red,
}

// tlp2 is the extension by which a marking definition carries a label of TLP 2.0.
const tlp2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// A Marking says how far an object may travel.
type Marking struct {
	// Whole is the strictest label of the object, empty when it carries none. Parts
	// is the strictest of those that mark single properties.
	Whole, Parts Label
	// Unknown are the markings whose meaning is not known, in order. Each counts as
	// RED.
	Unknown []string
}

// Said reports whether m carries any label.
func (m Marking) Said() bool { return m.Whole != "" || m.Parts != "" }

// Marking resolves the markings of o by the definitions that g holds. The strictest
// wins. A statement, such as a copyright, is no label. A definition that is not
// held, or says what is not known here, counts as the strictest label there is.
func (g *Graph) Marking(o Object) Marking {
	var out Marking
	told := map[string]bool{}
	label := func(ref string) Label {
		l, known := g.label(ref)
		if !known && !told[ref] {
			told[ref] = true
			out.Unknown = append(out.Unknown, ref)
		}
		return l
	}
	head := o.Head()
	for _, ref := range head.Markings {
		out.Whole = Stricter(out.Whole, label(ref))
	}
	for _, part := range head.Granular {
		if part.Marking != "" {
			out.Parts = Stricter(out.Parts, label(part.Marking))
		}
	}
	return out
}

// label is what a marking means, RED when that is not known.
func (g *Graph) label(ref string) (l Label, known bool) {
	fixed := tlp[ref]
	definition, held := g.objects[ref].(*MarkingDefinition)
	switch {
	case !held && fixed != "":
		return fixed, true
	case !held:
		return Red, false
	}
	said, known := definition.label()
	switch {
	case fixed != "":
		// A bundle may repeat what is fixed, and cannot make it less.
		return Stricter(fixed, said), true
	case !known:
		return Red, false
	}
	return said, true
}

// label is what a definition says, and whether all of it is understood.
func (d *MarkingDefinition) label() (said Label, known bool) {
	known = true
	for name, raw := range d.Extensions {
		l, ok := Label(""), false
		if name == tlp2 {
			var ext struct {
				TLP string `json:"tlp_2_0"`
			}
			_ = json.Unmarshal(raw, &ext) // what cannot be read is no label
			l, ok = readLabel(ext.TLP)
		}
		said, known = Stricter(said, l), known && ok
	}
	switch d.DefinitionType {
	case "statement":
	case "tlp":
		var old struct {
			TLP string `json:"tlp"`
		}
		_ = json.Unmarshal(d.Definition, &old)
		l, ok := readLabel(old.TLP)
		said, known = Stricter(said, l), known && ok
	case "":
		known = known && len(d.Extensions) > 0
	default:
		known = false
	}
	return said, known
}

func readLabel(text string) (Label, bool) {
	l := Label(strings.ToUpper(text))
	if l == "WHITE" {
		l = Clear
	}
	if l == "" || !slices.Contains(strictness, l) {
		return "", false
	}
	return l, true
}
