package read

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// maxWrapped is how many wrappers are taken off: a bundle holds an envelope,
// that a statement, that the SBOM.
const maxWrapped = 4

// wrapper is any of the things an SBOM is sent in.
type wrapper struct {
	Payload       *string         `json:"payload"`       // DSSE: base64
	PredicateType string          `json:"predicateType"` // in-toto
	Predicate     json.RawMessage `json:"predicate"`
	Envelope      json.RawMessage `json:"dsseEnvelope"` // Sigstore bundle
	SBOM          json.RawMessage `json:"sbom"`         // the dependency graph of GitHub
}

// unwrap reads the SBOM inside. A file of several envelopes, one a line, must
// hold exactly one SBOM: others are told as a Problem.
func unwrap(data []byte, name string, limit int64, depth int) (sbom.BOM, error) {
	var found *sbom.BOM
	var first error
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for i := 1; ; i++ {
		var w wrapper
		err := dec.Decode(&w)
		if err == io.EOF {
			break
		}
		if err != nil {
			return sbom.BOM{}, fmt.Errorf("read: %s: at byte %d: %w", name, dec.InputOffset(), err)
		}
		inner, err := w.inner()
		if err == nil {
			var bom sbom.BOM
			if bom, err = open(inner, limit, depth+1); err == nil {
				if found != nil {
					found.Problems = append(found.Problems, sbom.Problem{Path: fmt.Sprintf("line %d", i), Message: "holds a further SBOM, which is not read"})
					continue
				}
				found = &bom
				continue
			}
		}
		if first == nil {
			first = fmt.Errorf("in %s: %w", name, err)
		}
	}
	if found == nil {
		return sbom.BOM{}, first
	}
	return *found, nil
}

// inner is what is wrapped.
func (w wrapper) inner() ([]byte, error) {
	switch {
	case w.Envelope != nil:
		return w.Envelope, nil
	case w.Payload != nil:
		return unbase64(*w.Payload)
	case w.Predicate != nil:
		return w.predicate()
	case w.SBOM != nil:
		return text(w.SBOM), nil
	}
	return nil, fmt.Errorf("%w: has neither payload nor predicate", ErrFormat)
}

// predicate is the SBOM of an in-toto statement. Cosign puts it into Data.
func (w wrapper) predicate() ([]byte, error) {
	var cosign struct {
		Data json.RawMessage `json:"Data"`
	}
	inner := text(w.Predicate)
	if form, _ := look(inner); form == isOther && json.Unmarshal(inner, &cosign) == nil && cosign.Data != nil {
		inner = text(cosign.Data)
	}
	if form, name := look(inner); form == isOther {
		return nil, fmt.Errorf("%w: predicate of type %q looks like %s", ErrFormat, w.PredicateType, name)
	}
	return inner, nil
}

// text is what a JSON string says, or raw when it is none.
func text(raw json.RawMessage) []byte {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return []byte(s)
	}
	return raw
}

func unbase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	out, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		var second error
		if out, second = base64.RawURLEncoding.DecodeString(s); second != nil {
			return nil, fmt.Errorf("read: payload: %w", err)
		}
	}
	return out, nil
}
