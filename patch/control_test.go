package patch_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

var details2 = patch.Details{
	Remedies: []patch.Remedy{
		{Kind: patch.Patch, Text: "wolfSSL 5.5.1", Party: patch.Manufacturer, FixedIn: "2.2", Risks: []string{"a slower handshake"}},
		{Kind: patch.Workaround, Text: "Pull the plug.", Party: patch.Facility},
	},
	Actions: details.Actions,
}

// approvedPlan is a plan of the harm that was approved; catastrophic is an emergency.
func approvedPlan(h assess.Harm) patch.Plan {
	p, err := patch.Propose(settled(h), policy(), "patch-lead", noon)
	if err == nil {
		p, err = p.With(details2)
	}
	if err == nil {
		p, err = p.Approve(ok("quality"))
	}
	if err != nil {
		panic(err)
	}
	return p
}

func begun(h assess.Harm) patch.Change {
	c, err := patch.Begin(approvedPlan(h), 0, "2.1", []string{"US", "EU"}, nil, "patch-lead", noon)
	if err != nil {
		panic(err)
	}
	return c
}

// document is the file that a test shows for a need.
func document(need string) (name string, body []byte) {
	return "evidence/" + need + ".txt", []byte("what was found: " + need)
}

func proof(need string) *patch.Proof {
	name, body := document(need)
	sum := sha256.Sum256(body)
	return &patch.Proof{Need: need, Link: name, Digest: hex.EncodeToString(sum[:])}
}

// hour is the n-th hour after noon; each step of a walk has its own.
func hour(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

// steps are those that take c to the state, in order.
func steps(c patch.Change, to patch.State) []patch.Step {
	var out []patch.Step
	for _, g := range c.Gates {
		if !reaches(g.To, to) {
			continue
		}
		for _, n := range g.Needs {
			out = append(out, patch.Step{By: "author", Proof: proof(n.ID)})
		}
		if g.Regulatory {
			out = append(out,
				patch.Step{By: "author", Regulatory: &patch.Regulatory{Market: "US", Outcome: "letter-to-file", Rationale: "no change of intended use or performance", Since: "K123456", Cumulative: []string{"2.0: battery meter"}}},
				patch.Step{By: "author", Regulatory: &patch.Regulatory{Market: "EU", Outcome: "not-significant-change", Rationale: "corrects a weakness", Since: "certificate 17", NoneSince: true}})
		}
		for _, r := range g.Roles {
			out = append(out, patch.Step{By: "signer-" + r, Sign: &patch.Signoff{Gate: g.ID, Role: r}})
		}
	}
	return out
}

var stateOrder = []patch.State{patch.Planned, patch.Reproduced, patch.Developed, patch.Tested, patch.Documented, patch.Released, patch.Distributed, patch.Deployed, patch.Verified}

func reaches(s, to patch.State) bool {
	return slices.Index(stateOrder, s) <= slices.Index(stateOrder, to)
}

// walked is c with the steps done that take it to the state.
func walked(c patch.Change, to patch.State) patch.Change {
	for i, s := range steps(c, to) {
		s.At = hour(len(c.Steps) + i)
		if last := c.Steps; len(last) > 0 && s.At.Before(last[len(last)-1].At) {
			s.At = last[len(last)-1].At
		}
		next, err := c.Do(s)
		if err != nil {
			panic(err)
		}
		c = next
	}
	return c
}

func TestAChangeGoesFromPlannedToVerified(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	require.Equal(t, patch.Planned, c.State())
	for _, s := range stateOrder {
		w := walked(c, s)
		require.Equal(t, s, w.State())
		require.Empty(t, w.Missing(s))
		require.NoError(t, w.Check())
	}
	require.Contains(t, walked(c, patch.Verified).String(), "@2.1: patch, verified")
	require.NotEmpty(t, c.Citations())
}

func TestAChangeThatIsNotApprovedIsRefusedWithAllThatIsMissing(t *testing.T) {
	t.Parallel()
	c := walked(begun(assess.Serious), patch.Tested)
	_, err := c.Do(patch.Step{By: "q", At: hour(99), Sign: &patch.Signoff{Gate: "release", Role: "quality"}})
	var state *patch.StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, patch.Tested, state.From)
	require.Equal(t, patch.Released, state.To)
	for _, what := range []string{"regulatory determination US", "regulatory determination EU", "risk-file-update", "labeling-decision",
		"sbom", "vex", "udi-decision", "change-description", "installation", "rollback", "known-issues", "performance-result"} {
		require.True(t, slices.ContainsFunc(state.Missing, func(g patch.Gap) bool { return g.What == what && g.Why != "" }), what)
		require.ErrorContains(t, err, what)
	}
	require.Equal(t, patch.Tested, c.State())
}

// Each document alone keeps the release back.
func TestNoEvidenceMayBeLeftOut(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	all := steps(c, patch.Verified)
	for i, left := range all {
		if left.Sign != nil {
			continue
		}
		w, refused := c, false
		for j, s := range all {
			if j == i {
				continue
			}
			s.At = hour(j)
			next, err := w.Do(s)
			var state *patch.StateError
			if errors.As(err, &state) {
				require.NotEmpty(t, state.Missing)
				refused = true
				break
			}
			require.NoError(t, err)
			w = next
		}
		require.True(t, refused, "without %+v", left)
	}
}

