package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// truth is the answer of a leaf or a tree. The order is that of Kleene's logic:
// AND is the least, OR the greatest.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func (t truth) not() truth { return yes - t }

// verdict is the answer of one claim for one component. Of an answer that is no,
// the words are there only when it was asked to explain itself.
type verdict struct {
	truth   truth
	rule    string
	version *stated
	leaf    string
	on      *leaf  // the criterion, in place of leaf
	why     string // for no and unknown
	blind   blindness
	assumed []string
	fixed   string // the version in which the statement ends
	files   []string
	by      string // who within the record says so
	about   *product
	// mum says that the record does not speak of this version, rather than leaving it
	// open: where another record decides, nobody has to be asked.
	mum bool
	// explicit says of a no that the record names the version as not affected.
	explicit bool
}

// blindness says why there is no answer.
type blindness int8

const (
	sighted      blindness = iota
	noVersion              // the component states no version
	incomparable           // its version, or the record's, has no place in the order
	otherwise              // the record is such that only a person can tell
)

// attributes of a CPE name beyond part, vendor, product and version.
var attributes = []struct {
	name string
	of   func(*cpe.Name) cpe.Value
}{
	{"update", func(n *cpe.Name) cpe.Value { return n.Update }},
	{"edition", func(n *cpe.Name) cpe.Value { return n.Edition }},
	{"language", func(n *cpe.Name) cpe.Value { return n.Language }},
	{"sw_edition", func(n *cpe.Name) cpe.Value { return n.SWEdition }},
	{"target_sw", func(n *cpe.Name) cpe.Value { return n.TargetSW }},
	{"target_hw", func(n *cpe.Name) cpe.Value { return n.TargetHW }},
	{"other", func(n *cpe.Name) cpe.Value { return n.Other }},
}

// targets says which purl types are what a target_sw names. A package of one of
// these types is not what a criterion for another of them describes (grype#445: a crate
// and an npm package of one name). The words are those NVD uses.
var targets = map[cpe.Value][]string{
	`node.js`: {"npm"}, `nodejs`: {"npm"}, `npm`: {"npm"}, `python`: {"pypi"}, `pypi`: {"pypi"}, `rust`: {"cargo"}, `go`: {"golang"},
	`golang`: {"golang"}, `ruby`: {"gem"}, `rails`: {"gem"}, `perl`: {"cpan"}, `.net`: {"nuget"}, `asp.net`: {"nuget"}, `php`: {"composer"},
	`wordpress`: {"composer"}, `drupal`: {"composer"}, `joomla\!`: {"composer"}, `typo3`: {"composer"}, `magento`: {"composer"},
	`java`: {"maven"}, `jenkins`: {"maven"}, `dart`: {"pub"}, `erlang`: {"hex"}, `elixir`: {"hex"}, `swift`: {"swift"},
	`r`: {"cran"},
}

// typed are the purl types that a target_sw can contradict.
var typed = []string{"npm", "pypi", "cargo", "golang", "gem", "cpan", "nuget", "composer", "maven", "pub", "hex", "swift", "cran"}

// contradicts reports whether the component's package is of another kind than a
// target_sw asks for.
func contradicts(target cpe.Value, i *item) (kind string, ok bool) {
	want := targets[target]
	if want == nil {
		return "", false
	}
	for k := range i.ids {
		if p := i.ids[k].pkg; p != nil && i.ids[k].alias == nil && slices.Contains(typed, p.Type) && !slices.Contains(want, p.Type) {
			return p.Type, true
		}
	}
	return "", false
}

// judge says whether the component i, as id names it, is what the leaf describes. Part, vendor
// and product are compared here again, because coordinates fold wildcards.
//
// What the criterion asks and the component leaves open counts as fulfilled and
// is listed as assumed: NISTIR 7696 would call it no match, but an inventory that
// does not state its target platform is no proof that it has another.
func (l *leaf) judge(i *item, id *identity, explain bool) verdict {
	var v verdict
	if l.name != nil {
		if v = l.attributes(i, id); v.why != "" {
			v.on = l
			return v
		}
	}
	v.assumed = append(v.assumed, id.assumption()...)
	v = l.judgeVersion(v, id, explain)
	if explain || v.truth != no {
		v.on = l
	}
	return v
}

