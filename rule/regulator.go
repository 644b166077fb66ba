package rule

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

// A regulator is an authority and the names it goes by.
type regulator struct {
	Jurisdiction string   `json:"jurisdiction"`
	Names        []string `json:"names"`
}

var regulators = sync.OnceValues(func() ([]regulator, error) { return loadRegulators(embedded, "regulators.json") })

func loadRegulators(fsys fs.FS, name string) ([]regulator, error) {
	var file struct {
		About      string      `json:"about"`
		Regulators []regulator `json:"regulators"`
	}
	_, err := strictjson.Read(fsys, name, &file)
	var errs []error
	for i, r := range file.Regulators {
		if r.Jurisdiction == "" || len(r.Names) == 0 || slices.ContainsFunc(r.Names, func(n string) bool { return letters(n) == "" }) {
			errs = append(errs, fmt.Errorf("regulator %d: jurisdiction or name is missing", i+1))
		}
	}
	if err == nil && len(file.Regulators) == 0 {
		err = errors.New("there are no regulators")
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, &LoadError{File: name, Err: err}
	}
	return file.Regulators, nil
}

// Regulator reports whether name is that of an authority of the list that comes
// with the library, which is our own. A regulator receives and observes; it is
// never who has to act. A person of the maker's who deals with one has another
// name ("fda-liaison").
func Regulator(name string) (bool, error) {
	list, err := regulators()
	if err != nil {
		return false, err
	}
	want := letters(name)
	return slices.ContainsFunc(list, func(r regulator) bool {
		return slices.ContainsFunc(r.Names, func(n string) bool { return letters(n) == want })
	}), nil
}

// letters is name in lower case without anything but letters and digits.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
