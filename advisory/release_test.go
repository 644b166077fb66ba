package advisory_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

func TestNothingLeavesWithoutASignOff(t *testing.T) {
	t.Parallel()
	asked := 0
	gate := func(_ context.Context, o tlp.Outgoing) (tlp.Mark, error) { asked++; return o.Content.Mark, nil }
	l := keeping(t, final(t, uncontrolled(t)))
	_, err := release(t, gate, draft(t, uncontrolled(t)), tlp.Internal, out)
	require.ErrorIs(t, err, advisory.ErrUnsigned)

	forged := draft(t, uncontrolled(t))
	forged.Status = advisory.StatusFinal
	_, err = desk.Release(t.Context(), l, releaser, gate, forged, tlp.Internal, out)
	require.ErrorContains(t, err, "sign-off")

	a := final(t, uncontrolled(t))
	a.Summary += " And something nobody signed."
	_, err = desk.Release(t.Context(), l, releaser, gate, a, tlp.Internal, out)
	require.ErrorContains(t, err, "the content is not what was signed")

	_, err = release(t, gate, final(t, uncontrolled(t)), tlp.Internal, signed.Add(-time.Second))
	require.ErrorContains(t, err, "before its sign-off")
	_, err = desk.Release(t.Context(), l, releaser, gate, advisory.Advisory{}, tlp.Internal, out)
	require.Error(t, err)
	require.Zero(t, asked, "the gate is asked last")
}

func TestTheGateDecides(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Mark = tlp.Marked(tlp.Amber, "example-medical")
	a := final(t, in)

	_, err := release(t, nil, a, tlp.Customer, out)
	require.ErrorIs(t, err, advisory.ErrNoGate)

	held := &tlp.HeldError{Until: out.AddDate(0, 0, 7), Why: "embargo"}
	_, err = release(t, func(context.Context, tlp.Outgoing) (tlp.Mark, error) { return tlp.Mark{}, held }, a, tlp.Customer, out)
	var got *tlp.HeldError
	require.ErrorAs(t, err, &got)
	require.Equal(t, held, got)

	_, err = release(t, tlp.LabelsOnly, a, tlp.Public, out)
	require.ErrorAs(t, err, &got)
	_, err = release(t, tlp.LabelsOnly, a, "", out)
	require.Error(t, err)
	_, err = release(t, func(context.Context, tlp.Outgoing) (tlp.Mark, error) { return tlp.Mark{}, nil }, a, tlp.Customer, out)
	require.ErrorContains(t, err, "no TLP label")

	for _, looser := range []tlp.Label{tlp.Clear, tlp.Green} {
		_, err = release(t, func(context.Context, tlp.Outgoing) (tlp.Mark, error) { return tlp.Marked(looser, "case-7"), nil }, a, tlp.Public, out)
		require.ErrorContains(t, err, "TLP:AMBER was signed", "a gate lowers no label")
	}

	var asked tlp.Outgoing
	r, err := release(t, func(_ context.Context, o tlp.Outgoing) (tlp.Mark, error) {
		asked = o
		return tlp.Marked(tlp.AmberStrict, "case-7"), nil
	}, a, tlp.Customer, out)
	require.NoError(t, err)
	require.Equal(t, tlp.Outgoing{To: tlp.Customer, Content: tlp.Content{Kind: "advisory", Mark: a.Mark}, IDs: []string{string(therapy)}}, asked)
	require.Equal(t, tlp.AmberStrict, r.Mark.Label, "what the gate says is what it carries")
	doc, err := csaf.Decode(bytes.NewReader(file(t, r.Files, asJSON)))
	require.NoError(t, err)
	require.Contains(t, doc.Document.Distribution.Text, "AMBER+STRICT")
	require.Contains(t, string(file(t, r.Files, asMarkdown)), "TLP:AMBER+STRICT")
	require.Equal(t, a.Digest(), r.Digest)
	require.Equal(t, []string{"exm-2026-001.json", "exm-2026-001.html", "exm-2026-001.md"}, []string{r.Files[0].Name, r.Files[1].Name, r.Files[2].Name})
}

