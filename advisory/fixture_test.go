package advisory_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// The times of a case, in order. The device, the maker and the people are
// invented.
var (
	seen    = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	judged  = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)
	drafted = time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC)
	signed  = time.Date(2026, 3, 13, 15, 0, 0, 0, time.UTC)
	out     = time.Date(2026, 3, 14, 7, 0, 0, 0, time.UTC)
)

const (
	therapy   feeds.ID = "CVE-2022-25640"
	telemetry feeds.ID = "CVE-2022-34293"
)

func pump(version, udi string) device.Product {
	return device.Product{
		ID: "pump-" + version, Name: "Example infusion pump", Model: "EP-2", Version: version,
		Manufacturer: "Example Medical", UDIDI: udi, Zone: "America/Chicago",
	}
}

func finding(product string, id feeds.ID) match.Finding {
	return match.Finding{
		Product: product, Coordinate: "cpe:a:wolfssl:wolfssl", Vulnerability: id, IDs: []feeds.ID{id}, Sources: []string{"nvd"},
		Instances: []match.Instance{{
			Component: match.Component{Ref: "c1", Name: "wolfSSL", Version: "4.8.1"},
			Evidence:  []match.Evidence{{Source: "nvd", Item: string(id), Digest: "d1", Leaf: "wolfssl before 5.2.0"}},
		}},
		Scores: []match.Score{{Source: "nvd", Score: feeds.Score{
			Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Base: 7.5, By: "nvd@nist.gov",
		}}},
		Seen: seen, Mark: tlp.Marked(tlp.Clear, "nvd"),
	}
}

// answers walks the rubric, saying no or none to everything but over.
func answers(over rubric.Answers) rubric.Answers {
	a := rubric.Answers{}
	for {
		q, done := rubric.Next(a)
		if done {
			return a
		}
		a[q.ID] = rubric.No
		if v, ok := over[q.ID]; ok {
			a[q.ID] = v
		}
	}
}

var (
	remote = answers(rubric.Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XIT": "H"})
	near   = answers(rubric.Answers{"XACL": "N", "XIT": "L"})
)

func step(by string) assess.Step {
	return assess.Step{By: by, At: judged, Why: "looked at it", Evidence: []assess.Evidence{{Text: "design file 12"}}}
}

func approval(by string) assess.Approval { return assess.Approval{By: by, At: judged, Why: "agreed"} }

func opened(t *testing.T, f match.Finding) assess.Assessment {
	t.Helper()
	a, err := assess.Open(f, time.Time{}, "analyst", judged)
	require.NoError(t, err)
	return a
}

// settled is an assessment of f that came to the risk that goes with harm and
// answers.
func settled(t *testing.T, f match.Finding, harm assess.Harm, answers rubric.Answers, impact string) assess.Assessment {
	t.Helper()
	a, err := opened(t, f).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), answers, nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: harm, Statement: impact})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), answers, nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err = a.Settle(approval("safety"))
	require.NoError(t, err)
	return a
}

// spared is an assessment of f that came to not affected.
func spared(t *testing.T, f match.Finding, justification string) assess.Assessment {
	t.Helper()
	a, err := opened(t, f).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: justification})
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err = a.Settle(approval("safety"))
	require.NoError(t, err)
	return a
}

func planned(t *testing.T, a assess.Assessment, d patch.Details) patch.Plan {
	t.Helper()
	cal, err := rule.NewCalendar("America/Chicago")
	require.NoError(t, err)
	p, err := patch.Propose(a, patch.Policy{Calendar: cal}, "patch-lead", judged)
	require.NoError(t, err)
	p, err = p.With(d)
	require.NoError(t, err)
	p, err = p.Approve(approval("quality"))
	require.NoError(t, err)
	return p
}

var fix = patch.Remedy{
	Kind: patch.Patch, Party: patch.Manufacturer, Text: "A release with a corrected TLS library is offered.",
	FixedIn: "2.2", AvailableFrom: judged,
}

var segment = patch.Remedy{
	Kind: patch.CompensatingControl, Party: patch.Facility, Text: "Keep the pumps on a network segment of their own, closed to other systems.",
}

