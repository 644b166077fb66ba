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

// asker makes the requests of one reading.
type asker struct {
	client    *http.Client
	origin    *url.URL
	authorize func(*http.Request)
}

func (f *Feed) asker() (*asker, error) {
	origin, err := url.Parse(f.opts.From)
	switch {
	case err != nil:
		return nil, errors.New("the address in Options.From cannot be read") // the error would show it
	case origin.User != nil:
		return nil, errors.New("the address in Options.From holds a user: set Options.Auth")
	}
	client := f.opts.Client
	if client == nil {
		client = &http.Client{}
	}
	return &asker{client: client, origin: origin, authorize: f.authorize}, nil
}

// resource bounds what says where the objects are.
const resource = 1 << 20

// get is the one place that asks, for at most so many bytes. Last is when the newest of the objects in the
// answer was added, zero when the server does not say.
func (a *asker) get(ctx context.Context, address string, most int64) (body []byte, last time.Time, err error) {
	client := *a.client
	t := &transport{asker: a, next: client.Transport}
	client.Transport = t
	answer, err := fetch.Get(ctx, address, fetch.Validators{}, &fetch.Options{Client: &client, MaxBytes: most})
	if err != nil {
		return nil, time.Time{}, err
	}
	last, err = time.Parse(time.RFC3339Nano, t.header.Get("X-TAXII-Date-Added-Last"))
	if err != nil || last.Year() < 1 || last.Year() > 9999 {
		last = time.Time{}
	}
	return answer.Body, last.UTC(), nil
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

// transport adds what TAXII asks for to a request, and keeps the header of the answer.
type transport struct {
	*asker
	next   http.RoundTripper
	header http.Header
}

// RoundTrip makes one request. A redirect comes here, too: to another host it goes
// without the credentials.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", accept)
	if t.own(req.URL) {
		t.authorize(req)
	}
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(req)
	if err == nil {
		t.header = resp.Header
	}
	return resp, err
}
