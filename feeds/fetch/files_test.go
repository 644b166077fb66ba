package fetch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// lines decodes one record a line; "!" is a bad one, "~" another kind of document.
func lines(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		body, err := fetch.Document(r, 1<<10)
		if err != nil {
			yield(feeds.Update{}, err)
			return
		}
		for i, item := range strings.Fields(string(body)) {
			u, err := feeds.Update{Record: feeds.Record{Source: "demo", Item: item}}, error(nil)
			switch item {
			case "!":
				u, err = feeds.Update{}, &feeds.RecordError{Source: "demo", Item: fmt.Sprintf("line[%d]", i), Err: errors.New("bad")}
			case "~":
				u, err = feeds.Update{}, fetch.ErrOther
			}
			if !yield(u, err) {
				return
			}
		}
	}
}

func read(ctx context.Context, f fetch.Files) (out []string, whole bool, end error) {
	f.Source, f.Ext, f.Decode = "demo", ".txt", lines
	for u, err := range f.Updates(ctx) {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			out = append(out, bad.Error())
		case err != nil:
			end = err
		case u.Record.Item != "":
			out = append(out, u.Record.Item)
		}
		whole = whole || u.Whole
	}
	return out, whole, end
}

func TestFilesOnDiskAreReadAsThoseOfAnFS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tree := map[string]string{"b/2.txt": "B1 ! B3", "a.txt": "A", "a.csv": "no", "z/other.TXT": "~", "z/deep/3.txt": "Z"}
	fsys := fstest.MapFS{}
	for name, text := range tree {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	want := []string{"A", "B1", `demo: record "b/2.txt line[1]": in "b/2.txt": bad`, "B3", "Z"}
	for _, f := range []fetch.Files{{Paths: []string{dir}}, {FS: fsys, Paths: []string{"."}}, {FS: fsys, Paths: []string{"/"}}, {FS: os.DirFS(dir), Paths: []string{"./"}}} {
		out, whole, err := read(t.Context(), f)
		require.NoError(t, err)
		require.True(t, whole)
		require.Equal(t, want, out)
	}
	out, _, err := read(t.Context(), fetch.Files{Paths: []string{filepath.Join(dir, "a.csv"), filepath.Join(dir, "b")}})
	require.NoError(t, err)
	require.Equal(t, []string{"no", "B1", `demo: record "2.txt line[1]": in "2.txt": bad`, "B3"}, out)
}

func TestFileThatCannotBeOpenedIsToldOfAndNothingIsWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("A"), 0o644))
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "b.txt")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "a.txt"), filepath.Join(dir, "c.txt")))
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "d.txt")), "a loop")
	out, whole, err := read(t.Context(), fetch.Files{Paths: []string{dir}})
	require.NoError(t, err)
	require.False(t, whole)
	require.Len(t, out, 3)
	require.Equal(t, "A", out[0])
	require.Contains(t, out[1], `demo: record "b.txt": cannot be opened`)
	require.Equal(t, "A", out[2])
}

func TestDocumentsMayEndInSeveralWays(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.txt": {Data: []byte("A")}, "b.TXT.GZ": {Data: []byte("B")}, "c.gz": {Data: []byte("C")}, "dtxt": {Data: []byte("D")}}
	out, _, err := read(t.Context(), fetch.Files{FS: fsys, Paths: []string{"."}, Also: []string{".txt.gz"}})
	require.NoError(t, err)
	require.Equal(t, []string{"A", "B"}, out)
}

func TestEachPathThatTellsNothingIsNamed(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"other.txt": {Data: []byte("~")}, "bad/a.txt": {Data: []byte("!")}, "big.txt": {Data: bytes.Repeat([]byte("x"), 2000)}, "good.txt": {Data: []byte("G")}}
	out, whole, err := read(t.Context(), fetch.Files{FS: fsys, Paths: []string{"gone", "other.txt", "bad", "big.txt", "good.txt"}})
	require.Equal(t, []string{`demo: record "a.txt line[0]": in "a.txt": bad`, "G"}, out)
	require.False(t, whole)
	require.ErrorIs(t, err, feeds.ErrNothing)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, err, fetch.ErrOther)
	require.ErrorIs(t, err, fetch.ErrTooLarge)
	for _, want := range []string{`demo: "gone": cannot be opened`, `demo: "other.txt": another kind`, `demo: "bad": feeds: nothing could be read: 1 rejected`, `demo: "big.txt": at byte 1024: larger`} {
		require.ErrorContains(t, err, want)
	}
}

func TestCanceledReadingOfFilesEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, whole, err := read(ctx, fetch.Files{FS: fstest.MapFS{"a.txt": {Data: []byte("A")}}, Paths: []string{"."}})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, out)
	require.False(t, whole)
}

func TestPathsAreFilesUnlessAnyIsAnAddress(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for _, c := range []struct {
		from string
		more []string
		fs   bool
		want []string
	}{
		{"", nil, false, nil}, {"", nil, true, []string{"."}}, {"a", []string{"b", ""}, false, []string{"a", "b"}},
		{"https://x.example", nil, true, nil}, {"a", []string{"HTTP://x.example"}, false, nil}, {"ftp://x", nil, false, []string{"ftp://x"}},
	} {
		var got []string
		var ok bool
		if c.fs {
			got, ok = fetch.Paths(fsys, c.from, c.more)
		} else {
			got, ok = fetch.Paths(nil, c.from, c.more)
		}
		require.Equal(t, len(c.want) > 0, ok, "%+v", c)
		require.Equal(t, c.want, got, "%+v", c)
	}
}

