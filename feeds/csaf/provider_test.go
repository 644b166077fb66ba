package csaf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/store/memory"
)

const (
	wellKnown = "/.well-known/csaf/provider-metadata.json"
	first     = "/csaf/white/2020/icsma-20-254-01.json"
	bulletin  = "/csaf/white/2024/demo-2024-2.json"
)

// told is what one reading of a provider told.
type told struct {
	items    []string
	records  []feeds.Record
	rejected []*feeds.RecordError
	notices  []csaf.Notice
	whole    bool
	next     feeds.Cursor
	err      error
	asked    []string
}

// readProvider reads a provider once, in a bubble: waiting costs no time.
func readProvider(t *testing.T, h http.Handler, since feeds.Cursor, opts csaf.Options) (out told) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{Handler: h}
		opts.Client = n.client()
		opts.Notice = func(n csaf.Notice) { out.notices = append(out.notices, n) }
		if opts.From == "" {
			opts.From = "demo.example"
		}
		for u, err := range csaf.New(&opts).Updates(t.Context(), since) {
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				out.rejected = append(out.rejected, bad)
			case err != nil:
				out.err = err
			case u.Record.Item != "":
				out.records, out.items = append(out.records, u.Record), append(out.items, u.Record.Item)
			}
			if err == nil {
				out.whole, out.next = u.Whole, u.Next
			}
		}
		out.asked = n.asked
	})
	return out
}

func demo() played {
	return played{files: os.DirFS("testdata/before"), role: "csaf_trusted_provider", label: "WHITE", override: map[string][]byte{}}
}

func TestProviderIsFoundWhereverItMakesItselfKnown(t *testing.T) {
	t.Parallel()
	metadata := demo().body(wellKnown)
	for name, c := range map[string]struct {
		served map[string]string // by host and path
		want   string
	}{
		"well-known":               {map[string]string{"demo.example" + wellKnown: "M"}, ""},
		"security.txt":             {map[string]string{"demo.example/.well-known/security.txt": "# ours\r\nContact: mailto:a@demo.example\r\ncsaf: /moved.json\r\n", "demo.example/moved.json": "M"}, ""},
		"signed security.txt":      {map[string]string{"demo.example/security.txt": "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nCSAF: https://other.example/gone.json\nCSAF: https://demo.example/moved.json\n", "demo.example/moved.json": "M"}, ""},
		"a host of its own":        {map[string]string{"csaf.data.security.demo.example/": "M"}, ""},
		"a page for every address": {map[string]string{"demo.example" + wellKnown: "<html>", "demo.example/.well-known/security.txt": "<html>", "csaf.data.security.demo.example/": "M"}, ""},
		"nowhere":                  {nil, "no provider metadata is found for demo.example"},
		"within the network":       {map[string]string{"demo.example/security.txt": "CSAF: https://10.0.0.7/m.json\nCSAF: http://demo.example/m.json\nCSAF: https://u:p@demo.example/\nCSAF: https://printer/\n"}, "is not in the public network"},
		"no distribution":          {map[string]string{"demo.example" + wellKnown: `{"canonical_url":"x"}`}, "names no distribution"},
		"an aggregator":            {map[string]string{"demo.example" + wellKnown: `{"aggregator":{}}`}, "see Providers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := demo()
			got := readProvider(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch text := c.served[r.URL.Host+r.URL.Path]; {
				case text == "M":
					_, _ = w.Write(metadata)
				case text != "":
					_, _ = w.Write([]byte(text))
				case strings.HasPrefix(r.URL.Path, "/csaf/"):
					p.ServeHTTP(w, r)
				default:
					http.NotFound(w, r)
				}
			}), "", csaf.Options{})
			if c.want != "" {
				require.ErrorContains(t, got.err, c.want)
				return
			}
			require.NoError(t, got.err)
			require.True(t, got.whole)
			require.Len(t, got.records, 6)
			require.Empty(t, got.notices)
		})
	}
}

