package epss

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// Name is the name of the feed.
const Name = "epss"

// limits: all scores of 2025 have 10 MB, unpacked.
var limits = fetch.Limits{Document: maxBytes, Element: maxLine}

const (
	maxBytes = 64 << 20
	maxLine  = 64 << 10
	// maxRows is how many CVE ids one file may have; there were 300,000 in 2025.
	maxRows = 4 << 20
)

// Decode reads one file, packed with gzip or not:
//
//   - the CSV of the publisher: a comment with the model and the day, a header, and
//     rows of CVE id, score and percentile; of which the comment and the percentile
//     may be missing, and which may have other columns, too;
//   - the same without a header, parted by semicolons;
//   - an answer of the publisher's API: {"status": "OK", "data": [{"cve": …, "epss": …}]}.
//
// It holds one row at a time, and of the others their ids. A row that cannot be read, has a score
// outside of 0 to 1, or gives an id another score than a row before is a
// *feeds.RecordError, and the others go on. It ends with an Update that is Whole, unless an
// answer says that there are more than it holds. Any other error is the last thing
// yielded: the file is empty, is cut off within a line, has another header or none
// and no scores, or is larger than 64 MiB, unpacked.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		d := &decoder{yield: yield, seen: map[string]feeds.Probability{}}
		if err := d.read(r); err != nil && !errors.Is(err, errStopped) {
			yield(feeds.Update{}, err)
		}
	}
}

var errStopped = errors.New("the reader stopped")

type decoder struct {
	yield func(feeds.Update, error) bool
	seen  map[string]feeds.Probability
	// day and model are those of the file.
	day   time.Time
	model string
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func (d *decoder) read(r io.Reader) error {
	b := bufio.NewReaderSize(r, maxLine)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(b)
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		defer unpacked.Close()
		b = bufio.NewReaderSize(unpacked, maxLine)
	}
	if head, _ := b.Peek(len(byteOrderMark)); bytes.Equal(head, byteOrderMark) {
		_, _ = b.Discard(len(head))
	}
	if head, _ := b.Peek(512); bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return d.answer(b)
	}
	return d.table(b)
}

// tell yields the row of an id. Place stands for an id that is none.
func (d *decoder) tell(place, id, score, percentile string, day time.Time, raw []byte) error {
	item := string(feeds.CleanID(id))
	p, err := probability(score, percentile)
	p.Day, p.Model = day, d.model
	before, again := d.seen[item]
	switch {
	case !feeds.ID(item).CVE():
		item, err = place, fmt.Errorf("%q is no CVE id", id)
	case err != nil:
	case again && before == p:
		return nil
	case again:
		err = fmt.Errorf("has the score %v, and %v in a row before", p.Score, before.Score)
	case len(d.seen) == maxRows:
		return fmt.Errorf("%w: more than %d rows", fetch.ErrTooLarge, maxRows)
	}
	if err != nil {
		return d.reject(item, raw, err)
	}
	d.seen[item] = p
	record := feeds.Record{
		Source: Name, Item: item, Names: []feeds.ID{feeds.ID(item)}, Probability: &p, Mark: tlp.Marked(tlp.Clear, Name),
	}
	if !d.yield(feeds.Update{Record: record}, nil) {
		return errStopped
	}
	return nil
}

func (d *decoder) reject(item string, raw []byte, err error) error {
	if !d.yield(feeds.Update{}, &feeds.RecordError{Source: Name, Item: item, Digest: fetch.Digest(raw), Err: err}) {
		return errStopped
	}
	return nil
}

// probability reads a score, and a percentile if there is one.
func probability(score, percentile string) (p feeds.Probability, err error) {
	for _, n := range []struct {
		what, text string
		to         *float64
	}{{"score", score, &p.Score}, {"percentile", percentile, &p.Percentile}} {
		text := strings.TrimSpace(n.text)
		if text == "" && n.to == &p.Percentile {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || strings.ContainsAny(text, "xX_") || !(v >= 0 && v <= 1) { // and no NaN
			return feeds.Probability{}, fmt.Errorf("%s %q is no number from 0 to 1", n.what, n.text)
		}
		*n.to = v
	}
	return p, nil
}

// day reads a day, in the forms in which the publisher has written it.
func day(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05-0700", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 0 && t.Year() <= 9999 {
			t = t.UTC()
			return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("the day %q is none", text)
}

// columns are the places of the fields in a row; -1 is none.
type columns struct{ cve, epss, percentile int }

// table reads a CSV.
func (d *decoder) table(b *bufio.Reader) error {
	var at *columns
	var comma byte
	var size int64
	for n := 0; ; n++ {
		raw, err := b.ReadSlice('\n')
		size += int64(len(raw))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line[%d]: %w (%d bytes)", n, fetch.ErrTooLarge, maxLine)
		case size > maxBytes:
			return fmt.Errorf("line[%d]: %w (%d bytes)", n, fetch.ErrTooLarge, maxBytes)
		case errors.Is(err, io.EOF) && len(raw) > 0:
			return fmt.Errorf("line[%d] does not end: cut off: %w", n, io.ErrUnexpectedEOF)
		case errors.Is(err, io.EOF):
			return d.end(n, at)
		case err != nil:
			return fmt.Errorf("line[%d]: %w", n, err)
		}
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}
		place, line := fmt.Sprintf("line[%d]", n), string(raw)
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if err := d.comment(comment); err != nil {
				if err := d.reject(place, raw, err); err != nil {
					return err
				}
			}
			continue
		}
		if err := fetch.CheckText(raw); err != nil {
			if at == nil {
				return fmt.Errorf("%s: %w", place, err)
			}
			if err := d.reject(place, raw, err); err != nil {
				return err
			}
			continue
		}
		if at == nil {
			comma = ','
			if strings.Count(line, ";") > strings.Count(line, ",") {
				comma = ';'
			}
		}
		fields, err := split(line, comma)
		if at == nil {
			if err != nil {
				return fmt.Errorf("%s: %w", place, err)
			}
			head, header, err := header(fields)
			if err != nil {
				return fmt.Errorf("%s: %w", place, err)
			}
			at = &head
			if header {
				continue
			}
		}
		if err := d.row(place, fields, err, *at, raw); err != nil {
			return err
		}
	}
}