// TestWhatAWarningMarkedIsNotReleased drafts from a finding that an early warning has
// marked, whatever the maker chose: the assessment brings the label along.
func TestWhatAWarningMarkedIsNotReleased(t *testing.T) {
	t.Parallel()
	for label, refused := range map[tlp.Label][]tlp.Audience{
		tlp.Red:   {tlp.Party, tlp.Customer, tlp.ISAO, tlp.Regulator, tlp.Public},
		tlp.Amber: {tlp.Party, tlp.ISAO, tlp.Regulator, tlp.Public},
	} {
		in := uncontrolled(t)
		f := finding("pump-2.1", therapy)
		f.Mark = tlp.Join(f.Mark, tlp.Marked(label, "stix/isao"))
		in.Assessments[0] = settled(t, f, assess.Serious, remote, "Someone could change the therapy settings of the pump.")
		in.Plans[0] = planned(t, in.Assessments[0], patch.Details{Remedies: []patch.Remedy{fix}, Actions: []patch.Action{{Party: patch.User, Text: "Call us."}}})
		require.Equal(t, label, in.Assessments[0].Facts.Mark.Label)
		in.Mark = tlp.Marked(tlp.Clear, "example-medical")
		a := final(t, in)
		require.Equal(t, tlp.Marked(label, "stix/isao"), a.Mark, "who marked it is named, so that they can be asked")
		for _, to := range refused {
			_, err := release(t, tlp.LabelsOnly, a, to, out)
			var held *tlp.HeldError
			require.ErrorAs(t, err, &held, "%s to %s", label, to)
			require.Contains(t, held.Why, "stix/isao")
		}
		_, err := release(t, func(context.Context, tlp.Outgoing) (tlp.Mark, error) { return tlp.Marked(tlp.Clear, "case-7"), nil }, a, tlp.Public, out)
		require.ErrorContains(t, err, "was signed", "clearance is a new sign-off under another label, not a gate that forgets it")
	}
}

func TestAPreviewAlwaysSaysThatItIsADraft(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]advisory.Advisory{"draft": draft(t, uncontrolled(t)), "final": final(t, uncontrolled(t))} {
		files, err := advisory.Preview(a)
		require.NoError(t, err)
		for _, f := range files {
			require.Contains(t, string(f.Bytes), "DRAFT – not for distribution", name+f.Name)
		}
		doc, err := csaf.Decode(bytes.NewReader(file(t, files, asJSON)))
		require.NoError(t, err)
		require.Equal(t, csaf.StatusDraft, doc.Document.Tracking.Status)
	}
	_, err := advisory.Preview(advisory.Advisory{})
	require.Error(t, err)
}

