package cvss

// A Vector is one complete CVSS vector. Vectors compare with ==: two are equal
// when they have the same version and every metric has the same value, in
// whatever order they were written. A metric written as X (not defined) equals
// one left out, as the standard says.
//
// The zero Vector means that there is none: its Version is "" and its scores
// are 0. Every other Vector has all its base metrics.
type Vector struct {
	version version
	codes   [2]uint64 // 4 bits for each metric of the version's table; 0 = not given
}

// A version is the index of a CVSS version in versions; 0 is none.
type version uint8

const (
	v30 version = iota + 1
	v31
)

// Version returns "3.0" or "3.1", or "" for the zero Vector.
func (v Vector) Version() string {
	switch v.version {
	case v30:
		return "3.0"
	case v31:
		return "3.1"
	}
	return ""
}

// IsZero reports whether v is the zero Vector, that is, no vector at all.
func (v Vector) IsZero() bool { return v == Vector{} }

// Get returns the value of a metric by its short name, such as "N" for "AV".
// A temporal or environmental metric that was not given is "X". A metric that
// v's version does not have is "".
func (v Vector) Get(metric string) string {
	if v.version == 0 {
		return ""
	}
	m := named3(metric)
	if m < 0 {
		return ""
	}
	return v.value(m)
}

// With returns v with one metric set to value. Setting a temporal or
// environmental metric to X takes it away. A metric or value that v's version
// does not have is a [*MetricError], and so is any change of the zero Vector.
func (v Vector) With(metric, value string) (Vector, error) {
	fail := func(why string) (Vector, error) {
		return Vector{}, &MetricError{Version: v.Version(), Metric: metric, Value: value, Why: why}
	}
	if v.version == 0 {
		return fail("there is no vector to change")
	}
	m := named3(metric)
	if m < 0 {
		return fail("no such metric in version " + v.Version())
	}
	code, ok := uint8(0), false
	if len(value) == 1 {
		code, ok = code3(m, value[0])
	}
	if !ok {
		return fail("the metric takes one of " + choices3(m))
	}
	v.set(m, code)
	return v, nil
}

// As returns the same metrics under another version's header: "3.0" or "3.1",
// which share all metrics and values. Base and temporal scores stay as they
// are; the environmental score may not, since v3.1 changed its formula. Any
// other version is an error that matches [ErrVersion].
func (v Vector) As(version string) (Vector, error) {
	switch {
	case v.version == 0:
		return Vector{}, &ParseError{Why: "there is no vector to convert"}
	case version == "3.0":
		v.version = v30
	case version == "3.1":
		v.version = v31
	default:
		return Vector{}, &ParseError{Vector: v.String(), Why: "cannot be written as another version", is: ErrVersion}
	}
	return v, nil
}

// String returns the canonical text: header, then the metrics in the order of
// the specification's tables, without those that are not defined. The zero
// Vector is "".
func (v Vector) String() string {
	if v.version == 0 {
		return ""
	}
	return string(v.append(make([]byte, 0, 128)))
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
	b = append(b, "CVSS:"...)
	b = append(b, v.Version()...)
	for m := range metrics3 {
		if code := v.at(m); code != 0 {
			b = append(b, '/')
			b = append(b, metrics3[m].name...)
			b = append(b, ':', metrics3[m].values[code-1])
		}
	}
	return b
}

// at returns the code of metric m: 0 when it was not given, else one more than
// the place of its value in the metric's table.
func (v *Vector) at(m int) uint8 { return uint8(v.codes[m/16] >> (m % 16 * 4) & 15) }

func (v *Vector) set(m int, code uint8) {
	shift := m % 16 * 4
	v.codes[m/16] = v.codes[m/16]&^(15<<shift) | uint64(code)<<shift
}

func (v *Vector) value(m int) string {
	code := v.at(m)
	if code == 0 {
		return "X"
	}
	return metrics3[m].values[code-1 : code]
}
