// Package feedflag is the flag -feed kind=path that the example programs share.
package feedflag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/feeds/epss"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/manual"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/feeds/stix"
)

// kinds makes the feed of a kind from its paths.
var kinds = map[string]func(from string, more []string) feeds.Source{
	"csaf": func(from string, more []string) feeds.Source { return csaf.New(&csaf.Options{From: from, More: more}) },
	"cve":  func(from string, more []string) feeds.Source { return cve.New(&cve.Options{From: from, More: more}) },
	"epss": func(from string, more []string) feeds.Source { return epss.New(&epss.Options{From: from, More: more}) },
	"kev":  func(from string, more []string) feeds.Source { return kev.New(&kev.Options{From: from, More: more}) },
	"nvd":  func(from string, more []string) feeds.Source { return nvd.New(&nvd.Options{From: from, More: more}) },
	"manual": func(from string, more []string) feeds.Source {
		return manual.New(&manual.Options{From: from, More: more})
	},
	"stix": func(from string, more []string) feeds.Source { return stix.New(&stix.Options{From: from, More: more}) },
	"osv":  func(from string, more []string) feeds.Source { return osv.New(&osv.Options{From: from, More: more}) },
}

// Kinds lists the kinds there are, sorted.
func Kinds() []string {
	var out []string
	for k := range kinds {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Paths is the value of the flag: the paths given for each kind, in order.
type Paths map[string][]string

// String lists what was given.
func (p Paths) String() string {
	var out []string
	for _, k := range Kinds() {
		for _, path := range p[k] {
			out = append(out, k+"="+path)
		}
	}
	return strings.Join(out, " ")
}

// Set takes one kind=path.
func (p Paths) Set(text string) error {
	kind, path, ok := strings.Cut(text, "=")
	switch {
	case !ok || path == "":
		return fmt.Errorf("%q is not kind=path", text)
	case kinds[kind] == nil:
		return fmt.Errorf("%q is no kind of feed (there are %s)", kind, strings.Join(Kinds(), ", "))
	}
	p[kind] = append(p[kind], path)
	return nil
}

// Sources makes one source of each kind, however many paths it was given.
func (p Paths) Sources() []feeds.Source {
	var out []feeds.Source
	for _, k := range Kinds() {
		if paths := p[k]; len(paths) > 0 {
			out = append(out, kinds[k](paths[0], paths[1:]))
		}
	}
	return out
}

// Of makes a source of one kind that reads nothing: it stands for what a mirror
// holds already.
func Of(kind string) feeds.Source { return kinds[kind]("", nil) }
