// Package pdf writes the letter of an advisory as PDF, for printing and for the
// post.
//
//	press := advisory.Press{Also: []advisory.Form{pdf.Form(nil)}}
//	r, err := press.Release(ctx, ledger, by, gate, a, tlp.Customer, at)
//
// The same letter gives the same bytes. There are no links, scripts or pictures in
// it. A character that the font has not is written as its number, such as
// [U+8F38]: nothing is left out without a trace. It is not a tagged PDF: for people
// who have it read to them the HTML letter is the accessible form.
//
// The default fonts are the Go fonts (golang.org/x/image), which have Latin, Greek
// and Cyrillic letters.
package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/open-postmarket/postmarket/advisory"
)

// MediaType is that of the file.
const MediaType = "application/pdf"

// Options change how it is written. Nil means none of them.
type Options struct {
	// Size is "A4" or "Letter". Empty means A4.
	Size string
	// Regular and Bold are TrueType fonts, for other scripts. Both or none; none
	// means the Go fonts.
	Regular, Bold []byte
}

// Form is the PDF letter as a form of a Press.
func Form(opts *Options) advisory.Form {
	return func(_ advisory.Advisory, l advisory.Letter) ([]advisory.File, error) {
		data, err := Write(l, opts)
		if err != nil {
			return nil, err
		}
		return []advisory.File{{Name: l.Filename(".pdf"), MediaType: MediaType, Bytes: data}}, nil
	}
}

// Write returns l as PDF. Its banners stand at the beginning and the end, and their
// words on every page.
func Write(l advisory.Letter, opts *Options) ([]byte, error) {
	if opts == nil {
		opts = &Options{}
	}
	// The number of pages is known when all are written. The library would put it in
	// the place of a word, which a text could hold too.
	p, pages := (*page)(nil), 0
	for range 2 {
		var err error
		if p, err = newPage(l, opts, pages); err != nil {
			return nil, fmt.Errorf("pdf: %w", err)
		}
		p.letter(l)
		pages = p.PageCount()
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	return b.Bytes(), nil
}

const (
	family = "letter"
	margin = 20.0 // millimeters, as all lengths here
	small  = 8.0  // points, as all font sizes
	normal = 10.0
	line   = 4.8
)

type page struct {
	*fpdf.Fpdf
	fonts map[string]*sfnt.Font // by style
	buf   sfnt.Buffer
	width float64
}

// tag is empty or like a language tag.
var tag = regexp.MustCompile(`^[A-Za-z0-9-]*$`)

func newPage(l advisory.Letter, opts *Options, pages int) (*page, error) {
	size := opts.Size
	switch size {
	case "":
		size = "A4"
	case "A4", "Letter":
	default:
		return nil, fmt.Errorf("the size %q is not A4 or Letter", size)
	}
	if !tag.MatchString(l.Lang) { // it is written into the file as it is
		return nil, fmt.Errorf("the language %q is no tag", l.Lang)
	}
	regular, bold := opts.Regular, opts.Bold
	if regular == nil && bold == nil {
		regular, bold = goregular.TTF, gobold.TTF
	}
	if regular == nil || bold == nil {
		return nil, errors.New("one of the two fonts is missing")
	}
	p := &page{Fpdf: fpdf.New("P", "mm", size, ""), fonts: map[string]*sfnt.Font{}}
	for style, data := range map[string][]byte{"": regular, "B": bold} {
		f, err := sfnt.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("the font: %w", err)
		}
		p.fonts[style] = f
	}
	p.AddUTF8FontFromBytes(family, "", regular)
	p.AddUTF8FontFromBytes(family, "B", bold)
	p.SetCatalogSort(true)
	p.SetCreationDate(l.Issued.UTC())
	p.SetModificationDate(l.Issued.UTC())
	p.SetProducer("postmarket", true)
	p.SetTitle(p.shown("", l.Title), true)
	p.SetLang(l.Lang)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	w, _ := p.GetPageSize()
	p.width = w - 2*margin
	var marks []string
	for _, b := range l.Banners {
		marks = append(marks, b.Lead)
	}
	p.SetHeaderFunc(func() {
		if len(marks) > 0 {
			p.SetY(margin / 2)
			p.font("B", small)
			p.SetTextColor(138, 0, 0)
			p.CellFormat(p.width, line, p.shown("B", strings.Join(marks, " · ")), "", 1, "C", false, 0, "")
			p.SetTextColor(26, 26, 26)
		}
		p.SetY(margin)
	})
	p.SetFooterFunc(func() {
		p.SetY(-margin * 0.7)
		p.font("", small)
		p.CellFormat(p.width, line, p.shown("", fmt.Sprintf("%s · page %d of %d", oneLine(l.ID), p.PageNo(), pages)), "", 0, "C", false, 0, "")
	})
	return p, p.Error()
}

func (p *page) font(style string, size float64) { p.SetFont(family, style, size) }

