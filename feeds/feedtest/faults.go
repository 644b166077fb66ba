package feedtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

var errCut = io.ErrUnexpectedEOF

// someDocuments are the first documents of a reading of Before, at most so many.
func (s Suite) someDocuments(ctx context.Context, most int) ([]string, error) {
	w := s.world(s.Before)
	if _, err := s.from(ctx, w, ""); err != nil {
		return nil, err
	}
	all := w.documents()
	if len(all) == 0 {
		return nil, errors.New("the source asks its publisher nothing")
	}
	return all[:min(len(all), most)], nil
}

// failing reads from a publisher with a fault. The reading has to end in an
// error; if the fault is in one of several files, a *feeds.RecordError will do.
func (s Suite) failing(ctx context.Context, f fault, what string) (*world, error) {
	if f.at != "" {
		what += fmt.Sprintf(" (of %q)", f.at)
	}
	w := s.world(s.Before)
	w.turn(s.Before, f)
	r, err := read(ctx, s.Open(w.publisher()), "")
	switch {
	case err != nil:
		return w, fmt.Errorf("%s: %w", what, err)
	case r.err == nil && (s.URL != "" || f.at == "" || len(r.rejected) == 0):
		return w, fmt.Errorf("%s: the reading ends without an error, %d records told", what, len(r.told()))
	case r.err != nil && r.whole:
		return w, fmt.Errorf("%s: the reading is said to be Whole", what)
	}
	if err := w.left(); err != nil {
		return w, fmt.Errorf("%s: %w", what, err)
	}
	return w, nil
}

// places are the documents a fault can be in, and all of them at once.
func (s Suite) places(ctx context.Context, most int) ([]string, error) {
	docs, err := s.someDocuments(ctx, most)
	return append([]string{""}, docs...), err
}

func failingIsError(ctx context.Context, s Suite) error {
	places, err := s.places(ctx, 5)
	if err != nil {
		return err
	}
	faults := map[string]fault{
		"a page of HTML in place of the answer": sends("<!DOCTYPE html><html><body>Please sign in</body></html>"),
		"an empty answer":                       sends(""),
		"the wrong JSON":                        sends("{}"),
		"cannot be opened": {answer: func(int) (int, http.Header, error) {
			return 0, nil, fs.ErrPermission
		}},
	}
	if s.URL != "" {
		for _, status := range []int{400, 403, 404, 500, 502} {
			faults[fmt.Sprintf("status %d", status)] = fault{answer: func(int) (int, http.Header, error) { return status, nil, nil }}
		}
	}
	for what, f := range faults {
		for _, f.at = range places {
			if _, err := s.failing(ctx, f, what); err != nil {
				return err
			}
		}
	}
	return nil
}

func sends(text string) fault {
	return fault{body: func([]byte) (io.Reader, int, error) { return bytes.NewReader([]byte(text)), len(text), io.EOF }}
}

// manyTries is more often than a polite client asks a publisher that is busy.
const manyTries = 20

func slowDownObeyed(ctx context.Context, s Suite) error {
	docs, err := s.someDocuments(ctx, 3)
	if err != nil {
		return err
	}
	const asked = 2 * time.Minute
	for _, doc := range docs {
		for what, answer := range map[string]func() (int, http.Header){
			"429 with seconds": func() (int, http.Header) {
				return http.StatusTooManyRequests, http.Header{"Retry-After": {"120"}}
			},
			"503 with seconds": func() (int, http.Header) {
				return http.StatusServiceUnavailable, http.Header{"Retry-After": {"120"}}
			},
			"503 with an instant": func() (int, http.Header) {
				now := time.Now().UTC().Truncate(time.Second)
				return http.StatusServiceUnavailable, http.Header{
					"Date": {now.Format(http.TimeFormat)}, "Retry-After": {now.Add(asked + time.Second).Format(http.TimeFormat)},
				}
			},
		} {
			if err := s.slowedOnce(ctx, doc, asked, answer); err != nil {
				return fmt.Errorf("%s for %q: %w", what, doc, err)
			}
		}
	}
	w, err := s.failing(ctx, fault{at: docs[0], answer: func(int) (int, http.Header, error) {
		return http.StatusTooManyRequests, nil, nil
	}}, "429 for ever")
	if err != nil {
		return err
	}
	times := w.requests()
	if len(times) > manyTries {
		return fmt.Errorf("429 for ever: asked %d times", len(times))
	}
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); gap < 500*time.Millisecond {
			return fmt.Errorf("429 for ever: asked again after %v", gap)
		}
	}
	return nil
}

