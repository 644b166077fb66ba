package csaf

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A File is one file of a provider's layout.
type File struct {
	Name string // with slashes, below the layout's folder
	Body []byte
}

// Provide makes the files from which p provides docs as of now. Sections 5.1 and
// 7.1 of the standard, requirements 2, 7, 11 to 13 and 15 to 20:
//
//	provider-metadata.json, service.json, openpgp/FINGERPRINT.asc
//	LABEL/YEAR/NAME.json with .sha256, .sha512 and, with a Signer, .asc
//	LABEL/index.txt, LABEL/changes.csv, LABEL/category-LABEL.json, LABEL/feed-tlp-LABEL.json
//
// LABEL is white, green, unlabeled, amber or red, whichever the documents have,
// and white if there is no document. The order is one to write in: no file is
// before those it refers to. See WriteFiles.
//
// A document that Check finds invalid is refused, as is a draft, which is not for
// others, a second document of one file name, and a label whose folder is not
// protected. All refusals are told at once. Provide asks no gate and is not one:
// what it is given has to have been released before.
func Provide(p Provider, docs []*Document, now time.Time) ([]File, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	shelves, err := p.sort(docs)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, k := range p.Keys {
		if len(k.Armored) > 0 {
			files = append(files, File{k.file(), k.Armored})
		}
	}
	for _, s := range shelves {
		for _, d := range s.documents {
			made, err := p.document(s, d)
			if err != nil {
				return nil, err
			}
			files = append(files, made...)
		}
	}
	for _, s := range shelves {
		files = append(files,
			File{s.folder + "/index.txt", s.index()},
			File{s.folder + "/changes.csv", s.changes()},
			File{s.categoryFile(), asJSON(s.categories())},
			File{s.feedFile(), asJSON(p.feed(s, now))})
	}
	return append(files, File{serviceFile, asJSON(p.service(shelves))}, File{metadataFile, asJSON(p.metadata(shelves, now))}), nil
}

// A shelf holds the documents of one label.
type shelf struct {
	label, folder string
	documents     []shelved // the last released first
}

type shelved struct {
	*Document
	name     string // below the shelf's folder
	released time.Time
}

// sort puts docs on shelves, and refuses what must not be provided.
func (p *Provider) sort(docs []*Document) ([]*shelf, error) {
	shelves := []*shelf{
		{label: "WHITE", folder: "white"}, {label: "GREEN", folder: "green"}, {label: "UNLABELED", folder: "unlabeled"},
		{label: "AMBER", folder: "amber"}, {label: "RED", folder: "red"},
	}
	var errs []error
	names := map[string]bool{}
	for i, d := range docs {
		failures := Check(d)
		refuse := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("csaf: document %d: "+format, append([]any{i}, args...)...))
		}
		if len(failures) > 0 {
			refuse("it is not valid (%d), first %s", len(failures), failures[0])
			continue
		}
		t := d.Document.Tracking
		file := Filename(t.ID)
		label := "UNLABELED"
		if dist := d.Document.Distribution; dist != nil && dist.TLP != nil {
			label = string(dist.TLP.Label)
		}
		at := slices.IndexFunc(shelves, func(s *shelf) bool { return s.label == label })
		released, _ := t.CurrentReleaseDate.Time() // Check has seen it, and the label
		switch {
		case t.Status == StatusDraft:
			refuse("%q is a draft", t.ID)
		case names[file]:
			refuse("there is another one of the file name %s", file)
		case !p.Protected && (label == string(TLPAmber) || label == string(TLPRed)):
			refuse("%q is TLP:%s, and its folder is not protected", t.ID, label)
		default:
			names[file] = true
			name := string(t.InitialReleaseDate[:4]) + "/" + file
			shelves[at].documents = append(shelves[at].documents, shelved{d, name, released})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	used := slices.DeleteFunc(shelves, func(s *shelf) bool { return len(s.documents) == 0 && (len(docs) > 0 || s.label != "WHITE") })
	for _, s := range used {
		slices.SortFunc(s.documents, func(a, b shelved) int {
			return cmp.Or(b.released.Compare(a.released), cmp.Compare(a.name, b.name))
		})
	}
	return used, nil
}

// document is the file of d and those beside it.
func (p *Provider) document(s *shelf, d shelved) ([]File, error) {
	var b bytes.Buffer
	if err := Encode(&b, d.Document); err != nil {
		return nil, err
	}
	name := s.folder + "/" + d.name
	files := []File{
		{name, b.Bytes()},
		{name + ".sha256", fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(b.Bytes()), path.Base(name))},
		{name + ".sha512", fmt.Appendf(nil, "%x  %s\n", sha512.Sum512(b.Bytes()), path.Base(name))},
	}
	if p.Signer == nil {
		return files, nil
	}
	signature, err := p.Signer.Sign(bytes.NewReader(b.Bytes()))
	if err != nil {
		return nil, fmt.Errorf("csaf: signing %s: %w", name, err)
	}
	if !bytes.HasPrefix(signature, []byte("-----BEGIN PGP SIGNATURE-----")) {
		return nil, fmt.Errorf("csaf: signing %s: what the signer made is no armored signature", name)
	}
	return append(files, File{name + ".asc", signature}), nil
}

// index is index.txt. Section 7.1.12.
func (s *shelf) index() []byte {
	var b bytes.Buffer
	for _, d := range s.documents {
		fmt.Fprintf(&b, "%s\n", d.name)
	}
	return b.Bytes()
}

