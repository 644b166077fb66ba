package sbom

import (
	"slices"
	"strings"
	"unicode"
)

// VendorNames returns, folded, each once, who may be meant by a vendor in words: the
// whole without what stands in parentheses, that, and each of several that are listed.
// "Becton, Dickinson and Company (BD)" is "becton dickinson", "bd", "becton" and
// "dickinson".
func VendorNames(vendor string) []string {
	var out []string
	add := func(text string) {
		v := FoldVendor(text)
		if len(v) > 1 && !slices.Contains(legal, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	bare, within := parentheses(vendor)
	add(bare)
	for _, w := range within {
		add(w)
	}
	pieces := strings.FieldsFunc(strings.ReplaceAll(bare, " and ", ","), func(r rune) bool { return r == ',' || r == ';' })
	if len(pieces) > 1 {
		for _, p := range pieces {
			add(p)
		}
	}
	if v := FoldVendor(vendor); len(out) == 0 && v != "" {
		out = append(out, v)
	}
	return out
}

// WithoutParentheses is text without what stands in parentheses.
func WithoutParentheses(text string) string {
	bare, _ := parentheses(text)
	return strings.Join(strings.Fields(bare), " ")
}

// parentheses splits off what stands in parentheses.
func parentheses(text string) (bare string, within []string) {
	for {
		before, rest, ok := strings.Cut(text, "(")
		if !ok {
			break
		}
		in, after, closed := strings.Cut(rest, ")")
		if !closed {
			break
		}
		within = append(within, in)
		text = before + " " + after
	}
	return text, within
}

// Spellings returns, each once, the names by which a product of the vendors, which are
// folded, may go, letters and digits only: as it stands first; without what is in parentheses, the
// vendor in front, and the word firmware or software at the end. A name's [NameCoordinate]
// is not one of them: that has its spaces.
func Spellings(name string, vendors []string) []string {
	whole := FoldName(strings.NewReplacer("µ", "u", "μ", "u").Replace(name))
	if whole == "" {
		return nil
	}
	out := []string{ascii(whole)}
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if bare, within := parentheses(out[0]); len(within) > 0 {
		add(bare)
		for _, w := range within {
			// An order number stands for the product by itself: (6GK5320-1BD00-2AA3).
			if w = strings.ReplaceAll(w, " ", ""); len(w) >= 8 && strings.ContainsAny(w, "0123456789") && !strings.ContainsAny(w, ".<>=*/,") {
				add(w)
			}
		}
	}
	for _, s := range slices.Clone(out) {
		for _, v := range vendors {
			if rest, ok := strings.CutPrefix(s, v+" "); ok {
				add(rest)
			}
		}
	}
	for _, s := range slices.Clone(out) {
		for _, end := range []string{" firmware", " software"} {
			if rest, ok := strings.CutSuffix(s, end); ok {
				add(rest)
			}
		}
	}
	for k, s := range out {
		out[k] = solid(s)
	}
	slices.Sort(out[1:])
	return slices.Compact(out)
}

// solid drops what is neither letter nor digit, nor a sign that tells names apart (C++, C#).
func solid(text string) string {
	kept := strings.Map(func(r rune) rune {
		if r == '+' || r == '#' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
	if kept == "" {
		return text
	}
	return kept
}

// SpellingCoordinate is the coordinate of one of the [Spellings] of a name.
func SpellingCoordinate(spelling string) Coordinate { return Coordinate("name:" + spelling) }

// Spellings returns the spellings of all names of c.
func (c Component) Spellings() []string {
	vendors := c.Vendors()
	var out []string
	for _, n := range c.Names() {
		for _, s := range Spellings(n, vendors) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
