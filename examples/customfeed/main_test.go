package main

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func TestPromises(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:   "house",
		Open:   func(p feedtest.Publisher) feeds.Source { return house{p.FS} },
		Before: fstest.MapFS{"bulletins.txt": {Data: file(t, "data/bulletins.txt")}}, After: os.DirFS("testdata/after"),
		Bad: os.DirFS("testdata/bad"), Damaged: []string{"HB-2026-02"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}

func TestTheProgramRunsWithoutANetwork(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), data, &out))
	require.Equal(t, `house: 3 bulletins, 0 that cannot be read
CVE-2099-0001 affects sheetlib 1.4.0: The sheet parser follows links (TLP:AMBER by house)
sheetlib: evaluated by house
pumplog: evaluated by house
motor control: not-evaluable by house
`, out.String())
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), fstest.MapFS{}, &bytes.Buffer{}), "house")
	files := fstest.MapFS{"data/bulletins.txt": {Data: file(t, "data/bulletins.txt")}}
	require.ErrorIs(t, run(t.Context(), files, &bytes.Buffer{}), fs.ErrNotExist)
	files["data/device.cdx.json"] = &fstest.MapFile{Data: []byte("{}")}
	require.Error(t, run(t.Context(), files, &bytes.Buffer{}))
}

func TestABulletinIsNeverGuessed(t *testing.T) {
	t.Parallel()
	good := "Bulletin: B\nDay: 2026-03-01\nAbout: CVE-2099-0001\nRegistry: PyPI\nPackage: a\nFixed: 1"
	_, err := bulletin(good)
	require.NoError(t, err)
	for bad, want := range map[string]string{
		good + "\nsee the web": "no line of a bulletin",
		good[:len(good)-9]:     "are needed",
		"Day: 2026-03-01\nAbout: CVE-2099-0001\nPackage: a\nFixed: 1": "has no item",
	} {
		_, err := bulletin(bad)
		require.ErrorContains(t, err, want)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("Bulletin: B\nDay: 2026-03-01\nAbout: CVE-2099-0001\nPackage: a\nFixed: 1\n\nThat was all.\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for u, err := range decode(bytes.NewReader(body)) {
			if err == nil && u.Record.Validate() != nil {
				t.Fatalf("%+v", u.Record)
			}
		}
	})
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(name)
	require.NoError(t, err)
	return body
}
