package cpe

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// A Name is a CPE name: eleven attributes. The zero Name is not valid.
type Name struct {
	Part, Vendor, Product, Version, Update, Edition, Language,
	SWEdition, TargetSW, TargetHW, Other Value
}

// ErrEmpty says that there was no text to read.
var ErrEmpty = errors.New("cpe: no name")

// A SyntaxError tells why a text is not a CPE name.
type SyntaxError struct {
	Text string
	Why  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("cpe: %q: %s", e.Text, e.Why) }

// Parse reads a CPE 2.3 formatted string or a CPE 2.2 URI. Case is folded, as
// the standard asks. Characters that should have been escaped and were not are
// taken literally; a wrong part, a wrong number of attributes and an empty
// attribute of a formatted string are errors.
func Parse(text string) (Name, error) {
	if text == "" {
		return Name{}, ErrEmpty
	}
	lower := strings.ToLower(text) // the same string where there is nothing to fold
	switch {
	case !utf8.ValidString(text):
		return Name{}, &SyntaxError{text, "is not UTF-8"}
	case strings.HasPrefix(lower, "cpe:2.3:"):
		return formatted(text, lower[len("cpe:2.3:"):])
	case strings.HasPrefix(lower, "cpe:/"):
		return uri(text, lower[len("cpe:/"):])
	}
	return Name{}, &SyntaxError{text, `does not begin with "cpe:2.3:" or "cpe:/"`}
}

func formatted(text, body string) (Name, error) {
	var n Name
	rest, more := body, true
	fields := 0
	for i := range 11 {
		if !more {
			break
		}
		var field string
		field, rest, more = cut(rest)
		fields++
		if field == "" {
			return Name{}, &SyntaxError{text, fmt.Sprintf("attribute %d is empty", i+1)}
		}
		v, err := value(field)
		if err != nil {
			return Name{}, &SyntaxError{text, err.Error()}
		}
		n.put(i, v)
	}
	for more {
		_, rest, more = cut(rest)
		fields++
	}
	if fields != 11 {
		return Name{}, &SyntaxError{text, fmt.Sprintf("has %d attributes, not 11", fields)}
	}
	return n, n.check(text)
}

// put sets the attribute at a place.
func (n *Name) put(i int, v Value) {
	switch i {
	case 0:
		n.Part = v
	case 1:
		n.Vendor = v
	case 2:
		n.Product = v
	case 3:
		n.Version = v
	case 4:
		n.Update = v
	case 5:
		n.Edition = v
	case 6:
		n.Language = v
	case 7:
		n.SWEdition = v
	case 8:
		n.TargetSW = v
	case 9:
		n.TargetHW = v
	case 10:
		n.Other = v
	}
}

func (n *Name) attributes() [11]*Value {
	return [11]*Value{
		&n.Part, &n.Vendor, &n.Product, &n.Version, &n.Update, &n.Edition, &n.Language,
		&n.SWEdition, &n.TargetSW, &n.TargetHW, &n.Other,
	}
}

func (n *Name) check(text string) error {
	switch n.Part {
	case "a", "o", "h", Any:
		return nil
	}
	return &SyntaxError{text, fmt.Sprintf("part %q is not a, o or h", string(n.Part))}
}

// cut takes what stands before the first colon that is not escaped.
func cut(s string) (field, rest string, more bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// uri reads the 2.2 form: up to seven colon-separated components, percent
// encoded, an empty one meaning any; the edition may pack five (NISTIR 7695, 6.1).
func uri(text, body string) (Name, error) {
	fields := strings.Split(body, ":")
	if len(fields) > 7 {
		return Name{}, &SyntaxError{text, fmt.Sprintf("has %d components, more than 7", len(fields))}
	}
	if fields[0] == "" {
		return Name{}, &SyntaxError{text, "states no part"}
	}
	n := Name{Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any}
	if len(fields) > 5 && strings.HasPrefix(fields[5], "~") {
		packed := strings.Split(fields[5], "~")
		if len(packed) != 6 {
			return Name{}, &SyntaxError{text, "has a packed edition without its five parts"}
		}
		fields[5] = packed[1]
		for i, at := range []*Value{&n.SWEdition, &n.TargetSW, &n.TargetHW, &n.Other} {
			v, err := uriValue(packed[i+2])
			if err != nil {
				return Name{}, &SyntaxError{text, err.Error()}
			}
			*at = v
		}
	}
	at := n.attributes()
	for i := range fields {
		v, err := uriValue(fields[i])
		if err != nil {
			return Name{}, &SyntaxError{text, err.Error()}
		}
		*at[i] = v
	}
	return n, n.check(text)
}

func uriValue(s string) (Value, error) {
	switch s {
	case "":
		return Any, nil
	case "-":
		return NA, nil
	}
	// %01 and %02 stand for the wildcards ? and * (NISTIR 7695, 6.1.2).
	s = strings.NewReplacer("%01", "\x01", "%02", "\x02").Replace(s)
	plain, err := url.PathUnescape(s)
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(plain) {
		return "", errors.New("is not UTF-8")
	}
	var b strings.Builder
	for _, r := range strings.ToLower(plain) {
		switch {
		case r == '\x01':
			b.WriteByte('?')
		case r == '\x02':
			b.WriteByte('*')
		default:
			b.WriteByte('\\')
			b.WriteRune(r)
		}
	}
	return value(b.String())
}

// Names reports whether n says which product it is: part, vendor and product
// are stated, none of them a wildcard.
func (n Name) Names() bool {
	for _, v := range []Value{n.Part, n.Vendor, n.Product} {
		if !v.Literal() || v.Pattern() {
			return false
		}
	}
	return true
}

// String returns the formatted string of CPE 2.3, attributes in canonical
// spelling.
func (n Name) String() string {
	var b strings.Builder
	b.WriteString("cpe:2.3")
	for _, at := range n.attributes() {
		b.WriteByte(':')
		b.WriteString(string(*at))
	}
	return b.String()
}

// URI returns the URI of CPE 2.2 that stands for n (NISTIR 7695, 6.1): percent
// encoded, open attributes at the end left out, the five that 2.2 does not have
// packed into the edition.
func (n Name) URI() string {
	edition := n.Edition.bind()
	if n.SWEdition.given() || n.TargetSW.given() || n.TargetHW.given() || n.Other.given() {
		edition = strings.Join([]string{"", edition, n.SWEdition.bind(), n.TargetSW.bind(), n.TargetHW.bind(), n.Other.bind()}, "~")
	}
	parts := []string{n.Part.bind(), n.Vendor.bind(), n.Product.bind(), n.Version.bind(), n.Update.bind(), edition, n.Language.bind()}
	return "cpe:/" + strings.TrimRight(strings.Join(parts, ":"), ":")
}
