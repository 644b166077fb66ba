package nvd_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/feeds/nvd"
)

const mirror = "https://nvd.example/api"

// database is a publisher that changes. Its order is that of By.
type database struct {
	all []held
	at  time.Time
	by  func(a, b held) int
	// before is called with the number of each request, from 1, before it is answered;
	// answer answers in place of the publisher if it returns true.
	before func(n int)
	answer func(n int, w http.ResponseWriter, r *http.Request) bool
	asked  []*http.Request
	times  []time.Time
}

func byID(a, b held) int { return cmp.Compare(a.ID, b.ID) }
func byModified(a, b held) int {
	return cmp.Or(cmp.Compare(a.LastModified, b.LastModified), byID(a, b))
}

// newDatabase has n records, modified one a day from 2025-01-01 on.
func newDatabase(n int) *database {
	d := &database{by: byID}
	for i := range n {
		d.set(i, time.Date(2025, 1, 1+i, 0, 0, 0, 0, time.UTC), "Analyzed")
	}
	d.at = time.Date(2025, 1, 1+n, 0, 0, 0, 0, time.UTC)
	return d
}

func id(i int) string { return fmt.Sprintf("CVE-2025-%04d", 1000+i) }

func (d *database) set(i int, modified time.Time, state string) {
	h := held{ID: id(i), LastModified: modified.Format(stamp)}
	h.raw = json.RawMessage(fmt.Sprintf(`{"id":%q,"lastModified":%q,"published":"2025-01-01T00:00:00.000","vulnStatus":%q}`, h.ID, h.LastModified, state))
	d.all = slices.DeleteFunc(d.all, func(o held) bool { return o.ID == h.ID })
	d.all = append(d.all, h)
}

func (d *database) client() *http.Client {
	return inMemory(func(w http.ResponseWriter, r *http.Request) {
		d.asked, d.times = append(d.asked, r), append(d.times, time.Now())
		n := len(d.asked)
		if d.before != nil {
			d.before(n)
		}
		if d.answer != nil && d.answer(n, w, r) {
			return
		}
		all := slices.Clone(d.all)
		slices.SortFunc(all, d.by)
		serve(w, r, all, d.at)
	})
}

func (d *database) feed(opts nvd.Options) *nvd.Feed {
	opts.From, opts.Client = mirror, d.client()
	if opts.PerPage == 0 {
		opts.PerPage = 4
	}
	return nvd.New(&opts)
}

// queries are what was asked since the last call, without what is in every one.
func (d *database) queries() []string {
	var out []string
	for _, r := range d.asked {
		q := r.URL.Query()
		text := q.Get("startIndex")
		if q.Has("lastModStartDate") {
			text += " " + q.Get("lastModStartDate") + " " + q.Get("lastModEndDate")
		}
		out = append(out, text)
	}
	d.asked = nil
	return out
}

// held is what a mirror of the feed holds: the state of each record.
type mirrored struct {
	state  map[string]string
	cursor feeds.Cursor
	whole  bool
}

// sync reads on from m's cursor, up to steps steps, as feeds.Sync would.
func (m *mirrored) sync(ctx context.Context, f *nvd.Feed, steps int) error {
	if m.state == nil {
		m.state = map[string]string{}
	}
	m.whole = false
	next, stop := iter.Pull2(f.Updates(ctx, m.cursor))
	defer stop()
	for ; steps > 0; steps-- {
		u, err, ok := next()
		if !ok {
			return nil
		}
		if bad := (*feeds.RecordError)(nil); errors.As(err, &bad) {
			continue
		}
		if err != nil {
			return err
		}
		if u.Record.Item != "" {
			m.state[u.Record.Item] = u.Record.State + " " + u.Record.Modified.Format(stamp)
		}
		m.cursor, m.whole = u.Next, u.Whole
	}
	return nil
}

const all = 1 << 30

// missing lists the records of d that m has not, or not as they are, without those
// of a time that has not come.
func (d *database) missing(m *mirrored) []string {
	var out []string
	for _, h := range d.all {
		if when, err := time.Parse(stamp, h.LastModified); err != nil || when.After(d.at) {
			continue
		}
		if !strings.HasSuffix(m.state[h.ID], " "+h.LastModified) {
			out = append(out, h.ID)
		}
	}
	return out
}

