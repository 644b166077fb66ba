package cvss

// A Vector is one complete CVSS vector. Vectors compare with ==: two are equal
// when they have the same version and every metric has the same value, in
// whatever order they were written. A metric written as X or ND (not defined)
// equals one left out, as the standards say.
//
// The zero Vector means that there is none: its Version is "" and its scores
// are 0. Every other Vector has all its base metrics.
type Vector struct {
	version version
	codes   [2]uint64 // 4 bits for each metric of the version's table; 0 = not given
}

// Version returns "2.0", "3.0", "3.1" or "4.0", or "" for the zero Vector.
func (v Vector) Version() string {
	if v.version == 0 {
		return ""
	}
	return standards[v.version].number
}

// IsZero reports whether v is the zero Vector, that is, no vector at all.
func (v Vector) IsZero() bool { return v == Vector{} }

// Get returns the value of a metric by its short name, such as "N" for "AV".
// A metric that may be left out and was is "X", or "ND" in 2.0. A metric that
// v's version does not have is "".
func (v Vector) Get(metric string) string {
	if v.version == 0 {
		return ""
	}
	m := standards[v.version].named(metric)
	if m < 0 {
		return ""
	}
	return v.value(m)
}

// With returns v with one metric set to value. Setting a metric that is not a
// base metric to X (ND in 2.0) takes it away. A metric or value that v's
// version does not have is a [*MetricError], and so is any change of the zero
// Vector.
func (v Vector) With(metric, value string) (Vector, error) {
	fail := func(why string) (Vector, error) {
		return Vector{}, &MetricError{Version: v.Version(), Metric: metric, Value: value, Why: why}
	}
	if v.version == 0 {
		return fail("there is no vector to change")
	}
	std := standards[v.version]
	m := std.named(metric)
	if m < 0 {
		return fail("no such metric in version " + v.Version())
	}
	code, ok := std.code(m, value)
	if !ok {
		return fail("the metric takes one of " + std.choices(m))
	}
	v.set(m, code)
	return v, nil
}

// As returns the same metrics under another version's header: "3.0" or "3.1",
// which share all metrics and values. Base and temporal scores stay as they
// are; the environmental score may not, since v3.1 changed its formula. A
// vector of 2.0 or 4.0 cannot be written as another version, nor another as
// one of these: an error that matches [ErrVersion].
func (v Vector) As(version string) (Vector, error) {
	three := v.version == v30 || v.version == v31
	switch {
	case v.version == 0:
		return Vector{}, &ParseError{Why: "there is no vector to convert"}
	case version == v.Version():
	case three && version == "3.0":
		v.version = v30
	case three && version == "3.1":
		v.version = v31
	default:
		return Vector{}, &ParseError{Vector: v.String(), Why: "cannot be written as another version", is: ErrVersion}
	}
	return v, nil
}

// String returns the canonical text: header (2.0 has none), then the metrics in
// the order of the specification's tables, without those that are not defined.
// The zero Vector is "".
func (v Vector) String() string {
	if v.version == 0 {
		return ""
	}
	return string(v.append(make([]byte, 0, 192)))
}

// MarshalText returns the canonical text, which is empty for the zero Vector.
func (v Vector) MarshalText() ([]byte, error) { return v.append(nil), nil }

// UnmarshalText reads what [Parse] reads. An empty text is the zero Vector, so
// that a record without a vector comes back as it was.
func (v *Vector) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Vector{}
		return nil
	}
	got, err := Parse(string(text))
	if err != nil {
		return err
	}
	*v = got
	return nil
}

func (v Vector) append(b []byte) []byte {
	if v.version == 0 {
		return b
	}
	std := standards[v.version]
	b = append(b, std.header...)
	for m := range std.metrics {
		if code := v.at(m); code != 0 {
			if m > 0 {
				b = append(b, '/')
			}
			b = append(b, std.metrics[m].name...)
			b = append(b, ':')
			b = append(b, std.metrics[m].values[code-1]...)
		}
	}
	return b
}

// at returns the code of metric m: 0 when it was not given, else one more than
// the place of its value in the metric's table.
func (v *Vector) at(m int) uint8 { return uint8(v.codes[m/16&1] >> (m % 16 * 4) & 15) }

func (v *Vector) set(m int, code uint8) {
	shift := m % 16 * 4
	v.codes[m/16] = v.codes[m/16]&^(15<<shift) | uint64(code)<<shift
}

func (v *Vector) value(m int) string {
	code := v.at(m)
	if code == 0 {
		return standards[v.version].absent
	}
	return standards[v.version].metrics[m].values[code-1]
}

// any reports whether a metric of the span is given.
func (v *Vector) any(s span) bool {
	for m := s.first; m < s.last; m++ {
		if v.at(m) != 0 {
			return true
		}
	}
	return false
}
