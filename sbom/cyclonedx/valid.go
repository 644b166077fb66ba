package cyclonedx

import (
	"bytes"
	"fmt"
	"io"
)

// A Violation is one thing in which a document departs from the specification
// version it names.
type Violation struct {
	// Path says where: a JSON pointer (/components/0/type), or for XML the
	// way from the root with places counted from 1 (/bom/components[1]/component[1]/@type).
	// Empty is the document as a whole.
	Path string `json:"path"`
	// Rule says what kind of thing, one of the Rule constants.
	Rule Rule `json:"rule"`
	// Message says it in words. It may quote the document.
	Message string `json:"message"`
}

// String returns path, rule and message in one line.
func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Path, v.Rule, v.Message) }

// A Rule is a kind of violation. The words are our own.
type Rule string

// The rules. Each of them speaks of JSON and XML alike.
const (
	RuleNamespace Rule = "namespace"       // not CycloneDX, or of no version that is known
	RuleRequired  Rule = "required"        // a field that must be there is not
	RuleSingle    Rule = "single"          // a field that may be there once is there again
	RuleUnknown   Rule = "unknown-field"   // a field that this version does not have
	RuleOrder     Rule = "order"           // an XML element in the wrong place
	RuleChoice    Rule = "choice"          // not exactly one of the forms allowed
	RuleType      Rule = "type"            // a text where a list belongs, and the like
	RuleEnum      Rule = "enumeration"     // none of the words allowed
	RulePattern   Rule = "pattern"         // not of the form demanded
	RuleFormat    Rule = "format"          // not a time, date, address or number
	RuleLength    Rule = "length"          // a text or list too short or too long
	RuleRange     Rule = "range"           // a number too small or too large
	RuleUnique    Rule = "unique-items"    // a list whose items must differ has two alike
	RuleID        Rule = "unique-id"       // two elements with the same bom-ref
	RuleMore      Rule = "more-violations" // there are more than are listed
)

// maxViolations is how many violations of one document are listed.
const maxViolations = 10_000

// Check judges a document by the rules of the CycloneDX version it names, 1.2
// to 1.7 in JSON and 1.0 to 1.7 in XML, and returns what violates them in the
// order it was found: none means valid. At most 10,000 are listed; a last one
// with [RuleMore] then says that there are others.
//
// It fails with a [*SyntaxError] when there is nothing to judge: a document
// that is empty, too long, not UTF-8, cut off or otherwise not JSON or XML. A
// well-formed document of another kind is not an error but a violation.
//
// The rules are those of the published schemas, in JSON the strict ones. Two
// more are the specification's words, which a JSON schema cannot say: a bom-ref
// is unique within its document, as the XML schemas demand too, and a field is
// there once. What is a matter of quality, such as a reference to nothing, is
// not judged here. Extensions under a foreign XML namespace are passed over
// where the schemas allow them, as they say.
//
// The document is held in memory for JSON and read as a stream for XML.
func Check(r io.Reader, opts *Options) ([]Violation, error) {
	limit := int64(MaxBytes)
	if opts != nil && opts.MaxBytes > 0 {
		limit = opts.MaxBytes
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("cyclonedx: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, &SyntaxError{Why: fmt.Sprintf("is longer than the %d bytes allowed", limit)}
	}
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first := bytes.TrimLeft(body, " \t\r\n")
	if len(first) == 0 {
		return nil, &SyntaxError{Why: "is empty"}
	}
	if at := invalidUTF8(body); at >= 0 {
		return nil, located(body, int64(at), "is not UTF-8", nil)
	}
	switch first[0] {
	case '{', '[':
		return checkJSON(body)
	case '<':
		return checkXML(body)
	}
	return nil, located(body, int64(len(body)-len(first)), "is neither JSON nor XML", nil)
}

// findings gathers violations up to the bound, and the identifiers that must be unique.
type findings struct {
	list []Violation
	more bool
	ids  map[string]struct{}
}

func (f *findings) add(path string, rule Rule, format string, args ...any) {
	if len(f.list) >= maxViolations {
		f.more = true
		return
	}
	f.list = append(f.list, Violation{Path: path, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// done returns the list, with a last word when it is not whole.
func (f *findings) done() []Violation {
	if f.more {
		f.list = append(f.list, Violation{Rule: RuleMore, Message: fmt.Sprintf("more than %d violations; the others are not listed", maxViolations)})
	}
	return f.list
}

// identify notes id and reports whether it is there already.
func (f *findings) identify(id string) bool {
	if _, taken := f.ids[id]; taken {
		return true
	}
	if f.ids == nil {
		f.ids = map[string]struct{}{}
	}
	f.ids[id] = struct{}{}
	return false
}

// quoted shows outside text, shortened.
func quoted(s string) string {
	const most = 80
	if len(s) > most {
		cut := most
		for cut > 0 && s[cut]&0xc0 == 0x80 {
			cut--
		}
		return fmt.Sprintf("%q…", s[:cut])
	}
	return fmt.Sprintf("%q", s)
}
