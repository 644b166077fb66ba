package pdf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/gomono"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/advisory/pdf"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/tlp"
)

var at = time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC)

func draft(t testing.TB, change func(*advisory.Input)) advisory.Advisory {
	t.Helper()
	in := advisory.Input{
		ID: "EXM-2026-007", Kind: advisory.SecurityNotice, Lang: "en", By: "advisory-author",
		Maker: advisory.Maker{Name: "Example Medical", Namespace: "https://example.com/psirt"}, Mark: tlp.Marked(tlp.Clear, "example-medical"),
		Products: []device.Product{{ID: "pump-2.1", Name: "Example pump", Model: "EP-2", Version: "2.1", Zone: "America/Chicago"}},
		NoFleet:  "Only one version was ever released.",
		Vulnerabilities: []advisory.VulnerabilityText{{
			ID: "CVE-2022-34293", Description: "A peer can slow down the telemetry connection.",
			ClinicalImpact: "Trend data on the ward display could be late; therapy itself goes on unchanged.",
		}},
		Instructions: []advisory.Instruction{
			{Party: patch.Manufacturer, Text: "We look into it and tell you what we find."}, {Party: patch.Facility, Text: "Keep the telemetry network apart from others."},
			{Party: patch.User, Text: "Rely on the pump's own display."},
		},
		Texts: advisory.Texts{
			Title: "Telemetry of the Example pump", Summary: "We look into a weakness of the telemetry connection.",
			Next: advisory.Next{Text: "In April."}, Contact: "psirt@example.com", Reporting: advisory.MedWatch,
		},
	}
	if change != nil {
		change(&in)
	}
	a, err := advisory.Draft(in, at)
	require.NoError(t, err)
	return a
}

func write(t testing.TB, a advisory.Advisory, opts *pdf.Options) []byte {
	t.Helper()
	l, err := advisory.NewLetter(a)
	require.NoError(t, err)
	data, err := pdf.Write(l, opts)
	require.NoError(t, err)
	return data
}

// words is the text of a PDF as an independent reader sees it.
func words(t testing.TB, data []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext, the independent reader of PDF files, is not installed")
	}
	cmd := exec.CommandContext(t.Context(), tool, "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestTheSameLetterGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	a := draft(t, nil)
	first := write(t, a, nil)
	require.True(t, bytes.HasPrefix(first, []byte("%PDF-")))
	for range 5 {
		require.True(t, bytes.Equal(first, write(t, a, nil)))
	}
	for _, never := range []string{"/JavaScript", "/JS", "/URI", "/Launch", "/Filespec", "/AcroForm"} {
		require.False(t, bytes.Contains(first, []byte(never)), never)
	}
	require.True(t, bytes.Contains(first, []byte("/Lang")))
}

func TestEveryClaimIsInThePDF(t *testing.T) {
	t.Parallel()
	a := draft(t, nil)
	text := words(t, write(t, a, nil))
	for _, c := range advisory.Claims(a) {
		if strings.HasSuffix(c.Section, "Which versions are affected") || c.Section == "Products and versions" {
			continue // a row, read cell by cell
		}
		require.Contains(t, text, strings.Join(strings.Fields(c.Text), " "), c.Section)
	}
	require.Contains(t, text, "DRAFT")
	require.Contains(t, text, "page 1 of")
}

func TestTheHeadingOfACorrectionIsOnEveryPage(t *testing.T) {
	t.Parallel()
	a := draft(t, func(in *advisory.Input) {
		in.Products[0].UDIDI, in.Summary = "09506000134352", strings.Repeat("We look into a weakness of the telemetry connection.\n\n", 60)
		in.Kind, in.Action = advisory.Correction, &advisory.FieldAction{
			Urgency: &advisory.Urgency{Urgent: true, Why: "Trends could be late."}, Units: []advisory.Units{{Versions: []string{"pump-2.1"}, All: true}},
			Use: "Go on using the pump.", Reply: &advisory.Reply{How: "Call us."}, PassOn: "Tell those who have it now.", Depth: "To the users.",
			Attested: []string{"brief", "no-promotion"},
		}
	})
	text := words(t, write(t, a, nil))
	pages := strings.Count(text, "EXM-2026-007 · page")
	require.GreaterOrEqual(t, pages, 3)
	require.GreaterOrEqual(t, strings.Count(text, "URGENT: MEDICAL DEVICE CORRECTION"), pages+3, "each page, both banners and the title")
	for _, c := range advisory.Claims(a) {
		if !strings.HasSuffix(c.Section, "Which versions are affected") && c.Section != "Products and versions" {
			require.Contains(t, text, strings.Join(strings.Fields(c.Text), " "), c.Section)
		}
	}
}

