package threat

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// A Table is what this package knows: weaknesses of models, harm by function, and
// what readiness for ransomware is made of. It is data; see [Default] and [Load].
// It does not change, and may be read from many goroutines.
type Table struct {
	ai     aiFile
	harm   harmFile
	ransom ransomFile
	digest string
}

// Files are the names of the files that make up a table.
const (
	AIFile         = "ai.json"
	HarmFile       = "harm.json"
	RansomwareFile = "ransomware.json"
)

type aiFile struct {
	Name       string      `json:"name"`
	About      string      `json:"about"`
	Lists      []idList    `json:"lists"`
	Citations  []cited     `json:"citations"`
	Conditions []condition `json:"conditions"`
	Weaknesses []weakness  `json:"weaknesses"`
}

type idList struct {
	System   string        `json:"system"`
	Citation rule.Citation `json:"citation"`
	IDs      []feeds.ID    `json:"ids"`
}

type cited struct {
	ID       string        `json:"id"`
	Citation rule.Citation `json:"citation"`
}

type condition struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Evidence string   `json:"evidence"`
	Fields   []string `json:"fields"`
	Cues     []string `json:"cues"`
}

type weakness struct {
	ID     string     `json:"id"`
	Title  string     `json:"title"`
	When   string     `json:"when"`
	Effect string     `json:"effect"`
	Cite   string     `json:"cite"`
	About  string     `json:"about"`
	IDs    []feeds.ID `json:"ids"`
	Asks   []ask      `json:"asks"`
}

type ask struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Evidence string   `json:"evidence"`
	Card     []string `json:"card"`
	Cite     string   `json:"cite"`
}

type harmFile struct {
	Name      string        `json:"name"`
	About     string        `json:"about"`
	Citation  rule.Citation `json:"citation"`
	Functions []described   `json:"functions"`
	Effects   []described   `json:"effects"`
	Harms     []harmRow     `json:"harms"`
	Essential essential     `json:"essential"`
	Kinds     []kindRow     `json:"kinds"`
}

type described struct {
	ID    string `json:"id"`
	About string `json:"about"`
}

type harmRow struct {
	Effect    string      `json:"effect"`
	Function  Function    `json:"function"`
	Harm      assess.Harm `json:"harm"`
	Statement string      `json:"statement"`
}

type essential struct {
	AtLeast  assess.Harm   `json:"at_least"`
	Effects  []string      `json:"effects"`
	Why      string        `json:"why"`
	Citation rule.Citation `json:"citation"`
}

type kindRow struct {
	Kind      device.Kind `json:"kind"`
	Functions []Function  `json:"functions"`
}

type ransomFile struct {
	Name      string  `json:"name"`
	About     string  `json:"about"`
	Effect    string  `json:"effect"`
	Exploited raising `json:"exploited"`
	Checks    []check `json:"checks"`
}

type raising struct {
	To       assess.Level  `json:"to"`
	Why      string        `json:"why"`
	Citation rule.Citation `json:"citation"`
}

type check struct {
	ID       string        `json:"id"`
	Kind     string        `json:"kind"`
	Months   int           `json:"months"`
	Title    string        `json:"title"`
	Question string        `json:"question"`
	Evidence string        `json:"evidence"`
	Why      string        `json:"why"`
	Citation rule.Citation `json:"citation"`
}

//go:embed ai.json harm.json ransomware.json
var embedded embed.FS

var defaultTable = sync.OnceValues(func() (*Table, error) { return Load(embedded) })

// Default returns the table that comes with the library. Which ids belong to a
// weakness, the questions and the harms are our own convention. A test of this
// package holds that it does not fail.
func Default() (*Table, error) { return defaultTable() }

// Load reads the files [AIFile], [HarmFile] and [RansomwareFile] of fsys, in the
// form of the default ones. It is strict: an unknown or repeated field, a word of
// no meaning, a missing citation, an id that is in no list, and a pair of effect
// and function without a harm are errors; all are told at once.
func Load(fsys fs.FS) (*Table, error) {
	t := &Table{}
	var errs []error
	sum := sha256.New()
	for _, f := range []struct {
		name  string
		into  any
		check func() error
	}{
		{HarmFile, &t.harm, func() error { return t.harm.check() }},
		{AIFile, &t.ai, func() error { return t.ai.check(t.harm) }},
		{RansomwareFile, &t.ransom, func() error { return t.ransom.check(t.harm) }},
	} {
		data, err := strictjson.Read(fsys, f.name, f.into)
		if err == nil {
			err = f.check()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("threat: table %q: %w", f.name, err))
		}
		fmt.Fprintf(sum, "%s %d\n", f.name, len(data))
		sum.Write(data)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t.digest = hex.EncodeToString(sum.Sum(nil))
	return t, nil
}

// Digest returns the lower-case hex SHA-256 of the files it was read from.
func (t *Table) Digest() string { return t.digest }

func (t *Table) or() (*Table, error) {
	if t == nil {
		return Default()
	}
	if t.digest == "" {
		return nil, errors.New("threat: table was not loaded")
	}
	return t, nil
}

// faults collects what is wrong in a file.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f *faults) cite(where string, c rule.Citation) {
	if err := c.Check(); err != nil {
		f.add("%s: %w", where, err)
	}
}

// said tells of empty texts, given as name and text by turns.
func (f *faults) said(where string, texts ...string) {
	for i := 0; i+1 < len(texts); i += 2 {
		if blank(texts[i+1]) {
			f.add("%s: %s is missing", where, texts[i])
		}
	}
}

// once tells of an id that is empty or was there before.
func (f *faults) once(known map[string]bool, what, id string) {
	if blank(id) || known[id] {
		f.add("%s: id %q is empty or there twice", what, id)
	}
	known[id] = true
}

func (f aiFile) check(h harmFile) error {
	var errs faults
	errs.said("file", "name", f.Name, "about", f.About)
	listed := map[feeds.ID]bool{}
	for _, l := range f.Lists {
		errs.said("list", "system", l.System)
		errs.cite("list "+l.System, l.Citation)
		for _, id := range l.IDs {
			if name, _ := System(id); name != l.System || listed[id] {
				errs.add("list %s: id %q is not of that system, or there twice", l.System, id)
			}
			listed[id] = true
		}
	}
	cites, conditions, ids, asks := map[string]bool{}, map[string]bool{always: true}, map[string]bool{}, map[string]bool{}
	for _, c := range f.Citations {
		errs.once(cites, "citation", c.ID)
		errs.cite("citation "+c.ID, c.Citation)
	}
	for _, c := range f.Conditions {
		errs.once(conditions, "condition", c.ID)
		errs.said("condition "+c.ID, "question", c.Question, "evidence", c.Evidence)
		errs.fields("condition "+c.ID, c.Fields)
		for _, cue := range c.Cues {
			if cue != plain(cue) || cue == "" {
				errs.add("condition %s: cue %q is not in plain lower-case words", c.ID, cue)
			}
		}
	}
	for _, w := range f.Weaknesses {
		where := "weakness " + w.ID
		errs.once(ids, "weakness", w.ID)
		errs.said(where, "title", w.Title, "about", w.About)
		if !conditions[w.When] {
			errs.add("%s: condition %q is not known", where, w.When)
		}
		if !h.effect(w.Effect) {
			errs.add("%s: effect %q is not known", where, w.Effect)
		}
		if !cites[w.Cite] {
			errs.add("%s: citation %q is not known", where, w.Cite)
		}
		for _, id := range w.IDs {
			if !listed[id] {
				errs.add("%s: id %q is in no list", where, id)
			}
		}
		if len(w.IDs) == 0 || len(w.Asks) == 0 {
			errs.add("%s: there is no id or nothing to ask", where)
		}
		for _, a := range w.Asks {
			errs.once(asks, "ask", a.ID)
			errs.said("ask "+a.ID, "question", a.Question, "evidence", a.Evidence)
			errs.fields("ask "+a.ID, a.Card)
			if a.Cite != "" && !cites[a.Cite] {
				errs.add("ask %s: citation %q is not known", a.ID, a.Cite)
			}
		}
	}
	if len(f.Weaknesses) == 0 {
		errs.add("there are no weaknesses")
	}
	for id := range asks {
		if conditions[id] {
			errs.add("ask %q has the id of a condition", id)
		}
	}
	return errors.Join(errs...)
}

