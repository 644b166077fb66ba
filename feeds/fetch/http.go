package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// Options change how a publisher is asked. Nil is all defaults.
type Options struct {
	// Client makes the requests. Nil is that of NewClient(nil), which all share. The
	// redirects of any client are limited as ours are, before its own CheckRedirect is asked.
	Client *http.Client
	// Header is sent beside ours, to the host of the address only, never to one it
	// redirects to. Nil is none.
	Header http.Header
	// Types are the media types a body may have ("application/json"). Nil is any but a page
	// of HTML, which is what a sign-in or a notice of maintenance is. A publisher
	// that names no type is believed.
	Types []string
	// Busy are statuses by which this publisher says that it is asked too much,
	// beside 408, 429, 500, 502, 503 and 504. Nil is none.
	Busy []int
	// Limit is waited for before each request, those that are made again included.
	// Nil is no limit.
	Limit *rate.Limiter
	// MaxBytes is the most of a body, unpacked. 0 means 64 MiB.
	MaxBytes int64
	// Timeout is for one request with its body. 0 means 2 minutes.
	Timeout time.Duration
	// Idle is how long nothing may come of an answer that was begun or asked for. 0 means 1 minute.
	Idle time.Duration
	// Pause is the first wait before a request is made again, when the publisher
	// does not say how long; it grows and varies. 0 means 2 seconds.
	Pause time.Duration
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

// A Saved is what a publisher sent, in a temporary file.
type Saved struct {
	// File holds the body, and is to be closed by Close. Nil when it is unchanged.
	File *os.File
	Size int64
	Validators
	// Unchanged says that the body is the one known already.
	Unchanged bool
}

// Close closes and removes the file.
func (s Saved) Close() error {
	if s.File == nil {
		return nil
	}
	return errors.Join(s.File.Close(), os.Remove(s.File.Name()))
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

// ErrType says that a body is of another media type than the feed reads.
var ErrType = errors.New("another content type")

// busy are the statuses after which it is worth asking again.
var busy = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

const (
	maxBytes = 64 << 20
	timeout  = 2 * time.Minute
	idle     = time.Minute
	pause    = 2 * time.Second
	tries    = 4
	patience = 15 * time.Minute
)

// Get asks for address, unless it is what known says. A publisher that fails or
// that asks to slow down (429, 503 with Retry-After) is asked again after the
// time it named, else after a growing pause. A body that is cut off, is not as
// long as it was said to be, does not come, or is larger than allowed, packed or
// unpacked, is an error. Only https
// is spoken, and http with the machine itself; a redirect must stay within that.
func Get(ctx context.Context, address string, known Validators, opts *Options) (Answer, error) {
	var body bytes.Buffer
	q := query{method: http.MethodGet, address: address, known: known, keep: func(r io.Reader) (int64, error) {
		body.Reset()
		return body.ReadFrom(r)
	}}
	v, unchanged, err := q.ask(ctx, opts)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Body: body.Bytes(), Validators: v, Unchanged: unchanged}, nil
}

// Post sends a JSON document that asks a question, which may be sent again as
// often as a Get may, and returns the answer.
func Post(ctx context.Context, address string, question []byte, opts *Options) (Answer, error) {
	var body bytes.Buffer
	q := query{method: http.MethodPost, address: address, question: question, keep: func(r io.Reader) (int64, error) {
		body.Reset()
		return body.ReadFrom(r)
	}}
	v, _, err := q.ask(ctx, opts)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Body: body.Bytes(), Validators: v}, nil
}

// Save is [Get] for a body too large to be held. The caller closes what it
// returns, which removes it; when there is an error there is nothing to close.
func Save(ctx context.Context, address string, known Validators, opts *Options) (Saved, error) {
	file, err := os.CreateTemp("", "postmarket-*")
	if err != nil {
		return Saved{}, err
	}
	s := Saved{File: file}
	q := query{method: http.MethodGet, address: address, known: known, keep: func(r io.Reader) (int64, error) {
		if err := errors.Join(file.Truncate(0), rewind(file)); err != nil {
			return 0, backoff.Permanent(err)
		}
		s.Size, err = io.Copy(file, r)
		return s.Size, err
	}}
	v, unchanged, err := q.ask(ctx, opts)
	if err == nil {
		err = rewind(file)
	}
	if err != nil || unchanged {
		err = errors.Join(err, s.Close())
		return Saved{Validators: v, Unchanged: unchanged}, err
	}
	s.Validators = v
	return s, nil
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// query is one question to a publisher, and what becomes of the answer.
type query struct {
	method, address string
	question        []byte
	known           Validators
	// keep takes a body, anew for each try.
	keep func(io.Reader) (int64, error)
}

// ask makes the request until it is answered.
func (q query) ask(ctx context.Context, opts *Options) (v Validators, unchanged bool, err error) {
	o := opts.filled()
	if err := allowed(q.address); err != nil {
		return v, false, err
	}
	grow := backoff.NewExponentialBackOff()
	grow.InitialInterval, grow.MaxInterval = o.Pause, max(time.Minute, 4*o.Pause)
	pace := &pace{BackOff: grow}
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		v, unchanged, err = q.once(ctx, o)
		pace.wait = 0
		var status *StatusError
		var untrusted *tls.CertificateVerificationError
		switch {
		case errors.As(err, &status):
			pace.wait = status.Wait
			if !slices.Contains(busy, status.Status) && !slices.Contains(o.Busy, status.Status) {
				err = backoff.Permanent(err)
			}
		case errors.Is(err, ErrTooLarge), errors.Is(err, errRefused), errors.Is(err, ErrType), errors.As(err, &untrusted):
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pace), backoff.WithMaxTries(uint(o.Tries)), backoff.WithMaxElapsedTime(o.Patience))
	return v, unchanged, err
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
	if out.Timeout <= 0 {
		out.Timeout = timeout
	}
	if out.Idle <= 0 {
		out.Idle = idle
	}
	if out.Pause <= 0 {
		out.Pause = pause
	}
	if out.Tries <= 0 {
		out.Tries = tries
	}
	if out.Patience <= 0 {
		out.Patience = patience
	}
	if out.Client == nil {
		out.Client = shared()
	}
	client := *out.Client
	client.CheckRedirect = redirects(&client)
	out.Client = &client
	return out
}