func TestFirstReadingListsAllAndLaterOnesAskForWhatChangedSince(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(9), &mirrored{}
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{Key: "the key"}), all))
		require.Empty(t, d.missing(m))
		require.True(t, m.whole)
		for _, r := range d.asked {
			require.Equal(t, "the key", r.Header.Get("apiKey"))
			require.Equal(t, "4", r.URL.Query().Get("resultsPerPage"))
			require.NotContains(t, r.URL.String(), "key")
		}
		require.Equal(t, []string{"0", "2", "4", "6", "0 2025-01-09T22:00:00.000Z 2025-05-09T22:00:00.000Z"}, d.queries(), "pages overlap by half of them, at most by 50; the listing is followed by what changed while it was read")
		require.JSONEq(t, `{"v":1,"url":"https://nvd.example/api","from":"2025-01-09T22:00:00Z"}`, string(m.cursor))
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.Len(t, d.queries(), 1)
		require.False(t, m.whole, "a window is not all there is")

		d.at = d.at.Add(72 * time.Hour)
		d.set(3, d.at.Add(-time.Hour), "Deferred")
		d.set(4, d.at.Add(-time.Hour), "Rejected")
		d.set(99, d.at.Add(-time.Hour), "Received")
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.Empty(t, d.missing(m))
		require.Len(t, m.state, 10)
		require.Contains(t, m.state[id(3)], "Deferred")
		require.Contains(t, m.state[id(4)], "Rejected")
		require.Equal(t, []string{"0 2025-01-09T22:00:00.000Z 2025-05-09T22:00:00.000Z"}, d.queries())
	})
}

func TestLongAbsenceIsCaughtUpInWindowsOf120Days(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(9), &mirrored{}
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		for i := range 9 {
			d.set(i, d.at.Add(time.Duration(i)*40*24*time.Hour), "Modified")
		}
		d.at = d.at.Add(9 * 40 * 24 * time.Hour)
		d.queries()
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.Empty(t, d.missing(m))
		require.Equal(t, []string{
			"0 2025-01-09T22:00:00.000Z 2025-05-09T22:00:00.000Z",
			"0 2025-05-09T20:00:00.000Z 2025-09-06T20:00:00.000Z",
			"0 2025-09-06T18:00:00.000Z 2026-01-04T18:00:00.000Z",
			"0 2026-01-04T16:00:00.000Z 2026-05-04T16:00:00.000Z",
		}, d.queries())
	})
}

func TestKilledAtAnyStepItGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for steps := 1; steps < 30; steps++ {
			d, m := newDatabase(9), &mirrored{}
			require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), steps))
			first := len(d.queries())
			require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
			require.Empty(t, d.missing(m), "killed at step %d", steps)
			require.LessOrEqual(t, first+len(d.queries()), 7, "killed at step %d, pages are read twice", steps)
			d.at = d.at.Add(24 * time.Hour)
			for i := range 9 {
				d.set(i, d.at.Add(-time.Minute), "Modified")
			}
			require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), steps))
			require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
			require.Empty(t, d.missing(m), "killed at step %d of a window", steps)
		}
	})
}

