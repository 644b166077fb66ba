package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/open-postmarket/postmarket/sbom"
)

// decodeJSON walks the members of the document in one pass, whatever their
// order, and lets each element go when it has been translated.
func decodeJSON(data []byte, strict bool) (sbom.BOM, error) {
	if at := tooDeep(data); at >= 0 {
		return sbom.BOM{}, located(data, at, fmt.Sprintf("is nested deeper than %d", maxDepth), nil)
	}
	w := walk{data: data, dec: json.NewDecoder(bytes.NewReader(data)), doc: newDocument(), graph: newGraph(), seen: map[string]bool{}}
	if w.doc.strict = strict; strict { // the rules differ by version, which may stand last
		var first struct {
			Version text `json:"spdxVersion"`
		}
		_ = json.Unmarshal(data, &first) // the walk tells what is wrong
		w.doc.version = strings.TrimPrefix(first.Version.string, "SPDX-")
	}
	w.graph.doc = w.doc
	if err := w.document(); err != nil {
		return sbom.BOM{}, broken(data, err)
	}
	switch {
	case w.version != "":
		if err := checkVersion2(w.version, "spdxVersion"); err != nil {
			return sbom.BOM{}, err
		}
		w.doc.bom.Format = sbom.SPDXJSON
		w.doc.bom.Spec = strings.TrimPrefix(w.version, "SPDX-")
		w.doc.checkHead(w.head)
		w.doc.checkEnds()
		return w.doc.finish(), nil
	case w.context || w.listed:
		if !w.listed { // one element may stand without a graph
			w.graph.add(data, "", 0)
		}
		return w.graph.finish(w.contextVersion)
	}
	return sbom.BOM{}, &SyntaxError{Path: "spdxVersion", Why: "is missing: not an SPDX document"}
}

// broken says where JSON is not JSON. The streaming decoder's own offsets do
// not count all it has passed.
func broken(data []byte, err error) error {
	var syntax *json.SyntaxError
	if whole := json.Unmarshal(data, new(skip)); errors.As(whole, &syntax) {
		why := whole.Error()
		if syntax.Offset >= int64(len(data)) {
			why = "is cut off: " + why
		}
		return located(data, int(syntax.Offset), why, whole)
	}
	return &SyntaxError{Why: err.Error(), Err: err}
}

// A walk is one pass over the members of a document.
type walk struct {
	data           []byte
	dec            *json.Decoder
	raw            json.RawMessage // of the object at hand
	seen           map[string]bool // members of the document
	doc            *document
	graph          *graph
	version        string // spdxVersion
	head           head
	context        bool // @context is of SPDX
	contextVersion string
	listed         bool // there is an @graph
}

func (w *walk) document() error {
	if _, err := w.dec.Token(); err != nil { // the first character is known
		return err
	}
	for w.dec.More() {
		name, err := w.dec.Token()
		if err != nil {
			return err
		}
		if err := w.member(name.(string)); err != nil {
			return err
		}
	}
	if _, err := w.dec.Token(); err != nil {
		return err
	}
	if _, err := w.dec.Token(); err != io.EOF {
		return errors.New("has something after its end")
	}
	return nil
}

