package csaf

import (
	_ "embed" // the registry
	"fmt"
	"slices"
	"strings"
	"sync"
)

// languages is 6.1.12: every subtag of a language tag is registered.
func (c *checker) languages() {
	for _, l := range c.langs() {
		if !langForm.MatchString(l.tag) {
			continue // the schema has said so
		}
		if err := CheckLang(l.tag); err != nil {
			c.wrong(l.at, "is %s, and %v", brief(l.tag), err)
		}
	}
}

type lang struct {
	at  *place
	tag string
}

// langs are the language tags of the document that are said.
func (c *checker) langs() []lang {
	all := []lang{{atDocument.key("lang"), c.doc.Document.Lang}, {atDocument.key("source_lang"), c.doc.Document.SourceLang}}
	return slices.DeleteFunc(all, func(l lang) bool { return l.tag == "" })
}

// CheckLang says what keeps a language tag from being valid (RFC 5646, section
// 2.2.9): a form that none has, a subtag that is not in the IANA registry, a
// second subtag where one may stand. An empty tag is fine.
func CheckLang(tag string) error {
	t, err := parseLang(tag)
	if err != nil {
		return err
	}
	return t.registered()
}

// A langTag is a language tag in parts, in small letters.
type langTag struct {
	whole                    bool // registered, or for private use, as a whole
	language, script, region string
	extlangs, variants       []string
	singletons               []string // of extensions
	private                  bool     // has subtags after x
}

// parseLang reads a tag by the form that RFC 5646, section 2.1, gives it.
func parseLang(tag string) (langTag, error) {
	tag = strings.ToLower(tag)
	if _, ok := subtags()["grandfathered "+tag]; ok || tag == "" {
		return langTag{whole: true}, nil
	}
	parts := strings.Split(tag, "-")
	var t langTag
	next := func(fits func(string) bool) string {
		if len(parts) == 0 || !fits(parts[0]) {
			return ""
		}
		p := parts[0]
		parts = parts[1:]
		return p
	}
	of := func(least, most int) func(string) bool {
		return func(s string) bool { return len(s) >= least && len(s) <= most && plain(s) }
	}
	letters := func(least, most int) func(string) bool {
		return func(s string) bool { return of(least, most)(s) && !strings.ContainsAny(s, "0123456789") }
	}
	if parts[0] != "x" {
		if t.language = next(letters(2, 8)); t.language == "" {
			return t, fmt.Errorf("%s is no language", brief(parts[0]))
		}
	}
	for len(t.language) <= 3 && len(t.extlangs) < 3 {
		e := next(letters(3, 3))
		if e == "" {
			break
		}
		t.extlangs = append(t.extlangs, e)
	}
	if t.language != "" {
		t.script = next(letters(4, 4))
		if t.region = next(letters(2, 2)); t.region == "" {
			t.region = next(func(s string) bool { return len(s) == 3 && strings.Trim(s, "0123456789") == "" })
		}
		variant := func(s string) bool { return of(5, 8)(s) || of(4, 4)(s) && s[0] <= '9' }
		for v := next(variant); v != ""; v = next(variant) {
			t.variants = append(t.variants, v)
		}
		extension := func(s string) bool { return of(1, 1)(s) && s != "x" }
		for e := next(extension); e != ""; e = next(extension) {
			t.singletons = append(t.singletons, e)
			n := 0
			for next(of(2, 8)) != "" {
				n++
			}
			if n == 0 {
				return t, fmt.Errorf("nothing follows %s", brief(e))
			}
		}
	}
	if next(func(s string) bool { return s == "x" }) != "" {
		for next(of(1, 8)) != "" {
			t.private = true
		}
		if !t.private {
			return t, fmt.Errorf("nothing that can follows %s", brief("x"))
		}
	}
	if len(parts) > 0 {
		return t, fmt.Errorf("%s is no subtag that can stand there", brief(parts[0]))
	}
	return t, nil
}

// plain reports whether s is of letters and digits.
func plain(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func (t langTag) registered() error {
	if t.whole || t.language == "" {
		return nil
	}
	if !listed("language", t.language) {
		return fmt.Errorf("%s is no language", brief(t.language))
	}
	switch len(t.extlangs) {
	case 0:
	case 1:
		if of := subtags()["extlang "+t.extlangs[0]]; of != t.language {
			return fmt.Errorf("%s is no language within %s", brief(t.extlangs[0]), brief(t.language))
		}
	default:
		return fmt.Errorf("%s is a second language within %s", brief(t.extlangs[1]), brief(t.language))
	}
	if t.script != "" && !listed("script", t.script) {
		return fmt.Errorf("%s is no script", brief(t.script))
	}
	if t.region != "" && !listed("region", t.region) {
		return fmt.Errorf("%s is no region", brief(t.region))
	}
	for i, v := range t.variants {
		if !listed("variant", v) {
			return fmt.Errorf("%s is no variant", brief(v))
		}
		if slices.Contains(t.variants[:i], v) {
			return fmt.Errorf("%s stands there twice", brief(v))
		}
	}
	for i, s := range t.singletons {
		if s != "t" && s != "u" { // RFC 6497 and RFC 6067; there is no other
			return fmt.Errorf("%s is no extension", brief(s))
		}
		if slices.Contains(t.singletons[:i], s) {
			return fmt.Errorf("%s stands there twice", brief(s))
		}
	}
	return nil
}

// forPrivateUse is the first subtag of t that is reserved for private use, ""
// if there is none.
func (t langTag) forPrivateUse() string {
	switch in := func(s, first, last string) bool { return len(s) == len(first) && first <= s && s <= last }; {
	case in(t.language, "qaa", "qtz"):
		return t.language
	case in(t.script, "qaaa", "qabx"):
		return t.script
	case t.region == "aa", in(t.region, "qm", "qz"), in(t.region, "xa", "xz"), t.region == "zz":
		return t.region
	case t.private:
		return "x"
	}
	return ""
}

//go:embed subtags.txt
var subtagList string

// subtags are the subtags of the registry after their kind, an extlang with its
// language; ranges for private use are not spelt out: see listed.
var subtags = sync.OnceValue(func() map[string]string {
	all := make(map[string]string, 10_000)
	for line := range strings.Lines(subtagList) {
		kind, rest, _ := strings.Cut(line, " ")
		for _, s := range strings.Fields(rest) {
			s, of, _ := strings.Cut(s, ":")
			all[kind+" "+s] = of
		}
	}
	return all
})

// listed reports whether the registry has a subtag of that kind.
func listed(kind, subtag string) bool {
	if _, ok := subtags()[kind+" "+subtag]; ok {
		return true
	}
	t := langTag{}
	switch kind {
	case "language":
		t.language = subtag
	case "script":
		t.script = subtag
	case "region":
		t.region = subtag
	}
	return t.forPrivateUse() != ""
}