func TestASignOffByAnExampleSaysDemonstrationEverywhere(t *testing.T) {
	t.Parallel()
	s := signature()
	s.Demonstration = true
	a, err := draft(t, uncontrolled(t)).SignOff(s)
	require.NoError(t, err)
	require.True(t, a.Demonstration())
	r, err := release(t, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
	doc, err := csaf.Decode(bytes.NewReader(file(t, r.Files, asJSON)))
	require.NoError(t, err)
	require.Regexp(t, "^DEMONSTRATION: ", doc.Document.Title)
	require.Equal(t, "DEMONSTRATION", doc.Document.Notes[0].Title)
	kinds, words := shape(t, file(t, r.Files, asMarkdown))
	require.Equal(t, "Blockquote", kinds[1], "it stands first")
	require.Regexp(t, "^DEMONSTRATION", words)
	_, page := tags(t, file(t, r.Files, asHTML))
	require.Contains(t, page, "DEMONSTRATION: TLS library")
	require.Contains(t, string(file(t, r.Files, asHTML)), `<p class="banner" role="note"><strong>DEMONSTRATION</strong>`)
	goldenFiles(t, "demonstration", r.Files)
}

func TestWhoDraftedCannotSign(t *testing.T) {
	t.Parallel()
	a := draft(t, uncontrolled(t))
	for name, change := range map[string]func(*advisory.SignOff){
		"the author":    func(s *advisory.SignOff) { s.By = " Advisory-Author " },
		"nobody":        func(s *advisory.SignOff) { s.By = " " },
		"no role":       func(s *advisory.SignOff) { s.Role = "" },
		"no reason":     func(s *advisory.SignOff) { s.Why = "" },
		"no time":       func(s *advisory.SignOff) { s.At = time.Time{} },
		"before it was": func(s *advisory.SignOff) { s.At = drafted.Add(-time.Hour) },
		"odd identity":  func(s *advisory.SignOff) { s.Identity = "trust me" },
		"control":       func(s *advisory.SignOff) { s.Role = "x\x1b[31m" },
	} {
		s := signature()
		change(&s)
		_, err := a.SignOff(s)
		require.Error(t, err, name)
		require.Equal(t, name == "the author", errors.Is(err, assess.ErrSamePerson), "%s: %v", name, err)
	}
	require.Equal(t, advisory.StatusDraft, a.Status)
	require.Empty(t, a.SignOffs, "the draft was not touched")

	b := final(t, uncontrolled(t))
	require.Equal(t, signed, b.Revisions[0].Date)
	require.Equal(t, assess.NotVerified, b.SignOffs[0].Identity)
	second := signature()
	_, err := b.SignOff(second)
	require.ErrorContains(t, err, "twice")
	second.By, second.Role, second.At = "medical-officer", "clinical", out
	c, err := b.SignOff(second)
	require.NoError(t, err)
	require.Len(t, c.SignOffs, 2)
	require.Len(t, b.SignOffs, 1)
	require.Equal(t, signed, c.Revisions[0].Date, "the first sign-off dates it")
	_, err = release(t, tlp.LabelsOnly, c, tlp.Customer, signed)
	require.ErrorContains(t, err, "before its sign-off")
}

func TestTheLedgerGivesBackWhatWasKept(t *testing.T) {
	t.Parallel()
	author, safety := store.By{Who: "advisory-author", Why: "draft"}, store.By{Who: "safety-lead", Why: "sign-off"}
	for name, in := range variants(t) {
		l := store.New(memory.New(), nil)
		in.ID = "EXM-" + name
		a := draft(t, in)
		recording(t, l, in)
		require.NoError(t, advisory.Save(t.Context(), l, author, a))
		b, err := a.SignOff(signature())
		require.NoError(t, err)
		require.ErrorContains(t, advisory.Save(t.Context(), l, author, b), "was to be written by", name)
		require.NoError(t, advisory.Save(t.Context(), l, safety, b))
		require.NoError(t, advisory.Save(t.Context(), l, author, b), "nothing new to write")

		kept, entry, err := advisory.Advisories.Latest(t.Context(), l, b.Key())
		require.NoError(t, err)
		require.Equal(t, "safety-lead", entry.Who)
		require.NoError(t, kept.Validate(), name)
		require.Equal(t, b.Digest(), kept.Digest(), name)
		want, err := release(t, tlp.LabelsOnly, b, tlp.Internal, out)
		require.NoError(t, err)
		got, err := desk.Release(t.Context(), l, releaser, tlp.LabelsOnly, kept, tlp.Internal, out)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got), name)
		n := 0
		for _, err := range advisory.Advisories.History(t.Context(), l, b.Key()) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 2, n)
		require.NoError(t, l.Verify(t.Context()))
	}
}

func TestOneAloneSignsNothingOff(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.By = "ghost"
	a := draft(t, in)
	s := signature()
	s.By = "mallory"
	b, err := a.SignOff(s)
	require.NoError(t, err)
	ghost, mallory := store.By{Who: "ghost", Why: "draft"}, store.By{Who: "mallory", Why: "sign-off"}

	l := store.New(memory.New(), nil)
	require.ErrorIs(t, advisory.Save(t.Context(), l, mallory, b), advisory.ErrUnrecorded, "draft and sign-off in one")
	require.ErrorContains(t, advisory.Save(t.Context(), l, mallory, a), `the draft by "ghost" was to be written by "mallory"`)
	_, _, err = advisory.Advisories.Latest(t.Context(), l, a.ID)
	require.ErrorIs(t, err, store.ErrNotFound)

	// The draft is there, but past Save, by another hand.
	require.NoError(t, l.Do(t.Context(), mallory, func(tx *store.Tx) error { return advisory.Advisories.Put(tx, a) }))
	require.ErrorIs(t, advisory.Save(t.Context(), l, mallory, b), advisory.ErrUnrecorded)

	// What is signed is what was drafted.
	l = store.New(memory.New(), nil)
	require.NoError(t, advisory.Save(t.Context(), l, ghost, a))
	require.NoError(t, advisory.Save(t.Context(), l, mallory, a), "nothing new to write")
	in.Summary += " And more."
	other, err := draft(t, in).SignOff(s)
	require.NoError(t, err)
	require.ErrorIs(t, advisory.Save(t.Context(), l, mallory, other), advisory.ErrUnrecorded)
	require.ErrorContains(t, advisory.Save(t.Context(), l, ghost, b), "was to be written by")
	require.NoError(t, advisory.Save(t.Context(), l, mallory, b))
}