func TestEvidenceHasADigestAndStandsForOneNeed(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	do := func(p patch.Proof) (patch.Change, error) {
		return c.Do(patch.Step{By: "author", At: noon, Proof: &p})
	}
	for _, bad := range []struct {
		name string
		p    patch.Proof
		err  string
	}{
		{"empty", patch.Proof{Need: "change-set", Text: "trust me"}, "neither digest nor link"},
		{"spaces", patch.Proof{Need: "change-set", Link: " "}, "neither digest nor link"},
		{"a digest that is none", patch.Proof{Need: "change-set", Digest: "abc"}, "not a lower-case hex SHA-256"},
		{"a capital digest", patch.Proof{Need: "change-set", Digest: strings.ToUpper(proof("x").Digest)}, "not a lower-case hex SHA-256"},
		{"for nothing", patch.Proof{Need: "lunch", Link: "x"}, `no gate needs "lunch"`},
	} {
		_, err := do(bad.p)
		require.ErrorContains(t, err, bad.err, bad.name)
	}
	c, err := do(*proof("change-set"))
	require.NoError(t, err)
	again := *proof("change-set")
	again.Need, again.Link = "security-test-report", ""
	_, err = do(again)
	require.ErrorContains(t, err, `repeated: it stands for "change-set" already`)
	again.Digest, again.Link = proof("x").Digest, proof("change-set").Link
	_, err = do(again)
	require.ErrorContains(t, err, "repeated")
	better := *proof("change-set-2")
	better.Need = "change-set"
	c, err = do(better)
	require.NoError(t, err, "better evidence before anybody signed")
	require.Len(t, c.Steps, 3)
}

func TestTheDocumentsAreOpened(t *testing.T) {
	t.Parallel()
	c := walked(begun(assess.Serious), patch.Verified)
	files := fstest.MapFS{}
	for _, s := range c.Steps {
		if s.Proof != nil {
			name, body := document(s.Proof.Need)
			files[name] = &fstest.MapFile{Data: body}
		}
	}
	require.NoError(t, c.Resolve(files))
	files["evidence/vex.txt"] = &fstest.MapFile{Data: []byte("another")}
	files["evidence/sbom.txt"] = &fstest.MapFile{Data: []byte(" \n")}
	delete(files, "evidence/rollback.txt")
	err := c.Resolve(files)
	require.ErrorContains(t, err, `"vex": the document has another digest`)
	require.ErrorContains(t, err, `"sbom": the document is empty`)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNobodySignsTheirOwnEvidenceNorTwoRoles(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	c, err := c.Do(patch.Step{By: "author", At: noon, Proof: proof("reproduction-record")})
	require.NoError(t, err)
	sign := func(by, gate, role string) error {
		_, err := c.Do(patch.Step{By: by, At: hour(500), Sign: &patch.Signoff{Gate: gate, Role: role}})
		return err
	}
	require.ErrorIs(t, sign("Author", "reproduction", "engineer"), assess.ErrSamePerson)
	require.ErrorContains(t, sign("x", "reproduction", "quality"), "not signed by the role")
	require.ErrorContains(t, sign("x", "tea", "quality"), "no gate")
	require.NoError(t, sign("x", "reproduction", "engineer"))

	c = walked(begun(assess.Serious), patch.Documented)
	c, err = c.Do(patch.Step{By: "boss", At: hour(400), Sign: &patch.Signoff{Gate: "release", Role: "quality"}})
	require.NoError(t, err)
	require.Equal(t, patch.Documented, c.State(), "one of two")
	require.ErrorIs(t, sign("boss", "release", "release"), assess.ErrSamePerson)
	require.ErrorContains(t, sign("other", "release", "quality"), "already")
	require.NoError(t, sign("other", "release", "release"))

	c = walked(begun(assess.Serious), patch.Tested)
	for _, s := range steps(c, patch.Documented) {
		if s.Regulatory != nil {
			s.At = hour(300)
			c, err = c.Do(s)
			require.NoError(t, err)
		}
	}
	require.ErrorIs(t, sign("author", "regulatory-determination", "regulatory"), assess.ErrSamePerson)
}

func TestTheLibraryRecordsARegulatoryDeterminationAndMakesNone(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	good := patch.Regulatory{Market: "US", Outcome: "new-510k", Rationale: "r", Since: "K1", NoneSince: true}
	do := func(change func(*patch.Regulatory)) error {
		r := good
		change(&r)
		_, err := c.Do(patch.Step{By: "ra", At: noon, Regulatory: &r})
		return err
	}
	require.NoError(t, do(func(*patch.Regulatory) {}))
	for _, o := range []string{"letter-to-file", "pma-supplement", "pma-annual-report"} {
		require.NoError(t, do(func(r *patch.Regulatory) { r.Outcome = o }), o)
	}
	require.NoError(t, do(func(r *patch.Regulatory) { r.NoneSince, r.Cumulative = false, []string{"2.0"} }))
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.Market = "BR" }), "not on the market")
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.Outcome = "significant-change" }), "no outcome")
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.Outcome = "no-submission" }), "no outcome", "the US has outcomes of its own")
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.Rationale = " " }), "says why")
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.Since = "" }), "since which clearance")
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.NoneSince = false }), "says that there are none")
	require.ErrorContains(t, do(func(r *patch.Regulatory) { r.Cumulative = []string{"2.0"} }), "says that there are none")

	c, err := patch.Begin(approvedPlan(assess.Serious), 0, "2.1", []string{"BR"}, nil, "patch-lead", noon)
	require.NoError(t, err)
	require.NoError(t, do(func(r *patch.Regulatory) { r.Market, r.Outcome = "BR", "notify-authority" }))
}

