package kev

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// Name is the name of the feed.
const Name = "kev"

// limits: the catalog of 2025 has 1.4 MB and entries of 1 to 3 kB.
var limits = fetch.Limits{Document: 64 << 20, Element: 1 << 20}

// list is the member of a catalog that holds its entries.
const list = "vulnerabilities"

// Decode reads one catalog in its JSON form, an entry at a time, and ends with an
// Update that is Whole. An entry that cannot be read is a *feeds.RecordError and
// the others go on. A catalog whose count is not the number of its entries may
// be a truncated one: that is a *feeds.RecordError, too, and then nothing is
// Whole. Any other error is the last thing yielded: the document is empty or cut
// off, is no catalog (fetch.ErrOther), or is larger than 64 MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		rest := fetch.Members{}
		entries := 0
		for e, err := range fetch.Elements(r, list, rest, limits) {
			if err != nil {
				yield(feeds.Update{}, err)
				return
			}
			entries++
			record, err := decode(e.Raw)
			if err != nil {
				record, err = feeds.Record{}, rejected(record.Item, e, err)
			}
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
		_, listed := rest[list]
		switch count, err := counted(rest); {
		case len(rest) == 0:
			yield(feeds.Update{}, errors.New("an empty object"))
		case !listed:
			yield(feeds.Update{}, fmt.Errorf("no KEV catalog, it has no %s: %w", list, fetch.ErrOther))
		case err != nil:
			yield(feeds.Update{}, rejected("", fetch.Element{Place: "count"}, err))
		case count >= 0 && count != entries:
			yield(feeds.Update{}, rejected("", fetch.Element{Place: "count"},
				fmt.Errorf("the catalog counts %d entries and holds %d: perhaps truncated", count, entries)))
		default:
			yield(feeds.Update{Whole: true}, nil)
		}
	}
}

// counted is the number of entries the catalog says it has, -1 when it does not say.
func counted(rest fetch.Members) (int, error) {
	raw, ok := rest["count"]
	if !ok {
		return -1, nil
	}
	count := -1
	if err := json.Unmarshal(raw, &count); err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return count, nil
}

// columns are those a catalog as CSV has at least, by the names its JSON form uses.
var columns = []string{"cveID", "vendorProject", "product", "vulnerabilityName", "dateAdded", "shortDescription", "requiredAction", "dueDate"}

// DecodeCSV reads one catalog in its CSV form, an entry at a time. It tells what Decode
// tells of the same catalog, but nothing is ever Whole: this form does not count its
// entries, so that one that was cut off at the end of a line looks like a shorter one.
// An entry that cannot be read is a *feeds.RecordError and the others go on. Any
// other error is the last thing yielded: the document is empty or cut off, is no
// catalog (fetch.ErrOther), or is larger than 64 MiB.
func DecodeCSV(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		body, err := io.ReadAll(fetch.Capped(r, limits.Document))
		body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
		switch {
		case err != nil:
			yield(feeds.Update{}, err)
			return
		case len(bytes.TrimSpace(body)) == 0:
			yield(feeds.Update{}, errors.New("empty: no document in it"))
			return
		}
		lines := csv.NewReader(bytes.NewReader(body))
		lines.FieldsPerRecord = -1
		head, err := lines.Read()
		if err != nil || missingColumn(head) != "" {
			yield(feeds.Update{}, fmt.Errorf("no KEV catalog, its first line has no %q: %w", missingColumn(head), fetch.ErrOther))
			return
		}
		if body[len(body)-1] != '\n' {
			yield(feeds.Update{}, fmt.Errorf("at byte %d: the last line does not end: %w", len(body), io.ErrUnexpectedEOF))
			return
		}
		for n := 0; ; n++ {
			from := lines.InputOffset()
			fields, err := lines.Read()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(feeds.Update{}, fmt.Errorf("at byte %d: %w", from, err))
				return
			}
			record, err := row(head, fields)
			if err != nil {
				e := fetch.Element{Place: fmt.Sprintf("%s[%d]", list, n), Raw: body[from:lines.InputOffset()]}
				record, err = feeds.Record{}, rejected(record.Item, e, err)
			}
			if !yield(feeds.Update{Record: record}, err) {
				return
			}
		}
	}
}

