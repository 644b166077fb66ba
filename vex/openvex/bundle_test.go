package openvex_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	govex "github.com/openvex/go-vex/pkg/vex"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

// unwritable are the documents that are read and cannot be written, with the
// reason.
var unwritable = map[string]string{
	"test.vex.json":         "CVE-2009-4487 has no status", // it names no products, so nothing is cleared
	"test_openvex_vex.json": "not_affected needs a justification or an impact",
	"images.vex.json":       "no time of issue",
	"v001-1.vex.json":       "no time of issue",
	"v001-2.vex.json":       "no time of issue",
	"v020-1.vex.json":       "no time of issue",
	"v020-2.vex.json":       "no time of issue",
}

func TestEveryDocumentOfTheBundleComesBack(t *testing.T) {
	t.Parallel()
	files, written := 0, 0
	err := filepath.WalkDir(testdata.Path(t, "vex"), func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() || !strings.HasSuffix(path, ".json") {
			return nil
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if vex.Sniff(data) != openvex.Format {
			_, err := openvex.Decode(bytes.NewReader(data))
			require.Error(t, err, path)
			return nil
		}
		files++
		doc, err := openvex.Decode(bytes.NewReader(data))
		require.NoError(t, err, path)
		require.NotEmpty(t, doc.Statements, path)
		if theirs, err := govex.Open(path); err == nil {
			compare(t, path, theirs, doc)
		}
		var out bytes.Buffer
		err = openvex.Encode(&out, doc, nil)
		if want := unwritable[filepath.Base(path)]; want != "" {
			require.ErrorContains(t, err, want, path)
			if want == "no time of issue" {
				require.NoError(t, openvex.Encode(&out, doc, &openvex.Options{At: at}), path)
			}
		} else {
			require.NoError(t, err, path)
		}
		if out.Len() == 0 {
			return nil
		}
		written++
		again, err := openvex.Decode(&out)
		require.NoError(t, err)
		require.Empty(t, again.Problems, path)
		require.Empty(t, cmp.Diff(byKey(doc), byKey(again)), path)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 19, files)
	require.Equal(t, 17, written)
}

// compare holds what we read against what go-vex reads.
func compare(t *testing.T, path string, theirs *govex.VEX, ours vex.Document) {
	t.Helper()
	require.Len(t, ours.Statements, len(theirs.Statements), path)
	for i, s := range theirs.Statements {
		o := ours.Statements[i]
		require.Equal(t, string(s.Vulnerability.Name), o.Vulnerability, path)
		require.Equal(t, string(s.Status), o.Original.State, path)
		require.Equal(t, string(s.Justification), o.Original.Justification, path)
		require.Equal(t, s.ImpactStatement, o.Impact, path)
		n := 0
		for _, p := range s.Products {
			n += max(1, len(p.Subcomponents))
		}
		require.Len(t, o.Products, n, path)
	}
}

// byKey are what a document says, each once: the order is another when it is
// written.
func byKey(doc vex.Document) map[vex.Key][]string {
	out := map[vex.Key][]string{}
	for _, s := range doc.Statements {
		for _, k := range s.Keys() {
			text := strings.Join([]string{string(s.Status), string(s.Justification), s.Impact, s.Original.State, s.Original.Justification, s.Issued.String()}, "|")
			if l := out[k]; len(l) == 0 || l[len(l)-1] != text {
				out[k] = append(l, text)
			}
		}
	}
	return out
}