func TestChangesSinceTheLastClearanceAreAddedUp(t *testing.T) {
	t.Parallel()
	now := begun(assess.Serious)
	old := walked(begun(assess.Serious), patch.Released)
	old.Branch = "1.9"
	open := walked(begun(assess.Serious), patch.Tested)
	open.Branch = "1.8"
	other := old
	other.Branch, other.Product = "1.7", "mixer"
	require.Equal(t, []string{old.Key()}, patch.CumulativeSince(now, noon, old, now, open, other, old))
	require.Empty(t, patch.CumulativeSince(now, hour(1000), old))
}

func TestAnEmergencyShowsNamedEvidenceLaterAndByADay(t *testing.T) {
	t.Parallel()
	later := func(by string, n int) patch.Step {
		return patch.Step{By: by, At: hour(n), Why: "the pump stops: patients cannot wait", Ask: &patch.Exception{Kind: patch.Postpone, Need: "vex", Due: hour(n + 240)}}
	}
	calm := begun(assess.Serious)
	calm.Response = assess.Standard
	_, err := calm.Do(later("lead", 1))
	var state *patch.StateError
	require.ErrorAs(t, err, &state)
	require.ErrorContains(t, err, "only an emergency")

	c := begun(assess.Catastrophic)
	require.Equal(t, assess.Emergency, c.Response, "of the assessment")
	for _, bad := range []struct {
		do  func(*patch.Exception)
		err string
	}{
		{func(e *patch.Exception) { e.Need = "security-test-report" }, "not one that may come later"},
		{func(e *patch.Exception) { e.Need = "everything" }, "not one that may come later"},
		{func(e *patch.Exception) { e.Due = hour(1) }, "due date after"},
		{func(e *patch.Exception) { e.Due = time.Time{} }, "due date after"},
		{func(e *patch.Exception) { e.Kind = "hurry" }, "not known"},
	} {
		s := later("lead", 1)
		bad.do(s.Ask)
		_, err := c.Do(s)
		require.ErrorContains(t, err, bad.err)
	}
	nowhy := later("lead", 1)
	nowhy.Why = ""
	_, err = c.Do(nowhy)
	require.ErrorContains(t, err, "say why")

	c, err = c.Do(later("lead", 1))
	require.NoError(t, err)
	grant := func(by, name string, n int) error {
		next, err := c.Do(patch.Step{By: by, At: hour(n), Why: "agreed", Grant: name})
		c = next
		return err
	}
	require.ErrorIs(t, grant("Lead", "postpone vex", 2), assess.ErrSamePerson)
	require.ErrorContains(t, grant("quality", "postpone sbom", 2), "nobody asked")
	require.ErrorContains(t, grant("quality", "postpone vex", 999), "after it was due")
	require.NoError(t, grant("quality", "postpone vex", 2))
	require.ErrorContains(t, grant("quality", "postpone vex", 3), "granted already")

	for _, s := range steps(c, patch.Deployed) {
		if s.Proof != nil && s.Proof.Need == "vex" {
			continue
		}
		s.At = hour(4)
		c, err = c.Do(s)
		require.NoError(t, err)
	}
	require.Equal(t, patch.Deployed, c.State(), "released without the VEX")
	require.Empty(t, c.Late(hour(241)))
	require.Equal(t, "vex", c.Late(hour(242))[0].Need)
	c, err = c.Do(patch.Step{By: "author", At: hour(5), Proof: proof("effectiveness-check")})
	require.NoError(t, err)
	sign := patch.Step{By: "q", At: hour(6), Sign: &patch.Signoff{Gate: "verification", Role: "quality"}}
	_, err = c.Do(sign)
	require.ErrorContains(t, err, "postponed to")
	c, err = c.Do(patch.Step{By: "author", At: hour(6), Proof: proof("vex")})
	require.NoError(t, err)
	require.Empty(t, c.Late(hour(9999)))
	c, err = c.Do(sign)
	require.NoError(t, err)
	require.Equal(t, patch.Verified, c.State())
}

func TestAGateIsSkippedOnlyByANamedApproverForAReason(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	ask := func(gate string) error {
		next, err := c.Do(patch.Step{By: "lead", At: noon, Why: "the vendor reproduced it", Ask: &patch.Exception{Kind: patch.Waive, Gate: gate}})
		c = next
		return err
	}
	for _, g := range []string{"regulatory-determination", "release", "safety-test", "risk-file", "verification", "tea"} {
		require.ErrorContains(t, ask(g), "not one that may be skipped", g)
	}
	require.NoError(t, ask("reproduction"))
	require.Equal(t, patch.Planned, c.State(), "asking is not granting")
	c, err := c.Do(patch.Step{By: "quality", At: noon, Why: "agreed", Grant: "waive reproduction"})
	require.NoError(t, err)
	require.Equal(t, patch.Reproduced, c.State())
}