// slowedOnce lets the publisher ask once for a pause.
func (s Suite) slowedOnce(ctx context.Context, doc string, asked time.Duration, answer func() (int, http.Header)) error {
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	w := s.world(s.Before)
	var said time.Time
	w.turn(s.Before, fault{at: doc, answer: func(try int) (int, http.Header, error) {
		if try > 1 {
			return 0, nil, nil
		}
		said = time.Now()
		status, header := answer()
		return status, header, nil
	}})
	r, err := read(ctx, s.Open(w.publisher()), "")
	if err = errors.Join(err, r.err); err != nil {
		return fmt.Errorf("the reading ends, though the publisher only asked to wait: %w", err)
	}
	for _, at := range w.requests() {
		if at.After(said) && at.Sub(said) < asked {
			return fmt.Errorf("asked again after %v, not after %v", at.Sub(said), asked)
		}
	}
	if lost := missing(r.told(), full.told()); len(lost) > 0 {
		return fmt.Errorf("%v are missing", lost)
	}
	return nil
}

func cutOffIsError(ctx context.Context, s Suite) error {
	docs, err := s.someDocuments(ctx, 5)
	if err != nil {
		return err
	}
	type how struct {
		what     string
		announce bool
		end      error
	}
	hows := []how{{"cut off", false, io.EOF}}
	if s.URL != "" {
		hows = append(hows, how{"the connection breaks", false, errCut}, how{"shorter than announced", true, io.EOF}, how{"shorter than announced, and the connection breaks", true, errCut})
	}
	for _, doc := range docs {
		for _, h := range hows {
			for _, part := range []int{1, 50, 99, 100} {
				f := fault{at: doc, body: func(sent []byte) (io.Reader, int, error) {
					cut := bytes.TrimSpace(sent)
					announced := -1
					if h.announce {
						announced = len(sent)
					}
					return bytes.NewReader(cut[:min(len(cut)-1, len(cut)*part/100)]), announced, h.end
				}}
				if _, err := s.failing(ctx, f, fmt.Sprintf("%s after %d%%", h.what, part)); err != nil {
					return err
				}
			}
		}
		if s.URL == "" {
			continue
		}
		longer := fault{at: doc, body: func(sent []byte) (io.Reader, int, error) { return bytes.NewReader(sent), len(sent) / 2, io.EOF }}
		if _, err := s.failing(ctx, longer, "longer than announced"); err != nil {
			return err
		}
	}
	return nil
}

