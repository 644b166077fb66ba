package csaf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	standard "github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// document is a CSAF document, as far as it is used. Package csaf of this module has
// all of it, but of version 2.0 only, and reads it as a whole or not at all.
type document struct {
	Document        meta              `json:"document"`
	Tree            tree              `json:"product_tree"`
	Vulnerabilities []json.RawMessage `json:"vulnerabilities"`
}

type meta struct {
	Version      string `json:"csaf_version"`
	Title        string `json:"title"`
	Distribution *struct {
		Text string `json:"text"`
		TLP  *struct {
			Label string `json:"label"`
		} `json:"tlp"`
	} `json:"distribution"`
	Publisher struct {
		Name string `json:"name"`
	} `json:"publisher"`
	Notes      []note      `json:"notes"`
	References []reference `json:"references"`
	Tracking   struct {
		ID      string `json:"id"`
		Status  string `json:"status"`
		Initial string `json:"initial_release_date"`
		Current string `json:"current_release_date"`
	} `json:"tracking"`
}

type note struct {
	Category string `json:"category"`
	Text     string `json:"text"`
}

type reference struct {
	Category string `json:"category"`
	URL      string `json:"url"`
}

type vulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Title  string      `json:"title"`
	CWE    *cwe        `json:"cwe"`  // 2.0
	CWEs   []cwe       `json:"cwes"` // 2.1
	Notes  []note      `json:"notes"`
	Refs   []reference `json:"references"`
	Scores []content   `json:"scores"` // 2.0
	// Metrics are what 2.1 has in place of Scores.
	Metrics []struct {
		Content content `json:"content"`
		Source  string  `json:"source"`
	} `json:"metrics"`
	Remediations []struct {
		Category string `json:"category"`
		Details  string `json:"details"`
		URL      string `json:"url"`
		Date     string `json:"date"`
	} `json:"remediations"`
	Status status `json:"product_status"`
}

type cwe struct {
	ID string `json:"id"`
}

type content struct {
	V2 *cvss `json:"cvss_v2"`
	V3 *cvss `json:"cvss_v3"`
	V4 *cvss `json:"cvss_v4"`
}

type cvss struct {
	Vector string  `json:"vectorString"`
	Base   float64 `json:"baseScore"`
}

// Decode reads one document as the feed named "csaf" does. A vulnerability that
// cannot be read is a *feeds.RecordError, and the others go on. Any other error is
// the last thing yielded: the document is empty or cut off, goes on after its end, is
// not UTF-8, is no CSAF document (fetch.ErrOther) or one of another version, does not
// say its id, or is larger than 64 MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] { return decode(Name, r) }

func decode(source string, r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		advisory, err := open(source, r)
		if err != nil {
			yield(feeds.Update{}, err)
			return
		}
		advisory.updates()(yield)
	}
}

// updates yields the records of a document.
func (a *advisory) updates() iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		if len(a.Vulnerabilities) == 0 {
			yield(feeds.Update{Record: a.bulletin()}, nil)
			return
		}
		for i, raw := range a.Vulnerabilities {
			item := fmt.Sprintf("%s#%d", a.item, i+1)
			record, err := a.record(item, raw)
			if err != nil {
				record, err = feeds.Record{}, &feeds.RecordError{Source: a.source, Item: item, Digest: fetch.Digest(raw), Err: err}
			}
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
	}
}

// advisory is a document with what all of its records share.
type advisory struct {
	document
	source, item       string
	published, changed time.Time
	products           map[string]product
	links              []feeds.Reference
	// label is that of the list in which the document stands; empty is not said.
	label tlp.Label
}

// others are the members by which the other files of a provider are known: ROLIE
// feeds and services, its metadata, and lists of providers.
var others = []string{"feed", "service", "categories", "canonical_url", "aggregator"}

