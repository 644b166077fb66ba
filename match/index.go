package match

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/tlp"
)

// Options say more about the records than they do themselves. Nil means none.
type Options struct {
	// Sources are the names of the sources that were loaded as a base for
	// matching, even if they hold no record. Each gets a coverage verdict for
	// every component. Nil means those that have a record that says what is affected.
	Sources []string
	// Ecosystems says, by source, which OSV ecosystems it holds beyond what the
	// records at hand show. A caller that hands over only the records about one
	// BOM needs it.
	Ecosystems map[string][]string
	// Routes says, by source, how its records speak, likewise.
	Routes map[string][]sbom.Route
	// Aliases are the other identifiers of known things. Nil means the table that
	// comes with package sbom; an empty table means none.
	Aliases *sbom.Aliases
	// History tells which commits lie in which. Nil means that it is not known.
	History Ancestry
}

// An Index holds records ready to be held against BOMs. It never changes, and is safe
// for use by many goroutines; [Index.With] makes the next one beside it.
type Index struct {
	opts    Options
	aliases *sbom.Aliases
	// records by source and item; at lists the claims that stand at a coordinate,
	// by record and place.
	records layered[recordKey, *record]
	at      layered[sbom.Coordinate, []claim]
	// naming lists the records that name an id which is no CVE id: those that name one
	// are the records of its vulnerability.
	naming layered[feeds.ID, []*record]
	// vulnerabilities by their id; owners are those that an id of no CVE list belongs to,
	// where it is not itself one.
	vulnerabilities layered[feeds.ID, *vulnerability]
	owners          layered[feeds.ID, []feeds.ID]
	sources         []*holdings
	words           int // claims by name, vendor or mention
}

// recordKey names a record.
type recordKey struct{ source, item string }

// layered is a map that is copied at little cost: what changed lies over a base that
// is shared. A nil value over the base means that the key is gone.
type layered[K comparable, V any] struct {
	base, over map[K]V
	gone       map[K]bool
}

func (l *layered[K, V]) get(k K) (V, bool) {
	if len(l.over) > 0 {
		if v, ok := l.over[k]; ok {
			return v, true
		}
	}
	if len(l.gone) > 0 && l.gone[k] {
		var zero V
		return zero, false
	}
	v, ok := l.base[k]
	return v, ok
}

// next returns a copy that may be changed. When what lies over the base has grown to a
// quarter of it, both become one.
func (l *layered[K, V]) next() layered[K, V] {
	if 4*(len(l.over)+len(l.gone)) > len(l.base)+4096 {
		base := make(map[K]V, len(l.base)+len(l.over))
		for k, v := range l.all {
			base[k] = v
		}
		return layered[K, V]{base: base, over: map[K]V{}, gone: map[K]bool{}}
	}
	out := layered[K, V]{base: l.base, over: maps.Clone(l.over), gone: maps.Clone(l.gone)}
	if out.over == nil {
		out.over = map[K]V{}
	}
	if out.gone == nil {
		out.gone = map[K]bool{}
	}
	return out
}

// all yields every key and value.
func (l *layered[K, V]) all(yield func(K, V) bool) {
	for k, v := range l.over {
		if !yield(k, v) {
			return
		}
	}
	for k, v := range l.base {
		if _, newer := l.over[k]; newer || l.gone[k] {
			continue
		}
		if !yield(k, v) {
			return
		}
	}
}

func (l *layered[K, V]) set(k K, v V) {
	l.over[k] = v
	delete(l.gone, k)
}

func (l *layered[K, V]) drop(k K) {
	delete(l.over, k)
	if _, based := l.base[k]; based {
		l.gone[k] = true
	}
}

// vulnerability is one flaw with the records that speak of it, by source and item.
type vulnerability struct {
	id      feeds.ID
	ids     []feeds.ID
	records []*record
	told    atomic.Pointer[facts]
}

// facts are what all records of a vulnerability say about it together.
type facts struct {
	title       string
	scores      []Score
	exploited   *feeds.Exploited
	probability *feeds.Probability
	ssvc        *feeds.SSVC
	exploits    []string
	linked      map[string]time.Time // by when a link was known, where that is said
	remedied    bool
	published   time.Time
	publishedBy string
	mark        tlp.Mark
	// stated says that a record says in a form that can be compared what is affected.
	stated, worded bool
}

