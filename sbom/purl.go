package sbom

import (
	"fmt"
	"regexp"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// A Package is a component's package URL, read.
type Package struct {
	Type, Namespace, Name, Version string
	// Distro is the value of the distro qualifier ("debian-12"); empty when
	// not said.
	Distro string
	// Upstream is the name of the source package a binary one was built from
	// (the upstream qualifier), UpstreamVersion that package's own version; empty when
	// not said.
	Upstream, UpstreamVersion string
}

// ErrNoPURL says that a component has no package URL.
var ErrNoPURL = fmt.Errorf("sbom: component has no purl")

// Package reads the component's package URL. A component without one gives
// [ErrNoPURL].
func (c Component) Package() (Package, error) {
	text := trim(c.PURL)
	if text == "" {
		return Package{}, ErrNoPURL
	}
	if p, ok := plainPURL(text); ok {
		return p, nil
	}
	p, err := packageurl.FromString(text)
	if err != nil {
		// A scope whose @ was not encoded and whose slash was: pkg:npm/@scope%2Fname@1.0.
		if m := scoped.FindStringSubmatch(text); m != nil {
			p, err = packageurl.FromString(m[1] + "%40" + m[2] + "/" + m[3])
		}
	}
	if err != nil {
		return Package{}, fmt.Errorf("sbom: purl %q: %w", c.PURL, err)
	}
	out := Package{Type: p.Type, Namespace: p.Namespace, Name: p.Name, Version: trim(p.Version)}
	if len(p.Qualifiers) == 0 {
		return out, nil
	}
	qualifiers := p.Qualifiers.Map()
	out.Distro = qualifiers["distro"]
	out.Upstream, out.UpstreamVersion = source(p.Type, trim(qualifiers["upstream"]))
	// An rpm purl keeps the epoch apart, and some tools do so for deb too; the version that is ordered has
	// it in front.
	if epoch := qualifiers["epoch"]; (p.Type == "rpm" || p.Type == "deb") && epoch != "" && out.Version != "" && !strings.Contains(out.Version, ":") {
		out.Version = epoch + ":" + out.Version
	}
	if epoch, _, ok := strings.Cut(out.Version, ":"); ok && p.Type == "rpm" && out.UpstreamVersion != "" && !strings.Contains(out.UpstreamVersion, ":") {
		out.UpstreamVersion = epoch + ":" + out.UpstreamVersion // the name of the file has no room for it
	}
	return out, nil
}

var sourceRPM = regexp.MustCompile(`^(.+)-([^-]+-[^-]+)\.(?:no)?src(?:\.rpm)?$`)

// source reads the upstream qualifier: a name, which a version may follow
// (lvm2@2.03.16-2), or the name of the file of a source RPM.
func source(kind, upstream string) (name, version string) {
	if kind == "rpm" {
		if m := sourceRPM.FindStringSubmatch(upstream); m != nil {
			return m[1], m[2]
		}
	}
	name, version, _ = strings.Cut(upstream, "@")
	return trim(name), trim(version)
}

// plainTypes are the types of which the parser changes nothing in a name and a namespace
// of lower case letters, digits and ".-/".
var plainTypes = map[string]bool{
	"cargo": true, "deb": true, "gem": true, "generic": true, "golang": true, "maven": true, "npm": true, "nuget": true, "github": true,
	"pypi": true, "composer": true, "hex": true,
}

// plainPURL reads the package URLs that make up most of an inventory, a type that is
// known, a path and a version without anything that is encoded or has to be normalized, as the parser would.
// ok is false for every other.
func plainPURL(text string) (p Package, ok bool) {
	rest, ok := strings.CutPrefix(text, "pkg:")
	if !ok {
		return Package{}, false
	}
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok || !plainTypes[kind] {
		return Package{}, false
	}
	at, slash := -1, -1
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.' && at >= 0, c == '-':
		case c == '.' && i > 0 && i+1 < len(rest) && rest[i-1] != '/' && rest[i+1] != '/' && rest[i-1] != '.':
		case c == '/' && at < 0 && i > 0 && i+1 < len(rest) && rest[i-1] != '/':
			slash = i
		case c == '@' && at < 0 && i > 0 && rest[i-1] != '/':
			at = i
		case 'A' <= c && c <= 'Z' && at >= 0 && kind != "npm", c == '~' && at >= 0, c == '_' && at >= 0:
		default:
			return Package{}, false
		}
	}
	name := rest
	if at >= 0 {
		name, p.Version = rest[:at], rest[at+1:]
		if p.Version == "" {
			return Package{}, false
		}
	}
	if slash >= 0 {
		p.Namespace, name = name[:slash], name[slash+1:]
	}
	if name == "" || kind == "maven" && slash < 0 || p.Namespace != "" && (kind == "pypi" || kind == "gem" || kind == "cargo" || kind == "nuget") {
		return Package{}, false
	}
	p.Type, p.Name = kind, name
	return p, true
}

// CPEName reads the component's CPE. A component without one gives
// [cpe.ErrEmpty].
func (c Component) CPEName() (cpe.Name, error) {
	return cpe.Parse(trim(c.CPE))
}

