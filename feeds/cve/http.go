package cve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// cursorVersion is that of the cursor's form. A cursor of another one means from the
// beginning.
const cursorVersion = 1

const (
	// few is how many records are asked for one by one; of more the archive is read. On a
	// busy day some 2,000 records change.
	few = 10_000
	// maxLog bounds the log of changes, which in 2026 has some megabytes for its 30 days.
	maxLog      = 128 << 20
	maxReleases = 16 << 20
)

// cursor is what a feeds.Cursor holds, as JSON: up to which batch of changes an address
// was read.
type cursor struct {
	Version      int       `json:"v"`
	URL          string    `json:"url"`
	Since        time.Time `json:"since,omitzero"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"modified,omitempty"`
}

func known(since feeds.Cursor, address string) cursor {
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.Version != cursorVersion || c.URL != address {
		return cursor{Version: cursorVersion, URL: address}
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

var errStopped = errors.New("the reader stopped")

// reading is one range over Updates.
type reading struct {
	*Feed
	ctx   context.Context
	yield func(feeds.Update, error) bool
	at    cursor
	told  int
}

// request reads from a URL.
func (f *Feed) request(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		address := strings.TrimRight(f.opts.From, "/")
		if address == "" {
			address = Publisher
		}
		r := reading{Feed: f, ctx: ctx, yield: yield, at: known(since, address)}
		read := r.list
		if u, err := url.Parse(address); err == nil && strings.EqualFold(path.Ext(u.Path), ".zip") {
			read = r.file
		}
		switch whole, err := read(); {
		case errors.Is(err, errStopped):
		case err != nil:
			yield(feeds.Update{}, fmt.Errorf("%s: %w", Name, err))
		default:
			yield(feeds.Update{Next: r.at.text(), Whole: whole}, nil)
		}
	}
}

// file reads an archive that the options name, unless it is as it was.
func (r *reading) file() (whole bool, err error) {
	saved, err := fetch.Save(r.ctx, r.at.URL, fetch.Validators{ETag: r.at.ETag, LastModified: r.at.LastModified}, r.asking(r.opts.MaxArchive))
	if err != nil || saved.Unchanged {
		return false, err
	}
	defer saved.Close()
	rejected, err := r.archive(saved.File, saved.Size, nil)
	if err != nil {
		return false, fmt.Errorf("%s: %w", r.at.URL, err)
	}
	r.at.ETag, r.at.LastModified = saved.ETag, saved.LastModified
	return !rejected && !partial(r.at.URL), nil
}

// partial reports whether a file is named as one that holds only what changed.
func partial(name string) bool { return strings.Contains(path.Base(name), "delta_CVEs") }

// list reads what the log of changes tells to have changed, or the archive when the log
// does not reach back.
func (r *reading) list() (whole bool, err error) {
	address := r.at.URL + "/cves/deltaLog.json"
	answer, err := fetch.Get(r.ctx, address, fetch.Validators{ETag: r.at.ETag, LastModified: r.at.LastModified}, r.asking(maxLog))
	if err != nil || answer.Unchanged {
		return false, err
	}
	log, err := readLog(bytes.NewReader(answer.Body))
	if err != nil {
		return false, fmt.Errorf("%s: %w", address, err)
	}
	next := r.at
	next.Since, next.ETag, next.LastModified = log.newest, answer.ETag, answer.LastModified
	changed := log.since(r.at.Since)
	if r.at.Since.IsZero() || r.at.Since.Before(log.oldest) || len(changed) > few {
		if changed, whole, err = r.baseline(log); err != nil {
			return false, err
		}
	}
	if log.failed {
		whole = false
	}
	for _, c := range changed {
		modified, err := r.single(c.id)
		if err != nil {
			return false, err
		}
		if c.behind(modified) {
			// The log came before the record did: it is asked for again next time.
			next.ETag, next.LastModified = "", ""
			if c.batch.Before(next.Since) {
				next.Since = c.batch
			}
		}
	}
	r.at = next
	return whole, nil
}

// baseline tells the archive of all records, and returns those that changed after it was
// made.
func (r *reading) baseline(log changes) (behind []change, whole bool, err error) {
	address, day, err := r.release()
	if err != nil {
		return nil, false, err
	}
	if !day.IsZero() && day.Before(log.oldest) {
		return nil, false, fmt.Errorf("%s: it is of %s, and the log of changes begins at %s", address, day.Format(time.DateOnly), log.oldest.Format(time.RFC3339))
	}
	saved, err := fetch.Save(r.ctx, address, fetch.Validators{}, r.asking(r.opts.MaxArchive))
	if err != nil {
		return nil, false, err
	}
	defer saved.Close()
	has := map[string]time.Time{}
	for _, c := range log.changed {
		has[c.id] = never
	}
	rejected, err := r.archive(saved.File, saved.Size, has)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", address, err)
	}
	for _, c := range log.changed {
		if modified := has[c.id]; modified.Equal(never) || c.behind(modified) {
			behind = append(behind, c)
		}
	}
	if len(behind) > few {
		return nil, false, fmt.Errorf("%s: it lacks %d of the changes of the last %s, or has them as they were", address, len(behind), log.newest.Sub(log.oldest).Round(time.Hour))
	}
	return behind, !rejected, nil
}

