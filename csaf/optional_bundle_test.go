package csaf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func judged(t *testing.T, file string, preset csaf.Preset) (csaf.Verdict, error) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return csaf.Judge(bytes.NewReader(data), preset)
}

// Optional test files of OASIS whose verdict as a whole someone does not share.
// The named test fails for everyone.
var optionalDeviations = map[string]deviation{
	"6-2-08-02": {ours: false, judge: false, why: "testcases.json is wrong: a file has two digests of MD5, which 6.1.25 forbids"},
	"6-2-09-02": {ours: false, judge: false, why: "testcases.json is wrong: the same with SHA-1"},
	"6-2-20-01": {ours: true, judge: false, why: "the judge is wrong: its schema forbids additional members, which the standard's allows"},
}

func TestTheOptionalTestFilesOfOASISFailTheTestTheyAreAbout(t *testing.T) {
	t.Parallel()
	agree, all := 0, samples(t, "optional")
	var files []string
	for _, s := range all {
		files = append(files, s.file)
	}
	for i, theirs := range testdata.JudgeCSAF(t, "extended", files...) {
		s := all[i]
		v, err := judged(t, s.file, csaf.Extended)
		require.NoError(t, err)
		require.Equal(t, s.fails, slices.Contains(v.Tests(), s.test), "%s: %v", s.id(), v.Warnings)
		want, known := optionalDeviations[s.id()]
		if !known {
			want = deviation{ours: s.valid, judge: s.valid}
		}
		require.Equal(t, want.ours, v.Valid(), "%s: %v", s.id(), v.Failures)
		require.Equal(t, want.judge, theirs.Valid, "%s: %v", s.id(), theirs.Errors)
		if want.ours == s.valid {
			agree++
		}
	}
	t.Logf("%d of %d verdicts are those of OASIS", agree, len(all))
}

// A warning is a test and the place it warns of, in the words of the judge.
type warning struct{ test, at string }

// asTheJudgePoints turns our pointer into the judge's, which for some tests
// names the object and not the member, or the score and not the product.
func asTheJudgePoints(f csaf.Failure) warning {
	at := f.Path
	switch f.Test {
	case "6.2.8", "6.2.9":
		at = strings.TrimSuffix(at, "/file_hashes")
	case "6.2.10":
		at = "/document"
	case "6.2.11":
		at = "/document/references"
	case "6.2.18":
		at = strings.TrimSuffix(at, "/name")
	case "6.2.19":
		at = at[:strings.Index(at, "/product_status")]
	case "6.2.20":
		at = at[:strings.LastIndexByte(at, '/')]
	}
	return warning{f.Test, at}
}

func warningsOf(v testdata.Verdict) map[warning]bool {
	set := map[warning]bool{}
	for _, w := range v.Warnings {
		test := strings.ReplaceAll(strings.TrimPrefix(w.Test, "optionalTest_"), "_", ".")
		at := w.Path
		if test == "6.2.19" {
			at = at[:strings.Index(at, "/scores")]
		}
		set[warning{test, at}] = true
	}
	return set
}

// Documents of the bundle of which the judge and we warn differently.
var warnedOtherwise = map[string]string{
	"oasis_csaf_tc-csaf_2_0-2021-6-1-01-02.json": "the judge is wrong: for 6.2.1 it does not see that flags refer to the products",
	"oasis_csaf_tc-csaf_2_0-2021-6-1-01-12.json": "the judge is wrong: the same",
	"msrc_cve-2025-29795.json":                   "both are right: the words of 6.2.20 speak of any additional member, what it deems sufficient leaves out those of a CVSS object",
	"msrc_cve-2025-29806.json":                   "both are right: the same",
}

func TestTheJudgeSharesOurWarningsOnEveryDocumentOfTheBundle(t *testing.T) {
	t.Parallel()
	files := documents(t, "cisa-icsma", "cisa-icsa", "cisa-sig", "oasis-examples-2.0", "oasis-tests-2.0", "gocsaf-testdata", "redhat", "vendors")
	same, other, warned := 0, 0, 0
	for _, v := range testdata.JudgeCSAF(t, "extended", files...) {
		ours, err := judged(t, v.File, csaf.Extended)
		if err != nil {
			require.Equal(t, "crash", v.Errors[0].Test, v.File)
			continue
		}
		set := map[warning]bool{}
		for _, f := range ours.Warnings {
			set[asTheJudgePoints(f)] = true
		}
		if _, known := warnedOtherwise[filepath.Base(v.File)]; known {
			other++
			require.NotEqual(t, warningsOf(v), set, v.File)
			continue
		}
		require.Equal(t, warningsOf(v), set, v.File)
		same++
		warned += len(set)
	}
	require.Len(t, warnedOtherwise, other)
	t.Logf("%d documents with %d warnings, the judge's one by one; %d known not to", same, warned, other)
}
