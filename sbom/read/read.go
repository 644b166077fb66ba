package read

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
	"github.com/open-postmarket/postmarket/sbom/spdx"
)

// ErrFormat says that the bytes are of a format that is not read here.
var ErrFormat = errors.New("read: not a format that is read")

// MaxBytes is the size of file that is read unless Options say otherwise:
// 256 MiB.
const MaxBytes = 256 << 20

// Options change how an SBOM is read. Nil means none of them.
type Options struct {
	// MaxBytes refuses a longer file. 0 means [MaxBytes].
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

// Read reads one SBOM: CycloneDX or SPDX of any form that their adapters read,
// as it is or in an in-toto statement, a DSSE envelope or a Sigstore bundle.
// Signatures are not checked, and Digest is that of all bytes read, envelope
// included. What is none of these is refused with [ErrFormat] and the name of
// what it looks like.
func Read(r io.Reader, opts *Options) (sbom.BOM, error) {
	limit := int64(MaxBytes)
	if opts != nil && opts.MaxBytes > 0 {
		limit = opts.MaxBytes
	}
	var buf bytes.Buffer
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Size() <= limit {
			buf.Grow(int(info.Size()) + bytes.MinRead)
		}
	}
	if _, err := buf.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return sbom.BOM{}, fmt.Errorf("read: %w", err)
	}
	data := buf.Bytes()
	if int64(len(data)) > limit {
		return sbom.BOM{}, fmt.Errorf("read: is longer than the %d bytes allowed", limit)
	}
	return open(data, limit, 0)
}

// open reads data, or what it wraps.
func open(data []byte, limit int64, depth int) (sbom.BOM, error) {
	switch form, name := look(data); form {
	case isCycloneDX:
		return cyclonedx.Decode(bytes.NewReader(data), &cyclonedx.Options{MaxBytes: limit})
	case isSPDX:
		return spdx.Decode(bytes.NewReader(data), &spdx.Options{MaxBytes: limit})
	case isWrapped:
		if depth >= maxWrapped {
			return sbom.BOM{}, fmt.Errorf("%w: is wrapped more than %d times", ErrFormat, maxWrapped)
		}
		bom, err := unwrap(data, name, limit, depth)
		if err != nil {
			return sbom.BOM{}, err
		}
		sum := sha256.Sum256(data)
		bom.Digest = hex.EncodeToString(sum[:])
		return bom, nil
	case isEmpty:
		return sbom.BOM{}, errors.New("read: is empty")
	default:
		return sbom.BOM{}, fmt.Errorf("%w: looks like %s", ErrFormat, name)
	}
}
