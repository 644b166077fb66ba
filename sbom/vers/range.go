package vers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Range is a set of versions in VERS notation (package-url/vers-spec): a type,
// which says how its versions order, and constraints in that order. The zero Range
// contains nothing.
type Range struct {
	kind        string // the VERS type, in lower case
	scheme      Scheme
	all         bool
	constraints []constraint // as written, in order
	bounds      []constraint // without those that say nothing new
}

// A constraint is a comparator and a version.
type constraint struct {
	op string
	v  Version
}

// A RangeError tells why a text is no range. Err is the [*IncomparableError] of a
// version in it, if that is why.
type RangeError struct {
	Range string
	Why   string
	Err   error
}

func (e *RangeError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("vers: range %q: %s: %v", e.Range, e.Why, e.Err)
	}
	return fmt.Sprintf("vers: range %q: %s", e.Range, e.Why)
}

// Unwrap returns e.Err.
func (e *RangeError) Unwrap() error { return e.Err }

// ParseRange reads a range in its canonical form and refuses every other, as the
// specification asks: white space, upper case in the type, constraints that are
// not in the order of their versions or name a version twice, comparators that
// add nothing (<1|<2), and percent signs where none are needed are errors.
// [ReadRange] forgives these.
//
// A range of type "all" contains every version and one of type "none" no version.
// A type whose order is not known is an error.
func ParseRange(text string) (Range, error) {
	fail := func(why string) (Range, error) { return Range{}, &RangeError{Range: text, Why: why} }
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return fail("holds white space or a character that is not printable ASCII")
		}
	}
	rest, ok := strings.CutPrefix(text, "vers:")
	if !ok {
		return fail(`does not begin with "vers:"`)
	}
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok || rest == "" {
		return fail("has no constraints")
	}
	for i := range len(kind) {
		if c := kind[i]; c != lower(c) || !isAlnum(c) && c != '.' && c != '-' {
			return fail("has a type that is not lower case letters, digits, dots and dashes")
		}
	}
	r, why := newRange(kind)
	if why != "" {
		return fail(why)
	}
	if rest == "*" {
		r.all = true
		return r, nil
	}
	if kind == "all" || kind == "none" {
		return fail("is of a type whose only constraint is an asterisk")
	}
	for more := true; more; {
		var c string
		c, rest, more = strings.Cut(rest, "|")
		if c == "" {
			return fail("has a pipe without a constraint")
		}
		op, version := comparator(c)
		if strings.ContainsAny(version, "<>=!*") {
			return fail("has a comparator within a version")
		}
		version, why := decode(version, true)
		if why != "" {
			return fail(why)
		}
		if strings.TrimSpace(version) != version {
			return fail("has space around a version")
		}
		v, err := Parse(r.scheme, version)
		if err != nil {
			return Range{}, &RangeError{text, "a version is not one of its type", err}
		}
		r.constraints = append(r.constraints, constraint{op, v})
	}
	for i := 1; i < len(r.constraints); i++ {
		switch c, err := r.constraints[i-1].v.Compare(r.constraints[i].v); {
		case err != nil:
			return Range{}, &RangeError{text, "two versions have no order", err}
		case c == 0:
			return fail("names a version twice")
		case c > 0:
			return fail("is not in the order of its versions")
		}
	}
	r.bounds = simplify(r.constraints)
	if len(r.bounds) != len(r.constraints) {
		return fail("has a constraint that adds nothing")
	}
	return r, nil
}

