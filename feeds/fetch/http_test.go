package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// publisher answers requests without a network.
type publisher func(n int, r *http.Request) (*http.Response, error)

// client returns a client of p, and the times at which it asked.
func (p publisher) client() (*http.Client, *[]time.Time) {
	var asked []time.Time
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, time.Now())
		return p(len(asked), r)
	})}, &asked
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Header: h, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

const address = "https://publisher.example/catalog.json"

func TestPublisherIsAskedAgainAfterTheTimeItNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header    []string
		status    int
		low, high time.Duration
	}{
		"seconds":                  {[]string{"Retry-After", "90"}, 429, 90 * time.Second, 3 * time.Minute},
		"an instant":               {[]string{"Date", "Sat, 01 Jan 2000 00:00:10 GMT", "Retry-After", "Sat, 01 Jan 2000 00:03:10 GMT"}, 503, 3 * time.Minute, 4 * time.Minute},
		"an instant without today": {[]string{"Retry-After", "Sat, 01 Jan 2000 00:03:10 GMT"}, 503, time.Second, 10 * time.Second},
		"nothing":                  {nil, 500, time.Second, 10 * time.Second},
		"nonsense":                 {[]string{"Retry-After", "soon"}, 502, time.Second, 10 * time.Second},
		"the past":                 {[]string{"Retry-After", "-5"}, 504, time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, asked := publisher(func(n int, r *http.Request) (*http.Response, error) {
					if n == 1 {
						return answer(r, c.status, "busy", c.header...), nil
					}
					return answer(r, 200, "{}"), nil
				}).client()
				got, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client})
				require.NoError(t, err)
				require.Equal(t, "{}", string(got.Body))
				require.Len(t, *asked, 2)
				gap := (*asked)[1].Sub((*asked)[0])
				require.GreaterOrEqual(t, gap, c.low)
				require.LessOrEqual(t, gap, c.high)
			})
		})
	}
}

func TestPatienceAndTriesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) {
			return answer(r, 503, "", "Retry-After", "30"), nil
		}).client()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Tries: 3})
		status, ok := errors.AsType[*fetch.StatusError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, fetch.StatusError{URL: address, Status: 503, Wait: 30 * time.Second}, *status)
		require.EqualError(t, err, address+": 503 Service Unavailable (asks to wait 30s)")
		require.Len(t, *asked, 3)
	})
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) {
			return answer(r, 429, "", "Retry-After", "99999999999999999"), nil
		}).client()
		start := time.Now()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Patience: time.Hour})
		require.ErrorContains(t, err, "429")
		require.Len(t, *asked, 1, "what it asks for is longer than our patience")
		require.Zero(t, time.Since(start))
	})
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}).client()
		start := time.Now()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Timeout: 10 * time.Second, Tries: 2})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, *asked, 2)
		require.Less(t, time.Since(start), time.Minute)
	})
}

func TestWhatCannotGetBetterIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p    publisher
		opts fetch.Options
		want string
	}{
		"not found":             {func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 404, ""), nil }, fetch.Options{}, "404 Not Found"},
		"forbidden":             {func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 403, ""), nil }, fetch.Options{}, "403 Forbidden"},
		"no content":            {func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 204, ""), nil }, fetch.Options{}, "204 No Content"},
		"not modified, unasked": {func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 304, ""), nil }, fetch.Options{}, "304 Not Modified"},
		"announced too large":   {func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 200, "12345"), nil }, fetch.Options{MaxBytes: 4}, "larger than allowed (5 of 4 bytes)"},
		"too large unannounced": {func(_ int, r *http.Request) (*http.Response, error) {
			resp := answer(r, 200, "12345")
			resp.ContentLength = -1
			return resp, nil
		}, fetch.Options{MaxBytes: 4}, "at byte 4: larger than allowed (4 bytes)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, asked := c.p.client()
				c.opts.Client = client
				_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &c.opts)
				require.ErrorContains(t, err, c.want)
				require.Len(t, *asked, 1)
			})
		})
	}
}

func TestBodyOfJustTheMostThatIsAllowedIsTaken(t *testing.T) {
	t.Parallel()
	client, _ := publisher(func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 200, "1234"), nil }).client()
	got, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, MaxBytes: 4})
	require.NoError(t, err)
	require.Equal(t, "1234", string(got.Body))
}

func TestBodyThatIsNotAsLongAsAnnouncedIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, announced := range []int64{6, 4} {
			client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) {
				resp := answer(r, 200, "12345")
				resp.ContentLength = announced
				return resp, nil
			}).client()
			_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client})
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.ErrorContains(t, err, fmt.Sprintf("%d bytes were announced", announced))
			require.Len(t, *asked, 4, "a broken connection may get better")
		}
		client, _ := publisher(func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				return nil, io.ErrUnexpectedEOF
			}
			return answer(r, 200, "good"), nil
		}).client()
		got, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client})
		require.NoError(t, err)
		require.Equal(t, "good", string(got.Body))
	})
}