func TestABranchIsLeftToALaterRelease(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	e := patch.Exception{Kind: patch.Defer, Release: "2.3", Due: hour(2000), Meanwhile: "new devices ship with 2.3", Reach: "six months", Interim: "network off"}
	missing := e
	missing.Interim = ""
	_, err := c.Do(patch.Step{By: "lead", At: noon, Why: "same board", Ask: &missing})
	require.ErrorContains(t, err, "what protects until then")
	c, err = c.Do(patch.Step{By: "lead", At: noon, Why: "same board", Ask: &e})
	require.NoError(t, err)
	c, err = c.Do(patch.Step{By: "quality", At: noon, Why: "agreed", Grant: "defer 2.3"})
	require.NoError(t, err)
	require.Equal(t, patch.Deferred, c.State())
	require.Len(t, c.Late(hour(2001)), 1)
	_, err = c.Do(patch.Step{By: "lead", At: noon, Why: "again", Ask: &e})
	require.ErrorContains(t, err, "already")
	c, err = c.Do(patch.Step{By: "author", At: noon, Proof: proof("reproduction-record")})
	require.NoError(t, err)
	_, err = c.Do(patch.Step{By: "x", At: noon, Sign: &patch.Signoff{Gate: "reproduction", Role: "engineer"}})
	require.ErrorContains(t, err, "left to a later release")
	c, err = c.Do(patch.Step{By: "lead", At: noon, Why: "resources found", Reopen: patch.Planned})
	require.NoError(t, err)
	require.Equal(t, patch.Planned, c.State())
	require.Empty(t, c.Late(hour(2001)))
	_, err = walked(begun(assess.Serious), patch.Released).Do(patch.Step{By: "lead", At: hour(900), Why: "w", Ask: &e})
	require.ErrorContains(t, err, "only what is not released")
}

func TestWhatIsReopenedIsShownAndSignedAnew(t *testing.T) {
	t.Parallel()
	c := walked(begun(assess.Serious), patch.Documented)
	_, err := c.Do(patch.Step{By: "author", At: hour(200), Proof: &patch.Proof{Need: "security-test-report", Digest: proof("b").Digest}})
	require.ErrorContains(t, err, "reopen it")
	_, err = c.Do(patch.Step{By: "x", At: hour(200), Why: "w", Reopen: patch.Verified})
	require.ErrorContains(t, err, "a state it has reached")
	c, err = c.Do(patch.Step{By: "x", At: hour(200), Why: "the regression test was of another build", Reopen: patch.Developed})
	require.NoError(t, err)
	require.Equal(t, patch.Developed, c.State())
	require.Contains(t, c.Missing(patch.Tested), patch.Gap{What: "regression-test-report", Why: "report of the regression test"})
	for _, s := range steps(c, patch.Documented)[4:] { // what reproduced and developed it stands
		s.At = hour(201)
		c, err = c.Do(s)
		require.NoError(t, err)
	}
	require.Equal(t, patch.Documented, c.State())
	require.NoError(t, c.Check())
}

func TestWhatHappenedIsRecordedLateAndInAnyOrder(t *testing.T) {
	t.Parallel()
	p := detailed(t, settled(assess.Serious)) // not approved
	c, err := patch.Begin(p, 0, "2.1", []string{"US"}, nil, "patch-lead", noon)
	require.NoError(t, err)
	for i, s := range []patch.State{patch.Distributed, patch.Reproduced, patch.Deployed} {
		c, err = c.Do(patch.Step{By: "clerk", At: hour(i), Happened: &patch.Happened{State: s, When: noon.AddDate(0, 0, -i-1), How: "service log"}})
		require.NoError(t, err)
	}
	require.Equal(t, patch.Planned, c.State(), "a fact is no approval")
	require.Equal(t, []patch.State{patch.Deployed, patch.Reproduced, patch.Distributed}, []patch.State{c.Facts()[0].State, c.Facts()[1].State, c.Facts()[2].State})
	require.Len(t, c.Unapproved(), 3)
	require.Contains(t, c.String(), "3 happened without approval")
	_, err = c.Do(patch.Step{By: "clerk", At: hour(9), Happened: &patch.Happened{State: patch.Verified, When: hour(10), How: "log"}})
	require.ErrorContains(t, err, "before it happened")

	c, err = c.Do(patch.Step{By: "author", At: hour(9), Proof: proof("reproduction-record")})
	require.NoError(t, err)
	sign := patch.Step{By: "x", At: hour(10), Sign: &patch.Signoff{Gate: "reproduction", Role: "engineer"}}
	_, err = c.Do(sign)
	require.ErrorContains(t, err, "plan (it is not approved)")
	q, err := p.Approve(ok("quality"))
	require.NoError(t, err)
	other := *q.Approved
	other.Digest = strings.Repeat("0", 64)
	_, err = c.Do(patch.Step{By: "quality", At: hour(10), Approval: &other})
	require.ErrorContains(t, err, "of another plan")
	c, err = c.Do(patch.Step{By: "quality", At: hour(10), Approval: q.Approved})
	require.NoError(t, err)
	c, err = c.Do(sign)
	require.NoError(t, err)
	require.Len(t, c.Unapproved(), 2)
}

