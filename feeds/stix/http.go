package stix

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// accept is the media type of TAXII 2.1.
const accept = "application/taxii+json;version=2.1"

// mediaTypes are those of TAXII, of bundles, and those that servers of files give them.
var mediaTypes = []string{
	"application/taxii+json", "application/stix+json", "application/vnd.oasis.taxii+json", "application/vnd.oasis.stix+json",
	"application/json", "text/json", "text/plain", "application/octet-stream", "binary/octet-stream",
}

// asker makes the requests of one reading.
type asker struct {
	client    *http.Client
	origin    *url.URL
	authorize func(http.Header)
}

func (f *Feed) asker() (*asker, error) {
	origin, err := url.Parse(f.opts.From)
	switch {
	case err != nil:
		return nil, errors.New("the address in Options.From cannot be read") // the error would show it
	case origin.User != nil:
		return nil, errors.New("the address in Options.From holds a user: set Options.Auth")
	}
	return &asker{client: f.opts.Client, origin: origin, authorize: f.authorize}, nil
}

// resource bounds what says where the objects are.
const resource = 1 << 20

// added is when the oldest and the newest of the objects in an answer were added, zero when the server
// does not say.
type added struct{ first, last time.Time }

// get is the one place that asks, for at most so many bytes.
func (a *asker) get(ctx context.Context, address string, most int64) (body []byte, at added, err error) {
	header := http.Header{"Accept": {accept}}
	if at, err := url.Parse(address); err == nil && a.own(at) {
		a.authorize(header)
	}
	client, heard := *a.client, &listener{next: a.client.Transport}
	client.Transport = heard
	answer, err := fetch.Get(ctx, address, fetch.Validators{}, &fetch.Options{Client: &client, Header: header, Types: mediaTypes, MaxBytes: most})
	if err != nil {
		return nil, added{}, err
	}
	return answer.Body, added{instant(heard.header, "X-TAXII-Date-Added-First"), instant(heard.header, "X-TAXII-Date-Added-Last")}, nil
}

func instant(h http.Header, name string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, h.Get(name))
	if err != nil || at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}
	}
	return at.UTC()
}

// own reports whether an address is on the host that the credentials are for.
func (a *asker) own(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, a.origin.Scheme) && strings.EqualFold(u.Hostname(), a.origin.Hostname()) && port(u) == port(a.origin) && u.User == nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"https": "443", "http": "80"}[u.Scheme]
}

// listener keeps the header of the last answer.
type listener struct {
	next   http.RoundTripper
	header http.Header
}

// RoundTrip makes one request.
func (l *listener) RoundTrip(req *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(req)
	if err == nil {
		l.header = resp.Header
	}
	return resp, err
}
