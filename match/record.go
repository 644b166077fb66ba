package match

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/sbom/vers"
	"github.com/open-postmarket/postmarket/tlp"
)

// record is one record as the index keeps it: what it claims, read ahead of time,
// and the facts that a finding tells. It never changes.
type record struct {
	*origin
	*rare
	item      string
	names     []feeds.ID // what tells the vulnerability from others
	sum       [32]byte
	published time.Time
	title     string
	scores    []feeds.Score
	live      bool
	mute      bool
	fix       bool // the publisher tells of a remedy that repairs

	packages []pkg
	leaves   []leaf
	trees    []tree
	products []product
	// at are the coordinates at which each claim stands.
	claims []stand
}

// origin is what many records have in common.
type origin struct {
	said
	alone []string // the source
}

// said is by whom and how a record is given out.
type said struct {
	source, state string
	mark          *tlp.Mark
}

// rare is what few records say.
type rare struct {
	exploited   *feeds.Exploited
	probability *feeds.Probability
	ssvc        *feeds.SSVC
	exploits    []link
	kinds       []feeds.ID // ids that many vulnerabilities bear
	text        string     // folded, of a mute record only
}

// link is one to an exploit; it was in the record when that was last modified, and may have come later when
// that is not said.
type link struct {
	url      string
	modified time.Time
}

// common is the rare of all records that say none of it.
var common rare

// A claim is one statement of one record.
type claim struct {
	*record
	kind kind
	n    int32 // which of the record's packages, leaves or products
}

// stand is a claim of a record and where it stands.
type stand struct {
	at   sbom.Coordinate
	kind kind
	n    int32
}

// kind says how a claim and a component meet.
type kind uint8

const (
	packaged   kind = iota // the package of an ecosystem
	repository             // the source repository
	criterion              // a vulnerable leaf of a configuration
	identified             // a product, by an identifier
	worded                 // a product, by its name or model
	vendored               // a product, by its vendor alone
	listed                 // a list of exploited vulnerabilities, by a name
	mentioned              // a word of a record that says nothing else
)

// titleLength is how much of a text stands in for a missing title, in bytes.
const titleLength = 240

func compile(r feeds.Record, in *interning) *record {
	out := &record{
		origin: in.origin(r), item: r.Item, names: feeds.Telling(r.Names), sum: r.Sum(), live: r.Live(), mute: r.Mute(), published: r.Published, title: title(r),
		scores: in.scores(r.Scores),
	}
	seldom := rare{exploited: r.Exploited, probability: r.Probability, ssvc: r.SSVC}
	if len(out.names) == 1 && string(out.names[0]) == out.item {
		out.names = []feeds.ID{feeds.ID(out.item)} // one text in memory
	}
	if len(out.names) < len(r.Names) {
		seldom.kinds = slices.DeleteFunc(slices.Clone(r.Names), func(id feeds.ID) bool { return !id.KindOnly() })
	}
	if len(r.Names) == 0 && r.Claims() {
		// A bulletin that says what it affects is its own name.
		out.names = []feeds.ID{feeds.ID(r.Item)}
	}
	for _, m := range r.Remedies {
		out.fix = out.fix || m.Kind == "vendor_fix"
	}
	for _, ref := range r.References {
		if slices.ContainsFunc(ref.Tags, func(t string) bool { return strings.EqualFold(t, "exploit") }) {
			seldom.exploits = append(seldom.exploits, link{ref.URL, r.Modified})
		}
	}
	for _, p := range r.Packages {
		out.pkg(p, in)
	}
	for _, c := range r.Configurations {
		out.configuration(c, in)
	}
	for _, p := range r.Products {
		out.product(p, in)
	}
	if r.Exploited != nil && r.Exploited.Product != "" {
		out.claims = append(out.claims, stand{sbom.NameCoordinate(r.Exploited.Product), listed, 0})
	}
	out.leaves, out.trees, out.packages, out.products = exact(out.leaves), exact(out.trees), exact(out.packages), exact(out.products)
	if out.mute {
		text := r.Title + "\n" + r.Text
		seldom.text = foldText(text)
		for _, w := range sbom.Mentions(text) {
			out.claims = append(out.claims, stand{sbom.MentionCoordinate(w), mentioned, 0})
		}
	}
	out.claims = exact(out.claims)
	if out.rare = &common; out.mute || seldom.exploited != nil || seldom.probability != nil || seldom.ssvc != nil || len(seldom.exploits) > 0 || len(seldom.kinds) > 0 {
		out.rare = &seldom
	}
	return out
}