func TestARemedySaysWhichRisksItBringsItself(t *testing.T) {
	t.Parallel()
	c, err := patch.Begin(approvedPlan(assess.Serious), 1, "2.1", []string{"US", "EU"}, nil, "patch-lead", noon)
	require.NoError(t, err)
	require.False(t, slices.ContainsFunc(c.Gates, func(g patch.Gate) bool { return g.ID == "sbom-vex" }), "a workaround has no SBOM")
	c = walked(c, patch.Tested)
	c, err = c.Do(patch.Step{By: "author", At: hour(90), Proof: proof("risk-file-update")})
	require.NoError(t, err)
	_, err = c.Do(patch.Step{By: "s", At: hour(90), Sign: &patch.Signoff{Gate: "risk-file", Role: "safety"}})
	require.ErrorContains(t, err, "risks of the remedy")
}

func TestAChangeSaysWhetherItBeganUnderTheMakersGates(t *testing.T) {
	t.Parallel()
	g, err := patch.DefaultGates()
	require.NoError(t, err)
	c := walked(begun(assess.Serious), patch.Tested)
	require.True(t, c.Under(g))
	c.Gates = slices.Clone(c.Gates)
	c.Gates[3].Roles = []string{"intern"}
	require.False(t, c.Under(g))
}

func TestAPlanIsAnsweredAsFastAsItsAssessmentSays(t *testing.T) {
	t.Parallel()
	for _, h := range assess.Harms() {
		a := settled(h)
		want, err := a.Response(nil, policy().Calendar, noon)
		require.NoError(t, err)
		p := proposed(t, a)
		require.Equal(t, want.Class, p.Response, h)
		require.Equal(t, want.Why(), p.ResponseWhy)
		p.Response = "soon"
		require.ErrorContains(t, p.Validate(), `response "soon" is not known`)
	}
	require.Equal(t, assess.Emergency, proposed(t, settled(assess.Catastrophic)).Response)
}

func TestBeginAndDoRefuse(t *testing.T) {
	t.Parallel()
	p := approvedPlan(assess.Serious)
	begin := func(remedy int, branch string, markets []string, by string, at time.Time) error {
		_, err := patch.Begin(p, remedy, branch, markets, nil, by, at)
		return err
	}
	require.ErrorContains(t, begin(2, "2.1", []string{"US"}, "x", noon), "no remedy 2")
	require.ErrorContains(t, begin(-1, "2.1", []string{"US"}, "x", noon), "no remedy -1")
	require.ErrorContains(t, begin(0, " ", []string{"US"}, "x", noon), "branch")
	require.ErrorContains(t, begin(0, "2.1", nil, "x", noon), "no market")
	require.ErrorContains(t, begin(0, "2.1", []string{"US", "US"}, "x", noon), "named twice")
	require.ErrorContains(t, begin(0, "2.1", []string{"US"}, "", noon), "empty")
	require.ErrorContains(t, begin(0, "2.1", []string{"US"}, "x", noon.Add(-1e9)), "before the plan")
	c := begun(assess.Serious)
	do := func(s patch.Step) error { _, err := c.Do(s); return err }
	require.ErrorContains(t, do(patch.Step{By: "x", At: noon}), "this is 0")
	require.ErrorContains(t, do(patch.Step{By: "x", At: noon, Proof: proof("sbom"), Reopen: patch.Planned}), "this is 2")
	require.ErrorContains(t, do(patch.Step{By: "x", At: noon.Add(-time.Hour), Proof: proof("sbom")}), "recorded last")
	require.ErrorContains(t, do(patch.Step{At: noon, Proof: proof("sbom")}), "empty")
}

func TestEveryBranchInTheFieldIsAnswered(t *testing.T) {
	t.Parallel()
	n := func(i int) *int { return &i }
	fielded := []device.Fielded{
		{Product: "pump-2.1", Site: "s1", Units: n(5), AsOf: noon, How: "log"},
		{Product: "pump-2.0", Site: "s1", Units: n(3), AsOf: noon, How: "log"},
		{Product: "pump-1.9", Site: "s2", AsOf: noon, How: "log"},
		{Product: "pump-1.8", Site: "s2", Units: n(0), AsOf: noon, How: "log"},
	}
	gaps := patch.Unserved(map[string]string{"pump-2.1": "2.1", "pump-2.0": "2.0"}, fielded, begun(assess.Serious))
	require.Equal(t, []patch.Gap{
		{What: "pump-1.9", Why: "which version it is in is not known: 0 units at 1 sites, 1 of them without a count"},
		{What: "2.0", Why: "no change and no deferral is for this branch: 3 units at 1 sites, 0 of them without a count"},
	}, gaps)
}

