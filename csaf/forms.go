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

	// RFC 3986, section 3, in ASCII: a scheme, an optional authority whose host
	// alone may hold brackets, and a path, query and fragment.
	uriForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+\-.]*:` +
		`(?://(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@)?(?:\[[0-9A-Fa-fv.:]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?(?:/(?:` + uriChar + `)*)?|(?:` + uriChar + `)+)` +
		`(?:\?(?:` + uriChar + `|\?)*)?(?:#(?:` + uriChar + `|\?)*)?$`)
)

const (
	space    = `\t\n\v\f\r\p{Z}\x{FEFF}` // what ECMAScript, whose expressions the schema uses, calls white space
	inLine   = `[^\n\r\x{2028}\x{2029}]` // and what its dot matches
	cpeValue = `:(?:(?:\?*|\*?)(?:[a-zA-Z0-9\-._]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~])+(?:\?*|\*?)|[*\-])`
	uriChar  = `[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2}`
)

func like(form *regexp.Regexp, what string) func(string) string {
	return func(s string) string {
		if form.MatchString(s) {
			return ""
		}
		return what
	}
}

func uri(s string) string { return like(uriForm, "a URI with a scheme")(s) }

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
