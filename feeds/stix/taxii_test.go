package stix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/stix"
	"github.com/open-postmarket/postmarket/store/memory"
)

const host = "https://isao.example"

// network answers requests by a handler, without a network, and remembers them.
type network struct {
	handler http.Handler
	asked   []*http.Request
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.asked = append(n.asked, r)
	rec := httptest.NewRecorder()
	n.handler.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request, resp.ContentLength = r, int64(rec.Body.Len())
	return resp, nil
}

func (n *network) client() *http.Client { return &http.Client{Transport: n} }

// files copies a folder of testdata.
func files(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(dir + "/" + name)
		out[name] = &fstest.MapFile{Data: body}
		return err
	}))
	return out
}

func open(n *network, from string, opts stix.Options) *stix.Feed {
	opts.From, opts.Client = from, n.client()
	if opts.Auth == (stix.Credentials{}) {
		opts.Auth = stix.Credentials{Token: secret}
	}
	return stix.New(&opts)
}

func TestEachResourceOfAServerLeadsToTheObjects(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"/taxii2/", "/api1/", "/api1/collections/", collection, strings.TrimSuffix(collection, "/"), collection + "objects/", collection + "objects"} {
		n := &network{handler: server(files(t, "testdata/before"))}
		if !strings.HasSuffix(from, "/") && !strings.HasSuffix(from, "objects") {
			inner := n.handler // this one leaves out the slash where it can
			n.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == from {
					r = r.Clone(r.Context())
					r.URL.Path += "/"
				}
				inner.ServeHTTP(w, r)
			})
		}
		r := read(t, open(n, host+from, stix.Options{}), "")
		require.NoError(t, r.err, from)
		require.Len(t, r.records, 4, from)
		require.True(t, r.whole)
		require.NotEmpty(t, r.next)
	}
}

func TestNothingNewCostsOneRequestACollection(t *testing.T) {
	t.Parallel()
	held := files(t, "testdata/before")
	n := &network{handler: server(held)}
	feed := open(n, host+collection+"objects/", stix.Options{})
	before := read(t, feed, "")
	require.NoError(t, before.err)
	n.asked = nil
	same := read(t, feed, before.next)
	require.Equal(t, reading{next: before.next}, same)
	require.Len(t, n.asked, 1)
	require.Equal(t, "2026-03-09T07:59:59.999999Z", n.asked[0].URL.Query().Get("added_after"))

	// An object of a type that is not read changes nothing.
	with := func(name, objects string) { held[name] = &fstest.MapFile{Data: []byte(bundle(objects))} }
	with("a.json", `{"type":"indicator","spec_version":"2.1","id":"indicator--1","modified":"2026-05-01T00:00:00Z"}`)
	require.Equal(t, reading{next: before.next}, read(t, feed, before.next))

	// One that was added at the very instant of the newest is seen, and one that
	// says something of an old vulnerability tells that anew, with all that was said.
	with("b.json", `{"type":"relationship","spec_version":"2.1","id":"relationship--1","modified":"2026-03-09T08:00:00Z","relationship_type":"affects",
		"source_ref":"`+first+`","target_ref":"infrastructure--1"}`)
	late := read(t, feed, before.next)
	require.NoError(t, late.err)
	require.True(t, late.whole)
	require.Len(t, late.records[0].Products, 3)
	require.NotEqual(t, before.next, late.next)
}

func TestWhatTheServerTookAwayIsGone(t *testing.T) {
	t.Parallel()
	n := &network{handler: server(files(t, "testdata/before"))}
	feed := open(n, host+"/taxii2/", stix.Options{Name: "stix/isao"})
	mirror := memory.New()
	sync := func(day int) feeds.Synced {
		at := time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC)
		s, err := feeds.Sync(t.Context(), feed, mirror, &feeds.SyncOptions{At: at})
		require.NoError(t, err)
		return s
	}
	require.Equal(t, 4, sync(1).Records)
	require.Zero(t, sync(2).Records)
	n.handler = server(files(t, "testdata/after"))
	changed := sync(3)
	require.Equal(t, 3, changed.Records)
	require.Equal(t, 1, changed.Gone)
}

func TestAServerWithoutTimesIsReadInFullEachTime(t *testing.T) {
	t.Parallel()
	inner := server(files(t, "testdata/before"))
	n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, r)
		_, _ = w.Write(rec.Body.Bytes())
	})}
	r := read(t, open(n, host+"/api1/", stix.Options{}), "")
	require.NoError(t, r.err)
	require.True(t, r.whole)
	require.Empty(t, r.next)
	require.Len(t, r.records, 4)
}

// envelopes answers each request for objects with the next of some bodies, the last
// one for ever.
func envelopes(added string, bodies ...string) *network {
	i := 0
	return &network{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		if added != "" {
			w.Header().Set("X-TAXII-Date-Added-Last", added)
		}
		_, _ = w.Write([]byte(bodies[min(i, len(bodies)-1)]))
		i++
	})}
}

