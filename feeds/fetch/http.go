package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Options change how requests are made. Nil is all defaults.
type Options struct {
	// Client makes the requests. Nil is http.DefaultTransport. Its redirects are
	// limited as ours are, before its own CheckRedirect is asked.
	Client *http.Client
	// MaxBytes is the most of a body, unpacked. 0 means 64 MiB.
	MaxBytes int64
	// UserAgent says who asks. Empty means "postmarket".
	UserAgent string
	// Timeout is for one request with its body. 0 means 2 minutes.
	Timeout time.Duration
	// Tries is how often a request is made in all when the publisher fails or
	// asks to slow down. 0 means 4.
	Tries int
	// Patience is how long all tries may take together, waits included; a publisher
	// that asks for more is an error. 0 means 15 minutes.
	Patience time.Duration
}

// Validators are what a publisher said to know a body by.
type Validators struct {
	ETag, LastModified string
}

// An Answer is what a publisher sent.
type Answer struct {
	Body []byte
	Validators
	// Unchanged says that the body is the one known already; Body is empty.
	Unchanged bool
}

// A StatusError is an answer that is neither a body nor "not modified".
type StatusError struct {
	URL    string
	Status int
	// Wait is how long the publisher asked to wait; 0 when it did not.
	Wait time.Duration
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Wait > 0 {
		s += fmt.Sprintf(" (asks to wait %s)", e.Wait)
	}
	return s
}

// busy reports whether it is worth asking again.
func (e *StatusError) busy() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

const (
	maxBytes     = 64 << 20
	userAgent    = "postmarket"
	timeout      = 2 * time.Minute
	tries        = 4
	patience     = 15 * time.Minute
	maxRedirects = 5
)

// Get asks for address, unless it is what known says. A publisher that fails or
// that asks to slow down (429, 503 with Retry-After) is asked again after the
// time it named, else after a growing pause. A body that is cut off, is not as
// long as it was said to be, or is larger than allowed is an error. Only https
// is spoken, and http with the machine itself; a redirect must stay within that.
func Get(ctx context.Context, address string, known Validators, opts *Options) (Answer, error) {
	o := opts.filled()
	if err := allowed(address); err != nil {
		return Answer{}, err
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 2*time.Second, time.Minute
	pace := &pace{BackOff: pause}
	return backoff.Retry(ctx, func() (Answer, error) {
		answer, err := o.once(ctx, address, known)
		pace.wait = 0
		if status := (*StatusError)(nil); errors.As(err, &status) {
			pace.wait = status.Wait
			if !status.busy() {
				err = backoff.Permanent(err)
			}
		} else if errors.Is(err, ErrTooLarge) || errors.Is(err, errRefused) {
			err = backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithBackOff(pace), backoff.WithMaxTries(uint(o.Tries)), backoff.WithMaxElapsedTime(o.Patience))
}

// pace waits as long as the publisher asked, else as long as it wants to.
type pace struct {
	backoff.BackOff
	wait time.Duration
}

func (p *pace) NextBackOff() time.Duration {
	return max(p.wait, p.BackOff.NextBackOff())
}

func (o *Options) filled() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.MaxBytes <= 0 {
		out.MaxBytes = maxBytes
	}
	if out.UserAgent == "" {
		out.UserAgent = userAgent
	}
	if out.Timeout <= 0 {
		out.Timeout = timeout
	}
	if out.Tries <= 0 {
		out.Tries = tries
	}
	if out.Patience <= 0 {
		out.Patience = patience
	}
	client := http.Client{}
	if out.Client != nil {
		client = *out.Client
	}
	asked := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("%w: more than %d redirects", errRefused, maxRedirects)
		}
		if err := allowed(req.URL.String()); err != nil {
			return err
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return fmt.Errorf("%w: a redirect from https to %s", errRefused, req.URL.Scheme)
		}
		if asked != nil {
			return asked(req, via)
		}
		return nil
	}
	out.Client = &client
	return out
}

// once makes one request.
func (o Options) once(ctx context.Context, address string, known Validators) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Answer{}, backoff.Permanent(err)
	}
	req.Header.Set("User-Agent", o.UserAgent)
	if known.ETag != "" {
		req.Header.Set("If-None-Match", known.ETag)
	}
	if known.LastModified != "" {
		req.Header.Set("If-Modified-Since", known.LastModified)
	}
	resp, err := o.Client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && known != (Validators{}):
		return Answer{Validators: known, Unchanged: true}, nil
	case resp.StatusCode != http.StatusOK:
		return Answer{}, &StatusError{URL: address, Status: resp.StatusCode, Wait: wait(resp.Header)}
	}
	body, err := o.body(resp, during{ctx, resp.Body})
	if err != nil {
		return Answer{}, fmt.Errorf("%s: body: at byte %d: %w", address, len(body), err)
	}
	return Answer{Body: body, Validators: Validators{
		ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"),
	}}, nil
}

func (o Options) body(resp *http.Response, r io.Reader) ([]byte, error) {
	said := resp.ContentLength
	if resp.Uncompressed {
		said = -1
	}
	if said > o.MaxBytes {
		return nil, fmt.Errorf("%w (%d of %d bytes)", ErrTooLarge, said, o.MaxBytes)
	}
	var body bytes.Buffer
	_, err := body.ReadFrom(&capped{r: r, left: o.MaxBytes, max: o.MaxBytes})
	if err == nil && said >= 0 && int64(body.Len()) != said {
		err = fmt.Errorf("%w: %d bytes were announced", io.ErrUnexpectedEOF, said)
	}
	return body.Bytes(), err
}

// wait is how long an answer asks to wait: a number of seconds, or an instant,
// which is measured from the publisher's own date.
func wait(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(0, min(time.Duration(seconds), longest/time.Second)*time.Second)
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, min(until.Sub(now), longest))
}

// longest is longer than anybody's patience, and can be added to an instant.
const longest = 10 * 365 * 24 * time.Hour

var errRefused = errors.New("refused")

// allowed says why an address is not asked, or nil.
func allowed(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	switch {
	case u.Host == "":
		return fmt.Errorf("%w: %q names no host", errRefused, address)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%w: %q is neither https nor on this machine", errRefused, address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