func missingColumn(head []string) string {
	for _, name := range columns {
		if !slices.Contains(head, name) {
			return name
		}
	}
	return ""
}

// row reads one line. The record's Item is set with the error, too, as far as it
// could be read.
func row(head, fields []string) (feeds.Record, error) {
	entry := map[string]any{}
	for i, name := range head {
		if i >= len(fields) {
			break
		}
		entry[name] = fields[i]
		if name == "cwes" {
			entry[name] = strings.FieldsFunc(fields[i], func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	if err := fetch.CheckText([]byte(strings.Join(fields, "\n"))); err != nil {
		return feeds.Record{}, err
	}
	raw, err := json.Marshal(entry)
	if err != nil {
		return feeds.Record{}, err
	}
	record, err := decode(raw)
	if err == nil && len(fields) != len(head) {
		err = fmt.Errorf("a line of %d fields where the first has %d", len(fields), len(head))
	}
	return record, err
}

func rejected(item string, e fetch.Element, err error) *feeds.RecordError {
	bad := &feeds.RecordError{Source: Name, Item: item, Err: err}
	if item == "" {
		bad.Item = e.Place
	}
	if e.Raw != nil {
		bad.Digest = fetch.Digest(e.Raw)
	}
	return bad
}

// entry is one entry of the catalog, as its schema has it.
type entry struct {
	CVE         string   `json:"cveID"`
	Vendor      string   `json:"vendorProject"`
	Product     string   `json:"product"`
	Name        string   `json:"vulnerabilityName"`
	Added       string   `json:"dateAdded"`
	Description string   `json:"shortDescription"`
	Action      string   `json:"requiredAction"`
	Due         string   `json:"dueDate"`
	Ransomware  string   `json:"knownRansomwareCampaignUse"`
	Notes       string   `json:"notes"`
	CWEs        []string `json:"cwes"`
}

// decode reads one entry. The record's Item is set with the error, too, as far
// as it could be read.
func decode(raw json.RawMessage) (feeds.Record, error) {
	var e entry
	err := json.Unmarshal(raw, &e)
	id := feeds.CleanID(e.CVE)
	if !id.CVE() {
		if err == nil {
			err = fmt.Errorf("cveID %q is no CVE id", e.CVE)
		}
		return feeds.Record{}, err
	}
	failed := feeds.Record{Item: string(id)}
	if err != nil {
		return failed, err
	}
	if err := fetch.CheckText(raw); err != nil {
		return failed, err
	}
	added, err := day("dateAdded", e.Added)
	if err != nil {
		return failed, err
	}
	due, err := day("dueDate", e.Due)
	if err != nil {
		return failed, err
	}
	return feeds.Record{
		Source: Name, Item: string(id), Names: []feeds.ID{id},
		Title: e.Name, Text: e.Description, Weaknesses: weaknesses(e.CWEs),
		References: references(e.Notes),
		Exploited: &feeds.Exploited{
			Added: added, Due: due, Ransomware: strings.EqualFold(strings.TrimSpace(e.Ransomware), "known"),
			Vendor: e.Vendor, Product: e.Product, Action: e.Action,
		},
		Mark: tlp.Marked(tlp.Clear, Name),
	}, nil
}

// day reads a date, which is midnight UTC; empty is not said.
func day(field, text string) (time.Time, error) {
	if strings.TrimSpace(text) == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q is no date", field, text)
	}
	return t, nil
}

func weaknesses(cwes []string) []string {
	var out []string
	for _, c := range cwes {
		if c = strings.ToUpper(strings.TrimSpace(c)); strings.HasPrefix(c, "CWE-") {
			out = append(out, c)
		}
	}
	return out
}

// references picks the links out of the notes, which are joined with " ; ".
func references(notes string) []feeds.Reference {
	var out []feeds.Reference
	for part := range strings.FieldsFuncSeq(notes, func(r rune) bool { return r == ';' || r == ' ' || r == '\n' || r == '\t' }) {
		if strings.HasPrefix(part, "https://") || strings.HasPrefix(part, "http://") {
			out = append(out, feeds.Reference{URL: part})
		}
	}
	return out
}
