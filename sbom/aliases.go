package sbom

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// Aliases is a table of names under which software is known, and of the
// identifiers that public records use for it. It does not change; it may be read
// from many goroutines.
type Aliases struct {
	entries []Alias
	byName  map[string][]int // squashed name → entries
	byCPE   map[string][]int // part:vendor:product → entries
	byPURL  map[Coordinate][]int
	vendors map[string]bool
}

// An Alias is one thing with all its names and identifiers.
type Alias struct {
	// Names are those it goes by; the first is the usual one. Case, spaces and
	// punctuation do not count.
	Names []string `json:"names"`
	// Makers are who makes it, in words, beyond the vendors of its CPE names. Their
	// legal forms do not count.
	Makers []AliasID `json:"makers,omitempty"`
	CPEs   []AliasID `json:"cpes,omitempty"`
	PURLs  []AliasID `json:"purls,omitempty"`
}

// An AliasID is one identifier, and who says so.
type AliasID struct {
	// Name is "part:vendor:product" in CPE spelling ("a:arm:mbed_tls"), or a
	// package URL without a version.
	Name string `json:"name"`
	// Former marks one that was superseded or that few records use. Records may
	// still stand under it.
	Former bool `json:"former,omitempty"`
	// Source is the public record or listing in which it was read.
	Source string `json:"source"`
	// Certainty is "verified" (read in the source itself), "secondary" (read in a
	// listing of it), "memory" (not looked up) or "ours", as package rule has them.
	Certainty string `json:"certainty"`
}

// certainties are the words for how sure a row is, and what each is worth in a
// candidate's confidence. The numbers are ours.
var certainties = map[string]float64{"verified": 1, "secondary": 0.9, "memory": 0.6, "ours": 0.5}

//go:embed aliases.json
var aliasFile embed.FS

var defaultAliases = sync.OnceValues(func() (*Aliases, error) { return LoadAliases(aliasFile, "aliases.json") })

// DefaultAliases returns the table that comes with the library.
func DefaultAliases() (*Aliases, error) { return defaultAliases() }

// LoadAliases reads a table from the file name of fsys. Everything that is wrong
// in it is told at once. An entry needs a name and an identifier; an identifier
// needs a source and a certainty; two entries share no name.
func LoadAliases(fsys fs.FS, name string) (*Aliases, error) {
	var file struct {
		Name    string  `json:"name"`
		Date    string  `json:"date"`
		About   string  `json:"about"`
		Entries []Alias `json:"entries"`
	}
	if _, err := strictjson.Read(fsys, name, &file); err != nil {
		return nil, fmt.Errorf("sbom: aliases %q: %w", name, err)
	}
	t, err := NewAliases(file.Entries...)
	if err != nil {
		return nil, fmt.Errorf("sbom: aliases %q: %w", name, err)
	}
	return t, nil
}

// NewAliases makes a table of entries, under the same rules as [LoadAliases].
func NewAliases(entries ...Alias) (*Aliases, error) {
	t := &Aliases{byName: map[string][]int{}, byCPE: map[string][]int{}, byPURL: map[Coordinate][]int{}, vendors: map[string]bool{}}
	var errs []error
	for i, e := range entries {
		for _, err := range t.add(i, e) {
			errs = append(errs, fmt.Errorf("entry %d: %w", i+1, err))
		}
		t.entries = append(t.entries, e.clone())
	}
	return t, errors.Join(errs...)
}

func (t *Aliases) add(i int, e Alias) []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(e.Names) == 0 || len(e.CPEs)+len(e.PURLs) == 0 {
		bad("%q: a name or an identifier is missing", e.Names)
	}
	for _, n := range e.Names {
		key := squash(n)
		switch other := t.byName[key]; {
		case key == "":
			bad("name %q says nothing", n)
		case len(other) > 0 && other[0] != i:
			bad("name %q is that of entry %d too", n, other[0]+1)
		case len(other) == 0:
			t.byName[key] = []int{i}
		}
	}
	for _, id := range slices.Concat(e.CPEs, e.PURLs, e.Makers) {
		if _, known := certainties[id.Certainty]; !known || trim(id.Source) == "" {
			bad("%q: certainty %q is not known, or the source is missing", id.Name, id.Certainty)
		}
	}
	for _, id := range e.CPEs {
		n, err := cpe.Parse("cpe:2.3:" + id.Name + ":*:*:*:*:*:*:*:*")
		if err != nil || !n.Names() || triple(n) != id.Name {
			bad("%q is not part:vendor:product in CPE spelling", id.Name)
			continue
		}
		t.byCPE[id.Name] = append(t.byCPE[id.Name], i)
		t.vendors[n.Vendor.Text()] = true
	}
	for _, id := range e.PURLs {
		p, err := Component{PURL: id.Name}.Package()
		if err != nil || p.Version != "" {
			bad("%q is not a purl without a version", id.Name)
			continue
		}
		at := Component{PURL: id.Name}.Coordinate()
		t.byPURL[at] = append(t.byPURL[at], i)
	}
	return errs
}