func TestOnlyWhatTheLedgerHoldsIsReleased(t *testing.T) {
	t.Parallel()
	a := final(t, uncontrolled(t))
	forged := draft(t, uncontrolled(t))
	forged.Status, forged.Revisions = advisory.StatusFinal, slices.Clone(forged.Revisions)
	forged.Revisions[0].Date = signed
	forged.SignOffs = []advisory.SignOff{{
		By: "safety-lead", Role: "product safety", At: signed, Why: "read and agreed", Identity: assess.Verified, Digest: forged.Digest(),
	}}
	require.NoError(t, forged.Validate())
	past := func(who string, all ...advisory.Advisory) func(*store.Ledger) {
		return func(l *store.Ledger) {
			for _, x := range all {
				require.NoError(t, l.Do(t.Context(), store.By{Who: who, Why: "past Save"}, func(tx *store.Tx) error { return advisory.Advisories.Put(tx, x) }))
			}
		}
	}
	next := uncontrolled(t)
	next.Earlier, next.Change = a.Revisions, "More."
	later, err := advisory.Draft(next, out)
	require.NoError(t, err)
	bare := draft(t, uncontrolled(t))
	for name, c := range map[string]struct {
		what  advisory.Advisory
		kept  *store.Ledger
		write func(*store.Ledger)
		want  string
	}{
		"no ledger":              {a, nil, nil, "there is no ledger"},
		"nothing kept":           {forged, store.New(memory.New(), nil), nil, "there is no advisory"},
		"only the draft":         {forged, keeping(t, bare), nil, "is another"},
		"another sign-off":       {forged, keeping(t, a), nil, "is another"},
		"a later draft":          {a, keeping(t, a), past("advisory-author", later), "is another"},
		"signed by another hand": {forged, keeping(t, bare), past("mallory", forged), "did not write the sign-off"},
		"drafted by another":     {forged, store.New(memory.New(), nil), past("safety-lead", bare, forged), "did not write this draft"},
		"never drafted":          {forged, store.New(memory.New(), nil), past("safety-lead", forged), "did not write this draft"},
	} {
		if c.write != nil {
			c.write(c.kept)
		}
		_, err := desk.Release(t.Context(), c.kept, releaser, tlp.LabelsOnly, c.what, tlp.Customer, out)
		require.ErrorIs(t, err, advisory.ErrUnrecorded, name)
		require.ErrorContains(t, err, c.want, name)
	}
	_, err = desk.Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
}

func TestTheLedgerLosesNoRevisionAndNoSignOff(t *testing.T) {
	t.Parallel()
	l := store.New(memory.New(), nil)
	author, safety := store.By{Who: "advisory-author", Why: "draft"}, store.By{Who: "safety-lead", Why: "sign-off"}
	in := uncontrolled(t)
	first := final(t, in)
	require.NoError(t, advisory.Save(t.Context(), l, author, draft(t, in)))
	require.NoError(t, advisory.Save(t.Context(), l, safety, first))
	require.ErrorIs(t, advisory.Save(t.Context(), l, author, draft(t, in)), advisory.ErrHistory, "back to a draft")

	in.Earlier, in.Change = first.Revisions, "The summary is clearer."
	in.Summary = "A clearer summary."
	next, err := advisory.Draft(in, out)
	require.NoError(t, err)
	require.Equal(t, 2, next.Revisions[1].Number)
	require.NoError(t, advisory.Save(t.Context(), l, author, next))
	s := signature()
	s.At = out.Add(time.Hour)
	next, err = next.SignOff(s)
	require.NoError(t, err)
	require.NoError(t, advisory.Save(t.Context(), l, safety, next))
	require.ErrorIs(t, advisory.Save(t.Context(), l, safety, first), advisory.ErrHistory, "the first revision again")

	in.Earlier = append(slices.Clone(next.Revisions), advisory.Revision{Number: 3, Date: s.At, Summary: "never issued"})
	invented, err := advisory.Draft(in, s.At)
	require.NoError(t, err)
	require.ErrorIs(t, advisory.Save(t.Context(), l, author, invented), advisory.ErrHistory)

	in.Earlier = []advisory.Revision{{Number: 1, Date: judged, Summary: "another past"}}
	other, err := advisory.Draft(in, out)
	require.NoError(t, err)
	require.ErrorIs(t, advisory.Save(t.Context(), l, author, other), advisory.ErrHistory)
	require.Error(t, advisory.Save(t.Context(), l, author, advisory.Advisory{}))

	doc, err := advisory.CSAF(next)
	require.NoError(t, err)
	require.Equal(t, "2", doc.Document.Tracking.Version)
	require.Equal(t, csaf.At(signed), doc.Document.Tracking.InitialReleaseDate)
	require.Equal(t, csaf.At(s.At), doc.Document.Tracking.CurrentReleaseDate)
}