// exact copies a list that grew into one of its own length.
func exact[T any](list []T) []T {
	if len(list) == cap(list) {
		return list
	}
	return append(make([]T, 0, len(list)), list...)
}

func title(r feeds.Record) string {
	if r.Title != "" || len(r.Text) <= titleLength {
		return cmpOr(r.Title, r.Text)
	}
	cut := titleLength
	for cut > 0 && !utf8.RuneStart(r.Text[cut]) {
		cut--
	}
	return strings.Clone(r.Text[:cut]) + "…"
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// foldText writes the words of a text in lower case, one space before and after each.
func foldText(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f)
	})
	return " " + strings.Join(words, " ") + " "
}

func (r *record) digest() string { return hex.EncodeToString(r.sum[:]) }

// compare orders records by source, then item.
func (r *record) compare(other *record) int {
	if c := strings.Compare(r.source, other.source); c != 0 {
		return c
	}
	return strings.Compare(r.item, other.item)
}

// states reports whether r says in a form that can be compared what is affected.
func (r *record) states() bool { return len(r.packages)+len(r.trees) > 0 }

// pkg is what a record states of one package.
type pkg struct {
	ecosystem, release, name string
	// scheme orders its versions. ranges are those of versions, in the record's
	// order; git those of commits.
	scheme vers.Scheme
	ranges []line
	git    []commits
	// listed holds the versions of the list by their keys; texts are those
	// that have none; count is how many the list has.
	listed keys
	texts  []string
	count  int
}

// line is one range of versions, its events in the order of their versions.
type line struct {
	semver bool        // the range says SEMVER
	scheme vers.Scheme // in which the events were read
	steps  []step
	begins bool // no event introduces: it begins before all versions
	blind  string
	events []feeds.Event
	leaf   string // the package and the range in one line
}

// step is one event with its version read.
type step struct {
	at    vers.Version
	event *feeds.Event
	edge  edge
	first bool // introduced "0"
	// stream is the release that an RPM was built for which fixes, or is the last that is affected; empty
	// for every other.
	stream string
}

// edge says what is so from a step on.
type edge uint8

const (
	until edge = iota
	since
	through
)

// commits is one range of commits in a repository.
type commits struct {
	at     sbom.Coordinate
	repo   string
	events []feeds.Event
}

func (r *record) pkg(p feeds.Package, in *interning) {
	e, release := sbom.Release(p.Ecosystem)
	out := pkg{ecosystem: in.text(e), release: in.text(release), name: p.Name, scheme: vers.Scheme(in.text(e)), count: len(p.Versions)}
	for _, v := range p.Versions {
		if parsed, err := vers.Parse(out.scheme, v); err == nil && parsed.Key() != "" {
			in.keys = append(in.keys, parsed.Key())
		} else {
			out.texts = append(out.texts, v)
		}
	}
	out.listed = packed(in.keys)
	clear(in.keys)
	in.keys = in.keys[:0]
	n := int32(len(r.packages))
	for _, g := range p.Ranges {
		if g.Type != feeds.Git {
			out.ranges = append(out.ranges, timeline(g, out.scheme))
			continue
		}
		if at, ok := sbom.RepoCoordinate(g.Repo); ok {
			if !slices.ContainsFunc(out.git, func(c commits) bool { return c.at == at }) {
				r.claims = append(r.claims, stand{at, repository, n})
			}
			out.git = append(out.git, commits{at, g.Repo, g.Events})
		} else {
			out.git = append(out.git, commits{"", g.Repo, g.Events})
		}
	}
	if e != "" && p.Name != "" {
		r.claims = append(r.claims, stand{sbom.PackageCoordinate(e, p.Name), packaged, n})
	}
	out.nameRanges()
	r.packages = append(r.packages, out)
}

// leaf is one criterion, its name and bounds read.
type leaf struct {
	*naming
	// bounds are those of a range, or the one version with the operator "=".
	bounds     []bound
	tree       int32
	how        how
	vulnerable bool
	simple     bool // its tree is
}

// naming is the CPE name of a criterion, one for all that write the same.
type naming struct {
	cpe     string
	at      sbom.Coordinate // empty when the criterion is not a CPE name
	version cpe.Value
	name    *cpe.Name // kept only where more than part, vendor, product and version is stated
}

// how says how a leaf tests versions.
type how uint8

const (
	unreadable how = iota
	every
	none // "-"
	one
	pattern
	bounded
)

