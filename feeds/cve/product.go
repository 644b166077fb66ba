package cve

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/vex"
)

type affected struct {
	Vendor     string   `json:"vendor"`
	Product    string   `json:"product"`
	Package    string   `json:"packageName"`
	Collection string   `json:"collectionURL"`
	PURL       string   `json:"packageURL"` // 5.2
	CPEs       []string `json:"cpes"`
	Repo       string   `json:"repo"`
	Modules    []string `json:"modules"`
	Files      []string `json:"programFiles"`
	Routines   []struct {
		Name string `json:"name"`
	} `json:"programRoutines"`
	Platforms []string  `json:"platforms"`
	Default   string    `json:"defaultStatus"`
	Versions  []version `json:"versions"`
}

type version struct {
	Version string `json:"version"`
	Status  string `json:"status"`
	Type    string `json:"versionType"`
	Below   string `json:"lessThan"`
	UpTo    string `json:"lessThanOrEqual"`
	Changes []struct {
		At     string `json:"at"`
		Status string `json:"status"`
	} `json:"changes"`
}

// unsaid are the words that forms ask for when there is nothing to say.
var unsaid = map[string]bool{
	"": true, "n/a": true, "na": true, "-": true, "unspecified": true, "unknown": true, "none": true, "not applicable": true, "not specified": true, "*": true,
}

// said is text, and empty when that says nothing.
func said(text string) string {
	text = strings.TrimSpace(text)
	if unsaid[strings.ToLower(text)] {
		return ""
	}
	return text
}

