package sbom

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

// A Manifest is what a build says went into it: the truth an SBOM is held
// against. The file formats are ours, so that any build can write one:
//
//	{"build": "pump 2.1, build 417", "items": [
//	  {"name": "zlib", "version": "1.3.1", "purl": "pkg:github/madler/zlib@v1.3.1", "hash": "sha-256:9a93…"}]}
//
// or CSV with a first line that names the columns, in any order; a line without a
// name is an error, other fields may be empty:
//
//	name,version,purl,hash
//	zlib,1.3.1,pkg:github/madler/zlib@v1.3.1,
type Manifest struct {
	// Build says which build it is of, in the host's words.
	Build string `json:"build,omitempty"`
	Items []Item `json:"items"`
}

// An Item is one thing that went into a build. Only the name is required.
type Item struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
	// Hash is "algorithm:value": "sha-256:" and 64 hexadecimal digits. Case and
	// dashes in the algorithm's name do not count.
	Hash string `json:"hash,omitempty"`
}

// maxManifest bounds a manifest: 64 MiB.
const maxManifest = 64 << 20

// ReadManifest reads a manifest from r: JSON when it begins with a brace, else
// CSV. More than 64 MiB is an error.
func ReadManifest(r io.Reader) (Manifest, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("sbom: manifest: %w", err)
	}
	if len(data) > maxManifest {
		return Manifest{}, fmt.Errorf("sbom: manifest: more than %d bytes", maxManifest)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	var m Manifest
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		if err := strictjson.Decode([]byte(text), &m); err != nil {
			return Manifest{}, fmt.Errorf("sbom: manifest: %w", err)
		}
	} else if m.Items, err = items(text); err != nil {
		return Manifest{}, fmt.Errorf("sbom: manifest: %w", err)
	}
	return m, m.Check()
}

// items reads the lines of a CSV.
func items(text string) ([]Item, error) {
	r := csv.NewReader(strings.NewReader(text))
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("no line that names the columns: %w", err)
	}
	for i, h := range head {
		head[i] = strings.ToLower(trim(h))
		if !slices.Contains([]string{"name", "version", "purl", "hash"}, head[i]) || slices.Contains(head[:i], head[i]) {
			return nil, fmt.Errorf("column %q is not known or is there twice", h)
		}
	}
	if !slices.Contains(head, "name") {
		return nil, errors.New("no column for the name")
	}
	var out []Item
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var it Item
		field := map[string]*string{"name": &it.Name, "version": &it.Version, "purl": &it.PURL, "hash": &it.Hash}
		for i, h := range head {
			*field[h] = trim(row[i])
		}
		out = append(out, it)
	}
}

// Check returns everything that is wrong in m, or nil.
func (m Manifest) Check() error {
	var errs []error
	for i, it := range m.Items {
		if trim(it.Name) == "" {
			errs = append(errs, fmt.Errorf("sbom: manifest: item %d has no name", i+1))
		}
		if it.PURL != "" {
			if _, err := it.component().Package(); err != nil {
				errs = append(errs, fmt.Errorf("sbom: manifest: item %d: %w", i+1, err))
			}
		}
		if it.Hash != "" {
			if alg, value, ok := strings.Cut(it.Hash, ":"); !ok || squash(alg) == "" || trim(value) == "" {
				errs = append(errs, fmt.Errorf("sbom: manifest: item %d: hash %q is not algorithm:value", i+1, it.Hash))
			}
		}
	}
	return errors.Join(errs...)
}

func (it Item) component() Component {
	return Component{Name: it.Name, Version: it.Version, PURL: it.PURL}
}

// hash is the hash in the spelling in which it is compared.
func (it Item) hash() string {
	alg, value, ok := strings.Cut(it.Hash, ":")
	if !ok {
		return ""
	}
	return Hash{alg, value}.text()
}

func (h Hash) text() string { return squash(h.Algorithm) + ":" + strings.ToLower(trim(h.Value)) }