func TestNothingNewCostsThreeRequestsAndAChangeOnlyItsOwn(t *testing.T) {
	t.Parallel()
	p := demo()
	before := readProvider(t, p, "", csaf.Options{})
	require.NoError(t, before.err)
	same := readProvider(t, p, before.next, csaf.Options{})
	require.Equal(t, []string{host + wellKnown, host + "/csaf/white/feed.json"}, same.asked)
	require.Equal(t, before.next, same.next)
	require.False(t, same.whole)
	require.Empty(t, same.items)

	// One vulnerability of the document went, and another document is listed with another time.
	files := fstest.MapFS{}
	for _, name := range p.documents() {
		body, err := os.ReadFile("testdata/before/" + name)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: body}
	}
	changed := string(files["white/2020/icsma-20-254-01.json"].Data)
	at := strings.Index(changed, `"vulnerabilities"`)
	files["white/2020/icsma-20-254-01.json"].Data = []byte(strings.Replace(changed[:at], `"current_release_date": "20`, `"current_release_date": "21`, 1) + `"vulnerabilities": []}`)
	p.files = files
	after := readProvider(t, p, before.next, csaf.Options{Name: "csaf/demo"})
	require.NoError(t, after.err)
	require.Equal(t, []string{"icsma-20-254-01", "icsma-20-254-01#1", "icsma-20-254-01#2"}, after.items)
	require.False(t, after.records[0].Rejected)
	require.True(t, after.records[1].Rejected && after.records[2].Rejected, "the document no longer has them")
	require.Len(t, after.asked, 2+1+2+1, "its hash, its signature, the key")
}

func TestADocumentThatIsTakenAwayIsGone(t *testing.T) {
	t.Parallel()
	p := demo()
	mirror := memory.New()
	sync := func(day int) (out feeds.Synced, err error) {
		synctest.Test(t, func(t *testing.T) {
			n := &network{Handler: p}
			out, err = feeds.Sync(t.Context(), csaf.New(&csaf.Options{From: "demo.example", Client: n.client()}), mirror, &feeds.SyncOptions{At: time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC)})
		})
		return out, err
	}
	s, err := sync(1)
	require.NoError(t, err)
	require.Equal(t, 6, s.Records)

	// While another document cannot be trusted nothing is taken for gone, and not
	// everything is read anew each time.
	p.files = os.DirFS("testdata/after")
	p.override[first+" as signed"] = []byte("another")
	for day := 2; day < 4; day++ {
		s, err = sync(day)
		require.NoError(t, err)
		require.Len(t, s.Rejected, 1)
		require.Zero(t, s.Gone)
		require.Zero(t, s.Records)
	}
	clear(p.override)
	s, err = sync(4)
	require.NoError(t, err)
	require.Equal(t, 1, s.Gone, "of icsma-22-263-01")
	s, err = sync(5)
	require.NoError(t, err)
	require.Zero(t, s.Records)
}