// details are a fix that can be had and a control.
var details = patch.Details{
	Remedies: []patch.Remedy{fix, segment},
	Actions:  []patch.Action{{Party: patch.Facility, Text: "Install version 2.2 on every pump."}},
}

func serious(t *testing.T, product string) assess.Assessment {
	return settled(t, finding(product, therapy), assess.Serious, remote, "Someone on the hospital network could change therapy settings, so that a patient gets too much or too little medicine.")
}

// minor is controlled and acceptable to leave.
func minor(t *testing.T, product string) assess.Assessment {
	t.Helper()
	a, err := settled(t, finding(product, telemetry), assess.Minor, near, "Trend data on the ward display could be late; therapy itself goes on unchanged.").
		WithLeave(assess.Leave{Acceptable: assess.Yes, By: "safety", Why: "the display is not used for treatment", At: judged})
	require.NoError(t, err)
	return a
}

func left(t *testing.T, a assess.Assessment) patch.Plan {
	return planned(t, a, patch.Details{Acceptance: &patch.Acceptance{
		Justification: "internal reasons", Review: rule.Date{Year: 2026, Month: 9, Day: 1}, Reopen: []string{"an exploit is published"},
	}})
}

// input has everything that does not hang on the vulnerability.
func input(products ...device.Product) advisory.Input {
	return advisory.Input{
		ID: "EXM-2026-001", Kind: advisory.SecurityNotice, Lang: "en-US", By: "advisory-author",
		Maker:    advisory.Maker{Name: "Example Medical", Namespace: "https://example.com/psirt"},
		Mark:     tlp.Marked(tlp.Clear, "example-medical"),
		Products: products, NoFleet: "The register of devices is being set up; all released versions are named here.",
		Instructions: []advisory.Instruction{
			{Party: patch.Manufacturer, Text: "We supply updates and answer questions about them."},
			{Party: patch.Facility, Text: "Find your pumps by model and version, and plan the update with our field service."},
			{Party: patch.User, Text: "Go on using the pump. Compare the settings shown with the prescription before each start."},
		},
		Texts: advisory.Texts{
			Title: "TLS library in the Example infusion pump", Summary: "A library for encrypted connections in the pump has weaknesses.\n\nThis notice says which versions are affected and what to do.",
			Availability: "Field service installs updates free of charge; call the number below.",
			Next:         advisory.Next{On: rule.Date{Year: 2026, Month: 4, Day: 10}},
			Contact:      "psirt@example.com, +1 555 0100", Reporting: advisory.MedWatch,
			Credits: []advisory.Credit{{Names: []string{"A. Finder"}, Organization: "Example University", Summary: "reported it to the library's authors"}},
		},
	}
}

var therapyWords = advisory.VulnerabilityText{
	ID: therapy, Title: "Client certificates can be left out", CWE: "CWE-295",
	Description: "The TLS library accepts a client that leaves out one message of the handshake, and with it the proof of who it is.",
}

var telemetryWords = advisory.VulnerabilityText{
	ID: telemetry, Description: "A peer can make the library's DTLS server forget the cookie exchange, which slows down the connection.",
	Exploitation: "It needs access to the telemetry network.",
}

var notice = &advisory.Notice{
	Impact:   "The library lets a client in without proof of who it is; on current understanding therapy settings could be changed from the hospital network.",
	Efforts:  "We work on removing the risk of harm to patients as fast as possible.",
	Controls: "Separate the pumps' network from others, as described below.",
	Fix:      "A corrected version is being built; we will tell you when it can be had.",
}

// uncontrolled is a case with one vulnerability, a control and a fix that can be
// had.
func uncontrolled(t *testing.T) advisory.Input {
	t.Helper()
	in := input(pump("2.1", "09506000134352"))
	a := serious(t, "pump-2.1")
	in.Assessments = []assess.Assessment{a}
	in.Plans = []patch.Plan{planned(t, a, details)}
	in.Vulnerabilities = []advisory.VulnerabilityText{therapyWords}
	in.Notice = notice
	return in
}