func (w *walk) member(name string) error {
	if w.seen[name] {
		w.doc.problem(name, "is given more than once")
	}
	w.seen[name] = true
	switch name {
	case "spdxVersion":
		return w.text(&w.version, name)
	case "SPDXID":
		err := w.text(&w.doc.id, name)
		w.head.id = w.doc.id
		return err
	case "name":
		return w.text(&w.head.name, name)
	case "dataLicense":
		return w.text(&w.head.license, name)
	case "documentNamespace":
		return w.text(&w.head.namespace, name)
	case "creationInfo":
		var info struct {
			Created  text       `json:"created"`
			Creators many[text] `json:"creators"`
		}
		if _, err := w.object(&info, creationShape, name); err != nil {
			return err
		}
		w.head.created = info.Created.string
		for _, c := range info.Creators {
			w.head.creators = append(w.head.creators, c.string)
		}
		return nil
	case "documentDescribes":
		return w.list(name, func(path string) error {
			var to string
			err := w.text(&to, path)
			if to != "" {
				w.doc.end(path, to, true)
				w.doc.relate(w.doc.self(), describes, to)
			}
			return err
		})
	case "packages":
		return w.list(name, w.pack)
	case "files":
		return w.list(name, w.file)
	case "relationships":
		return w.list(name, w.relationship)
	case "@context":
		return w.readContext()
	case "@graph":
		w.listed = true
		return w.list(name, func(path string) error {
			var raw json.RawMessage
			if err := w.dec.Decode(&raw); err != nil {
				return err
			}
			w.graph.add(raw, path, 0)
			return nil
		})
	}
	var raw json.RawMessage
	if err := w.dec.Decode(&raw); err != nil {
		return err
	}
	if w.doc.version != "" {
		w.doc.judgeField(raw, documentShape, name, name)
	}
	if name == "snippets" && raw[0] == '[' {
		parts(raw, func(_ int, _ string, value []byte) {
			var s struct {
				ID text `json:"SPDXID"`
			}
			_ = json.Unmarshal(value, &s) // of another type is of no id
			w.doc.others[s.ID.string] = true
		})
	}
	return nil
}

// list calls one for each element of the list that comes next, with its path.
func (w *walk) list(name string, one func(path string) error) error {
	open, err := w.dec.Token()
	if err != nil || open == nil {
		return err
	}
	if open != json.Delim('[') {
		return w.alone(open, name, one)
	}
	for i := 0; w.dec.More(); i++ {
		if err := one(fmt.Sprintf("%s[%d]", name, i)); err != nil {
			return err
		}
	}
	_, err = w.dec.Token()
	return err
}

// alone reads one value where a list belongs, of which open was the first
// token, as a list of one.
func (w *walk) alone(open json.Token, name string, one func(path string) error) error {
	raw, err := json.Marshal(open)
	if open == json.Delim('{') {
		raw = w.data[w.dec.InputOffset()-1:]
		for w.dec.More() {
			if _, err := w.dec.Token(); err != nil {
				return err
			}
			if err := w.dec.Decode(new(skip)); err != nil {
				return err
			}
		}
		_, err = w.dec.Token()
	}
	if err != nil {
		return err
	}
	w.doc.problem(name, "is %s, not a list; it is read as a list of one", word(raw))
	all := w.dec
	w.dec = json.NewDecoder(bytes.NewReader(raw))
	err = one(name + "[0]")
	w.dec = all
	return err
}

func (w *walk) text(to *string, path string) error {
	var t text
	if err := w.dec.Decode(&t); err != nil {
		return err
	}
	w.doc.odd(t, path)
	*to = t.string
	return nil
}

// packageJSON takes whatever stands in a field; judge tells what is odd.
type packageJSON struct {
	ID          text          `json:"SPDXID"`
	Name        text          `json:"name"`
	Version     text          `json:"versionInfo"`
	Supplier    text          `json:"supplier"`
	Originator  text          `json:"originator"`
	Download    text          `json:"downloadLocation"`
	HomePage    text          `json:"homepage"`
	SourceInfo  text          `json:"sourceInfo"`
	Declared    text          `json:"licenseDeclared"`
	Concluded   text          `json:"licenseConcluded"`
	Summary     text          `json:"summary"`
	Description text          `json:"description"`
	Purpose     text          `json:"primaryPackagePurpose"`
	ValidUntil  text          `json:"validUntilDate"`
	Sums        many[sumJSON] `json:"checksums"`
	Refs        many[refJSON] `json:"externalRefs"`
	HasFiles    many[text]    `json:"hasFiles"`
}

type sumJSON struct {
	Algorithm text `json:"algorithm"`
	Value     text `json:"checksumValue"`
}