func TestElementsAreNeverHeldAsAWhole(t *testing.T) {
	t.Parallel()
	limits := fetch.Limits{Document: 1 << 20, Element: 8 << 10}
	many := `{"a":1,"list":[` + strings.Repeat(`{"x":"`+strings.Repeat("y", 1000)+`"},`, 100) + `{}],"b":[2]}`
	rest := fetch.Members{}
	n := 0
	for e, err := range fetch.Elements(strings.NewReader(many), "list", rest, limits) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("list[%d]", n), e.Place)
		n++
	}
	require.Equal(t, 101, n)
	require.Equal(t, fetch.Members{"a": []byte("1"), "list": []byte("[]"), "b": []byte("[2]")}, rest)
	for name, doc := range map[string]string{
		"one element":       `{"list":[{"x":"` + strings.Repeat("y", 20<<10) + `"}]}`,
		"one member":        `{"a":"` + strings.Repeat("y", 20<<10) + `"}`,
		"many members":      `{` + strings.Repeat(`"a":"yyyyyyyyyy",`, 2000) + `"b":1}`,
		"the document":      `{"list":[` + strings.Repeat(`"`+strings.Repeat("y", 1000)+`",`, 2000) + `1]}`,
		"white space":       `{"list":[` + strings.Repeat(" ", 20<<10) + `]}`,
		"what comes behind": `{}` + strings.Repeat("\n", 20<<10),
	} {
		var end error
		for _, err := range fetch.Elements(strings.NewReader(doc), "list", nil, limits) {
			end = err
		}
		require.ErrorIs(t, end, fetch.ErrTooLarge, name)
	}
}

func TestMembersAreOneObjectAgain(t *testing.T) {
	t.Parallel()
	var got map[string]any
	require.NoError(t, json.Unmarshal(fetch.Members{`a"b`: []byte("[1]"), "c": []byte("null")}.Object(), &got))
	require.Equal(t, map[string]any{`a"b`: []any{1.0}, "c": nil}, got)
	require.Equal(t, "{}", string(fetch.Members{}.Object()))
}

func TestTextSaysWhereItIsNotUTF8(t *testing.T) {
	t.Parallel()
	require.NoError(t, fetch.CheckText([]byte("ünï \ufffd")))
	require.EqualError(t, fetch.CheckText([]byte("ü\xffx")), "not UTF-8 at byte 2")
	require.EqualError(t, fetch.CheckText([]byte("x\xe2\x82")), "not UTF-8 at byte 1")
}

// A document is read an element at a time, however long its list is.
func ExampleElements() {
	doc := `{"version": "1", "items": [{"id": 1}, {"id": 2}`
	rest := fetch.Members{}
	for e, err := range fetch.Elements(strings.NewReader(doc), "items", rest, fetch.Limits{Document: 1 << 20, Element: 1 << 10}) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(e.Place, string(e.Raw))
	}
	fmt.Println(string(rest["version"]))
	// Output:
	// items[0] {"id": 1}
	// items[1] {"id": 2}
	// items: at byte 47: unexpected EOF
	// "1"
}

func TestArchivesOfAFolderAreReadAsItsFilesAre(t *testing.T) {
	t.Parallel()
	archive, err := io.ReadAll(zipOf(t, "x/1.txt", "one two", "bad.txt", "", "other.txt", "~", "readme.md", "three"))
	require.NoError(t, err)
	packed := gzipped(t, []byte("four"))
	folder := fstest.MapFS{
		"a.zip": {Data: archive}, "b.txt.gz": {Data: packed}, "c.txt": {Data: []byte("five")}, "d.md.gz": {Data: packed},
		"e.txt.gz": {Data: packed[:len(packed)-2]}, "f.zip": {Data: archive[:len(archive)-9]},
	}
	limits := fetch.ZipLimits{Files: 10, File: 1 << 10, Total: 1 << 10}
	out, whole, err := read(t.Context(), fetch.Files{FS: folder, Paths: []string{"."}, Archives: limits})
	require.NoError(t, err)
	require.False(t, whole, "an archive could not be read")
	require.Equal(t, []string{
		"one", "two", `demo: record "a.zip/bad.txt": empty: no document in it`, "four", "five",
		`demo: record "e.txt.gz": at byte 4: unexpected EOF`, `demo: record "f.zip": zip: zip: not a valid zip file`,
	}, out)
	out, whole, err = read(t.Context(), fetch.Files{FS: folder, Paths: []string{"."}})
	require.NoError(t, err)
	require.True(t, whole)
	require.Equal(t, []string{"five"}, out, "without bounds they are passed over")
	_, _, err = read(t.Context(), fetch.Files{FS: folder, Paths: []string{"f.zip"}, Archives: limits})
	require.ErrorContains(t, err, `"f.zip": zip: zip: not a valid`)
	large, err := io.ReadAll(zipOf(t, "1.txt", "seven", "2.txt", "six"))
	require.NoError(t, err)
	folder["large.zip"] = &fstest.MapFile{Data: large}
	out, _, err = read(t.Context(), fetch.Files{FS: folder, Paths: []string{"large.zip"}, Archives: fetch.ZipLimits{Files: 10, File: 3, Total: 1 << 10}})
	require.NoError(t, err)
	require.Equal(t, []string{`demo: record "large.zip/1.txt": at byte 3: larger than allowed (3 bytes)`, "six"}, out, "what is too large hides no other")

	disk := filepath.Join(t.TempDir(), "a.zip")
	require.NoError(t, os.WriteFile(disk, archive, 0o600))
	out, whole, err = read(t.Context(), fetch.Files{Paths: []string{disk}, Archives: limits})
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, out, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = read(ctx, fetch.Files{FS: folder, Paths: []string{"a.zip"}, Archives: limits})
	require.ErrorIs(t, err, context.Canceled)
}