// bound is one end of a range. A version without an order is blind.
type bound struct {
	*point
	op op
}

// point is a version that bounds may share.
type point struct {
	at vers.Version
	// unread is set when the version has no order.
	unread *unread
}

// unread is a version that could not be read, and why.
type unread struct{ text, why string }

// op is how a bound is compared.
type op uint8

const (
	equalTo op = iota
	atLeast
	after
	atMost
	below
	beginning // up to all versions that begin so
)

func (o op) String() string { return [...]string{"=", ">=", ">", "<=", "<", "<="}[o] }

// text is the version of the bound as it was written.
func (b *bound) text() string {
	if b.unread != nil {
		return b.unread.text
	}
	return b.at.String()
}

// tree is one configuration.
type tree struct {
	root *node
	// simple says that any one leaf decides: there are only vulnerable leaves joined by
	// OR, without a negation.
	simple bool
}

// node joins leaves and nodes.
type node struct {
	and, negate bool
	leaves      []int32
	nodes       []node
}

func (r *record) configuration(c feeds.Configuration, in *interning) {
	t := tree{simple: true}
	place := int32(len(r.trees))
	var walk func(n feeds.Node, negated bool) node
	walk = func(n feeds.Node, negated bool) node {
		out := node{and: n.Operator == "AND", negate: n.Negate}
		negated = negated || n.Negate
		if n.Negate || out.and && len(n.Criteria)+len(n.Nodes) > 1 || len(n.Criteria)+len(n.Nodes) == 0 {
			t.simple = false
		}
		for _, c := range n.Criteria {
			k := int32(len(r.leaves))
			l := r.leaf(c, in)
			l.tree = place
			r.leaves = append(r.leaves, l)
			out.leaves = append(out.leaves, k)
			t.simple = t.simple && c.Vulnerable
			if c.Vulnerable && !negated && l.at != "" {
				r.claims = append(r.claims, stand{l.at, criterion, k})
			}
		}
		for _, inner := range n.Nodes {
			out.nodes = append(out.nodes, walk(inner, negated))
		}
		return out
	}
	root := walk(feeds.Node{Operator: c.Operator, Negate: c.Negate, Nodes: c.Nodes}, false)
	if !t.simple { // else it is never walked
		t.root = &root
	}
	for k := range r.leaves {
		if l := &r.leaves[k]; l.tree == place {
			l.simple = t.simple
		}
	}
	r.trees = append(r.trees, t)
}

func (r *record) leaf(c feeds.Criterion, in *interning) leaf {
	l := leaf{naming: in.naming(c.CPE), vulnerable: c.Vulnerable}
	if l.at == "" {
		return l
	}
	for _, b := range []struct {
		op   op
		text string
	}{
		{atLeast, c.StartIncluding}, {after, c.StartExcluding}, {atMost, c.EndIncluding}, {below, c.EndExcluding},
	} {
		if b.text != "" {
			// NVD writes some bounds with the escapes of a CPE name: 12.5\(1\).
			l.bounds = append(l.bounds, bound{in.point(strings.ReplaceAll(b.text, `\`, "")), b.op})
		}
	}
	switch {
	case l.version == cpe.NA:
		l.how, l.bounds = none, nil // what has no version lies within no bounds
	case len(l.bounds) > 0:
		l.how = bounded
	case l.version == cpe.Any:
		l.how = every
	case l.version.Pattern():
		l.how = pattern
	default:
		l.how, l.bounds = one, []bound{{in.point(l.version.Text()), equalTo}}
	}
	l.bounds = exact(l.bounds)
	return l
}

func readBound(scheme vers.Scheme, o op, text string) bound {
	b := bound{&point{}, o}
	var err error
	if b.at, err = vers.Parse(scheme, text); err != nil {
		b.unread = &unread{text, err.Error()}
	}
	return b
}

// String is the criterion in one line.
func (l *leaf) String() string {
	if l.how != bounded {
		return l.cpe
	}
	text := l.cpe
	for k := range l.bounds {
		text += " " + l.bounds[k].op.String() + " " + l.bounds[k].text()
	}
	return text
}

// single is the one version of the leaf as a person writes it; empty when it is not of one.
func (l *leaf) single() string {
	if l.how != one {
		return ""
	}
	return l.bounds[0].text()
}

// cpeName is the CPE name of the leaf, which was readable when it was compiled.
func (l *leaf) cpeName() cpe.Name {
	if l.name != nil {
		return *l.name
	}
	n, _ := cpe.Parse(l.cpe)
	return n
}