// facts are gathered once, when they are first asked for.
func (v *vulnerability) facts() *facts {
	if f := v.told.Load(); f != nil {
		return f
	}
	f := &facts{}
	marks := make([]tlp.Mark, 0, len(v.records))
	for _, r := range v.records {
		marks = append(marks, *r.mark)
		for _, s := range r.scores {
			f.scores = append(f.scores, Score{Source: r.source, Score: s})
		}
		if f.title == "" {
			f.title = r.title
		}
		if !r.published.IsZero() && (f.published.IsZero() || r.published.Before(f.published)) {
			f.published, f.publishedBy = r.published, r.source
		}
		if !r.live {
			continue
		}
		if r.exploited != nil {
			f.exploited = joinExploited(f.exploited, r.exploited)
		}
		if r.probability != nil && (f.probability == nil || r.probability.Day.After(f.probability.Day)) {
			f.probability = r.probability
		}
		if r.ssvc != nil && (f.ssvc == nil || r.ssvc.At.After(f.ssvc.At)) {
			f.ssvc = r.ssvc
		}
		for _, l := range r.exploits {
			f.exploits = append(f.exploits, l.url)
			if was, dated := f.linked[l.url]; !l.modified.IsZero() && (!dated || l.modified.Before(was)) {
				if f.linked == nil {
					f.linked = map[string]time.Time{}
				}
				f.linked[l.url] = l.modified
			}
		}
		f.remedied = f.remedied || r.fix
		f.stated = f.stated || r.states()
		f.worded = f.worded || len(r.products) > 0 && !r.mute
	}
	slices.Sort(f.exploits)
	f.exploits = slices.Compact(f.exploits)
	f.mark = tlp.Join(marks...)
	v.told.CompareAndSwap(nil, f)
	return v.told.Load()
}

// joinExploited takes the words of the first list and what either knows of ransomware.
func joinExploited(a, b *feeds.Exploited) *feeds.Exploited {
	if a == nil {
		return b
	}
	if b.Ransomware && !a.Ransomware {
		joined := *a
		joined.Ransomware = true
		return &joined
	}
	return a
}

// holdings is what one source holds: the namespaces in which it has a record.
type holdings struct {
	name       string
	ecosystems map[string]int
	// releases are those of an ecosystem of which it has records, as written; an empty one is any.
	releases map[[2]string]int
	// packages, cpes and words say by how many claims the source speaks by each route.
	packages, cpes, words int
	// mute counts its records that say nothing that can be compared.
	mute int
}

// Build makes an Index of records. Their order does not count; each source and item is
// expected once, and of several the last stands. Records that were
// withdrawn or rejected never match, but count as held.
func Build(records []feeds.Record, opts *Options) *Index {
	x, in := &Index{}, newInterning()
	if opts != nil {
		x.opts = *opts
	}
	if x.aliases = x.opts.Aliases; x.aliases == nil {
		x.aliases, _ = sbom.DefaultAliases() // embedded, and tested
	}
	held := make([]*record, 0, len(records))
	last := make(map[recordKey]*record, len(records))
	for _, r := range records {
		c := compile(r, in)
		key := recordKey{c.source, c.item}
		if last[key] == nil {
			held = append(held, c)
		} else {
			held[slices.Index(held, last[key])] = c
		}
		last[key] = c
	}
	x.records.base = last
	slices.SortFunc(held, (*record).compare)
	x.at.base = make(map[sbom.Coordinate][]claim, len(records))
	x.naming.base = map[feeds.ID][]*record{}
	holding := map[string]*holdings{}
	for _, r := range held {
		for _, s := range r.claims {
			x.at.base[s.at] = append(x.at.base[s.at], claim{r, s.kind, s.n})
		}
		for _, id := range r.names {
			if list := x.naming.base[id]; !id.CVE() && (len(list) == 0 || list[len(list)-1] != r) {
				x.naming.base[id] = append(list, r)
			}
		}
		hold(holding, r, 1)
		x.words += r.words()
	}
	for at, list := range x.at.base {
		x.at.base[at] = exact(list)
	}
	x.groups(held, &x.vulnerabilities, &x.owners)
	x.sources = x.holding(holding)
	return x
}

// words counts the claims that are met by words.
func (r *record) words() int {
	n := 0
	for _, s := range r.claims {
		if s.kind >= worded {
			n++
		}
	}
	return n
}

// hold adds r to, or takes it from, what its source holds.
func hold(held map[string]*holdings, r *record, n int) {
	h := held[r.source]
	if h == nil {
		h = &holdings{name: r.source, ecosystems: map[string]int{}, releases: map[[2]string]int{}}
		held[r.source] = h
	}
	for k := range r.packages {
		if e := r.packages[k].ecosystem; e != "" {
			h.ecosystems[e] += n
			h.releases[[2]string{e, r.packages[k].release}] += n
		}
		h.packages += n
	}
	for k := range r.leaves {
		if r.leaves[k].how != unreadable {
			h.cpes += n
		}
	}
	for k := range r.products {
		p := &r.products[k]
		if len(p.cpes) > 0 {
			h.cpes += n
		}
		if len(p.at) > len(p.cpes) || p.repo != "" {
			h.packages += n
		}
		if p.name != "" || p.vendor != "" {
			h.words += n
		}
	}
	if r.mute {
		h.mute += n
	}
}

