package csaf

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// maxDocuments bounds what one list may name, and maxPages of how many pages it may be.
const (
	maxDocuments = 2_000_000
	maxPages     = 1000
)

// entry is a document as a list names it.
type entry struct {
	address string
	// id is what the list calls it; empty when the list gives no names.
	id string
	// token changes when the document does; empty is not known, so it is always read.
	token string
	// hashes and signature are the addresses that the list names. In a folder they are
	// looked for beside the document.
	hashes    []string
	signature string
	beside    bool
}

// listing is what a list holds.
type listing struct {
	list
	entries    []entry
	validators []fetch.Validators
	// unchanged says that it is as it was, and nothing was read.
	unchanged bool
	// wrong is what is not as it should be in it, though it can be used.
	wrong []error
}

// listing reads a list, unless it is what known says.
func (a *asker) listing(ctx context.Context, l list, known []fetch.Validators) (listing, error) {
	if l.folder {
		return a.folder(ctx, l, known)
	}
	return a.rolie(ctx, l, known)
}

// rolie reads a ROLIE feed, with the pages that follow it.
func (a *asker) rolie(ctx context.Context, l list, known []fetch.Validators) (listing, error) {
	out := listing{list: l}
	at, err := url.Parse(l.address)
	if err != nil {
		return out, err
	}
	var before fetch.Validators
	if len(known) == 1 {
		before = known[0]
	}
	asked := map[string]bool{}
	for page := 0; ; page++ {
		address := at.String()
		if asked[address] || page == maxPages {
			return out, fmt.Errorf("%s: its pages do not end", l.address)
		}
		asked[address] = true
		var answer fetch.Answer
		if page == 0 && l.body != nil && before == (fetch.Validators{}) {
			answer = *l.body
		} else if answer, err = a.get(ctx, address, before, maxListing); err != nil {
			return out, err
		}
		if answer.Unchanged {
			out.unchanged, out.validators = true, known
			return out, nil
		}
		next, err := a.page(at, answer.Body, &out)
		if err != nil {
			return out, fmt.Errorf("%s: %w", address, err)
		}
		out.validators = append(out.validators, answer.Validators)
		if next == nil {
			break
		}
		at, before = next, fetch.Validators{}
	}
	if len(out.validators) > 1 || out.validators[0] == (fetch.Validators{}) {
		out.validators = nil // that one page is as it was says nothing of the others
	}
	return out, nil
}

// feed is a ROLIE feed (RFC 8322 in its JSON form), as far as it is used.
type feed struct {
	Feed *struct {
		Link  []link `json:"link"`
		Entry []struct {
			ID      string `json:"id"`
			Link    []link `json:"link"`
			Updated string `json:"updated"`
			Content struct {
				Source string `json:"src"`
			} `json:"content"`
		} `json:"entry"`
	} `json:"feed"`
}

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// page adds the entries of one page to out, and returns the address of the next.
func (a *asker) page(base *url.URL, answer []byte, out *listing) (next *url.URL, err error) {
	body, err := fetch.Document(bytes.NewReader(answer), maxListing)
	if err != nil {
		return nil, err
	}
	var f feed
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fetch.Placed(err, body)
	}
	if f.Feed == nil {
		return nil, fmt.Errorf("no ROLIE feed: %w", fetch.ErrOther)
	}
	if len(out.entries)+len(f.Feed.Entry) > maxDocuments {
		return nil, fetch.ErrTooLarge
	}
	for i, in := range f.Feed.Entry {
		e := entry{id: in.ID, token: in.Updated}
		self, hashes, signature := in.Content.Source, []string(nil), ""
		for _, l := range in.Link {
			switch l.Rel {
			case "self":
				self = l.Href
			case "hash":
				hashes = append(hashes, l.Href)
			case "signature":
				signature = l.Href
			}
		}
		to := func(text string) string {
			if text == "" || err != nil {
				return ""
			}
			var at *url.URL
			if at, err = a.resolve(base, text); err != nil {
				return ""
			}
			return at.String()
		}
		e.address, e.signature = to(self), to(signature)
		for _, h := range hashes {
			e.hashes = append(e.hashes, to(h))
		}
		if err == nil && e.address == "" {
			err = errors.New("names no document")
		}
		if err != nil {
			out.wrong = append(out.wrong, fmt.Errorf("%s: entry[%d] %q: %w", base, i, in.ID, err))
			err = nil
			continue
		}
		out.entries = append(out.entries, e)
	}
	for _, l := range f.Feed.Link {
		if l.Rel == "next" {
			return a.resolve(base, l.Href)
		}
	}
	return nil, nil
}

