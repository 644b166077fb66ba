package patch

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

//go:embed duties.json gates.json
var embedded embed.FS

var defaultDuties = sync.OnceValues(func() ([]Duty, error) { return LoadDuties(embedded, "duties.json") })

// DefaultDuties returns the duties that come with the library. The slice is the
// caller's. A test of this package holds that it does not fail.
func DefaultDuties() ([]Duty, error) {
	d, err := defaultDuties()
	return slices.Clone(d), err
}

// LoadDuties reads the duties file name of fsys, in the form of the default one.
// It is strict: an unknown or repeated field, an unknown class, a class without
// a duty, a missing text or citation, and a duty that does not bind and has no
// label, are errors; all are told at once.
func LoadDuties(fsys fs.FS, name string) ([]Duty, error) {
	var file struct {
		About  string `json:"about"`
		Duties []Duty `json:"duties"`
	}
	_, err := strictjson.Read(fsys, name, &file)
	if err == nil {
		err = checkDuties(file.Duties)
	}
	if err != nil {
		return nil, fmt.Errorf("patch: duties %q: %w", name, err)
	}
	return file.Duties, nil
}

func checkDuties(duties []Duty) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	told := map[Class]bool{}
	for i, d := range duties {
		told[d.Class] = true
		if !d.Class.Valid() {
			fail("duty %d: class %q is not known", i+1, d.Class)
		}
		if blank(d.Text) {
			fail("duty %d: the text is missing", i+1)
		}
		if err := d.Citation.Check(); err != nil {
			fail("duty %d: %w", i+1, err)
		} else if blank(d.Label) && !d.Citation.Binding() {
			fail("duty %d: it does not bind, so it needs a label", i+1)
		}
	}
	for _, c := range classes {
		if !told[c] {
			fail("class %q has no duty", c)
		}
	}
	return errors.Join(errs...)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
