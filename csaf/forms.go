package csaf

import (
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// The forms of the schema's strings. Where the schema writes a pattern, the
// expression here accepts the same strings.
var (
	categoryForm = regexp.MustCompile(`^[^` + space + `\-_.](?:` + inLine + `*[^` + space + `\-_.])?$`)
	idForm       = regexp.MustCompile(`^[^` + space + `](?:` + inLine + `*[^` + space + `])?$`)
	cveForm      = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`)
	cweForm      = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
	hashForm     = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
	purlForm     = regexp.MustCompile(`^pkg:[A-Za-z.\-+][A-Za-z0-9.\-+]*/.+`)

	langForm = regexp.MustCompile(`^(?:` +
		`(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}(?:-[A-Za-z]{3}){0,2})?|[A-Za-z]{4,8})` + // language
		`(?:-[A-Za-z]{4})?` + // script
		`(?:-(?:[A-Za-z]{2}|[0-9]{3}))?` + // region
		`(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*` + // variants
		`(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*` + // extensions
		`(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?` + // private use
		`|[Xx](?:-[A-Za-z0-9]{1,8})+|(?i:i-default|i-mingo))$`)

	cpeForm = regexp.MustCompile(`^(?:cpe:2\.3:[aho*\-]` +
		strings.Repeat(cpeValue, 5) + // vendor, product, version, update, edition
		`:(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?|[*\-])` + // language
		strings.Repeat(cpeValue, 4) + // software edition, target software, target hardware, other
		`|[cC][pP][eE]:/[AHOaho]?(?::[A-Za-z0-9._\-~%]*){0,6})$`)
)

const (
	space    = `\t\n\v\f\r\p{Z}\x{FEFF}` // what ECMAScript, whose expressions the schema uses, calls white space
	inLine   = `[^\n\r\x{2028}\x{2029}]` // and what its dot matches
	cpeValue = `:(?:(?:\?*|\*?)(?:[a-zA-Z0-9\-._]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~])+(?:\?*|\*?)|[*\-])`
)

func like(form *regexp.Regexp, what string) func(string) string {
	return func(s string) string {
		if form.MatchString(s) {
			return ""
		}
		return what
	}
}

// uri wants a URI as of RFC 3986, section 3, in ASCII: a scheme, an optional
// authority whose host alone may hold brackets, and a path, query and fragment.
func uri(s string) string {
	const not = "a URI with a scheme"
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || !isLetter(scheme[0]) {
		return not
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return not
		}
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if !inURI(fragment, true) || !inURI(query, true) || rest == "" {
		return not
	}
	if open := strings.IndexByte(rest, '['); open >= 2 && rest[:2] == "//" {
		user := rest[2:open]
		literal, after, closed := strings.Cut(rest[open+1:], "]")
		port, path, _ := strings.Cut(after, "/")
		if !closed || literal == "" || strings.Trim(literal, "0123456789ABCDEFabcdefv.:") != "" ||
			user != "" && (strings.IndexByte(user, '@') != len(user)-1 || strings.Contains(user, "/")) ||
			port != "" && port[0] != ':' || strings.Trim(strings.TrimPrefix(port, ":"), "0123456789") != "" {
			return not
		}
		rest = user + path
	}
	if !inURI(rest, false) {
		return not
	}
	return ""
}

// inURI reports whether s is of characters that stand in a URI as they are or
// by a percent sign and two digits.
func inURI(s string, question bool) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isLetter(c) || isDigit(c):
		case c == '%':
			if i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
				return false
			}
			i += 2
		case c == '?':
			if !question {
				return false
			}
		case strings.IndexByte("-._~!$&'()*+,;=:@/", c) < 0:
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// hexDigit is the value of c, or -1.
func hexDigit(c byte) rune {
	switch {
	case isDigit(c):
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

func date(s string) string {
	if _, err := Date(s).Time(); err != nil {
		return "a date and time with a zone"
	}
	return ""
}

var integerForm = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

func versionNumber(s string) string {
	if _, _, ok := parseVersion(s); !ok {
		return "an integer or semantic version"
	}
	return ""
}

// parseVersion reads a document version. An integer n orders as n.0.0.
func parseVersion(s string) (v *semver.Version, integer, ok bool) {
	if integerForm.MatchString(s) {
		v, err := semver.StrictNewVersion(s + ".0.0")
		return v, true, err == nil
	}
	v, err := semver.StrictNewVersion(s)
	return v, false, err == nil
}

func enumerate(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}