// Whatever anybody tries in any order: a state is there only when each gate up to
// it is signed, nothing is due before it is asked for, and what was kept can be
// done again.
func TestNoCommandLeadsToAnIllegalState(t *testing.T) {
	t.Parallel()
	starts := []patch.Change{begun(assess.Serious), begun(assess.Catastrophic)}
	asked, err := begun(assess.Serious).Do(patch.Step{By: "z", At: noon, Why: "w", Ask: &patch.Exception{Kind: patch.Defer, Release: "3", Due: hour(90), Meanwhile: "m", Reach: "r", Interim: "i"}})
	require.NoError(t, err)
	starts = append(starts, walked(asked, patch.Documented), walked(asked, patch.Released)) // a grant comes late
	people := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(starts).Draw(t, "change")
		straight := steps(c, patch.Verified)
		at, next := int(c.Steps[len(c.Steps)-1].At.Sub(noon)/time.Hour), 0
		for range c.Steps[1:] {
			next++ // those of the walk, and one that was asked
		}
		next = max(0, next-1)
		for range rapid.IntRange(0, 90).Draw(t, "commands") {
			at += rapid.IntRange(0, 3).Draw(t, "hours")
			var s patch.Step
			g := rapid.SampledFrom(c.Gates).Draw(t, "gate")
			switch rapid.IntRange(0, 13).Draw(t, "command") {
			case 0:
				s.Sign = &patch.Signoff{Gate: g.ID, Role: rapid.SampledFrom(g.Roles).Draw(t, "role")}
			case 1:
				s.Ask = &patch.Exception{Kind: patch.Waive, Gate: g.ID}
			case 2:
				s.Ask = &patch.Exception{Kind: patch.Postpone, Need: rapid.SampledFrom([]string{"vex", "sbom", "labeling-decision"}).Draw(t, "need"), Due: hour(at + rapid.IntRange(-5, 50).Draw(t, "due"))}
			case 3:
				s.Grant = rapid.SampledFrom([]string{"postpone vex", "waive reproduction", "waive release", "defer 3", "postpone labeling-decision"}).Draw(t, "grant")
			case 4:
				s.Reopen = rapid.SampledFrom(append(stateOrder, patch.Deferred, "")).Draw(t, "reopen")
			case 5:
				s.Happened = &patch.Happened{State: rapid.SampledFrom(stateOrder).Draw(t, "state"), When: hour(at - 1), How: "log"}
			case 6:
				s.Ask = &patch.Exception{Kind: patch.Defer, Release: "3", Due: hour(at + 9), Meanwhile: "m", Reach: "r", Interim: "i"}
			default:
				if next < len(straight) {
					s = straight[next]
					next++
				}
			}
			if s.By == "" || rapid.IntRange(0, 9).Draw(t, "other") == 0 {
				s.By = rapid.SampledFrom(people).Draw(t, "by")
			}
			s.At, s.Why = hour(at), "w"
			before := c
			d, err := c.Do(s)
			if err != nil {
				if !cmp.Equal(before, d) {
					t.Fatal("a refused step changed something")
				}
				continue
			}
			c = d
			if len(c.Steps) != len(before.Steps)+1 {
				t.Fatal("not one step")
			}
			if was := before.State(); s.Grant == "defer 3" && (was == patch.Deferred || reaches(patch.Released, was)) {
				t.Fatal("left to a later release after it was released")
			}
			for _, st := range c.Steps {
				if st.Ask != nil && !st.Ask.Due.IsZero() && !st.Ask.Due.After(st.At) {
					t.Fatal("due before it was asked for")
				}
			}
			legal(t, c)
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// legal holds the state of c against its steps, worked out in another way.
func legal(t *rapid.T, c patch.Change) {
	state := c.State()
	if state == patch.Deferred {
		return
	}
	for _, g := range c.Gates {
		if slices.Index(stateOrder, g.To) > slices.Index(stateOrder, state) {
			continue
		}
		signed, waived := map[string]bool{}, false
		for _, s := range c.Steps {
			switch {
			case s.Sign != nil && s.Sign.Gate == g.ID:
				signed[s.Sign.Role] = true
			case s.Grant == "waive "+g.ID:
				waived = true
			case s.Reopen != "" && slices.Index(stateOrder, s.Reopen) < slices.Index(stateOrder, g.To):
				signed, waived = map[string]bool{}, false
			}
		}
		if len(signed) != len(g.Roles) && (!waived || !g.Waivable) {
			t.Fatalf("%s without the gate %s", state, g.ID)
		}
	}
}

// drivers are the stores that every record is kept in.
func drivers(t *testing.T) map[string]store.Driver {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "l.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return map[string]store.Driver{"memory": memory.New(), "sqlite": db}
}

// planned keeps the approved plan in l, as its two persons wrote it.
func planned(ctx context.Context, l *store.Ledger, h assess.Harm) error {
	p := approvedPlan(h)
	open := p
	open.Approved = nil
	if err := patch.Save(ctx, l, store.By{Who: "patch-lead", Why: "plan"}, open); err != nil {
		return err
	}
	return patch.Save(ctx, l, store.By{Who: "quality", Why: "plan"}, p)
}

func TestEveryStateOfAChangeIsKeptWithItsHistory(t *testing.T) {
	t.Parallel()
	for name, d := range drivers(t) {
		ctx := t.Context()
		l := store.New(d, &store.Options{Now: func() time.Time { return hour(500) }})
		require.NoError(t, planned(ctx, l, assess.Serious))
		full := walked(begun(assess.Serious), patch.Verified)
		full, err := full.Do(patch.Step{By: "x", At: hour(300), Why: "a second site failed", Reopen: patch.Deployed})
		require.NoError(t, err)
		var want []patch.Change
		for i := range full.Steps {
			c := full
			c.Steps = slices.Clone(full.Steps[:i+1])
			who := c.Steps[i].By
			require.NoError(t, patch.SaveChange(ctx, l, store.By{Who: who, Why: "work"}, c), name)
			want = append(want, c)
		}
		var got []patch.Change
		for e, err := range patch.Changes.History(ctx, l, full.Key()) {
			require.NoError(t, err)
			c, err := patch.Changes.Decode(e)
			require.NoError(t, err)
			require.NoError(t, c.Check())
			got = append(got, c)
		}
		require.Empty(t, cmp.Diff(want, got), name)
		require.NoError(t, l.Verify(ctx))
	}
}

func TestStepsAreKeptByWhoDidThemAndNeverRewritten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(3) }})
	save := func(who string, c patch.Change) error {
		return patch.SaveChange(ctx, l, store.By{Who: who, Why: "work"}, c)
	}
	c, err := patch.Begin(detailed(t, settled(assess.Serious)), 0, "2.1", []string{"US"}, nil, "patch-lead", noon)
	require.NoError(t, err)
	require.ErrorContains(t, save("eve", c), "was begun by")
	require.NoError(t, save("patch-lead", c))
	one, err := c.Do(patch.Step{By: "author", At: hour(1), Proof: proof("sbom")})
	require.NoError(t, err)
	require.ErrorContains(t, save("eve", one), "is written by")
	require.NoError(t, save("author", one))
	require.ErrorIs(t, save("author", c), patch.ErrRewritten)
	two, err := c.Do(patch.Step{By: "author", At: hour(1), Proof: proof("vex")})
	require.NoError(t, err)
	require.ErrorIs(t, save("author", two), patch.ErrRewritten)
	other := one
	other.Markets = []string{"EU"}
	require.ErrorIs(t, save("author", other), patch.ErrRewritten)
	late, err := one.Do(patch.Step{By: "author", At: hour(4), Proof: proof("vex")})
	require.NoError(t, err)
	require.ErrorContains(t, save("author", late), "after it is written")
	unheard, err := patch.Begin(approvedPlan(assess.Critical), 0, "2.0", []string{"US"}, nil, "patch-lead", noon)
	require.NoError(t, err)
	require.ErrorIs(t, save("patch-lead", unheard), patch.ErrNotApproved)
	forged := one
	forged.Steps = append(slices.Clone(one.Steps), patch.Step{By: "boss", At: hour(2), Sign: &patch.Signoff{Gate: "release", Role: "quality"}})
	var state *patch.StateError
	require.ErrorAs(t, save("boss", forged), &state)
}

