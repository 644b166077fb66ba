package osv

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// version is that of the cursor's form. A cursor of another one means from the
// beginning.
const version = 1

// few is how many records are asked for one by one; of more the archive is read.
const few = 200

// indexBytes bounds an index, of which the largest has some 15 MB in 2026.
const indexBytes = 64 << 20

// cursor is what a feeds.Cursor holds, as JSON: how far each ecosystem of which
// address was read.
type cursor struct {
	Version    int              `json:"v"`
	URL        string           `json:"url"`
	Ecosystems map[string]stand `json:"ecosystems,omitempty"`
}

// stand is how an ecosystem was read: up to which modification, and the index that
// told so.
type stand struct {
	Since        time.Time `json:"since"`
	Rows         int       `json:"rows"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"modified,omitempty"`
}

func known(since feeds.Cursor, address string) cursor {
	begin := cursor{Version: version, URL: address}
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.Version != version || c.URL != address {
		return begin
	}
	for _, s := range c.Ecosystems {
		if s.Since.IsZero() || s.Rows <= 0 {
			return begin
		}
	}
	return c
}

func (c cursor) text() feeds.Cursor {
	text, err := json.Marshal(c)
	if err != nil {
		return "" // an instant outside the years 0 to 9999: from the beginning
	}
	return feeds.Cursor(text)
}

// request reads from a URL.
func (f *Feed) request(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		address := strings.TrimRight(f.opts.From, "/")
		if address == "" {
			address = Publisher
		}
		r := reading{Feed: f, ctx: ctx, yield: yield, at: known(since, address)}
		err := r.all()
		if errors.Is(err, errShorter) {
			r.at.Ecosystems = nil
			err = r.all()
		}
		switch {
		case errors.Is(err, errStopped):
		case err != nil:
			yield(feeds.Update{}, fmt.Errorf("%s: %w", Name, err))
		default:
			yield(feeds.Update{Next: r.at.text(), Whole: r.whole}, nil)
		}
	}
}

// errStopped is the end of a reading whose reader stopped; errShorter says that an index
// has lost records.
var (
	errStopped = errors.New("stopped")
	errShorter = errors.New("an index became shorter")
)

// reading is one range over Updates.
type reading struct {
	*Feed
	ctx   context.Context
	yield func(feeds.Update, error) bool
	at    cursor
	// whole says that every ecosystem was read from its archive.
	whole bool
	told  int
}

// all reads every ecosystem.
func (r *reading) all() error {
	names, err := r.ecosystems()
	if err != nil {
		return err
	}
	for name := range r.at.Ecosystems {
		if slices.Contains(names, name) {
			continue
		}
		if err := r.vanished(name); err != nil {
			return err
		}
		r.at.Ecosystems = nil // what was of it is gone, which only a whole reading tells
	}
	r.whole = len(r.at.Ecosystems) == 0
	for _, name := range names {
		if err := r.ecosystem(name); err != nil {
			return err
		}
		if !r.yield(feeds.Update{Next: r.at.text()}, nil) {
			return errStopped
		}
	}
	return nil
}

// vanished makes sure of an ecosystem that the publisher no longer lists: a list that was cut
// off would take everything in it for gone.
func (r *reading) vanished(name string) error {
	if len(r.opts.Ecosystems) > 0 {
		return nil // the caller says so
	}
	_, err := fetch.Get(r.ctx, r.address(name, "modified_id.csv"), fetch.Validators{}, r.asking(indexBytes))
	if status := (*fetch.StatusError)(nil); errors.As(err, &status) && status.Status == http.StatusNotFound {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%s/ecosystems.txt: it no longer lists %q, which is still there", r.at.URL, name)
	}
	return err
}

