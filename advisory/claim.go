package advisory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

// A Claim is one sentence or paragraph of a letter with the records it says. A
// person's own words have the advisory itself as their record, which the ledger
// holds with who wrote it; they have those others too that they are about.
type Claim struct {
	// Section is its heading, Lead and Text what stands there.
	Section string  `json:"section"`
	Lead    string  `json:"lead,omitempty"`
	Text    string  `json:"text"`
	From    []Basis `json:"from"`
}

// Claims are all claims of the letter of a, in its order.
func Claims(a Advisory) []Claim { return newLetter(a).Claims() }

// Claims are all claims of l, in its order; a row of a table is one claim.
func (l Letter) Claims() []Claim {
	var out []Claim
	add := func(section string, items ...Item) {
		for _, x := range items {
			out = append(out, Claim{Section: section, Lead: x.Lead, Text: x.Text, From: x.From})
		}
	}
	add("", l.Banners...)
	add("", l.Facts...)
	above := ""
	for _, s := range l.Sections {
		title := s.Title
		if s.Under {
			title = above + " / " + title
		} else {
			above = title
		}
		if t := s.Table; t != nil {
			for i, row := range t.Rows {
				out = append(out, Claim{Section: title, Lead: t.Caption, Text: strings.Join(row, "; "), From: t.From[i]})
			}
		}
		add(title, s.Items...)
	}
	return out
}

// Text names a part of the advisory that a person wrote, for a Cite.
type Text string

// The parts that can be cited for. Those about one vulnerability rest on what is
// known of it and need no Cite.
const (
	TextSummary      Text = "summary"
	TextNotice       Text = "notice"
	TextAvailability Text = "availability"
	TextNext         Text = "next"
	TextContact      Text = "contact"
	TextReporting    Text = "reporting"
	TextUnits        Text = "units"
	TextPurpose      Text = "purpose"
	TextUse          Text = "use"
	TextReply        Text = "reply"
	TextPassOn       Text = "pass_on"
	TextAuthorities  Text = "authorities"
)

var texts = []Text{
	TextSummary, TextNotice, TextAvailability, TextNext, TextContact, TextReporting,
	TextUnits, TextPurpose, TextUse, TextReply, TextPassOn, TextAuthorities,
}

// A Cite says that a person's words rest on a record of the ledger: when the
// record changes, the words are stale. See Citing.
type Cite struct {
	Text Text  `json:"text"`
	Of   Basis `json:"of"`
}

// Citing is the cite of the record as the ledger holds it now.
func Citing(ctx context.Context, l *store.Ledger, text Text, of store.Name) (Cite, error) {
	b, err := Resting(ctx, l, of)
	if err != nil {
		return Cite{}, err
	}
	return Cite{Text: text, Of: b}, nil
}

// Resting is the record as the ledger holds it now, for a Cite or a Statement.
func Resting(ctx context.Context, l *store.Ledger, of store.Name) (Basis, error) {
	now, _, err := current(ctx, l, Basis{Kind: of.Kind, Key: of.Key})
	if err != nil {
		return Basis{}, fmt.Errorf("advisory: cite of %s: %w", of, err)
	}
	return Basis{Kind: of.Kind, Key: of.Key, Digest: now}, nil
}

// sources finds the records behind what an advisory says.
type sources struct {
	a   Advisory
	own Basis // the advisory itself, for the words of who drafted it
}

func (a Advisory) sources() sources {
	return sources{a, Basis{Kind: string(Advisories), Key: a.ID, Digest: a.Digest()}}
}

// rests are the records of these kinds and keys.
func (s sources) rests(keys []string, kinds ...string) []Basis {
	var out []Basis
	for _, b := range s.a.Rests {
		if slices.Contains(kinds, b.Kind) && slices.Contains(keys, b.Key) {
			out = append(out, b)
		}
	}
	return out
}

func (s sources) findings(keys []string) []Basis {
	return s.rests(keys, string(assess.Assessments), findings, string(patch.Plans))
}

// product are the records of one version: what it is, its stage, where it is.
func (s sources) product(v Version) []Basis {
	if v.Product == "" {
		return []Basis{s.own}
	}
	out := s.rests([]string{v.Product}, string(device.Products), string(device.Lives))
	for _, b := range s.a.Rests {
		if b.Kind == fleetKind || b.Kind == string(device.Counts) && strings.HasPrefix(b.Key, v.Product+" @") {
			out = append(out, b)
		}
	}
	return append(out, s.own)
}

// scope are the records of which versions there are.
func (s sources) scope() []Basis {
	out := []Basis{s.own}
	for _, b := range s.a.Rests {
		if b.Kind == fleetKind {
			out = append(out, b)
		}
	}
	return tidy(out)
}

