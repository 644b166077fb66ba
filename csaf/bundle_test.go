package csaf_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// documents lists the CSAF documents in folders of the bundle.
func documents(t testing.TB, folders ...string) []string {
	t.Helper()
	var files []string
	for _, f := range folders {
		err := filepath.WalkDir(testdata.Path(t, "csaf", f), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".json") {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte(`"csaf_version"`)) {
				files = append(files, path)
			}
			return err
		})
		require.NoError(t, err)
	}
	require.NotEmpty(t, files)
	return files
}

func canonical(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	return v
}

// notRoundTripped are the documents of the bundle that do not come back as they
// were: one that is no JSON, and one that holds what the schema forbids, at the
// pointer given, for which Encode refuses it.
var notRoundTripped = map[string]string{
	"trailing-garbage-data/avendor-advisory-0004.json":  "",
	"invalid-csaf/csaf_apache-tika-cve-2025-54988.json": "/vulnerabilities/0",
}

func TestEveryDocumentOfTheBundleComesBackAsItWas(t *testing.T) {
	t.Parallel()
	same, known := 0, 0
	for _, file := range documents(t, "cisa-icsma", "cisa-icsa", "cisa-sig", "oasis-examples-2.0", "oasis-tests-2.0", "gocsaf-testdata", "redhat", "vendors") {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		name := filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))
		doc, err := csaf.Decode(bytes.NewReader(data))
		if at, ok := notRoundTripped[name]; ok {
			known++
			if at == "" {
				require.Error(t, err, name)
				continue
			}
			require.NoError(t, err, name)
			require.Equal(t, at, doc.Unread[0].Path, name)
			require.ErrorContains(t, csaf.Encode(new(bytes.Buffer), doc), at, name)
			continue
		}
		require.NoError(t, err, name)
		require.Empty(t, doc.Unread, name)
		var out bytes.Buffer
		require.NoError(t, csaf.Encode(&out, doc), name)
		if was, is := canonical(t, data), canonical(t, out.Bytes()); !reflect.DeepEqual(was, is) {
			require.Empty(t, cmp.Diff(was, is), name)
		}
		again, err := csaf.Decode(&out)
		require.NoError(t, err, name)
		doc.Unsorted = nil
		require.True(t, reflect.DeepEqual(doc, again), name)
		same++
	}
	require.GreaterOrEqual(t, same, 500)
	require.Len(t, notRoundTripped, known)
	t.Logf("%d documents came back equal; %d are known not to", same, known)
}

func TestEveryAdvisoryOfCISAIsValidHereAsItIsForTheJudge(t *testing.T) {
	t.Parallel()
	files := documents(t, "cisa-icsma", "cisa-icsa")
	for _, file := range files {
		require.Empty(t, check(t, file), filepath.Base(file))
	}
	for _, v := range testdata.JudgeCSAF(t, "basic", files...) {
		require.True(t, v.Valid, "the judge: %s: %v", filepath.Base(v.File), v.Errors)
	}
	t.Logf("%d documents", len(files))
}

func check(t *testing.T, file string) []csaf.Failure {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	doc, err := csaf.Decode(f)
	require.NoError(t, err, filepath.Base(file))
	return csaf.Check(doc)
}

// A deviation is a mandatory test file of OASIS whose verdict someone does not
// share.
type deviation struct {
	ours, judge bool // whether the file is valid, here and for the independent judge
	why         string
}

// OASIS gives each verdict for the test that the file is about. It is right in
// all four.
var deviations = map[string]deviation{
	"6-1-14-12": {ours: true, judge: false, why: "the judge is wrong: it reports 6.1.21 for two revisions of one instant listed newest first"},
	"6-1-16-16": {ours: true, judge: false, why: "the judge is wrong: the same"},
	"6-1-16-17": {ours: true, judge: false, why: "the judge is wrong: the same, with semantic versions"},
	"6-1-26-04": {ours: false, judge: true, why: "the judge is wrong: csafsecurityadvisory is the name of a profile without its underscores"},
}

type sample struct {
	test, file   string
	fails, valid bool // whether the test named fails, and whether the document as a whole is valid
}

func (s sample) id() string {
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(s.file), "oasis_csaf_tc-csaf_2_0-2021-"), ".json")
}

func samples(t *testing.T, group string) []sample {
	t.Helper()
	type named struct {
		Name  string `json:"name"`
		Valid bool   `json:"valid"`
	}
	var list struct {
		Tests []struct {
			ID       string  `json:"id"`
			Group    string  `json:"group"`
			Failures []named `json:"failures"`
			Valid    []named `json:"valid"`
		} `json:"tests"`
	}
	dir := testdata.Path(t, "csaf", "oasis-tests-2.0", "data")
	data, err := os.ReadFile(filepath.Join(dir, "testcases.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &list))
	var out []sample
	for _, test := range list.Tests {
		if test.Group != group {
			continue
		}
		for _, f := range test.Failures {
			out = append(out, sample{test.ID, filepath.Join(dir, f.Name), true, f.Valid})
		}
		for _, f := range test.Valid {
			out = append(out, sample{test.ID, filepath.Join(dir, f.Name), false, f.Valid})
		}
	}
	require.NotEmpty(t, out)
	return out
}

func TestTheMandatoryTestFilesOfOASISFailTheTestTheyAreAbout(t *testing.T) {
	t.Parallel()
	agree, all := 0, samples(t, "mandatory")
	for _, s := range all {
		failures := check(t, s.file)
		want := s.valid
		if d, ok := deviations[s.id()]; ok {
			want = d.ours
		}
		require.Equal(t, want, len(failures) == 0, "%s: %v", s.id(), failures)
		if want != s.valid {
			continue
		}
		agree++
		require.Equal(t, s.fails, slices.ContainsFunc(failures, func(f csaf.Failure) bool { return f.Test == s.test }),
			"%s: %v", s.id(), failures)
	}
	t.Logf("%d of %d verdicts are those of OASIS", agree, len(all))
}

func TestTheJudgeSharesOurVerdictsOnTheFilesOfOASISButForKnownOnes(t *testing.T) {
	t.Parallel()
	all := samples(t, "mandatory")
	var files []string
	for _, s := range all {
		files = append(files, s.file)
	}
	same := 0
	for i, v := range testdata.JudgeCSAF(t, "basic", files...) {
		ours := len(check(t, v.File)) == 0
		d, known := deviations[all[i].id()]
		require.Equal(t, known && d.ours != d.judge, ours != v.Valid, "%s: ours %v, judge %v", all[i].id(), ours, v.Errors)
		if ours == v.Valid {
			same++
		}
	}
	t.Logf("%d of %d verdicts are the judge's", same, len(all))
}
