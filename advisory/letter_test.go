package advisory_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/tlp"
)

// planted puts s into every kind of place where a field stands; where a blank
// line begins a paragraph, on one line.
func planted(a advisory.Advisory, s string) advisory.Advisory {
	a.Title, a.Maker.Name, a.Contact, a.Next.Text = s, s, fold(s), s
	a.Versions = append([]advisory.Version(nil), a.Versions...)
	a.Versions[0].Name, a.Versions[0].Model, a.Versions[0].UDIDI = s, s, s
	a.Instructions = append([]advisory.Instruction(nil), a.Instructions...)
	a.Instructions[0].Text = s
	a.Vulnerabilities = append([]advisory.Vulnerability(nil), a.Vulnerabilities...)
	a.Vulnerabilities[0].Title, a.Vulnerabilities[0].Exploitation = s, s
	a.Credits = []advisory.Credit{{Names: []string{s}, Organization: s, Summary: s}}
	return a
}

var parser = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList, extension.Footnote, extension.DefinitionList)).Parser()

// shape is what a Markdown text is made of, save its words, which come second.
func shape(t testing.TB, source []byte) (kinds []string, words string) {
	t.Helper()
	var b strings.Builder
	err := ast.Walk(parser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch x := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(x.Segment.Value(source))
				if x.SoftLineBreak() || x.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				b.Write(x.Value)
			}
		default:
			if !entering {
				b.WriteByte('\n')
			}
			kinds = append(kinds, n.Kind().String())
		}
		return ast.WalkContinue, nil
	})
	require.NoError(t, err)
	return kinds, b.String()
}

// tags are the elements of a page with their attributes; words are its text.
func tags(t testing.TB, page []byte) (names []string, words string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var b strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, b.String()
		}
		require.NoError(t, err)
		switch x := token.(type) {
		case xml.StartElement:
			names = append(names, x.Name.Local)
			for _, at := range x.Attr {
				names = append(names, "@"+at.Name.Local+"="+at.Value)
			}
		case xml.CharData:
			b.Write(x)
		}
	}
}

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

var backslash = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

// checkPlanted fails unless s makes both letters no more than s longer.
func checkPlanted(t *testing.T, a advisory.Advisory, s string) {
	t.Helper()
	want, err := advisory.Preview(planted(a, "plain words"))
	require.NoError(t, err)
	got, err := advisory.Preview(planted(a, s))
	require.NoError(t, err)
	wantKinds, _ := shape(t, file(t, want, asMarkdown))
	kinds, words := shape(t, file(t, got, asMarkdown))
	require.Equal(t, wantKinds, kinds, "Markdown of %q:\n%s", s, file(t, got, asMarkdown))
	require.Contains(t, fold(backslash.ReplaceAllString(words, "$1")), fold(s), "Markdown of %q", s)

	wantTags, _ := tags(t, file(t, want, asHTML))
	names, words := tags(t, file(t, got, asHTML))
	require.Equal(t, wantTags, names, "HTML of %q", s)
	require.Contains(t, fold(words), fold(s), "HTML of %q", s)

	doc, err := csaf.Decode(bytes.NewReader(file(t, got, asJSON)))
	require.NoError(t, err)
	require.Contains(t, doc.Document.Title, s)
}

