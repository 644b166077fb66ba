package read

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
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
// hold exactly one SBOM: others, and what is not read, are told as Problems.
func unwrap(data []byte, name string, limit int64, depth int) (sbom.BOM, error) {
	var found *sbom.BOM
	var beside []sbom.Problem
	err := envelopes(data, name, func(line int, inner []byte, err error) error {
		var bom sbom.BOM
		if err == nil {
			bom, err = open(inner, limit, depth+1)
		}
		path := fmt.Sprintf("line %d", line)
		switch {
		case err != nil:
			beside = append(beside, sbom.Problem{Path: path, Message: "is not read: " + err.Error()})
		case found != nil:
			beside = append(beside, sbom.Problem{Path: path, Message: "holds a further SBOM, which is not read"})
		default:
			found = &bom
		}
		return err
	})
	if found == nil || errors.Is(err, errTrailing) {
		return sbom.BOM{}, err
	}
	found.Problems = append(found.Problems, beside...)
	return *found, nil
}

// pick returns what the first wrapper holds that reads takes.
func pick(data []byte, name string, reads func(inner []byte) error) ([]byte, error) {
	var found []byte
	err := envelopes(data, name, func(_ int, inner []byte, err error) error {
		if err == nil && found == nil {
			if err = reads(inner); err == nil {
				found = inner
			}
		}
		return err
	})
	if found == nil || errors.Is(err, errTrailing) {
		return nil, err
	}
	return found, nil
}

// errTrailing marks what is no JSON, at the beginning or behind a wrapper.
var errTrailing = errors.New("is not JSON")

// envelopes calls one with what each wrapper holds, and returns the first error
// of one; an error is of errTrailing when the data are not JSON throughout.
func envelopes(data []byte, name string, one func(line int, inner []byte, err error) error) error {
	var first error
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for i := 1; ; i++ {
		var w wrapper
		err := dec.Decode(&w)
		if err == io.EOF {
			return first
		}
		var inner []byte
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &kind): // JSON, but no wrapper
			err = fmt.Errorf("read: holds a %s where a %s belongs", kind.Value, kind.Type.Kind())
		case err != nil:
			return fmt.Errorf("read: %s: at byte %d: %w: %w", name, dec.InputOffset(), errTrailing, err)
		default:
			inner, err = w.inner()
		}
		if err = one(i, inner, err); err != nil && first == nil {
			first = fmt.Errorf("in %s: %w", name, err)
		}
	}
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
