package nvd

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Publisher is the API 2.0 of NVD, and YearFiles where it publishes its year files.
const (
	Publisher = "https://services.nvd.nist.gov/rest/json/cves/2.0"
	YearFiles = "https://nvd.nist.gov/feeds/json/cve/2.0/"
)

// Options say where the records are read from.
type Options struct {
	// From is a URL, a file, or a folder, which is read with all below it. Empty is the
	// publisher. A URL is a mirror of its API, or of its year files when it ends in "/".
	From string
	// Bootstrap is where year files are read the first time, in place of the API's
	// whole listing, which takes a quarter of an hour: a folder, or a URL that ends in "/"
	// such as [YearFiles]. What changed since they were made then comes from the API.
	// Empty is the listing. It is not for a From that is a file or a folder.
	Bootstrap string
	// More are further files and folders of the same feed, read after From, which
	// then is no URL.
	More []string
	// FS, if set, is where From, Bootstrap and More are looked up, in place of the disk. An
	// empty From is then all of it, unless there is a Bootstrap.
	FS fs.FS
	// Key is the API key that NVD gives to one organization. It is sent to the host of From only, and
	// is in no error. Empty is none: NVD then allows a tenth of the requests.
	Key string
	// PerPage is how many records are asked for at once. 0 means 2,000, which is the most.
	PerPage int
	// Pause is the time between two requests, never less than NVD's limit. 0 means 6 s,
	// or 2 s with a Key.
	Pause time.Duration
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// What NVD asks of those who read its API, from
// https://nvd.nist.gov/developers/start-here (rate limits, best practices) and
// https://nvd.nist.gov/developers/vulnerabilities (CVE API), read in 2026.
const (
	// maxPage is the most of resultsPerPage, and its default.
	maxPage = 2000
	// maxWindow is the most between lastModStartDate and lastModEndDate.
	maxWindow = 120 * 24 * time.Hour
	// In limitSpan, which rolls, it answers this many requests, without and with a key.
	limitSpan   = 30 * time.Second
	limitPublic = 5
	limitKeyed  = 50
	// It recommends a sleep of six seconds, and of "several" with a key too; how
	// many with a key is our convention.
	sleepPublic = 6 * time.Second
	sleepKeyed  = 2 * time.Second
)

// A Feed is the CVE records of NVD as a feeds.Source.
type Feed struct {
	opts  Options
	limit *rate.Limiter
}

var _ feeds.Source = (*Feed)(nil)

// New returns the feed. Nil options are the publisher's. All readings of one
// Feed share its pace.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	f := &Feed{opts: *opts}
	if f.opts.PerPage <= 0 || f.opts.PerPage > maxPage {
		f.opts.PerPage = maxPage
	}
	f.opts.PerPage = max(f.opts.PerPage, 2) // a page of one could not overlap the one before
	least, sleep := limitSpan/limitPublic, sleepPublic
	if f.opts.Key != "" {
		least, sleep = limitSpan/limitKeyed, sleepKeyed
	}
	if f.opts.Pause > 0 {
		sleep = max(f.opts.Pause, least)
	}
	f.limit = rate.NewLimiter(rate.Every(sleep), 1)
	return f
}

// Name is "nvd".
func (f *Feed) Name() string { return Name }

// Updates reads what changed. Of the API the first reading lists all records, or
// reads the year files of Options.Bootstrap, and later ones ask for what was
// modified since, in windows of at most 120 days. Each page and each year file is
// a safe place to go on from. A listing that is read from its beginning to its end, and only
// that, is Whole.
//
// Pages overlap, so that a record that moves from one to another while they are read is not
// lost; when they no longer fit together the window is read again. Windows overlap by two hours,
// so that what NVD lists late is not lost. Records come again because of both.
//
// Year files are checked against the digest beside them (.meta) before anything in them
// is told, and those whose digest is known from the last reading are passed over. A
// folder with such .meta files is read so; of any other each file ending in .json, .json.gz
// or .zip is read, each time anew, and the cursor stays empty: see fetch.Files
// for what is an error. Where a CVE is told more than once, the last one stands.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if f.opts.Bootstrap != "" && f.opts.From == "" && len(f.opts.More) == 0 {
		ok = false
	}
	switch {
	case ok && f.opts.Bootstrap != "":
		return fetch.Failed(fmt.Errorf("%s: Bootstrap is read before an API, and From names files", Name))
	case ok:
		return f.files(ctx, since, paths)
	case len(f.opts.More) > 0:
		return fetch.Failed(fmt.Errorf("%s: More names files beside the address %q", Name, f.opts.From))
	case strings.HasSuffix(f.opts.From, "/"):
		return f.years(ctx, since, f.shelf(f.opts.From))
	}
	return f.api(ctx, since)
}

// files reads what is on disk.
func (f *Feed) files(ctx context.Context, since feeds.Cursor, paths []string) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		if len(paths) == 1 && labeled(f.opts.FS, paths[0]) {
			f.years(ctx, since, f.shelf(paths[0]))(yield)
			return
		}
		files := fetch.Files{Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".json", Decode: Decode, Archives: archives}
		files.Updates(ctx)(yield)
	}
}

// archives: a year has some 50,000 records and 200 MB.
var archives = fetch.ZipLimits{Files: 1_000_000, File: 4 << 30, Total: 16 << 30}

// request are the options of a request.
func (f *Feed) request(most int64) *fetch.Options {
	o := &fetch.Options{
		Client: f.opts.Client, MaxBytes: most, Timeout: 10 * time.Minute,
		Types: []string{"application/json", "text/json", "text/plain", "application/gzip", "application/x-gzip", "application/octet-stream", "binary/octet-stream"},
		// NVD says 403 to whoever asks too often, and forgets after 30 s.
		Busy: []int{http.StatusForbidden}, Pause: limitSpan, Tries: 5, Patience: 30 * time.Minute,
	}
	if f.opts.Key != "" {
		o.Header = http.Header{"apiKey": {f.opts.Key}}
	}
	return o
}