func draft(t *testing.T, in advisory.Input) advisory.Advisory {
	t.Helper()
	a, err := advisory.Draft(in, drafted)
	require.NoError(t, err)
	given.Store(a.Digest(), in)
	return a
}

// given are the inputs of advisories, by digest: what a ledger has to hold for
// them.
var given sync.Map

// recording writes to l what in rests on.
func recording(t *testing.T, l *store.Ledger, in advisory.Input) {
	t.Helper()
	require.NoError(t, l.Do(t.Context(), store.By{Who: "records", Why: "test"}, func(tx *store.Tx) error {
		products := in.Products
		if f := in.Fleet; f != nil {
			products = slices.Concat(products, f.Products)
			for _, x := range f.Lives {
				require.NoError(t, device.Lives.Put(tx, x))
			}
			for _, x := range f.Counts {
				require.NoError(t, device.Counts.Put(tx, x))
			}
			for _, x := range f.Lines {
				require.NoError(t, device.Lines.Put(tx, x))
			}
		}
		for _, p := range products {
			require.NoError(t, device.Products.Put(tx, p))
		}
		for _, x := range in.Assessments {
			require.NoError(t, assess.Assessments.Put(tx, x))
		}
		for _, x := range in.Releases {
			require.NoError(t, patch.Releases.Put(tx, x))
		}
		for _, x := range in.Plans {
			require.NoError(t, patch.Plans.Put(tx, x))
		}
		return nil
	}))
}

func signature() advisory.SignOff {
	return advisory.SignOff{By: "safety-lead", Role: "product safety", At: signed, Why: "read and agreed"}
}

func final(t *testing.T, in advisory.Input) advisory.Advisory {
	t.Helper()
	a, err := draft(t, in).SignOff(signature())
	require.NoError(t, err)
	return a
}

// keeping is a ledger to which a's draft and sign-offs were written by those whom
// it names.
func keeping(t *testing.T, a advisory.Advisory) *store.Ledger {
	t.Helper()
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return out.AddDate(1, 0, 0) }})
	if in, ok := given.Load(a.Digest()); ok {
		recording(t, l, in.(advisory.Input))
	}
	b := a
	b.Status, b.SignOffs, b.Revisions = advisory.StatusDraft, nil, slices.Clone(a.Revisions)
	b.Revisions[len(b.Revisions)-1].Date = time.Time{}
	require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: a.Proposed.By, Why: "drafted"}, b))
	for i, s := range a.SignOffs {
		b.Status, b.SignOffs, b.Revisions = a.Status, a.SignOffs[:i+1], a.Revisions
		require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: s.By, Why: "signed off"}, b))
	}
	return l
}

// desk releases under a policy of one role, and forms all that is asked for.
var desk = forms()

// releaser is who releases.
var releaser = store.By{Who: "psirt-desk", Why: "release"}

func forms(also ...advisory.Form) advisory.Press {
	var p advisory.Policy
	for _, k := range []advisory.Kind{advisory.SecurityNotice, advisory.Correction, advisory.FieldSafetyNotice} {
		p.Roles = append(p.Roles, advisory.Roles{Kind: k, Roles: []string{"product safety"}})
	}
	return advisory.Press{Also: also, Policy: &p}
}

// release is advisory.Release, at the desk, of what was kept as it should be.
func release(t *testing.T, gate tlp.Gate, a advisory.Advisory, to tlp.Audience, at time.Time) (advisory.Released, error) {
	t.Helper()
	return desk.Release(t.Context(), keeping(t, a), releaser, gate, a, to, at)
}

func file(t *testing.T, files []advisory.File, media string) []byte {
	t.Helper()
	i := slices.IndexFunc(files, func(f advisory.File) bool { return f.MediaType == media })
	require.GreaterOrEqual(t, i, 0, media)
	return files[i].Bytes
}

const (
	asJSON     = "application/json"
	asHTML     = "text/html; charset=utf-8"
	asMarkdown = "text/markdown; charset=utf-8"
)
