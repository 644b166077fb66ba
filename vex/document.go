package vex

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Document is one document of statements. Everything is as written, but that
// times are in UTC; what is empty was not said.
type Document struct {
	// Format and Spec are what it was read from: "openvex", "0.2.0". See [Sniff].
	Format string `json:"format,omitempty"`
	Spec   string `json:"spec,omitempty"`
	// ID is its own name, Version which edition of it this is.
	ID      string `json:"id,omitempty"`
	Version string `json:"version,omitempty"`
	Title   string `json:"title,omitempty"`
	// Author is who speaks, Role as what ("vendor"), Tooling with what.
	Author  string    `json:"author,omitempty"`
	Role    string    `json:"role,omitempty"`
	Tooling string    `json:"tooling,omitempty"`
	Issued  time.Time `json:"issued,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	// Digest is the lower-case hex SHA-256 of the bytes that were read; empty for a
	// document made in code.
	Digest     string      `json:"digest,omitempty"`
	Statements []Statement `json:"statements,omitempty"`
	// Problems are oddities that did not stop the reading.
	Problems []Problem `json:"problems,omitempty"`
}

// A Problem is one oddity met while reading: where in the document, and what.
type Problem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Alone returns the statements so that each stands without its document: the
// author and the times are the document's where it has none of its own.
func (d Document) Alone() []Statement {
	out := slices.Clone(d.Statements)
	for i := range out {
		s := &out[i]
		if s.Author == "" {
			s.Author = d.Author
		}
		if s.Issued.IsZero() && s.Updated.IsZero() {
			s.Issued, s.Updated = d.Issued, d.Updated
		}
	}
	return out
}

// MaxBytes is the most bytes that the parts of this room read: 64 MiB.
const MaxBytes = 64 << 20

// A SyntaxError tells what is wrong with a document and where: the line and
// column counted from 1 in bytes, or 0 when the whole document is meant.
type SyntaxError struct {
	Format       string // the one that was to be read
	Line, Column int
	Why          string
	Err          error
}

func (e *SyntaxError) Error() string {
	where := ""
	if e.Line > 0 {
		where = fmt.Sprintf("line %d, column %d: ", e.Line, e.Column)
	}
	return e.Format + ": " + where + e.Why
}

// Unwrap returns the decoder's own error, if one stood behind.
func (e *SyntaxError) Unwrap() error { return e.Err }

// ErrTooLarge is within the error for a document of more than MaxBytes.
var ErrTooLarge = fmt.Errorf("longer than the %d bytes allowed", MaxBytes)

// ErrFormat is within the error for a document of another format.
var ErrFormat = errors.New("another format")

// ReadAll reads r to its end and returns its bytes and their digest. It is for
// the decoders of formats: an empty document, one that is too large and one that
// Sniff takes for another format are a [*SyntaxError].
func ReadAll(r io.Reader, format string) (data []byte, digest string, err error) {
	data, err = io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", format, err)
	}
	switch is := Sniff(data); {
	case len(data) > MaxBytes:
		return nil, "", &SyntaxError{Format: format, Why: "the document is " + ErrTooLarge.Error(), Err: ErrTooLarge}
	case len(bytes.TrimSpace(data)) == 0:
		return nil, "", &SyntaxError{Format: format, Line: 1, Column: 1, Why: "the text is empty"}
	case is != "" && is != format:
		return nil, "", &SyntaxError{Format: format, Why: "the document is of the format " + is, Err: ErrFormat}
	}
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:]), nil
}

// Sniff tells the format of a document of which head is the beginning: "openvex",
// "cyclonedx" or "csaf", or nothing when the head does not say. It reads JSON
// only, and does not tell whether the document is a valid one.
func Sniff(head []byte) string {
	found := ""
	members(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), func(name string, value []byte) bool {
		value = value[:min(len(value), 256)]
		switch {
		case name == "@context" && bytes.Contains(value, []byte("openvex")):
			found = "openvex"
		case name == "bomFormat" && bytes.HasPrefix(value, []byte(`"CycloneDX"`)):
			found = "cyclonedx"
		case (name == "document" || name == "product_tree") && bytes.HasPrefix(value, []byte("{")):
			found = "csaf"
		}
		return found == ""
	})
	return found
}

// members calls f with the name of each member of the object that data begins
// with, and what follows the colon, until f returns false. It stops where data
// is no JSON.
func members(data []byte, f func(name string, value []byte) bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return
	}
	depth, quote, name := 0, -1, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quote >= 0 && c == '\\':
			i++
		case quote >= 0 && c == '"':
			if depth == 1 && name {
				rest, colon := bytes.CutPrefix(bytes.TrimLeft(data[i+1:], " \t\r\n"), []byte(":"))
				var text string
				if colon && json.Unmarshal(data[quote:i+1], &text) == nil && !f(text, bytes.TrimLeft(rest, " \t\r\n")) {
					return
				}
				name = false
			}
			quote = -1
		case quote >= 0:
		case c == '"':
			quote = i
		case c == '{', c == '[':
			depth++
			name = depth == 1
		case c == '}', c == ']':
			if depth--; depth == 0 {
				return
			}
		case c == ',':
			name = depth == 1
		}
	}
}
