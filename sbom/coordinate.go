package sbom

import (
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// A Coordinate is a name under which records and components meet. It has no
// version. Components and records each compute theirs with the functions here,
// so that equal text means "may speak of the same thing", and a store needs to
// index text only. Forms:
//
//	pkg:PyPI/django          a package of an OSV ecosystem
//	purl:github/wolfssl/wolfssl   a package URL of no ecosystem, or a repository
//	repo:git.kernel.org/…    a repository in a place without a package URL type
//	cpe:a:wolfssl:wolfssl    part, vendor and product of a CPE name
//	cpe:a:*:wolfssl          the same where a record leaves the vendor open
//	name:jquery              a bare name: a hint, never an identity
//	vendor:siemens           a vendor in words: a hint too
//	says:wolfssl             a word of a record that states no product
//	in:osv:PyPI              all packages of an ecosystem in one source
//	by:osv:package           all records of one source that speak by package
//	by:nvd:cpe               all that speak by CPE name
type Coordinate string

// Hint reports whether at stands for words: equal words are no identity.
func (at Coordinate) Hint() bool {
	kind, _, _ := strings.Cut(string(at), ":")
	return kind == "name" || kind == "vendor" || kind == "says"
}

// PackageCoordinate is the coordinate of a package by the ecosystem's name for
// it. A release after the ecosystem ("Debian:12") is left out.
func PackageCoordinate(ecosystem, name string) Coordinate {
	e, _ := Release(ecosystem)
	return Coordinate("pkg:" + e + "/" + packageName(e, name))
}

// EcosystemCoordinate is the coordinate of everything that source holds in an
// ecosystem.
func EcosystemCoordinate(source, ecosystem string) Coordinate {
	e, _ := Release(ecosystem)
	return Coordinate("in:" + source + ":" + e)
}

// A Route is a way in which records say what is affected.
type Route string

// The routes.
const (
	ByPackage Route = "package"
	ByCPE     Route = "cpe"
	ByName    Route = "name"
)

// RouteCoordinate is the coordinate of everything that source says by one route.
func RouteCoordinate(source string, r Route) Coordinate {
	return Coordinate("by:" + source + ":" + string(r))
}

// NameCoordinate is the coordinate of a bare name. Case and the difference
// between space, underscore and dash do not count.
func NameCoordinate(name string) Coordinate {
	return Coordinate("name:" + FoldName(name))
}

// FoldName folds what NameCoordinate does not count.
func FoldName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r == ' ' || r == '_' || r == '-'
	}), " ")
}

// VendorCoordinate is the coordinate of a vendor named in words. What
// [FoldVendor] folds does not count.
func VendorCoordinate(vendor string) Coordinate {
	return Coordinate("vendor:" + FoldVendor(vendor))
}

// legal are the words of a company's legal form and the like, which one writer puts
// behind a name and another leaves out.
var legal = []string{
	"inc", "incorporated", "ltd", "limited", "llc", "gmbh", "ag", "corp", "corporation", "co", "company", "kg", "bv", "nv",
	"sa", "sas", "srl", "spa", "oy", "ab", "as", "plc", "pty", "the", "project", "foundation", "group", "team",
	"organization", "organisation", "and",
}

