package csaf_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// BenchmarkDecode reads every document of a publisher in the bundle in turn; one
// iteration is one document.
func BenchmarkDecode(b *testing.B) {
	for _, folder := range []string{"cisa-icsma", "redhat", "oasis-tests-2.1"} {
		b.Run(folder, func(b *testing.B) {
			var documents [][]byte
			size := 0
			err := fs.WalkDir(os.DirFS(testdata.Path(b, "csaf", folder)), ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || !strings.HasSuffix(name, ".json") {
					return err
				}
				body, err := os.ReadFile(filepath.Join(testdata.Path(b, "csaf", folder), name))
				if err == nil && bytes.Contains(body, []byte(`"csaf_version"`)) {
					documents, size = append(documents, body), size+len(body)
				}
				return err
			})
			if err != nil || size == 0 {
				b.Fatal(err, size)
			}
			b.SetBytes(int64(size / len(documents)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				for range csaf.Decode(bytes.NewReader(documents[i%len(documents)])) {
				}
			}
		})
	}
}
