package vers_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

// What the hand-written scanners take, said another way.
var grammars = map[vers.Scheme]*regexp.Regexp{
	vers.SemVer:   regexp.MustCompile(`^[vV]?\d+(\.\d+)*(-[-0-9A-Za-z][-0-9A-Za-z.+~_]*|([+~_][0-9A-Za-z]|\.?[A-Za-z])[-0-9A-Za-z.+~_]*)?$`),
	"NuGet":       regexp.MustCompile(`^[vV]?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`),
	"PyPI":        regexp.MustCompile(`(?i)^v?(` + pep440 + `|\d[0-9A-Za-z.+!_-]*)$`),
	"Debian":      regexp.MustCompile(`^(\d+:\d[0-9A-Za-z.+~:-]*|\d+([A-Za-z.+~-][0-9A-Za-z.+~-]*)?)$`),
	"Alpine":      regexp.MustCompile(`^\d+(\.\d+)*([a-z]\d*)?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(~[0-9a-f]+)?(-r\d+)?$`),
	vers.Gentoo:   regexp.MustCompile(`^\d+(\.\d+)*[a-z]?(_(alpha|beta|pre|rc|p)\d*)*(-r\d+)?$`),
	"CRAN":        regexp.MustCompile(`^\d+([.-]\d+)*$`),
	"Hackage":     regexp.MustCompile(`^\d+(\.\d+)*$`),
	"Maven":       regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+~^:_-]*$`),
	"Packagist":   regexp.MustCompile(`^[vV]?[0-9A-Za-z][0-9A-Za-z.+~^:_-]*$`),
	vers.OpenSSL:  regexp.MustCompile(`^\d+(\.\d+){0,2}[a-z]*(-(fips|lts|(dev|alpha|beta|pre|rc)\.?\d*))*(\+[-0-9A-Za-z.+_~]*)?$`),
	vers.DateTime: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$`),
}

const pep440 = `(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?` +
	`(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?`

// exact are the schemes that take all that their grammar takes.
var exact = map[vers.Scheme]bool{
	vers.SemVer: true, "NuGet": true, "PyPI": true, "Debian": true, "Alpine": true, vers.Gentoo: true, "CRAN": true, "Hackage": true,
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"1.0.2k-fips", "v1.2.3", "A10", "", "1:2.3~rc1-1", "1.0+meta", "1.0.post1.dev2+a.1", "1.0.0.RC1", "1.2_rc1-r2", "2024-01-01T00:00:00.5Z",
		"1.0-x86_64-linux", "0!0", "1--1", "00000000000000000000", "1.0~~^a",
	} {
		f.Add(s, "1.0")
		f.Add(s, s+".0")
	}
	f.Add("=v1.2.2", "v1.2.3.0")
	schemes := vers.Schemes()
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 200 || len(b) > 200 {
			return
		}
		for _, s := range schemes {
			v, errV := vers.Parse(s, a)
			if g := grammars[s]; g != nil {
				plain := strings.TrimSpace(a)
				if s == vers.SemVer {
					if rest, ok := strings.CutPrefix(plain, "="); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
						plain = rest // "=v1" is no version of it
					}
				}
				if matches := g.MatchString(plain); matches != (errV == nil) && (!matches || exact[s]) {
					t.Fatalf("%s %q: its grammar says %t, we say %v", s, a, matches, errV)
				}
			}
			w, errW := vers.Parse(s, b)
			if errV != nil || errW != nil {
				continue
			}
			x, errX := v.Compare(w)
			y, errY := w.Compare(v)
			if (errX == nil) != (errY == nil) || x != -y {
				t.Fatalf("%s: %q against %q: %d %v, turned round %d %v", s, a, b, x, errX, y, errY)
			}
			if s.Total() && (errX != nil || x != strings.Compare(v.Key(), w.Key())) {
				t.Fatalf("%s: %q against %q: %d %v, by the keys %d", s, a, b, x, errX, strings.Compare(v.Key(), w.Key()))
			}
			if z, err := v.Compare(v); z != 0 || err != nil {
				t.Fatalf("%s: %q against itself: %d %v", s, a, z, err)
			}
		}
	})
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{
		"vers:npm/1.2.3|>=2.0.0|<5.0.0", "vers:all/*", "vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "vers:lexicographic/%3C|a%20b", "vers:deb/<1:2.0~rc1",
		"vers:pypi/ 2 | >=0.1 | 0.5", "VERS:NPM/<2|<1|>=3", "vers:maven/>=1.0-rc1|<=1.0", "vers:generic/<1.0.2k", "vers:datetime/2024-01-01T00:00:00Z",
	} {
		f.Add(s, "2.2.1")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		if len(text) > 300 || len(version) > 100 {
			return
		}
		if r, err := vers.ParseRange(text); err == nil && r.String() != text {
			t.Fatalf("%q is canonical, and written as %q", text, r)
		}
		r, err := vers.ReadRange(text)
		if err != nil {
			return
		}
		again, err := vers.ReadRange(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q is %q, and that is %q (%v)", text, r, again, err)
		}
		plain := r.Simplify()
		if strict, err := vers.ParseRange(plain.String()); err != nil || strict.String() != plain.String() {
			t.Fatalf("%q simplified is %q, and that is no canonical range: %v", text, plain, err)
		}
		x, errX := r.Contains(version)
		y, errY := plain.Contains(version)
		if x != y || (errX == nil) != (errY == nil) {
			t.Fatalf("%q in %q: %t %v, simplified %t %v", version, text, x, errX, y, errY)
		}
	})
}