// purlEcosystems says which OSV ecosystem a purl type belongs to, where the
// type alone decides (purl type definitions; ecosystems of the OSV schema).
// A type that is absent has no ecosystem: pkg:generic and pkg:github name no
// registry, so records of a registry say nothing about them.
var purlEcosystems = map[string]string{
	"bioconductor":  "Bioconductor",
	"bitnami":       "Bitnami",
	"cargo":         "crates.io",
	"composer":      "Packagist",
	"conan":         "ConanCenter",
	"cran":          "CRAN",
	"gem":           "RubyGems",
	"githubactions": "GitHub Actions",
	"golang":        "Go",
	"hackage":       "Hackage",
	"hex":           "Hex",
	"julia":         "Julia",
	"maven":         "Maven",
	"npm":           "npm",
	"nuget":         "NuGet",
	"pub":           "Pub",
	"pypi":          "PyPI",
	"swift":         "SwiftURL",
}

// distroEcosystems says the same for operating system packages, where the
// namespace decides.
var distroEcosystems = map[string]string{
	"apk/alpine":       "Alpine",
	"apk/chainguard":   "Chainguard",
	"apk/wolfi":        "Wolfi",
	"deb/debian":       "Debian",
	"deb/ubuntu":       "Ubuntu",
	"rpm/almalinux":    "AlmaLinux",
	"rpm/mageia":       "Mageia",
	"rpm/openeuler":    "openEuler",
	"rpm/opensuse":     "openSUSE",
	"rpm/redhat":       "Red Hat",
	"rpm/rocky":        "Rocky Linux",
	"rpm/rocky-linux":  "Rocky Linux",
	"rpm/rockylinux":   "Rocky Linux",
	"rpm/suse":         "SUSE",
	"rpm/sles":         "SUSE",
	"rpm/photon":       "Photon OS",
	"rpm/azurelinux":   "Azure Linux",
	"deb/raspbian":     "Debian",
	"rpm/centos":       "Red Hat",
	"rpm/rhel":         "Red Hat",
	"apk/alpaquita":    "Alpaquita",
	"apk/minimos":      "MinimOS",
	"rpm/alma":         "AlmaLinux",
	"rpm/opensuseleap": "openSUSE",
}

// Ecosystem returns the OSV ecosystem that p belongs to and p's name as that
// ecosystem writes it. ok is false when p belongs to none.
func (p Package) Ecosystem() (ecosystem, name string, ok bool) {
	if p.Type == "deb" || p.Type == "rpm" || p.Type == "apk" {
		if e, found := distroEcosystems[p.Type+"/"+strings.ToLower(p.Namespace)]; found {
			return e, p.Name, true
		}
	}
	e, found := purlEcosystems[p.Type]
	if !found {
		return "", "", false
	}
	switch {
	case p.Namespace == "" && e == "Maven": // without its group it names nothing there
		return "", "", false
	case p.Namespace == "":
		name = p.Name
	case e == "Maven":
		name = p.Namespace + ":" + p.Name
	case e == "ConanCenter", e == "Bitnami":
		name = p.Name
	default:
		name = p.Namespace + "/" + p.Name
	}
	return e, name, true
}

var scoped = regexp.MustCompile(`^(pkg:npm/)@([^/@%]+)%2[fF](.+)$`)

// packageName returns name in the one spelling under which it is indexed: an
// ecosystem's own equal spellings fall together. Case is folded in all of
// them, because purl and OSV do not agree on it (purl lower-cases Go paths).
func packageName(ecosystem, name string) string {
	name = strings.ToLower(name)
	if ecosystem != "PyPI" || !strings.ContainsAny(name, "-_.") {
		return name
	}
	out := make([]byte, 0, len(name)) // a run of dashes, dots and underscores is one dash (PEP 503)
	for i := 0; i < len(name); i++ {
		dash := name[i] == '-' || name[i] == '_' || name[i] == '.'
		switch {
		case !dash:
			out = append(out, name[i])
		case i == 0 || out[len(out)-1] != '-':
			out = append(out, '-')
		}
	}
	return string(out)
}

// Coordinates returns where records may speak of p: its package of an ecosystem
// and that of its source package, or else its package URL.
func (p Package) Coordinates() []Coordinate {
	_, at := p.Places()
	return at
}

// Places returns the OSV ecosystem of p, empty when it is of none, and its
// [Package.Coordinates].
func (p Package) Places() (ecosystem string, at []Coordinate) {
	e, name, ok := p.Ecosystem()
	if !ok {
		return "", []Coordinate{purlCoordinate(p)}
	}
	at = []Coordinate{PackageCoordinate(e, name)}
	if p.Upstream != "" && p.Upstream != p.Name {
		at = append(at, PackageCoordinate(e, p.Upstream))
	}
	return e, at
}

// Release splits an OSV ecosystem into its name and the release of an
// operating system: "Debian:12" is "Debian" and "12".
func Release(ecosystem string) (name, release string) {
	name, release, _ = strings.Cut(ecosystem, ":")
	return name, release
}

func trim(s string) string { return strings.TrimSpace(s) }
