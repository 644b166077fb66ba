package rubric

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ContextOfUse is what FDA qualified the rubric for, in our words. A vector
// that serves another purpose is not what the qualification speaks of.
const ContextOfUse = "time-sensitive disclosure of vulnerabilities after a device is on the market (postmarket)"

// An Equivalence is the caller's record that the questions and tables of this
// package were compared with the document that FDA qualified and give the same.
// This library cannot make one: it has not seen that document. All fields but
// Ref are required.
type Equivalence struct {
	By       string `json:"by"`       // who compared: a person or body, as it may be named
	Document string `json:"document"` // title and version of the qualified document
	Digest   string `json:"digest"`   // SHA-256 of the document's bytes, 64 lower-case hex digits
	Date     string `json:"date"`     // day of the comparison, YYYY-MM-DD
	// Flow is what was compared: the value of [FlowDigest] on that day, written
	// down. A record of another flow is refused; compare again, then.
	Flow string `json:"flow"`
	Ref  string `json:"ref,omitempty"` // where the comparison is kept
}

// maxWords bounds By, Document and Ref, which go into labels.
const maxWords = 200

// Check says everything that is wrong in e, at once, or nil. The day of at is
// the last that the comparison can have; a zero at allows any day.
func (e Equivalence) Check(at time.Time) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("rubric: equivalence: "+format, args...))
	}
	for _, f := range []struct {
		name, text string
		required   bool
	}{{"by", e.By, true}, {"document", e.Document, true}, {"ref", e.Ref, false}} {
		switch {
		case f.required && strings.TrimSpace(f.text) == "":
			fail("%s is missing", f.name)
		case len(f.text) > maxWords || !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, func(r rune) bool { return !unicode.IsPrint(r) }):
			fail("%s %q is not one line of up to %d bytes", f.name, clip(f.text), maxWords)
		}
	}
	if !isDigest(e.Digest) {
		fail("digest %q is not a SHA-256 in 64 lower-case hex digits", clip(e.Digest))
	}
	switch day, err := time.Parse(time.DateOnly, e.Date); {
	case err != nil:
		fail("date %q is not a day such as 2026-03-01", clip(e.Date))
	case !at.IsZero() && e.Date > at.Format(time.DateOnly):
		fail("date %s lies ahead of %s", e.Date, at.Format(time.DateOnly))
	case day.Format(time.DateOnly) < qualified:
		fail("date %s lies before the document was qualified (%s)", e.Date, qualified)
	}
	if now := FlowDigest(); e.Flow != now {
		fail("it was made of the flow %q, and this is %q: compare again", clip(e.Flow), now)
	}
	return errors.Join(errs...)
}

// qualified is the day on which FDA qualified the rubric as an MDDT.
const qualified = "2020-10-20"

// Label says what a Result is that rests on e. It names the tool that FDA
// qualified, and who says that this is the same.
func (e Equivalence) Label() string {
	return fmt.Sprintf("MITRE rubric v0.12.04 (MDDT; context of use: %s), walked by a reconstruction that %s compared on %s with %s (sha-256 %s) and found equivalent; "+
		"the caller says so; not endorsed by MITRE", ContextOfUse, e.By, e.Date, e.Document, e.Digest)
}

// FlowDigest returns the SHA-256 of all questions, their wording and where each
// answer leads, as 64 lower-case hex digits. It changes whenever one of these
// does.
func FlowDigest() string { return flow().digest }

func digest(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0") != ""
}
