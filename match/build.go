package match

import (
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// Options say more about the records than they do themselves. Nil means none.
type Options struct {
	// Sources are the names of the sources that were loaded as a base for
	// matching, even if they hold no record. Each gets a coverage verdict for
	// every component. Nil means those that have a record with packages or
	// configurations.
	Sources []string
	// Ecosystems says, by source, which OSV ecosystems it holds beyond what the
	// records at hand show. A caller that hands over only the records about one
	// BOM needs it.
	Ecosystems map[string][]string
	// Routes says, by source, how its records speak, likewise.
	Routes map[string][]sbom.Route
}

// An Index holds records ready to be held against BOMs. It is never changed
// after Build, and safe for use by many goroutines.
type Index struct {
	records []record
	// at lists the records that may speak of a coordinate, ascending.
	at map[sbom.Coordinate][]int
	// vulnerabilities that a record belongs to, by its place in records.
	of              [][]int
	vulnerabilities []feeds.Vulnerability
	sources         []*holdings
}

// record is one record with what can be read ahead of time.
type record struct {
	feeds.Record
	digest string
	// leaves are the parsed criteria, by their text.
	leaves map[string]leafName
}

type leafName struct {
	name cpe.Name
	err  error
}

// holdings is what one source holds: the namespaces in which it has a record.
type holdings struct {
	name       string
	ecosystems map[string]bool
	cpes       map[sbom.Coordinate]bool
	// packages and names say by which routes the source speaks at all.
	packages, names bool
}

// Build makes an Index of records. Their order does not count. Records that were
// withdrawn or rejected never match, but count as held.
func Build(records []feeds.Record, opts *Options) *Index {
	if opts == nil {
		opts = &Options{}
	}
	x := &Index{at: map[sbom.Coordinate][]int{}}
	held := map[string]*holdings{}
	hold := func(source string) *holdings {
		if held[source] == nil {
			held[source] = &holdings{name: source, ecosystems: map[string]bool{}, cpes: map[sbom.Coordinate]bool{}}
		}
		return held[source]
	}
	place := map[[2]string]int{}
	records = slices.Clone(records)
	for k, r := range records {
		if len(r.Names) == 0 && (len(r.Packages) > 0 || len(r.Configurations) > 0) {
			// A bulletin that says what it affects is its own name.
			r.Names = []feeds.ID{feeds.ID(r.Item)}
			records[k] = r
		}
		i := len(x.records)
		place[[2]string{r.Source, r.Item}] = i
		x.records = append(x.records, compile(r))
		for _, at := range r.Coordinates() {
			x.at[at] = append(x.at[at], i)
		}
		if len(r.Packages) > 0 || len(r.Configurations) > 0 {
			hold(r.Source).add(x.records[i])
		}
	}
	for _, s := range opts.Sources {
		hold(s)
	}
	for source, ecosystems := range opts.Ecosystems {
		for _, e := range ecosystems {
			hold(source).ecosystems[e] = true
		}
	}
	for source, routes := range opts.Routes {
		h := hold(source)
		h.packages = h.packages || slices.Contains(routes, sbom.ByPackage)
		h.names = h.names || slices.Contains(routes, sbom.ByCPE)
	}
	for name, h := range held {
		if opts.Sources == nil || slices.Contains(opts.Sources, name) {
			x.sources = append(x.sources, h)
		}
	}
	slices.SortFunc(x.sources, func(a, b *holdings) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	x.vulnerabilities = feeds.Merge(records)
	x.of = make([][]int, len(x.records))
	for v, vulnerability := range x.vulnerabilities {
		for _, r := range vulnerability.Records {
			i := place[[2]string{r.Source, r.Item}]
			x.of[i] = append(x.of[i], v)
		}
	}
	return x
}

func compile(r feeds.Record) record {
	out := record{Record: r, digest: r.Digest()}
	for c := range r.Criteria() {
		if _, done := out.leaves[c.CPE]; done {
			continue
		}
		if out.leaves == nil {
			out.leaves = map[string]leafName{}
		}
		n, err := cpe.Parse(c.CPE)
		out.leaves[c.CPE] = leafName{n, err}
	}
	return out
}

func (h *holdings) add(r record) {
	for _, p := range r.Packages {
		if e, _ := sbom.Release(p.Ecosystem); e != "" {
			h.ecosystems[e] = true
			h.packages = true
		}
	}
	for _, l := range r.leaves {
		if l.err == nil {
			h.cpes[sbom.CPECoordinate(l.name)] = true
			h.names = true
		}
	}
}
