package csaf_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// pgp is a Signer with a key of its own.
type pgp struct{ entity *openpgp.Entity }

func (s pgp) Sign(text io.Reader) ([]byte, error) {
	var b bytes.Buffer
	err := openpgp.ArmoredDetachSign(&b, s.entity, text, nil)
	return b.Bytes(), err
}

func signed(t *testing.T) csaf.Provider {
	t.Helper()
	entity, err := openpgp.NewEntity("Example PSIRT", "", "psirt@vendor.example", nil)
	require.NoError(t, err)
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	require.NoError(t, err)
	require.NoError(t, entity.Serialize(w))
	require.NoError(t, w.Close())
	return csaf.Provider{
		URL: "https://vendor.example/.well-known/csaf/", Signer: pgp{entity},
		Publisher: csaf.Publisher{Category: csaf.PublisherVendor, Name: "Example Devices", Namespace: "https://vendor.example"},
		Keys:      []csaf.OpenPGPKey{{Fingerprint: hex.EncodeToString(entity.PrimaryKey.Fingerprint), Armored: b.Bytes()}},
	}
}

// labeled is a notice with an id, a label and the days of its releases.
func labeled(id string, label csaf.TLPLabel, first, last csaf.Date) *csaf.Document {
	d := notice()
	t := &d.Document.Tracking
	t.ID, t.InitialReleaseDate, t.CurrentReleaseDate = id, first, last
	d.Document.Notes = []csaf.Note{{Category: csaf.NoteSummary, Text: "what <it> is"}}
	if label != "" {
		d.Document.Distribution = &csaf.Distribution{TLP: &csaf.TLP{Label: label}}
	}
	return d
}

var publishedAt = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func contents(t *testing.T, files []csaf.File) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, f := range files {
		require.NotContains(t, all, f.Name)
		all[f.Name] = string(f.Body)
	}
	return all
}

func TestAProvidersLayoutHasWhatTheStandardAsksFor(t *testing.T) {
	t.Parallel()
	p := signed(t)
	docs := []*csaf.Document{
		labeled("EX 2024/1", csaf.TLPWhite, "2024-01-01T00:30:00+02:00", "2024-03-01T09:00:00Z"),
		labeled("EX-2023-7", csaf.TLPWhite, "2023-07-01T09:00:00Z", "2024-04-01T00:30:00+02:00"),
		labeled("EX-2024-2", csaf.TLPGreen, "2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z"),
		labeled("EX-2024-3", "", "2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z"),
	}
	files, err := csaf.Provide(p, docs, publishedAt)
	require.NoError(t, err)
	all := contents(t, files)
	key := "openpgp/" + strings.ToUpper(p.Keys[0].Fingerprint) + ".asc"
	want := []string{key, "provider-metadata.json", "service.json"}
	for _, name := range []string{"white/2024/ex_2024_1.json", "white/2023/ex-2023-7.json", "green/2024/ex-2024-2.json", "unlabeled/2024/ex-2024-3.json"} {
		want = append(want, name, name+".asc", name+".sha256", name+".sha512")
	}
	for _, s := range []string{"white", "green", "unlabeled"} {
		want = append(want, s+"/index.txt", s+"/changes.csv", s+"/category-"+s+".json", s+"/feed-tlp-"+s+".json")
	}
	require.ElementsMatch(t, want, slices.Collect(maps.Keys(all)))
	require.Equal(t, "provider-metadata.json", files[len(files)-1].Name, "nothing is before what it refers to")

	require.Equal(t, "2023/ex-2023-7.json\n2024/ex_2024_1.json\n", all["white/index.txt"])
	require.Equal(t, "\"2023/ex-2023-7.json\",\"2024-04-01T00:30:00+02:00\"\n\"2024/ex_2024_1.json\",\"2024-03-01T09:00:00Z\"\n", all["white/changes.csv"])

	for name, body := range all {
		if !strings.HasSuffix(name, ".json.asc") {
			continue
		}
		doc := all[strings.TrimSuffix(name, ".asc")]
		keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(all[key]))
		require.NoError(t, err)
		_, err = openpgp.CheckArmoredDetachedSignature(keys, strings.NewReader(doc), strings.NewReader(body), nil)
		require.NoError(t, err)
		_, err = openpgp.CheckArmoredDetachedSignature(keys, strings.NewReader(doc+" "), strings.NewReader(body), nil)
		require.Error(t, err)
		sum, base, ok := strings.Cut(strings.TrimSuffix(all[strings.TrimSuffix(name, ".asc")+".sha512"], "\n"), "  ")
		require.True(t, ok)
		digest := sha512.Sum512([]byte(doc))
		require.Equal(t, hex.EncodeToString(digest[:]), sum)
		require.Equal(t, filepath.Base(strings.TrimSuffix(name, ".asc")), base)
		v, err := csaf.Judge(strings.NewReader(doc), csaf.Basic)
		require.NoError(t, err)
		require.True(t, v.Valid())
	}

	var m struct {
		CanonicalURL  string `json:"canonical_url"`
		Role          string `json:"role"`
		Distributions []struct {
			DirectoryURL string `json:"directory_url"`
			ROLIE        struct {
				Feeds []struct {
					Label string `json:"tlp_label"`
					URL   string `json:"url"`
				} `json:"feeds"`
			} `json:"rolie"`
		} `json:"distributions"`
		Keys []struct {
			Fingerprint, URL string
		} `json:"public_openpgp_keys"`
	}
	require.NoError(t, json.Unmarshal([]byte(all["provider-metadata.json"]), &m))
	require.Equal(t, "https://vendor.example/.well-known/csaf/provider-metadata.json", m.CanonicalURL)
	require.Equal(t, "csaf_trusted_provider", m.Role)
	require.Equal(t, "https://vendor.example/.well-known/csaf/"+key, m.Keys[0].URL)
	require.Equal(t, "https://vendor.example/.well-known/csaf/green", m.Distributions[1].DirectoryURL)
	require.Len(t, m.Distributions[3].ROLIE.Feeds, 3)
	for _, f := range m.Distributions[3].ROLIE.Feeds {
		name, ok := strings.CutPrefix(f.URL, "https://vendor.example/.well-known/csaf/")
		require.True(t, ok)
		require.Contains(t, all, name)
	}
	for name, body := range all { // every address is one of the layout
		for _, part := range strings.Split(body, `"`) {
			if at, ok := strings.CutPrefix(part, "https://vendor.example/.well-known/csaf/"); ok && strings.Contains(at, ".") {
				require.Contains(t, all, at, name)
			}
		}
	}
}

func TestAFeedIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	p := signed(t)
	p.Signer, p.Keys, p.Unlisted = nil, nil, true
	docs := []*csaf.Document{labeled("EX-2024-1", csaf.TLPWhite, "2024-03-01T09:00:00Z", "2024-03-02T09:00:00Z")}
	files, err := csaf.Provide(p, docs, publishedAt)
	require.NoError(t, err)
	again, err := csaf.Provide(p, docs, publishedAt)
	require.NoError(t, err)
	require.Equal(t, files, again)
	all := contents(t, files)
	require.JSONEq(t, `{"feed": {
		"id": "example_devices-csaf-feed-tlp-white", "title": "Advisories of Example Devices, TLP:WHITE", "updated": "2024-05-01T12:00:00Z",
		"link": [{"rel": "self", "href": "https://vendor.example/.well-known/csaf/white/feed-tlp-white.json"}],
		"category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
		"entry": [{
			"id": "EX-2024-1", "title": "Pumps are being looked at", "published": "2024-03-01T09:00:00Z", "updated": "2024-03-02T09:00:00Z",
			"link": [
				{"rel": "self", "href": "https://vendor.example/.well-known/csaf/white/2024/ex-2024-1.json"},
				{"rel": "hash", "href": "https://vendor.example/.well-known/csaf/white/2024/ex-2024-1.json.sha256"},
				{"rel": "hash", "href": "https://vendor.example/.well-known/csaf/white/2024/ex-2024-1.json.sha512"}],
			"summary": {"content": "what <it> is"},
			"content": {"type": "application/json", "src": "https://vendor.example/.well-known/csaf/white/2024/ex-2024-1.json"},
			"format": {"schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", "version": "2.0"}}]}}`, all["white/feed-tlp-white.json"])
	require.Contains(t, all["provider-metadata.json"], `"list_on_CSAF_aggregators": false`)
	require.Contains(t, all["provider-metadata.json"], `"role": "csaf_provider"`)
	require.Contains(t, all["white/feed-tlp-white.json"], "what <it> is")
	require.JSONEq(t, `{"categories": {"category": [{"term": "csaf_base"}]}}`, all["white/category-white.json"])

	files, err = csaf.Provide(p, nil, publishedAt)
	require.NoError(t, err)
	require.Contains(t, contents(t, files)["white/feed-tlp-white.json"], `"entry": []`)
}

func TestWhatMustNotBeProvidedIsRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	p := signed(t)
	draft := labeled("EX-1", csaf.TLPWhite, "2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z")
	draft.Document.Tracking.Status = csaf.StatusDraft
	wrong := labeled("EX-2", csaf.TLPWhite, "2024-03-01T09:00:00Z", "2024-03-01")
	fine, twin := labeled("EX-3", csaf.TLPWhite, "2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z"), labeled("ex-3", csaf.TLPGreen, "2023-03-01T09:00:00Z", "2024-03-01T09:00:00Z")
	amber := labeled("EX-4", csaf.TLPAmber, "2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z")
	_, err := csaf.Provide(p, []*csaf.Document{draft, wrong, fine, twin, amber, nil}, publishedAt)
	for _, want := range []string{
		`document 0: "EX-1" is a draft`, "document 1: it is not valid (1), first schema /document/tracking/current_release_date",
		"document 3: there is another one of the file name ex-3.json", `document 4: "EX-4" is TLP:AMBER, and its folder is not protected`,
		"document 5: it is not valid",
	} {
		require.ErrorContains(t, err, want)
	}
	p.Protected = true
	files, err := csaf.Provide(p, []*csaf.Document{fine, amber}, publishedAt)
	require.NoError(t, err)
	all := contents(t, files)
	require.Contains(t, all, "amber/2024/ex-4.json")
	require.NotContains(t, all["white/index.txt"]+all["white/feed-tlp-white.json"], "ex-4")

	_, err = csaf.Provide(csaf.Provider{
		URL: "http://vendor.example/csaf?x", Role: "csaf_trusted_provider", Keys: []csaf.OpenPGPKey{{}, {Fingerprint: strings.Repeat("0", 40), URL: "x", Armored: []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----")}},
	}, nil, publishedAt)
	for _, want := range []string{
		`"http://vendor.example/csaf?x" is no https address`, "the publisher needs", "a trusted provider needs a signer",
		`key 0: "" is no fingerprint`, "key 0 has neither", `key 1: "x" is no URI`, "key 1: what is to be published is no armored public key",
	} {
		require.ErrorContains(t, err, want)
	}
	for want, signer := range map[string]csaf.Signer{"no armored signature": says{text: "raw"}, "the token is away": says{err: errors.New("the token is away")}} {
		p.Signer = signer
		_, err = csaf.Provide(p, []*csaf.Document{fine}, publishedAt)
		require.ErrorContains(t, err, "csaf: signing white/2024/ex-3.json: ")
		require.ErrorContains(t, err, want)
	}
}

type says struct {
	text string
	err  error
}

func (s says) Sign(io.Reader) ([]byte, error) { return []byte(s.text), s.err }

func TestFilesAreWrittenBelowTheirFolderOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	p := signed(t)
	files, err := csaf.Provide(p, []*csaf.Document{labeled("EX-3", csaf.TLPWhite, "2024-03-01T09:00:00Z", "2024-03-01T09:00:00Z")}, publishedAt)
	require.NoError(t, err)
	for range 2 { // and over those that are there
		require.NoError(t, csaf.WriteFiles(dir, files))
	}
	n := 0
	require.NoError(t, filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}))
	require.Equal(t, len(files), n)
	for _, f := range files {
		body, err := os.ReadFile(filepath.Join(dir, f.Name))
		require.NoError(t, err)
		require.Equal(t, f.Body, body)
	}
	for _, name := range []string{"../out", "/out", "white/../../out"} {
		require.Error(t, csaf.WriteFiles(dir, []csaf.File{{Name: name}}), name)
	}
}

func TestTheAdvisoriesOfCISACanBeProvided(t *testing.T) {
	t.Parallel()
	p := signed(t)
	p.Signer, p.Keys = nil, nil
	var docs []*csaf.Document
	listed := map[string]bool{}
	for _, file := range documents(t, "cisa-icsma") {
		f, err := os.Open(file)
		require.NoError(t, err)
		d, err := csaf.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		docs = append(docs, d)
		require.Equal(t, filepath.Base(file), csaf.Filename(d.Document.Tracking.ID))
	}
	files, err := csaf.Provide(p, docs, publishedAt)
	require.NoError(t, err)
	theirs, err := os.ReadFile(testdata.Path(t, "csaf", "cisa-index", "index.txt"))
	require.NoError(t, err)
	for line := range strings.Lines(string(theirs)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "/white/")
		listed[name] = true
	}
	both := 0
	for line := range strings.Lines(contents(t, files)["white/index.txt"]) {
		if name := strings.TrimSpace(line); listed[name] {
			both++
		}
	}
	require.Equal(t, len(docs), both, "each stands where CISA itself has it")
}