func TestPagesThatDoNotHoldTogether(t *testing.T) {
	t.Parallel()
	const added = "2026-01-02T00:00:00.000000Z"
	for name, c := range map[string]struct {
		added  string
		bodies []string
		want   string
	}{
		"a page that names itself":          {added, []string{`{"more":true,"next":"a","objects":[]}`}, "page 2 names itself"},
		"more, and not where":               {"", []string{`{"more":true,"objects":[` + plain + `]}`}, "page 1 says there is more, and not where"},
		"more at the same instant, always":  {added, []string{`{"more":true,"objects":[` + plain + `]}`}, "page 2 says there is more, and not where"},
		"an announced page is not there":    {added, []string{`{"more":true,"next":"a","objects":[` + plain + `]}`, `{}`}, "page 2 was announced"},
		"nothing, though something is":      {added, []string{`{}`}, "nothing is sent, and the last of it was added at 2026-01-02"},
		"nothing":                           {"", []string{`{}`}, "nothing could be read"},
		"nothing that is read":              {"", []string{`{"objects":[{"type":"indicator","id":"indicator--1"}]}`}, "nothing could be read"},
		"nothing that can be read":          {"", []string{`{"objects":[{"type":"note","id":"note--1"}]}`}, "nothing could be read: 1 rejected"},
		"a page of HTML":                    {"", []string{`<html>`}, "invalid character"},
		"another document":                  {"", []string{`{"title":"x"}`}, "no TAXII envelope"},
		"more is no boolean":                {"", []string{`{"more":"yes","objects":[]}`}, "more: json"},
		"next is no text":                   {"", []string{`{"more":true,"next":7,"objects":[]}`}, "next: json"},
		"it has changed between two pages":  {"", []string{`{"more":true,"next":"a","objects":[` + plain + `]}`, `{"objects":[` + plain + `]}`}, ""},
		"the time of the last has to do":    {"", nil, ""},
		"an envelope with more alone is ok": {"", []string{`{"more":true,"next":"a","objects":[` + plain + `]}`, `{"more":false}`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := envelopes(c.added, c.bodies...)
			if c.bodies == nil {
				day := 0
				n = &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					day = min(day+1, 3)
					w.Header().Set("X-TAXII-Date-Added-Last", fmt.Sprintf("2026-01-0%dT00:00:00Z", day))
					fmt.Fprintf(w, `{"more":%t,"objects":[%s]}`, day < 3, object("vulnerability", day, ""))
				})}
			}
			r := read(t, open(n, host+collection+"objects/", stix.Options{}), "")
			if c.want == "" {
				require.NoError(t, r.err)
				require.NotEmpty(t, r.records)
				return
			}
			require.ErrorContains(t, r.err, c.want)
			require.Empty(t, r.records)
			require.False(t, r.whole)
		})
	}
}

func TestABundleMayStandAtAnAddress(t *testing.T) {
	t.Parallel()
	n := envelopes("", bundle(plain, object("report", 1, `"name":7`)))
	r := read(t, open(n, host+"/warnings.json", stix.Options{}), "{}")
	require.NoError(t, r.err)
	require.True(t, r.whole)
	require.Empty(t, r.next)
	require.Len(t, r.records, 1)
	require.Len(t, r.rejected, 1)
	require.Len(t, n.asked, 1)
}

func TestCollectionsAreChosenByAnyName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		collections []string
		want        string
	}{
		"by alias":          {[]string{"warnings"}, ""},
		"by title and id":   {[]string{"Warnings", "91a7b528-80eb-42ed-a74d-c6fbd5a26116"}, ""},
		"one that is not":   {[]string{"warnings", "none"}, `there is no collection "none"`},
		"one not for reads": {[]string{"Inbox"}, `the collection "Inbox" may not be read`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &network{handler: server(files(t, "testdata/before"))}
			r := read(t, open(n, host+"/taxii2/", stix.Options{Collections: c.collections}), "")
			if c.want != "" {
				require.ErrorContains(t, r.err, c.want)
				return
			}
			require.NoError(t, r.err)
			require.Len(t, r.records, 4)
		})
	}
}

func TestResourcesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"no API root":           {`{"title":"x","api_roots":[]}`, "names no API root"},
		"API roots of a number": {`{"api_roots":7}`, "discovery: at byte"},
		"on another host":       {`{"api_roots":["https://elsewhere.example/api/"]}`, `"https://elsewhere.example/api/" is on another host`},
		"in the clear":          {`{"api_roots":["http://isao.example/api/"]}`, "is on another host"},
		"a root that is none":   {`{"api_roots":["https://[::1/"]}`, "discovery"},
		"TAXII 2.0":             {`{"title":"x","versions":["taxii-2.0"]}`, `an API root of TAXII ["taxii-2.0"]`},
		"no collections":        {`{"collections":[]}`, "no collection that may be read"},
		"collections of text":   {`{"collections":"a"}`, "collections: at byte"},
		"neither":               {`{"title":"x"}`, "neither a TAXII 2.1 resource nor a STIX bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := read(t, open(envelopes("", c.body), host+"/taxii2/", stix.Options{}), "")
			require.ErrorContains(t, r.err, c.want)
		})
	}
}

