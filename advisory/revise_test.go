package advisory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

func TestAnUpdateIsTheNextRevision(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	a := final(t, in)
	l := keeping(t, a)
	_, err := draft(t, in).Update(in, "More.", out)
	require.ErrorContains(t, err, "is a draft")
	in.ID, in.Kind = "other", ""
	in.Summary = "A library for encrypted connections in the pump has weaknesses. There is more to say now."
	b, err := a.Update(in, "The summary says more.", out)
	require.NoError(t, err)
	require.Equal(t, a.ID, b.ID)
	require.Equal(t, 2, b.Revisions[1].Number)
	require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: in.By, Why: "update"}, b))
}

func TestAWithdrawalTakesBackEveryDisposition(t *testing.T) {
	t.Parallel()
	in := variants(t)["several"]
	a := final(t, in)
	l := keeping(t, a)
	at := out.Add(time.Hour)
	_, err := a.Withdraw("advisory-author", advisory.Withdrawal{Why: "n/a"}, in.Instructions, at)
	require.ErrorContains(t, err, "why it is withdrawn")
	_, err = a.Withdraw("advisory-author", advisory.Withdrawal{Why: "It was sent for the wrong model."}, nil, at)
	require.ErrorContains(t, err, "no instruction for the facility")
	b, err := a.Withdraw("advisory-author", advisory.Withdrawal{Why: "It was sent for the wrong model.", ReplacedBy: "EXM-2026-002"}, in.Instructions, at)
	require.NoError(t, err)
	require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: in.By, Why: "withdrawn"}, b))
	s := signature()
	s.At = at
	b, err = b.SignOff(s)
	require.NoError(t, err)
	require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: "safety-lead", Why: "signed"}, b))
	r, err := forms(advisory.Statements).Release(t.Context(), l, releaser, tlp.LabelsOnly, b, tlp.Customer, at)
	require.NoError(t, err)
	for _, f := range r.Files {
		require.Contains(t, string(f.Bytes), "WITHDRAWN", f.Name)
		require.Contains(t, string(f.Bytes), "wrong model", f.Name)
		for _, gone := range []string{"none of the records", "Published score", "what could happen to the patient", "Clinical impact", in.Assessments[0].Impact.Statement, "Not determined yet"} {
			require.NotContains(t, string(f.Bytes), gone, f.Name)
		}
	}
	doc, err := advisory.CSAF(b)
	require.NoError(t, err)
	require.Empty(t, csaf.Check(doc))
	for _, v := range doc.Vulnerabilities {
		require.Len(t, v.ProductStatus.UnderInvestigation, len(b.Versions))
		require.Empty(t, v.ProductStatus.KnownAffected)
	}
	_, err = b.Withdraw("advisory-author", advisory.Withdrawal{Why: "Again, for no reason."}, in.Instructions, at)
	require.ErrorContains(t, err, "withdrawn already")
}

func TestEachRoleSignsBeforeItLeaves(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Needs = []string{"Product Safety", "regulatory affairs"}
	a := final(t, in)
	require.Equal(t, []string{"regulatory affairs"}, a.Missing())
	_, err := release(t, tlp.LabelsOnly, a, tlp.Customer, out)
	require.ErrorIs(t, err, advisory.ErrUnsigned)
	require.ErrorContains(t, err, "no sign-off by regulatory affairs")
	s := signature()
	s.By, s.Role = "ra-lead", "regulatory affairs"
	a, err = a.SignOff(s)
	require.NoError(t, err)
	_, err = release(t, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
}

func TestItGoesToItsAudienceOnly(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Audience = []tlp.Audience{tlp.Customer, tlp.ISAO}
	a := final(t, in)
	_, err := release(t, tlp.LabelsOnly, a, tlp.Public, out)
	require.ErrorIs(t, err, advisory.ErrAudience)
	_, err = release(t, tlp.LabelsOnly, a, tlp.ISAO, out)
	require.NoError(t, err)
	in.Audience = []tlp.Audience{"friends"}
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, `audience "friends"`)
}

func TestATranslationNamesWhatItTranslates(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.TranslatedFrom = &advisory.Translation{ID: "EXM-2026-001-DE", Revision: 3, Lang: "de"}
	a := draft(t, in)
	doc, err := advisory.CSAF(a)
	require.NoError(t, err)
	require.Equal(t, "de", doc.Document.SourceLang)
	files, err := advisory.Preview(a)
	require.NoError(t, err)
	for _, f := range files {
		require.Contains(t, strings.ReplaceAll(string(f.Bytes), `\`, ""), "EXM-2026-001-DE, revision 3 (de)", f.Name)
	}
	in.TranslatedFrom.Lang = in.Lang
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "or its own")
}