// TestRecordThatMovesWhileItIsPagedIsNotLost changes the database before each of
// the requests of a reading, in each of the orders a publisher may have.
func TestRecordThatMovesWhileItIsPagedIsNotLost(t *testing.T) {
	t.Parallel()
	for order, by := range map[string]func(a, b held) int{"by id": byID, "by date": byModified} {
		for what, change := range map[string]func(d *database){
			"one is modified": func(d *database) { d.at = d.at.Add(time.Minute); d.set(1, d.at, "Modified") },
			"one leaves":      func(d *database) { d.set(0, d.at.Add(1000*24*time.Hour), "Modified") },
			"many leave": func(d *database) {
				for i := range 6 {
					d.set(i, d.at.Add(1000*24*time.Hour), "Modified")
				}
			},
			"one vanishes":  func(d *database) { d.all = slices.DeleteFunc(d.all, func(h held) bool { return h.ID == id(2) }) },
			"the told last": func(d *database) { d.at = d.at.Add(time.Minute); d.set(3, d.at, "Modified") },
			"all vanish":    func(d *database) { d.all = nil },
			"one is new": func(d *database) {
				d.at = d.at.Add(time.Minute)
				d.set(8000, d.at, "Received")
			},
			"old ones are listed late": func(d *database) {
				for i := range 7 {
					d.set(-i, d.at.Add(-time.Hour), "Received")
				}
			},
		} {
			for request := 2; request < 7; request++ {
				t.Run(fmt.Sprintf("%s, %s, request %d", order, what, request), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						d, m := newDatabase(13), &mirrored{}
						d.by = by
						done := false
						change := func(n int) {
							if n == request && !done {
								done = true
								change(d)
							}
						}
						d.before = change
						err := m.sync(t.Context(), d.feed(nvd.Options{}), all)
						if what == "all vanish" && err != nil {
							return // a listing that tells nothing is an error
						}
						require.NoError(t, err)
						d.before, d.asked = nil, nil
						d.at = d.at.Add(time.Hour)
						require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
						require.Empty(t, d.missing(m))

						// The same within a window.
						for i := range 13 {
							d.set(i, d.at, "Modified")
						}
						d.at = d.at.Add(24 * time.Hour)
						done, d.before = false, change
						require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
						d.before = nil
						d.at = d.at.Add(time.Hour)
						require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
						require.Empty(t, d.missing(m))
					})
				})
			}
		}
	}
}

func TestWindowThatNeverHoldsStillIsAnErrorThatKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(40), &mirrored{}
		d.by = byModified
		d.before = func(int) { // everything that was told moves to the end
			d.at = d.at.Add(time.Hour)
			for i := range 40 {
				d.set((i*7+len(d.asked)*11)%40, d.at.Add(time.Duration(i)*time.Minute), "Modified")
			}
		}
		err := m.sync(t.Context(), d.feed(nvd.Options{}), all)
		require.ErrorContains(t, err, "changes faster than it can be read")
		require.Less(t, len(d.asked), 60)
		d.before = nil
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.Empty(t, d.missing(m))
	})
}

func TestPublisherThatSendsFewerThanAskedForIsReadToTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(300), &mirrored{}
		d.answer = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			q := r.URL.Query()
			q.Set("resultsPerPage", "20")
			r.URL.RawQuery = q.Encode()
			return false
		}
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{PerPage: 2000}), all))
		require.Empty(t, d.missing(m))
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{PerPage: 2000}), all))
	})
}

func TestPageThatIsNotWhatWasAskedForIsAnErrorAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		answer func(d *database, r *http.Request) // changes what is asked
		want   string
	}{
		"the page before, as it is": {func(_ *database, r *http.Request) { at(r, 0) }, "a page from place 0, asked for 4"},
		"the next page":             {func(_ *database, r *http.Request) { at(r, 6) }, "a page from place 6, asked for 4"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, m := newDatabase(9), &mirrored{}
				d.answer = func(n int, _ http.ResponseWriter, r *http.Request) bool {
					if n == 3 {
						c.answer(d, r)
					}
					return false
				}
				require.ErrorContains(t, m.sync(t.Context(), d.feed(nvd.Options{}), all), c.want)
				d.answer = nil
				require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
				require.Empty(t, d.missing(m))
			})
		})
	}
}

func at(r *http.Request, start int) {
	q := r.URL.Query()
	q.Set("startIndex", strconv.Itoa(start))
	r.URL.RawQuery = q.Encode()
}

// TestPageToldTwiceUnderAnotherPlaceIsAnError has a publisher that repeats a page
// and says it was the next.
func TestPageToldTwiceUnderAnotherPlaceIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(9), &mirrored{}
		d.answer = func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n != 2 {
				return false
			}
			part := slices.Clone(d.all[:4])
			var elements []string
			for _, h := range part {
				elements = append(elements, `{"cve":`+string(h.raw)+`}`)
			}
			fmt.Fprintf(w, `{"resultsPerPage":4,"startIndex":2,"totalResults":9,"vulnerabilities":[%s]}`, strings.Join(elements, ","))
			return true
		}
		require.ErrorContains(t, m.sync(t.Context(), d.feed(nvd.Options{}), all), "tells only what was told before")
		d.answer = nil
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.Empty(t, d.missing(m))
	})
}