func endlessIsCut(ctx context.Context, s Suite) error {
	docs, err := s.someDocuments(ctx, 2)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		for what, f := range map[string]fault{
			"spaces before the end": {body: func(sent []byte) (io.Reader, int, error) {
				sent = bytes.TrimSpace(sent)
				return io.MultiReader(bytes.NewReader(sent[:len(sent)-1]), endless(' ')), -1, io.EOF
			}},
			"spaces after the end": {body: func(sent []byte) (io.Reader, int, error) {
				return io.MultiReader(bytes.NewReader(sent), endless('\n')), -1, io.EOF
			}},
			"a string without end": {body: func(sent []byte) (io.Reader, int, error) {
				half := bytes.LastIndexByte(sent, ':') + 1
				return io.MultiReader(bytes.NewReader(sent[:half]), bytes.NewReader([]byte(`"`)), endless('x')), -1, io.EOF
			}},
			"one byte for ever": {body: func([]byte) (io.Reader, int, error) { return endless('0'), -1, io.EOF }},
		} {
			f.at = doc
			w, err := s.failing(ctx, f, "endless: "+what)
			w.mu.Lock()
			overrun := w.overrun
			w.mu.Unlock()
			if overrun {
				return fmt.Errorf("%s (of %q): more than %d bytes are read", what, doc, s.limit())
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// endless is a reader of one byte that never ends.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	p[0] = byte(e)
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

// aDay is longer than anybody waits for one document.
const aDay = 24 * time.Hour

// drip is a body of which now and then a space comes, and never the end.
type drip struct {
	w     *world
	since time.Time
}

func (d *drip) Read(p []byte) (int, error) {
	if d.since.IsZero() {
		d.since = time.Now()
	}
	if time.Since(d.since) > aDay {
		d.w.mu.Lock()
		defer d.w.mu.Unlock()
		d.w.stray = true
		return 0, errors.New("the connection was closed")
	}
	time.Sleep(20 * time.Second)
	p[0] = ' '
	return 1, nil
}

func slowGivenUp(ctx context.Context, s Suite) error {
	if s.URL == "" {
		return nil // what a disk has not sent, nobody can wait for
	}
	docs, err := s.someDocuments(ctx, 2)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		w := s.world(s.Before)
		w.turn(s.Before, fault{at: doc, body: func([]byte) (io.Reader, int, error) { return &drip{w: w}, -1, io.EOF }})
		r, err := read(ctx, s.Open(w.publisher()), "")
		switch {
		case err != nil:
			return err
		case w.stray:
			return fmt.Errorf("%q comes a byte every 20 s, and is still read a day later", doc)
		case r.err == nil:
			return fmt.Errorf("%q never comes, and the reading ends without an error", doc)
		}
		if err := w.left(); err != nil {
			return fmt.Errorf("%q never comes: %w", doc, err)
		}
	}
	return nil
}

func wrongTypeIsError(ctx context.Context, s Suite) error {
	if s.URL == "" {
		return nil // files have no content type
	}
	docs, err := s.someDocuments(ctx, 5)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		// A proxy that asks to sign in, a notice of maintenance.
		if _, err := s.failing(ctx, fault{at: doc, contentType: "text/html; charset=utf-8"}, "a page of HTML by its content type"); err != nil {
			return err
		}
	}
	return nil
}

// shuffledLosesNothing answers one document with another: a cache between that
// repeats a page, or that mixes them up. The reading may end in an error; what a
// mirror holds after the next one must be complete.
func shuffledLosesNothing(ctx context.Context, s Suite) error {
	if s.URL == "" {
		return nil // files are read by their names, and tell the same in any order
	}
	full, err := s.all(ctx, s.Before)
	if err != nil {
		return err
	}
	docs, err := s.someDocuments(ctx, 5)
	if err != nil {
		return err
	}
	for _, at := range docs {
		for _, as := range docs {
			if at == as {
				continue
			}
			w := s.world(s.Before)
			w.turn(s.Before, fault{at: at, as: as})
			have, err := s.twice(ctx, w, func() { w.turn(s.Before, fault{}) })
			if err != nil {
				return fmt.Errorf("%q answered with %q: %w", at, as, err)
			}
			if lost := missing(have, full.told()); len(lost) > 0 {
				return fmt.Errorf("%q answered with %q: %v are missing, also after the next reading", at, as, lost)
			}
		}
	}
	return nil
}

// twice reads from the beginning, then lets change happen and goes on from the last safe place, as a
// mirror does. It returns the newest records told.
func (s Suite) twice(ctx context.Context, w *world, change func()) (map[string]feeds.Record, error) {
	first, err := read(ctx, s.Open(w.publisher()), "")
	if err != nil {
		return nil, err
	}
	change()
	second, err := s.from(ctx, w, first.next())
	if err != nil {
		return nil, fmt.Errorf("the next reading: %w", err)
	}
	have := first.told()
	maps.Copy(have, second.told())
	return have, w.left()
}

func changeAmidReading(ctx context.Context, s Suite) error {
	after, err := s.all(ctx, s.After)
	if err != nil {
		return err
	}
	quiet := s.world(s.Before)
	if _, err := s.from(ctx, quiet, ""); err != nil {
		return err
	}
	for n := range min(len(quiet.requests()), 20) {
		w := s.world(s.Before)
		w.later, w.turning = s.After, n+1
		have, err := s.twice(ctx, w, func() { w.turn(s.After, fault{}) })
		if err != nil {
			return fmt.Errorf("changed after request %d: %w", n+1, err)
		}
		if lost := missing(have, after.told()); len(lost) > 0 {
			return fmt.Errorf("changed after request %d: %v are missing or old, also after the next reading", n+1, lost)
		}
	}
	return nil
}