func (s sources) disposition(d Disposition) []Basis {
	if out := s.findings(d.Findings); len(out) > 0 {
		return tidy(append(out, d.From...))
	}
	return tidy(append(s.product(s.a.version(d.Version)), d.From...))
}

func (s sources) vulnerability(v Vulnerability) []Basis {
	return tidy(append(s.findings(v.findings()), s.own))
}

// heard are those of what others say of v: its assessments, and what is known beside
// them; for published scores, or for exploitation.
func (s sources) heard(v Vulnerability, kind string) []Basis {
	out := append(s.rests(v.findings(), string(assess.Assessments)), s.own)
	for _, b := range v.heard() {
		if b.Kind == kind {
			out = append(out, b)
		}
	}
	return tidy(out)
}

func (v Vulnerability) findings() []string {
	var keys []string
	for _, d := range v.Dispositions {
		keys = append(keys, d.Findings...)
	}
	return keys
}

// about are those of what an instruction or a remedy is for; empty lists are all.
func (s sources) about(ids []feeds.ID, versions []string) []Basis {
	out := []Basis{s.own}
	for _, v := range s.a.Vulnerabilities {
		if len(ids) > 0 && !slices.ContainsFunc(ids, v.has) {
			continue
		}
		for _, d := range v.Dispositions {
			if len(versions) == 0 || slices.Contains(versions, d.Version) {
				out = append(out, s.findings(d.Findings)...)
			}
		}
	}
	return tidy(out)
}

// patch are those of a fix: of what it is for, and the releases that carry one.
func (s sources) patch(r Remedy) []Basis {
	out := s.about(r.For, r.Versions)
	for _, b := range s.a.Rests {
		if b.Kind == string(patch.Releases) {
			out = append(out, b)
		}
	}
	return tidy(out)
}

// text are the records of a person's words: the advisory and what is cited. The
// summary, the four statements and the availability of a fix speak of all that the
// advisory rests on.
func (s sources) text(t Text) []Basis {
	out := []Basis{s.own}
	for _, c := range s.a.Cites {
		if c.Text == t {
			out = append(out, c.Of)
		}
	}
	switch t {
	case TextSummary, TextNotice, TextAvailability:
		out = append(out, s.about(nil, nil)...)
	}
	return tidy(out)
}

// purpose are the records of what the devices are for: their products, and what is
// cited.
func (s sources) purpose() []Basis {
	out := s.text(TextPurpose)
	for _, v := range s.a.Versions {
		if v.Product != "" {
			out = append(out, s.rests([]string{v.Product}, string(device.Products))...)
		}
	}
	return tidy(out)
}

func tidy(list []Basis) []Basis {
	out := slices.Clone(list)
	slices.SortFunc(out, func(x, y Basis) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Digest, y.Digest))
	})
	return slices.Compact(out)
}

// ErrStale: a record that the advisory rests on says something else by now.
var ErrStale = errors.New("advisory: stale")

// A StaleError lists what has to be written anew.
type StaleError struct {
	ID    string
	Stale []Stale
}

// A Stale record is one that changed, or that is not told of, with the claims that say
// something else.
type Stale struct {
	Of  Basis  `json:"of"`
	Why string `json:"why"`
	// Product is the one that it is about when the advisory does not speak of that.
	Product string  `json:"product,omitempty"`
	Claims  []Claim `json:"claims"`
}

var heardWords = map[string]string{
	exploitedKind: "changed: whether it is listed as exploited, or used in ransomware campaigns, is otherwise by now",
	ratedKind:     "changed: the published scores rate it otherwise by now",
}

// Error names each record with the number of claims that it makes stale.
func (e *StaleError) Error() string {
	var parts []string
	for _, s := range e.Stale {
		parts = append(parts, fmt.Sprintf("%s %q %s (%d claims)", s.Of.Kind, s.Of.Key, s.Why, len(s.Claims)))
	}
	return fmt.Sprintf("advisory: %q is stale: %s", e.ID, strings.Join(parts, "; "))
}

// Unwrap is ErrStale.
func (e *StaleError) Unwrap() error { return ErrStale }

