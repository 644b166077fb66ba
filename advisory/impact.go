package advisory

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

//go:embed impact.json
var impactFile embed.FS

// phrases are the lists of impact.json.
type phrases struct {
	About     string    `json:"about"`
	Label     string    `json:"label"`
	Languages []wording `json:"languages"`
}

// wording is what is known of one language; an empty Lang is every one.
type wording struct {
	Lang string `json:"lang"`
	// Filler are phrases that say nothing, wherever they stand; Blank are words that
	// say nothing of a clinical impact by themselves; one of Harmed has to be there.
	Filler []string `json:"filler"`
	Blank  []string `json:"blank,omitempty"`
	Harmed []string `json:"harmed,omitempty"`

	filler [][]string // as words, the longest first
}

// loadPhrases reads such a file; what is wrong in it is told at once.
func loadPhrases(fsys fs.FS, name string) (map[string]wording, error) {
	var p phrases
	if _, err := strictjson.Read(fsys, name, &p); err != nil {
		return nil, fmt.Errorf("advisory: phrases %q: %w", name, err)
	}
	if blank(p.About) || blank(p.Label) || len(p.Languages) == 0 {
		return nil, fmt.Errorf("advisory: phrases %q: what it is, its label or its languages are missing", name)
	}
	out := map[string]wording{}
	for _, w := range p.Languages {
		if _, twice := out[w.Lang]; twice || w.Lang != primary(w.Lang) {
			return nil, fmt.Errorf("advisory: phrases %q: language %q is there twice, or is none", name, w.Lang)
		}
		for _, f := range w.Filler {
			said := tokens(f)
			if len(said) == 0 {
				return nil, fmt.Errorf("advisory: phrases %q: an empty phrase of %q", name, w.Lang)
			}
			w.filler = append(w.filler, said)
		}
		out[w.Lang] = w
	}
	every := out[""].filler
	for lang, w := range out {
		if lang != "" {
			w.filler = append(w.filler, every...)
		}
		slices.SortStableFunc(w.filler, func(a, b []string) int { return len(b) - len(a) })
		out[lang] = w
	}
	return out, nil
}

var defaultPhrases = sync.OnceValues(func() (map[string]wording, error) { return loadPhrases(impactFile, "impact.json") })

// inLanguage is what is known of lang; false where only its form can be looked at.
// A test of this package holds that the lists are read.
func inLanguage(lang string) (wording, bool) {
	all, err := defaultPhrases()
	if err != nil {
		return wording{}, false
	}
	if w, ok := all[primary(lang)]; ok && w.Lang != "" {
		return w, true
	}
	return all[""], false
}

// tokens are the words of text, small, without signs.
func tokens(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}

// said is text without the phrases that say nothing, wherever they stand.
func (w wording) said(text string) []string {
	var out []string
	for all := tokens(text); len(all) > 0; {
		skip := 0
		for _, f := range w.filler {
			if len(f) <= len(all) && slices.Equal(f, all[:len(f)]) {
				skip = len(f)
				break
			}
		}
		if skip == 0 {
			out, skip = append(out, all[0]), 1
		}
		all = all[skip:]
	}
	return out
}

func (w wording) harmed(word string) bool {
	return slices.ContainsFunc(w.Harmed, func(h string) bool {
		begin, open := strings.CutSuffix(h, "*")
		return word == h || open && strings.HasPrefix(word, begin)
	})
}

// idle says what a text about clinical impact lacks; empty when it lacks nothing. It
// needs five words of which three are different. In a language of which the words
// are known, something has to be left beside phrases that say nothing, and what is
// left says who or what is harmed. The words are our own convention.
func idle(lang, text string) string {
	all := strings.Fields(text)
	if len(all) < 5 {
		return "is too short to say what could happen to the patient"
	}
	different := tokens(text)
	slices.Sort(different)
	if len(slices.Compact(different)) < 3 {
		return "says the same word over and over"
	}
	w, known := inLanguage(lang)
	left := w.said(text)
	if !known {
		if len(left) == 0 {
			return "says nothing"
		}
		return ""
	}
	left = slices.DeleteFunc(left, func(word string) bool { return slices.Contains(w.Blank, word) })
	switch {
	case len(left) < 2:
		return "says nothing beside phrases that fill the field"
	case !slices.ContainsFunc(left, w.harmed):
		return "does not say who or what is harmed, such as the patient, the treatment or an alarm (the list of words is our convention)"
	}
	return ""
}

// hollow reports whether s is made of phrases that fill a field without saying
// anything.
func hollow(s string) bool {
	w, _ := inLanguage("en")
	return len(w.said(s)) == 0
}
