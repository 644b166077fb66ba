package read

import (
	"bytes"
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

// RuleSPDX is the rule of every violation of an SPDX document. What is judged of
// SPDX 2 is what spdx.Check says: the fields that must be there, the types of
// those that are known, fields that are unknown or given twice, listed words,
// the form of ids, dates, purls and CPE names, and references to what is not in
// the document, each by the rules of 2.2 or 2.3. Not judged are license
// expressions, snippets, annotations, reviews, extracted licenses and external
// documents. Of SPDX 3 only the form is judged, as far as its reader needs it:
// not its model, not its shapes. No violation means no more than this.
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
		found, err := spdx.Check(bytes.NewReader(data), &spdx.Options{MaxBytes: limit})
		for _, p := range found {
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
// It fails where Read fails, also behind that one.
func checkWrapped(data []byte, name string, limit int64, depth int) ([]Violation, error) {
	inner, err := pick(data, name, func(inner []byte) error {
		_, err := open(inner, limit, depth+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	return check(inner, limit, depth+1)
}
