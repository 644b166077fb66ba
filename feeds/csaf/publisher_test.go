package csaf_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const host = "https://demo.example"

// pgp is how the keys of the tests are made, at an instant before all documents.
var pgp = &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }}

func newKey() *openpgp.Entity {
	e, err := openpgp.NewEntity("Demo PSIRT", "", "psirt@demo.example", pgp)
	if err != nil {
		panic(err)
	}
	return e
}

var ours, theirs = sync.OnceValue(newKey), sync.OnceValue(newKey)

func armored(e *openpgp.Entity) []byte {
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err == nil {
		err = e.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func signature(e *openpgp.Entity, body []byte) []byte {
	var b bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&b, e, bytes.NewReader(body), pgp); err != nil {
		panic(err)
	}
	return append(b.Bytes(), '\n')
}

// played is a provider: the documents of a file system below /csaf/, with what
// goes with them.
type played struct {
	files fs.FS
	// folder is a directory based distribution in place of a ROLIE feed.
	folder bool
	// role and label are those of the metadata and of its feed.
	role, label string
	// override answers a path in place of the provider; nil bytes are 404.
	override map[string][]byte
}

// documents are the paths of the documents, by their names.
func (p played) documents() (out []string) {
	_ = fs.WalkDir(p.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Base(name) != "feed.json" && path.Ext(name) == ".json" {
			out = append(out, name)
		}
		return err
	})
	return out
}

func (p played) tracking(name string) (id, changed string) {
	body, _ := fs.ReadFile(p.files, name)
	var d struct {
		Document struct {
			Tracking struct {
				ID      string `json:"id"`
				Current string `json:"current_release_date"`
			}
		}
	}
	_ = json.Unmarshal(body, &d)
	if d.Document.Tracking.Current == "" {
		d.Document.Tracking.Current = "2022-09-20T06:00:00Z" // a damaged one
	}
	return d.Document.Tracking.ID, d.Document.Tracking.Current
}

func (p played) metadata() any {
	type m = map[string]any
	where := m{"rolie": m{"feeds": []m{{"tlp_label": p.label, "summary": "all", "url": host + "/csaf/white/feed.json"}}}}
	if p.folder {
		where = m{"directory_url": host + "/csaf/white"}
	}
	return m{
		"canonical_url": host + "/.well-known/csaf/provider-metadata.json", "last_updated": "2024-01-01T00:00:00Z", "metadata_version": "2.0", "role": p.role,
		"publisher": m{"category": "vendor", "name": "Demo", "namespace": host}, "distributions": []m{where},
		"public_openpgp_keys": []m{{"fingerprint": strings.ToUpper(hex.EncodeToString(ours().PrimaryKey.Fingerprint)), "url": host + "/csaf/openpgp/key.asc"}},
	}
}

func (p played) rolie() any {
	type m = map[string]any
	entries := []m{}
	for _, name := range p.documents() {
		id, changed := p.tracking(name)
		at := host + "/csaf/" + name
		entries = append(entries, m{
			"id": id, "title": id, "updated": changed, "content": m{"type": "application/json", "src": at},
			"link": []m{{"rel": "self", "href": at}, {"rel": "hash", "href": at + ".sha512"}, {"rel": "signature", "href": at + ".asc"}},
		})
	}
	return m{"feed": m{"id": "demo", "title": "Demo", "updated": "2024-01-01T00:00:00Z", "link": []m{{"rel": "self", "href": host + "/csaf/white/feed.json"}}, "entry": entries}}
}

func (p played) body(name string) []byte {
	if body, ok := p.override[name]; ok {
		return body
	}
	asJSON := func(v any) []byte { b, _ := json.Marshal(v); return b }
	document, ok := strings.CutPrefix(name, "/csaf/")
	switch {
	case name == "/.well-known/csaf/provider-metadata.json":
		return asJSON(p.metadata())
	case name == "/csaf/openpgp/key.asc":
		return armored(ours())
	case name == "/csaf/white/feed.json":
		return asJSON(p.rolie())
	case name == "/csaf/white/index.txt", name == "/csaf/white/changes.csv":
		var b strings.Builder
		for _, d := range p.documents() {
			_, changed := p.tracking(d)
			d = strings.TrimPrefix(d, "white/")
			if path.Base(name) == "index.txt" {
				fmt.Fprintln(&b, d)
			} else {
				fmt.Fprintf(&b, "\"%s\",\"%s\"\n", d, changed)
			}
		}
		return []byte(b.String())
	case !ok:
		return nil
	}
	ext := path.Ext(document)
	if ext == ".sha256" && p.role == "csaf_trusted_provider" {
		return nil // has the other
	}
	if ext != ".json" {
		document = strings.TrimSuffix(document, ext)
	}
	body, err := fs.ReadFile(p.files, document)
	if err != nil {
		return nil
	}
	if changed, ok := p.override["/csaf/"+document+" as signed"]; ok {
		body = changed
	}
	switch ext {
	case ".sha512":
		return fmt.Appendf(nil, "%x  %s\n", sha512.Sum512(body), path.Base(document))
	case ".sha256":
		return fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(body), path.Base(document))
	case ".asc":
		return signature(ours(), body)
	}
	return body
}

func (p played) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	if r.URL.Host == "demo.example" {
		body = p.body(r.URL.Path)
	}
	if body == nil {
		http.NotFound(w, r)
		return
	}
	kind := map[string]string{".json": "application/json", ".csv": "text/csv"}[path.Ext(r.URL.Path)]
	if kind == "" {
		kind = "text/plain"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(body)))
	http.ServeContent(w, r, path.Base(r.URL.Path), time.Time{}, bytes.NewReader(body))
}

// network is a client of handlers, and what it was asked for.
type network struct {
	http.Handler
	asked []string
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	n.asked = append(n.asked, r.URL.String())
	rec := httptest.NewRecorder()
	n.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func (n *network) client() *http.Client { return &http.Client{Transport: n} }
