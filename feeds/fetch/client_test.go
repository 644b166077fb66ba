package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

func TestPublicNetworkIsToldFromTheRest(t *testing.T) {
	t.Parallel()
	for text, public := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "64:ff9b::808:808": true, "2002:808:808::1": true,
		"10.1.2.3": false, "172.16.0.1": false, "192.168.0.1": false, "127.0.0.1": false, "::1": false, "169.254.169.254": false,
		"fe80::1": false, "fd00::1": false, "fec0::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false, "224.0.0.1": false, "ff02::1": false,
		"100.64.0.1": false, "198.18.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "2001:db8::1": false,
		"::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true, "64:ff9b::a00:1": false, "2002:7f00:1::": false, "::10.0.0.1": false,
	} {
		require.Equal(t, public, fetch.Public(netip.MustParseAddr(text)), text)
	}
	require.False(t, fetch.Public(netip.Addr{}))
}

// TestRedirectIntoThePrivateNetworkIsRefusedWhereItIsDialed plays with this
// machine alone: 127.0.0.1 is taken for the public network, 127.0.0.2 for the private
// one. The name localhost tells nothing apart, so it is the dialed address that does.
func TestRedirectIntoThePrivateNetworkIsRefusedWhereItIsDialed(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this system has no second loopback address")
	}
	var reached atomic.Int32
	private := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		reached.Add(1)
		fmt.Fprint(w, "inner")
	}))
	private.Listener.Close()
	private.Listener = inner
	private.Start()
	defer private.Close()
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		fmt.Fprint(w, "outer")
	}))
	defer outer.Close()
	isPublic := func(at netip.Addr) bool { return at == netip.MustParseAddr("127.0.0.1") }
	_, port, err := net.SplitHostPort(inner.Addr().String())
	require.NoError(t, err)

	get := func(opts fetch.ClientOptions, address string) (string, error) {
		client := fetch.NewClientWhere(isPublic, opts)
		defer client.CloseIdleConnections()
		got, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Tries: 1})
		return string(got.Body), err
	}
	body, err := get(fetch.ClientOptions{}, private.URL)
	require.NoError(t, err, "an address that the caller names may be private")
	require.Equal(t, "inner", body)
	body, err = get(fetch.ClientOptions{}, private.URL+"/?to="+url.QueryEscape(private.URL+"/there"))
	require.NoError(t, err, "from the private network to itself")
	require.Equal(t, "inner", body)
	body, err = get(fetch.ClientOptions{}, outer.URL+"/?to="+url.QueryEscape(outer.URL+"/there"))
	require.NoError(t, err)
	require.Equal(t, "outer", body)

	reached.Store(0)
	_, err = get(fetch.ClientOptions{}, outer.URL+"/?to="+url.QueryEscape(private.URL))
	require.ErrorContains(t, err, "refused: a redirect to "+inner.Addr().String()+", which is not in the public network")
	// A name of the redirect that resolves to the private address, after a hop that is allowed.
	_, err = get(fetch.ClientOptions{}, outer.URL+"/?to="+url.QueryEscape("http://127.0.0.2:"+port+"/"))
	require.ErrorContains(t, err, "not in the public network")
	require.Zero(t, reached.Load(), "nothing may be sent there")

	body, err = get(fetch.ClientOptions{Private: true}, outer.URL+"/?to="+url.QueryEscape(private.URL))
	require.NoError(t, err, "configured")
	require.Equal(t, "inner", body)

	// The dialed address, not only the name: the guarded dialer knows what it connects to.
	named := fetch.NewClientWhere(func(at netip.Addr) bool { return at == netip.MustParseAddr("127.0.0.3") }, fetch.ClientOptions{})
	defer named.CloseIdleConnections()
	from := &http.Request{URL: &url.URL{Scheme: "https", Host: "publisher.example"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:"+strings.Split(outer.URL, ":")[2], nil)
	require.NoError(t, err)
	req.Response = &http.Response{Request: from}
	resp, err := named.Transport.RoundTrip(req)
	require.ErrorContains(t, err, "not in the public network")
	require.Nil(t, resp)
}

func TestRedirectByNameIntoThePrivateNetworkIsRefusedForAnyClient(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"https://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[fd00::1]/", "https://localhost/", "https://a.localhost./"} {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) {
			return answer(r, 302, "", "Location", to), nil
		}).client()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client})
		require.ErrorContains(t, err, "not in the public network", to)
		require.Len(t, *asked, 1)
	}
	client, _ := publisher(func(n int, r *http.Request) (*http.Response, error) {
		if n == 1 {
			return answer(r, 302, "", "Location", "https://10.0.0.2/"), nil
		}
		return answer(r, 200, "x"), nil
	}).client()
	_, err := fetch.Get(t.Context(), "https://10.0.0.1/", fetch.Validators{}, &fetch.Options{Client: client})
	require.NoError(t, err, "within the private network")
}