func open(source string, r io.Reader) (*advisory, error) {
	body, err := fetch.Document(r, standard.MaxSize)
	if err != nil {
		return nil, err
	}
	var members fetch.Members
	if err := json.Unmarshal(body, &members); err != nil {
		if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
			return nil, errors.New("not a CSAF document: not a JSON object")
		}
		return nil, fetch.Placed(err, body)
	}
	if _, ok := members["document"]; !ok {
		for _, name := range others {
			if _, ok := members[name]; ok {
				return nil, fmt.Errorf("a list of a CSAF provider, it has a %s and no document: %w", name, fetch.ErrOther)
			}
		}
		return nil, errors.New("not a CSAF document: it has no document")
	}
	a := &advisory{source: source}
	if err := json.Unmarshal(body, &a.document); err != nil {
		return nil, fetch.Placed(err, body)
	}
	m := a.Document
	if m.Version != "2.0" && m.Version != "2.1" {
		return nil, fmt.Errorf("csaf_version is %q: only 2.0 and 2.1 are read", m.Version)
	}
	if a.item = strings.ToLower(strings.TrimSpace(m.Tracking.ID)); a.item == "" {
		return nil, errors.New("the document has no tracking id")
	}
	if a.published, err = instant("initial_release_date", m.Tracking.Initial); err != nil {
		return nil, fmt.Errorf("%q: %w", a.item, err)
	}
	if a.changed, err = instant("current_release_date", m.Tracking.Current); err != nil {
		return nil, fmt.Errorf("%q: %w", a.item, err)
	}
	a.products = a.Tree.products()
	a.links = links(nil, m.References)
	if len(a.Vulnerabilities) == 0 {
		if err := a.bulletin().Validate(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// instant reads a time; empty is not said.
func instant(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is no time", field, text)
}

// mark is the label of the document and of the list in which it stands, whichever is
// stricter. A document that says none is as its list says; when that, too, has not said,
// tlp takes it for stricter than RED, and the reader has to ask the publisher that By
// names.
func (a *advisory) mark() tlp.Mark {
	own := tlp.Marked(a.own(), a.source)
	switch {
	case a.label == "":
		return own
	case !own.Said():
		return tlp.Marked(a.label, a.source)
	}
	return tlp.Join(own, tlp.Marked(a.label, a.source))
}

// own is the document's label; one that is no label has not said.
func (a *advisory) own() tlp.Label {
	d := a.Document.Distribution
	if d == nil || d.TLP == nil {
		return ""
	}
	as := standard.Distribution{Text: d.Text, TLP: &standard.TLP{Label: standard.TLPLabel(d.TLP.Label)}}
	label := as.Label() // what 2.0 writes
	if label == "" {
		label, _ = tlp.ParseLabel(d.TLP.Label) // 2.1
	}
	return label
}

// bulletin is a document that speaks of no vulnerability.
func (a *advisory) bulletin() feeds.Record {
	return feeds.Record{
		Source: a.source, Item: a.item, State: a.Document.Tracking.Status,
		Published: a.published, Modified: a.changed,
		Title: a.Document.Title, Text: prose(a.Document.Notes), References: a.links, Mark: a.mark(),
	}
}

// record reads the vulnerability of that item.
func (a *advisory) record(item string, raw json.RawMessage) (feeds.Record, error) {
	var v vulnerability
	if err := json.Unmarshal(raw, &v); err != nil {
		return feeds.Record{}, err
	}
	names, err := v.names()
	if err != nil {
		return feeds.Record{}, err
	}
	if len(names) == 0 {
		names = []feeds.ID{feeds.ID(item)} // nobody else has numbered it
	}
	r := a.bulletin()
	r.Item, r.Names = item, names
	if v.Title != "" {
		r.Title = v.Title
	}
	if text := prose(v.Notes); text != "" {
		r.Text = text
	}
	r.Scores = v.scores(a.Document.Publisher.Name)
	for _, w := range append(v.CWEs, deref(v.CWE)...) {
		if strings.HasPrefix(w.ID, "CWE-") && !slices.Contains(r.Weaknesses, w.ID) {
			r.Weaknesses = append(r.Weaknesses, w.ID)
		}
	}
	r.References = links(links(nil, v.Refs), a.Document.References)
	for _, m := range v.Remediations {
		at, err := instant("remediations date", m.Date)
		if err != nil {
			return feeds.Record{}, err
		}
		remedy := feeds.Remedy{Kind: m.Category, Text: m.Details, URL: m.URL, At: at}
		// The same words are repeated for each group of products.
		if remedy.Kind != "" && !slices.Contains(r.Remedies, remedy) {
			r.Remedies = append(r.Remedies, remedy)
		}
	}
	r.Products = v.Status.join(a.products)
	return r, r.Validate()
}

func deref(w *cwe) []cwe {
	if w == nil {
		return nil
	}
	return []cwe{*w}
}

// numbered are the ids that somebody gives to vulnerabilities, never to advisories
// or tickets.
var numbered = regexp.MustCompile(`^(?:CVE|GHSA|EUVD|GCVE|GO|PYSEC|RUSTSEC|OSV|CNVD|CNNVD|ZDI)-[0-9A-Za-z-]*[0-9a-z]$`)

// names are the ids of the vulnerability, its CVE id first.
func (v vulnerability) names() ([]feeds.ID, error) {
	var out []feeds.ID
	if strings.TrimSpace(v.CVE) != "" {
		id := feeds.CleanID(v.CVE)
		if !id.CVE() {
			return nil, fmt.Errorf("cve %q is no CVE id", v.CVE)
		}
		out = append(out, id)
	}
	for _, other := range v.IDs {
		if id := feeds.CleanID(other.Text); numbered.MatchString(string(id)) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}

// scores are the CVSS vectors, each once, those of the newest version first.
func (v vulnerability) scores(publisher string) []feeds.Score {
	var out []feeds.Score
	add := func(c *cvss, by string) {
		if c == nil || c.Vector == "" {
			return
		}
		if s := (feeds.Score{Vector: c.Vector, Base: c.Base, By: by}); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, version := range []func(content) *cvss{
		func(c content) *cvss { return c.V4 }, func(c content) *cvss { return c.V3 }, func(c content) *cvss { return c.V2 },
	} {
		for _, s := range v.Scores {
			add(version(s), publisher)
		}
		for _, m := range v.Metrics {
			by := m.Source
			if by == "" {
				by = publisher
			}
			add(version(m.Content), by)
		}
	}
	return out
}

// prose are the summaries and descriptions among notes.
func prose(notes []note) string {
	var out []string
	for _, category := range []string{"summary", "description"} {
		for _, n := range notes {
			if n.Category == category && n.Text != "" && !slices.Contains(out, n.Text) {
				out = append(out, n.Text)
			}
		}
	}
	return strings.Join(out, "\n\n")
}

// links appends what is not there yet.
func links(out []feeds.Reference, in []reference) []feeds.Reference {
	for _, r := range in {
		if r.URL == "" || slices.ContainsFunc(out, func(h feeds.Reference) bool { return h.URL == r.URL }) {
			continue
		}
		link := feeds.Reference{URL: r.URL}
		if r.Category != "" {
			link.Tags = []string{r.Category}
		}
		out = append(out, link)
	}
	return out
}
