package advisory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

// later is uncontrolled with a plan that says that version 2.2 comes some day.
func later(t *testing.T) advisory.Input {
	t.Helper()
	in := uncontrolled(t)
	some := fix
	some.AvailableFrom = time.Time{}
	in.Plans = []patch.Plan{planned(t, in.Assessments[0], patch.Details{
		Remedies: []patch.Remedy{some, segment}, Actions: []patch.Action{{Party: patch.Facility, Text: "Wait for version 2.2."}},
	})}
	return in
}

// made is the release of version 2.2 that carries the change of these findings.
func made(findings ...string) patch.Release {
	r := patch.Release{
		Schema: patch.Schema, Product: "pump", Version: "2.2", Sequence: 7, From: []string{"2.1"}, At: judged.Add(time.Hour),
		Interrupted: "It goes on with the old version.", Test: "test report 9", SBOM: patch.Attach("sbom", []byte("sbom")),
		Files: []patch.File{patch.Attach("pump.bin", []byte("binary"))},
	}
	for _, d := range []string{"change-description", "installation", "rollback", "known-issues"} {
		r.Documents = append(r.Documents, patch.Attach(d, []byte(d)))
	}
	for _, f := range findings {
		r.Changes = append(r.Changes, f+" @2.1")
	}
	slices.Sort(r.Changes)
	return r
}

func TestFixedIsNotTyped(t *testing.T) {
	t.Parallel()
	in := later(t)
	require.Equal(t, map[string]advisory.VersionStatus{"2.1": advisory.Affected}, dispositions(draft(t, in), therapy))
	for name, version := range map[string]string{"another version": "2.3", "the planned one": "2.2"} {
		in.Remedies = []advisory.Remedy{{Kind: patch.Patch, Party: patch.Manufacturer, Text: "Take this one.", FixedIn: version, AvailableFrom: judged}}
		_, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, "which no approved plan and no release says", name)
		in.Remedies[0].AvailableFrom = out
		a := draft(t, in)
		require.NotContains(t, []advisory.VersionStatus{advisory.Fixed}, dispositions(a, therapy)[version], name)
	}

	in = uncontrolled(t)
	in.Products = append(in.Products, pump("3.0", ""))
	of := advisory.Basis{Kind: string(notes), Key: "test-17", Digest: "d"}
	for name, s := range map[string]advisory.Statement{
		"bare":                          {},
		"with a reason alone":           {Why: "Version 3.0 is built with the library of May."},
		"with a record alone":           {From: []advisory.Basis{of}},
		"with an empty phrase":          {Why: "tbd", From: []advisory.Basis{of}},
		"with half a record":            {Why: "Version 3.0 is built with the library of May.", From: []advisory.Basis{{Kind: of.Kind, Key: of.Key}}},
		"with an advisory that says so": {Why: "Version 3.0 is built with the library of May.", From: []advisory.Basis{{Kind: string(advisory.Advisories), Key: "x", Digest: "d"}}},
	} {
		s.Product, s.Vulnerability, s.Status = "pump-3.0", therapy, advisory.Fixed
		in.Stated = []advisory.Statement{s}
		_, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, "a record of the ledger that says so", name)
	}

	a := draft(t, uncontrolled(t))
	d := &a.Vulnerabilities[0].Dispositions[0]
	d.Status, d.Risk, d.Score, d.Class = advisory.Fixed, "", nil, ""
	require.ErrorContains(t, a.Validate(), "fixed without a plan, a release or a record")
}

func TestAStatementOfAFixRestsOnItsRecord(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Products = append(in.Products, pump("3.0", ""))
	l := keeping(t, draft(t, uncontrolled(t)))
	put := func(l *store.Ledger, text string) {
		require.NoError(t, l.Do(t.Context(), store.By{Who: "lab", Why: "tested"}, func(tx *store.Tx) error { return notes.Put(tx, note{"test-17", text}) }))
	}
	_, err := advisory.Resting(t.Context(), l, store.Name{Kind: string(notes), Key: "test-17"})
	require.ErrorIs(t, err, store.ErrNotFound)
	put(l, "passed")
	of, err := advisory.Resting(t.Context(), l, store.Name{Kind: string(notes), Key: "test-17"})
	require.NoError(t, err)
	in.Stated = []advisory.Statement{{
		Product: "pump-3.0", Vulnerability: therapy, Status: advisory.Fixed, Why: "Version 3.0 is built with the library of May.", From: []advisory.Basis{of},
	}}
	a := final(t, in)
	require.Equal(t, advisory.Fixed, dispositions(a, therapy)["3.0"])
	require.Contains(t, said(t, a, "Fixed in this version. Version 3.0 is built with the library of May.").From, of)
	l = keeping(t, a)
	put(l, "passed")
	require.NoError(t, advisory.Fresh(t.Context(), l, a))
	put(l, "failed after all")
	require.ErrorContains(t, advisory.Fresh(t.Context(), l, a), `host.note "test-17" changed`)
}