func TestProxyOfTheOptionsIsUsedAndMayBePrivate(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "http://localhost:1/here", http.StatusFound)
			return
		}
		fmt.Fprintf(w, "%s by proxy", r.URL)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	client := fetch.NewClient(&fetch.ClientOptions{Proxy: func(*http.Request) (*url.URL, error) { return at, nil }})
	defer client.CloseIdleConnections()
	for _, path := range []string{"here", "moved"} {
		got, err := fetch.Get(t.Context(), "http://localhost:1/"+path, fetch.Validators{}, &fetch.Options{Client: client})
		require.NoError(t, err)
		require.Equal(t, "http://localhost:1/here by proxy", string(got.Body))
	}
	broken := fetch.NewClient(&fetch.ClientOptions{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no such setting") }})
	_, err = fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: broken, Tries: 1})
	require.ErrorContains(t, err, "proxy: no such setting")
}

func TestExpiredCertificateIsAnErrorAndAskedOnce(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	until := time.Now().Add(-time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	var handshakes atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	srv.Config.ErrorLog = quiet
	srv.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			handshakes.Add(1)
			return nil, nil
		},
	}
	srv.StartTLS()
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	_, err = fetch.Get(t.Context(), srv.URL, fetch.Validators{}, &fetch.Options{Client: client})
	require.ErrorContains(t, err, "certificate has expired")
	require.EqualValues(t, 1, handshakes.Load())
	_, err = fetch.Get(t.Context(), srv.URL, fetch.Validators{}, nil)
	require.ErrorContains(t, err, "certificate", "nobody we know signed it")
}

func TestPublisherThatIsDownIsAskedAgainAndThenAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("connection refused")
		client, asked := publisher(func(int, *http.Request) (*http.Response, error) { return nil, refused }).client()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client})
		require.ErrorIs(t, err, refused)
		require.Len(t, *asked, 4)
		require.Greater(t, (*asked)[3].Sub((*asked)[0]), 4*time.Second)
	})
}

func TestSlowPublisherIsGivenUp(t *testing.T) {
	t.Parallel()
	slow := func(every time.Duration) publisher {
		return func(_ int, r *http.Request) (*http.Response, error) {
			resp := answer(r, 200, "")
			resp.Body, resp.ContentLength = io.NopCloser(&dripping{r, every}), -1
			return resp, nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		client, _ := slow(time.Second).client()
		start := time.Now()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Tries: 1})
		require.ErrorContains(t, err, "deadline exceeded", "something comes, but never the end")
		require.Equal(t, 2*time.Minute, time.Since(start))
	})
	synctest.Test(t, func(t *testing.T) {
		client, _ := slow(time.Hour).client()
		start := time.Now()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Tries: 1, Timeout: 3 * time.Hour})
		require.ErrorContains(t, err, "nothing came any more for 1m0s")
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// dripping is a body of which a byte comes now and then, until its request ends.
type dripping struct {
	req   *http.Request
	every time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	next := time.NewTimer(d.every)
	defer next.Stop()
	select {
	case <-d.req.Context().Done():
		return 0, d.req.Context().Err()
	case <-next.C:
		p[0] = ' '
		return 1, nil
	}
}

func TestWrongContentTypeIsAnErrorAndAskedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said  string
		types []string
		want  string
	}{
		{"text/html; charset=utf-8", nil, `"text/html; charset=utf-8", a page of HTML`},
		{"application/xhtml+xml", nil, "a page of HTML"},
		{"application/json; charset=utf-8", nil, ""},
		{"", []string{"application/json"}, ""},
		{"Application/JSON", []string{"application/json"}, ""},
		{"text/html;charset", []string{"application/json"}, "not application/json"},
		{"image/png", []string{"application/json", "text/json"}, `"image/png", not application/json or text/json`},
		{"text/html", []string{"text/html"}, ""},
	} {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) {
			return answer(r, 200, "x", "Content-Type", c.said), nil
		}).client()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Types: c.types})
		require.Len(t, *asked, 1)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, fetch.ErrType)
		require.ErrorContains(t, err, c.want)
	}
}

func gzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(body)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestPackedBodyIsUnpackedAndBombsAreRefused(t *testing.T) {
	t.Parallel()
	good := gzipped(t, []byte(`{"a":1}`))
	for name, c := range map[string]struct {
		packing string
		body    []byte
		max     int64
		want    string
	}{
		"gzip":                   {"gzip", good, 0, ""},
		"x-gzip":                 {"x-gzip", good, 0, ""},
		"unpacked too large":     {"gzip", good, 6, "larger than allowed"},
		"out of proportion":      {"gzip", gzipped(t, make([]byte, 8<<20)), 0, "unpacks to more than 200 times its size"},
		"cut off":                {"gzip", good[:len(good)-3], 0, "unexpected EOF"},
		"cut off in the head":    {"gzip", good[:3], 0, "unexpected EOF"},
		"damaged":                {"gzip", append(bytes.Clone(good[:len(good)-1]), 'x'), 0, "invalid checksum"},
		"empty members, endless": {"gzip", bytes.Repeat(gzipped(t, nil), 1000), 4096, "larger than allowed"},
		"another packing":        {"br", good, 0, `packed as "br"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := publisher(func(_ int, r *http.Request) (*http.Response, error) {
					require.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
					return answer(r, 200, string(c.body), "Content-Encoding", c.packing), nil
				}).client()
				got, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, MaxBytes: c.max})
				if c.want == "" {
					require.NoError(t, err)
					require.JSONEq(t, `{"a":1}`, string(got.Body))
					return
				}
				require.ErrorContains(t, err, c.want)
			})
		})
	}
}

func TestLimitHoldsForEveryRequestAlsoThoseMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(n int, r *http.Request) (*http.Response, error) {
			if n%2 == 0 {
				return answer(r, 503, "", "Retry-After", "1"), nil
			}
			return answer(r, 200, "x"), nil
		}).client()
		opts := &fetch.Options{Client: client, Limit: rate.NewLimiter(rate.Every(6*time.Second), 1)}
		for range 3 {
			_, err := fetch.Get(t.Context(), address, fetch.Validators{}, opts)
			require.NoError(t, err)
		}
		require.Len(t, *asked, 5)
		for i := 1; i < len(*asked); i++ {
			require.GreaterOrEqual(t, (*asked)[i].Sub((*asked)[i-1]), 6*time.Second-time.Millisecond)
		}
	})
}

func TestStatusThatThisPublisherMeansAsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(r, 403, ""), nil
			}
			return answer(r, 200, "x"), nil
		}).client()
		_, err := fetch.Get(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, Busy: []int{403}, Pause: 30 * time.Second})
		require.NoError(t, err)
		require.GreaterOrEqual(t, (*asked)[1].Sub((*asked)[0]), 15*time.Second)
	})
}

func TestHeaderIsForThePublisherAlone(t *testing.T) {
	t.Parallel()
	var keys []string
	client, _ := publisher(func(n int, r *http.Request) (*http.Response, error) {
		keys = append(keys, r.URL.Host+" "+r.Header.Get("apiKey")+" "+r.Header.Get("If-None-Match"))
		switch n {
		case 1:
			return answer(r, 302, "", "Location", "/b"), nil
		case 2:
			return answer(r, 302, "", "Location", "https://other.example/c"), nil
		}
		return answer(r, 200, "x"), nil
	}).client()
	_, err := fetch.Get(t.Context(), address, fetch.Validators{ETag: "v"}, &fetch.Options{Client: client, Header: http.Header{"apiKey": {"secret"}}})
	require.NoError(t, err)
	require.Equal(t, []string{"publisher.example secret v", "publisher.example secret v", "other.example  v"}, keys)
	_, err = fetch.Get(t.Context(), "https://user:secret@publisher.example/", fetch.Validators{}, nil)
	require.ErrorContains(t, err, "holds a user name")
	require.NotContains(t, err.Error(), "secret")
}

func TestQuestionIsPostedAndAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(n int, r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, "POST application/json {}", r.Method+" "+r.Header.Get("Content-Type")+" "+string(body))
			if n == 1 {
				return answer(r, 502, ""), nil
			}
			return answer(r, 200, "[]"), nil
		}).client()
		got, err := fetch.Post(t.Context(), address, []byte("{}"), &fetch.Options{Client: client})
		require.NoError(t, err)
		require.Equal(t, "[]", string(got.Body))
		require.Len(t, *asked, 2)
	})
}

func TestLargeBodyIsSavedOnceWholeAndRemovedWhenClosed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left := func() int {
		entries, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		return len(entries)
	}
	synctest.Test(t, func(t *testing.T) {
		client, _ := publisher(func(n int, r *http.Request) (*http.Response, error) {
			if r.Header.Get("If-None-Match") == "v1" {
				return answer(r, 304, ""), nil
			}
			resp := answer(r, 200, strings.Repeat("x", 1000), "ETag", "v1")
			if n == 1 {
				resp.ContentLength = 2000
			}
			return resp, nil
		}).client()
		opts := &fetch.Options{Client: client}
		got, err := fetch.Save(t.Context(), address, fetch.Validators{}, opts)
		require.NoError(t, err)
		body, err := io.ReadAll(got.File)
		require.NoError(t, err)
		require.Len(t, body, 1000, "not the rest of the first try")
		require.EqualValues(t, 1000, got.Size)
		require.Equal(t, 1, left())
		require.NoError(t, got.Close())
		require.Zero(t, left())
		again, err := fetch.Save(t.Context(), address, got.Validators, opts)
		require.NoError(t, err)
		require.True(t, again.Unchanged)
		require.NoError(t, again.Close())
		_, err = fetch.Save(t.Context(), address, fetch.Validators{}, &fetch.Options{Client: client, MaxBytes: 10})
		require.ErrorIs(t, err, fetch.ErrTooLarge)
		require.Zero(t, left())
	})
	t.Setenv("TMPDIR", "/nowhere/at/all")
	_, err := fetch.Save(t.Context(), address, fetch.Validators{}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestDeadlineAmidTheWaitForALimitIsADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, asked := publisher(func(_ int, r *http.Request) (*http.Response, error) { return answer(r, 200, "x"), nil }).client()
		opts := &fetch.Options{Client: client, Limit: rate.NewLimiter(rate.Every(time.Minute), 1)}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		for range 2 {
			_, err := fetch.Get(ctx, address, fetch.Validators{}, opts)
			require.NoError(t, err)
		}
		_, err := fetch.Get(ctx, address, fetch.Validators{}, opts)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 90*time.Second, time.Since(start))
		require.Len(t, *asked, 2)
	})
}

// One client for all feeds says who asks, and how it connects.
func ExampleNewClient() {
	publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.UserAgent()) }))
	defer publisher.Close()
	client := fetch.NewClient(&fetch.ClientOptions{Contact: "psirt@pumps.example"})
	defer client.CloseIdleConnections()
	got, err := fetch.Get(context.Background(), publisher.URL, fetch.Validators{}, &fetch.Options{Client: client})
	fmt.Println(string(got.Body), err)
	// Output: postmarket (+https://github.com/open-postmarket/postmarket; psirt@pumps.example) <nil>
}

func ExamplePost() {
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		question, err := io.ReadAll(r.Body)
		return answer(r, http.StatusOK, "you asked "+string(question)), err
	})}
	got, err := fetch.Post(context.Background(), "https://publisher.example/query", []byte(`{"id":1}`), &fetch.Options{Client: client})
	fmt.Println(string(got.Body), err)
	// Output: you asked {"id":1} <nil>
}

func ExampleSave() {
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, strings.Repeat("record ", 1000)), nil
	})}
	saved, err := fetch.Save(context.Background(), "https://publisher.example/all.zip", fetch.Validators{}, &fetch.Options{Client: client})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer saved.Close()
	fmt.Println(saved.Size, "bytes on disk until it is closed")
	// Output: 7000 bytes on disk until it is closed
}
