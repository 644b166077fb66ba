package vers

// A Scheme is a way to order versions: [Generic], another of the constants here,
// or the name of an OSV ecosystem without its release ("PyPI", "Debian").
type Scheme string

// The schemes that belong to no OSV ecosystem.
const (
	// Generic orders what firmware makers and CPE names write. The rules are
	// ours: see [Parse].
	Generic Scheme = "generic"
	// SemVer is Semantic Versioning 2.0.0, read leniently: missing numbers are 0,
	// and more than three numbers are all numbers.
	SemVer Scheme = "semver"
	// OpenSSL orders the releases of OpenSSL: up to 1.1.1 with patch letters
	// (0.9.8z < 0.9.8za < 1.0.2k), from 3.0 on without; -dev, -alpha, -beta and
	// -pre come before what they announce; -fips names a build.
	OpenSSL Scheme = "openssl"
	// Date orders days: 2021-05-03, 20210503, 2021.05.03 and 2021/05/03 are one.
	Date Scheme = "date"
	// DateTime orders instants written as in RFC 3339 with an upper case T and Z,
	// whatever their offset.
	DateTime Scheme = "datetime"
	// Alpm is the order of Arch Linux packages. Where one side has no release
	// number, releases do not count, so it has no key.
	Alpm Scheme = "alpm"
	// Gentoo is the order of the Gentoo package manager specification.
	Gentoo Scheme = "gentoo"
	// IntDot orders numbers between dots and ignores what follows them.
	IntDot Scheme = "intdot"
	// Lexicographic orders texts by their bytes.
	Lexicographic Scheme = "lexicographic"
)

// An order is a set of rules; many schemes share one.
type order uint8

const (
	unordered order = iota
	generic
	semver
	semverBuild // build metadata counts
	golang
	pep440
	maven
	nuget
	gem
	packagist
	dpkg
	rpm
	apk
	portage
	alpm
	conan
	openssl
	day
	instant
	cran
	hackage
	intdot
	lexicographic
)

// total reports whether any two versions of o compare, and so have keys.
func (o order) total() bool { return o != unordered && o != generic && o != maven && o != alpm }

// schemes are the known schemes. A [Version] keeps the place of its own here; the
// first is that of the zero Version.
var schemes = [...]struct {
	name  Scheme
	order order
}{
	{},
	{Generic, generic}, {SemVer, semver}, {OpenSSL, openssl}, {Date, day}, {DateTime, instant},
	{Alpm, alpm}, {Gentoo, portage}, {IntDot, intdot}, {Lexicographic, lexicographic},
	{"Go", golang}, {"npm", semver}, {"crates.io", semver}, {"Hex", semver}, {"SwiftURL", semver}, {"Bitnami", semver},
	{"GHC", semver}, {"Bioconductor", semver}, {"Docker Hardened Images", semver}, {"GitHub Actions", semver}, {"Linux", semver}, {"Pub", semverBuild}, {"Julia", semverBuild},
	{"PyPI", pep440}, {"Maven", maven}, {"NuGet", nuget}, {"RubyGems", gem}, {"Packagist", packagist},
	{"Debian", dpkg}, {"Ubuntu", dpkg}, {"Echo", dpkg},
	{"Red Hat", rpm}, {"Rocky Linux", rpm}, {"AlmaLinux", rpm}, {"SUSE", rpm}, {"openSUSE", rpm}, {"openEuler", rpm},
	{"Mageia", rpm}, {"Photon OS", rpm}, {"Azure Linux", rpm},
	{"Alpine", apk}, {"Wolfi", apk}, {"Chainguard", apk}, {"MinimOS", apk}, {"Alpaquita", apk}, {"BellSoft Hardened Containers", apk},
	{"ConanCenter", conan}, {"CRAN", cran}, {"Hackage", hackage},
}

// ids holds the place of each scheme in schemes.
var ids = func() map[Scheme]uint8 {
	m := make(map[Scheme]uint8, len(schemes))
	for i, s := range schemes[1:] {
		m[s.name] = uint8(i + 1)
	}
	return m
}()

// Total reports whether any two versions of s compare, in one transitive order.
// It holds for all known schemes but [Generic], which has the third answer, Maven,
// which has it where the manual of Maven and its code differ, and [Alpm], whose equality is not transitive. For a scheme that is not known it is false.
func (s Scheme) Total() bool { return schemes[ids[s]].order.total() }

// Schemes returns the known schemes.
func Schemes() []Scheme {
	all := make([]Scheme, 0, len(schemes)-1)
	for _, s := range schemes[1:] {
		all = append(all, s.name)
	}
	return all
}