// changes is changes.csv. Section 7.1.13.
func (s *shelf) changes() []byte {
	var b bytes.Buffer
	for _, d := range s.documents { // neither holds a quote
		fmt.Fprintf(&b, "\"%s\",\"%s\"\n", d.name, d.Document.Document.Tracking.CurrentReleaseDate)
	}
	return b.Bytes()
}

func (s *shelf) feedFile() string { return s.folder + "/feed-tlp-" + s.folder + ".json" }

func (s *shelf) categoryFile() string { return s.folder + "/category-" + s.folder + ".json" }

func (s *shelf) title(p *Provider) string {
	if s.label == "UNLABELED" {
		return "Advisories of " + p.Publisher.Name + " without a label"
	}
	return "Advisories of " + p.Publisher.Name + ", TLP:" + s.label
}

const serviceFile = "service.json"

// The ROLIE documents (RFC 8322) in JSON. Sections 7.1.15 and 7.1.16.
type (
	feedDocument struct {
		Feed feed `json:"feed"`
	}
	feed struct {
		ID       string     `json:"id"`
		Title    string     `json:"title"`
		Link     []link     `json:"link"`
		Category []category `json:"category"`
		Updated  Date       `json:"updated"`
		Entry    []entry    `json:"entry"`
	}
	entry struct {
		ID        string    `json:"id"`
		Title     string    `json:"title"`
		Link      []link    `json:"link"`
		Published Date      `json:"published"`
		Updated   Date      `json:"updated"`
		Summary   *summary  `json:"summary,omitempty"`
		Content   reference `json:"content"`
		Format    format    `json:"format"`
	}
	link struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	}
	category struct {
		Scheme string `json:"scheme,omitempty"`
		Term   string `json:"term"`
	}
	summary struct {
		Content string `json:"content"`
	}
	reference struct {
		Type string `json:"type"`
		Src  string `json:"src"`
	}
	format struct {
		Schema  string `json:"schema"`
		Version string `json:"version"`
	}
	serviceDocument struct {
		Service service `json:"service"`
	}
	service struct {
		Workspace []workspace `json:"workspace"`
	}
	workspace struct {
		Title      string       `json:"title"`
		Collection []collection `json:"collection"`
	}
	collection struct {
		Title      string     `json:"title"`
		Href       string     `json:"href"`
		Categories categories `json:"categories"`
	}
	categories struct {
		Category []category `json:"category"`
	}
	categoryDocument struct {
		Categories categories `json:"categories"`
	}
)

var (
	ofCSAF   = []category{{Scheme: "urn:ietf:params:rolie:category:information-type", Term: "csaf"}}
	ofFormat = format{"https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", Version}
)

func (p *Provider) feed(s *shelf, now time.Time) feedDocument {
	slug := strings.Trim(strings.TrimSuffix(Filename(p.Publisher.Name), ".json"), "_")
	f := feed{
		ID: slug + "-csaf-feed-tlp-" + s.folder, Title: s.title(p), Category: ofCSAF, Updated: At(now),
		Link: []link{{"self", p.at(s.feedFile())}}, Entry: []entry{},
	}
	for _, d := range s.documents {
		m, at := d.Document.Document, p.at(s.folder+"/"+d.name)
		e := entry{
			ID: m.Tracking.ID, Title: m.Title, Published: m.Tracking.InitialReleaseDate, Updated: m.Tracking.CurrentReleaseDate,
			Link:    []link{{"self", at}, {"hash", at + ".sha256"}, {"hash", at + ".sha512"}},
			Content: reference{"application/json", at}, Format: ofFormat,
		}
		if p.Signer != nil {
			e.Link = append(e.Link, link{"signature", at + ".asc"})
		}
		if i := slices.IndexFunc(m.Notes, func(n Note) bool { return n.Category == NoteSummary }); i >= 0 {
			e.Summary = &summary{m.Notes[i].Text}
		}
		f.Entry = append(f.Entry, e)
	}
	return feedDocument{f}
}

// categories is the category document: the categories and languages that the
// documents have. Section 7.1.17.
func (s *shelf) categories() categoryDocument {
	terms := map[string]bool{}
	for _, d := range s.documents {
		terms[d.Document.Document.Category] = true
		if lang := d.Document.Document.Lang; lang != "" {
			terms[lang] = true
		}
	}
	list := []category{}
	for _, t := range slices.Sorted(maps.Keys(terms)) {
		list = append(list, category{Term: t})
	}
	return categoryDocument{categories{list}}
}

func (p *Provider) service(shelves []*shelf) serviceDocument {
	w := workspace{Title: "CSAF documents of " + p.Publisher.Name}
	for _, s := range shelves {
		w.Collection = append(w.Collection, collection{s.title(p), p.at(s.feedFile()), categories{ofCSAF}})
	}
	return serviceDocument{service{[]workspace{w}}}
}

// asJSON writes v, which holds only texts, lists and truth values.
func asJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	_ = e.Encode(v)
	return b.Bytes()
}

// WriteFiles writes files below dir, in their order, each as a whole: a reader
// sees the file before or the file after, never a part. What else is in dir
// stays. A name that would lead out of dir is an error.
func WriteFiles(dir string, files []File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("csaf: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("csaf: %w", err)
	}
	defer root.Close()
	for _, f := range files {
		name := filepath.FromSlash(f.Name)
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("csaf: %w", err)
		}
		fresh := name + ".new"
		if err := root.WriteFile(fresh, f.Body, 0o644); err != nil {
			return fmt.Errorf("csaf: %w", err)
		}
		if err := root.Rename(fresh, name); err != nil {
			return fmt.Errorf("csaf: %w", err)
		}
	}
	return nil
}