// ReadRange reads a range as people write it and puts it in order: white space
// between its parts, any case of "vers" and the type, constraints in any order or
// said twice, "=" before a version, and percent signs where none are needed do no
// harm. Constraints that add nothing stay. What else [ParseRange] refuses, it
// refuses too.
func ReadRange(text string) (Range, error) {
	fail := func(why string) (Range, error) { return Range{}, &RangeError{Range: text, Why: why} }
	plain := strings.TrimSpace(text)
	if !begins(plain, "vers:") {
		return fail(`does not begin with "vers:"`)
	}
	kind, rest, ok := strings.Cut(plain[len("vers:"):], "/")
	rest = strings.TrimSpace(rest)
	if !ok || rest == "" {
		return fail("has no constraints")
	}
	r, why := newRange(strings.ToLower(strings.TrimSpace(kind)))
	if why != "" {
		return fail(why)
	}
	if rest == "*" {
		r.all = true
		return r, nil
	}
	if r.kind == "all" || r.kind == "none" {
		return fail("is of a type whose only constraint is an asterisk")
	}
	for c := range strings.SplitSeq(rest, "|") {
		if c = strings.TrimSpace(c); c == "" {
			return fail("has a pipe without a constraint")
		}
		op, version := comparator(c)
		if op == "=" {
			version = strings.TrimLeft(version, "=")
		}
		version, why := decode(strings.TrimSpace(version), false)
		if why != "" {
			return fail(why)
		}
		if version == "*" {
			return fail("has an asterisk beside other constraints")
		}
		v, err := Parse(r.scheme, version)
		if err != nil {
			return Range{}, &RangeError{text, "a version is not one of its type", err}
		}
		r.constraints = append(r.constraints, constraint{op, v})
	}
	return r.ordered(text)
}

// ordered sorts the constraints and takes doubles out.
func (r Range) ordered(text string) (Range, error) {
	var err error
	slices.SortStableFunc(r.constraints, func(a, b constraint) int {
		c, e := a.v.Compare(b.v)
		err = errors.Join(err, e)
		return c
	})
	if err != nil {
		return Range{}, &RangeError{text, "two versions have no order", err}
	}
	kept := r.constraints[:0]
	for _, c := range r.constraints {
		if len(kept) > 0 {
			if order, err := kept[len(kept)-1].v.Compare(c.v); err != nil {
				return Range{}, &RangeError{text, "two versions have no order", err}
			} else if order == 0 {
				if kept[len(kept)-1].op != c.op {
					return Range{}, &RangeError{Range: text, Why: "says two things of one version"}
				}
				continue
			}
		}
		kept = append(kept, c)
	}
	r.constraints, r.bounds = kept, simplify(kept)
	return r, nil
}

func newRange(kind string) (Range, string) {
	r := Range{kind: kind, scheme: typeScheme(kind)}
	switch {
	case kind == "" || !isLetter(kind[0]):
		return Range{}, "has a type that does not begin with a letter"
	case r.scheme == "":
		return Range{}, "is of a type whose order is not known"
	}
	return r, ""
}

// typeScheme returns the scheme of a VERS type.
func typeScheme(kind string) Scheme {
	switch kind {
	case "npm", "generic", "semver", "openssl", "datetime", "alpm", "gentoo", "intdot", "lexicographic":
		return Scheme(kind)
	case "all", "none", "nginx":
		return SemVer
	case "arch":
		return Alpm
	case "ebuild":
		return Gentoo
	case "apk", "alpine":
		return "Alpine"
	case "bitnami":
		return "Bitnami"
	case "cargo":
		return "crates.io"
	case "composer":
		return "Packagist"
	case "conan":
		return "ConanCenter"
	case "cran":
		return "CRAN"
	case "deb":
		return "Debian"
	case "gem":
		return "RubyGems"
	case "golang", "go":
		return "Go"
	case "hackage":
		return "Hackage"
	case "hex":
		return "Hex"
	case "julia":
		return "Julia"
	case "maven":
		return "Maven"
	case "nuget":
		return "NuGet"
	case "pub", "dart":
		return "Pub"
	case "pypi":
		return "PyPI"
	case "rpm":
		return "Red Hat"
	case "swift":
		return "SwiftURL"
	}
	return ""
}

// comparator splits a constraint; no comparator is "=".
func comparator(c string) (op, version string) {
	for _, op := range [...]string{">=", "<=", "!=", ">", "<"} {
		if version, ok := strings.CutPrefix(c, op); ok {
			return op, version
		}
	}
	return "=", c
}

// encoded reports whether c stands as a percent-encoded triplet in a version.
func encoded(c byte) bool {
	return c <= ' ' || c >= 0x7f || strings.IndexByte("<>=!*|%", c) >= 0
}