type refJSON struct {
	Category text `json:"referenceCategory"`
	Type     text `json:"referenceType"`
	Locator  text `json:"referenceLocator"`
	Comment  text `json:"comment"`
}

func (w *walk) pack(path string) error {
	var in packageJSON
	if _, err := w.object(&in, packageShape, path); err != nil { // one that is no object stands for a package all the same
		return err
	}
	p := v2_3.Package{
		PackageName: in.Name.string, PackageVersion: in.Version.string,
		PackageSupplier: supplier(in.Supplier.string), PackageOriginator: originator(in.Originator.string),
		PackageDownloadLocation: in.Download.string, PackageHomePage: in.HomePage.string, PackageSourceInfo: in.SourceInfo.string,
		PackageLicenseDeclared: in.Declared.string, PackageLicenseConcluded: in.Concluded.string,
		PackageSummary: in.Summary.string, PackageDescription: in.Description.string,
		PrimaryPackagePurpose: in.Purpose.string, ValidUntilDate: in.ValidUntil.string,
	}
	for _, s := range in.Sums {
		p.PackageChecksums = append(p.PackageChecksums, common.Checksum{
			Algorithm: common.ChecksumAlgorithm(s.Algorithm.string), Value: s.Value.string,
		})
	}
	for _, r := range in.Refs {
		p.PackageExternalReferences = append(p.PackageExternalReferences, &v2_3.PackageExternalReference{
			Category: r.Category.string, RefType: r.Type.string, Locator: r.Locator.string, ExternalRefComment: r.Comment.string,
		})
	}
	ref := w.doc.pack(in.ID.string, &p, path)
	for i, f := range in.HasFiles {
		w.doc.end(fmt.Sprintf("%s.hasFiles[%d]", path, i), f.string, false)
		w.doc.relate(ref, contains, f.string)
	}
	return nil
}

func (w *walk) file(path string) error {
	var in struct {
		ID        text          `json:"SPDXID"`
		Name      text          `json:"fileName"`
		Types     many[text]    `json:"fileTypes"`
		Sums      many[sumJSON] `json:"checksums"`
		Concluded text          `json:"licenseConcluded"`
	}
	if ok, err := w.object(&in, fileShape, path); !ok {
		return err
	}
	f := file{ref: in.ID.string, name: in.Name.string, path: path, license: in.Concluded.string}
	for _, t := range in.Types {
		f.source = f.source || strings.EqualFold(t.string, "SOURCE")
	}
	for _, s := range in.Sums {
		f.hashes = append(f.hashes, sbom.Hash{Algorithm: s.Algorithm.string, Value: s.Value.string})
	}
	w.doc.file(f)
	return nil
}

func (w *walk) relationship(path string) error {
	var in struct {
		From text `json:"spdxElementId"`
		To   text `json:"relatedSpdxElement"`
		Type text `json:"relationshipType"`
	}
	if ok, err := w.object(&in, relationshipShape, path); !ok {
		return err
	}
	w.doc.relationship2(in.From.string, in.Type.string, in.To.string, path)
	return nil
}

// tooDeep returns the offset at which JSON nests deeper than maxDepth, or -1.
func tooDeep(data []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// A text is a JSON string, or a number or boolean as it is written. Anything
// else leaves it empty; odd says what was met in place of a string.
type text struct {
	string
	odd string
}

// UnmarshalJSON never fails: what is not text is told by odd.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text{}
	switch b[0] {
	case '"':
		if bytes.IndexByte(b, '\\') < 0 {
			t.string = string(b[1 : len(b)-1]) // the document is known to be UTF-8
			return nil
		}
		return json.Unmarshal(b, &t.string)
	case 'n':
	case '{':
		t.odd = "an object"
	case '[':
		t.odd = "a list"
	default:
		*t = text{string(b), "no text in quotes"}
	}
	return nil
}

// A skip takes any value and keeps nothing.
type skip struct{}

// UnmarshalJSON does nothing.
func (*skip) UnmarshalJSON([]byte) error { return nil }