// rejects reports whether l surely says no of every version that the component states:
// what judge would say, without its words.
func (l *leaf) rejects(id *identity) bool {
	if l.how != bounded && l.how != one || l.name != nil || len(id.versions) == 0 {
		return false
	}
	for k := range id.versions {
		s := &id.versions[k]
		if s.generic == nil || s.generic.err != nil {
			return false
		}
		if l.how == one {
			if l.bounds[0].unread != nil || strings.EqualFold(l.bounds[0].text(), s.text) {
				return false
			}
			if order, err := s.generic.version.Compare(l.bounds[0].at); err == nil && order == 0 {
				return false
			}
			continue
		}
		out := false
		for n := range l.bounds {
			b := &l.bounds[n]
			if b.unread != nil {
				continue
			}
			if order, err := s.generic.version.Compare(b.at); err == nil && !b.holds(order) {
				out = true
				break
			}
		}
		if !out {
			return false
		}
	}
	return true
}

// attributes compares all but the version.
func (l *leaf) attributes(i *item, id *identity) verdict {
	var v verdict
	covers := func(source, target cpe.Value) bool {
		r := cpe.Compare(source, target)
		return r == cpe.Equal || r == cpe.Superset
	}
	if !covers(l.name.Part, id.name.Part) && id.name.Part != cpe.Any || !covers(l.name.Vendor, id.name.Vendor) || !covers(l.name.Product, id.name.Product) {
		v.why = "is another product"
		return v
	}
	for _, at := range attributes {
		source, target := at.of(l.name), at.of(id.name)
		if source == cpe.Any {
			continue // whatever the component states, even a pattern
		}
		switch cpe.Compare(source, target) {
		case cpe.Disjoint:
			v.why = fmt.Sprintf("%s is %s, not %s", at.name, target.Text(), source.Text())
			return v
		case cpe.Undefined:
			v.truth, v.blind = unknown, otherwise
			v.why = fmt.Sprintf("the component states the pattern %s as its %s", target.Text(), at.name)
			return v
		case cpe.Subset:
			if at.name == "target_sw" {
				if kind, other := contradicts(source, i); other {
					v.why = fmt.Sprintf("target_sw is %s, and the component is a package of the type %s", source.Text(), kind)
					return v
				}
			}
			v.assumed = append(v.assumed, fmt.Sprintf("%s is %s", at.name, source.Text()))
		}
	}
	return v
}

func (l *leaf) judgeVersion(v verdict, id *identity, explain bool) verdict {
	switch l.how {
	case bounded:
		v.rule = "range"
		return best(v, id, func(v verdict, s *stated) verdict { return within(v, vers.Generic, l.bounds, s, explain) })
	case every:
		v.truth, v.rule = yes, "all versions"
		return v
	case none:
		// NVD lists hardware, and what something runs on, as "-": which version it
		// is does not matter then.
		v.rule = "all versions"
		switch {
		case id.name.Version.Pattern():
			v.truth, v.blind = unknown, otherwise
			v.why = fmt.Sprintf("the component states the pattern %s as its version", id.name.Version.Text())
		case l.hardware(), !l.vulnerable, id.name.Version == cpe.NA, len(id.versions) == 0:
			v.truth = yes
		case strings.HasPrefix(string(l.at), "cpe:o:") && strings.HasSuffix(string(id.name.Product), "_firmware"):
			// NVD writes "-" for firmware of which no version was told.
			v.truth, v.blind = unknown, otherwise
			v.why = fmt.Sprintf("the record names no version of it: is %s affected?", id.versions[0].text)
		default:
			v.why = fmt.Sprintf("%s is a version, and the criterion is for what has none", id.versions[0].text)
		}
		return v
	case pattern:
		v.rule = "version pattern"
	default:
		v.rule = "exact version"
	}
	return best(v, id, func(v verdict, s *stated) verdict { return l.exactly(v, id, s) })
}

// hardware reports whether the leaf names hardware.
func (l *leaf) hardware() bool { return strings.HasPrefix(string(l.at), "cpe:h:") }

// best tests every version the component states. One that is affected decides. Of the
// spellings of one version, one that is not affected decides over one that has no answer;
// of different versions one that has no answer decides, because which of them is the slip is not known.
func best(v verdict, id *identity, test func(verdict, *stated) verdict) verdict {
	if len(id.versions) == 0 {
		v.truth, v.blind, v.why = unknown, noVersion, "the component states no version"
		return v
	}
	var out verdict
	for k := range id.versions {
		t := test(v, &id.versions[k])
		t.version = &id.versions[k]
		switch {
		case k == 0, t.truth == yes && out.truth != yes:
			out = t
		case t.truth == no && out.truth == unknown && sameStatement(out.version, t.version):
			out = t
		case t.truth == unknown && out.truth == no && !sameStatement(out.version, t.version):
			out = t
		}
	}
	return out
}