func TestPageIsHeldAgainstWhatItSaysOfItself(t *testing.T) {
	t.Parallel()
	one := `{"cve":` + object + `}`
	for want, doc := range map[string]string{
		"does not say how many":            `{"startIndex":0,"vulnerabilities":[` + one + `]}`,
		"an empty page at 0 of 3":          `{"startIndex":0,"totalResults":3,"resultsPerPage":0,"vulnerabilities":[]}`,
		"a page of 1 records that says":    `{"startIndex":0,"totalResults":3,"resultsPerPage":2,"vulnerabilities":[` + one + `]}`,
		"a page of 2 records where 1":      `{"startIndex":0,"totalResults":1,"resultsPerPage":2000,"vulnerabilities":[` + one + `,` + one + `]}`,
		"from place 2, asked for 0":        `{"startIndex":2,"totalResults":3,"vulnerabilities":[` + one + `]}`,
		`totalResults "\"3\"" is no count`: `{"startIndex":0,"totalResults":"3","vulnerabilities":[]}`,
		`startIndex "-1" is no count`:      `{"startIndex":-1,"totalResults":3,"vulnerabilities":[]}`,
		`timestamp "noon" is no time`:      `{"startIndex":0,"totalResults":0,"timestamp":"noon","vulnerabilities":[]}`,
		"no page of CVE records: a list":   `{"sources":[]}`,
		"no page of CVE records":           object,
	} {
		_, _, err := nvd.DecodePage([]byte(doc), 0, 2000)
		require.ErrorContains(t, err, want)
	}
	n, total, err := nvd.DecodePage([]byte(`{"startIndex":0,"totalResults":1,"resultsPerPage":1,"timestamp":"2025-12-25T03:00:00.7378299","vulnerabilities":[{"cve":{"id":"CVE-2024-0001"}}]}`), 0, 2000)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{n, total}, "a bad record counts as one")
}

func TestNothingAtAllIsAnErrorOfAListingAndNoneOfAWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(0), &mirrored{}
		d.at = time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
		require.ErrorIs(t, m.sync(t.Context(), d.feed(nvd.Options{}), all), feeds.ErrNothing)
		d.set(1, d.at, "Analyzed")
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		d.at = d.at.Add(48 * time.Hour)
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.Empty(t, d.missing(m))
	})
}

func TestPaceIsWhatNVDAsksFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts nvd.Options
		gap  time.Duration
	}{
		"without a key":               {nvd.Options{}, 6 * time.Second},
		"with a key":                  {nvd.Options{Key: "k"}, 2 * time.Second},
		"no faster than its limit":    {nvd.Options{Pause: time.Millisecond}, 6 * time.Second},
		"nor with a key":              {nvd.Options{Pause: time.Millisecond, Key: "k"}, 600 * time.Millisecond},
		"as slow as the caller likes": {nvd.Options{Pause: time.Minute}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, m := newDatabase(300), &mirrored{}
				f := d.feed(c.opts)
				require.NoError(t, m.sync(t.Context(), f, all))
				require.NoError(t, m.sync(t.Context(), f, all), "readings share the pace")
				for i := 1; i < len(d.times); i++ {
					require.InDelta(t, c.gap, d.times[i].Sub(d.times[i-1]), float64(time.Millisecond))
				}
				rolling := map[bool]int{true: 50, false: 5}[c.opts.Key != ""]
				for i := rolling; i < len(d.times); i++ {
					require.GreaterOrEqual(t, d.times[i].Sub(d.times[i-rolling]), 30*time.Second-time.Millisecond)
				}
			})
		})
	}
}