// holding adds what the options say and lists the sources that get a verdict.
func (x *Index) holding(held map[string]*holdings) []*holdings {
	at := func(source string) *holdings {
		if held[source] == nil {
			held[source] = &holdings{name: source, ecosystems: map[string]int{}, releases: map[[2]string]int{}}
		}
		return held[source]
	}
	for _, s := range x.opts.Sources {
		at(s)
	}
	var out []*holdings
	for name, h := range held {
		if x.opts.Sources == nil && h.packages+h.cpes+h.words == 0 || x.opts.Sources != nil && !slices.Contains(x.opts.Sources, name) {
			continue
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *holdings) int { return cmp.Compare(a.name, b.name) })
	return out
}

// speaks reports whether the source speaks by a route at all.
func (x *Index) speaks(h *holdings, r sbom.Route) bool {
	n := 0
	switch r {
	case sbom.ByPackage:
		n = h.packages
	case sbom.ByCPE:
		n = h.cpes
	case sbom.ByName:
		n = h.words
	}
	return n > 0 || slices.Contains(x.opts.Routes[h.name], r)
}

// silent reports whether the source holds nothing at all, here or elsewhere: it was
// not read, say.
func (x *Index) silent(h *holdings) bool {
	return h.packages+h.cpes+h.words+h.mute == 0 && len(x.opts.Routes[h.name])+len(x.opts.Ecosystems[h.name]) == 0
}

// holdsEcosystem reports whether the source has anything of an ecosystem.
func (x *Index) holdsEcosystem(h *holdings, ecosystem string) bool {
	return h.ecosystems[ecosystem] > 0 || slices.Contains(x.opts.Ecosystems[h.name], ecosystem)
}

// holdsRelease reports whether the source has anything of the release that the component is of,
// as far as the component says so and the records at hand are all of the source's: when the caller says
// that there are more, they may be of any.
func (x *Index) holdsRelease(h *holdings, id *identity) bool {
	if id.pkg == nil || id.pkg.Distro == "" || slices.Contains(x.opts.Ecosystems[h.name], id.ecosystem) {
		return true
	}
	for at, n := range h.releases {
		if n > 0 && at[0] == id.ecosystem && (at[1] == "" || sameRelease(at[1], id.release()) != no) {
			return true
		}
	}
	return false
}

// groups joins records that speak of one vulnerability and files the vulnerabilities.
func (x *Index) groups(records []*record, into *layered[feeds.ID, *vulnerability], owners *layered[feeds.ID, []feeds.ID]) {
	g := feeds.Group(func(yield func([]feeds.ID) bool) {
		for _, r := range records {
			if !yield(append(r.names[:len(r.names):len(r.names)], r.kinds...)) {
				return
			}
		}
	})
	if into.over == nil { // the first filing
		into.base, owners.base = make(map[feeds.ID]*vulnerability, len(records)), map[feeds.ID][]feeds.ID{}
		into.over, owners.over = into.base, owners.base
		defer func() { into.over, owners.over = nil, nil }()
	}
	fresh := map[feeds.ID]bool{}
	for _, r := range records {
		of := g.Of(r.names)
		for _, id := range of {
			if !fresh[id] {
				fresh[id] = true
				v := &vulnerability{id: id, ids: g.Members(id)}
				if slices.Equal(v.ids, r.names) {
					v.ids = r.names // one list in memory
				}
				into.set(id, v)
			}
			v, _ := into.get(id)
			v.records = append(v.records, r)
		}
		if len(r.names) > 0 && !r.names[0].CVE() && (len(of) != 1 || of[0] != r.names[0]) {
			owners.set(r.names[0], of)
		}
	}
}

// of yields the vulnerabilities that a record speaks of, as feeds.Merge has them.
func (x *Index) of(r *record) func(yield func(*vulnerability) bool) {
	return func(yield func(*vulnerability) bool) {
		named := false
		for k, id := range r.names {
			if id.CVE() && !slices.Contains(r.names[:k], id) {
				named = true
				if v, ok := x.vulnerabilities.get(id); ok && !yield(v) {
					return
				}
			}
		}
		if named || len(r.names) == 0 {
			return
		}
		owners, tied := x.owners.get(r.names[0])
		if !tied {
			owners = r.names[:1]
		}
		for _, id := range owners {
			if v, ok := x.vulnerabilities.get(id); ok && !yield(v) {
				return
			}
		}
	}
}