// Fresh compares what a rests on with what l holds now. Where a record is another
// one, was withdrawn, or is not there, the claims that rest on it are stale and the
// error is a *StaleError with all of them. So are those that speak of a vulnerability
// in a version of which l holds an assessment or a finding that a does not rest on; one
// in a product that a does not speak of is told too, unless it is Excluded. The
// sign-offs do not help: they were of what was known then. A withdrawn advisory says
// nothing that could be stale.
func Fresh(ctx context.Context, l *store.Ledger, a Advisory) error {
	if l == nil {
		return fmt.Errorf("%w: there is no ledger", ErrUnrecorded)
	}
	var out []Stale
	claims := Claims(a)
	h, err := hold(ctx, l)
	if err != nil {
		return err
	}
	add := func(stale Stale, hit func(Claim) bool) {
		for _, c := range claims {
			if hit(c) {
				stale.Claims = append(stale.Claims, c)
			}
		}
		out = append(out, stale)
	}
	rests := slices.Clone(a.Rests)
	for _, c := range a.Cites {
		rests = append(rests, c.Of)
	}
	for _, b := range tidy(rests) {
		now, how, why := "", "", ""
		if b.Kind == findings {
			now, how, err = h.finding(b.Key)
		} else {
			now, how, err = current(ctx, l, b)
		}
		switch {
		case errors.Is(err, store.ErrNotFound) && b.Kind == findings:
			continue // nothing is kept of findings here: the assessment speaks for it
		case errors.Is(err, store.ErrNotFound):
			why = "is not in the ledger"
		case err != nil:
			return err
		case now != b.Digest:
			why = "changed" + how
		default:
			continue
		}
		add(Stale{Of: b, Why: why}, func(c Claim) bool { return slices.Contains(c.From, b) })
	}
	if err := h.otherwise(ctx, l, a, add); err != nil {
		return err
	}
	if len(out) > 0 {
		return &StaleError{ID: a.ID, Stale: out}
	}
	return nil
}

// findings is the kind of a Basis that is a finding. It has no drawer of its own:
// its digest stands in the state of its product.
const findings = "match.finding"

// gone is the digest of a finding that was withdrawn.
const gone = "withdrawn"

// current is the digest of the record that b names as the ledger holds it, and how
// that came about.
func current(ctx context.Context, l *store.Ledger, b Basis) (digest, how string, err error) {
	switch b.Kind {
	case findings:
		h, err := hold(ctx, l)
		if err != nil {
			return "", "", err
		}
		return h.finding(b.Key)
	case fleetKind:
		return inField(ctx, l, b.Key)
	case string(assess.Assessments):
		return latest(ctx, l, assess.Assessments, b.Key)
	case string(patch.Releases):
		return latest(ctx, l, patch.Releases, b.Key)
	case string(patch.Plans):
		return latest(ctx, l, patch.Plans, b.Key)
	case string(device.Products):
		p, e, err := device.Products.Latest(ctx, l, b.Key)
		if err != nil {
			return "", "", err
		}
		return toldAs(p, b.Digest), entered(e), nil
	case string(device.Lives):
		return latest(ctx, l, device.Lives, b.Key)
	case string(device.Counts):
		return latest(ctx, l, device.Counts, b.Key)
	}
	return body(l.Trail(ctx, 0, store.Name{Kind: b.Kind, Key: b.Key}))
}

// latest reads a record of a known kind by its type, so that one written in an
// older shape is compared as what it means.
func latest[T store.Keyed](ctx context.Context, l *store.Ledger, k store.Kind[T], key string) (string, string, error) {
	v, e, err := k.Latest(ctx, l, key)
	if err != nil {
		return "", "", err
	}
	return digest(v), entered(e), nil
}

// body is the digest of the last entry of a record whose type is not known here.
func body(trail iter.Seq2[store.Entry, error]) (string, string, error) {
	var last store.Entry
	for e, err := range trail {
		if err != nil {
			return "", "", err
		}
		last = e
	}
	if last.Seq == 0 {
		return "", "", store.ErrNotFound
	}
	sum := sha256.Sum256(last.Body)
	return hex.EncodeToString(sum[:]), entered(last), nil
}

func entered(e store.Entry) string { return fmt.Sprintf(" on %s by %s: %s", stamp(e.At), e.Who, e.Why) }

// told is what an advisory says of a product: not how it is deployed and controlled,
// which its assessments rest on.
func told(p device.Product) device.Product {
	p.Deployment = device.Deployment{}
	return p
}

// toldAs is the digest of what an advisory says of p; that of all of p where it was
// kept so once, and still is that.
func toldAs(p device.Product, kept string) string {
	if whole := digest(p); whole == kept {
		return whole
	}
	return digest(told(p))
}

// settled is v as the ledger gives it back, so that digests of before and after
// are the same.
func settled[T any](v T) T {
	var out T
	data, err := json.Marshal(v)
	if err != nil || json.Unmarshal(data, &out) != nil {
		return v
	}
	return out
}
