package csaf

import (
	"fmt"

	"github.com/open-postmarket/postmarket/tlp"
)

// strictText stands in a document whose label is AMBER+STRICT, which CSAF 2.0
// cannot write. It begins as others write a label of TLP 2.0 in 2.0, which is how
// converters to CSAF 2.1 know it (section 9.1.18 there); the rest is ours.
const strictText = "TLP v2.0: TLP:AMBER+STRICT. Recipients may share this only within their own organization, with those who need to know. CSAF 2.0 has no such label; RED, the next stricter one, stands in its place."

// strictTextBefore is what it was before, for the documents that have it.
const strictTextBefore = "TLP:AMBER+STRICT (TLP 2.0): recipients may share this only within their own organization, with those who need to know. CSAF 2.0 has no such label; RED, the next stricter one, stands in its place."

// Distribute says in CSAF 2.0, which knows TLP 1.0 only, how far l lets a
// document travel. CLEAR becomes WHITE; AMBER+STRICT becomes RED with a sentence
// that says what is meant (a convention of ours: never a laxer label than the
// one given). A label that is not said is an error, for silence would let a
// reader take the document for free.
func Distribute(l tlp.Label) (*Distribution, error) {
	switch l {
	case tlp.Clear:
		return &Distribution{TLP: &TLP{Label: TLPWhite}}, nil
	case tlp.Green:
		return &Distribution{TLP: &TLP{Label: TLPGreen}}, nil
	case tlp.Amber:
		return &Distribution{TLP: &TLP{Label: TLPAmber}}, nil
	case tlp.AmberStrict:
		return &Distribution{Text: strictText, TLP: &TLP{Label: TLPRed}}, nil
	case tlp.Red:
		return &Distribution{TLP: &TLP{Label: TLPRed}}, nil
	case "":
		return nil, fmt.Errorf("csaf: the TLP label is not said")
	}
	return nil, fmt.Errorf("csaf: %q is no TLP label", string(l))
}

// Label is the TLP 2.0 label of a document distributed under d: WHITE is CLEAR,
// and RED stays RED unless d is what Distribute makes of AMBER+STRICT. The labels
// of CSAF 2.1 are those of TLP 2.0. A nil d,
// one without a label, or one with an unknown label has not said: "".
func (d *Distribution) Label() tlp.Label {
	if d == nil || d.TLP == nil {
		return ""
	}
	switch d.TLP.Label {
	case TLPWhite, TLPClear:
		return tlp.Clear
	case TLPGreen:
		return tlp.Green
	case TLPAmber:
		return tlp.Amber
	case TLPAmberStrict:
		return tlp.AmberStrict
	case TLPRed:
		if d.Text == strictText || d.Text == strictTextBefore {
			return tlp.AmberStrict
		}
		return tlp.Red
	}
	return ""
}