func TestAChangeOfVersionOneStillDecodes(t *testing.T) {
	t.Parallel()
	c := walked(begun(assess.Catastrophic), patch.Tested)
	c, err := c.Do(patch.Step{By: "lead", At: hour(90), Why: "w", Ask: &patch.Exception{Kind: patch.Postpone, Need: "vex", Due: hour(99)}})
	require.NoError(t, err)
	text, err := json.MarshalIndent(c, "", "  ")
	require.NoError(t, err)
	name := filepath.Join("testdata", "change.v1.json")
	if _, err := os.Stat(name); err != nil {
		golden.Equal(t, append(text, '\n'), name)
	}
	kept, err := os.ReadFile(name)
	require.NoError(t, err)
	var d patch.Change
	require.NoError(t, json.Unmarshal(kept, &d))
	require.NoError(t, d.Check())
	require.Equal(t, patch.Tested, d.State())
	again, err := json.MarshalIndent(d, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(kept), string(again)+"\n")
}

func TestAGatesFileThatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("gates.json")
	require.NoError(t, err)
	load := func(text string) error {
		_, err := patch.LoadGates(fstest.MapFS{"g.json": {Data: []byte(text)}}, "g.json")
		return err
	}
	require.NoError(t, load(string(good)))
	for _, c := range []struct{ name, old, new, err string }{
		{"a mistyped field", `"needs"`, `"need"`, `unknown field "need"`},
		{"an unknown state", `"to": "reproduced"`, `"to": "copied"`, `no change reaches the state "copied"`},
		{"a state without a gate", `"to": "verified"`, `"to": "deployed"`, `no gate for every remedy leads to "verified"`},
		{"an id twice", `"id": "fix"`, `"id": "reproduction"`, "used twice"},
		{"a need twice", `"id": "vex"`, `"id": "sbom"`, "used twice"},
		{"nobody signs", "\"roles\": [\n        \"engineer\"\n      ]", `"roles": []`, "nobody signs it"},
		{"no regulatory determination", `"regulatory": true,`, ``, "no gate asks for the regulatory determination"},
		{"one that may be skipped", `"regulatory": true,`, `"regulatory": true, "waivable": true,`, "is not waived"},
		{"no label", `"label": "guidance, not law"`, `"label": ""`, "needs a label"},
		{"an unknown force", `"force": "guidance"`, `"force": "law"`, "force"},
		{"an unknown remedy", `"patch",`, `"prayer",`, `"prayer" is not known`},
		{"a need of an unknown remedy", "\"remedies\": [\n            \"patch\"\n", "\"remedies\": [\n            \"prayer\"\n", `is of the kind of remedy "prayer"`},
		{"no market", `"market": "EU"`, `"market": ""`, "market"},
	} {
		text := strings.Replace(string(good), c.old, c.new, 1)
		require.NotEqual(t, string(good), text, c.name)
		require.ErrorContains(t, load(text), c.err, c.name)
	}
	g, err := patch.DefaultGates()
	require.NoError(t, err)
	g.Gates()[0].ID = "changed"
	require.NotEqual(t, "changed", g.Gates()[0].ID)
	for _, one := range g.Gates() {
		require.NoError(t, one.Citation.Check())
		require.Contains(t, stateOrder, one.To)
	}
	for _, one := range g.Outcomes() {
		require.NoError(t, one.Citation.Check())
	}
}

