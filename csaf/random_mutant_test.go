package csaf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// A shaker changes a JSON value somewhere.
type shaker struct{ *rand.Rand }

// strange are values that fit one place and not another.
var strange = []any{
	"", "x", "0", "1", "2", "10", "1.0.0", "1.0.0-rc", "final", "draft", "interim", "CSAFPID-0001", "CSAFPID-0002", "2024-01-01T00:00:00Z", "1990-01-01T00:00:00Z",
	"en", "de-DE", "EZ", "vendor", "translator", "csaf_vex", "csaf_base", "csaf_security_advisory", "csaf_informational_advisory", "csaf_security_incident_response",
	"Security Advisory", "product_version", "product_version_range", "all versions", "<1.0", "prior to 2", "pkg:npm/a@1", "pkg:npm", "CWE-79", "CWE-16", "CVE-2020-1234",
	"https://a.example/b", "not a uri", "NONE", "HIGH", "external", "self", "summary", "description", "impact", "component_not_present",
	"AV:N/AC:L/Au:N/C:N/I:N/A:P", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "3.0", "3.1", "2.0", 1.0, 9.8, 10.0, 0.0, true, nil, []any{}, map[string]any{},
}

// reserved are messages of 6.1.12 about languages of four letters.
var reserved = regexp.MustCompile(`^is "q[a-t][a-z]x", and`)

func (s shaker) one() any { return strange[s.IntN(len(strange))] }

func (s shaker) shake(v any, deep bool) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 || deep && s.IntN(12) == 0 {
			return s.one()
		}
		names := slices.Sorted(maps.Keys(v))
		if name := names[s.IntN(len(names))]; s.IntN(6) == 0 {
			delete(v, name)
		} else {
			v[name] = s.shake(v[name], true)
		}
		return v
	case []any:
		if len(v) == 0 {
			return s.one()
		}
		i, j := s.IntN(len(v)), s.IntN(len(v))
		switch s.IntN(8) {
		case 0:
			return append(slices.Clone(v), v[i])
		case 1:
			return slices.Delete(slices.Clone(v), i, i+1)
		case 2:
			v[i], v[j] = v[j], v[i]
		default:
			v[i] = s.shake(v[i], true)
		}
		return v
	case string:
		switch s.IntN(5) {
		case 0:
			return v + "x"
		case 1:
			return strings.ToUpper(v)
		}
	}
	return s.one()
}

func TestTheJudgeSharesOurVerdictOnShakenDocuments(t *testing.T) {
	t.Parallel()
	most := 500
	if os.Getenv("POSTMARKET_TEST_LONG") != "" {
		most = 10_000
	}
	s := shaker{rand.New(rand.NewPCG(2024, 3))}
	from := documents(t, "cisa-icsma", "cisa-icsa", "oasis-examples-2.0", "oasis-tests-2.0", "gocsaf-testdata", "redhat", "vendors")
	from = slices.DeleteFunc(from, func(file string) bool {
		_, known := deviations[sample{file: file}.id()] // where the judge is wrong before anything is changed
		return known
	})
	dir := t.TempDir()
	var files []string
	var ours []csaf.Verdict
	for len(files) < most {
		text, err := os.ReadFile(from[s.IntN(len(from))])
		require.NoError(t, err)
		var v any
		if len(text) > 200_000 || json.Unmarshal(text, &v) != nil {
			continue
		}
		for range 1 + s.IntN(2) {
			v = s.shake(v, false)
		}
		text, err = json.Marshal(v)
		require.NoError(t, err)
		verdict, err := csaf.Judge(bytes.NewReader(text), csaf.Basic)
		require.NoError(t, err)
		name := filepath.Join(dir, fmt.Sprintf("%06d.json", len(files)))
		require.NoError(t, os.WriteFile(name, text, 0o600))
		files, ours = append(files, name), append(ours, verdict)
	}
	n, valid, skipped := 0, 0, 0
	for chunk := range slices.Chunk(files, 2000) {
		for _, v := range testdata.JudgeCSAF(t, "basic", chunk...) {
			mine := ours[n]
			n++
			if slices.ContainsFunc(v.Errors, func(f testdata.Finding) bool {
				return f.Test == "crash" || strings.Contains(f.Message, "additional properties")
			}) {
				skipped++ // see optionalDeviations
				continue
			}
			if v.Valid && slices.ContainsFunc(mine.Failures, func(f csaf.Failure) bool { return reserved.MatchString(f.Message) }) {
				skipped++ // the judge is wrong: of four letters, it is not among qaa..qtz
				continue
			}
			if oneInstant(t, v.File) {
				skipped++ // the judge is wrong: see deviations
				continue
			}
			require.Equal(t, v.Valid, mine.Valid(), "%s: judge %v, ours %v", v.File, v.Errors, mine.Failures)
			if v.Valid {
				valid++
			}
			// Where the schema holds, the very tests that fail are the same.
			theirs := map[string]bool{}
			for _, f := range v.Errors {
				theirs[strings.ReplaceAll(strings.TrimPrefix(f.Test, "mandatoryTest_"), "_", ".")] = true
			}
			if !theirs["csaf.2.0.strict"] {
				require.ElementsMatch(t, slices.Collect(maps.Keys(theirs)), mine.Tests(), "%s: judge %v, ours %v", v.File, v.Errors, mine.Failures)
			}
		}
	}
	t.Logf("%d shaken documents, %d of them valid still: all verdicts and all tests that fail are the judge's; %d not compared", n, valid, skipped)
}

// oneInstant reports whether two revisions of the document have the same date.
func oneInstant(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	d, err := csaf.Decode(bytes.NewReader(text))
	if err != nil {
		return false // of another version
	}
	dates := map[csaf.Date]bool{}
	for _, r := range d.Document.Tracking.RevisionHistory {
		if dates[r.Date] {
			return true
		}
		dates[r.Date] = true
	}
	return false
}
