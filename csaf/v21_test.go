package csaf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
)

func decodeAny(t *testing.T, text string) *csaf.Document {
	t.Helper()
	doc, err := csaf.DecodeAny(strings.NewReader(text))
	require.NoError(t, err)
	return doc
}

func TestEveryDocumentOf21ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	same := 0
	extras := map[string]int{}
	for _, file := range documents(t, "oasis-tests-2.1") {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_json_schema.json") || name == "testcases.json" {
			continue
		}
		_, err = csaf.Decode(bytes.NewReader(data))
		require.ErrorIs(t, err, csaf.ErrVersion, name)
		doc, err := csaf.DecodeAny(bytes.NewReader(data))
		require.NoError(t, err, name)
		require.Empty(t, doc.Unread, name)
		require.Equal(t, csaf.Schema21, doc.Schema, name)
		require.ErrorIs(t, csaf.Encode(new(bytes.Buffer), doc), csaf.ErrVersion, name)
		var out bytes.Buffer
		require.NoError(t, csaf.Encode21(&out, doc), name)
		if was, is := canonical(t, data), canonical(t, out.Bytes()); !reflect.DeepEqual(was, is) {
			require.Empty(t, cmp.Diff(was, is), name)
		}
		again, err := csaf.DecodeAny(&out)
		require.NoError(t, err, name)
		doc.Unsorted, again.Unsorted = nil, nil
		require.True(t, reflect.DeepEqual(doc, again), name)
		for at := range doc.Extras() {
			extras[at[strings.LastIndex(at, "/")+1:]]++
		}
		failures := csaf.Check(doc)
		require.Len(t, failures, 1, name)
		require.Equal(t, `schema /document/csaf_version: is "2.1", and only documents of CSAF 2.0 are judged`, failures[0].String(), name)
		require.Equal(t, failures, csaf.CheckOptional(doc), name)
		same++
	}
	require.GreaterOrEqual(t, same, 643)
	t.Logf("%d documents came back equal; kept without a field: %v", same, extras)
}
