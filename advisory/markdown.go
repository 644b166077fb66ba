package advisory

import (
	"bytes"
	"regexp"
	"strings"
)

// Markdown writes the letter as CommonMark with the tables of GitHub. Whatever a
// field holds stays text.
func (l Letter) Markdown() []byte {
	var b bytes.Buffer
	put := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\n")
	}
	banners := func() {
		for _, x := range l.Banners {
			put("> **", inline(x.Lead), "**  ")
			put("> ", inline(x.Text), "\n")
		}
	}
	banners()
	put("# ", inline(l.Title), "\n")
	for _, x := range l.Facts {
		put("- ", lead(x.Lead), lines(x.Text, "  "))
	}
	for _, s := range l.Sections {
		level := "## "
		if s.Under {
			level = "### "
		}
		put("\n", level, inline(s.Title))
		if s.Table != nil {
			put("")
			s.Table.markdown(put)
		}
		if s.List && len(s.Items) > 0 {
			put("")
		}
		for _, x := range s.Items {
			if s.List {
				put("- ", lead(x.Lead), lines(x.Text, "  "))
			} else {
				put("\n", lead(x.Lead), lines(x.Text, ""))
			}
		}
	}
	if len(l.Banners) > 0 {
		put("\n---\n")
		banners()
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func (t *Table) markdown(put func(...string)) {
	row := func(cells []string) string {
		out := "|"
		for _, c := range cells {
			out += " " + inline(c) + " |"
		}
		return out
	}
	put(row(t.Head))
	put("|" + strings.Repeat(" --- |", len(t.Head)))
	for _, r := range t.Rows {
		put(row(r))
	}
	put("\n", inline(t.Caption), ".")
}

func lead(text string) string {
	if text == "" {
		return ""
	}
	return "**" + inline(text) + ":** "
}

// special are the characters that mean something in the midst of a line of
// CommonMark, or of the extensions in use: tables, strikethrough, footnotes,
// math, attributes.
var special = regexp.MustCompile("[\\\\`*_{}\\[\\]<>|~&$^]")

// opening is what begins a block: a heading, a list, a rule, an underline, a
// definition, a numbered list.
var opening = regexp.MustCompile(`^()([#+\-=:])|^([0-9]+)([.)](?: |$))`)

// inline writes text as one line that shows as it is.
func inline(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = special.ReplaceAllString(text, `\$0`)
	return opening.ReplaceAllString(text, `$1$3\$2$4`)
}

// lines writes text that may have several lines, each shown as it is, those
// after the first behind indent.
func lines(text, indent string) string {
	var out []string
	for line := range strings.Lines(text) {
		if line = inline(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "  \n"+indent)
}
