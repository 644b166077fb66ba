package fetch_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

var quiet = log.New(io.Discard, "", 0)

func zipOf(t testing.TB, files ...string) *bytes.Reader {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i+1 < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = io.WriteString(f, files[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return bytes.NewReader(out.Bytes())
}

// unzip reads all files, and returns their names and the error it ended in.
func unzip(r *bytes.Reader, l fetch.ZipLimits) (names []string, end error) {
	for f, err := range fetch.Zip(r, r.Size(), l, ".json") {
		if err != nil {
			return names, err
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			return names, err
		}
		names = append(names, f.Name)
	}
	return names, nil
}

func TestZipIsReadInItsOrderWithinItsLimits(t *testing.T) {
	t.Parallel()
	wide := fetch.ZipLimits{Files: 10, File: 16 << 20, Total: 16 << 20}
	names, err := unzip(zipOf(t, "b.json", "{}", "../a.JSON", "[]", "readme.txt", "x", "c/", ""), wide)
	require.NoError(t, err)
	require.Equal(t, []string{"b.json", "../a.JSON"}, names)
	for want, c := range map[string]struct {
		r *bytes.Reader
		l fetch.ZipLimits
	}{
		"2 files of 1":                {zipOf(t, "a.json", "1", "b.txt", "2"), fetch.ZipLimits{Files: 1, File: 9, Total: 9}},
		"larger than allowed (4 byte": {zipOf(t, "a.json", "12345"), fetch.ZipLimits{Files: 1, File: 4, Total: 9}},
		"larger than allowed (9 byte": {zipOf(t, "a.json", "12345", "b.json", "12345"), fetch.ZipLimits{Files: 2, File: 5, Total: 9}},
		"200 times its size":          {zipOf(t, "a.json", strings.Repeat(" ", 8<<20)), wide},
		"not a valid zip file":        {bytes.NewReader([]byte("PK")), wide},
	} {
		_, err := unzip(c.r, c.l)
		require.ErrorContains(t, err, want)
	}
	for range fetch.Zip(zipOf(t, "a.json", "1", "b.json", "2"), zipOf(t, "a.json", "1", "b.json", "2").Size(), wide, ".json") {
		break
	}
}

func TestGzipIsKnownByItsFirstBytes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{"plain": []byte("text"), "packed": gzipped(t, []byte("text")), "in two parts": append(gzipped(t, []byte("te")), gzipped(t, []byte("xt"))...)} {
		r, err := fetch.Unpack(bytes.NewReader(body), 4)
		require.NoError(t, err, name)
		got, err := io.ReadAll(r)
		require.NoError(t, err, name)
		require.Equal(t, "text", string(got), name)
		r, err = fetch.Unpack(bytes.NewReader(body), 3)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, fetch.ErrTooLarge, name)
	}
	_, err := fetch.Unpack(bytes.NewReader(gzipped(t, nil)[:5]), 4)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	r, err := fetch.Unpack(strings.NewReader(""), 4)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, got)
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("text"))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		const most = 1 << 20
		r, err := fetch.Unpack(bytes.NewReader(body), most)
		if err != nil {
			return
		}
		if n, _ := io.Copy(io.Discard, r); n > most {
			t.Fatal(n)
		}
	})
}

func FuzzZip(f *testing.F) {
	r := zipOf(f, "a.json", "{}", "b/c.json", "[1]")
	body, err := io.ReadAll(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)-5])
	f.Fuzz(func(t *testing.T, body []byte) {
		var all int64
		r := bytes.NewReader(body)
		for z, err := range fetch.Zip(r, r.Size(), fetch.ZipLimits{Files: 100, File: 1 << 20, Total: 2 << 20}, ".json") {
			if err != nil {
				continue
			}
			n, err := io.Copy(io.Discard, z)
			if all += n; n > 1<<20 || all > 2<<20+100 {
				t.Fatal(n, all)
			}
			if err != nil {
				return
			}
		}
	})
}

func ExampleZip() {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, name := range []string{"GO-1.json", "readme.txt", "GO-2.json"} {
		f, _ := w.Create(name)
		_, _ = io.WriteString(f, "{}")
	}
	_ = w.Close()
	limits := fetch.ZipLimits{Files: 100, File: 1 << 20, Total: 10 << 20}
	for f, err := range fetch.Zip(bytes.NewReader(archive.Bytes()), int64(archive.Len()), limits, ".json") {
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(f)
		fmt.Println(f.Name, len(body), err)
	}
	// Output:
	// GO-1.json 2 <nil>
	// GO-2.json 2 <nil>
}

func ExampleUnpack() {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, "what is in it")
	_ = w.Close()
	for _, max := range []int64{100, 4} {
		plain, err := fetch.Unpack(bytes.NewReader(packed.Bytes()), max)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(plain)
		fmt.Printf("%q %v\n", body, err)
	}
	// Output:
	// "what is in it" <nil>
	// "what" larger than allowed (4 bytes)
}