// end is the end of a table of n lines.
func (d *decoder) end(n int, at *columns) error {
	if at == nil {
		if n == 0 {
			return errors.New("empty: no document in it")
		}
		return errors.New("no EPSS scores: it has neither header nor rows")
	}
	if !d.yield(feeds.Update{Whole: true}, nil) {
		return errStopped
	}
	return nil
}

// row tells of one row. Err is what went wrong in splitting it.
func (d *decoder) row(place string, fields []string, err error, at columns, raw []byte) error {
	if err != nil {
		return d.reject(place, raw, err)
	}
	if need := max(at.cve, at.epss); len(fields) <= need {
		return d.reject(place, raw, fmt.Errorf("has %d fields and no score", len(fields)))
	}
	percentile := ""
	if at.percentile >= 0 && at.percentile < len(fields) {
		percentile = fields[at.percentile]
	}
	return d.tell(place, fields[at.cve], fields[at.epss], percentile, d.day, raw)
}

// header says where the fields are; it reports false for a first row that is no
// header.
func header(fields []string) (at columns, is bool, err error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ToLower(strings.TrimSpace(f))
	}
	at = columns{cve: slices.Index(names, "cve"), epss: slices.Index(names, "epss"), percentile: -1}
	for _, name := range []string{"percentile", "epss percentile", "epss_percentile"} {
		at.percentile = max(at.percentile, slices.Index(names, name))
	}
	switch {
	case at.cve >= 0 && at.epss >= 0:
		return at, true, nil
	case feeds.CleanID(fields[0]).CVE() && (len(fields) == 2 || len(fields) == 3):
		return columns{cve: 0, epss: 1, percentile: 2}, false, nil
	}
	return columns{}, false, fmt.Errorf("no EPSS scores: the header is %q", strings.Join(fields, ","))
}

// split cuts a line into its fields.
func split(line string, comma byte) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, string(comma)), nil
	}
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = rune(comma)
	return r.Read()
}

// comment reads "model_version:v2023.03.01,score_date:2023-03-07T00:00:00+0000".
func (d *decoder) comment(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "model_version":
			d.model = strings.ToValidUTF8(value, "\ufffd")
		case "score_date":
			at, err := day(value)
			if err != nil {
				return err
			}
			d.day = at
		}
	}
	return nil
}

// list is the member of an answer that holds its rows.
const list = "data"

// answer reads what the API sends.
func (d *decoder) answer(r io.Reader) error {
	p, err := d.page(r)
	if err != nil {
		return err
	}
	if p.total != p.rows || p.offset != 0 {
		return nil // a page of several
	}
	if !d.yield(feeds.Update{Whole: true}, nil) {
		return errStopped
	}
	return nil
}

// page reads one answer of the API, and what it says of itself. The total is -1 when it
// does not say so.
func (d *decoder) page(r io.Reader) (p page, err error) {
	rest := fetch.Members{}
	for e, err := range fetch.Elements(r, list, rest, limits) {
		if err != nil {
			return page{}, err
		}
		at, err := d.entry(e)
		if err != nil {
			return page{}, err
		}
		if !at.IsZero() && (p.oldest.IsZero() || at.Before(p.oldest)) {
			p.oldest = at
		}
		if at.After(p.newest) {
			p.newest = at
		}
		p.rows++
	}
	if _, ok := rest[list]; !ok {
		return page{}, errors.New("no answer of the EPSS API: it has no data")
	}
	var status string
	if raw, ok := rest["status"]; ok && (json.Unmarshal(raw, &status) != nil || !strings.EqualFold(status, "OK")) {
		return page{}, fmt.Errorf("the EPSS API answers with status %s", raw)
	}
	if json.Unmarshal(rest["total"], &p.total) != nil {
		p.total = -1
	}
	if rest["offset"] != nil && json.Unmarshal(rest["offset"], &p.offset) != nil {
		p.offset = -1
	}
	return p, nil
}

// entry tells of one row, and returns its day, zero when it does not say it.
func (d *decoder) entry(e fetch.Element) (at time.Time, err error) {
	var row struct {
		CVE        string          `json:"cve"`
		EPSS       json.RawMessage `json:"epss"`
		Percentile json.RawMessage `json:"percentile"`
		Date       string          `json:"date"`
	}
	if err := fetch.CheckText(e.Raw); err != nil {
		return at, d.reject(e.Place, e.Raw, err)
	}
	if err := json.Unmarshal(e.Raw, &row); err != nil {
		return at, d.reject(e.Place, e.Raw, err)
	}
	if row.Date != "" {
		if at, err = day(row.Date); err != nil {
			item := e.Place
			if id := feeds.CleanID(row.CVE); id.CVE() {
				item = string(id)
			}
			return at, d.reject(item, e.Raw, err)
		}
	}
	number := func(raw json.RawMessage) string { // written as a string
		if string(raw) == "null" {
			return ""
		}
		return strings.Trim(string(raw), `"`)
	}
	return at, d.tell(e.Place, row.CVE, number(row.EPSS), number(row.Percentile), at, e.Raw)
}
