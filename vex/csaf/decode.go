package csaf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/vex"
)

// Format is the word in [vex.Document] and [vex.Original] for what came from
// CSAF.
const Format = "csaf"

// maxProducts is how many products the statements of a document may name in all.
const maxProducts = 2_000_000

// maxProblems is how many are listed; the rest are counted.
const maxProblems = 1000

// Decode reads one document. It fails as [csaf.Decode] does, and for a document of
// another format with a [*vex.SyntaxError].
func Decode(r io.Reader) (vex.Document, error) {
	data, digest, err := vex.ReadAll(r, Format)
	if err != nil {
		return vex.Document{}, err
	}
	from, err := csaf.Decode(bytes.NewReader(data))
	if at := (*csaf.SyntaxError)(nil); errors.As(err, &at) {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Line: at.Line, Column: at.Column, Why: at.Err.Error(), Err: err}
	} else if err != nil {
		return vex.Document{}, err
	}
	doc, err := Read(from)
	if err != nil {
		return vex.Document{}, err
	}
	doc.Digest = digest
	return doc, nil
}

// Read says in statements what from says of status. A vulnerability of which
// something could not be read clears nothing; one that says nothing of status has no
// statement, and is told as a problem. It fails when more than two million products
// would be named.
func Read(from *csaf.Document) (vex.Document, error) {
	doc, each, err := ReadEach(from)
	if err != nil {
		return vex.Document{}, err
	}
	doc.Statements = slices.Concat(each...)
	return doc, nil
}

// ReadEach is Read with the statements of each entry of the vulnerabilities apart, in
// their order, and not in the document: for a reader who must know which entries say
// nothing, and two of one name apart.
func ReadEach(from *csaf.Document) (vex.Document, [][]vex.Statement, error) {
	if from == nil {
		return vex.Document{}, nil, errors.New("csaf: no document")
	}
	m := from.Document
	doc := vex.Document{
		Format: Format, Spec: m.CSAFVersion, ID: m.Tracking.ID, Version: m.Tracking.Version, Title: m.Title,
		Author: m.Publisher.Name, Role: string(m.Publisher.Category), Issued: stamp(m.Tracking.InitialReleaseDate), Updated: stamp(m.Tracking.CurrentReleaseDate),
	}
	if g := m.Tracking.Generator; g != nil {
		doc.Tooling = strings.TrimSpace(g.Engine.Name + " " + g.Engine.Version)
	}
	d := reader{doc: &doc, left: maxProducts}
	var unread []string // pointers to what is not read
	for _, f := range from.Unread {
		d.tell(f.Path, f.Message)
		unread = append(unread, f.Path)
	}
	for at := range from.Extras() {
		d.tell(at, "is no member the standard knows here")
		unread = append(unread, at)
	}
	d.tree = newTree(from.ProductTree, d.tell)
	each := make([][]vex.Statement, len(from.Vulnerabilities))
	for i := range from.Vulnerabilities {
		path := fmt.Sprintf("/vulnerabilities/%d", i)
		unread := slices.ContainsFunc(unread, func(at string) bool { return counts(at, path) })
		list := d.vulnerability(&from.Vulnerabilities[i], path)
		if d.left < 0 {
			return vex.Document{}, nil, fmt.Errorf("csaf: more than %d products are named by status, flags, threats and remediations", maxProducts)
		}
		if unread {
			list = d.withhold(list, path, "is not read in whole: nothing is cleared by it")
		}
		if len(list) == 0 {
			d.tell(path, "says nothing of the status of any product")
		}
		each[i] = list
	}
	if d.untold > 0 {
		doc.Problems = append(doc.Problems, vex.Problem{Message: fmt.Sprintf("%d more problems are not listed", d.untold)})
	}
	return doc, each, nil
}

type reader struct {
	doc    *vex.Document
	tree   *tree
	untold int
	left   int // how many products may still be named
}

