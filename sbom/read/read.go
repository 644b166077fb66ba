// Package read opens an SBOM of any format this module knows, by looking at
// its bytes. It is the one package that knows all of them; a program that needs
// one format imports that adapter alone.
//
//	bom, err := read.File("pump-2.1.cdx.json", nil)
package read

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

// ErrFormat says that the bytes are of a format that is not read here.
var ErrFormat = errors.New("read: not a format that is read")

// Options change how an SBOM is read. Nil means none of them.
type Options struct {
	// MaxBytes refuses a longer document. 0 means the format's own limit.
	MaxBytes int64
}

// File reads the SBOM at path. Every error names it.
func File(path string, opts *Options) (sbom.BOM, error) {
	f, err := os.Open(path)
	if err != nil {
		return sbom.BOM{}, fmt.Errorf("read: %w", err)
	}
	defer f.Close()
	bom, err := Read(f, opts)
	if err != nil {
		return sbom.BOM{}, fmt.Errorf("%s: %w", path, err)
	}
	return bom, nil
}

// Read reads one SBOM. What looks like SPDX or like a signed envelope is refused by
// that name with [ErrFormat]; everything else is taken for CycloneDX.
func Read(r io.Reader, opts *Options) (sbom.BOM, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && err != io.EOF {
		return sbom.BOM{}, fmt.Errorf("read: %w", err)
	}
	if other := sniff(head); other != "" {
		return sbom.BOM{}, fmt.Errorf("%w: looks like %s", ErrFormat, other)
	}
	var o cyclonedx.Options
	if opts != nil {
		o.MaxBytes = opts.MaxBytes
	}
	return cyclonedx.Decode(b, &o)
}

// sniffed is how much of a document is looked at to tell its format.
const sniffed = 4 << 10

// sniff names the foreign format that head is the beginning of, or nothing.
func sniff(head []byte) string {
	has := func(s string) bool { return bytes.Contains(head, []byte(s)) }
	switch {
	case has(`"bomFormat"`), has("cyclonedx.org/schema/bom"):
		return ""
	case has(`"spdxVersion"`), has("spdx.org/rdf"):
		return "SPDX 2"
	case has("SPDXVersion:"), has("spdxVersion:"):
		return "SPDX 2"
	case has(`"@context"`):
		return "SPDX 3 or another JSON-LD document"
	case has(`"payloadType"`), has(`"predicateType"`):
		return "an in-toto envelope"
	}
	return ""
}
