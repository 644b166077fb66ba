package patch

import (
	"bufio"
	"bytes"
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

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

// A RowError says that one row of an import could not be read. The others are.
type RowError struct {
	// Line is where the row begins, from 1.
	Line int
	Err  error
}

// Error names the line and what is wrong.
func (e *RowError) Error() string { return fmt.Sprintf("patch: reports: line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *RowError) Unwrap() error { return e.Err }

// maxRow bounds one row of an import: 64 KiB.
const maxRow = 64 << 10

var columns = []string{"unit", "site", "state", "at", "visit", "how", "why", "from"}

// ReadReportsCSV reads installation reports of a release from CSV: a header with
// the columns unit, site, state, at (RFC 3339) and how, and if wanted visit (true
// or false), why and from (the site it was moved from), in any order, then one report
// a line. at is when it is read; nothing is reported from after it. Conflicts tells
// of units that cannot be told apart, and ReadTable does all of it at once.
//
// A *RowError tells of one bad row, and the rest goes on: a row is one line, so a
// quote that is not closed spoils its own line only. Any other error is the last
// thing yielded. Nothing is read before the first range.
func ReadReportsCSV(r io.Reader, release string, at time.Time) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		var header []string
		for row, err := range lines(bufio.NewReaderSize(r, maxRow)) {
			bad := func(err error) bool { return yield(Report{}, &RowError{Line: row.line, Err: err}) }
			if err != nil && row.line == 0 {
				yield(Report{}, fmt.Errorf("patch: reports: %w", err))
				return
			}
			var fields []string
			if err == nil {
				if len(bytes.TrimSpace(row.text)) == 0 {
					continue
				}
				c := csv.NewReader(bytes.NewReader(row.text))
				c.FieldsPerRecord = -1
				fields, err = c.Read()
			}
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				err = parse.Err
			}
			if header == nil {
				if err == nil {
					header, err = checkHeader(fields)
				}
				if err != nil {
					yield(Report{}, fmt.Errorf("patch: reports: header: %w", err))
					return
				}
				continue
			}
			if err == nil && len(fields) != len(header) {
				err = fmt.Errorf("it has %d fields, the header %d", len(fields), len(header))
			}
			if err != nil {
				if !bad(err) {
					return
				}
				continue
			}
			one, err := fromFields(header, fields, release, at)
			if err != nil {
				if !bad(err) {
					return
				}
				continue
			}
			if !yield(one, nil) {
				return
			}
		}
		if header == nil {
			yield(Report{}, errors.New("patch: reports: header: there is none"))
		}
	}
}

func checkHeader(fields []string) ([]string, error) {
	fields = slices.Clone(fields)
	for i, f := range fields {
		f = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(f, "\ufeff")))
		if !slices.Contains(columns, f) || slices.Contains(fields[:i], f) {
			return nil, fmt.Errorf("the column %q is not known or there twice", f)
		}
		fields[i] = f
	}
	for _, want := range []string{"unit", "site", "state", "at", "how"} {
		if !slices.Contains(fields, want) {
			return nil, fmt.Errorf("the column %q is missing", want)
		}
	}
	return fields, nil
}

func fromFields(header, fields []string, release string, at time.Time) (Report, error) {
	var errs []error
	one := Report{Release: release}
	for i, name := range header {
		text := strings.TrimSpace(fields[i])
		var err error
		switch name {
		case "unit":
			one.Unit = text
		case "site":
			one.Site = text
		case "state":
			one.Uptake = Uptake(text)
		case "at":
			if text != "" {
				one.At, err = time.Parse(time.RFC3339, text)
			}
		case "visit":
			if text != "" {
				one.Visit, err = strconv.ParseBool(text)
			}
		case "how":
			one.How = text
		case "why":
			one.Why = text
		case "from":
			one.From = text
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Report{}, err
	}
	return finish(one, at)
}

func finish(one Report, at time.Time) (Report, error) {
	if !one.At.IsZero() {
		one.At = instant(one.At)
	}
	if err := one.Check(at); err != nil {
		return Report{}, err
	}
	return one, nil
}

// ReadReportsJSON reads installation reports of a release from JSON, an object with
// the fields of the CSV each: one a line, or all in one array, however it is broken
// into lines. Errors are those of ReadReportsCSV; a field that is not known, or
// given twice, spoils its row, and a file of nothing is an error. In an array, what is no JSON at all ends the reading:
// nobody can tell where the next row begins.
func ReadReportsJSON(r io.Reader, release string, at time.Time) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		b := bufio.NewReaderSize(&sticky{r: r}, maxRow)
		each := lines(b)
		if head, err := b.Peek(3); err == nil && string(head) == "\ufeff" {
			if _, err := b.Discard(3); err != nil {
				yield(Report{}, fmt.Errorf("patch: reports: %w", err))
				return
			}
		}
		skipped, first := space(b)
		if first == '[' {
			each = elements(b)
		}
		for row, err := range each {
			if row.line > 0 {
				row.line += skipped
			}
			if err != nil && row.line == 0 {
				yield(Report{}, fmt.Errorf("patch: reports: %w", err))
				return
			}
			text := bytes.TrimSpace(row.text)
			if err == nil && len(text) == 0 {
				continue
			}
			var one Report
			if err == nil {
				one, err = fromJSON(text, release, at)
			}
			if err != nil {
				if !yield(Report{}, &RowError{Line: row.line, Err: err}) {
					return
				}
				continue
			}
			if !yield(one, nil) {
				return
			}
		}
		if first == 0 {
			yield(Report{}, errors.New("patch: reports: there is nothing"))
		}
	}
}