func TestCredentialsGoToTheirHostOnlyAndNeverShow(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]stix.Credentials{"token": {Token: secret}, "password": {User: "hospital-7", Password: secret}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Host == "elsewhere.example":
					http.Error(w, "no", http.StatusForbidden)
				case r.URL.Path == "/taxii2/":
					http.Redirect(w, r, "/moved/", http.StatusFound)
				default:
					http.Redirect(w, r, "https://elsewhere.example/taxii2/", http.StatusFound)
				}
			})}
			opts := stix.Options{From: host + "/taxii2/", Auth: auth, Client: n.client()}
			feed := stix.New(&opts)
			r := read(t, feed, "")
			require.ErrorContains(t, r.err, "403")
			require.Len(t, n.asked, 3)
			for _, req := range n.asked {
				require.Equal(t, mediaType, req.Header.Get("Accept"))
				require.Equal(t, req.URL.Host == "isao.example", req.Header.Get("Authorization") != "")
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("feed", "options", opts.Auth, "all", opts.Auth)
			slog.New(slog.NewTextHandler(&log, nil)).Info("feed", "options", opts, "feed", feed)
			written, err := json.Marshal(opts.Auth)
			require.NoError(t, err)
			for _, shown := range []string{log.String(), string(written), r.err.Error(), fmt.Sprintf("%v %+v %#v %s", opts, opts, opts, opts.Auth), fmt.Sprintf("%v %+v %#v", feed, feed, feed)} {
				require.NotContains(t, shown, secret)
				require.NotContains(t, shown, "hospital-7")
			}
		})
	}
	n := envelopes("", "{}")
	r := read(t, open(n, "https://hospital-7:"+secret+"@isao.example/taxii2/", stix.Options{}), "")
	require.EqualError(t, r.err, "stix: the address in Options.From holds a user: set Options.Auth")
	r = read(t, open(n, "https://isao.example/%zz"+secret, stix.Options{}), "")
	require.EqualError(t, r.err, "stix: the address in Options.From cannot be read")
	require.Empty(t, n.asked)
}

func TestTheSameHostMayBeWrittenInAnotherWay(t *testing.T) {
	t.Parallel()
	inner := server(files(t, "testdata/before"))
	for root, refused := range map[string]bool{"https://ISAO.example:443/api1/": false, "https://isao.example:8443/api1/": true, "https://isao.example.evil.example/api1/": true, "https://u@isao.example/api1/": true} {
		n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/taxii2/" {
				fmt.Fprintf(w, `{"api_roots":[%q]}`, root)
				return
			}
			inner.ServeHTTP(w, r)
		})}
		r := read(t, open(n, host+"/taxii2/", stix.Options{}), "")
		require.Equal(t, refused, r.err != nil, "%s: %v", root, r.err)
		require.Equal(t, refused, len(n.asked) == 1)
	}
}

func TestACursorOfOtherCollectionsMeansFromTheBeginning(t *testing.T) {
	t.Parallel()
	n := &network{handler: server(files(t, "testdata/before"))}
	feed := open(n, host+"/taxii2/", stix.Options{})
	objects := host + collection + "objects/"
	for _, since := range []string{`{"` + objects + `":{}}`, `{"` + objects + `":{"after":"yesterday"}}`, `{"https://isao.example/other/":{"after":"2026-01-01T00:00:00.000000Z"}}`, `[]`} {
		r := read(t, feed, feeds.Cursor(since))
		require.NoError(t, r.err)
		require.Len(t, r.records, 4)
		require.True(t, r.whole)
	}
	kept := maps.Clone(n.asked[len(n.asked)-1].URL.Query())
	require.Equal(t, []string{"added_after", "match[type]"}, keys(kept))
}

func keys(v url.Values) (out []string) {
	for _, k := range []string{"added_after", "limit", "match[type]", "next"} {
		if v.Has(k) {
			out = append(out, k)
		}
	}
	return out
}

// TestPagesTwiceAndInAnyOrderLoseAndDoubleNothing plays a server whose collection
// changes while it is read, so that objects come again on a later page, older after
// newer.
func TestPagesTwiceAndInAnyOrderLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	held := files(t, "testdata/before")
	want := read(t, stix.New(&stix.Options{FS: held}), "")
	var pages [][]string
	for _, s := range store(held) {
		pages = append(pages, []string{string(s.raw)})
	}
	older := strings.Replace(plain, "vulnerability--1", first, 1) // of 2 January, before that of 5 January
	pages = append(pages, pages[3], pages[0], []string{older}, pages[len(pages)-1])
	n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("next"), &i)
		if r.URL.Query().Get("added_after") != "" {
			i = len(pages) - 1
		}
		w.Header().Set("X-TAXII-Date-Added-Last", fmt.Sprintf("2026-06-%02dT00:00:00Z", 1+(i*7)%28))
		fmt.Fprintf(w, `{"more":%t,"next":"%d","objects":[%s]}`, i < len(pages)-1, i+1, strings.Join(pages[i], ","))
	})}
	r := read(t, open(n, host+collection+"objects/", stix.Options{}), "")
	require.NoError(t, r.err)
	require.Equal(t, want.records, r.records)
}
