package vers

import (
	"errors"
	"fmt"
	"strings"
)

// ErrIncomparable is what every [IncomparableError] unwraps to.
var ErrIncomparable = errors.New("vers: not comparable")

// An IncomparableError tells why a version cannot be ordered.
type IncomparableError struct {
	Scheme  Scheme
	Version string
	// Against is the other version, when the two were compared.
	Against string
	Why     string
}

func (e *IncomparableError) Error() string {
	if e.Against != "" {
		return fmt.Sprintf("vers: %s version %q against %q: %s", e.Scheme, e.Version, e.Against, e.Why)
	}
	return fmt.Sprintf("vers: %s version %q: %s", e.Scheme, e.Version, e.Why)
}

// Unwrap returns [ErrIncomparable].
func (e *IncomparableError) Unwrap() error { return ErrIncomparable }

// longest is the longest text that is read as a version.
const longest = 4096

// A Version is a version text read under a scheme. The zero Version compares
// with nothing.
type Version struct {
	id   uint8 // place in schemes
	text string
	// key orders by its bytes where the scheme is total; elsewhere Compare walks it.
	key string
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
	v := Version{id: ids[scheme], text: strings.TrimSpace(text)}
	var buf [64]byte
	key, why := appendKey(buf[:0], schemes[v.id].order, v.text)
	if why != "" {
		return Version{}, &IncomparableError{Scheme: scheme, Version: text, Why: why}
	}
	v.key = string(key)
	return v, nil
}

// ParseStated is Parse for what an inventory states as the version that is there. The
// grammar of some schemes takes words, patterns and conditions for versions and gives them a place: "latest", "2.x",
// ">=2.0", "${project.version}" and, where the registry's tools do not, "release-2.5.0" name no version, and have
// none here.
func ParseStated(scheme Scheme, text string) (Version, error) {
	s := strings.TrimSpace(text)
	o := schemes[ids[scheme]].order
	refuse := func(why string) (Version, error) {
		return Version{}, &IncomparableError{Scheme: scheme, Version: text, Why: why}
	}
	switch {
	case s == "" || o == lexicographic || o == unordered:
	case wild(s):
		return refuse("stands for many versions")
	case o == generic:
	case digitless(s):
		return refuse("is a word and no version")
	case announced(unprefixed(s)), (o == rpm || o == conan) && announced(s):
		return refuse("is a tag and no version")
	}
	return Parse(scheme, text)
}

// appendKey appends the key of s under o to b; why is not empty when s has none.
// It is one switch and not a table of functions so that b stays on the stack.
func appendKey(b []byte, o order, s string) (key []byte, why string) {
	switch {
	case s == "":
		return nil, "empty"
	case len(s) > longest:
		return nil, "longer than any version"
	}
	switch o {
	case generic:
		return appendGeneric(b, s)
	case semver:
		return appendSemVer(b, unprefixed(s), false)
	case semverBuild:
		return appendSemVer(b, unprefixed(s), true)
	case golang:
		return appendGo(b, s)
	case pep440:
		return appendPEP440(b, unprefixed(s))
	case maven:
		return appendMaven(b, unprefixed(s))
	case nuget:
		return appendNuGet(b, unprefixed(s))
	case gem:
		return appendGem(b, s)
	case packagist:
		return appendPackagist(b, unprefixed(s))
	case dpkg:
		return appendDpkg(b, s)
	case rpm:
		return appendRPM(b, s)
	case apk:
		return appendApk(b, s)
	case portage:
		return appendPortage(b, s)
	case alpm:
		return appendAlpm(b, s)
	case conan:
		return appendConan(b, s)
	case openssl:
		return appendOpenSSL(b, s)
	case day:
		return appendDay(b, s)
	case instant:
		return appendInstant(b, s)
	case cran:
		return appendDotted(b, s, ".-")
	case hackage:
		return appendDotted(b, s, ".")
	case intdot:
		return appendIntDot(b, s)
	case lexicographic:
		return append(b, s...), ""
	}
	return nil, "the order of this scheme is not known"
}

// String returns the text as it was given, without surrounding space.
func (v Version) String() string { return v.text }

// Scheme returns the scheme v was read under.
func (v Version) Scheme() Scheme { return schemes[v.id].name }

// Key returns the place of v in the order of its scheme: of two versions of one
// scheme that [Scheme.Total] holds for, strings.Compare of the keys is what
// [Version.Compare] returns. Elsewhere it is empty. A key is no text, and may
// change between releases of this module: keep the version and not the key.
func (v Version) Key() string {
	if schemes[v.id].order.total() {
		return v.key
	}
	return ""
}

// Compare returns -1, 0 or 1 as v comes before, equals or comes after w. Versions
// of different schemes, and versions whose order the scheme leaves open, give an
// [*IncomparableError].
func (v Version) Compare(w Version) (int, error) {
	if v.id == 0 || v.id != w.id {
		return 0, &IncomparableError{Scheme: v.Scheme(), Version: v.text, Against: w.text, Why: "not versions of one scheme"}
	}
	var c int
	var why string
	switch schemes[v.id].order {
	case generic:
		c, why = compareGeneric(v.key, w.key)
	case maven:
		c, why = compareMaven(v.key, w.key)
	case alpm:
		c = compareAlpm(v.key, w.key)
	default:
		c = strings.Compare(v.key, w.key)
	}
	if why != "" {
		return 0, &IncomparableError{Scheme: v.Scheme(), Version: v.text, Against: w.text, Why: why}
	}
	return c, nil
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
