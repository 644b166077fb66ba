package read

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
	"github.com/open-postmarket/postmarket/sbom/spdx"
)

// A Violation is one thing in which a document departs from its specification.
type Violation struct {
	// Path says where, in the words of the format's own adapter; empty is the
	// whole document.
	Path string `json:"path"`
	// Rule is the kind of thing: a cyclonedx.Rule, or [RuleSPDX].
	Rule string `json:"rule"`
	// Message says it in words. It may quote the document.
	Message string `json:"message"`
}

// RuleSPDX is the rule of every violation of an SPDX document. There is no table
// of SPDX rules here, and no schema is held against the document: its
// violations are what its reader found odd, which is what it needs to know: fields
// that must be there (the SPDX id, name, creation, license of the data and
// namespace; a package's name and download location), ids borne twice, dates,
// words and references that are not of the form the specification gives them.
const RuleSPDX = "spdx"

// Check judges the SBOM in r, wrapped or not, by the specification it names; no
// violations means valid. CycloneDX is judged as cyclonedx.Check does, SPDX as
// [RuleSPDX] says. An error means that [Read] does not read it either, or that
// it is not well-formed.
func Check(r io.Reader, opts *Options) ([]Violation, error) {
	limit := int64(MaxBytes)
	if opts != nil && opts.MaxBytes > 0 {
		limit = opts.MaxBytes
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read: is longer than the %d bytes allowed", limit)
	}
	return check(data, limit, 0)
}

// check judges data, or what it wraps.
func check(data []byte, limit int64, depth int) ([]Violation, error) {
	var list []Violation
	switch form, name := look(data); form {
	case isCycloneDX:
		found, err := cyclonedx.Check(bytes.NewReader(data), &cyclonedx.Options{MaxBytes: limit})
		for _, v := range found {
			list = append(list, Violation{v.Path, string(v.Rule), v.Message})
		}
		return list, err
	case isSPDX:
		bom, err := spdx.Decode(bytes.NewReader(data), &spdx.Options{MaxBytes: limit})
		for _, p := range bom.Problems {
			list = append(list, Violation{p.Path, RuleSPDX, p.Message})
		}
		return list, err
	case isWrapped:
		if depth >= maxWrapped {
			return nil, fmt.Errorf("%w: is wrapped more than %d times", ErrFormat, maxWrapped)
		}
		return checkWrapped(data, name, limit, depth)
	case isEmpty:
		return nil, errors.New("read: is empty")
	default:
		return nil, fmt.Errorf("%w: looks like %s", ErrFormat, name)
	}
}

// checkWrapped judges the first SBOM inside that is read: the one Read takes.
func checkWrapped(data []byte, name string, limit int64, depth int) ([]Violation, error) {
	var first error
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for {
		var w wrapper
		err := dec.Decode(&w)
		if err == io.EOF && first != nil {
			return nil, first
		}
		if err != nil {
			return nil, fmt.Errorf("read: %s: at byte %d: %w", name, dec.InputOffset(), err)
		}
		inner, err := w.inner()
		if err == nil {
			if _, err = open(inner, limit, depth+1); err == nil {
				return check(inner, limit, depth+1)
			}
		}
		if first == nil {
			first = fmt.Errorf("in %s: %w", name, err)
		}
	}
}