// folder reads the index.txt and the changes.csv of a directory (CSAF 2.0, sections 7.1.12
// and 7.1.13): the one says what is there, the other when it was changed.
func (a *asker) folder(ctx context.Context, l list, known []fetch.Validators) (listing, error) {
	out := listing{list: l}
	at, err := url.Parse(l.address)
	if err != nil {
		return out, err
	}
	if len(known) != 2 {
		known = make([]fetch.Validators, 2)
	}
	var answers [2]fetch.Answer
	names := [2]string{"index.txt", "changes.csv"}
	for i, name := range names {
		if answers[i], err = a.get(ctx, at.JoinPath(name).String(), known[i], maxListing); err != nil {
			return out, err
		}
	}
	if answers[0].Unchanged && answers[1].Unchanged {
		out.unchanged, out.validators = true, known
		return out, nil
	}
	for i, name := range names {
		if answers[i].Unchanged {
			if answers[i], err = a.get(ctx, at.JoinPath(name).String(), fetch.Validators{}, maxListing); err != nil {
				return out, err
			}
		}
	}
	index, err := readIndex(answers[0].Body)
	if err != nil {
		return out, fmt.Errorf("%s: %w", at.JoinPath(names[0]), err)
	}
	changes, err := readChanges(answers[1].Body)
	if err != nil {
		return out, fmt.Errorf("%s: %w", at.JoinPath(names[1]), err)
	}
	newest := map[string]string{} // of one that is named more than once the latest line counts
	for _, c := range changes {
		if at, again := newest[c.name]; !again || later(c.at, at) {
			newest[c.name] = c.at
		}
	}
	listed := map[string]bool{}
	add := func(name, token string) {
		to, err := a.resolve(at, name)
		if err != nil {
			out.wrong = append(out.wrong, fmt.Errorf("%s: %w", at, err))
			return
		}
		out.entries = append(out.entries, entry{address: to.String(), token: token, beside: true})
	}
	for _, c := range changes {
		if !listed[c.name] {
			listed[c.name] = true
			add(c.name, newest[c.name])
		}
	}
	lacking := 0
	for _, name := range index {
		if !listed[name] {
			listed[name] = true
			lacking++
			add(name, "")
		}
	}
	if lacking > 0 {
		out.wrong = append(out.wrong, fmt.Errorf("%s: it lacks %d of the %d documents of index.txt", at.JoinPath(names[1]), lacking, len(index)))
	}
	if out.validators = []fetch.Validators{answers[0].Validators, answers[1].Validators}; out.validators[0] == (fetch.Validators{}) || out.validators[1] == (fetch.Validators{}) {
		out.validators = nil
	}
	return out, nil
}

// readIndex reads an index.txt: names of documents, one a line.
func readIndex(answer []byte) (out []string, err error) {
	body, err := fetch.Document(bytes.NewReader(answer), maxListing)
	if err != nil {
		return nil, err
	}
	for text := range strings.Lines(string(body)) {
		name := strings.TrimSpace(text)
		switch {
		case name == "":
		case !documentName(name):
			return nil, fmt.Errorf("line %d is no name of a document, or cut off: %q", len(out)+1, name)
		case len(out) == maxDocuments:
			return nil, fetch.ErrTooLarge
		default:
			out = append(out, name)
		}
	}
	return out, nil
}

func documentName(name string) bool {
	return strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "../") && !strings.ContainsAny(name, "\\<>\"") && path.Clean(name) == strings.TrimPrefix(name, "./")
}

type change struct{ name, at string }

// later reports whether one of two instants that readChanges has read is after the other.
func later(a, b string) bool {
	x, _ := time.Parse(time.RFC3339, strings.ToUpper(a))
	y, _ := time.Parse(time.RFC3339, strings.ToUpper(b))
	return x.After(y)
}

// readChanges reads a changes.csv: a name and an instant a line.
func readChanges(answer []byte) (out []change, err error) {
	body, err := fetch.Document(bytes.NewReader(answer), maxListing)
	if err != nil {
		return nil, err
	}
	lines := csv.NewReader(bytes.NewReader(body))
	lines.FieldsPerRecord, lines.ReuseRecord, lines.TrimLeadingSpace = 2, true, true
	for n := 1; ; n++ {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		name, at := strings.Clone(strings.TrimSpace(fields[0])), strings.Clone(strings.TrimSpace(fields[1]))
		if _, err := time.Parse(time.RFC3339, strings.ToUpper(at)); err != nil || !documentName(name) {
			return nil, fmt.Errorf("line %d is no document and instant, or cut off: %q", n, fields)
		}
		if len(out) == maxDocuments {
			return nil, fetch.ErrTooLarge
		}
		out = append(out, change{name, at})
	}
	if len(out) == 0 {
		return nil, feeds.ErrNothing
	}
	return out, nil
}