var markup = []string{
	`<script>alert(1)</script>`, `</title><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `<!-- x`, `<b>bold</b>`, `{{.}}`,
	`*a* _b_ **c** __d__ ~~e~~`, "`code` and ```fence```", `[link](javascript:alert(1))`, `![image](http://x/y.png)`, `[x]: http://y`, `<http://x.y>`,
	"# heading", "## heading", "- item", "+ item", "* item", "1. one", "1) one", "> quote", "---", "===", "***", "~~~", "| a | b |\n|---|---|\n| c | d |",
	"    indented", "\tindented", "a\n\n# b", "a\n---", "a\n===", "one\ntwo", "&lt;b&gt; &#60; &amp;", `\*`, `\`, `ends with \`, "two  \nlines", "[ ] task", "[^1] note", "[^1]: note",
	": definition", "term\n: definition", "$x$", "a|b", "Ärzte, 輸液ポンプ, \u05d0\u05d1, 💉", "^sup^ ~sub~", "a\u00a0b", "#", "-", "1.", "+", "x <", "&", "*", "_ _ _",
}

func TestMarkupInAFieldStaysText(t *testing.T) {
	t.Parallel()
	a := draft(t, uncontrolled(t))
	for _, s := range markup {
		checkPlanted(t, a, s+" end")
		checkPlanted(t, a, "begin "+s)
	}
}

func FuzzMarkupInAFieldStaysText(f *testing.F) {
	for _, s := range markup {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if planted(draft(t, uncontrolled(t)), "w "+s).Validate() != nil || strings.ContainsFunc(s, func(r rune) bool { return r == 0xFFFE || r == 0xFFFF }) {
			return // no letter is made of it, or the XML decoder of this test does not take it
		}
		checkPlanted(t, draft(t, uncontrolled(t)), "w "+s+" w")
		checkPlanted(t, draft(t, uncontrolled(t)), s+" two words")
	})
}

func TestALetterNeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	for name, in := range variants(t) {
		files, err := advisory.Preview(draft(t, in))
		require.NoError(t, err)
		names, _ := tags(t, file(t, files, asHTML))
		require.Contains(t, names, "@lang="+in.Lang)
		for _, n := range names {
			require.NotContains(t, []string{"script", "link", "img", "iframe", "object", "embed", "a", "form"}, n, name)
			require.False(t, strings.HasPrefix(n, "@on") || strings.HasPrefix(n, "@src") || strings.HasPrefix(n, "@href") || strings.HasPrefix(n, "@style"), "%s: %s", name, n)
		}
		require.NotRegexp(t, `url\(|@import`, string(file(t, files, asHTML)))
	}
}

func TestBothLettersSayWhatACustomerNeeds(t *testing.T) {
	t.Parallel()
	in := variants(t)["several"]
	a := final(t, in)
	r, err := release(t, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
	_, md := shape(t, file(t, r.Files, asMarkdown))
	_, page := tags(t, file(t, r.Files, asHTML))
	for form, words := range map[string]string{"markdown": fold(md), "html": fold(page)} {
		for _, want := range []string{
			"EXM-2026-001", "Security notice", "TLP:CLEAR", "2026-03-13 15:00:00 UTC", "Revision 1", "First notice.",
			"too much or too little medicine", "therapy itself goes on unchanged", "09506000134352", "1.9.4", "under investigation", "not affected",
			"Uncontrolled risk", "Controlled risk", "Manufacturer", "Facility", "User", "Install version 2.2 on every pump.",
			"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", "Derived by the manufacturer for this device", "given by nvd@nist.gov",
			"We work on removing the risk", "By 2026-04-10.", "psirt@example.com", "MedWatch", "A. Finder", "safety-lead (product safety)", "identity not verified by host",
		} {
			require.Contains(t, words, want, form)
		}
		require.NotContains(t, words, "internal reasons", form)
		require.NotContains(t, words, "DEMONSTRATION", form)
		require.NotContains(t, words, "DRAFT", form)
	}
}

// many is a case with n vulnerabilities and versions that say their stage and
// UDI-DI: what a table is widest with.
func many(t testing.TB, n int) advisory.Advisory {
	t.Helper()
	in := input(pump("2.1", "09506000134352"), pump("2.2", "09506000134369"))
	for i := range n {
		in.Vulnerabilities = append(in.Vulnerabilities, advisory.VulnerabilityText{
			ID: feeds.ID(fmt.Sprintf("CVE-2026-%05d", 10001+i)), Description: "A weakness.", ClinicalImpact: "Trend data could be late.",
		})
	}
	a, err := advisory.Draft(in, drafted)
	require.NoError(t, err)
	for i := range a.Versions {
		a.Versions[i].Stage, a.Versions[i].Ended = device.EndOfSupport, "2025-12-31"
	}
	return a
}

func TestNoTableIsWiderThanPaperHoweverManyVulnerabilities(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 4, 6, 16} {
		a := many(t, n)
		l, err := advisory.NewLetter(a)
		require.NoError(t, err)
		said := map[string]string{}
		for _, s := range l.Sections {
			if s.Table == nil {
				continue
			}
			require.LessOrEqual(t, len(s.Table.Head), 6, "%d vulnerabilities", n)
			require.Len(t, s.Table.From, len(s.Table.Rows))
			for i, row := range s.Table.Rows {
				require.Len(t, row, len(s.Table.Head))
				require.NotEmpty(t, s.Table.From[i])
				for j, head := range s.Table.Head {
					if strings.HasPrefix(head, "CVE-") {
						require.NotContains(t, said, head+" "+row[2])
						said[head+" "+row[2]] = row[j]
					}
				}
			}
		}
		require.Len(t, said, n*len(a.Versions), "%d vulnerabilities", n)
		for _, word := range said {
			require.Equal(t, "under investigation", word)
		}
		html, err := l.HTML(nil)
		require.NoError(t, err)
		_, paper, _ := strings.Cut(string(html), "@media print")
		require.Contains(t, paper, ".wide { overflow: visible; }", "what is to be scrolled is not on paper")
		require.Contains(t, paper, "overflow-wrap: anywhere")
		require.Equal(t, n*len(a.Versions), strings.Count(string(html), "<td>under investigation</td>"))
		require.Equal(t, n*len(a.Versions), strings.Count(string(l.Markdown()), "| under investigation "))
	}
}