// FoldVendor folds case, punctuation and legal forms: "wolfSSL Inc." is "wolfssl",
// "The Linux Foundation" is "linux". A name of nothing else stays as it is.
func FoldVendor(vendor string) string {
	words := strings.FieldsFunc(ascii(strings.ToLower(vendor)), func(r rune) bool {
		return strings.ContainsRune(" _-.,/&()'", r)
	})
	kept := make([]string, 0, len(words))
	for _, w := range words {
		if !slices.Contains(legal, w) {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		kept = words
	}
	return strings.Join(kept, " ")
}

// ascii drops the letters that writers spell in several ways, or that a wrong encoding
// has spoiled, from a text that has others.
func ascii(text string) string {
	plain := strings.Map(func(r rune) rune {
		if r > 0x7f {
			return -1
		}
		return r
	}, text)
	if strings.ContainsFunc(plain, func(r rune) bool { return 'a' <= r && r <= 'z' }) {
		return plain
	}
	return text
}

// SameVendor reports whether two folded vendors may be one: they are equal but for
// spaces, or one begins with the words of the other ("bosch", "bosch rexroth").
func SameVendor(a, b string) bool {
	if a == b || strings.HasPrefix(a, b+" ") || strings.HasPrefix(b, a+" ") {
		return true
	}
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

// RepoCoordinate is the coordinate of a source repository, the same as that of the
// package URL of the place it lies in, where there is such a type (pkg:github,
// pkg:gitlab, pkg:bitbucket). ok is false for what is not the address of a
// repository.
func RepoCoordinate(address string) (at Coordinate, ok bool) {
	rest := strings.ToLower(trim(address))
	for _, scheme := range []string{"git+", "https://", "http://", "git://", "ssh://", "git@"} {
		rest = strings.TrimPrefix(rest, scheme)
	}
	rest = strings.TrimSuffix(strings.TrimRight(rest, "/"), ".git")
	host, path, found := strings.Cut(strings.Replace(rest, ":", "/", 1), "/")
	if !found || path == "" || !strings.Contains(host, ".") || strings.ContainsAny(rest, " \t\n") {
		return "", false
	}
	for domain, kind := range map[string]string{"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"} {
		if host == domain || host == "www."+domain {
			owner, name, found := strings.Cut(path, "/")
			if !found {
				return "", false
			}
			if kind != "gitlab" { // what follows the name is a place within it
				name, _, _ = strings.Cut(name, "/")
			}
			return Coordinate("purl:" + kind + "/" + owner + "/" + name), name != ""
		}
	}
	return Coordinate("repo:" + host + "/" + path), true
}

// MentionCoordinate is the coordinate of a word that a text about a vulnerability
// uses.
func MentionCoordinate(word string) Coordinate { return Coordinate("says:" + word) }

// Mentions returns the words of a text that may be part of the name of a product or of its
// vendor, folded, each once, in order of the alphabet: the first 512 of them, since texts name
// what they are about early. Words that are common in such texts are left out.
func Mentions(text string) []string {
	const most = 512
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f)
	})
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 2 || commonWords[w] || digits(w) })
	if len(words) > most {
		seen := make(map[string]bool, len(words))
		words = slices.DeleteFunc(words, func(w string) bool {
			if seen[w] || len(seen) == most {
				return true
			}
			seen[w] = true
			return false
		})
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func digits(w string) bool { return strings.Trim(w, "0123456789") == "" }

// CPECoordinate is the coordinate of a CPE name as a record states it. A vendor
// or product that is open or holds a wildcard is written as "*".
func CPECoordinate(n cpe.Name) Coordinate {
	return cpeCoordinate(n.Part, n.Vendor, n.Product)
}

func cpeCoordinate(part, vendor, product cpe.Value) Coordinate {
	open := func(v cpe.Value) string {
		if !v.Literal() && v != cpe.NA || v.Pattern() {
			return "*"
		}
		return string(v)
	}
	return Coordinate("cpe:" + open(part) + ":" + open(vendor) + ":" + open(product))
}

// Identities returns c as each of its identifiers names it: first with its own
// PURL and CPE, then once for every usable purl and CPE in More, with that
// alone.
func (c Component) Identities() []Component {
	out := []Component{c}
	for _, id := range c.More {
		other := c
		other.More = nil
		switch {
		case id.Problem != "" || id.Text == c.PURL || id.Text == c.CPE:
			continue
		case id.Kind == "purl":
			other.PURL, other.CPE = id.Text, ""
		case id.Kind == "cpe":
			other.PURL, other.CPE = "", id.Text
		default:
			continue
		}
		out = append(out, other)
	}
	return out
}

// Coordinates returns every coordinate under which a record may speak of c, each
// once, the most telling first: its package, its CPE and the forms of it that a record
// with wildcards would use, the same for its further identifiers, its names. A component whose vendor or product is
// itself a wildcard has no CPE coordinate: it names nothing.
func (c Component) Coordinates() []Coordinate {
	var out []Coordinate
	add := func(at ...Coordinate) {
		for _, one := range at {
			if !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	for _, i := range c.Identities() {
		add(i.own()...)
	}
	for _, s := range c.Spellings() {
		add(SpellingCoordinate(s))
	}
	for _, name := range c.Names() {
		add(NameCoordinate(name))
		if w := Telling(name); w != "" {
			add(MentionCoordinate(w))
		}
	}
	for _, v := range c.Vendors() {
		add(VendorCoordinate(v))
		if w := Telling(v); w != "" {
			add(MentionCoordinate(w))
		}
	}
	return out
}

// Vendors returns, folded, each once, who may be meant as the vendor of c: the vendor
// of its CPE, its supplier, manufacturer and publisher.
func (c Component) Vendors() []string {
	var out []string
	add := func(vendor string) {
		for _, v := range VendorNames(vendor) {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	if n, err := c.CPEName(); err == nil && n.Vendor.Literal() && !n.Vendor.Pattern() {
		add(n.Vendor.Text())
	}
	add(c.Supplier)
	add(c.Manufacturer)
	add(c.Publisher)
	return out
}

// Telling returns the longest word of a name that texts are searched for; empty when
// it has none that tells anything.
func Telling(name string) string {
	longest := ""
	for _, w := range Mentions(name) {
		if len(w) > len(longest) {
			longest = w
		}
	}
	return longest
}

// own are the coordinates of c's PURL and CPE.
func (c Component) own() []Coordinate {
	var out []Coordinate
	if p, err := c.Package(); err == nil {
		out = p.Coordinates()
	}
	if n, err := c.CPEName(); err == nil {
		out = append(out, CPECoordinates(n)...)
	}
	return out
}

// CPECoordinates returns where records may speak of what n names: its own
// coordinate, then those of records that leave some of it open. A name whose vendor
// or product is itself open has none: it names nothing. One whose part is open may be any.
func CPECoordinates(n cpe.Name) []Coordinate {
	if n.Part == cpe.Any {
		// Some builds know vendor and product and not the part.
		n.Part = "a"
		if !n.Names() {
			return nil
		}
		out := []Coordinate{cpeCoordinate(cpe.Any, n.Vendor, n.Product)}
		for _, part := range []cpe.Value{"a", "o", "h"} {
			out = append(out, cpeCoordinate(part, n.Vendor, n.Product), cpeCoordinate(part, cpe.Any, n.Product))
		}
		return append(out, cpeCoordinate(cpe.Any, cpe.Any, n.Product))
	}
	if !n.Names() {
		return nil
	}
	return []Coordinate{
		cpeCoordinate(n.Part, n.Vendor, n.Product),
		cpeCoordinate(n.Part, cpe.Any, n.Product),
		cpeCoordinate(n.Part, n.Vendor, cpe.Any),
		cpeCoordinate(n.Part, cpe.Any, cpe.Any),
		cpeCoordinate(cpe.Any, n.Vendor, n.Product),
		cpeCoordinate(cpe.Any, cpe.Any, n.Product),
	}
}

// Names returns the bare names c goes by: its name and its CPE product, when
// they differ.
func (c Component) Names() []string {
	var out []string
	if trim(c.Name) != "" {
		out = append(out, trim(c.Name))
	}
	if n, err := c.CPEName(); err == nil && n.Product.Literal() && !n.Product.Pattern() {
		if p := n.Product.Text(); len(out) == 0 || FoldName(p) != FoldName(out[0]) {
			out = append(out, p)
		}
	}
	return out
}

// Coordinate returns the one coordinate that stands for c in keys: its package,
// else its CPE, else its group and name. Further identifiers do not count: one
// that is accepted later must not give the component another key.
func (c Component) Coordinate() Coordinate {
	if own := c.own(); len(own) > 0 {
		return own[0]
	}
	if trim(c.Group) != "" {
		return NameCoordinate(c.Group + "/" + c.Name)
	}
	return NameCoordinate(c.Name)
}

func purlCoordinate(p Package) Coordinate {
	at := "purl:" + p.Type + "/"
	if p.Namespace != "" {
		at += strings.ToLower(p.Namespace) + "/"
	}
	return Coordinate(at + strings.ToLower(p.Name))
}