func (f *faults) fields(where string, fields []string) {
	for _, name := range fields {
		if _, ok := fieldsOf[name]; !ok {
			f.add("%s: field %q of a card is not known", where, name)
		}
	}
}

func (f harmFile) effect(id string) bool {
	return slices.ContainsFunc(f.Effects, func(e described) bool { return e.ID == id })
}

func (f harmFile) check() error {
	var errs faults
	errs.said("file", "name", f.Name, "about", f.About)
	errs.cite("file", f.Citation)
	effects, functions := map[string]bool{}, map[string]bool{}
	for _, e := range f.Effects {
		errs.once(effects, "effect", e.ID)
		errs.said("effect "+e.ID, "about", e.About)
	}
	for _, fn := range f.Functions {
		errs.once(functions, "function", fn.ID)
		errs.said("function "+fn.ID, "about", fn.About)
		if !Function(fn.ID).Valid() {
			errs.add("function %q is not known", fn.ID)
		}
	}
	times := map[[2]string]int{}
	for _, h := range f.Harms {
		errs.said("harm", "statement", h.Statement)
		if !effects[h.Effect] || !functions[string(h.Function)] || !h.Harm.Valid() {
			errs.add("harm %s × %s: %q: a word is not known", h.Effect, h.Function, h.Harm)
		}
		times[[2]string{h.Effect, string(h.Function)}]++
	}
	for e := range effects {
		for _, fn := range Functions() {
			if n := times[[2]string{e, string(fn)}]; n != 1 {
				errs.add("harm %s × %s is there %d times, not once", e, fn, n)
			}
		}
	}
	errs.cite("essential", f.Essential.Citation)
	errs.said("essential", "why", f.Essential.Why)
	if !f.Essential.AtLeast.Valid() {
		errs.add("essential: harm %q is not known", f.Essential.AtLeast)
	}
	for _, e := range f.Essential.Effects {
		if !effects[e] {
			errs.add("essential: effect %q is not known", e)
		}
	}
	for _, k := range f.Kinds {
		if !k.Kind.Valid() || len(k.Functions) == 0 || slices.ContainsFunc(k.Functions, func(fn Function) bool { return !fn.Valid() }) {
			errs.add("kind %q: it or a function of it is not known", k.Kind)
		}
	}
	return errors.Join(errs...)
}

func (f ransomFile) check(h harmFile) error {
	var errs faults
	errs.said("file", "name", f.Name, "about", f.About)
	if !h.effect(f.Effect) {
		errs.add("effect %q is not known", f.Effect)
	}
	errs.said("exploited", "why", f.Exploited.Why)
	errs.cite("exploited", f.Exploited.Citation)
	if !f.Exploited.To.Valid() {
		errs.add("exploited: level %q is not known", f.Exploited.To)
	}
	known := map[string]bool{}
	for _, c := range f.Checks {
		where := "check " + c.ID
		errs.once(known, "check", c.ID)
		errs.said(where, "title", c.Title, "question", c.Question, "evidence", c.Evidence, "why", c.Why)
		errs.cite(where, c.Citation)
		if !slices.Contains([]string{kindDone, kindYes, kindNo, kindAtLeast, kindAtMost}, c.Kind) {
			errs.add("%s: kind %q is not known", where, c.Kind)
		}
		if (c.Kind == kindDone) != (c.Months > 0) {
			errs.add("%s: months %d do not go with kind %q", where, c.Months, c.Kind)
		}
	}
	if len(f.Checks) == 0 {
		errs.add("there are no checks")
	}
	return errors.Join(errs...)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