// counts reports whether what was not read at path is of weight for the status of
// products in the vulnerability at v: the products, the status, the flags, the ids.
func counts(path, v string) bool {
	path = strings.ToLower(path)
	rest, inside := strings.CutPrefix(path, v+"/")
	member, _, _ := strings.Cut(rest, "/")
	return path == "" || path == v || path == "/vulnerabilities" || strings.HasPrefix(path, "/product_tree") ||
		inside && slices.Contains([]string{"product_status", "flags", "cve", "ids"}, member)
}

func (d *reader) tell(path, message string) {
	if len(d.doc.Problems) >= maxProblems {
		d.untold++
		return
	}
	d.doc.Problems = append(d.doc.Problems, vex.Problem{Path: path, Message: message})
}

func (d *reader) withhold(list []vex.Statement, path, why string) []vex.Statement {
	if slices.ContainsFunc(list, func(s vex.Statement) bool { return s.Status.Clears() }) {
		d.tell(path, why)
	}
	return vex.Withhold(list)
}

// said is what a vulnerability says of one product, beside its status.
type said struct {
	flags          []string
	impact, action []string
	responses      []string
	flagged        csaf.Date
	notes          []string
	original       *vex.Original // of another format
}

// lists are those of product_status that say something of status.
func lists(s *csaf.ProductStatus) []struct {
	token string
	ids   []string
} {
	return []struct {
		token string
		ids   []string
	}{
		{"known_not_affected", s.KnownNotAffected}, {"known_affected", s.KnownAffected}, {"first_affected", s.FirstAffected},
		{"last_affected", s.LastAffected}, {"fixed", s.Fixed}, {"first_fixed", s.FirstFixed}, {"under_investigation", s.UnderInvestigation},
	}
}

// vulnerability makes one statement for each list of status and each set of
// reasons in it, in the document's order.
func (d *reader) vulnerability(v *csaf.Vulnerability, path string) []vex.Statement {
	base := vex.Statement{Vulnerability: v.CVE, Original: vex.Original{Format: Format}}
	for _, id := range v.IDs {
		switch {
		case id.Text == "" || id.Text == base.Vulnerability:
		case base.Vulnerability == "":
			base.Vulnerability = id.Text
		default:
			base.Aliases = append(base.Aliases, id.Text)
		}
	}
	about := d.about(v, path)
	statuses := map[string]vex.Status{}
	contradicted := map[string]bool{}
	if v.ProductStatus == nil {
		return nil
	}
	for _, l := range lists(v.ProductStatus) {
		s, _ := Status(l.token)
		for _, id := range l.ids {
			if was, there := statuses[id]; there && was != s && !contradicted[id] {
				contradicted[id] = true
				d.tell(path+"/product_status", fmt.Sprintf("the product %q is %s and %s: nothing is cleared by it", id, was, s))
			}
			statuses[id] = s
		}
	}
	var out []vex.Statement
	at := map[string]int{}
	for _, l := range lists(v.ProductStatus) {
		for i, id := range l.ids {
			if d.left--; d.left < 0 {
				return nil
			}
			here := fmt.Sprintf("%s/product_status/%s/%d", path, l.token, i)
			s := d.statement(base, l.token, about.of(id), here, id)
			product, err := d.tree.product(id, 0)
			if err != nil {
				d.tell(here, err.Error())
				product = &vex.Product{Ref: id}
			}
			if err != nil || contradicted[id] || product.Empty() {
				s = d.withhold([]vex.Statement{s}, here, "is not cleared: it is not known what it is")[0]
			}
			key := fmt.Sprintf("%q", []any{s.Status, s.Justification, s.Original, s.Impact, s.Action, s.Notes, s.Issued})
			k, there := at[key]
			if !there {
				k = len(out)
				at[key] = k
				out = append(out, s)
			}
			out[k].Products = append(out[k].Products, *product)
		}
	}
	if base.Vulnerability == "" && len(out) > 0 {
		d.tell(path, "names no vulnerability")
		out = d.withhold(out, path, "clears nothing: it names no vulnerability")
	}
	return out
}