// sticky says its error again: what looks ahead takes the first.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.err = err
	return n, err
}

// space reads what is blank, says how many lines that was, and what comes next;
// 0 is nothing.
func space(b *bufio.Reader) (lines int, next byte) {
	for {
		c, err := b.ReadByte()
		if err != nil {
			return lines, 0
		}
		switch c {
		case '\n':
			lines++
		case ' ', '\t', '\r':
		default:
			if b.UnreadByte() != nil {
				return lines, 0
			}
			return lines, c
		}
	}
}

// elements yields the elements of the array that r holds, each with the line on
// which it begins.
func elements(r io.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		c := &counter{r: r, limit: 2 * maxRow}
		d := json.NewDecoder(c)
		if _, err := d.Token(); err != nil {
			yield(row{}, err)
			return
		}
		line := 1
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				yield(row{}, err)
				return
			}
			line += c.passed(d.InputOffset())
			c.limit = d.InputOffset() + 2*maxRow
			one := row{line: line - bytes.Count(raw, []byte("\n")), text: raw}
			var err error
			if len(raw) > maxRow {
				one.text, err = nil, errLong
			}
			if !yield(one, err) {
				return
			}
		}
		if _, err := d.Token(); err != nil {
			yield(row{}, err)
		} else if _, err := d.Token(); !errors.Is(err, io.EOF) {
			yield(row{}, errors.New("there is something after the array"))
		}
	}
}

// A counter knows where the lines of what was read through it end, and refuses to
// go on when one element takes too much.
type counter struct {
	r           io.Reader
	read, limit int64
	ends        []int64 // not passed yet
}

func (c *counter) Read(p []byte) (int, error) {
	if c.read > c.limit {
		return 0, errLong
	}
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			c.ends = append(c.ends, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

// passed returns how many lines end before offset and were not counted yet.
func (c *counter) passed(offset int64) int {
	n, _ := slices.BinarySearch(c.ends, offset)
	c.ends = slices.Delete(c.ends, 0, n)
	return n
}

func fromJSON(text []byte, release string, at time.Time) (Report, error) {
	var in struct {
		Unit  string    `json:"unit"`
		Site  string    `json:"site"`
		State Uptake    `json:"state"`
		At    time.Time `json:"at"`
		Visit bool      `json:"visit"`
		How   string    `json:"how"`
		Why   string    `json:"why"`
		From  string    `json:"from"`
	}
	if !json.Valid(text) {
		return Report{}, errors.New("it is not one JSON object")
	}
	if err := strictjson.Decode(text, &in); err != nil {
		return Report{}, err
	}
	return finish(Report{Release: release, Unit: in.Unit, Site: in.Site, Uptake: in.State, At: in.At, Visit: in.Visit, How: in.How, Why: in.Why, From: in.From}, at)
}

// A row is one line of an import.
type row struct {
	line int // 0 goes with an error of the reader
	text []byte
}

var errLong = fmt.Errorf("it has more than %d bytes", maxRow)

// lines yields the lines of b. One that is too long comes with an error and is
// skipped; the text is good until the next.
func lines(b *bufio.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for line := 1; ; line++ {
			text, err := b.ReadSlice('\n')
			long := false
			for errors.Is(err, bufio.ErrBufferFull) {
				long = true
				text, err = b.ReadSlice('\n')
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(row{}, err)
				return
			}
			switch {
			case long:
				if !yield(row{line: line}, errLong) {
					return
				}
			case len(text) > 0:
				if !yield(row{line: line, text: text}, nil) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}