func TestBusyPublisherIsAskedAgainLater(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 429, 503} {
		synctest.Test(t, func(t *testing.T) {
			d, m := newDatabase(9), &mirrored{}
			d.answer = func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 2 || n == 3 {
					w.WriteHeader(status)
				}
				return n == 2 || n == 3
			}
			require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
			require.Empty(t, d.missing(m))
			require.GreaterOrEqual(t, d.times[2].Sub(d.times[1]), 15*time.Second)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		d, m := newDatabase(9), &mirrored{}
		d.answer = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 2 {
				w.WriteHeader(http.StatusForbidden)
			}
			return n > 2
		}
		err := m.sync(t.Context(), d.feed(nvd.Options{}), all)
		status := (*fetch.StatusError)(nil)
		require.ErrorAs(t, err, &status)
		require.Len(t, d.asked, 2+5)
		d.answer = nil
		d.asked = nil
		require.NoError(t, m.sync(t.Context(), d.feed(nvd.Options{}), all))
		require.NotEqual(t, "0", d.queries()[0], "it goes on where it was")
		require.Empty(t, d.missing(m))
	})
}

func TestKeyThatNVDDoesNotKnowIsAClearErrorThatDoesNotHoldIt(t *testing.T) {
	t.Parallel()
	d := newDatabase(1)
	d.answer = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusNotFound)
		return true
	}
	err := (&mirrored{}).sync(t.Context(), d.feed(nvd.Options{Key: "5ecret"}), all)
	require.ErrorContains(t, err, "to a key it does not know")
	require.NotContains(t, err.Error(), "5ecret")
}

func TestCursorOfAnotherFormOrAddressMeansFromTheBeginning(t *testing.T) {
	t.Parallel()
	good := `{"v":1,"url":"u","from":"2025-01-01T00:00:00Z","begun":"2025-02-01T00:00:00Z","index":2,"last":"CVE-2024-0001","total":5}`
	again, begins := nvd.Known(feeds.Cursor(good), "u")
	require.False(t, begins)
	require.JSONEq(t, good, string(again))
	for _, c := range []string{
		"", "garbage", "{}", "[]", strings.Replace(good, `"v":1`, `"v":2`, 1), strings.Replace(good, `"url":"u"`, `"url":"w"`, 1),
		strings.Replace(good, `"index":2`, `"index":-2`, 1), strings.Replace(good, `"last":"CVE-2024-0001",`, "", 1),
		strings.Replace(good, `"begun":"2025-02-01T00:00:00Z",`, "", 1), strings.Replace(good, `"index":2,`, "", 1),
	} {
		_, begins := nvd.Known(feeds.Cursor(c), "u")
		require.True(t, begins, c)
	}
}

func TestOptionsThatContradictEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string]nvd.Options{
		"More names files beside the address": {From: mirror, More: []string{"a.json"}},
		"Bootstrap is read before an API":     {From: "nvd/", Bootstrap: "years/"},
		`invalid URL escape`:                  {From: "https://nvd.example/%zz"},
		"neither https nor on this machine":   {From: "http://nvd.example/"},
		`"nowhere": `:                         {Bootstrap: "nowhere"},
	} {
		_, _, _, err := gather(nvd.New(&opts).Updates(t.Context(), ""))
		require.ErrorContains(t, err, want)
	}
	_, err := url.Parse(nvd.Publisher)
	require.NoError(t, err)
}

// The API is read page by page. A reader may stop, and go on later from the last Next.
func ExampleNew_api() {
	publisher := inMemory(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("asked from place", r.URL.Query().Get("startIndex"))
		fmt.Fprint(w, `{"startIndex":0,"resultsPerPage":1,"totalResults":1,"timestamp":"2025-01-02T12:00:00.000","vulnerabilities":[
			{"cve":{"id":"CVE-2025-0001","vulnStatus":"Deferred","lastModified":"2025-01-02T11:00:00.000"}}]}`)
	})
	feed := nvd.New(&nvd.Options{Client: publisher, Key: "with a key it may be asked more often"})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		if u.Record.Item == "" {
			fmt.Println(u.Next)
			break
		}
		fmt.Println(u.Record.Item, u.Record.State)
	}
	// Output:
	// asked from place 0
	// CVE-2025-0001 Deferred
	// {"v":1,"url":"https://services.nvd.nist.gov/rest/json/cves/2.0","from":"2025-01-02T10:00:00Z"}
}