func FuzzChange(f *testing.F) {
	if kept, err := os.ReadFile(filepath.Join("testdata", "change.v1.json")); err == nil {
		f.Add(kept)
	}
	f.Add([]byte(`{"schema":1,"gates":[{"id":"x"}],"steps":[{"by":"a","reopen":"planned"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c patch.Change
		if json.Unmarshal(data, &c) != nil {
			return
		}
		_ = c.String()
		_ = c.Late(noon)
		_ = c.Missing(patch.Verified)
		if c.Check() == nil && len(c.Steps) == 0 && c.State() != patch.Planned {
			t.Fatal("a state out of nowhere")
		}
	})
}

func FuzzLoadGates(f *testing.F) {
	good, err := os.ReadFile("gates.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := patch.LoadGates(fstest.MapFS{"g": {Data: data}}, "g")
		if (g == nil) == (err == nil) {
			t.Fatal("neither or both")
		}
	})
}

func ExampleBegin() {
	c, err := patch.Begin(approvedPlan(assess.Serious), 0, "2.1", []string{"US"}, nil, "patch-lead", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Do(patch.Step{By: "lee", At: hour(1), Sign: &patch.Signoff{Gate: "reproduction", Role: "engineer"}})
	fmt.Println(err)
	sum := sha256.Sum256([]byte("report 7"))
	c, err = c.Do(patch.Step{By: "kim", At: hour(1), Proof: &patch.Proof{Need: "reproduction-record", Digest: hex.EncodeToString(sum[:])}})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err = c.Do(patch.Step{By: "lee", At: hour(2), Sign: &patch.Signoff{Gate: "reproduction", Role: "engineer"}})
	fmt.Println(c, err)
	// Output:
	// patch: from "planned" to "reproduced": the gate "reproduction" is not signed yet: reproduction-record (how it was reproduced, on which version, with what result)
	// pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640 @2.1: patch, reproduced <nil>
}

func ExampleLoadGates() {
	text, err := os.ReadFile("gates.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := patch.LoadGates(fstest.MapFS{"ours.json": {Data: text}}, "ours.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, one := range g.Gates()[:3] {
		fmt.Println(one.To, one.ID, one.Roles, one.Citation.Clause, one.Label)
	}
	// Output:
	// reproduced reproduction [engineer] change control convention of this library
	// fix-developed fix [engineer] 7.3.9 standard; not looked up, verify before use
	// tested security-test [security] V.C guidance, not law
}

func ExampleSaveChange() {
	ctx, l := context.Background(), ledger()
	if err := planned(ctx, l, assess.Serious); err != nil {
		fmt.Println(err)
		return
	}
	c := begun(assess.Serious)
	fmt.Println(patch.SaveChange(ctx, l, store.By{Who: "patch-lead", Why: "the plan is approved"}, c))
	kept, entry, err := patch.Changes.Latest(ctx, l, c.Key())
	fmt.Println(entry.Seq, kept.State(), err)
	// Output:
	// <nil>
	// 3 planned <nil>
}

func ExampleChange_Missing() {
	c := walked(begun(assess.Serious), patch.Tested)
	for _, g := range c.Missing(patch.Documented)[:4] {
		fmt.Println(g.What)
	}
	// Output:
	// regulatory determination US
	// regulatory determination EU
	// regulatory-determination
	// risk-file-update
}

func ExampleUnserved() {
	n := 3
	fielded := []device.Fielded{{Product: "pump-2.0", Site: "s1", Units: &n, AsOf: noon, How: "service log"}}
	for _, g := range patch.Unserved(map[string]string{"pump-2.0": "2.0"}, fielded, begun(assess.Serious)) {
		fmt.Println(g.What, g.Why)
	}
	// Output:
	// 2.0 no change and no deferral is for this branch: 3 units at 1 sites, 0 of them without a count
}
