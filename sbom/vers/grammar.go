package vers

import (
	"regexp"
	"strings"
)

// Grammars of the registries: what has to hold before an order means anything.
// They are wider than the registries' own rules where old entries are, and
// refuse what is plainly no version ("", "abc", "x y").
var (
	semverLike = regexp.MustCompile(`^=?\d+(\.\d+)*([-.+~_]?[0-9A-Za-z][-0-9A-Za-z.+~_]*)?$`)
	pep440     = regexp.MustCompile(`(?i)^(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?` +
		`(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`)
	legacyPy = regexp.MustCompile(`^\d[0-9A-Za-z.+!_-]*$`)
	nuget    = regexp.MustCompile(`^\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	gem      = regexp.MustCompile(`^\d+(\.[0-9A-Za-z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	dpkg     = regexp.MustCompile(`^(\d+:)?\d[0-9A-Za-z.+~:-]*$`)
	apk      = regexp.MustCompile(`^\d[0-9A-Za-z._~-]*$`)
	cran     = regexp.MustCompile(`^\d+([.-]\d+)*$`)
	wordy    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+~^:_-]*$`)
)

var grammars = map[Scheme]*regexp.Regexp{
	SemVer: semverLike, "Go": semverLike, "npm": semverLike, "crates.io": semverLike, "Hex": semverLike,
	"Pub": semverLike, "SwiftURL": semverLike, "Julia": semverLike, "Bitnami": semverLike,
	"ConanCenter": semverLike, "GHC": semverLike, "Bioconductor": semverLike, "Docker Hardened Images": semverLike,
	"NuGet": nuget, "RubyGems": gem,
	"Debian": dpkg, "Ubuntu": dpkg,
	"Alpine": apk, "Wolfi": apk, "Chainguard": apk, "MinimOS": apk, "Alpaquita": apk,
	"CRAN": cran, "Hackage": cran,
}

// check says why text is no version of scheme, or nothing.
func check(scheme Scheme, text string) string {
	ok := false
	switch {
	case scheme == "PyPI":
		ok = pep440.MatchString(text) || legacyPy.MatchString(text)
	case grammars[scheme] != nil:
		ok = grammars[scheme].MatchString(text)
	default: // Maven, Packagist and RPM take words: a digit is asked for.
		ok = wordy.MatchString(text) && strings.ContainsAny(text, "0123456789")
	}
	if !ok {
		return "is not a version of this scheme"
	}
	return ""
}

// strip takes off what the scheme's registry does not count: the v of Go tags
// and of PyPI, Packagist and npm versions, the "go" of the Go toolchain.
func strip(scheme Scheme, text string) string {
	text = strings.TrimSpace(text)
	switch scheme {
	case "Go":
		if rest, ok := strings.CutPrefix(text, "go"); ok && digit(rest) {
			return rest
		}
		fallthrough
	case SemVer, "npm", "crates.io", "PyPI", "Packagist", "Hex", "Pub", "SwiftURL", "Julia", "Bitnami", "ConanCenter", "NuGet":
		if rest := strings.TrimLeft(text, "vV"); len(rest) == len(text)-1 && digit(rest) {
			return rest
		}
	}
	return text
}

func digit(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }
