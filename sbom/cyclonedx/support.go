package cyclonedx

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/sbom"
)

//go:embed properties.json
var embedded []byte

// meaning says what a property of a certain name is read as.
type meaning struct {
	Name string `json:"name"`
	Is   string `json:"is"` // "level", "ends", "checked", "why", "cpe"
	// For keeps a property whose value begins with the name of what it speaks of.
	For    []string `json:"for"`
	Source string   `json:"source"`
	Date   string   `json:"date"`
	Force  string   `json:"force"`
}

type vocabulary struct {
	names  map[string]meaning
	levels map[string]sbom.Level
}

var meanings = sync.OnceValues(func() (vocabulary, error) {
	var file struct {
		Properties []meaning             `json:"properties"`
		Levels     map[string]sbom.Level `json:"levels"`
	}
	if err := json.Unmarshal(embedded, &file); err != nil {
		return vocabulary{}, fmt.Errorf("cyclonedx: properties.json: %w", err)
	}
	v := vocabulary{names: map[string]meaning{}, levels: map[string]sbom.Level{}}
	for _, m := range file.Properties {
		v.names[fold(m.Name)] = m
	}
	for word, level := range file.Levels {
		v.levels[fold(word)] = level
	}
	return v, nil
})

// fold takes from a name what tools write differently: case, and how words are
// joined.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == '_' || r == ' ':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// meaning is what a property of that name is read as, or nil. A document uses few
// names many times.
func (t *translation) meaning(name string) *meaning {
	if m, met := t.names[name]; met {
		return m
	}
	v, _ := meanings()
	var found *meaning
	if m, known := v.names[fold(name)]; known {
		found = &m
	}
	if len(t.names) < maxNames {
		t.names[name] = found
	}
	return found
}

// maxNames is how many names of properties are remembered.
const maxNames = 1000

// support is what properties say of it, or nil. What they say differently the
// second time is a problem: of two levels the worse stands, else the first.
func (t *translation) support(ps []sbom.Property, path string) *sbom.Support {
	var out sbom.Support
	var from []string
	v, _ := meanings()
	for i, p := range ps {
		m := t.meaning(p.Name)
		if m == nil || m.Is == "cpe" {
			continue
		}
		here, value := at(join(path, "properties"), i), strings.TrimSpace(p.Value)
		if value == "" {
			continue
		}
		switch m.Is {
		case "level":
			t.level(&out, v, here, value)
		case "ends":
			if !t.day(&out.Ends, here, value) {
				out.Why = line(out.Why, p.Name+": "+value)
			}
		case "checked":
			t.day(&out.Checked, here, value)
		case "why":
			if !speaks(*m, value) {
				continue
			}
			out.Why = line(out.Why, value)
		}
		from = append(from, p.Name)
	}
	if out == (sbom.Support{}) {
		return nil
	}
	out.From = strings.Join(unique(from), ", ")
	return &out
}

func (t *translation) level(s *sbom.Support, v vocabulary, path, value string) {
	level, known := v.levels[fold(value)]
	if !known {
		level = sbom.Level(value) // the guidance closes no list
	}
	if s.Level != "" && s.Level != level {
		t.problem(path, "says %q of the level of support, which was %q before: the worse stands", short(value), short(string(s.Level)))
		if worse(level) <= worse(s.Level) {
			return
		}
	}
	s.Level = level
}

// worse ranks levels: what is not known, or said in other words, is worse than
// being maintained and better than being given up (our convention).
func worse(l sbom.Level) int {
	switch l {
	case sbom.Maintained:
		return 0
	case sbom.Unmaintained:
		return 2
	case sbom.Abandoned:
		return 3
	}
	return 1
}

// day reads a date: the one that is written, in whatever zone it was meant. It reports false when value is none: words in its place
// ("unknown", "open source") say why there is no date, and are a problem only
// when they hold digits and so look like one.
func (t *translation) day(into *time.Time, path, value string) bool {
	day, ok := written(value)
	switch {
	case !ok:
		if strings.ContainsAny(value, "0123456789") {
			t.problem(path, "%q is not a date", short(value))
		}
		return false
	case !into.IsZero() && !into.Equal(day):
		t.problem(path, "says %s, which was %s before", day.Format(time.DateOnly), into.Format(time.DateOnly))
	default:
		*into = day
	}
	return true
}

// maxWhy is how long a reason grows, in bytes, before no more lines are added.
const maxWhy = 10_000

// line adds a line to text.
func line(text, more string) string {
	if len(text) > maxWhy {
		return text
	}
	return strings.TrimSpace(text + "\n" + more)
}

// speaks reports whether a justification is about support.
func speaks(m meaning, value string) bool {
	if len(m.For) == 0 {
		return true
	}
	about, _, _ := strings.Cut(value, ": ")
	for _, name := range m.For {
		if fold(about) == fold(name) {
			return true
		}
	}
	return false
}

// identified adds the identifiers that properties hold.
func (t *translation) identified(own *sbom.Component, path string) {
	for i, p := range own.Properties {
		if m := t.meaning(p.Name); m != nil && m.Is == "cpe" {
			t.also(own, "cpe", p.Value, path, at("properties", i))
		}
	}
}

func unique(texts []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range texts {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
