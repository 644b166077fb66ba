package assess

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// A Matrix says which pairs of exploitability and harm are controlled, and at
// which subscores the levels of exploitability begin. It is data; see
// DefaultMatrix and LoadMatrix. It does not change, and may be read from many
// goroutines.
type Matrix struct {
	file   matrixFile
	digest string
}

type matrixFile struct {
	Name      string        `json:"name"`
	About     string        `json:"about"`
	Label     string        `json:"label"`
	Citation  rule.Citation `json:"citation"`
	Bands     bands         `json:"bands"`
	Exploited exploited     `json:"exploited"`
	Cells     []cell        `json:"cells"`
}

type bands struct {
	High     float64       `json:"high"`
	Medium   float64       `json:"medium"`
	About    string        `json:"about"`
	Citation rule.Citation `json:"citation"`
}

type exploited struct {
	To       Level         `json:"to"`
	Why      string        `json:"why"`
	Citation rule.Citation `json:"citation"`
}

type cell struct {
	Exploitability Level `json:"exploitability"`
	Harm           Harm  `json:"harm"`
	Risk           Risk  `json:"risk"`
	Justify        bool  `json:"justify"`
}

//go:embed matrix.json
var embedded embed.FS

var defaultMatrix = sync.OnceValues(func() (*Matrix, error) { return LoadMatrix(embedded, "matrix.json") })

// DefaultMatrix returns the matrix that comes with the library, which is our own
// convention: FDA's guidance shows a matrix without cell boundaries and leaves
// them to the maker. A test of this package holds that it does not fail.
func DefaultMatrix() (*Matrix, error) { return defaultMatrix() }

// LoadMatrix reads the matrix file name of fsys, in the form of the default one.
// It is strict: an unknown or repeated field, a word of no meaning, a missing
// citation, a cell missing or given twice, and a matrix in which more harm or an
// easier exploit makes a risk controlled that was not, are errors; all are told
// at once.
func LoadMatrix(fsys fs.FS, name string) (*Matrix, error) {
	m := &Matrix{}
	data, err := strictjson.Read(fsys, name, &m.file)
	if err == nil {
		err = m.file.check()
	}
	if err != nil {
		return nil, fmt.Errorf("assess: matrix %q: %w", name, err)
	}
	m.digest = hexSum(data)
	return m, nil
}

// hexSum is the lower-case hex SHA-256 of data.
func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (f matrixFile) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if blank(f.Name) {
		fail("name is missing")
	}
	for _, c := range []struct {
		where, label string
		citation     rule.Citation
	}{
		{"matrix", f.Label, f.Citation},
		{"bands", f.Bands.About, f.Bands.Citation},
		{"exploited", f.Exploited.Why, f.Exploited.Citation},
	} {
		if blank(c.label) {
			fail("%s: there are no words beside the citation", c.where)
		}
		if err := c.citation.Check(); err != nil {
			fail("%s: %w", c.where, err)
		}
	}
	if b := f.Bands; math.IsNaN(b.Medium) || b.Medium <= 0 || b.High <= b.Medium || b.High > 3.9 {
		fail("bands: need 0 < medium < high ≤ 3.9, have %v and %v", b.Medium, b.High)
	}
	if !f.Exploited.To.Valid() || f.Exploited.To == Low {
		fail("exploited: level %q is not known, or raises nothing", f.Exploited.To)
	}
	errs = append(errs, f.checkCells()...)
	return errors.Join(errs...)
}

func (f matrixFile) checkCells() []error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for i, c := range f.Cells {
		switch {
		case !c.Exploitability.Valid():
			fail("cell %d: exploitability %q is not known", i+1, c.Exploitability)
		case !c.Harm.Valid():
			fail("cell %d: harm %q is not known", i+1, c.Harm)
		case c.Risk != Controlled && c.Risk != Uncontrolled:
			fail("cell %d: risk %q is neither controlled nor uncontrolled", i+1, c.Risk)
		case c.Justify && c.Risk != Uncontrolled:
			fail("cell %d: only an uncontrolled cell can ask for a justification", i+1)
		case c.Justify && c.Exploitability != Low:
			fail("cell %d: only where exploitability is low does a justification stand in for a second person", i+1)
		}
	}
	at := func(l Level, h Harm) (found cell, times int) {
		for _, c := range f.Cells {
			if c.Exploitability == l && c.Harm == h {
				found, times = c, times+1
			}
		}
		return found, times
	}
	for i, l := range levels {
		for j, h := range harms {
			c, times := at(l, h)
			if times != 1 {
				fail("cell %s × %s is there %d times, not once", l, h, times)
			}
			if c.Risk != Controlled {
				continue
			}
			if i > 0 {
				if less, _ := at(levels[i-1], h); less.Risk == Uncontrolled {
					fail("cell %s × %s is controlled although %s × %s is not", l, h, levels[i-1], h)
				}
			}
			if j > 0 {
				if less, _ := at(l, harms[j-1]); less.Risk == Uncontrolled {
					fail("cell %s × %s is controlled although %s × %s is not", l, h, l, harms[j-1])
				}
			}
		}
	}
	return errs
}

// Verdict returns what the matrix says of one level and one harm.
func (m *Matrix) Verdict(l Level, h Harm) (Verdict, error) {
	for _, c := range m.file.Cells {
		if c.Exploitability == l && c.Harm == h {
			return Verdict{Exploitability: l, Harm: h, Risk: c.Risk, Justify: c.Justify,
				Matrix: m.file.Name, Digest: m.digest, Label: m.file.Label, Citation: m.file.Citation}, nil
		}
	}
	return Verdict{}, fmt.Errorf("assess: matrix has no cell %q × %q", l, h)
}

// Level returns the level of an exploitability subscore that is not rounded.
func (m *Matrix) Level(subscore float64) Level {
	switch {
	case subscore >= m.file.Bands.High:
		return High
	case subscore >= m.file.Bands.Medium:
		return Medium
	}
	return Low
}

// raise is what exploitation in the wild does.
func (m *Matrix) raise(e feeds.Exploited) Raise {
	why := m.file.Exploited.Why
	if !e.Added.IsZero() {
		why += ", listed since " + e.Added.UTC().Format("2006-01-02")
	}
	if e.Ransomware {
		why += ", and used in ransomware campaigns"
	}
	return Raise{To: m.file.Exploited.To, Why: why}
}

// Name returns the matrix's own name.
func (m *Matrix) Name() string { return m.file.Name }

// Digest returns the lower-case hex SHA-256 of the file it was read from.
func (m *Matrix) Digest() string { return m.digest }

// or returns m, or the default for nil.
func (m *Matrix) or() (*Matrix, error) {
	if m == nil {
		return DefaultMatrix()
	}
	if m.digest == "" {
		return nil, errors.New("assess: matrix was not loaded")
	}
	return m, nil
}

var (
	levels = []Level{Low, Medium, High}
	harms  = device.Harms()
)

// Levels returns the levels of exploitability, the lowest first.
func Levels() []Level { return slices.Clone(levels) }

// Harms returns the levels of harm, the least first.
func Harms() []Harm { return slices.Clone(harms) }

// Valid reports whether l is one of the levels; the zero value is not.
func (l Level) Valid() bool { return slices.Contains(levels, l) }

// higher returns the higher of two levels.
func higher(a, b Level) Level {
	if slices.Index(levels, b) > slices.Index(levels, a) {
		return b
	}
	return a
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
