package csaf

import (
	_ "embed" // the list
	"slices"
	"strings"
	"sync"
	"time"
)

// CWEName is MITRE's name for the weakness with this id, as test 6.1.11 wants it
// beside the id, and false for an id that is of no weakness in CWE 4.17.
func CWEName(id string) (string, bool) {
	name, ok := cweNames()[id]
	return name, ok
}

//go:embed cwe.txt
var cweList string

var cweNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 1000)
	for line := range strings.Lines(cweList) {
		if id, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			names["CWE-"+id] = name
		}
	}
	return names
})

// cweVersion is that of the list behind CWEName.
const cweVersion = "4.17"

//go:embed cwe_since.txt
var cweSince string

// cweHistory is which versions of the list had the words that CWEName knows.
type cweHistory struct {
	versions []string
	days     []time.Time         // when they were published
	spans    map[string][][2]int // first and last of versions, by id; without those that always had them
}

var cweVersions = sync.OnceValue(func() cweHistory {
	h := cweHistory{spans: map[string][][2]int{}}
	for line := range strings.Lines(cweSince) {
		left, right, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if version, ok := strings.CutPrefix(left, "@"); ok {
			day, err := time.Parse(time.DateOnly, right)
			if err != nil {
				panic(err) // the list is part of the program
			}
			h.versions, h.days = append(h.versions, version), append(h.days, day)
		} else if right != "" {
			for text := range strings.FieldsSeq(right) {
				first, last, closed := strings.Cut(text, "-")
				if !closed {
					last = cweVersion
				}
				h.spans["CWE-"+left] = append(h.spans["CWE-"+left], [2]int{slices.Index(h.versions, first), slices.Index(h.versions, last)})
			}
		}
	}
	return h
})

// cweVersionAt is the last version that was published before released and has the
// words that CWEName knows for id, else the first one after it. Last says that it is
// the last one known, and that there may be later ones.
func cweVersionAt(id string, released time.Time) (version string, last bool) {
	h := cweVersions()
	spans, ok := h.spans[id]
	if !ok {
		spans = [][2]int{{0, len(h.versions) - 1}}
	}
	best := spans[0][0]
	for _, s := range spans {
		for i := s[0]; i <= s[1] && h.days[i].Before(released); i++ {
			best = i
		}
	}
	return h.versions[best], best == len(h.versions)-1 && h.days[best].Before(released)
}