func TestMarkupAndOtherScriptsStayText(t *testing.T) {
	t.Parallel()
	const name = `<script>(alert)\ Pümpe Насос %PDF {nb`
	a := draft(t, func(in *advisory.Input) {
		in.Products[0].Name = name
		in.Contact = "輸液 💉 Αθήνα"
	})
	text := words(t, write(t, a, nil))
	require.Contains(t, text, `<script>(alert)\`)
	require.Contains(t, text, "Pümpe Насос")
	require.Contains(t, text, "[U+8F38][U+6DB2] [U+1F489] Αθήνα")
}

func TestALongLetterHasPages(t *testing.T) {
	t.Parallel()
	a := draft(t, func(in *advisory.Input) {
		for i := range 90 {
			in.Products = append(in.Products, device.Product{
				ID: "p" + strings.Repeat("x", i+1), Name: "Example pump with a rather long name for one column", Model: "EP-2",
				Version: "1." + strings.Repeat("9", i%40+1) + string(rune('a'+i/40)), Zone: "America/Chicago",
			})
		}
	})
	text := words(t, write(t, a, &pdf.Options{Size: "Letter", Regular: gomono.TTF, Bold: gomono.TTF}))
	require.Contains(t, text, "page 4 of")
}

func TestWrongOptionsAreErrors(t *testing.T) {
	t.Parallel()
	l, err := advisory.NewLetter(draft(t, nil))
	require.NoError(t, err)
	for want, opts := range map[string]*pdf.Options{
		"is not A4 or Letter": {Size: "napkin"}, "one of the two fonts": {Regular: gomono.TTF}, "the font": {Regular: []byte("x"), Bold: gomono.TTF},
	} {
		_, err := pdf.Write(l, opts)
		require.ErrorContains(t, err, want)
	}
	l.Lang = "en) /JavaScript (x"
	_, err = pdf.Write(l, nil)
	require.ErrorContains(t, err, "is no tag")
}

func TestThePressWritesIt(t *testing.T) {
	t.Parallel()
	files, err := advisory.Press{Also: []advisory.Form{pdf.Form(nil), advisory.Statements}}.Preview(draft(t, nil))
	require.NoError(t, err)
	require.Len(t, files, 7)
	require.Equal(t, "exm-2026-007.pdf", files[3].Name)
	require.Equal(t, pdf.MediaType, files[3].MediaType)
}

func TestEveryStatusIsOnPaperHoweverManyVulnerabilities(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 6, 16} {
		a := draft(t, func(in *advisory.Input) {
			in.Products = append(in.Products, device.Product{ID: "pump-2.2", Name: "Example pump", Model: "EP-2", Version: "2.2", Zone: "America/Chicago"})
			text := in.Vulnerabilities[0]
			in.Vulnerabilities = nil
			for i := range n {
				text.ID = feeds.ID(fmt.Sprintf("CVE-2026-%05d", 10001+i))
				in.Vulnerabilities = append(in.Vulnerabilities, text)
			}
		})
		for i := range a.Versions {
			a.Versions[i].Stage, a.Versions[i].Ended, a.Versions[i].UDIDI = device.EndOfSupport, "2025-12-31", "09506000134352"
		}
		for _, size := range []string{"A4", "Letter"} {
			text := words(t, write(t, a, &pdf.Options{Size: size}))
			for i := range n {
				require.GreaterOrEqual(t, strings.Count(text, fmt.Sprintf("CVE-2026-%05d", 10001+i)), 2, "in the table and as a heading")
			}
			// One in the table and one in the list of each vulnerability, none of them broken.
			require.Equal(t, n*2, strings.Count(text, "under investigation"), "%d vulnerabilities", n)
			require.Equal(t, n*2, strings.Count(text, "Under investigation."), "%d vulnerabilities", n)
			require.Equal(t, 2, strings.Count(text, "09506000134352"))
		}
	}
}

func TestTheNumberOfPagesIsInTheFooterOnly(t *testing.T) {
	t.Parallel()
	data := write(t, draft(t, func(in *advisory.Input) { in.Title = "Pump {nb} title" }), nil)
	text := words(t, data)
	require.Contains(t, text, "Pump {nb} title")
	require.Regexp(t, `page 2 of [2-9]`, text)
	require.NotContains(t, text, "of 0")
}

func TestTheFileSaysItsLanguageAndTitle(t *testing.T) {
	t.Parallel()
	data := write(t, draft(t, nil), nil)
	require.Contains(t, string(data), "/Lang (en)")
	var title []byte // text of a PDF that is not Latin-1 is UTF-16, the high byte first
	for _, u := range utf16.Encode([]rune("Telemetry of the Example pump")) {
		title = binary.BigEndian.AppendUint16(title, u)
	}
	at := bytes.LastIndex(data, []byte("\n/Title (")) // those before are bookmarks
	require.Positive(t, at)
	require.Contains(t, string(data[at:at+bytes.IndexByte(data[at:], ')')]), string(title))
}
