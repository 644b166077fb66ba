package match

import (
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
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

// verdict is the answer of one leaf for one item.
type verdict struct {
	truth   truth
	rule    string
	version stated
	leaf    string
	why     string // for no and unknown
	blind   blindness
	assumed []string
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
	of   func(cpe.Name) cpe.Value
}{
	{"update", func(n cpe.Name) cpe.Value { return n.Update }},
	{"edition", func(n cpe.Name) cpe.Value { return n.Edition }},
	{"language", func(n cpe.Name) cpe.Value { return n.Language }},
	{"sw_edition", func(n cpe.Name) cpe.Value { return n.SWEdition }},
	{"target_sw", func(n cpe.Name) cpe.Value { return n.TargetSW }},
	{"target_hw", func(n cpe.Name) cpe.Value { return n.TargetHW }},
	{"other", func(n cpe.Name) cpe.Value { return n.Other }},
}

// judge says whether the component i is what the criterion c, whose name is n,
// describes. Part, vendor and product are compared here again, because
// coordinates fold wildcards.
//
// What the criterion asks and the component leaves open counts as fulfilled and
// is listed as assumed: NISTIR 7696 would call it no match, but an inventory that
// does not state its target platform is no proof that it has another.
func judge(c feeds.Criterion, n cpe.Name, i *item) verdict {
	v := verdict{leaf: c.String()}
	for _, at := range []struct{ source, target cpe.Value }{
		{n.Part, i.cpe.Part}, {n.Vendor, i.cpe.Vendor}, {n.Product, i.cpe.Product},
	} {
		if r := cpe.Compare(at.source, at.target); r != cpe.Equal && r != cpe.Superset {
			v.why = "is another product"
			return v
		}
	}
	for _, at := range attributes {
		source, target := at.of(n), at.of(i.cpe)
		switch cpe.Compare(source, target) {
		case cpe.Disjoint:
			v.why = fmt.Sprintf("%s is %s, not %s", at.name, target.Text(), source.Text())
			return v
		case cpe.Subset, cpe.Undefined:
			v.assumed = append(v.assumed, fmt.Sprintf("%s is %s", at.name, source.Text()))
		}
	}
	return judgeVersion(v, c, n, i)
}

func judgeVersion(v verdict, c feeds.Criterion, n cpe.Name, i *item) verdict {
	if c.StartIncluding+c.StartExcluding+c.EndIncluding+c.EndExcluding != "" {
		v.rule = "range"
		return best(v, i, func(s stated) verdict { return within(v, c, s) })
	}
	switch {
	case n.Version == cpe.Any:
		v.truth, v.rule = yes, "all versions"
		return v
	case n.Version == cpe.NA:
		// NVD lists hardware, and what something runs on, as "-": which version it
		// is does not matter then.
		v.rule = "all versions"
		if n.Part == "h" || !c.Vulnerable || i.cpe.Version == cpe.NA || len(i.versions) == 0 {
			v.truth = yes
		} else {
			v.why = fmt.Sprintf("%s is a version, and the criterion is for what has none", i.versions[0].text)
		}
		return v
	case n.Version.Pattern():
		v.rule = "version pattern"
	default:
		v.rule = "exact version"
	}
	return best(v, i, func(s stated) verdict { return exactly(v, n, i, s) })
}

// best tests every version the component states. One that is affected decides;
// one that is not decides over one that has no answer.
func best(v verdict, i *item, test func(stated) verdict) verdict {
	if len(i.versions) == 0 {
		v.truth, v.blind, v.why = unknown, noVersion, "the component states no version"
		return v
	}
	var out verdict
	for k, s := range i.versions {
		t := test(s)
		if k == 0 || t.truth == yes && out.truth != yes || t.truth == no && out.truth == unknown {
			out = t
		}
	}
	return out
}

func within(v verdict, c feeds.Criterion, s stated) verdict {
	v.version = s
	own, err := vers.Parse(vers.Generic, s.text)
	if err != nil {
		v.truth, v.blind, v.why = unknown, incomparable, err.Error()
		return v
	}
	blind := ""
	for _, b := range []struct {
		text, op string
		holds    func(int) bool
	}{
		{c.StartIncluding, ">=", func(c int) bool { return c >= 0 }},
		{c.StartExcluding, ">", func(c int) bool { return c > 0 }},
		{c.EndIncluding, "<=", func(c int) bool { return c <= 0 }},
		{c.EndExcluding, "<", func(c int) bool { return c < 0 }},
	} {
		if b.text == "" {
			continue
		}
		// NVD writes some bounds with the escapes of a CPE name: 12.5\(1\).
		bound, err := vers.Parse(vers.Generic, strings.ReplaceAll(b.text, `\`, ""))
		order := 0
		if err == nil {
			order, err = own.Compare(bound)
		}
		switch {
		case err != nil:
			blind = err.Error()
		case !b.holds(order):
			v.truth, v.why = no, fmt.Sprintf("%s is not %s %s", s.text, b.op, b.text)
			return v
		}
	}
	if blind != "" {
		v.truth, v.blind, v.why = unknown, incomparable, blind
		return v
	}
	v.truth = yes
	return v
}

// exactly compares with the one version of n. A version may be followed by an
// update (1.0 and rc1) in its own attribute or in one text (1.0-rc1). Where the
// component states the version and no update, nobody can say which it is.
func exactly(v verdict, n cpe.Name, i *item, s stated) verdict {
	v.version = s
	update := n.Update.Literal() && !n.Update.Pattern()
	switch {
	case update && equal(n.Version.Text()+"-"+n.Update.Text(), s.text):
		v.truth, v.assumed = yes, nil
	case n.Version.Pattern():
		if r := cpe.Compare(n.Version, cpe.Literal(s.text)); r == cpe.Equal || r == cpe.Superset {
			v.truth = yes
		}
	case equal(n.Version.Text(), s.text):
		v.truth = yes
	}
	if v.truth == yes && update && i.cpe.Update == cpe.Any && equal(n.Version.Text(), s.text) {
		v.truth, v.blind = unknown, otherwise
		v.why = fmt.Sprintf("the component does not state whether it is %s", n.Update.Text())
		return v
	}
	if v.truth != yes {
		v.why = fmt.Sprintf("%s is not %s", s.text, n.Version.Text())
	}
	return v
}

// equal compares version texts, by their order where they have one.
func equal(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	order, err := vers.Compare(vers.Generic, a, b)
	return err == nil && order == 0
}