// shown is text that the font of that style has: a character that it has not
// becomes its number.
func (p *page) shown(style, text string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(text, "\t", " ") {
		if r == '\n' || r == ' ' {
			b.WriteRune(r)
			continue
		}
		if i, err := p.fonts[style].GlyphIndex(&p.buf, r); err != nil || i == 0 || r > 0xFFFF {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (p *page) letter(l advisory.Letter) {
	p.SetTextColor(26, 26, 26)
	p.AddPage()
	p.banners(l)
	p.font("B", 16)
	p.MultiCell(p.width, 7, p.shown("B", l.Title), "", "L", false)
	p.Ln(2)
	for _, f := range l.Facts {
		p.item(f, "")
	}
	for _, s := range l.Sections {
		p.heading(s)
		if s.Table != nil {
			p.table(*s.Table)
		}
		mark := ""
		if s.List {
			mark = "•"
		}
		for _, x := range s.Items {
			p.item(x, mark)
			if !s.List {
				p.Ln(1.2)
			}
		}
	}
	p.Ln(4)
	p.banners(l)
}

func (p *page) banners(l advisory.Letter) {
	for _, b := range l.Banners {
		p.SetDrawColor(138, 0, 0)
		p.SetTextColor(138, 0, 0)
		p.SetLineWidth(0.6)
		p.font("B", 12)
		p.MultiCell(p.width, 6, p.shown("B", b.Lead), "LTR", "L", false)
		p.font("", normal)
		p.MultiCell(p.width, line, p.shown("", b.Text), "LBR", "L", false)
		p.SetTextColor(26, 26, 26)
		p.SetDrawColor(118, 118, 118)
		p.SetLineWidth(0.2)
		p.Ln(3)
	}
}

// heading keeps together with what follows.
func (p *page) heading(s advisory.Section) {
	size, space, level := 13.0, 5.0, 0
	if s.Under {
		size, space, level = 11.0, 2.5, 1
	}
	_, h := p.GetPageSize()
	if p.GetY()+space+size/2+3*line > h-margin {
		p.AddPage()
	} else {
		p.Ln(space)
	}
	p.font("B", size)
	title := p.shown("B", oneLine(s.Title))
	p.Bookmark(title, level, -1)
	p.MultiCell(p.width, size/2, title, "", "L", false)
	if !s.Under {
		p.Line(margin, p.GetY(), margin+p.width, p.GetY())
	}
	p.Ln(1.2)
}

// item writes the word in front in bold and the text after it, in lines of its own
// where it has several.
func (p *page) item(x advisory.Item, mark string) {
	indent := 0.0
	if mark != "" {
		indent = 4
		p.font("", normal)
		p.CellFormat(indent, line, p.shown("", mark), "", 0, "L", false, 0, "")
	}
	p.SetLeftMargin(margin + indent)
	p.SetX(margin + indent)
	if x.Lead != "" {
		p.font("B", normal)
		p.Write(line, p.shown("B", oneLine(x.Lead)+": "))
	}
	p.font("", normal)
	p.Write(line, p.shown("", strings.TrimRight(x.Text, "\n")))
	p.SetLeftMargin(margin)
	p.Ln(line + 0.6)
}

// table gives each column the room that its longest word needs, and the rest by how
// much stands in it.
func (p *page) table(t advisory.Table) {
	p.font("B", small)
	p.MultiCell(p.width, line, p.shown("B", t.Caption), "", "L", false)
	widths := p.columns(t)
	cell := p.GetCellMargin()
	p.SetCellMargin(0) // pad is all that cells have
	p.row(t.Head, widths, "B", nil)
	for _, r := range t.Rows {
		p.row(r, widths, "", t.Head)
	}
	p.SetCellMargin(cell)
	p.Ln(2)
}

const pad = 1.5 // on both sides of a cell

func (p *page) columns(t advisory.Table) []float64 {
	need, want := make([]float64, len(t.Head)), make([]float64, len(t.Head))
	for n, row := range append([][]string{t.Head}, t.Rows...) {
		style := ""
		if n == 0 {
			style = "B"
		}
		p.font(style, small)
		for i, cell := range row {
			if i >= len(need) {
				break
			}
			for _, word := range strings.Fields(p.shown(style, cell)) {
				need[i] = max(need[i], min(p.GetStringWidth(word)+2*pad+0.5, 30))
			}
			want[i] = max(want[i], min(p.GetStringWidth(p.shown(style, cell))+2*pad+0.5, 60))
		}
	}
	sum, more := 0.0, 0.0
	for i := range need {
		sum += need[i]
		more += want[i] - need[i]
	}
	for i := range need {
		switch {
		case sum >= p.width:
			need[i] *= p.width / sum
		case more > 0:
			need[i] += (want[i] - need[i]) * min(1, (p.width-sum)/more)
		}
	}
	return need
}

// row writes one row, as high as its highest cell. One that does not fit begins a
// page, with head again.
func (p *page) row(cells []string, widths []float64, style string, head []string) {
	p.font(style, small)
	lines, high := make([][]string, len(widths)), 1
	for i := range widths {
		if i < len(cells) {
			lines[i] = p.SplitText(p.shown(style, oneLine(cells[i])), max(widths[i]-2*pad, 2))
			high = max(high, len(lines[i]))
		}
	}
	const step = 3.8
	height := float64(high)*step + 1.6
	_, h := p.GetPageSize()
	if p.GetY()+height > h-margin && p.GetY() > 2*margin {
		p.AddPage()
		if head != nil {
			p.row(head, widths, "B", nil)
			p.font(style, small)
		}
	}
	x, y := margin, p.GetY()
	for i, w := range widths {
		p.Rect(x, y, w, height, "D")
		for n, text := range lines[i] {
			p.SetXY(x+pad, y+0.8+float64(n)*step)
			p.CellFormat(w-2*pad, step, text, "", 0, "L", false, 0, "")
		}
		x += w
	}
	p.SetXY(margin, y+height)
}
