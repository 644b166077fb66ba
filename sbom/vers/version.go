package vers

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/google/osv-scalibr/semantic"
)

// A Scheme is a way to order versions: [Generic], [SemVer], or the name of an
// OSV ecosystem without its release ("PyPI", "Debian").
type Scheme string

// The schemes that belong to no registry.
const (
	// Generic orders what firmware makers and CPE names write. The rules are
	// ours: see [Parse].
	Generic Scheme = "generic"
	// SemVer is Semantic Versioning 2.0.0, read leniently (missing numbers are 0).
	SemVer Scheme = "semver"
)

// ErrIncomparable is what every [IncomparableError] unwraps to.
var ErrIncomparable = errors.New("vers: not comparable")

// An IncomparableError tells why a version cannot be ordered.
type IncomparableError struct {
	Scheme  Scheme
	Version string
	Why     string
}

func (e *IncomparableError) Error() string {
	return fmt.Sprintf("vers: %s version %q: %s", e.Scheme, e.Version, e.Why)
}

// Unwrap returns [ErrIncomparable].
func (e *IncomparableError) Unwrap() error { return ErrIncomparable }

// A Version is a version text read under a scheme. The zero Version compares
// with nothing.
type Version struct {
	scheme  Scheme
	text    string
	foreign semantic.Version
	parts   []part
}

// Parse reads text under scheme. A text that is not a version of that scheme,
// and a scheme whose order is not known, give an [*IncomparableError].
//
// Under [Generic] a version is a run of numbers and words with any separators
// between them. A leading "v", "version", "release", "rel" or "r" before a
// digit does not count. Numbers compare by value and missing ones are 0. A word
// that announces a version (alpha, beta, pre, rc, dev, snapshot, …) comes before its
// absence; a single letter after a number comes after it (1.0.2 < 1.0.2k); words that
// name a build and not a version (fips, lts, final, …) do not count. What is left
// (a word against a number, unequal words) does not compare.
func Parse(scheme Scheme, text string) (Version, error) {
	v := Version{scheme: scheme, text: strings.TrimSpace(text)}
	if v.text == "" {
		return Version{}, &IncomparableError{scheme, text, "empty"}
	}
	if scheme == Generic {
		parts, why := generic(v.text)
		if why != "" {
			return Version{}, &IncomparableError{scheme, text, why}
		}
		v.parts = parts
		return v, nil
	}
	order := string(scheme)
	if scheme == SemVer {
		order = "crates.io"
	}
	plain := strip(scheme, v.text)
	if why := check(scheme, plain); why != "" {
		return Version{}, &IncomparableError{scheme, text, why}
	}
	foreign, err := semantic.Parse(plain, order)
	if err != nil {
		return Version{}, &IncomparableError{scheme, text, err.Error()}
	}
	v.foreign = foreign
	return v, nil
}

// String returns the text as it was given, without surrounding space.
func (v Version) String() string { return v.text }

// Scheme returns the scheme v was read under.
func (v Version) Scheme() Scheme { return v.scheme }

// Compare returns -1, 0 or 1 as v comes before, equals or comes after w. Versions
// of different schemes, and versions whose order the scheme leaves open, give an
// [*IncomparableError].
func (v Version) Compare(w Version) (int, error) {
	switch {
	case v.scheme == "" || v.scheme != w.scheme:
		return 0, &IncomparableError{v.scheme, v.text, fmt.Sprintf("compared with a %s version", w.scheme)}
	case v.scheme == Generic:
		c, why := compareGeneric(v.parts, w.parts)
		if why != "" {
			return 0, &IncomparableError{v.scheme, v.text, fmt.Sprintf("against %q: %s", w.text, why)}
		}
		return c, nil
	}
	c, err := v.foreign.CompareStr(strip(w.scheme, w.text))
	if err != nil {
		return 0, &IncomparableError{v.scheme, v.text, err.Error()}
	}
	return cmp.Compare(c, 0), nil
}

// Compare reads a and b under scheme and compares them.
func Compare(scheme Scheme, a, b string) (int, error) {
	v, err := Parse(scheme, a)
	if err != nil {
		return 0, err
	}
	w, err := Parse(scheme, b)
	if err != nil {
		return 0, err
	}
	return v.Compare(w)
}
