package csaf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// BenchmarkCheck decodes and checks every medical advisory of the bundle in
// turn; one iteration is one document.
func BenchmarkCheck(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(testdata.Path(b, "csaf", "cisa-icsma"), "*.json"))
	if err != nil || len(files) == 0 {
		b.Fatal("no documents")
	}
	var texts [][]byte
	size := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		texts, size = append(texts, data), size+len(data)
	}
	b.SetBytes(int64(size / len(texts)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		doc, err := csaf.Decode(bytes.NewReader(texts[i%len(texts)]))
		if err != nil || len(csaf.Check(doc)) > 0 {
			b.Fatal(err)
		}
	}
}
