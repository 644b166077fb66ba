package cpe

import (
	"errors"
	"fmt"
	"strings"
)

// A Value is the value of one attribute in canonical spelling: lower case,
// with a backslash before every character that is not a letter, a digit, or
// one of "_.-". An unescaped * or ? is a wildcard.
type Value string

// The logical values: any value will do, and no value applies.
const (
	Any Value = "*"
	NA  Value = "-"
)

// value brings one field of a formatted string to canonical spelling.
func value(s string) (Value, error) {
	if s == "*" || s == "-" {
		return Value(s), nil
	}
	if s == `\-` || canonical(s) {
		return Value(s), nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		escaped := c == '\\'
		if escaped {
			i++
			if i == len(s) {
				return "", errors.New("ends in the middle of an escape")
			}
			c = s[i]
		}
		switch {
		case c <= ' ' || c == 0x7f:
			return "", errors.New("holds white space or a control character")
		case plain(c), !escaped && (c == '*' || c == '?'):
			b.WriteByte(c)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return Value(b.String()), nil
}

// canonical reports whether s is spelled canonically already.
func canonical(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case plain(c), c == '*', c == '?':
		case c != '\\':
			return false
		default:
			i++
			if i == len(s) || plain(s[i]) || s[i] <= ' ' || s[i] == 0x7f {
				return false
			}
		}
	}
	return true
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '.' || c == '-' || c >= 0x80
}

// Literal reports whether v is a value, not one of the logical ones and not
// unset.
func (v Value) Literal() bool { return v != Any && v != NA && v != "" }

// Pattern reports whether v is a literal with wildcards in it.
func (v Value) Pattern() bool {
	if !v.Literal() {
		return false
	}
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		}
	}
	return false
}

// Text returns v without its escapes, as a person would write it.
func (v Value) Text() string {
	if !strings.Contains(string(v), `\`) {
		return string(v)
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// A Relation says how the set of names that a source value stands for relates
// to that of a target value (NISTIR 7696, table 6-2).
type Relation string

// The relations. Undefined is the answer for a target with wildcards.
const (
	Equal     Relation = "equal"
	Superset  Relation = "superset"
	Subset    Relation = "subset"
	Disjoint  Relation = "disjoint"
	Undefined Relation = "undefined"
)

// Compare says how source relates to target.
func Compare(source, target Value) Relation {
	switch {
	case target.Pattern():
		if source == target {
			return Equal
		}
		return Undefined
	case source == target:
		return Equal
	case source == Any:
		return Superset
	case target == Any:
		return Subset
	case source == NA, target == NA:
		return Disjoint
	case source.Pattern() && glob(tokens(source), tokens(target)):
		return Superset
	}
	return Disjoint
}

// tokens splits v into characters, an escaped one with its backslash.
func tokens(v Value) []string {
	out := make([]string, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			out = append(out, string(v[i:i+2]))
			i++
			continue
		}
		out = append(out, string(v[i]))
	}
	return out
}

// glob matches a pattern whose * stands for any run of characters and whose ?
// stands for at most one (NISTIR 7696, 6.3).
func glob(pattern, text []string) bool {
	// reach[j] says that pattern so far matches text[:j].
	reach := make([]bool, len(text)+1)
	reach[0] = true
	for _, p := range pattern {
		next := make([]bool, len(text)+1)
		run := false
		for j := range reach {
			switch p {
			case "*":
				run = run || reach[j]
				next[j] = run
			case "?":
				next[j] = reach[j] || j > 0 && reach[j-1]
			default:
				next[j] = j > 0 && reach[j-1] && text[j-1] == p
			}
		}
		reach = next
	}
	return reach[len(text)]
}

// Literal returns text as the value of an attribute, every character of it taken
// for itself. Case is folded.
func Literal(text string) Value {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if !plain(c) || text == "-" {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return Value(b.String())
}

// given reports whether v is anything but open or unset.
func (v Value) given() bool { return v != Any && v != "" }

// bind writes v as a component of a URI.
func (v Value) bind() string {
	switch v {
	case Any, "":
		return ""
	case NA:
		return "-"
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && i+1 < len(v):
			i++
			fmt.Fprintf(&b, "%%%02x", v[i])
		case c == '?':
			b.WriteString("%01")
		case c == '*':
			b.WriteString("%02")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