// never stands for a record that an archive does not have.
var never = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)

// release finds the archive of all records: itself, or in a release of the publisher.
// Day is when it was made, zero when that is not said.
func (r *reading) release() (address string, day time.Time, err error) {
	address = r.opts.Baseline
	switch {
	case address == "" && r.at.URL == Publisher:
		address = Releases
	case address == "":
		address = r.at.URL + "/cves.zip"
	}
	if u, err := url.Parse(address); err == nil && strings.EqualFold(path.Ext(u.Path), ".zip") {
		return address, baselineDay(address), nil
	}
	answer, err := fetch.Get(r.ctx, address, fetch.Validators{}, r.asking(maxReleases))
	if err != nil {
		return "", day, err
	}
	found, err := readRelease(answer.Body)
	if err != nil {
		return "", day, fmt.Errorf("%s: %w", address, err)
	}
	return found, baselineDay(found), nil
}

var midnight = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})_all_CVEs_at_midnight(?:\.zip)+$`)

func baselineDay(address string) time.Time {
	if m := midnight.FindStringSubmatch(path.Base(address)); m != nil {
		if day, err := time.Parse(time.DateOnly, m[1]); err == nil {
			return day
		}
	}
	return time.Time{}
}

// readRelease finds the archive of all records among the files of a release.
func readRelease(answer []byte) (string, error) {
	body, err := fetch.Document(bytes.NewReader(answer), maxReleases)
	if err != nil {
		return "", err
	}
	var release struct {
		Assets []struct {
			Name string `json:"name"`
			URL  string `json:"browser_download_url"`
		} `json:"assets"`
	}
	if err := json.Unmarshal(body, &release); err != nil {
		return "", fetch.Placed(err, body)
	}
	for _, a := range release.Assets {
		if midnight.MatchString(a.Name) {
			if u, err := url.Parse(a.URL); err != nil || u.Scheme != "https" || u.User != nil {
				return "", fmt.Errorf("%q is no address of %s", a.URL, a.Name)
			}
			return a.URL, nil
		}
	}
	return "", errors.New("a release without an archive of all CVE records")
}

// archive tells the records of an archive, which may be packed into another, as the
// publisher does. Of those in has it notes when they were modified.
func (r *reading) archive(at io.ReaderAt, size int64, has map[string]time.Time) (rejected bool, err error) {
	before := r.told
	for z, err := range fetch.Zip(at, size, r.archives(), ".json", ".zip") {
		if err != nil {
			return rejected, err
		}
		if strings.EqualFold(path.Ext(z.Name), ".zip") {
			inner, n, err := spool(z, r.opts.MaxArchive)
			if err != nil {
				return rejected, err
			}
			bad, err := r.inner(inner, n, has)
			rejected = rejected || bad
			if err := errors.Join(err, inner.Close(), os.Remove(inner.Name())); err != nil {
				return rejected, err
			}
			continue
		}
		bad, err := r.tell(z, has)
		rejected = rejected || bad
		if err != nil {
			return rejected, err
		}
	}
	if r.told == before {
		return rejected, feeds.ErrNothing
	}
	return rejected, nil
}

// inner tells the records of an archive within an archive.
func (r *reading) inner(at io.ReaderAt, size int64, has map[string]time.Time) (rejected bool, err error) {
	for z, err := range fetch.Zip(at, size, r.archives(), ".json") {
		if err != nil {
			return rejected, err
		}
		bad, err := r.tell(z, has)
		rejected = rejected || bad
		if err != nil {
			return rejected, err
		}
	}
	return rejected, nil
}

// spool copies an archive that is within another to the disk.
func spool(r io.Reader, most int64) (*os.File, int64, error) {
	file, err := os.CreateTemp("", "postmarket-*")
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(file, fetch.Capped(r, most))
	if err != nil {
		return nil, 0, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return file, n, nil
}

// tell tells the records of one file of an archive, and reports whether one was bad.
func (r *reading) tell(z fetch.Zipped, has map[string]time.Time) (rejected bool, err error) {
	body, err := fetch.Document(z, limits.Element)
	if err != nil {
		if r.ctx.Err() != nil {
			return false, r.ctx.Err()
		}
		return true, r.reject(strings.TrimSuffix(path.Base(z.Name), path.Ext(z.Name)), body, err)
	}
	for u, err := range Decode(bytes.NewReader(body)) {
		var bad *feeds.RecordError
		switch {
		case r.ctx.Err() != nil:
			return rejected, r.ctx.Err()
		case errors.As(err, &bad):
			rejected = true
			r.note(has, bad.Item, time.Time{})
			if !r.yield(feeds.Update{}, bad) {
				return rejected, errStopped
			}
		case errors.Is(err, fetch.ErrOther):
			return rejected, nil // a list of changes
		case err != nil:
			item := strings.TrimSuffix(path.Base(z.Name), path.Ext(z.Name))
			r.note(has, item, time.Time{})
			return true, r.reject(item, body, err)
		default:
			r.note(has, u.Record.Item, u.Record.Modified)
			r.told++
			if !r.yield(feeds.Update{Record: u.Record, Next: r.at.text()}, nil) {
				return rejected, errStopped
			}
		}
	}
	return rejected, nil
}

func (r *reading) note(has map[string]time.Time, item string, modified time.Time) {
	if _, wanted := has[item]; wanted {
		has[item] = modified
	}
}

func (r *reading) reject(item string, body []byte, why error) error {
	bad := &feeds.RecordError{Source: Name, Item: item, Err: why}
	if len(body) > 0 {
		bad.Digest = fetch.Digest(body)
	}
	if !r.yield(feeds.Update{}, bad) {
		return errStopped
	}
	return nil
}

// single tells one record that is asked for by its id. What comes in its place may be
// anything, and then it is no bad record but a failing publisher.
func (r *reading) single(id string) (modified time.Time, err error) {
	address := r.at.URL + "/" + place(id)
	answer, err := fetch.Get(r.ctx, address, fetch.Validators{}, r.asking(limits.Element))
	if err != nil {
		return modified, err
	}
	body, err := fetch.Document(bytes.NewReader(answer.Body), limits.Element)
	if err != nil {
		return modified, fmt.Errorf("%s: %w", address, err)
	}
	record, err := decode(body)
	switch {
	case record.Item == "" && err != nil:
		return modified, fmt.Errorf("%s: %w", address, fetch.Placed(err, body))
	case record.Item != id:
		return modified, fmt.Errorf("%s: asked for %q and got %q", address, id, record.Item)
	case err != nil:
		return modified, r.reject(id, body, err)
	}
	if !r.yield(feeds.Update{Record: record, Next: r.at.text()}, nil) {
		return modified, errStopped
	}
	return record.Modified, nil
}

// place is where the record of a CVE id lies: cves/2025/14xxx/CVE-2025-14617.json.
func place(id string) string {
	year, number := id[len("CVE-"):len("CVE-2026")], id[len("CVE-2026-"):]
	return "cves/" + year + "/" + number[:len(number)-3] + "xxx/" + id + ".json"
}
