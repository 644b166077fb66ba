package manual

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
)

// columns are those of a table, in the order of the template.
var columns = []string{
	"supplier", "id", "title", "text", "ids", "severity", "published", "url", "tlp",
	"vendor", "product", "purl", "cpe", "affected", "from", "fixed", "last",
	"remedy", "remedy_text", "remedy_url",
}

// table reads a document of CSV.
func (d *desk) table(body []byte, yield func(feeds.Update, error) bool) error {
	r := csv.NewReader(bytes.NewReader(body))
	r.Comma, r.FieldsPerRecord = separator(body), -1
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("the header cannot be read: %w", err)
	}
	unknown, err := names(header)
	if err != nil {
		return err
	}
	for _, name := range unknown {
		if !yield(feeds.Update{}, d.reject(row{line: 1, place: "line[1]"}, fmt.Errorf("the column %q is not known and not read", name))) {
			return errStopped
		}
	}
	b := bulletins{rows: map[string]*row{}}
	for start := r.InputOffset(); ; start = r.InputOffset() {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		one, err := d.row(r, header, cells, err)
		one.raw = body[start:r.InputOffset()]
		if err == nil && r.InputOffset() == int64(len(body)) && !strings.ContainsAny(string(body[len(body)-1]), "\r\n") {
			err = errors.New("the line does not end: it may be cut off")
		}
		if blank := strings.TrimSpace(strings.Join(cells, " ")) == ""; err == nil && !blank && one.entry.Supplier != example {
			err = b.add(d, one)
		}
		if err != nil {
			if !yield(feeds.Update{}, d.reject(one, err)) {
				return errStopped
			}
		}
	}
	for _, item := range b.order {
		whole := *b.rows[item]
		whole.entry = whole.entry.trimmed()
		if err := d.tell(whole, yield); err != nil {
			return err
		}
	}
	return nil
}

// separator is what stands most often between the names of the columns.
func separator(body []byte) rune {
	head, _, _ := bytes.Cut(body, []byte("\n"))
	best := ','
	for _, c := range ";\t" {
		if bytes.Count(head, []byte(string(c))) > bytes.Count(head, []byte(string(best))) {
			best = c
		}
	}
	return best
}

// names cleans the names of the columns in place, and returns those that are not
// known.
func names(header []string) (unknown []string, err error) {
	for i, name := range header {
		header[i] = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
		switch {
		case slices.Contains(header[:i], header[i]):
			return nil, fmt.Errorf("the column %q is there twice", name)
		case !slices.Contains(columns, header[i]):
			unknown = append(unknown, name)
		}
	}
	for _, need := range []string{"supplier", "id"} {
		if !slices.Contains(header, need) {
			return nil, fmt.Errorf("no table of bulletins: there is no column %q", need)
		}
	}
	if !slices.ContainsFunc([]string{"product", "purl", "cpe"}, func(c string) bool { return slices.Contains(header, c) }) {
		return nil, errors.New(`no table of bulletins: none of the columns "product", "purl" and "cpe" is there`)
	}
	return unknown, nil
}

// row reads the cells of one row.
func (d *desk) row(r *csv.Reader, header, cells []string, err error) (row, error) {
	var out row
	if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
		out.line, err = bad.StartLine, bad.Err
	} else if len(cells) > 0 {
		out.line, _ = r.FieldPos(0)
	}
	out.place = fmt.Sprintf("line[%d]", out.line)
	if err != nil {
		return out, err
	}
	at := func(name string) string {
		if i := slices.Index(header, name); i >= 0 && i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	out.entry = Entry{
		Supplier: at("supplier"), ID: at("id"), Title: at("title"), Text: at("text"), IDs: split(at("ids")),
		Severity: at("severity"), Published: at("published"), URL: at("url"), TLP: at("tlp"),
		Products: []Product{{
			Vendor: at("vendor"), Name: at("product"), PURL: at("purl"), CPE: at("cpe"),
			Affected: at("affected"), From: at("from"), Fixed: at("fixed"), Last: at("last"),
		}},
		Remedies: []Remedy{{Kind: at("remedy"), Text: at("remedy_text"), URL: at("remedy_url")}},
	}.trimmed()
	if len(cells) != len(header) {
		return out, fmt.Errorf("%d cells for %d columns", len(cells), len(header))
	}
	return out, nil
}

// split reads a list in one cell.
func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|", r) })
}

// bulletins are the rows of a table, those of one bulletin together.
type bulletins struct {
	rows  map[string]*row
	order []string
}

// add takes a row that is sound by itself, or with what an earlier row says of the
// same bulletin.
func (b *bulletins) add(d *desk, r row) error {
	first := b.rows[r.entry.item()]
	alone := r.entry
	if first != nil {
		if err := first.entry.agrees(r.entry); err != nil {
			return fmt.Errorf("%w than in line %d", err, first.line)
		}
		alone = first.entry
		alone.Products, alone.Remedies = r.entry.Products, r.entry.Remedies
	}
	if _, errs := d.record(alone); len(errs) > 0 {
		return errors.Join(errs...)
	}
	if first != nil {
		first.entry.Products = append(first.entry.Products, r.entry.Products...)
		first.entry.Remedies = append(first.entry.Remedies, r.entry.Remedies...)
		return nil
	}
	b.rows[r.entry.item()] = &r
	b.order = append(b.order, r.entry.item())
	return nil
}

// agrees reports whether another row of a bulletin says the same of it, or nothing.
func (e Entry) agrees(more Entry) error {
	for _, c := range []struct {
		column   string
		is, says string
	}{
		{"title", e.Title, more.Title}, {"text", e.Text, more.Text}, {"ids", strings.Join(e.IDs, " "), strings.Join(more.IDs, " ")},
		{"severity", e.Severity, more.Severity}, {"published", e.Published, more.Published}, {"url", e.URL, more.URL}, {"tlp", e.TLP, more.TLP},
	} {
		if c.says != "" && c.says != c.is {
			return fmt.Errorf("the bulletin has another %s", c.column)
		}
	}
	return nil
}
