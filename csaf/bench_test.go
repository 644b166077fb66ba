package csaf_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/csaf"
)

// BenchmarkJudge judges every advisory of CISA in the bundle in turn; one
// iteration is one file, read from the disk as a checker program reads it.
func BenchmarkJudge(b *testing.B) {
	for _, preset := range []csaf.Preset{csaf.Basic, csaf.Extended} {
		b.Run(string(preset), func(b *testing.B) {
			files, size := documents(b, "cisa-icsma", "cisa-icsa"), int64(0)
			for _, file := range files {
				info, err := os.Stat(file)
				if err != nil {
					b.Fatal(err)
				}
				size += info.Size()
			}
			b.SetBytes(size / int64(len(files)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f, err := os.Open(files[i%len(files)])
				if err != nil {
					b.Fatal(err)
				}
				v, err := csaf.Judge(f, preset)
				if err != nil || !v.Valid() {
					b.Fatal(err, v)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

// BenchmarkDecodeAndEncode reads and writes the same advisories in memory.
func BenchmarkDecodeAndEncode(b *testing.B) {
	var texts [][]byte
	size := 0
	for _, file := range documents(b, "cisa-icsma", "cisa-icsa") {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		texts, size = append(texts, text), size+len(text)
	}
	b.SetBytes(int64(size / len(texts)))
	b.ReportAllocs()
	var out bytes.Buffer
	for i := 0; b.Loop(); i++ {
		doc, err := csaf.Decode(bytes.NewReader(texts[i%len(texts)]))
		if err != nil {
			b.Fatal(err)
		}
		out.Reset()
		if err := csaf.Encode(&out, doc); err != nil {
			b.Fatal(err)
		}
	}
}