func TestADocumentThatIsNotTheOneIsNeverTold(t *testing.T) {
	t.Parallel()
	tampered := bytes.Replace(demo().body(first), []byte("C.03"), []byte("C.04"), 1)
	hash := demo().body(first + ".sha512")
	for name, c := range map[string]struct {
		override map[string][]byte
		opts     csaf.Options
		want     error // of the record; nil is told
		notice   error
		err      string
	}{
		"as published":                    {nil, csaf.Options{Verify: csaf.VerifySignature}, nil, nil, ""},
		"another body":                    {map[string][]byte{first: tampered}, csaf.Options{}, csaf.ErrWrong, nil, ""},
		"another body with its hash":      {map[string][]byte{first: tampered, first + ".sha512": hashOf(tampered)}, csaf.Options{}, csaf.ErrWrong, nil, ""},
		"signed by somebody":              {map[string][]byte{first + ".asc": signature(theirs(), demo().body(first))}, csaf.Options{}, nil, csaf.ErrNotVerified, ""},
		"signed by somebody, and not ok":  {map[string][]byte{first + ".asc": signature(theirs(), demo().body(first))}, csaf.Options{Verify: csaf.VerifySignature}, csaf.ErrNotVerified, nil, ""},
		"signed by a key of the options":  {map[string][]byte{first + ".asc": signature(theirs(), demo().body(first))}, csaf.Options{Keys: armored(theirs())}, nil, csaf.ErrNotVerified, ""}, // all others
		"another key at the address":      {map[string][]byte{"/csaf/openpgp/key.asc": armored(theirs())}, csaf.Options{}, nil, csaf.ErrNotVerified, ""},
		"no key":                          {map[string][]byte{"/csaf/openpgp/key.asc": nil}, csaf.Options{Verify: csaf.VerifyHash}, nil, csaf.ErrNotVerified, ""},
		"no hash though it is named":      {map[string][]byte{first + ".sha512": nil}, csaf.Options{}, nil, csaf.ErrNoHash, "404"},
		"no hash and it is required":      {map[string][]byte{first + ".sha512": nil}, csaf.Options{Verify: csaf.VerifyHash}, csaf.ErrNoHash, nil, ""},
		"no signature though it is named": {map[string][]byte{first + ".asc": nil}, csaf.Options{}, nil, csaf.ErrNoSignature, "404"},
		"a signature that is none":        {map[string][]byte{first + ".asc": hash}, csaf.Options{}, nil, csaf.ErrNoSignature, "no signature"},
		"keys that are none":              {nil, csaf.Options{Keys: []byte("x")}, nil, nil, "keys of the options"},
		"a policy that is none":           {nil, csaf.Options{Verify: "no"}, nil, nil, `Verify "no" is none`},
		"one that lacks the document":     {map[string][]byte{first: nil}, csaf.Options{}, nil, nil, first + ": 404"},
		"a page in place of the document": {map[string][]byte{first: []byte("<html>"), first + ".sha512": hash}, csaf.Options{}, nil, nil, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := demo()
			p.override = c.override
			got := readProvider(t, p, "", c.opts)
			if c.err == "" {
				require.NoError(t, got.err)
			} else {
				require.ErrorContains(t, got.err, c.err)
			}
			if c.want != nil {
				require.NotEmpty(t, got.rejected)
				require.Equal(t, "icsma-20-254-01", got.rejected[0].Item)
				require.ErrorIs(t, got.rejected[0], c.want)
				require.NotContains(t, got.items, "icsma-20-254-01#1")
				require.False(t, got.whole)
			} else {
				require.Empty(t, got.rejected)
			}
			var notices []error
			for _, n := range got.notices {
				notices = append(notices, n.Err)
			}
			if c.notice != nil {
				require.ErrorIs(t, errors.Join(notices...), c.notice)
			} else if c.err == "" && c.want == nil {
				require.Empty(t, notices)
			}
			if c.notice != nil && c.want == nil {
				require.Contains(t, got.items, "icsma-20-254-01#1", "it is told, and that it is not verified, too")
			}
		})
	}
}

func hashOf(body []byte) []byte {
	return played{files: fstest.MapFS{"x.json": {Data: body}}}.body("/csaf/x.json.sha512")
}

func TestADirectoryWithoutPromisesIsToldToLackThem(t *testing.T) {
	t.Parallel()
	p := demo()
	p.folder, p.role = true, "csaf_provider"
	for _, name := range p.documents() {
		for _, ext := range []string{".sha512", ".sha256", ".asc"} {
			p.override["/csaf/"+name+ext] = nil
		}
	}
	got := readProvider(t, p, "", csaf.Options{})
	require.NoError(t, got.err)
	require.True(t, got.whole)
	require.Len(t, got.notices, 2*len(p.documents()))
	p.override[first+".sha256"] = demo().body(first + ".sha512") // of any kind
	got = readProvider(t, p, "", csaf.Options{Verify: csaf.VerifyHash})
	require.NoError(t, got.err)
	require.Equal(t, []string{"icsma-20-254-01#1", "icsma-20-254-01#2"}, got.items)
	require.Len(t, got.rejected, len(p.documents())-1)

	p.override["/csaf/white/changes.csv"] = []byte("2024/demo-2024-2.json,2024-01-01T00:00:00Z\n")
	got = readProvider(t, p, "", csaf.Options{})
	require.ErrorContains(t, got.err, "it lacks 3 of the 4 documents of index.txt")
	require.Len(t, got.records, 6, "they are read nevertheless")
	// A document that is named twice is as the latest line says, and one without a time is
	// asked for each time.
	p.override["/csaf/white/changes.csv"] = []byte("2024/demo-2024-2.json,2024-01-01T00:00:00Z\n2024/demo-2024-2.json,2024-02-01t00:00:00z\n")
	p.override["/csaf/white/index.txt"] = []byte("2024/demo-2024-2.json")
	twice := readProvider(t, p, "", csaf.Options{})
	require.NoError(t, twice.err)
	require.Equal(t, []string{"demo-2024-2"}, twice.items)
	p.override["/csaf/white/changes.csv"] = []byte("2024/demo-2024-2.json,2024-02-01t00:00:00z\n")
	require.Empty(t, readProvider(t, p, twice.next, csaf.Options{}).items)
	delete(p.override, "/csaf/white/index.txt")
	for body, want := range map[string]string{"2024/demo-2024-2.json,soon\n": "line 1 is no document", "a.json\n": "wrong number of fields", "../a.json,2024-01-01T00:00:00Z\n": "line 1", " ": "empty"} {
		p.override["/csaf/white/changes.csv"] = []byte(body)
		require.ErrorContains(t, readProvider(t, p, "", csaf.Options{}).err, want)
	}
}