// said is the first claim with that text.
func said(t *testing.T, a advisory.Advisory, text string) advisory.Claim {
	t.Helper()
	for _, c := range advisory.Claims(a) {
		if c.Text == text {
			return c
		}
	}
	t.Fatalf("nothing says %q", text)
	return advisory.Claim{}
}

func TestAFixNamesThePlanOrTheReleaseThatItRestsOn(t *testing.T) {
	t.Parallel()
	kindsOf := func(c advisory.Claim) string {
		var out []string
		for _, b := range c.From {
			out = append(out, b.Kind)
		}
		return strings.Join(out, " ")
	}
	const words = "Fixed in this version."
	require.Equal(t, "advisory.advisory patch.plan", kindsOf(said(t, draft(t, uncontrolled(t)), words)))

	in := later(t)
	r := made(in.Assessments[0].Finding)
	require.NoError(t, r.Check())
	in.Releases = []patch.Release{r}
	a := final(t, in)
	require.Equal(t, advisory.Fixed, dispositions(a, therapy)["2.2"])
	require.Equal(t, "advisory.advisory patch.release", kindsOf(said(t, a, words)))
	require.Equal(t, r.At, a.Remedies[0].AvailableFrom)
	require.Contains(t, kindsOf(said(t, a, fix.Text+" In version 2.2, available since 2026-03-12.")), "patch.release")
	l := keeping(t, a)
	require.NoError(t, advisory.Fresh(t.Context(), l, a))
	r.Test = "test report 10"
	require.NoError(t, l.Do(t.Context(), store.By{Who: "quality", Why: "another test"}, func(tx *store.Tx) error { return patch.Releases.Put(tx, r) }))
	require.ErrorContains(t, advisory.Fresh(t.Context(), l, a), "patch.release")

	// A change of now says in its key of what kind it is.
	in.Releases[0].Changes = []string{in.Assessments[0].Finding + " @2.1 patch 0123456789abcdef"}
	require.Equal(t, advisory.Fixed, dispositions(draft(t, in), therapy)["2.2"])

	// A remedy of who drafts may tell of what was released.
	in.Remedies = []advisory.Remedy{{Kind: patch.Patch, Party: patch.User, Text: "Ask for it at the desk.", FixedIn: "2.2", AvailableFrom: judged}}
	require.Equal(t, advisory.Fixed, dispositions(draft(t, in), therapy)["2.2"])

	// One finding of two is not the version.
	in = later(t)
	other := finding("pump-2.1", therapy)
	other.Coordinate = "cpe:a:other:copy"
	second := settled(t, other, assess.Serious, remote, "The same could happen to a patient through the service port.")
	in.Assessments = append(in.Assessments, second)
	some := fix
	some.AvailableFrom = time.Time{}
	in.Plans = append(in.Plans, planned(t, second, patch.Details{Remedies: []patch.Remedy{some, segment}, Actions: []patch.Action{{Party: patch.Facility, Text: "Keep the pumps apart."}}}))
	in.Releases = []patch.Release{made(in.Assessments[0].Finding)}
	require.Equal(t, advisory.UnderInvestigation, dispositions(draft(t, in), therapy)["2.2"])
	in.Releases = []patch.Release{made(in.Assessments[0].Finding, second.Finding)}
	require.Equal(t, advisory.Fixed, dispositions(draft(t, in), therapy)["2.2"])

	for name, change := range map[string]func(*patch.Release){
		"is not right": func(r *patch.Release) { r.Files = nil },
		"later":        func(r *patch.Release) { r.At = out },
		"carries a control": func(r *patch.Release) {
			r.Changes = []string{in.Assessments[0].Finding + " @2.1 compensating-control 0123456789abcdef"}
		},
		"carries nothing": func(r *patch.Release) { r.Changes = []string{"x @2.1"} },
	} {
		r := made(in.Assessments[0].Finding)
		change(&r)
		in.Releases = []patch.Release{r}
		_, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, "release", name)
	}
}
