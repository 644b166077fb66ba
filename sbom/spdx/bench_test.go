package spdx_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	library "github.com/spdx/tools-golang/json"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom/spdx"
)

// large makes a document of n packages, each with the fields that tools write,
// and a dependency.
func large(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"large","documentNamespace":"https://acme.example/l",
"creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: t"]},"packages":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `
{"SPDXID":"SPDXRef-%[1]d","name":"part-%[1]d","versionInfo":"1.%[1]d","supplier":"Organization: Acme","downloadLocation":"NOASSERTION","filesAnalyzed":false,
"licenseConcluded":"MIT","licenseDeclared":"MIT","copyrightText":"NOASSERTION","checksums":[{"algorithm":"SHA256","checksumValue":"%064[1]d"}],
"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/part-%[1]d@1.%[1]d"},
{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:acme:part-%[1]d:1.%[1]d:*:*:*:*:*:*:*"}]}`, i)
	}
	b.WriteString(`],"relationships":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"spdxElementId":"SPDXRef-%d","relatedSpdxElement":"SPDXRef-%d","relationshipType":"DEPENDS_ON"}`, i/10, i)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// TestALargeDocumentTakesLittleMemory watches the heap while 100,000 packages
// are read.
func TestALargeDocumentTakesLittleMemory(t *testing.T) {
	data := large(100_000)
	peak, stop, done := uint64(0), make(chan struct{}), make(chan struct{})
	go func() { // ends when stop is closed
		defer close(done)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	bom, err := spdx.Decode(bytes.NewReader(data), nil)
	close(stop)
	<-done
	require.NoError(t, err)
	require.Len(t, bom.Components, 100_000)
	t.Logf("%d MB of document, %d MB of heap at most", len(data)>>20, peak>>20)
	require.Less(t, peak, uint64(600<<20))
}

func BenchmarkDecode(b *testing.B) {
	data := large(100_000)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := spdx.Decode(bytes.NewReader(data), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tools-golang", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := library.Read(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
