package cvss

import (
	"errors"
	"fmt"
	"strings"
)

// ErrVersion is matched by the error for a text whose header names a version
// that is none of 3.0, 3.1 and 4.0 (2.0 has no header), and for a request to
// write a vector as a version that it cannot be.
var ErrVersion = errors.New("cvss: no such version")

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

// headerError says what is wrong with a text that does not begin with the
// header of a version and is not one of 2.0.
func headerError(s string) error {
	e := &ParseError{Vector: s}
	rest, ok := strings.CutPrefix(s, "CVSS:")
	switch {
	case s == "":
		e.Why = "empty"
	case ok:
		number, _, more := strings.Cut(rest, "/")
		e.Pos = len("CVSS:")
		switch {
		case number == "3.0", number == "3.1", number == "4.0":
			e.Pos, e.Why = len(s), "no metrics after the header"
		case number == "2.0":
			e.Pos, e.Why = 0, "a vector of version 2.0 has no header"
		case !more, len(number) > 8:
			e.Why = `no version after "CVSS:"`
		default:
			e.Why, e.is = fmt.Sprintf("there is no version %q", number), ErrVersion
		}
	case strings.HasPrefix(s, "("):
		e.Why = "a vector stands without parentheses"
	default:
		e.Why = `no header: a vector begins with "CVSS:" and its version, only one of 2.0 does not`
	}
	return e
}

// error puts r into words.
func (r reason) error(version version, s string) error {
	std := standards[version]
	e := &ParseError{Vector: s, Pos: r.pos}
	rest, _, _ := strings.Cut(s[r.pos:], "/")
	switch r.wrong {
	case badElement:
		name, _, colon := strings.Cut(rest, ":")
		switch {
		case rest == "" && r.pos == len(s):
			e.Why = "ends in a slash"
		case rest == "":
			e.Why = "nothing between two slashes"
		case !colon:
			e.Why = fmt.Sprintf("%q is not of the form metric:value", clip(rest))
		default:
			e.Why = fmt.Sprintf("unknown metric %q", clip(name))
		}
	case badValue:
		e.Why = fmt.Sprintf("metric %s cannot be %q, it takes one of %s", std.metrics[r.metric].name, clip(rest), std.choices(int(r.metric)))
	case twice:
		e.Why = "metric " + std.metrics[r.metric].name + " is given twice"
	case outOfOrder:
		e.Why = "metric " + std.metrics[r.metric].name + " stands too late: version " + std.number + " fixes the order"
	case missingBases:
		var names []string
		for m := range std.base {
			if r.seen&(1<<m) == 0 {
				names = append(names, std.metrics[m].name)
			}
		}
		e.Why = "base metrics missing: " + strings.Join(names, " ")
	}
	return e
}

// clip keeps an error message short.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