// decode undoes percent-encoding. Strictly, only what has to be encoded may be,
// with upper case digits.
func decode(s string, strict bool) (plain, why string) {
	if strings.IndexByte(s, '%') < 0 {
		return s, ""
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", "has a percent sign without two hexadecimal digits"
		}
		hi, lo := unhex(s[i+1], strict), unhex(s[i+2], strict)
		if hi < 0 || lo < 0 {
			return "", "has a percent sign without two hexadecimal digits in upper case"
		}
		c := byte(hi<<4 | lo)
		if strict && !encoded(c) {
			return "", "encodes a character that needs no percent sign"
		}
		b = append(b, c)
		i += 2
	}
	return string(b), ""
}

func unhex(c byte, strict bool) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f' && !strict:
		return int(c-'a') + 10
	}
	return -1
}

func (c constraint) up() bool   { return c.op[0] == '>' }
func (c constraint) down() bool { return c.op[0] == '<' }

// simplify drops constraints that add nothing, as the specification lays down:
// after a lower bound, versions and lower bounds up to the next upper bound;
// before an upper bound, versions and upper bounds back to the last lower bound.
func simplify(cs []constraint) []constraint {
	kept := make([]constraint, 0, len(cs))
	last := func() int { // of those that are no !=
		i := len(kept) - 1
		for i >= 0 && kept[i].op == "!=" {
			i--
		}
		return i
	}
	for _, c := range cs {
		if c.op != "!=" {
			i := last()
			if i >= 0 && kept[i].up() && !c.down() {
				continue
			}
			for ; c.down() && i >= 0 && !kept[i].up(); i = last() {
				kept = slices.Delete(kept, i, i+1)
			}
		}
		kept = append(kept, c)
	}
	return kept
}

// Type returns the VERS type ("npm").
func (r Range) Type() string { return r.kind }

// Scheme returns the scheme that the versions of r order by.
func (r Range) Scheme() Scheme { return r.scheme }

// Contains reports whether version is in r. A version that the type does not
// know, or that has no order with one of the constraints, gives an
// [*IncomparableError]: the answer is neither yes nor no.
func (r Range) Contains(version string) (bool, error) {
	if r.kind == "none" || r.kind == "" {
		return false, nil
	}
	if r.all {
		return true, nil
	}
	v, err := Parse(r.scheme, version)
	if err != nil {
		return false, err
	}
	return r.ContainsVersion(v)
}

// ContainsVersion is Contains for a version that is read already. One of another
// scheme gives an [*IncomparableError].
func (r Range) ContainsVersion(v Version) (bool, error) {
	if r.kind == "none" || r.kind == "" {
		return false, nil
	}
	if r.all {
		return true, nil
	}
	in, bounded := false, false
	var before *constraint // the last bound so far
	after := 0             // v against it
	for i := range r.bounds {
		c := &r.bounds[i]
		order, err := v.Compare(c.v)
		if err != nil {
			return false, err
		}
		if order == 0 {
			return c.op == "=" || c.op == "<=" || c.op == ">=", nil
		}
		switch {
		case c.op == "!=":
			continue
		case c.down():
			in = in || order < 0 && (before == nil || after > 0)
		}
		bounded = true
		if c.op != "=" {
			before, after = c, order
		}
	}
	if before != nil && before.up() {
		in = in || after > 0
	}
	// Nothing but exceptions: all versions but those.
	return in || !bounded && len(r.bounds) > 0, nil
}

// String returns r in VERS notation, in the order of its versions.
func (r Range) String() string {
	if r.kind == "" {
		return "vers:none/*"
	}
	var b strings.Builder
	b.WriteString("vers:")
	b.WriteString(r.kind)
	b.WriteByte('/')
	if r.all {
		b.WriteByte('*')
	}
	for i, c := range r.constraints {
		if i > 0 {
			b.WriteByte('|')
		}
		if c.op != "=" {
			b.WriteString(c.op)
		}
		for i := range len(c.v.text) {
			if x := c.v.text[i]; encoded(x) {
				fmt.Fprintf(&b, "%%%02X", x)
			} else {
				b.WriteByte(x)
			}
		}
	}
	return b.String()
}

// Simplify returns r without the constraints that add nothing: <2 for <1|<2.
func (r Range) Simplify() Range {
	r.constraints = r.bounds
	return r
}