func (d *reader) statement(base vex.Statement, list string, s said, path, id string) vex.Statement {
	out := base
	out.Original.State, out.Original.Justification = list, strings.Join(s.flags, ", ")
	out.Status, _ = Status(list)
	out.Impact, out.Action = strings.Join(s.impact, "\n\n"), strings.Join(s.action, "\n\n")
	out.Original.Responses = s.responses
	out.Notes = strings.Join(s.notes, "\n\n")
	out.Issued = stamp(s.flagged)
	switch {
	case len(s.flags) > 1:
		d.tell(path, fmt.Sprintf("the product %q has the flags %q: none is its justification", id, s.flags))
	case len(s.flags) == 1:
		j, ok := Justification(s.flags[0])
		switch {
		case !ok:
			d.tell(path, fmt.Sprintf("%q is not a flag of CSAF: it gives no justification", brief(s.flags[0])))
		case out.Status == vex.NotAffected:
			out.Justification = j
		default:
			d.tell(path, fmt.Sprintf("the flag %q stands beside %s, which has none", s.flags[0], list))
		}
	}
	if s.original != nil {
		out.Original = *s.original
	}
	return out
}

func brief(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

// A saying is what a vulnerability says of all its products, and of each.
type saying struct {
	all said
	one map[string]*said
}

func (s *saying) of(id string) said {
	out := said{
		impact: slices.Clone(s.all.impact), action: slices.Clone(s.all.action), responses: slices.Clone(s.all.responses),
	}
	if o := s.one[id]; o != nil {
		out.flags, out.flagged, out.notes, out.original = o.flags, o.flagged, o.notes, o.original
		out.impact = append(out.impact, o.impact...)
		out.action = append(out.action, o.action...)
		out.responses = append(out.responses, o.responses...)
	}
	return out
}

// each calls f with the sayings of the products and groups named; with that of
// all where none are.
func (d *reader) each(s *saying, products, groups []string, path string, f func(*said)) {
	if len(products) == 0 && len(groups) == 0 {
		f(&s.all)
		return
	}
	done := map[string]bool{}
	ids := slices.Clone(products)
	for _, g := range groups {
		if len(ids) > d.left {
			break // it will be an error
		}
		members, there := d.tree.groups[g]
		if !there {
			d.tell(path, fmt.Sprintf("the group %q is not defined", brief(g)))
		}
		ids = append(ids, members...)
	}
	for _, id := range ids {
		if d.left--; d.left < 0 {
			return
		}
		if done[id] {
			continue
		}
		done[id] = true
		if s.one[id] == nil {
			s.one[id] = &said{}
		}
		f(s.one[id])
	}
}

// about gathers flags, threats and remediations. A flag without products is of
// none (6.1.32); a threat or remediation without them is of all.
func (d *reader) about(v *csaf.Vulnerability, path string) *saying {
	out := &saying{one: map[string]*said{}}
	for i, f := range v.Flags {
		here := fmt.Sprintf("%s/flags/%d", path, i)
		if len(f.ProductIDs) == 0 && len(f.GroupIDs) == 0 {
			d.tell(here, "names no product: it is the flag of none")
			continue
		}
		d.each(out, f.ProductIDs, f.GroupIDs, here, func(s *said) {
			if label := string(f.Label); !slices.Contains(s.flags, label) {
				s.flags = append(s.flags, label)
			}
			s.flagged = f.Date
		})
	}
	for i, t := range v.Threats {
		if t.Category != csaf.ThreatImpact || t.Details == "" {
			continue
		}
		d.each(out, t.ProductIDs, t.GroupIDs, fmt.Sprintf("%s/threats/%d", path, i), func(s *said) { s.impact = append(s.impact, t.Details) })
	}
	for i, r := range v.Remediations {
		text := r.Details
		if r.URL != "" && !strings.Contains(text, r.URL) {
			text = strings.TrimSpace(text + "\n" + r.URL)
		}
		d.each(out, r.ProductIDs, r.GroupIDs, fmt.Sprintf("%s/remediations/%d", path, i), func(s *said) {
			if text != "" {
				s.action = append(s.action, text)
			}
			if r.Category != "" {
				s.responses = append(s.responses, string(r.Category))
			}
		})
	}
	d.recall(out, v)
	return out
}

func stamp(d csaf.Date) time.Time {
	t, err := d.Time()
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