// ecosystems are those to be read: of the options, else of the publisher's list, in
// which releases ("Debian:12") are parts of others.
func (r *reading) ecosystems() ([]string, error) {
	if len(r.opts.Ecosystems) > 0 {
		return r.opts.Ecosystems, nil
	}
	address := r.at.URL + "/ecosystems.txt"
	answer, err := fetch.Get(r.ctx, address, fetch.Validators{}, r.asking(1<<20))
	if err != nil {
		return nil, err
	}
	body, err := fetch.Document(bytes.NewReader(answer.Body), 1<<20)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	var out []string
	for line := range strings.Lines(string(body)) {
		name := strings.TrimSpace(line)
		switch {
		case strings.ContainsAny(name, "<>{}/\\\"") || !strings.HasSuffix(line, "\n"):
			return nil, fmt.Errorf("%s: %q is no ecosystem, or cut off", address, name)
		case name == "" || strings.Contains(name, ":"):
		case !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: %w", address, feeds.ErrNothing)
	}
	return out, nil
}

func (r *reading) address(ecosystem, file string) string {
	return r.at.URL + "/" + url.PathEscape(ecosystem) + "/" + url.PathEscape(file)
}

// ecosystem reads what changed in one ecosystem, and moves r.at.
func (r *reading) ecosystem(name string) error {
	was, before := r.at.Ecosystems[name]
	address := r.address(name, "modified_id.csv")
	answer, err := fetch.Get(r.ctx, address, fetch.Validators{ETag: was.ETag, LastModified: was.LastModified}, r.asking(indexBytes))
	if err != nil {
		return err
	}
	if answer.Unchanged {
		return nil
	}
	rows, err := decodeIndex(bytes.NewReader(answer.Body))
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if before && len(rows) < was.Rows {
		return fmt.Errorf("%s: %w: %d of %d", address, errShorter, len(rows), was.Rows)
	}
	is := stand{Since: was.Since, Rows: len(rows), ETag: answer.ETag, LastModified: answer.LastModified}
	var changed []row
	for _, at := range rows {
		// What was modified at the same instant may have been listed later.
		if !at.modified.Before(was.Since) {
			changed = append(changed, at)
		}
		if at.modified.After(is.Since) {
			is.Since = at.modified
		}
	}
	if !before || len(changed) > few {
		changed, err = r.archive(name, rows)
		if err != nil {
			return err
		}
	}
	for _, at := range changed {
		modified, err := r.single(name, at.id)
		if err != nil {
			return err
		}
		if at.behind(modified) {
			// The index came before the record did: it is asked for again next time.
			is.ETag, is.LastModified = "", ""
			if at.modified.Before(is.Since) {
				is.Since = at.modified
			}
		}
	}
	all := maps.Clone(r.at.Ecosystems)
	if all == nil {
		all = map[string]stand{}
	}
	all[name] = is
	r.at.Ecosystems = all
	return nil
}

// archive tells the archive of an ecosystem, and returns the rows of its index that
// the archive does not have, or has as they were before.
func (r *reading) archive(name string, rows []row) (behind []row, err error) {
	address := r.address(name, "all.zip")
	saved, err := fetch.Save(r.ctx, address, fetch.Validators{}, r.asking(r.opts.MaxArchive))
	if err != nil {
		return nil, err
	}
	defer saved.Close()
	has, before := map[string]time.Time{}, r.told
	for z, err := range fetch.Zip(saved.File, saved.Size, r.archives(), ".json") {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", address, err)
		}
		id := strings.TrimSuffix(path.Base(z.Name), path.Ext(z.Name))
		if has[id], err = r.tell(id, z); err != nil {
			return nil, err
		}
	}
	if r.told == before {
		return nil, fmt.Errorf("%s: %w", address, feeds.ErrNothing)
	}
	for _, at := range rows {
		if modified, ok := has[at.id]; !ok || at.behind(modified) {
			behind = append(behind, at)
		}
	}
	if len(behind) > few {
		return nil, fmt.Errorf("%s: the archive lacks %d of the %d records that the index lists, or has them as they were", address, len(behind), len(rows))
	}
	return behind, nil
}

// single tells one record that is asked for by its id. What comes in its place may be
// anything, and then it is no bad record but a failing publisher.
func (r *reading) single(name, id string) (modified time.Time, err error) {
	address := r.address(name, id+".json")
	answer, err := fetch.Get(r.ctx, address, fetch.Validators{}, r.asking(maxRecord))
	if err != nil {
		return modified, err
	}
	var head struct {
		ID string `json:"id"`
	}
	switch err := json.Unmarshal(answer.Body, &head); {
	case err != nil && head.ID != id:
		return modified, fmt.Errorf("%s: %w", address, fetch.Placed(err, answer.Body))
	case head.ID != id:
		return modified, fmt.Errorf("%s: asked for %q and got %q", address, id, head.ID)
	}
	return r.tell(id, bytes.NewReader(answer.Body))
}

// tell tells a record, or that it is a bad one, which has no time.
func (r *reading) tell(id string, body io.Reader) (modified time.Time, err error) {
	if err := r.ctx.Err(); err != nil {
		return modified, err
	}
	text, err := fetch.Document(body, maxRecord)
	if err != nil {
		return modified, r.reject(id, text, err)
	}
	record, err := decode(bytes.NewReader(text))
	if err == nil && record.Item != id {
		err = fmt.Errorf("it is called %q and says it is %q", id, record.Item)
	}
	if err != nil {
		return modified, r.reject(id, text, err)
	}
	r.told++
	if !r.yield(feeds.Update{Record: record, Next: r.at.text()}, nil) {
		return modified, errStopped
	}
	return record.Modified, nil
}

func (r *reading) reject(id string, text []byte, why error) error {
	bad := &feeds.RecordError{Source: Name, Item: id, Err: why}
	if len(text) > 0 {
		bad.Digest = fetch.Digest(text)
	}
	if !r.yield(feeds.Update{}, bad) {
		return errStopped
	}
	return nil
}

// row is one line of an index.
type row struct {
	modified time.Time
	id       string
}

// behind reports whether a record is older than the index says. A bad record, and one that does not say
// when it was modified, is not.
func (r row) behind(modified time.Time) bool {
	return !modified.IsZero() && modified.Before(r.modified.Truncate(time.Second))
}

// decodeIndex reads an index: lines of an instant and an id, of which each ends. An
// index without lines is an error.
func decodeIndex(r io.Reader) ([]row, error) {
	body, err := fetch.Document(r, indexBytes)
	if err != nil {
		return nil, err
	}
	if body[len(body)-1] != '\n' {
		return nil, fmt.Errorf("the last line of the index does not end: %w", io.ErrUnexpectedEOF)
	}
	lines := csv.NewReader(bytes.NewReader(body))
	lines.FieldsPerRecord, lines.ReuseRecord = 2, true
	var out []row
	for n := 1; ; n++ {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
		modified, err := time.Parse(time.RFC3339, fields[0])
		id := strings.Clone(fields[1])
		if err != nil || id == "" || strings.ContainsAny(id, "/\\") || modified.Year() < 1 {
			return nil, fmt.Errorf("index: line %d is no instant and id: %q", n, fields)
		}
		out = append(out, row{modified.UTC(), id})
	}
}
