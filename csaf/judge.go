package csaf

import (
	"errors"
	"fmt"
	"io"
)

// A Preset is how much [Judge] judges. The words are those of the validators
// that the standard's committee knows.
type Preset string

// The presets.
const (
	Basic    Preset = "basic"    // the schema and the mandatory tests 6.1
	Extended Preset = "extended" // the optional tests 6.2 as well
)

// A Verdict is what [Judge] says of a text.
type Verdict struct {
	// Version is the text's own csaf_version, "" if it has none. What is not of
	// version 2.0 is judged all the same, and the schema fails.
	Version  string
	Failures []Failure // of the schema and of 6.1, in the order of Check
	Warnings []Failure // of 6.2; none under Basic
}

// Valid reports whether the text is a valid CSAF 2.0 document. Warnings do not
// count.
func (v Verdict) Valid() bool { return len(v.Failures) == 0 }

// Tests are the names of the tests that failed or warned, each once, in order:
// "schema" first, then by number.
func (v Verdict) Tests() []string {
	var names []string
	for _, list := range [][]Failure{v.Failures, v.Warnings} {
		names = append(names, order(list)...)
	}
	return names
}

// order is the tests of list, each once, in the standard's order.
func order(list []Failure) []string {
	failed := map[string]bool{}
	for _, f := range list {
		failed[f.Test] = true
	}
	var names []string
	add := func(name string) {
		if failed[name] {
			names = append(names, name)
		}
	}
	add(testSchema)
	for _, t := range tests {
		if t.id == "6.1.9" {
			add("6.1.8") // part of the schema's walk
		}
		add(t.id)
	}
	for _, t := range optionalTests {
		add(t.id)
	}
	return names
}

// Judge reads one text and judges it as [Check] and [CheckOptional] do. An error
// means that there is nothing to judge: as with [Decode], a text that is empty,
// too long, not UTF-8, not JSON or followed by something else. JSON of any kind
// is judged.
func Judge(r io.Reader, preset Preset) (Verdict, error) {
	if preset != Basic && preset != Extended {
		return Verdict{}, fmt.Errorf("csaf: %q is no preset", string(preset))
	}
	data, err := load(r)
	if err != nil {
		return Verdict{}, err
	}
	doc, err := read(&scanner{data: data, shared: string(data)}, document())
	if errors.Is(err, errNoObject) {
		return Verdict{Failures: []Failure{{testSchema, "", "is not an object"}}}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Version: doc.Document.CSAFVersion, Failures: check(doc)}
	if preset == Extended {
		v.Warnings = checkOptional(doc)
	}
	return v, nil
}
