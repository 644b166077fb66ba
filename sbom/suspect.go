package sbom

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// QualityLists say which words are no answer, and which make a vendor look
// written from a company's name. They are our own convention.
type QualityLists struct {
	About string `json:"about"`
	// Placeholders are whole texts that say nothing; case does not count.
	Placeholders []string `json:"placeholders"`
	// Beginnings are those of texts a build left unfilled.
	Beginnings []string `json:"placeholder_beginnings"`
	// CompanyWords are words of company names that CPE vendors seldom hold.
	CompanyWords []string `json:"company_words"`
}

//go:embed quality.json
var qualityFile embed.FS

var qualityLists = sync.OnceValues(func() (*QualityLists, error) { return LoadQualityLists(qualityFile, "quality.json") })

// DefaultQualityLists returns the lists that come with the library.
func DefaultQualityLists() (*QualityLists, error) { return qualityLists() }

// LoadQualityLists reads the lists from the file name of fsys. A word that is
// not known is an error.
func LoadQualityLists(fsys fs.FS, name string) (*QualityLists, error) {
	var l QualityLists
	if _, err := strictjson.Read(fsys, name, &l); err != nil {
		return nil, fmt.Errorf("sbom: quality lists %q: %w", name, err)
	}
	for _, list := range []*[]string{&l.Placeholders, &l.Beginnings, &l.CompanyWords} {
		for i, w := range *list {
			if trim(w) == "" {
				return nil, fmt.Errorf("sbom: quality lists %q: an empty word", name)
			}
			(*list)[i] = strings.ToLower(w)
		}
	}
	return &l, nil
}

// Placeholder reports whether text says nothing although it is there.
func (l *QualityLists) Placeholder(text string) bool {
	text = strings.ToLower(trim(text))
	return slices.Contains(l.Placeholders, text) ||
		slices.ContainsFunc(l.Beginnings, func(b string) bool { return strings.HasPrefix(text, b) })
}

// answers reports whether text is there and says something. A name such as "main"
// says something; only what is empty or a word for "not known" does not.
func (l *QualityLists) answers(text string) bool {
	return trim(text) != "" && !l.Placeholder(text)
}

// suspect returns the signs that the CPE of c was written by a person or a tool
// from a name, and not taken from a dictionary. All of them are ours, and none is
// proof. A CPE that the table knows is never suspected.
func suspect(c Component, table *Aliases, lists *QualityLists) []string {
	n, err := c.CPEName()
	if err != nil || !n.Names() || table.knows(n) {
		return nil
	}
	vendor, product := n.Vendor.Text(), n.Product.Text()
	var why []string
	if known := table.named(c.Name); len(known) > 0 {
		why = append(why, fmt.Sprintf("the alias table knows %q as %s", c.Name, strings.Join(known, ", ")))
	}
	if table.vendor(vendor) {
		return why
	}
	words := strings.FieldsFunc(vendor, func(r rune) bool { return r == '_' || r == ' ' })
	if company := companyWord(words, vendor, lists); company != "" {
		why = append(why, fmt.Sprintf("the vendor %q holds %q, like a company's name written out", vendor, company))
	} else if person(words) && !strings.Contains(squash(product), squash(words[0])) {
		why = append(why, fmt.Sprintf("the vendor %q looks like a person's or company's name written out", vendor))
	}
	// NVD itself writes "x_project" where it knows no vendor: that is no sign.
	if s := squash(c.Supplier); len(words) > 1 && words[len(words)-1] != "project" && s != "" && s == squash(vendor) {
		why = append(why, fmt.Sprintf("the vendor %q is the supplier's name written out", vendor))
	}
	if name := trim(c.Name); strings.ContainsAny(name, ".+# ") && squash(name) == product && product != strings.ToLower(name) {
		why = append(why, fmt.Sprintf("the product %q is the name without its punctuation", product))
	}
	return why
}

func companyWord(words []string, vendor string, lists *QualityLists) string {
	for _, w := range lists.CompanyWords {
		if len(words) > 1 && slices.Contains(words, w) || strings.Contains(w, "_") && strings.Contains(vendor, w) {
			return w
		}
	}
	return ""
}

// person reports whether words look like a given name and a family name: two or
// three, of letters only, the last not "project".
func person(words []string) bool {
	if len(words) < 2 || len(words) > 3 || words[len(words)-1] == "project" {
		return false
	}
	return !slices.ContainsFunc(words, func(w string) bool {
		return len(w) < 2 || strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' })
	})
}

// squash keeps the letters and digits of s, in lower case.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// triple is part, vendor and product of n as the alias table writes them.
func triple(n cpe.Name) string {
	return string(n.Part) + ":" + string(n.Vendor) + ":" + string(n.Product)
}