func (e Alias) clone() Alias {
	return Alias{Names: slices.Clone(e.Names), Makers: slices.Clone(e.Makers), CPEs: slices.Clone(e.CPEs), PURLs: slices.Clone(e.PURLs)}
}

// Of returns the rows of the table that c is one of: found by an identifier, or by its
// name and its maker.
func (t *Aliases) Of(c Component) []Alias {
	var out []Alias
	for _, h := range t.find(c) {
		if h.part.Value >= named {
			out = append(out, t.entries[h.entry].clone())
		}
	}
	return out
}

// Vendors returns, folded, by whom e is made: the vendors of its CPE names, its makers, and its
// own names, since projects name themselves after what they make.
func (e Alias) Vendors() []string {
	var out []string
	add := func(v string) {
		if v = FoldVendor(v); v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	for _, id := range e.CPEs {
		if n, err := cpe.Parse("cpe:2.3:" + id.Name + ":*:*:*:*:*:*:*:*"); err == nil {
			add(n.Vendor.Text())
		}
	}
	for _, m := range e.Makers {
		add(m.Name)
	}
	for _, n := range e.Names {
		add(n)
	}
	return out
}

// madeBy reports whether one of the vendors, which are folded, is who makes e: a vendor
// of its CPE names, one of its makers, or the thing itself, as in "the BusyBox project".
func (e Alias) madeBy(vendors []string) bool {
	return slices.ContainsFunc(vendors, func(v string) bool {
		return slices.ContainsFunc(e.Names, func(n string) bool { return squash(n) == squash(v) }) ||
			slices.ContainsFunc(e.Makers, func(id AliasID) bool { return SameVendor(v, FoldVendor(id.Name)) }) ||
			slices.ContainsFunc(e.CPEs, func(id AliasID) bool {
				n, err := cpe.Parse("cpe:2.3:" + id.Name + ":*:*:*:*:*:*:*:*")
				return err == nil && SameVendor(v, FoldVendor(n.Vendor.Text()))
			})
	})
}

// Entries returns the rows of the table in the order of the file. The slice is
// the caller's.
func (t *Aliases) Entries() []Alias {
	out := make([]Alias, len(t.entries))
	for i, e := range t.entries {
		out[i] = e.clone()
	}
	return out
}

func (t *Aliases) knows(n cpe.Name) bool { return len(t.byCPE[triple(n)]) > 0 }

func (t *Aliases) vendor(v string) bool { return t.vendors[v] }

// named returns the CPE triples of what goes by name.
func (t *Aliases) named(name string) []string {
	var out []string
	for _, i := range t.byName[squash(name)] {
		for _, id := range t.entries[i].CPEs {
			if !id.Former {
				out = append(out, id.Name)
			}
		}
	}
	return out
}

// withoutV drops the v of a tag such as v3.1.0, which CPE names leave out.
func withoutV(v string) string {
	if len(v) > 1 && (v[0] == 'v' || v[0] == 'V') && '0' <= v[1] && v[1] <= '9' {
		return v[1:]
	}
	return v
}

// withVersion writes id for one version: the purl or CPE name in full. A version
// that is not stated stays open, and a CPE name has no v before the number.
func (id AliasID) withVersion(kind, version string) (string, error) {
	if kind == "cpe" {
		n, err := cpe.Parse("cpe:2.3:" + id.Name + ":*:*:*:*:*:*:*:*")
		if err != nil {
			return "", err
		}
		if version != "" {
			// White space is written as an underscore (NISTIR 7695, 5.3.2).
			n.Version = cpe.Literal(strings.Join(strings.Fields(withoutV(version)), "_"))
		}
		return n.String(), nil
	}
	p, err := packageurl.FromString(id.Name)
	if err != nil {
		return "", err
	}
	p.Version = version
	return p.ToString(), nil
}

// Knows reports whether an entry stands under the coordinate of a package URL or
// of a CPE name without wildcards, and so whether [Propose] may tell something.
func (t *Aliases) Knows(at Coordinate) bool {
	if triple, ok := strings.CutPrefix(string(at), "cpe:"); ok {
		return len(t.byCPE[triple]) > 0
	}
	return len(t.byPURL[at]) > 0
}

// Names reports whether an entry goes by name.
func (t *Aliases) Names(name string) bool {
	var room [64]byte
	key := room[:0]
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 0x80 || len(key) == len(room):
			return len(t.byName[squash(name)]) > 0
		case 'A' <= c && c <= 'Z':
			key = append(key, c+'a'-'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			key = append(key, c)
		}
	}
	return len(t.byName[string(key)]) > 0
}
