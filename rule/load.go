package rule

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

// ErrNotFound says that a book has no rule of that id.
var ErrNotFound = errors.New("rule: no such rule")

// A Book is a checked set of rules. It does not change; it may be read from
// many goroutines.
type Book struct {
	rules []Rule
}

// Rule returns the rule with this id, else an [ErrNotFound].
func (b *Book) Rule(id string) (Rule, error) {
	i := slices.IndexFunc(b.rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	return b.rules[i].clone(), nil
}

// Rules returns every rule, on or off, in the order of the file. The slice is
// the caller's.
func (b *Book) Rules() []Rule {
	out := make([]Rule, len(b.rules))
	for i, r := range b.rules {
		out[i] = r.clone()
	}
	return out
}

func (r Rule) clone() Rule {
	r.To = slices.Clone(r.To)
	return r
}

//go:embed clocks.json regulators.json
var embedded embed.FS

var defaults = sync.OnceValues(func() (*Book, error) { return Load(embedded, "clocks.json") })

// Default returns the rules that come with the library. Those that are not
// certain, or that depend on a role the maker has not stated, are off. A test
// of this package holds that it does not fail.
func Default() (*Book, error) { return defaults() }

// LoadError says what is wrong at one place of a rule file.
type LoadError struct {
	File string
	Rule string // the rule's id, else its position such as "#3", else empty: the file as a whole
	Err  error
}

// Error names the file, the rule and what is wrong.
func (e *LoadError) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("rule: %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("rule: %s: %q: %v", e.File, e.Rule, e.Err)
}

// Unwrap returns what is wrong.
func (e *LoadError) Unwrap() error { return e.Err }

// Load reads the rule file name of fsys:
//
//	{"about": "…", "rules": [{"id": …, …}]}
//
// It is strict, since a mistyped rule is a missed date: a field that is not
// known, given twice, or absent although it is required, a value of no
// meaning, a missing citation or an id used twice are errors. All of them are
// told at once, joined, each a [*LoadError]. A file of more than 1 MiB is one
// too. There is a book only when there is no error.
func Load(fsys fs.FS, name string) (*Book, error) {
	data, err := strictjson.File(fsys, name)
	if err != nil {
		return nil, &LoadError{File: name, Err: err}
	}
	var file struct {
		About string            `json:"about"`
		Rules []json.RawMessage `json:"rules"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, &LoadError{File: name, Err: err}
	}
	var errs []error
	fail := func(rule string, err error) {
		for _, one := range flat(err) {
			errs = append(errs, &LoadError{File: name, Rule: rule, Err: one})
		}
	}
	fail("", fields(data, "", []string{"rules"}, []string{"about"}))
	if len(file.Rules) == 0 {
		fail("", errors.New("there are no rules"))
	}
	book := &Book{}
	first := map[string]int{}
	for i, raw := range file.Rules {
		place := fmt.Sprintf("#%d", i+1)
		r, err := decode(raw)
		if r.ID != "" {
			if before, ok := first[r.ID]; ok {
				fail(r.ID, fmt.Errorf("is both rule %d and rule %d", before, i+1))
			} else {
				first[r.ID] = i + 1
			}
			place = r.ID
		}
		fail(place, err)
		book.rules = append(book.rules, r)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return book, nil
}

// decode reads one rule and tells everything that is wrong with it. What could
// be read is returned beside the error.
func decode(raw json.RawMessage) (Rule, error) {
	var r Rule
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, err
	}
	errs := []error{fields(raw, "",
		[]string{"id", "title", "jurisdiction", "role", "start", "limit", "calendar", "to", "on", "why", "citation"},
		[]string{"label"})}
	var parts struct {
		Limit    json.RawMessage `json:"limit"`
		Citation json.RawMessage `json:"citation"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return r, err
	}
	if parts.Limit != nil {
		errs = append(errs, fields(parts.Limit, "limit: ", []string{"amount", "unit"}, nil))
	}
	if parts.Citation != nil {
		errs = append(errs, fields(parts.Citation, "citation: ",
			[]string{"source", "clause", "date", "force", "certainty"}, []string{"url"}))
	}
	errs = append(errs, r.Check())
	return r, errors.Join(errs...)
}

// flat undoes errors.Join, so that each failure is told on its own line.
func flat(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, one := range joined.Unwrap() {
		out = append(out, flat(one)...)
	}
	return out
}

// fields checks the keys of one JSON object, which encoding/json would match
// in any case and drop when unknown.
func fields(raw json.RawMessage, where string, required, optional []string) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return errors.New(strings.TrimSpace(where + "is not an object"))
	}
	var errs []error
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		key, _ := tok.(string)
		switch {
		case seen[key]:
			errs = append(errs, fmt.Errorf("%sfield %q is given twice", where, key))
		case !slices.Contains(required, key) && !slices.Contains(optional, key):
			errs = append(errs, fmt.Errorf("%sfield %q is not known", where, key))
		}
		seen[key] = true
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	for _, key := range required {
		if !seen[key] {
			errs = append(errs, fmt.Errorf("%sfield %q is missing", where, key))
		}
	}
	return errors.Join(errs...)
}
