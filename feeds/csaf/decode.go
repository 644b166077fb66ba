package csaf

import (
	"bytes"
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

// Decode reads one document as the feed named "csaf" does. A vulnerability that
// cannot be read is a *feeds.RecordError, and the others go on; what is wrong in
// members that make no record is passed over. Any other error is
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
		for i := range a.Vulnerabilities {
			item := fmt.Sprintf("%s#%d", a.item, i+1)
			record, err := a.record(item, i)
			if err != nil {
				record, err = feeds.Record{}, &feeds.RecordError{Source: a.source, Item: item, Digest: fetch.Digest(a.raw(i)), Err: err}
			}
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
	}
}

// advisory is a document with what all of its records share.
type advisory struct {
	*standard.Document
	source, item       string
	body               []byte
	published, changed time.Time
	products           map[string]product
	links              []feeds.Reference
	// label is that of the list in which the document stands; empty is not said.
	label tlp.Label
	// wrong are the vulnerabilities that hold what is not as the standard has it.
	wrong map[int]error
}

func open(source string, r io.Reader) (*advisory, error) {
	body, err := fetch.Document(r, standard.MaxSize)
	if err != nil {
		return nil, err
	}
	doc, err := standard.DecodeAny(bytes.NewBuffer(body))
	if err != nil {
		return nil, other(body, err)
	}
	a := &advisory{Document: doc, source: source, body: body, wrong: map[int]error{}}
	if err := a.judge(); err != nil {
		return nil, err
	}
	m := a.Document.Document
	if a.item = strings.ToLower(strings.TrimSpace(m.Tracking.ID)); a.item == "" {
		return nil, errors.New("the document has no tracking id")
	}
	if a.published, err = instant("initial_release_date", m.Tracking.InitialReleaseDate); err != nil {
		return nil, fmt.Errorf("%q: %w", a.item, err)
	}
	if a.changed, err = instant("current_release_date", m.Tracking.CurrentReleaseDate); err != nil {
		return nil, fmt.Errorf("%q: %w", a.item, err)
	}
	a.products = products(a.ProductTree)
	a.links = links(nil, m.References)
	if len(a.Vulnerabilities) == 0 {
		if err := a.bulletin().Validate(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// others are the members by which the other files of a provider are known: ROLIE
// feeds and services, its metadata, and lists of providers.
var others = []string{"feed", "service", "categories", "canonical_url", "aggregator"}

// other says what else body is, when it could not be read as a document because of err.
func other(body []byte, err error) error {
	var members fetch.Members
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(json.Unmarshal(body, &members), &kind) {
		return errors.New("not a CSAF document: not a JSON object")
	}
	if _, ok := members["document"]; ok || !errors.Is(err, standard.ErrVersion) {
		return err
	}
	for _, name := range others {
		if _, ok := members[name]; ok {
			return fmt.Errorf("a list of a CSAF provider, it has a %s and no document: %w", name, fetch.ErrOther)
		}
	}
	return errors.New("not a CSAF document: it has no document")
}

// raw is the text of a vulnerability.
func (a *advisory) raw(i int) []byte {
	var list struct {
		Vulnerabilities []json.RawMessage `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(a.body, &list); err != nil || i >= len(list.Vulnerabilities) {
		return nil
	}
	return list.Vulnerabilities[i]
}

// instant reads a time; empty is not said.
func instant[T ~string](field string, date T) (time.Time, error) {
	text := string(date)
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
	d := a.Document.Document.Distribution
	label := d.Label()
	if label == "" && d != nil && d.TLP != nil {
		label, _ = tlp.ParseLabel(string(d.TLP.Label)) // as 2.1 writes it, in 2.0
	}
	return label
}

// bulletin is a document that speaks of no vulnerability.
func (a *advisory) bulletin() feeds.Record {
	m := a.Document.Document
	return feeds.Record{
		Source: a.source, Item: a.item, State: string(m.Tracking.Status),
		Published: a.published, Modified: a.changed,
		Title: m.Title, Text: prose(m.Notes), References: a.links, Mark: a.mark(),
	}
}

// record reads vulnerability i, of that item.
func (a *advisory) record(item string, i int) (feeds.Record, error) {
	if err := a.wrong[i]; err != nil {
		return feeds.Record{}, err
	}
	v := &a.Vulnerabilities[i]
	names, err := names(v)
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
	r.Scores = scores(v, a.Document.Document.Publisher.Name)
	weaknesses := v.CWEs
	if v.CWE != nil {
		weaknesses = append(weaknesses, *v.CWE)
	}
	for _, w := range weaknesses {
		if strings.HasPrefix(w.ID, "CWE-") && !slices.Contains(r.Weaknesses, w.ID) {
			r.Weaknesses = append(r.Weaknesses, w.ID)
		}
	}
	r.References = links(links(nil, v.References), a.Document.Document.References)
	for _, m := range v.Remediations {
		at, err := instant("remediations date", m.Date)
		if err != nil {
			return feeds.Record{}, err
		}
		remedy := feeds.Remedy{Kind: string(m.Category), Text: m.Details, URL: m.URL, At: at}
		// The same words are repeated for each group of products.
		if remedy.Kind != "" && !slices.Contains(r.Remedies, remedy) {
			r.Remedies = append(r.Remedies, remedy)
		}
	}
	r.Products = join(v.ProductStatus, a.products)
	return r, r.Validate()
}

// numbered are the ids that somebody gives to vulnerabilities, never to advisories
// or tickets.
var numbered = regexp.MustCompile(`^(?:CVE|GHSA|EUVD|GCVE|GO|PYSEC|RUSTSEC|OSV|CNVD|CNNVD|ZDI)-[0-9A-Za-z-]*[0-9a-z]$`)

// names are the ids of the vulnerability, its CVE id first.
func names(v *standard.Vulnerability) ([]feeds.ID, error) {
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
func scores(v *standard.Vulnerability, publisher string) []feeds.Score {
	var v4, v3, v2 []feeds.Score
	add := func(to *[]feeds.Score, vector string, base float64, by string) {
		if s := (feeds.Score{Vector: vector, Base: base, By: by}); vector != "" && !slices.Contains(*to, s) {
			*to = append(*to, s)
		}
	}
	metrics := make([]standard.Metric, 0, len(v.Scores)+len(v.Metrics))
	for _, s := range v.Scores {
		metrics = append(metrics, standard.Metric{Content: standard.MetricContent{CVSSv2: s.CVSSv2, CVSSv3: s.CVSSv3}})
	}
	for _, m := range append(metrics, v.Metrics...) {
		by := m.Source
		if by == "" {
			by = publisher
		}
		if c := m.Content.CVSSv4; c != nil {
			add(&v4, c.VectorString, c.BaseScore, by)
		}
		if c := m.Content.CVSSv3; c != nil {
			add(&v3, c.VectorString, c.BaseScore, by)
		}
		if c := m.Content.CVSSv2; c != nil {
			add(&v2, c.VectorString, c.BaseScore, by)
		}
	}
	return append(append(v4, v3...), v2...)
}

// prose are the summaries and descriptions among notes.
func prose(notes []standard.Note) string {
	var out []string
	for _, category := range []standard.NoteCategory{standard.NoteSummary, standard.NoteDescription} {
		for _, n := range notes {
			if n.Category == category && n.Text != "" && !slices.Contains(out, n.Text) {
				out = append(out, n.Text)
			}
		}
	}
	return strings.Join(out, "\n\n")
}

// links appends what is not there yet.
func links(out []feeds.Reference, in []standard.Reference) []feeds.Reference {
	for _, r := range in {
		if r.URL == "" || slices.ContainsFunc(out, func(h feeds.Reference) bool { return h.URL == r.URL }) {
			continue
		}
		link := feeds.Reference{URL: r.URL}
		if r.Category != "" {
			link.Tags = []string{string(r.Category)}
		}
		out = append(out, link)
	}
	return out
}