var errIdle = errors.New("nothing came any more")

// once makes one request.
func (q query) once(ctx context.Context, o Options) (Validators, bool, error) {
	if err := turn(ctx, o.Limit); err != nil {
		return Validators{}, false, backoff.Permanent(err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	quiet := time.AfterFunc(o.Idle, func() { stop(fmt.Errorf("%w for %s", errIdle, o.Idle)) })
	defer quiet.Stop()
	v, unchanged, err := q.exchange(ctx, o, func() { quiet.Reset(o.Idle) })
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errIdle) {
		err = fmt.Errorf("%s: %w", q.address, cause)
	}
	return v, unchanged, err
}

// turn waits for what a limit allows. (Its own Wait gives up before a deadline that
// it will not meet, with an error that does not say so.)
func turn(ctx context.Context, limit *rate.Limiter) error {
	if limit == nil {
		return ctx.Err()
	}
	mine := limit.Reserve()
	wait := time.NewTimer(mine.Delay())
	defer wait.Stop()
	select {
	case <-ctx.Done():
		mine.Cancel()
		return ctx.Err()
	case <-wait.C:
		return nil
	}
}

// exchange sends the request and keeps the answer. Heard is called when something came.
func (q query) exchange(ctx context.Context, o Options, heard func()) (Validators, bool, error) {
	req, err := q.request(ctx, o)
	if err != nil {
		return Validators{}, false, backoff.Permanent(err)
	}
	resp, err := o.Client.Do(req)
	if err != nil {
		return Validators{}, false, err
	}
	defer resp.Body.Close()
	heard()
	switch {
	case resp.StatusCode == http.StatusNotModified && q.known != (Validators{}):
		return q.known, true, nil
	case resp.StatusCode != http.StatusOK:
		return Validators{}, false, &StatusError{URL: q.address, Status: resp.StatusCode, Wait: wait(resp.Header)}
	}
	if err := o.typed(resp.Header); err != nil {
		return Validators{}, false, fmt.Errorf("%s: %w", q.address, err)
	}
	if n, err := q.body(ctx, resp, o, heard); err != nil {
		return Validators{}, false, fmt.Errorf("%s: body: at byte %d: %w", q.address, n, err)
	}
	return Validators{ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified")}, false, nil
}

func (q query) request(ctx context.Context, o Options) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, q.method, q.address, bytes.NewReader(q.question))
	if err != nil {
		return nil, err
	}
	for name, values := range o.Header {
		req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	req.Header.Set("User-Agent", agent(""))
	req.Header.Set("Accept-Encoding", "gzip")
	if q.question != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.known.ETag != "" {
		req.Header.Set("If-None-Match", q.known.ETag)
	}
	if q.known.LastModified != "" {
		req.Header.Set("If-Modified-Since", q.known.LastModified)
	}
	return req, nil
}

// typed says what is wrong with the type of a body, or nil.
func (o Options) typed(h http.Header) error {
	text := h.Get("Content-Type")
	if text == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(text)
	if err != nil && kind == "" {
		kind = strings.ToLower(strings.TrimSpace(strings.Split(text, ";")[0]))
	}
	if o.Types == nil {
		if kind == "text/html" || kind == "application/xhtml+xml" {
			return fmt.Errorf("%w: %q, a page of HTML", ErrType, text)
		}
		return nil
	}
	if !slices.Contains(o.Types, kind) {
		return fmt.Errorf("%w: %q, not %s", ErrType, text, strings.Join(o.Types, " or "))
	}
	return nil
}

// body keeps the body of an answer, and returns how much was kept.
func (q query) body(ctx context.Context, resp *http.Response, o Options, heard func()) (int64, error) {
	said := resp.ContentLength
	if resp.Uncompressed { // by a client of the caller's
		said = -1
	}
	if said > o.MaxBytes {
		return 0, fmt.Errorf("%w (%d of %d bytes)", ErrTooLarge, said, o.MaxBytes)
	}
	came := &counted{r: &capped{r: &heeded{during{ctx, resp.Body}, heard}, left: o.MaxBytes, max: o.MaxBytes}}
	var r io.Reader = came
	switch packed := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); {
	case packed == "" || packed == "identity" || resp.Uncompressed:
	case packed == "gzip" || packed == "x-gzip":
		var err error
		if r, err = unzipped(came, came, o.MaxBytes); err != nil {
			return 0, err
		}
	default:
		return 0, backoff.Permanent(fmt.Errorf("%w: packed as %q, which was not asked for", errRefused, packed))
	}
	n, err := q.keep(r)
	if err == nil && said >= 0 && came.n != said {
		err = fmt.Errorf("%w: %d bytes were announced", io.ErrUnexpectedEOF, said)
	}
	return n, err
}

// heeded tells when something was read.
type heeded struct {
	r     io.Reader
	heard func()
}

func (h *heeded) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if n > 0 {
		h.heard()
	}
	return n, err
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