func TestLabelOfAListTravels(t *testing.T) {
	t.Parallel()
	for label, want := range map[string][2]string{ // of a document that is WHITE, and of one that says nothing
		"WHITE": {"TLP:CLEAR", "TLP:CLEAR"}, "AMBER": {"TLP:AMBER", "TLP:AMBER"}, "RED": {"TLP:RED", "TLP:RED"}, "UNLABELED": {"TLP:CLEAR", "TLP not said"}, "PINK": {"TLP:CLEAR", "TLP not said"},
	} {
		p := demo()
		p.label = label
		p.files = fstest.MapFS{
			"white/a.json": {Data: []byte(`{"document":{"csaf_version":"2.0","distribution":{"tlp":{"label":"WHITE"}},"tracking":{"id":"A","current_release_date":"2024-01-01T00:00:00Z"}}}`)},
			"white/b.json": {Data: []byte(`{"document":{"csaf_version":"2.0","tracking":{"id":"B","current_release_date":"2024-01-01T00:00:00Z"}}}`)},
		}
		got := readProvider(t, p, "", csaf.Options{})
		require.NoError(t, got.err)
		require.Equal(t, want, [2]string{got.records[0].Mark.Label.String(), got.records[1].Mark.Label.String()}, label)
	}
	// A list that is not for everybody may be kept from us; one that is, may not.
	p := demo()
	closed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/amber.json"):
			http.Error(w, "no", http.StatusForbidden)
		case r.URL.Path == wellKnown:
			body := string(p.body(wellKnown))
			_, _ = w.Write([]byte(strings.Replace(body, `"feeds":[`, `"feeds":[{"tlp_label":"AMBER","url":"`+host+`/csaf/amber.json"},`, 1)))
		default:
			p.ServeHTTP(w, r)
		}
	})
	got := readProvider(t, closed, "", csaf.Options{})
	require.NoError(t, got.err)
	require.True(t, got.whole)
	require.Len(t, got.notices, 1)
	require.ErrorIs(t, got.notices[0].Err, csaf.ErrRefused)
	// One that let us in before is an error: what it held is not gone.
	p.label = "AMBER"
	before := readProvider(t, p, "", csaf.Options{})
	require.NoError(t, before.err)
	after := readProvider(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/feed.json") {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		p.ServeHTTP(w, r)
	}), before.next, csaf.Options{})
	require.ErrorContains(t, after.err, "401")
	require.False(t, after.whole)

	p.label = "WHITE"
	p.override[wellKnown] = []byte(strings.ReplaceAll(string(p.body(wellKnown)), "/csaf/white/feed.json", "/csaf/amber.json"))
	got = readProvider(t, closed, "", csaf.Options{})
	require.ErrorContains(t, got.err, "403")
}

func TestAPublisherThatFailsTooOftenIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := demo()
	files := fstest.MapFS{}
	for i := range 40 {
		files[fmt.Sprintf("white/d-%02d.json", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"document":{"csaf_version":"2.0","tracking":{"id":"D-%02d","current_release_date":"2024-01-01T00:00:00Z"}}}`, i)}
	}
	p.files = files
	for i := 10; i < 40; i++ {
		p.override[fmt.Sprintf("/csaf/white/d-%02d.json", i)] = nil
	}
	got := readProvider(t, p, "", csaf.Options{})
	require.ErrorContains(t, got.err, "too much cannot be had")
	require.Len(t, got.records, 10)
	require.Len(t, got.asked, 2+10*3+1+5)
	// Two alike without a hash, of which one is the other: something between mixes them up.
	p.files, p.override = fstest.MapFS{"white/a.json": files["white/d-01.json"], "white/d-01.json": files["white/d-01.json"]}, map[string][]byte{}
	p.override["/csaf/white/feed.json"] = []byte(`{"feed":{"entry":[{"id":"x","updated":"1","link":[{"rel":"self","href":"a.json"}]},{"id":"y","updated":"1","content":{"src":"d-01.json"}},{"id":"z"}],"link":[]}}`)
	got = readProvider(t, p, "", csaf.Options{})
	require.ErrorContains(t, got.err, `a.json: it is "d-01", which is another document`)
	require.ErrorContains(t, got.err, `entry[2] "z": names no document`)
	require.Equal(t, []string{"d-01"}, got.items)
}

func TestPagesOfAFeedFollowEachOther(t *testing.T) {
	t.Parallel()
	p := demo()
	p.override["/csaf/white/feed.json"] = []byte(`{"feed":{"entry":[],"link":[{"rel":"next","href":"2.json"}]}}`)
	p.override["/csaf/white/2.json"] = demo().body("/csaf/white/feed.json")
	got := readProvider(t, p, "", csaf.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.records, 6)
	require.Empty(t, readProvider(t, p, got.next, csaf.Options{}).items)
	p.override["/csaf/white/2.json"] = []byte(`{"feed":{"entry":[],"link":[{"rel":"next","href":"feed.json"}]}}`)
	require.ErrorContains(t, readProvider(t, p, "", csaf.Options{}).err, "its pages do not end")
	p.override["/csaf/white/2.json"] = []byte(`{"feed":{"entry":[]}}`)
	require.ErrorIs(t, readProvider(t, p, got.next, csaf.Options{}).err, feeds.ErrNothing, "never is everything gone at once")
	service := []byte(`{"service":{"workspace":[{"collection":[{"href":"2.json"}]}]}}`)
	p.override["/csaf/service.json"], p.override["/csaf/2.json"] = service, demo().body("/csaf/white/feed.json")
	require.Len(t, readProvider(t, p, "", csaf.Options{From: host + "/csaf/service.json"}).records, 6)
}

// aggregator is invented after the examples of the standard.
const aggregator = `{"aggregator":{"category":"lister","name":"Demo CERT","namespace":"https://cert.example"},"aggregator_version":"2.0",
	"canonical_url":"https://cert.example/.well-known/csaf-aggregator/aggregator.json","last_updated":"2024-01-01T00:00:00Z","csaf_providers":[
	{"metadata":{"last_updated":"2024-01-02T00:00:00Z","publisher":{"category":"vendor","name":"Demo Pumps","namespace":"https://www.pumps.example"},"role":"csaf_trusted_provider",
		"url":"https://www.pumps.example/.well-known/csaf/provider-metadata.json"},"mirrors":["https://cert.example/csaf/pumps/"]},
	{"metadata":{"url":"http://10.0.0.1/provider-metadata.json"}}],
	"csaf_publishers":[{"metadata":{"publisher":{"name":"Sensors"},"url":"/csaf/Sensors_2/provider-metadata.json"},"update_interval":"daily"}]}`

func TestAggregatorListsItsProviders(t *testing.T) {
	t.Parallel()
	list := func(body string) ([]csaf.Provider, error) {
		n := &network{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })}
		return csaf.Providers(t.Context(), "https://cert.example/aggregator.json", &csaf.Options{Client: n.client()})
	}
	got, err := list(aggregator)
	require.ErrorContains(t, err, `csaf_providers[1]: "http://10.0.0.1/provider-metadata.json" is not https`)
	require.Equal(t, []csaf.Provider{{
		Source: "csaf/pumps.example", Publisher: "Demo Pumps", Category: "vendor", Namespace: "https://www.pumps.example", Role: "csaf_trusted_provider",
		URL: "https://www.pumps.example/.well-known/csaf/provider-metadata.json", Mirrors: []string{"https://cert.example/csaf/pumps/"}, Updated: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC),
	}, {Source: "csaf/cert.example", Publisher: "Sensors", URL: "https://cert.example/csaf/Sensors_2/provider-metadata.json"}}, got)
	for body, want := range map[string]string{"": "empty", "{}": "no list of CSAF providers", "[": "at byte", string(demo().body(wellKnown)): "no list of CSAF providers"} {
		_, err := list(body)
		require.ErrorContains(t, err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = csaf.Providers(ctx, "https://cert.example/aggregator.json", nil)
	require.ErrorIs(t, err, context.Canceled)
}