func TestOnlyHTTPSIsSpokenExceptWithThisMachine(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"http://publisher.example/a", "ftp://publisher.example/a", "https://", "catalog.json", "http://10.0.0.1/", "http://localhost.example/", "::"} {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 200, "x"), nil }).client()
		_, err := fetch.Get(t.Context(), bad, fetch.Validators{}, &fetch.Options{Client: client})
		require.ErrorContains(t, err, "refused", bad)
		require.Empty(t, *asked)
	}
	for _, good := range []string{"http://localhost:80/a", "http://127.0.0.5/a", "http://[::1]:8080/a"} {
		client, _ := publisher(func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 200, "x"), nil }).client()
		_, err := fetch.Get(t.Context(), good, fetch.Validators{}, &fetch.Options{Client: client})
		require.NoError(t, err, good)
	}
}

func TestRedirectsStayWithinWhatIsAllowed(t *testing.T) {
	t.Parallel()
	to := func(hops int, last string) publisher {
		return func(n int, r *http.Request) (*http.Response, error) {
			switch {
			case n < hops:
				return answer(r, 302, "", "Location", fmt.Sprintf("https://publisher.example/%d", n)), nil
			case n == hops && last != "":
				return answer(r, 301, "", "Location", last), nil
			}
			return answer(r, 200, "there"), nil
		}
	}
	for name, c := range map[string]struct {
		p    publisher
		from string
		want string
	}{
		"to plain http":        {to(1, "http://publisher.example/"), address, "neither https nor on this machine"},
		"to this machine":      {to(1, "http://127.0.0.1/"), address, "a redirect from https to http"},
		"without end":          {to(1000, ""), address, "more than 5 redirects"},
		"a few":                {to(5, "https://other.example/"), address, ""},
		"within this machine":  {to(1, "http://localhost/b"), "http://localhost/a", ""},
		"refused by the owner": {to(1, "https://other.example/no"), address, "not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, asked := c.p.client()
			client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
				if r.URL.Path == "/no" {
					return errors.New("not there")
				}
				return nil
			}
			got, err := fetch.Get(t.Context(), c.from, fetch.Validators{}, &fetch.Options{Client: client, Tries: 1})
			if c.want == "" {
				require.NoError(t, err)
				require.Equal(t, "there", string(got.Body))
				return
			}
			require.ErrorContains(t, err, c.want)
			require.LessOrEqual(t, len(*asked), 6)
		})
	}
}

func TestConditionalRequestOverARealConnection(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "postmarket (+https://github.com/open-postmarket/postmarket; psirt@pumps.example)", r.UserAgent())
		w.Header().Set("ETag", `W/"7"`)
		http.ServeContent(w, r, "a.json", time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), strings.NewReader("{}"))
	}))
	defer srv.Close()
	opts := &fetch.Options{Client: fetch.NewClient(&fetch.ClientOptions{Contact: "psirt@pumps.example"})}
	defer opts.Client.CloseIdleConnections()
	first, err := fetch.Get(t.Context(), srv.URL, fetch.Validators{}, opts)
	require.NoError(t, err)
	require.Equal(t, fetch.Answer{Body: []byte("{}"), Validators: fetch.Validators{ETag: `W/"7"`, LastModified: "Thu, 02 Jan 2025 03:04:05 GMT"}}, first)
	again, err := fetch.Get(t.Context(), srv.URL, first.Validators, opts)
	require.NoError(t, err)
	require.Equal(t, fetch.Answer{Validators: first.Validators, Unchanged: true}, again)
}

func TestCanceledWhileItWaitsEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := publisher(func(_ int, r *http.Request) (*http.Response, error) {
			return answer(r, 503, "", "Retry-After", "600"), nil
		}).client()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := fetch.Get(ctx, address, fetch.Validators{}, &fetch.Options{Client: client})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, time.Second, time.Since(start))
	})
}

// A client that is given plays the publisher, so that nothing leaves the process.
func ExampleGet() {
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("If-None-Match") == `"v1"` {
			return answer(r, http.StatusNotModified, ""), nil
		}
		return answer(r, http.StatusOK, `{"count":0}`, "ETag", `"v1"`), nil
	})}
	known := fetch.Validators{}
	for range 2 {
		got, err := fetch.Get(context.Background(), "https://publisher.example/catalog.json", known, &fetch.Options{Client: client})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("unchanged: %v, %d bytes\n", got.Unchanged, len(got.Body))
		known = got.Validators
	}
	// Output:
	// unchanged: false, 11 bytes
	// unchanged: true, 0 bytes
}