func allSaid(in []string) []string {
	var out []string
	for _, text := range in {
		if text = said(text); text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// status reads the words of the schema. An unknown status is said to be unknown;
// another word would change what is affected and is refused.
func status(text string) (vex.Status, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "affected":
		return vex.Affected, nil
	case "unaffected":
		return vex.NotAffected, nil
	case "unknown", "":
		return "", nil
	}
	return "", fmt.Errorf("status %q is none of the schema", text)
}

// product is what a says; it reports false when that is nothing.
func (a affected) product(by string) (p feeds.Product, says bool, err error) {
	p = feeds.Product{
		By: by, Vendor: said(a.Vendor), Name: said(a.Product), Repo: said(a.Repo),
		Modules: allSaid(a.Modules), Files: allSaid(a.Files), Platforms: platforms(a.Platforms),
	}
	for _, c := range a.CPEs {
		if c = strings.TrimSpace(c); c != "" && !slices.Contains(p.CPEs, c) {
			p.CPEs = append(p.CPEs, c)
		}
	}
	for _, r := range a.Routines {
		if name := said(r.Name); name != "" && !slices.Contains(p.Routines, name) {
			p.Routines = append(p.Routines, name)
		}
	}
	if purl := said(a.PURL); purl != "" {
		p.PURLs = append(p.PURLs, purl)
	}
	purl, repo := collected(said(a.Collection), said(a.Package))
	if purl != "" && !slices.Contains(p.PURLs, purl) {
		p.PURLs = append(p.PURLs, purl)
	}
	if p.Repo == "" {
		p.Repo = repo
	}
	if p.Name == "" {
		p.Name = said(a.Package)
	}
	if p.Default, err = status(a.Default); err != nil {
		return p, false, fmt.Errorf("defaultStatus: %w", err)
	}
	named := p.Vendor != "" || p.Name != "" || p.Repo != "" || len(p.CPEs)+len(p.PURLs) > 0
	for i, v := range a.Versions {
		st, err := status(v.Status)
		if err != nil {
			return p, false, fmt.Errorf("versions[%d]: %w", i, err)
		}
		spans, unread, err := v.read(a.Product, a.Vendor+" "+a.Product, strings.TrimPrefix(a.Product, a.Vendor+" "), a.Package)
		if err != nil {
			return p, false, fmt.Errorf("versions[%d]: %w", i, err)
		}
		for _, s := range spans {
			s.Status = st
			p.Spans = append(p.Spans, s)
		}
		for _, words := range unread {
			if st != vex.Affected && st != "" {
				words = string(st) + ": " + words
			}
			if !slices.Contains(p.Unread, words) {
				p.Unread = append(p.Unread, words)
			}
		}
		if said(v.Version) != "" || said(v.Below) != "" || said(v.UpTo) != "" {
			says = true
		}
	}
	return p, says || named, nil
}

// platforms are what it has to run on; "all" is any, and not said.
func platforms(in []string) []string {
	var out []string
	for _, text := range allSaid(in) {
		switch strings.ToLower(text) {
		case "all", "any", "all platforms":
			return nil
		}
		out = append(out, text)
	}
	return out
}

// read reads one entry of the versions.
func (v version) read(names ...string) (spans []feeds.Span, unread []string, err error) {
	from, below, upTo := strings.TrimSpace(v.Version), strings.TrimSpace(v.Below), strings.TrimSpace(v.UpTo)
	turns, err := v.turns()
	if err != nil {
		return nil, nil, err
	}
	if below == "" && upTo == "" {
		spans, unread = v.alone(from, names...)
	} else {
		s, ok := bounded(from, below, upTo)
		if !ok {
			return nil, []string{v.words()}, nil
		}
		s.Type = v.kind(below, upTo)
		spans = []feeds.Span{s}
	}
	if len(turns) > 0 && len(spans) > 0 {
		if len(spans) > 1 {
			return nil, []string{v.words()}, nil
		}
		spans[0].Turns = turns
	}
	return spans, unread, nil
}

func (v version) turns() ([]feeds.Turn, error) {
	var out []feeds.Turn
	for i, c := range v.Changes {
		st, err := status(c.Status)
		if err != nil {
			return nil, fmt.Errorf("changes[%d]: %w", i, err)
		}
		if at := strings.TrimSpace(c.At); at != "" {
			out = append(out, feeds.Turn{At: at, Status: st})
		}
	}
	return out, nil
}

var commit = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// kind is the type of the versions. Some call their releases "git" versions; a number
// that is no commit is not of that type.
func (v version) kind(bounds ...string) string {
	kind := said(v.Type)
	if strings.EqualFold(kind, "git") {
		for _, b := range bounds {
			if b != "" && b != "*" && !commit.MatchString(b) {
				return ""
			}
		}
	}
	return kind
}

// words are what was written, for a person.
func (v version) words() string {
	out := strings.TrimSpace(v.Version)
	if v.Below != "" {
		out += ", less than " + strings.TrimSpace(v.Below)
	}
	if v.UpTo != "" {
		out += ", up to " + strings.TrimSpace(v.UpTo)
	}
	for _, c := range v.Changes {
		out += ", " + c.Status + " from " + c.At
	}
	return out
}

// unescape takes off the backslashes of a CPE name, from which some versions were
// copied.
var unescape = strings.NewReplacer(`\(`, `(`, `\)`, `)`, `\+`, `+`, `\:`, `:`, `\~`, `~`, `\!`, `!`, `\/`, `/`, `\,`, `,`)

var (
	// oneWord has nothing in it that could part or join versions.
	oneWord    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+~:()-]*$`)
	openPlace  = regexp.MustCompile(`(?i)\.x+(\.|$)`)
	perhapsTwo = regexp.MustCompile(`^[vV]?[0-9]+(?:\.[0-9]+)*[a-z]?-[vV]?[0-9]+(?:\.[0-9]+)*[a-z]?$`)
)

// alone reads a version without bounds. The schema calls it one version; many write
// prose there.
func (v version) alone(text string, names ...string) ([]feeds.Span, []string) {
	plain := unescape.Replace(text)
	low := strings.ToLower(plain)
	one := func() []feeds.Span {
		s := feeds.Span{From: plain, Type: v.kind(plain)}
		if plain != text {
			s.Text = text
		}
		return []feeds.Span{s}
	}
	word := oneWord.MatchString(plain) && strings.ContainsAny(plain, "0123456789") && !openPlace.MatchString(plain)
	kind := strings.ToLower(said(v.Type))
	switch {
	case low == "*":
		return []feeds.Span{{From: "0", Open: true, Type: said(v.Type), Text: text}}, nil
	case unsaid[low], low == "0":
		// "0" is where ranges begin, and no version of anything.
		if text == "" {
			text = "no version"
		}
		return nil, []string{text}
	case word && kind != "" && kind != "custom":
		return one(), nil
	}
	spans, unread := feeds.ReadVersionsOf(plain, names...)
	switch {
	case len(unread) > 0 && word && !perhapsTwo.MatchString(plain):
		return one(), nil
	case len(unread) > 0:
		return nil, []string{text}
	case len(spans) == 1 && spans[0].Single() && spans[0].From == plain:
		return one(), nil
	}
	for i := range spans {
		if spans[i].Type == "" {
			spans[i].Type = said(v.Type)
		}
	}
	return spans, nil
}

// bounded reads a version with an upper bound.
func bounded(from, below, upTo string) (s feeds.Span, ok bool) {
	switch first := unescape.Replace(from); {
	case unsaid[strings.ToLower(first)], first == "0":
		s.From = "0"
	default:
		if s.From, _, ok = end(strings.TrimSuffix(first, ".*")); !ok {
			return s, false
		}
	}
	if below = unescape.Replace(below); below != "" {
		if s.Below, _, ok = end(below); !ok {
			return s, false
		}
	}
	if upTo = unescape.Replace(upTo); upTo != "" {
		if _, s.UpTo, ok = end(upTo); !ok {
			return s, false
		}
	}
	return s, true
}

// end reads the version of a bound: where what it means begins, and where it ends,
// which are not the same for "6.1.x".
func end(text string) (first, last string, ok bool) {
	if text == "*" || strings.HasSuffix(text, ".*") {
		return text, text, true
	}
	if spans, _ := feeds.ReadVersions(text); len(spans) == 1 && spans[0].From != "" && spans[0].Below == "" && !spans[0].Open {
		if spans[0].Single() {
			return text, text, true
		}
		if strings.HasSuffix(spans[0].UpTo, ".*") {
			return spans[0].From, spans[0].UpTo, true
		}
	}
	return text, text, !unsaid[strings.ToLower(text)] && oneWord.MatchString(text) && !openPlace.MatchString(text)
}

// registries are where packages are collected, by host, and the type of their
// package URLs.
var registries = map[string]string{
	"registry.npmjs.org": "npm", "npmjs.com": "npm", "npmjs.org": "npm",
	"pypi.org": "pypi", "pypi.python.org": "pypi",
	"repo1.maven.org": "maven", "repo.maven.apache.org": "maven", "search.maven.org": "maven", "central.sonatype.com": "maven", "mvnrepository.com": "maven", "maven.apache.org": "maven",
	"rubygems.org": "gem", "crates.io": "cargo", "nuget.org": "nuget", "api.nuget.org": "nuget", "packagist.org": "composer",
	"pkg.go.dev": "golang", "proxy.golang.org": "golang", "hex.pm": "hex", "pub.dev": "pub", "conan.io": "conan", "center.conan.io": "conan",
}

// inPath is where in the address of a registry's page the name stands, when no name
// is given.
var inPath = map[string]string{"pypi": "/project/", "npm": "/package/", "cargo": "/crates/", "gem": "/gems/", "golang": "/", "nuget": "/packages/", "pub": "/packages/", "hex": "/packages/", "composer": "/packages/"}

// collected is the package URL of a package in a known registry, or the address of the
// repository that the collection is.
func collected(collection, name string) (purl, repo string) {
	at, err := url.Parse(collection)
	if err != nil || at.Host == "" {
		return "", ""
	}
	host := strings.TrimPrefix(strings.ToLower(at.Hostname()), "www.")
	if host == "github.com" {
		parts := strings.FieldsFunc(at.Path, func(r rune) bool { return r == '/' })
		if len(parts) == 1 && oneWord.MatchString(name) {
			parts = append(parts, name)
		}
		if len(parts) < 2 {
			return "", ""
		}
		return "", "https://github.com/" + parts[0] + "/" + parts[1]
	}
	kind, ok := registries[host]
	if !ok {
		return "", ""
	}
	if name == "" {
		_, name, _ = strings.Cut(at.Path, inPath[kind])
		if kind != "golang" {
			name, _, _ = strings.Cut(name, "/")
		}
	}
	return packageURL(kind, strings.Trim(name, "/ ")), ""
}

// packageURL is the package URL of a name as its registry writes it; empty when
// the name is none.
func packageURL(kind, name string) string {
	if name == "" || strings.ContainsAny(name, " \t\n?#") {
		return ""
	}
	space := ""
	switch kind {
	case "maven":
		group, artifact, ok := strings.Cut(name, ":")
		if !ok || group == "" || artifact == "" || strings.Contains(artifact, ":") {
			return ""
		}
		space, name = group, artifact
	case "npm", "composer", "golang":
		if i := strings.LastIndex(name, "/"); i > 0 {
			space, name = name[:i], name[i+1:]
		}
	case "pypi":
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	default:
		if strings.Contains(name, "/") {
			return ""
		}
	}
	if name == "" || kind == "composer" && space == "" {
		return ""
	}
	return packageurl.NewPackageURL(kind, space, name, "", nil, "").ToString()
}
