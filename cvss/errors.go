package cvss

import (
	"errors"
	"fmt"
)

// ErrVersion is matched by the error for a vector of a CVSS version that this
// package does not read. The text may be perfectly good in that version.
var ErrVersion = errors.New("cvss: version is not read")

// A ParseError tells why a text is not a vector, and where.
type ParseError struct {
	Vector string // the text as it was given
	Pos    int    // byte offset in Vector of what is wrong; len(Vector) when something is missing at the end
	Why    string // what is wrong, lower case

	is error // the sentinel it matches, if any
}

// maxQuoted bounds how much of a hostile text an error message repeats.
const maxQuoted = 160

func (e *ParseError) Error() string {
	text, more := e.Vector, ""
	if len(text) > maxQuoted {
		text, more = text[:maxQuoted], fmt.Sprintf("… (%d bytes)", len(e.Vector))
	}
	return fmt.Sprintf("cvss: %q%s at byte %d: %s", text, more, e.Pos, e.Why)
}

// Unwrap returns [ErrVersion] when the version is the reason, else nil.
func (e *ParseError) Unwrap() error { return e.is }

// A MetricError tells which metric or value [Vector.With] could not set.
type MetricError struct {
	Version string // of the vector; "" for the zero Vector
	Metric  string
	Value   string
	Why     string
}

func (e *MetricError) Error() string {
	return fmt.Sprintf("cvss: set %q to %q: %s", e.Metric, e.Value, e.Why)
}
