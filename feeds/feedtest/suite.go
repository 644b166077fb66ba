package feedtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/open-postmarket/postmarket/feeds"
)

// A Suite says which source is tested, and what its publisher holds.
type Suite struct {
	// Name is the name the source has, for good.
	Name string
	// URL is the address the source asks, on a host of its own. Empty for a source
	// that reads files.
	URL string
	// Open makes a new source that reads from p.
	Open func(p Publisher) feeds.Source
	// Handler plays a publisher that holds these files. Nil serves each under its
	// path, with an ETag.
	Handler func(files fs.FS) http.Handler
	// Before is what the publisher holds at first: at least three records. After is
	// what it holds later: at least one record has changed that is not the last.
	Before, After fs.FS
	// Bad is Before with the records Damaged made unreadable. They are not the last.
	Bad     fs.FS
	Damaged []string
	// Golden is the file that keeps what Before decodes to. It is written anew
	// when POSTMARKET_UPDATE is 1.
	Golden string
	// Limit is how many bytes of an endless body may be read. 0 means 256 MiB.
	Limit int64
	// Without names the promises that cannot be made, by their sentences, each
	// with the reason.
	Without map[string]string
}

// A Publisher is where a source under test reads.
type Publisher struct {
	// URL and Client are set when the Suite has a URL. Nothing leaves the process.
	URL    string
	Client *http.Client
	// FS is set when it has none.
	FS fs.FS
}

// A PromiseError says which promise was broken and how.
type PromiseError struct {
	Promise string // the sentence
	Err     error
}

func (e *PromiseError) Error() string { return e.Promise + ": " + e.Err.Error() }

// Unwrap returns how it was broken.
func (e *PromiseError) Unwrap() error { return e.Err }

type promise[S any] struct {
	sentence string
	holds    func(ctx context.Context, s S) error
}

var promises = []promise[Suite]{
	{"the name is stable", nameIsStable},
	{"nothing is missed from any Next", nothingMissed},
	{"a changed old record comes again", changedComesAgain},
	{"a reader may stop early", mayStopEarly},
	{"a failing publisher is an error", failingIsError},
	{slowDown, slowDownObeyed},
	{"a cut-off body is an error", cutOffIsError},
	{"an endless body is cut", endlessIsCut},
	{"a slow publisher is given up", slowGivenUp},
	{"the wrong content type is an error", wrongTypeIsError},
	{"a page told twice or out of order loses nothing", shuffledLosesNothing},
	{"a change amid a reading is not missed", changeAmidReading},
	{"one bad record does not hide the next", badHidesNothing},
	{"a cancelled context ends the reading", canceledEnds},
	{"no goroutine is left", noGoroutineLeft},
	{"what is decoded matches the golden", goldenMatches},
}

const slowDown = `"slow down" is obeyed`

// Run tests a source, one subtest a promise, each in a bubble of testing/synctest:
// waiting costs no time. A goroutine that is left for good is found by the
// bubble, too, which then panics.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	for _, p := range promises {
		t.Run(p.sentence, func(t *testing.T) {
			if why, ok := s.Without[p.sentence]; ok {
				t.Skip("not promised: " + why)
			}
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if err := p.holds(t.Context(), s); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Check tests a source without a *testing.T. Its error joins a *PromiseError for
// each promise broken. Outside a bubble of testing/synctest the promises about
// waiting take their real time, minutes in all.
func Check(ctx context.Context, s Suite) error {
	if err := s.check(); err != nil {
		return err
	}
	var errs []error
	for _, p := range promises {
		if _, ok := s.Without[p.sentence]; ok {
			continue
		}
		if err := p.holds(ctx, s); err != nil {
			errs = append(errs, &PromiseError{p.sentence, err})
		}
	}
	return errors.Join(errs...)
}

// check says what a suite lacks.
func (s Suite) check() error {
	var errs []error
	lacks := func(missing bool, what string) {
		if missing {
			errs = append(errs, errors.New("feedtest: the suite lacks "+what))
		}
	}
	kept := func(sentence string) bool { _, without := s.Without[sentence]; return !without }
	lacks(s.Name == "", "Name")
	lacks(s.Open == nil, "Open")
	lacks(s.Before == nil, "Before")
	lacks(s.After == nil && (kept("a changed old record comes again") || kept("nothing is missed from any Next")), "After")
	lacks((s.Bad == nil || len(s.Damaged) == 0) && kept("one bad record does not hide the next"), "Bad or Damaged")
	lacks(s.Golden == "" && kept("what is decoded matches the golden"), "Golden")
	lacks(s.URL == "" && kept(slowDown), "URL, so it cannot promise: "+slowDown)
	for sentence, why := range s.Without {
		known := false
		for _, p := range promises {
			known = known || p.sentence == sentence
		}
		if !known {
			errs = append(errs, fmt.Errorf("feedtest: Without names %q, which is no promise", sentence))
		}
		lacks(why == "", fmt.Sprintf("the reason why it is without %q", sentence))
	}
	return errors.Join(errs...)
}

func (s Suite) limit() int64 {
	if s.Limit > 0 {
		return s.Limit
	}
	return 256 << 20
}