// sameStatement reports whether two stated versions may be one in two spellings: one is
// made from the other, holds it, or is a commit, of which a version may be told.
func sameStatement(a, b *stated) bool {
	if a.twin || b.twin || commitLike(a.text) || commitLike(b.text) {
		return true
	}
	dotted := strings.NewReplacer("_", ".", "-", ".")
	x, y := dotted.Replace(strings.ToLower(a.text)), dotted.Replace(strings.ToLower(b.text))
	return strings.Contains(x, strings.TrimLeft(y, "v")) || strings.Contains(y, strings.TrimLeft(x, "v")) || equal(a.text, b.text)
}

// within tests the bounds of a range, all of which have to hold.
func within(v verdict, scheme vers.Scheme, bounds []bound, s *stated, explain bool) verdict {
	own, err := s.under(scheme)
	if err != nil {
		v.truth, v.blind, v.why, v.mum = unknown, incomparable, err.Error(), commitLike(s.text)
		return v
	}
	blind := ""
	for k := range bounds {
		b := &bounds[k]
		if b.unread != nil {
			blind = b.unread.why
			continue
		}
		order, err := own.Compare(b.at)
		switch {
		case err != nil:
			blind = err.Error()
		case !b.holds(order):
			v.truth, v.fixed = no, ""
			if explain {
				v.why = fmt.Sprintf("%s is not %s %s", s.text, b.op, b.text())
			}
			return v
		case b.op == below:
			v.fixed = b.text()
		}
	}
	if blind != "" {
		v.truth, v.blind, v.why = unknown, incomparable, blind
		return v
	}
	v.truth = yes
	return v
}

func (b *bound) holds(order int) bool {
	switch b.op {
	case atLeast:
		return order >= 0
	case after:
		return order > 0
	case atMost:
		return order <= 0
	}
	return order < 0
}

// exactly compares with the one version of the leaf. A version may be followed by an
// update (1.0 and rc1) in its own attribute or in one text (1.0-rc1). Where the
// component states the version and no update, nobody can say which it is.
func (l *leaf) exactly(v verdict, id *identity, s *stated) verdict {
	update := l.name != nil && l.name.Update.Literal() && !l.name.Update.Pattern()
	own, err := s.under(vers.Generic)
	text := l.single()
	ordered := l.how == one && l.bounds[0].unread == nil
	same := strings.EqualFold(text, s.text)
	if !same && err == nil && ordered {
		order, e := own.Compare(l.bounds[0].at)
		same = e == nil && order == 0
	}
	switch {
	case update && equal(text+"-"+l.name.Update.Text(), s.text):
		v.truth, v.assumed = yes, nil
	case l.how == pattern:
		if r := cpe.Compare(l.name.Version, cpe.Literal(s.text)); r == cpe.Equal || r == cpe.Superset {
			v.truth = yes
		}
	case same:
		v.truth = yes
	}
	if v.truth == yes && update && same && id.name.Update == cpe.Any {
		v.truth, v.blind = unknown, otherwise
		v.why = fmt.Sprintf("the component does not state whether it is %s", l.name.Update.Text())
		return v
	}
	if v.truth != yes && err != nil && ordered {
		// It may be that version by another name.
		v.truth, v.blind, v.why, v.mum = unknown, incomparable, err.Error(), commitLike(s.text)
		return v
	}
	if v.truth != yes {
		v.why = s.text + " is not " + cmpOr(text, l.cpeNameVersion())
	}
	return v
}

// cpeNameVersion is the version of the leaf as a person writes it.
func (l *leaf) cpeNameVersion() string {
	n := l.cpeName()
	return n.Version.Text()
}

// equal compares version texts, by their order where they have one.
func equal(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	order, err := vers.Compare(vers.Generic, a, b)
	return err == nil && order == 0
}

// assumption says what is taken for granted of an identifier that is the table's.
func (id *identity) assumption() []string {
	if id.alias == nil {
		return nil
	}
	return id.alias.assumed()
}
