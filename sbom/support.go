package sbom

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

// Valid reports whether l is one of the named levels. The zero value is not.
// Documents may state other words: they are kept as written.
func (l Level) Valid() bool {
	return slices.Contains([]Level{Maintained, Unmaintained, Abandoned, UnknownLevel}, l)
}

// An Addendum says of components what the SBOM does not: their level of support
// and end-of-support date (FDA, premarket guidance of 2026, V.A.4, allows an
// addendum in place of the SBOM). The file format is ours:
//
//	{"about": "…", "components": [
//	  {"at": "cpe:a:wolfssl:wolfssl", "version": "4.8.1", "level": "no longer maintained",
//	   "ends": "2022-07-11", "checked": "2026-01-15", "source": "wolfSSL release notes"}]}
type Addendum struct {
	About      string `json:"about,omitempty"`
	Components []Note `json:"components"`
}

// A Note is one line of an addendum.
type Note struct {
	// At is the coordinate of the component ("purl:github/wolfssl/wolfssl",
	// "name:bootloader"): any under which it is looked up.
	At Coordinate `json:"at"`
	// Version restricts the note to the version a component states; empty means
	// any. A note for the version goes before one for any.
	Version string `json:"version,omitempty"`
	Level   Level  `json:"level,omitempty"`
	// Ends and Checked are days ("2027-01-31"); empty means not said.
	Ends    string `json:"ends,omitempty"`
	Checked string `json:"checked,omitempty"`
	// Source is where it was read; required unless Why is there.
	Source string `json:"source,omitempty"`
	// Why justifies that a level or a date cannot be given.
	Why string `json:"why,omitempty"`
}

// LoadAddendum reads the file name of fsys, 1 MiB at the most. Words that are not
// known, dates that are none and notes given twice are errors, told all at once.
func LoadAddendum(fsys fs.FS, name string) (Addendum, error) {
	data, err := strictjson.File(fsys, name)
	if err != nil {
		return Addendum{}, fmt.Errorf("sbom: addendum %q: %w", name, err)
	}
	a, err := ParseAddendum(data)
	if err != nil {
		return Addendum{}, fmt.Errorf("%q: %w", name, err)
	}
	return a, nil
}

// ParseAddendum is [LoadAddendum] for bytes.
func ParseAddendum(data []byte) (Addendum, error) {
	var a Addendum
	if err := strictjson.Decode(data, &a); err != nil {
		return Addendum{}, fmt.Errorf("sbom: addendum: %w", err)
	}
	if err := a.Check(); err != nil {
		return Addendum{}, err
	}
	return a, nil
}

// Check returns everything that is wrong in a, or nil.
func (a Addendum) Check() error {
	var errs []error
	met := map[[2]string]bool{}
	for i, n := range a.Components {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("sbom: addendum: note %d (%q): "+format, append([]any{i + 1, string(n.At)}, args...)...))
		}
		if trim(string(n.At)) == "" {
			bad("no coordinate")
		}
		if key := [2]string{string(n.At), n.Version}; met[key] {
			bad("given twice for version %q", n.Version)
		} else {
			met[key] = true
		}
		if n.Level != "" && !n.Level.Valid() {
			bad("level %q is not known", n.Level)
		}
		for _, d := range []string{n.Ends, n.Checked} {
			if _, err := dayOf(d); err != nil {
				bad("%q is not a day such as 2027-01-31", d)
			}
		}
		if n.Level == "" && n.Ends == "" && n.Why == "" {
			bad("says nothing")
		}
		if trim(n.Source) == "" && trim(n.Why) == "" {
			bad("no source")
		}
	}
	return errors.Join(errs...)
}

func dayOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, s)
}

// A Conflict is where an SBOM and its addendum say different things of a
// component. The SBOM's word stands; a person has to settle it.
type Conflict struct {
	Ref  string `json:"ref"`
	Name string `json:"name"`
	// Field is "level" or "ends".
	Field    string `json:"field"`
	SBOM     string `json:"sbom"`
	Addendum string `json:"addendum"`
}

// Apply returns b with what a says where b says nothing, the conflicts, and the
// notes that met no component. The b given is not changed. An addendum that is
// not sound is an error.
func (a Addendum) Apply(b BOM) (BOM, []Conflict, []Note, error) {
	if err := a.Check(); err != nil {
		return BOM{}, nil, nil, err
	}
	notes := map[[2]string]int{}
	for i, n := range a.Components {
		notes[[2]string{string(n.At), n.Version}] = i
	}
	used := make([]bool, len(a.Components))
	var conflicts []Conflict
	b.Components = slices.Clone(b.Components)
	for i, c := range b.Components {
		at, ok := a.about(c, notes)
		if !ok {
			continue
		}
		used[at] = true
		s, cs := a.Components[at].merge(c)
		b.Components[i].Support = &s
		conflicts = append(conflicts, cs...)
	}
	var unused []Note
	for i, n := range a.Components {
		// A general note beside one for the version was not needed, yet it met.
		if !used[i] && !slices.ContainsFunc(b.Components, func(c Component) bool { return n.meets(c) }) {
			unused = append(unused, n)
		}
	}
	return b, conflicts, unused, nil
}

// about finds the note on c: first one for its version, by its coordinates in
// order, then one for any version.
func (a Addendum) about(c Component, notes map[[2]string]int) (int, bool) {
	version, _ := c.Stated()
	for _, v := range slices.Compact([]string{version, ""}) {
		for _, at := range c.Coordinates() {
			if i, ok := notes[[2]string{string(at), v}]; ok {
				return i, true
			}
		}
	}
	return 0, false
}

func (n Note) meets(c Component) bool {
	version, _ := c.Stated()
	return (n.Version == "" || n.Version == version) && slices.Contains(c.Coordinates(), n.At)
}

// merge fills what c does not say of its support.
func (n Note) merge(c Component) (Support, []Conflict) {
	var s Support
	if c.Support != nil {
		s = *c.Support
	}
	ends, _ := dayOf(n.Ends)
	checked, _ := dayOf(n.Checked)
	var conflicts []Conflict
	clash := func(field, theirs, ours string) {
		conflicts = append(conflicts, Conflict{c.Ref, c.Name, field, theirs, ours})
	}
	filled := false
	switch {
	case n.Level == "" || s.Level == n.Level:
	case s.Level == "":
		s.Level, filled = n.Level, true
	default:
		clash("level", string(s.Level), string(n.Level))
	}
	switch {
	case ends.IsZero() || s.Ends.Equal(ends):
	case s.Ends.IsZero():
		s.Ends, filled = ends, true
	default:
		clash("ends", s.Ends.Format(time.DateOnly), n.Ends)
	}
	if s.Why == "" {
		s.Why = n.Why
	}
	// A check confirms what stands: it is taken unless the note says otherwise.
	if checked.After(s.Checked) && len(conflicts) == 0 {
		s.Checked = checked
	}
	if from := "addendum: " + n.Source; filled && trim(n.Source) != "" {
		if s.From != "" {
			from = s.From + "; " + from
		}
		s.From = from
	}
	return s, conflicts
}
